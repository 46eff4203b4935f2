// Package figures is the contract of a store that shares the figures of package health
// between processes and keeps them across restarts: how many requests each connection
// sent in an hour, and when the last one was. sqlstore.DB and memstore.DB are stores.
//
// It is a package of its own so that a store does not import HTTP.
package figures

import (
	"context"
	"time"
)

// Figures are counts of one connection in one hour, or of all time.
type Figures struct {
	Tenant     string
	Connection string // any text; package health has one that no connection has, for requests without credentials
	// Hour is the begin of the hour, in UTC; zero: the figures of all time.
	Hour time.Time

	Requests     int64
	Errors       int64 // those answered 4xx or 5xx; the next three are parts of it
	ServerErrors int64 // 5xx, those stopped by the brake excepted
	RateLimited  int64 // 429
	Stopped      int64 // 503 by the brake

	// LastRequest, LastSuccess and LastError are the times of the newest of each, in
	// whole microseconds; zero: there was none.
	LastRequest, LastSuccess, LastError time.Time
	// Error describes the error of LastError: JSON that package health writes and
	// reads, at most 4 KiB; nil without one.
	Error []byte
}

// Add adds counts of the same connection and hour: numbers are added, of times the
// later one stays.
func (f *Figures) Add(o *Figures) {
	f.Requests += o.Requests
	f.Errors += o.Errors
	f.ServerErrors += o.ServerErrors
	f.RateLimited += o.RateLimited
	f.Stopped += o.Stopped
	later(&f.LastRequest, o.LastRequest)
	later(&f.LastSuccess, o.LastSuccess)
	if later(&f.LastError, o.LastError) {
		f.Error = o.Error
	}
}

// later sets a time to a later one and reports whether it did.
func later(t *time.Time, at time.Time) bool {
	if !at.After(*t) {
		return false
	}
	*t = at
	return true
}

// Pruned reports whether Store.PruneFigures forgets the figures.
func (f *Figures) Pruned(before time.Time) bool {
	if f.Hour.IsZero() {
		return f.LastRequest.Before(before.Add(-Remembered))
	}
	return f.Hour.Before(before)
}

// Store keeps figures. It is safe for concurrent use by several processes. Arguments
// belong to the caller, results too. Times are kept in microseconds or finer, texts may
// be any strings. Errors are those of the database; package health logs them and tries
// again.
type Store interface {
	// AddFigures adds all figures to those that are kept ([Figures.Add]), of whatever
	// tenants, in one transaction: after an error none was added. There are no two of
	// the same connection and hour.
	AddFigures(ctx context.Context, all []Figures) error
	// ListFigures returns the figures of the tenant in the context (store.WithTenant):
	// those of all time, and those of hours that do not begin before since. Any order.
	ListFigures(ctx context.Context, since time.Time) ([]Figures, error)
	// PruneFigures forgets up to n figures of all tenants and returns how many: those
	// of hours that begin before a time, and those of all time whose LastRequest is
	// more than 400 days before it.
	PruneFigures(ctx context.Context, before time.Time, n int) (int, error)
}

// Remembered is how long the figures of all time of a connection that sends no
// requests stay.
const Remembered = 400 * 24 * time.Hour

package health

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/health/figures"
	"github.com/seed5f3efb56/scim/store"
)

// Store shares the figures between processes. sqlstore.DB and memstore.DB are stores.
type Store = figures.Store

// Config is the configuration of [New]. The zero value is a monitor of this process
// alone.
type Config struct {
	// Store, if set, keeps the figures of all processes. [Monitor.Run] writes to it.
	Store Store
	// Tokens, if set, tells which credentials a connection has and when they expire.
	Tokens store.Tokens
	// Hours is how many hours are shown and kept; default 48, at most 168.
	Hours int
	// Connections is how many connections of all tenants are counted in memory;
	// default 10,000. With more, those that sent no request for longest are left out.
	Connections int
	// FlushEvery is how often Run writes to Store; default 10 s.
	FlushEvery time.Duration
	// ExpiresSoon is how long before the expiry of the last credential of a connection
	// its status has a warning; default 30 days.
	ExpiresSoon time.Duration
	// Now is the clock; default time.Now. It should be that of scim.Config.
	Now func() time.Time
	// Logger receives failures to share the figures; default slog.Default().
	Logger *slog.Logger
}

// Monitor counts requests by connection. It is made by [New] and safe for concurrent
// use.
type Monitor struct {
	cfg     Config
	handler atomic.Pointer[scim.Handler]

	populations populations

	// sharing is held while figures move from counted to the store, so that a reader
	// sees them once.
	sharing sync.RWMutex
	mu      sync.Mutex
	counted map[key]*hours // what is not in the store yet; without one, all
}

// key is a connection of a tenant.
type key struct{ tenant, connection string }

// hours are the figures of a connection: of all time and by the hour.
type hours struct {
	all    figures.Figures
	byHour map[hour]Counts
}

// hour is the number of an hour since 1970.
type hour int64

func hourOf(t time.Time) hour { return hour(t.Unix() / 3600) }

func (h hour) start() time.Time { return time.Unix(int64(h)*3600, 0).UTC() }

// nobody has the requests without valid credentials. No connection has that name.
var nobody = key{"", "\x00"}

// New returns a monitor. The error names what is wrong in the configuration.
func New(cfg Config) (*Monitor, error) {
	switch {
	case cfg.Hours < 0 || cfg.Hours > 7*24:
		return nil, errors.New("health: Config.Hours must be between 1 and 168; 0 takes the default")
	case cfg.Connections < 0 || cfg.FlushEvery < 0 || cfg.ExpiresSoon < 0:
		return nil, errors.New("health: Config.Connections, FlushEvery and ExpiresSoon must not be negative; 0 takes the default")
	}
	set(&cfg.Hours, 48)
	set(&cfg.Connections, 10_000)
	set(&cfg.FlushEvery, 10*time.Second)
	set(&cfg.ExpiresSoon, 30*24*time.Hour)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &Monitor{cfg: cfg, counted: map[key]*hours{}}, nil
}

// set sets a value that is zero to a default.
func set[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Attach tells the monitor of which handler it reports the users, groups, outbox,
// brake and limits. It is called once, after scim.New.
func (m *Monitor) Attach(h *scim.Handler) { m.handler.Store(h) }

// Observe counts a request. It is a scim.Config.Observe. Each operation of a bulk
// request counts as a request; the request itself counts only if it failed.
func (m *Monitor) Observe(_ context.Context, x *scim.Exchange) {
	if len(x.Operations) == 0 || failed(x) {
		m.count(x)
	}
	for i := range x.Operations {
		m.count(&x.Operations[i])
	}
}

// count adds one request to the figures of its connection.
func (m *Monitor) count(x *scim.Exchange) {
	end := x.Start.Add(x.Duration).UTC().Truncate(time.Microsecond)
	f := figures.Figures{Requests: 1, LastRequest: end}
	switch {
	case failed(x):
		f.Errors, f.LastError = 1, end
		p := problemOf(x, end)
		f.Error = p.encode()
		switch {
		case p.Cause == CauseBrake:
			f.Stopped = 1
		case p.Cause == CauseRate:
			f.RateLimited = 1
		case x.Status >= 500:
			f.ServerErrors = 1
		}
	case x.Status > 0 && x.Status < 400:
		f.LastSuccess = end
	}
	k := keyOf(x)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(k).add(k, &f, hourOf(end), m.since(end))
}

// keyOf returns the connection of a request, by the name under which the limits count
// it.
func keyOf(x *scim.Exchange) key {
	switch {
	case !x.Authenticated:
		return nobody
	case x.Connection != "":
		return key{x.Tenant, x.Connection}
	}
	return key{x.Tenant, x.TokenID}
}

// failed reports whether a request is an error for the operator. A resource that was
// asked for and is not there is an answer. A client that closed the connection is the
// reason of what then failed.
func failed(x *scim.Exchange) bool {
	switch {
	case x.Status < 400 || x.Aborted:
		return false
	case x.Status == 404 && x.Operation == scim.OperationRetrieve:
		return false
	}
	return true
}

// of returns the figures of a connection, which it may have to make room for. The
// caller holds m.mu.
func (m *Monitor) of(k key) *hours {
	h := m.counted[k]
	if h == nil {
		if len(m.counted) >= m.cfg.Connections {
			m.makeRoom()
		}
		h = &hours{byHour: map[hour]Counts{}}
		m.counted[k] = h
	}
	return h
}

// add adds the figures of a request in an hour. Hours before since are forgotten.
func (h *hours) add(k key, f *figures.Figures, in, since hour) {
	h.all.Tenant, h.all.Connection = k.tenant, k.connection
	h.all.Add(f)
	counts, ok := h.byHour[in]
	if !ok {
		maps.DeleteFunc(h.byHour, func(old hour, _ Counts) bool { return old < since })
	}
	counts.add(countsOf(f))
	h.byHour[in] = counts
}

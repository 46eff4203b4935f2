package store

import (
	"context"
	"time"
)

// Record is one entry of the audit trail. It is written once and never changed.
type Record struct {
	ID         string // unique in all tenants; made by package scim
	Tenant     string
	Actor      string // the token id of the principal
	Connection string // the connection of the principal
	Time       time.Time
	Operation  string
	Type       string // resource type name
	ResourceID string
	Outcome    string
	Payload    []byte // JSON, at most MaxPayload bytes
}

// AuditTrail keeps records of what clients did. It is optional. An audit.Reader reads
// and prunes them. Safe for concurrent use. Arguments belong to the caller.
type AuditTrail interface {
	// Record adds a record in the transaction of the context: it is there if and
	// only if the transaction commits. Outside a transaction it commits by
	// itself. r.Tenant says whose the record is, whatever the context's tenant.
	// Texts may be any strings. An ID that is there already is an error.
	Record(ctx context.Context, r Record) error
}

// Count is one call of [Counters].
type Count struct {
	Name string // any text, compared byte by byte
	Add  int64  // may be negative; 0 reads
	At   time.Time
	// Expires is when a counter ends that this call starts; zero: never. A
	// counter that has started keeps its end.
	Expires time.Time
}

// Counters keeps small counters that several processes share, for limits that
// must hold across them. It is optional. Safe for concurrent use.
type Counters interface {
	// Count adds c.Add to the counter with that name of the tenant in the
	// context and returns the new value. A counter that does not exist, or whose
	// end is not after c.At, starts at 0. With Add 0 nothing is written and
	// nothing is waited for.
	//
	// Count is part of the transaction of the context, and is undone with it;
	// outside a transaction it commits by itself. Of two transactions that add
	// to one counter the second waits for the first, so that no addition is
	// lost and no two calls return the same value. A counter whose end passed a
	// day before c.At may be forgotten.
	Count(ctx context.Context, c Count) (int64, error)
}

// Syncer is an optional interface of a [Transactor] that can put many transactions
// on disk together. Package scim uses it for the operations of a bulk request, each
// a transaction of its own, unless there is an outbox.
type Syncer interface {
	// DeferSync returns a context like ctx. Transactions that are begun with it are
	// atomic, isolated and visible when they commit, as always, but the loss of power
	// may undo the last of them, in reverse order, until sync has returned nil. A
	// process that ends undoes none. No result of them is sent before. sync may be
	// called again, and concurrently; its error means that they may not be on disk.
	DeferSync(ctx context.Context) (deferred context.Context, sync func() error)
}

package store

import (
	"context"
	"time"
)

// Queue separates the two kinds of work that an outbox keeps.
type Queue string

const (
	// QueueRevoke has access that must end. The request that appended an entry
	// is answered 2xx only after the entry is done, and so is every later write
	// on the resource.
	QueueRevoke Queue = "revoke"
	// QueueEvent has events to deliver after the commit.
	QueueEvent Queue = "event"
)

// MaxPayload is the largest Entry.Payload, in bytes, that an outbox must keep.
// Package scim appends no larger one: the members of a large group are in several
// entries, and an event is without attributes that are too large (Event.Omitted).
const MaxPayload = 1 << 20

// Entry is one piece of pending work about one resource. Times are kept in
// microseconds or finer.
type Entry struct {
	ID         string // unique in all tenants; made by package scim
	Queue      Queue
	Tenant     string
	Type       string // resource type name, or "asyncResponse" for the result of a request
	ResourceID string // for a result the name of its transaction, which is no id
	Payload    []byte // JSON, written and read by package scim
	Created    time.Time
	Attempts   int       // failed so far
	Due        time.Time // not to be claimed before; Claim and Fail move it
	Reason     string    // why the last attempt failed; for operators
	Dead       bool      // given up; Replay puts it back
}

// Outbox keeps work that was decided within a transaction until it is done,
// across crashes: at least once, in the order of Append for each queue and
// resource. It is part of the application's database. Methods are safe for
// concurrent use, also by several processes. Arguments and results belong to
// the caller.
//
// Append, Claim, Done and Fail concern all tenants, whatever the context's:
// Entry.Tenant says whose an entry is. Pending, Dead and Replay concern the
// tenant in the context.
//
// Done and Fail settle an entry only while its Due is the one of the argument.
// Claim moves Due, so a worker whose lease ran out cannot end the lease of the
// worker that has the entry now.
type Outbox interface {
	// Append adds entries in the transaction of the context: they are there if
	// and only if it commits. Outside a transaction it commits by itself, all of
	// them or none. Entries of one resource are appended by one transaction at a
	// time. An ID that is there already is an error.
	Append(ctx context.Context, entries []Entry) error
	// Pending returns the entries of a queue for one resource that are neither
	// done nor dead, in order, claimed or not; in a transaction also those
	// appended in it. An id that cannot exist has none.
	Pending(ctx context.Context, q Queue, typ, id string) ([]Entry, error)
	// Claim leases up to n entries of the queue to the caller until the time
	// until, which is after now: those due at now, not leased (or whose lease
	// has run out), not dead, and first in order of their resource. The result
	// has until as Due. A claimed entry is not claimed again before its lease
	// runs out.
	Claim(ctx context.Context, q Queue, now, until time.Time, n int) ([]Entry, error)
	// Done removes the entry with e.ID, dead or not, if its Due is e.Due. Else,
	// and if there is no such entry, it has no effect and returns nil.
	Done(ctx context.Context, e Entry) error
	// Fail counts a failed attempt of the entry with e.ID, ends the lease, and
	// makes the entry due again at retry, or dead, if its Due is e.Due. Else,
	// and if there is no such entry or it is dead, it has no effect and returns
	// nil. reason is any text.
	Fail(ctx context.Context, e Entry, reason string, retry time.Time, dead bool) error
	// Dead returns up to n dead entries of the tenant in the context whose ID is
	// greater than after, in the order of their IDs, both byte by byte. "" is
	// the begin. No entry needs to have the ID after.
	Dead(ctx context.Context, after string, n int) ([]Entry, error)
	// Replay makes a dead entry of the tenant in the context due at once, in its
	// old place, with no failed attempt; ErrNotFound (404) if there is none.
	Replay(ctx context.Context, id string) error
}

// Backlog is how much work of one queue a tenant has in an outbox.
type Backlog struct {
	Tenant  string
	Queue   Queue
	Pending int       // neither done nor dead, claimed or not
	Dead    int       // given up
	Oldest  time.Time // the earliest Created of the pending ones; zero if there are none
}

// Backlogs is an optional interface of an [Outbox] that can be monitored.
type Backlogs interface {
	// Backlog returns the backlogs of all tenants, in any order. A queue of a
	// tenant without entries is left out. It may cost what the outbox holds.
	Backlog(ctx context.Context) ([]Backlog, error)
}

package store

import (
	"context"
	"time"
)

// Queue separates the two kinds of work an outbox keeps.
type Queue string

const (
	// QueueRevoke: access that must end. A request that caused it is not
	// answered 2xx before it is done, nor is any later write on the resource.
	QueueRevoke Queue = "revoke"
	// QueueEvent: events to deliver after the commit.
	QueueEvent Queue = "event"
)

// Entry is one piece of pending work about one resource.
type Entry struct {
	ID         string // unique; made by package scim
	Queue      Queue
	Tenant     string
	Type       string // resource type name
	ResourceID string
	Payload    []byte // JSON, written and read by package scim
	Created    time.Time
	Attempts   int       // failed so far
	Due        time.Time // not to be claimed before; a lease moves it
	Reason     string    // why the last attempt failed; for operators
	Dead       bool      // given up; Replay puts it back
}

// Outbox keeps work that was decided within a transaction until it is done,
// across crashes: at least once, in the order of Append for each queue and
// resource. It is part of the application's database. Methods are safe for
// concurrent use, also by several processes.
//
// Append and Pending concern the tenant in the context; the others, which the
// background worker calls, concern all tenants.
type Outbox interface {
	// Append adds entries in the transaction of the context: they are there if
	// and only if it commits. Entries of one resource are appended by one
	// transaction at a time. An ID that is there already is an error.
	Append(ctx context.Context, entries []Entry) error
	// Pending returns the entries of a queue for one resource that are neither
	// done nor dead, in order, claimed or not; in a transaction also those
	// appended in it. An id that cannot exist has none.
	Pending(ctx context.Context, q Queue, typ, id string) ([]Entry, error)
	// Claim leases up to n entries of the queue to the caller until the time
	// until: those due at now, leased to nobody (or whose lease has run out),
	// not dead, and first in order of their resource. A claimed entry is
	// handed to nobody else before its lease runs out.
	Claim(ctx context.Context, q Queue, now, until time.Time, n int) ([]Entry, error)
	// Done removes an entry; one that is gone already is no error.
	Done(ctx context.Context, id string) error
	// Fail counts a failed attempt, ends the lease, and makes the entry due
	// again at retry, or dead. One that is gone or dead already stays as it
	// is, without an error. reason is any text.
	Fail(ctx context.Context, id, reason string, retry time.Time, dead bool) error
	// Dead returns up to n dead entries, the oldest first.
	Dead(ctx context.Context, n int) ([]Entry, error)
	// Replay makes a dead entry due at once, in its old place, with no failed
	// attempt; ErrNotFound if there is none.
	Replay(ctx context.Context, id string) error
}

package lifecycle

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Request has the facts of a request that a write depends on.
type Request struct {
	Actor      string // Event.Actor
	Connection string // that the brake counts for
	Access     *Access
	// Principal is the connection of the client, "" if it has none: Event.Connection.
	Principal string
	// Record, if set, is called in the transaction with the change that the write made,
	// also one of nothing, and with each group that a deleted resource left
	// (event.ByMembers). It is called again whenever the transaction is repeated. An
	// error undoes the write.
	Record func(ctx context.Context, ep *Endpoint, w Written, c event.Cause) error
	// RecordID is Event.Record.
	RecordID string
	// Transaction is Event.Transaction; "": the id of the first event.
	Transaction string
	// Preconditions evaluates If-Match and If-None-Match against the version of
	// the stored resource, "" if the store has none. An error ends the write.
	Preconditions func(version string) error
	// Locked, if set, is called with the resource as it was read and locked, again
	// whenever the transaction is repeated.
	Locked func(before *schema.Resource)
	// Committed, if set, is called with the change once it is committed, before
	// access is revoked.
	Committed func(Written)
}

// Written is a committed change of one resource. Before is nil if it was created,
// After if it was deleted. Secrets are those that were stored.
type Written struct {
	Before, After *schema.Resource
	Members       *schema.MemberDelta
	Secrets       schema.Secrets
	// Dissolved are the first of the members that a resource had which was deleted, if
	// Request.Record is set, and Others is how many more it had.
	Dissolved []string
	Others    int
	// EndedSessions: Hooks.EndSessions was called.
	EndedSessions bool
}

// MaxDissolved is the most of Written.Dissolved.
const MaxDissolved = 1000

// unit is one unit of work: a write of a client in one transaction, or in none if alone is
// set.
type unit struct {
	*Writer
	r     *Request
	ep    *Endpoint
	cause event.Cause
	// revocations are the outbox entries of QueueRevoke that the transaction
	// appended.
	revocations []store.Entry
	// adopts lets the write reach a resource that does not exist for the
	// connection.
	adopts bool
	// alone is the store of a write without a transaction, although there is Config.Tx.
	alone aloneWriter
	// types has the resource type of each id that was looked up as a member, ""
	// if no resource that exists for the connection has the id.
	types map[string]string
	// dissolved is how many members a resource had that was deleted.
	dissolved int64
	counted   counted
	// written is the change that the transaction made.
	written Written
	// transaction is Event.Transaction, "" before the first event.
	transaction string
	// revives: the resource was a tombstone.
	revives bool
}

// casRetries is how often a write is repeated after a store without transactions
// reported a concurrent write, and after revocations were pending.
const casRetries = 10

// retry repeats a write that failed because of a concurrent one (compare-and-set
// for stores without transactions). Each time the resource is read again and the
// preconditions are evaluated against it.
func retry(ctx context.Context, write func() error) error {
	for i := 0; ; i++ {
		err := write()
		if err == nil {
			return nil
		}
		var precondition *preconditionError
		var hook *HookError
		if !errors.Is(err, store.ErrVersion) || errors.As(err, &precondition) || errors.As(err, &hook) {
			return err
		}
		if i == casRetries {
			return store.ErrUnavailable
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// inTx runs fn in the transaction of all stores, or without one if Config.Tx is
// not set.
func (w *Writer) inTx(ctx context.Context, fn func(context.Context) error) error {
	if w.cfg.Tx == nil {
		return fn(ctx)
	}
	return w.cfg.Tx.InTx(ctx, fn)
}

// preconditionError marks an If-Match or If-None-Match that failed, so that retry
// does not take it for a concurrent write.
type preconditionError struct{ error }

func (e *preconditionError) Unwrap() error { return e.error }

// HookError marks an error returned by a hook inside the transaction, or by
// SetPassword. Sentinels inside it (such as store.ErrNotFound) are the hook's and
// must not decide the response; InTx still unwraps it to detect conflicts.
type HookError struct{ error }

// Unwrap returns the error of the hook.
func (e *HookError) Unwrap() error { return e.error }

package lifecycle

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Request is what the write path knows of a request.
type Request struct {
	Actor string // Event.Actor
	// Preconditions fails if a resource of that version must not be written.
	Preconditions func(version string) error
	// Committed, if set, is told what was written, once it is committed and
	// before access is revoked.
	Committed func(Written)
}

// Written is one change of one resource.
type Written struct {
	Before, After *schema.Resource
	Members       *schema.MemberDelta
	Secrets       schema.Secrets
}

// unit is one write on its way.
type unit struct {
	*Writer
	r     *Request
	ep    *Endpoint
	cause store.Cause
	// revocations are the pending ones this write appended; they become real
	// with its commit.
	revocations []store.Entry
	// types has those who were asked for as members so far, each with the
	// resource type it has; "" if nobody has it.
	types map[string]string
	// written is what a transaction has written; one that is repeated notes it
	// again.
	written Written
}

// casRetries is how often a write is tried again when a store without
// transactions has seen another one in between.
const casRetries = 10

// retry repeats a write that lost against another one: compare-and-set for
// stores without transactions. Preconditions of the client are checked anew
// each time, against the resource as it then is.
func retry(ctx context.Context, write func() error) error {
	for i := 0; ; i++ {
		err := write()
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

// inTx runs a write in the transaction of all stores, if there is one.
func (w *Writer) inTx(ctx context.Context, fn func(context.Context) error) error {
	if w.cfg.Tx == nil {
		return fn(ctx)
	}
	return w.cfg.Tx.InTx(ctx, fn)
}

// preconditionError is an If-Match or If-None-Match that failed, as opposed to
// a store that noticed another write.
type preconditionError struct{ error }

func (e *preconditionError) Unwrap() error { return e.error }

// HookError is the error of a hook that takes part in a transaction. What it
// wraps is the hook's own affair: not found is something that the hook did not
// find, and no answer to the client. The transaction sees through it, to run
// again after a conflict.
type HookError struct{ error }

func (e *HookError) Unwrap() error { return e.error }

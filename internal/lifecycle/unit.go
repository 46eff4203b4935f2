package lifecycle

import (
	"context"
	"errors"
	"fmt"

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

// write runs fn in the transaction of all stores and carries out what the
// leaver-safe order asks for around it: revocations still pending for the
// resource first (unit.lock finds them), those of this write after the
// commit, and no answer before both are done.
func (w *Writer) write(ctx context.Context, r *Request, ep *Endpoint, cause store.Cause, fn func(context.Context, *unit) error) error {
	for range casRetries {
		u := &unit{Writer: w, r: r, ep: ep, cause: cause}
		err := retry(ctx, func() error {
			return w.inTx(ctx, func(ctx context.Context) error {
				// What an earlier run has found is gone with its transaction.
				u.revocations, u.types, u.written = nil, nil, Written{}
				return fn(ctx, u)
			})
		})
		var left *pendingError
		switch {
		case errors.As(err, &left):
			if err := w.revokeNow(ctx, left.revocations); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			if r.Committed != nil {
				r.Committed(u.written)
			}
			w.wakeWorker()
			return w.revokeNow(ctx, u.revocations)
		}
	}
	return store.ErrUnavailable
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

// lock reads the resource for a write and checks the preconditions. Access
// that is still to be revoked comes before all, also before saying that there
// is no such resource: the client may be repeating a DELETE.
func (u *unit) lock(ctx context.Context, id string) (*schema.Resource, error) {
	before, err := u.ep.Store.Get(ctx, id, store.GetOptions{ForUpdate: true})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err := u.nothingPending(ctx, id); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	version := before.Version
	if !u.ep.Versions {
		version = ""
	}
	if err := u.r.Preconditions(version); err != nil {
		return nil, &preconditionError{err}
	}
	return before, nil
}

// preconditionError is an If-Match or If-None-Match that failed, as opposed to
// a store that noticed another write.
type preconditionError struct{ error }

func (e *preconditionError) Unwrap() error { return e.error }

// nothingPending fails if earlier writes left revocations of the resource
// behind. It is asked behind the lock of the resource, when no such write is on
// its way any more.
func (u *unit) nothingPending(ctx context.Context, id string) error {
	if u.cfg.Hooks.Revoke == nil {
		return nil
	}
	entries, err := u.cfg.Outbox.Pending(ctx, store.QueueRevoke, u.ep.Type.Name, id)
	if err == nil && len(entries) > 0 {
		err = &pendingError{entries}
	}
	return err
}

// pendingError undoes a write before which revocations are to be carried out.
type pendingError struct{ revocations []store.Entry }

func (e *pendingError) Error() string { return "scim: access is not revoked yet" }

// revokeNow carries out revocations before the client is answered. The client
// going away does not stop it. On failure they stay pending and the answer is
// 503: the client's retry, though it changes nothing, comes back here.
func (w *Writer) revokeNow(ctx context.Context, entries []store.Entry) error {
	for _, e := range entries {
		if err := w.carryOut(ctx, e); err != nil {
			// The hook's error is told to the log, not to the client.
			return fmt.Errorf("%w: access is not revoked yet: %v", store.ErrUnavailable, err)
		}
	}
	return nil
}

// HookError is the error of a hook that takes part in a transaction. What it
// wraps is the hook's own affair: not found is something that the hook did not
// find, and no answer to the client. The transaction sees through it, to run
// again after a conflict.
type HookError struct{ error }

func (e *HookError) Unwrap() error { return e.error }

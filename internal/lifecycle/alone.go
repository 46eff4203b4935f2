package lifecycle

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// A write of a type without members is one change of one resource if there are neither
// hooks nor an audit trail nor SetPassword. A store can make it in one step: a transaction
// around it would cost the exchange of BEGIN and COMMIT, and the lock of a resource that
// its version guards as well. The order is that of leave.go, except that nothing is
// locked, and that the brake counts before the resource is stored. If the brake stops the
// write, or the version has changed since the resource was read, the write begins anew in
// a transaction.

// aloneWriter is a Store that can make a write in one step. It belongs to the store that
// is served, not to a wrapper, so that nothing writes past the wrapper.
type aloneWriter interface {
	// WritesAlone reports whether Create and UpdateAlone need no transaction of tx
	// around them, because the store begins those of tx itself and the context carries
	// none.
	WritesAlone(ctx context.Context, tx store.Transactor) bool
	// UpdateAlone is Update for c.Before as Get returned it, with c.IfVersion.
	UpdateAlone(ctx context.Context, c *store.Change) (*schema.Resource, error)
}

// errNotAlone ends a write without a transaction that needs one, before anything is
// changed.
var errNotAlone = errors.New("scim: the write needs a transaction")

// writesAlone returns the store of the endpoint if nothing of a write but the change of
// the resource belongs to a transaction.
func (w *Writer) writesAlone(ctx context.Context, r *Request, ep *Endpoint) aloneWriter {
	if w.cfg.Tx == nil || w.cfg.Hooks.isSet() || w.cfg.SetPassword != nil || r.Record != nil || ep.Members != nil || !ep.Versions {
		return nil
	}
	s, ok := ep.Store.(aloneWriter)
	if !ok || !s.WritesAlone(ctx, w.cfg.Tx) {
		return nil
	}
	return s
}

// tryAlone runs fn, a write of one resource, without a transaction. It reports false if
// the write is to be made in one: it needs one, the resource has changed meanwhile, or the
// brake stops it, which in a transaction it does only to a write that the store accepts.
func (w *Writer) tryAlone(ctx context.Context, r *Request, ep *Endpoint, cause event.Cause, fn func(context.Context, *unit) error) (done bool, err error) {
	s := w.writesAlone(ctx, r, ep)
	if s == nil {
		return false, nil
	}
	w.cfg.Brake.Prepare(ctx)
	u := &unit{Writer: w, r: r, ep: ep, cause: cause, alone: s}
	err = fn(ctx, u)
	if err == nil {
		if r.Committed != nil {
			r.Committed(u.written)
		}
		return true, nil
	}
	if failed := u.uncount(ctx); failed != nil {
		return true, errors.Join(err, failed)
	}
	var precondition *preconditionError
	var stop *brake.Stop
	switch {
	case errors.Is(err, errNotAlone), errors.As(err, &stop), errors.Is(err, store.ErrVersion) && !errors.As(err, &precondition):
		return false, nil
	}
	return true, err
}

// checkAlone returns errNotAlone if the brake counts the write in the database. before
// is nil for a new resource.
func (u *unit) checkAlone(before, after *schema.Resource) error {
	if u.alone == nil {
		return nil
	}
	if before == nil && u.cfg.Brake.Local(brake.Creations) || before != nil && !u.deactivates(before, after) && !u.reactivates(before, after) {
		return nil
	}
	return errNotAlone
}

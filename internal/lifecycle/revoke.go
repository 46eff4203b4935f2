package lifecycle

import (
	"context"

	"github.com/seed5f3efb56/scim/event"
)

// Revoke ends the sessions of a resource, which it does not change: in the database
// of the transaction by Hooks.EndSessions, elsewhere by Hooks.Revoke. It is not
// subject to Hooks.Before.
func (w *Writer) Revoke(ctx context.Context, r *Request, ep *Endpoint, id string) error {
	return w.write(ctx, r, ep, event.ByOperator, func(ctx context.Context, u *unit) error {
		found, err := u.lock(ctx, id)
		if err != nil {
			return err
		}
		u.written = Written{Before: found, After: found}
		events := []*event.Event{{Kind: event.SessionsRevoked, Before: found, After: found}}
		u.complete(ctx, ep, events)
		if err := u.endSessions(ctx, events); err != nil {
			return err
		}
		return u.enqueue(ctx, events)
	})
}

// endsSessions reports whether sessions end with an event.
func endsSessions(e *event.Event) bool {
	return e.Kind == event.Deactivated || e.Kind == event.SessionsRevoked
}

// EndsSessions reports whether any hook ends sessions.
func (w *Writer) EndsSessions() bool {
	return w.cfg.Hooks.EndSessions != nil || w.cfg.Hooks.Revoke != nil
}

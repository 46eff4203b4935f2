package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Deactivate sets active to false. The resource need not be valid: nothing of
// it is the client's.
func (w *Writer) Deactivate(ctx context.Context, r *Request, ep *Endpoint, id string) error {
	_, err := w.Update(ctx, r, ep, Update{id, store.CauseDelete, nil, func(_ context.Context, before *schema.Resource) (Edit, error) {
		return Edit{Attributes: before.Attributes.With(ep.Active, schema.Boolean(false)), valid: true}, nil
	}})
	return err
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

// raise completes the events, lets the hooks of the transaction see them, and
// appends to the outbox what is to happen after the commit.
func (u *unit) raise(ctx context.Context, typ string, events []*store.Event) error {
	for _, e := range events {
		e.ID, e.Time, e.Tenant, e.Actor = u.cfg.NewID(), u.now(), store.Tenant(ctx), u.r.Actor
		e.Type, e.ResourceID = typ, e.Resource().ID
		if e.Cause == "" {
			e.Cause = u.cause
		}
	}
	if before := u.cfg.Hooks.Before; before != nil {
		for _, e := range events {
			if err := before(ctx, e); err != nil {
				return &HookError{err}
			}
		}
	}
	if end := u.cfg.Hooks.EndSessions; end != nil {
		for _, e := range events {
			if e.Kind != store.EventDeactivated {
				continue
			}
			if err := end(ctx, e); err != nil {
				return &HookError{fmt.Errorf("end sessions: %w", err)}
			}
		}
	}
	return u.enqueue(ctx, events)
}

// enqueue appends to the outbox what is to happen after the commit.
func (u *unit) enqueue(ctx context.Context, events []*store.Event) error {
	var entries []store.Entry
	for _, e := range events {
		if u.cfg.Hooks.Revoke != nil && e.Kind == store.EventDeactivated {
			revocation := u.entry(store.QueueRevoke, e)
			// The worker leaves it to this request at first.
			revocation.Due = revocation.Created.Add(2 * u.cfg.HookTimeout)
			entries = append(entries, revocation)
			u.revocations = append(u.revocations, revocation)
		}
		if u.cfg.Hooks.deliver(e.Kind) != nil {
			entries = append(entries, u.entry(store.QueueEvent, e))
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return u.cfg.Outbox.Append(ctx, entries)
}

func (u *unit) entry(q store.Queue, e *store.Event) store.Entry {
	return store.Entry{
		ID: u.cfg.NewID(), Queue: q, Tenant: e.Tenant, Type: e.Type, ResourceID: e.ResourceID,
		Payload: encodeEvent(e), Created: e.Time, Due: e.Time,
	}
}

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

// Delete deletes a resource. In the same transaction it leaves every group it
// was a member of.
func (w *Writer) Delete(ctx context.Context, r *Request, ep *Endpoint, id string) error {
	return w.write(ctx, r, ep, store.CauseDelete, func(ctx context.Context, u *unit) error {
		before, err := u.lock(ctx, id)
		if err != nil {
			return err
		}
		left, err := u.remove(ctx, before)
		if err != nil {
			return err
		}
		u.written = Written{Before: before}
		if err := u.happened(ctx, before, nil, nil, schema.Secrets{}); err != nil {
			return err
		}
		return u.membersLeft(ctx, left, id)
	})
}

// remove deletes a resource and its memberships: those first, or foreign keys
// of a member table would hold the resource back. Without a transaction they
// go last, because the deletion may yet lose against another write.
func (u *unit) remove(ctx context.Context, r *schema.Resource) ([]departure, error) {
	c := &store.Change{ID: r.ID, Before: r, IfVersion: r.Version, At: store.Later(r.LastModified, u.now()), Cause: u.cause}
	if u.cfg.Tx == nil {
		if err := u.ep.Store.Delete(ctx, c); err != nil {
			return nil, err
		}
		return u.leaveGroups(ctx, r.ID)
	}
	left, err := u.leaveGroups(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	// The resource is locked; a group that was a member of itself has moved on
	// from r.Version.
	c.IfVersion = ""
	return left, u.ep.Store.Delete(ctx, c)
}

// departure is a group that a deleted resource has left.
type departure struct {
	ep    *Endpoint
	group string
}

// leaveGroups takes a deleted resource out of every group.
func (u *unit) leaveGroups(ctx context.Context, id string) ([]departure, error) {
	var left []departure
	for _, ep := range u.endpoints {
		if ep.Members == nil {
			continue
		}
		groups, err := ep.Members.RemoveFromAll(ctx, &store.Change{ID: id, At: u.now(), Cause: store.CauseMembers})
		if err != nil {
			return nil, err
		}
		for _, group := range groups {
			if group != id { // a group that was a member of itself is gone
				left = append(left, departure{ep, group})
			}
		}
	}
	return left, nil
}

// membersLeft raises the events of a member that left groups by being deleted.
func (u *unit) membersLeft(ctx context.Context, left []departure, member string) error {
	if u.cfg.Hooks.Before == nil && u.cfg.Hooks.MembersChanged == nil {
		return nil
	}
	for _, d := range left {
		group, err := d.ep.Store.Get(ctx, d.group, store.GetOptions{})
		if err != nil {
			return err
		}
		event := &store.Event{
			Kind: store.EventMembersChanged, Cause: store.CauseMembers, Before: group, After: group,
			Members: &schema.MemberDelta{Remove: []string{member}},
		}
		if err := u.raise(ctx, d.ep.Type.Name, []*store.Event{event}); err != nil {
			return err
		}
	}
	return nil
}

package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// The order of a write. It is safe for leavers: access ends no later than the
// client learns of it, whatever fails in between.
//
// In the transaction of all stores, which a write that has nothing to do but the change
// of one resource can do without (alone.go):
//
//  1. hold: the members that the request adds are locked, those that are groups
//     in one order with the resource itself (members.go, lockWith).
//  2. lock: the resource is read and locked. If revocations of earlier writes
//     are pending for it, the transaction ends, they are carried out, and the
//     write begins anew; this comes before the preconditions and before the
//     answer that the resource does not exist. A resource of another owner that
//     does not exist for the connection is left alone.
//  3. lock: If-Match and If-None-Match are evaluated.
//  4. apply: the change is made, validated and stored (apply.go). A resource
//     that is deleted leaves its groups.
//  5. SetPassword receives the secrets.
//  6. raise: Hooks.Before sees the events and may veto them, Hooks.EndSessions
//     ends sessions in the same database, and the outbox receives the pending
//     revocation and the events.
//  7. record: the audit trail receives the record of the change.
//  8. brake: the write is counted, and undone if the connection has ended the
//     access of too many (brake.go).
//
// The commit. Then, before the response:
//
//  9. the change is noted for the audit record, and the worker is woken.
//  10. revokeNow: Hooks.Revoke runs. If it fails, the response is 503, the
//     revocation stays pending, and the worker and later writes repeat it.

// Deactivate sets active to false, for a DELETE under scim.DeactivateOnDelete; a
// PATCH or PUT does the same by [Writer.Update]. A stored resource that is not
// valid is deactivated as well, since no value in it comes from the request.
func (w *Writer) Deactivate(ctx context.Context, r *Request, ep *Endpoint, id string) error {
	_, err := w.Update(ctx, r, ep, Update{ID: id, Cause: event.ByDelete, Make: func(_ context.Context, before *schema.Resource, _ Complete) (Edit, error) {
		return Edit{Attributes: before.Attributes.With(ep.Active, schema.Boolean(false)), valid: true}, nil
	}})
	return err
}

// write runs fn in the transaction of all stores. It carries out revocations that
// fn found pending and then repeats the write; after the commit it carries out
// the revocations of this write. The error is store.ErrUnavailable while one of
// them fails.
func (w *Writer) write(ctx context.Context, r *Request, ep *Endpoint, cause event.Cause, fn func(context.Context, *unit) error) error {
	w.cfg.Brake.Prepare(ctx)
	for range casRetries {
		u := &unit{Writer: w, r: r, ep: ep, cause: cause}
		err := retry(ctx, func() error {
			return w.inTx(ctx, func(ctx context.Context) error {
				// A repeated transaction begins without the results of the last.
				u.revocations, u.types, u.written, u.transaction, u.revives = nil, nil, Written{}, "", false
				u.dissolved = 0
				if err := u.uncount(ctx); err != nil {
					return err
				}
				if err := fn(ctx, u); err != nil {
					return err
				}
				if err := u.record(ctx, u.ep, u.written, u.cause); err != nil {
					return err
				}
				return u.brake(ctx)
			})
		})
		if err == nil {
			if r.Committed != nil {
				r.Committed(u.written)
			}
			w.wakeWorker()
			return w.revokeNow(ctx, u.revocations)
		}
		if failed := u.uncount(ctx); failed != nil {
			return errors.Join(err, failed)
		}
		var pending *pendingError
		if !errors.As(err, &pending) {
			return w.stopped(ctx, err)
		}
		if err := w.revokeNow(ctx, pending.revocations); err != nil {
			return err
		}
	}
	return store.ErrUnavailable
}

// record records a change in the audit trail, if there is one.
func (u *unit) record(ctx context.Context, ep *Endpoint, w Written, c event.Cause) error {
	if u.r.Record == nil {
		return nil
	}
	if err := u.r.Record(ctx, ep, w, c); err != nil {
		return &HookError{fmt.Errorf("audit trail: %w", err)}
	}
	return nil
}

// lock reads and locks the resource and evaluates the preconditions. Pending
// revocations come first, even before store.ErrNotFound: the request may be a
// DELETE that is repeated.
func (u *unit) lock(ctx context.Context, id string) (*schema.Resource, error) {
	before, err := u.ep.Store.Get(ctx, id, store.GetOptions{ForUpdate: u.alone == nil})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err == nil && u.r.Locked != nil {
		u.r.Locked(before)
	}
	if err == nil && !u.adopts && !u.r.Access.Sees(u.ep, before) {
		return nil, store.ErrNotFound
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

// nothingPending returns a pendingError if revocations of earlier writes are
// pending for the resource. The caller holds the lock of the resource, so that
// no other write appends one meanwhile.
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

// pendingError ends a transaction so that the pending revocations can be carried
// out before the write.
type pendingError struct{ revocations []store.Entry }

func (e *pendingError) Error() string { return "scim: access is not revoked yet" }

// raise completes the events of a change of one resource, calls the hooks of the
// transaction with them, and appends to the outbox what follows the commit. The
// secrets are those that were stored.
func (u *unit) raise(ctx context.Context, ep *Endpoint, events []*event.Event, secrets schema.Secrets) error {
	u.complete(ctx, ep, events)
	if err := u.callBefore(ctx, events); err != nil {
		return err
	}
	if err := u.endSessions(ctx, events); err != nil {
		return err
	}
	if u.cfg.Hooks.Changed != nil && len(events) > 0 {
		events = append(events, u.changed(ep, events, secrets))
	}
	return u.enqueue(ctx, events)
}

func (u *unit) complete(ctx context.Context, ep *Endpoint, events []*event.Event) {
	for _, e := range events {
		e.ID, e.Time, e.Tenant, e.Actor = u.cfg.NewID(), u.now(), store.Tenant(ctx), u.r.Actor
		e.Type, e.ResourceID = ep.Type.Name, e.Resource().ID
		e.Path, e.Transaction = ep.path(e.ResourceID), u.transactionOr(e.ID)
		e.Record, e.Connection = u.r.RecordID, u.r.Principal
		if e.Cause == "" {
			e.Cause = u.cause
		}
	}
}

// transactionOr returns the name of the transaction: that of the request, or the id
// of the first event.
func (u *unit) transactionOr(id string) string {
	if u.transaction == "" {
		u.transaction = u.r.Transaction
	}
	if u.transaction == "" {
		u.transaction = id
	}
	return u.transaction
}

// callBefore calls Hooks.Before with each event. An error vetoes the write.
func (u *unit) callBefore(ctx context.Context, events []*event.Event) error {
	if u.cfg.Hooks.Before == nil {
		return nil
	}
	for _, e := range events {
		if err := u.cfg.Hooks.Before(ctx, e); err != nil {
			return &HookError{err}
		}
	}
	return nil
}

// endSessions calls Hooks.EndSessions with each event that ends sessions, to end
// those in the database of the transaction.
func (u *unit) endSessions(ctx context.Context, events []*event.Event) error {
	if u.cfg.Hooks.EndSessions == nil {
		return nil
	}
	for _, e := range events {
		if !endsSessions(e) {
			continue
		}
		if err := u.cfg.Hooks.EndSessions(ctx, e); err != nil {
			return &HookError{fmt.Errorf("end sessions: %w", err)}
		}
		u.written.EndedSessions = true
	}
	return nil
}

// enqueue appends to the outbox the revocation of each event that ends sessions, and
// each event that has a hook.
func (u *unit) enqueue(ctx context.Context, events []*event.Event) error {
	var entries []store.Entry
	for _, e := range events {
		if u.cfg.Hooks.Revoke != nil && endsSessions(e) {
			for _, revocation := range u.entries(store.QueueRevoke, e) {
				// revokeNow carries it out; the worker does if this process dies first.
				revocation.Due = revocation.Created.Add(2 * u.cfg.HookTimeout)
				entries = append(entries, revocation)
				u.revocations = append(u.revocations, revocation)
			}
		}
		if u.cfg.Hooks.deliver(e.Kind) != nil {
			entries = append(entries, u.entries(store.QueueEvent, e)...)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return u.cfg.Outbox.Append(ctx, entries)
}

func (u *unit) entry(q store.Queue, e *event.Event, payload []byte) store.Entry {
	return store.Entry{
		ID: u.cfg.NewID(), Queue: q, Tenant: e.Tenant, Type: e.Type, ResourceID: e.ResourceID,
		Payload: payload, Created: e.Time, Due: e.Time,
	}
}

// revokeNow carries out revocations before the response. A client that closes the
// connection does not stop it. If one fails, it stays pending and the error is
// store.ErrUnavailable (503): the retry of the client is led here by lock, even if
// it changes nothing.
func (w *Writer) revokeNow(ctx context.Context, entries []store.Entry) error {
	for _, e := range entries {
		if err := w.carryOut(ctx, e); err != nil {
			// %v: the error of the hook goes to the log and decides no status.
			return fmt.Errorf("%w: access is not revoked yet: %v", store.ErrUnavailable, err)
		}
	}
	return nil
}

// Delete deletes a resource. In the same transaction the resource leaves every
// group of which it is a member.
func (w *Writer) Delete(ctx context.Context, r *Request, ep *Endpoint, id string) error {
	return w.write(ctx, r, ep, event.ByDelete, func(ctx context.Context, u *unit) error {
		if err := u.lockGroupsOf(ctx, id); err != nil {
			return err
		}
		before, err := u.lock(ctx, id)
		if err != nil {
			return err
		}
		dissolved, err := u.countMembers(ctx, id)
		if err != nil {
			return err
		}
		left, err := u.remove(ctx, before)
		if err != nil {
			return err
		}
		u.written = Written{Before: before, Dissolved: dissolved, Others: int(u.dissolved) - len(dissolved)}
		if err := u.raiseChange(ctx, before, nil, nil, schema.Secrets{}); err != nil {
			return err
		}
		return u.membersLeft(ctx, left, id)
	})
}

// remove deletes a resource and its memberships. The memberships go first, as
// foreign keys of a member table demand. Without a transaction they go last,
// because a concurrent write may still make the deletion fail.
func (u *unit) remove(ctx context.Context, r *schema.Resource) ([]departure, error) {
	c := &store.Change{ID: r.ID, Before: r, IfVersion: r.Version, At: store.Later(r.LastModified, u.now()), Cause: u.cause}
	if u.cfg.Tx == nil {
		if err := u.brakeEarly(ctx, r, nil); err != nil {
			return nil, err
		}
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

// departure is a group that a deleted resource left.
type departure struct {
	ep    *Endpoint
	group string
}

// leaveGroups removes a resource from every group.
func (u *unit) leaveGroups(ctx context.Context, id string) ([]departure, error) {
	var left []departure
	for _, ep := range u.endpoints {
		if ep.Members == nil {
			continue
		}
		groups, err := ep.Members.RemoveFromAll(ctx, &store.Change{ID: id, At: u.now(), Cause: event.ByMembers})
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

// membersLeft raises the events of the groups that a deleted member left, and records
// them in the audit trail.
func (u *unit) membersLeft(ctx context.Context, left []departure, member string) error {
	h := &u.cfg.Hooks
	raises := h.Before != nil || h.MembersChanged != nil || h.Changed != nil
	if !raises && u.r.Record == nil {
		return nil
	}
	for _, d := range left {
		group, err := d.ep.Store.Get(ctx, d.group, store.GetOptions{})
		if err != nil {
			return err
		}
		e := &event.Event{
			Kind: event.MembersChanged, Cause: event.ByMembers, Before: group, After: group,
			Members: &schema.MemberDelta{Remove: []string{member}},
		}
		if err := u.record(ctx, d.ep, Written{Before: group, After: group, Members: e.Members}, event.ByMembers); err != nil {
			return err
		}
		if !raises {
			continue
		}
		if err := u.raise(ctx, d.ep, []*event.Event{e}, schema.Secrets{}); err != nil {
			return err
		}
	}
	return nil
}

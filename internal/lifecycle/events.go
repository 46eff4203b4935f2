package lifecycle

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// deliver returns the hook of an event kind, nil if there is none.
func (k *Hooks) deliver(kind store.EventKind) func(context.Context, *store.Event) error {
	switch kind {
	case store.EventCreated:
		return k.Created
	case store.EventUpdated:
		return k.Updated
	case store.EventDeactivated:
		return k.Deactivated
	case store.EventReactivated:
		return k.Reactivated
	case store.EventRestored:
		return k.Restored
	case store.EventDeleted:
		return k.Deleted
	case store.EventMembersChanged:
		return k.MembersChanged
	case store.EventPasswordSet:
		return k.PasswordSet
	}
	return nil
}

var eventKinds = []store.EventKind{
	store.EventCreated, store.EventUpdated, store.EventDeactivated, store.EventReactivated,
	store.EventRestored, store.EventDeleted, store.EventMembersChanged, store.EventPasswordSet,
}

// delivers reports whether any event has a hook.
func (k *Hooks) delivers() bool {
	return slices.ContainsFunc(eventKinds, func(kind store.EventKind) bool { return k.deliver(kind) != nil })
}

// any reports whether events matter at all.
func (k *Hooks) any() bool {
	return k.Before != nil || k.EndSessions != nil || k.Revoke != nil || k.delivers()
}

// happened raises the events of a change: before is nil for a new resource,
// after for a deleted one.
func (u *unit) happened(ctx context.Context, before, after *schema.Resource, members *schema.MemberDelta, secrets schema.Secrets) error {
	if !u.cfg.Hooks.any() {
		return nil
	}
	var events []*store.Event
	add := func(when bool, kind store.EventKind) {
		if when {
			events = append(events, &store.Event{Kind: kind, Before: before, After: after})
		}
	}
	add(u.deactivates(before, after), store.EventDeactivated)
	add(before == nil, store.EventCreated)
	add(u.cause == store.CauseRestore, store.EventRestored)
	add(u.reactivates(before, after), store.EventReactivated)
	add(before != nil && after != nil && u.updates(before, after), store.EventUpdated)
	if !members.Empty() {
		events = append(events, &store.Event{Kind: store.EventMembersChanged, Before: before, After: after, Members: members})
	}
	add(u.cfg.SetPassword != nil && secrets.Len() > 0, store.EventPasswordSet)
	add(after == nil, store.EventDeleted)
	return u.raise(ctx, u.ep.Type.Name, events)
}

func (u *unit) deactivates(before, after *schema.Resource) bool {
	if u.ep.Active == nil || before == nil {
		return false
	}
	return !u.ep.Inactive(before) && (after == nil || u.ep.Inactive(after))
}

func (u *unit) reactivates(before, after *schema.Resource) bool {
	return after != nil && u.ep.Inactive(before) && !u.ep.Inactive(after)
}

// updates reports whether anything but active differs.
func (u *unit) updates(before, after *schema.Resource) bool {
	b, a := before.Attributes, after.Attributes
	if u.ep.Active != nil {
		a = a.With(u.ep.Active, b.Get(u.ep.Active))
	}
	return !schema.IdenticalObjects(b, a)
}

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

package lifecycle

import (
	"context"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
)

// raiseChange raises the events of a change. before is nil for a new resource,
// after for a deleted one.
func (u *unit) raiseChange(ctx context.Context, before, after *schema.Resource, members *schema.MemberDelta, secrets schema.Secrets) error {
	if !u.cfg.Hooks.isSet() {
		return nil
	}
	var events []*event.Event
	add := func(when bool, kind event.Kind) {
		if when {
			events = append(events, &event.Event{Kind: kind, Before: before, After: after})
		}
	}
	add(u.deactivates(before, after), event.Deactivated)
	add(before == nil, event.Created)
	add(u.cause == event.ByRestore, event.Restored)
	add(u.reactivates(before, after), event.Reactivated)
	add(before != nil && after != nil && u.updates(before, after), event.Updated)
	if !members.Empty() {
		events = append(events, &event.Event{Kind: event.MembersChanged, Before: before, After: after, Members: members})
	}
	add(u.cfg.SetPassword != nil && secrets.Len() > 0, event.PasswordSet)
	add(after == nil, event.Deleted)
	return u.raise(ctx, u.ep, events, u.kept(secrets))
}

// deactivates reports whether the change ends access: the resource was not
// inactive, and is deleted or inactive now.
func (u *unit) deactivates(before, after *schema.Resource) bool {
	if u.ep.Active == nil || before == nil {
		return false
	}
	return !u.ep.Inactive(before) && (after == nil || u.ep.Inactive(after))
}

// reactivates reports whether the change gives access back.
func (u *unit) reactivates(before, after *schema.Resource) bool {
	return after != nil && u.ep.Inactive(before) && !u.ep.Inactive(after)
}

// updates reports whether an attribute other than active differs.
func (u *unit) updates(before, after *schema.Resource) bool {
	b, a := before.Attributes, after.Attributes
	if u.ep.Active != nil {
		a = a.With(u.ep.Active, b.Get(u.ep.Active))
	}
	return !schema.IdenticalObjects(b, a)
}

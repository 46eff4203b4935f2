package lifecycle

import (
	"context"

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
	if u.cfg.Tx == nil {
		if err := u.ep.Store.Delete(ctx, r.ID, r.Version); err != nil {
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
	return left, u.ep.Store.Delete(ctx, r.ID, "")
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
		groups, err := ep.Members.RemoveFromAll(ctx, id, u.now())
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

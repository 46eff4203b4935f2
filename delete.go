package scim

import (
	"context"
	"net/http"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// delete answers DELETE (RFC 7644 §3.6). In the same transaction the resource
// leaves every group it was a member of.
func (h *Handler) delete(r *request, ep *endpoint, id string) (*response, error) {
	if err := h.authorize(r, OperationDelete, ep, id); err != nil {
		return nil, err
	}
	if ep.policy(r.principal).OnDelete == DeactivateOnDelete {
		return h.deactivate(r, ep, id)
	}
	if err := h.lifecycle.delete(r.ctx, h.writeRequest(r), ep.writeEndpoint, id); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

// delete deletes a resource. In the same transaction it leaves every group it
// was a member of.
func (w *writePath) delete(ctx context.Context, r *writeRequest, ep *writeEndpoint, id string) error {
	return w.write(ctx, r, ep, store.CauseDelete, func(ctx context.Context, u *unit) error {
		before, err := u.lock(ctx, id)
		if err != nil {
			return err
		}
		left, err := u.remove(ctx, before)
		if err != nil {
			return err
		}
		u.written = written{before: before}
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
	if u.tx == nil {
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
	ep    *writeEndpoint
	group string
}

// leaveGroups takes a deleted resource out of every group.
func (u *unit) leaveGroups(ctx context.Context, id string) ([]departure, error) {
	var left []departure
	for _, ep := range u.endpoints {
		if ep.members == nil {
			continue
		}
		groups, err := ep.members.RemoveFromAll(ctx, id, u.now())
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
	if u.hooks.Before == nil && u.hooks.MembersChanged == nil {
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

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
	err := h.write(r, ep, store.CauseDelete, func(ctx context.Context, w *write) error {
		before, err := h.lock(ctx, r, ep, id)
		if err != nil {
			return err
		}
		left, err := w.remove(ctx, before)
		if err != nil {
			return err
		}
		r.audit.change(written{before: before})
		if err := w.happened(ctx, before, nil, nil, schema.Secrets{}); err != nil {
			return err
		}
		return w.membersLeft(ctx, left, id)
	})
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

// remove deletes a resource and its memberships: those first, or foreign keys
// of a member table would hold the resource back. Without a transaction they
// go last, because the deletion may yet lose against another write.
func (w *write) remove(ctx context.Context, r *schema.Resource) ([]departure, error) {
	if w.cfg.Tx == nil {
		if err := w.ep.Store.Delete(ctx, r.ID, r.Version); err != nil {
			return nil, err
		}
		return w.leaveGroups(ctx, r.ID)
	}
	left, err := w.leaveGroups(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	// The resource is locked; a group that was a member of itself has moved on
	// from r.Version.
	return left, w.ep.Store.Delete(ctx, r.ID, "")
}

// departure is a group that a deleted resource has left.
type departure struct {
	ep    *endpoint
	group string
}

// leaveGroups takes a deleted resource out of every group.
func (w *write) leaveGroups(ctx context.Context, id string) ([]departure, error) {
	var left []departure
	for _, ep := range w.endpoints {
		if ep.members == nil {
			continue
		}
		groups, err := ep.members.RemoveFromAll(ctx, id, w.now())
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
func (w *write) membersLeft(ctx context.Context, left []departure, member string) error {
	if w.cfg.Hooks.Before == nil && w.cfg.Hooks.MembersChanged == nil {
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
		if err := w.raise(ctx, d.ep.Type.Name, []*store.Event{event}); err != nil {
			return err
		}
	}
	return nil
}

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
	if ep.OnDelete == DeactivateOnDelete {
		return h.deactivate(r, ep, id)
	}
	err := h.write(r, ep, store.CauseDelete, func(ctx context.Context, w *write) error {
		before, err := h.lock(ctx, r, ep, id)
		if err != nil {
			return err
		}
		if err := w.remove(ctx, before); err != nil {
			return err
		}
		r.audit.change(written{before: before})
		return w.happened(ctx, before, nil, nil, schema.Secrets{})
	})
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

// remove deletes a resource and its memberships: those first, or foreign keys
// of a member table would hold the resource back. Without a transaction they
// go last, because the deletion may yet lose against another write.
func (w *write) remove(ctx context.Context, r *schema.Resource) error {
	if w.cfg.Tx == nil {
		if err := w.ep.Store.Delete(ctx, r.ID, r.Version); err != nil {
			return err
		}
		return w.leaveGroups(ctx, r.ID)
	}
	if err := w.leaveGroups(ctx, r.ID); err != nil {
		return err
	}
	// The resource is locked; a group that was a member of itself has moved on
	// from r.Version.
	return w.ep.Store.Delete(ctx, r.ID, "")
}

// leaveGroups takes a deleted resource out of every group.
func (w *write) leaveGroups(ctx context.Context, id string) error {
	for _, ep := range w.endpoints {
		if ep.members == nil {
			continue
		}
		left, err := ep.members.RemoveFromAll(ctx, id, w.now())
		if err != nil {
			return err
		}
		if err := w.membersLeft(ctx, ep, left, id); err != nil {
			return err
		}
	}
	return nil
}

// membersLeft raises the event of a member that left groups by being deleted.
func (w *write) membersLeft(ctx context.Context, ep *endpoint, groups []string, member string) error {
	if w.cfg.Hooks.Before == nil && w.cfg.Hooks.MembersChanged == nil {
		return nil
	}
	for _, id := range groups {
		group, err := ep.Store.Get(ctx, id, store.GetOptions{})
		if err != nil {
			return err
		}
		event := &store.Event{
			Kind: store.EventMembersChanged, Cause: store.CauseMembers, Before: group, After: group,
			Members: &schema.MemberDelta{Remove: []string{member}},
		}
		if err := w.raise(ctx, ep.Type.Name, []*store.Event{event}); err != nil {
			return err
		}
	}
	return nil
}

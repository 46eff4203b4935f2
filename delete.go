package scim

import (
	"context"
	"net/http"
)

// delete answers DELETE (RFC 7644 §3.6). In the same transaction the resource
// leaves every group it was a member of.
func (h *Handler) delete(r *request, ep *endpoint, id string) (*response, error) {
	if err := h.authorize(r, OperationDelete, ep, id); err != nil {
		return nil, err
	}
	err := h.retry(r, func() error {
		return h.inTx(r.ctx, func(ctx context.Context) error {
			before, err := h.lock(ctx, r, ep, id)
			if err != nil {
				return err
			}
			if err := ep.Store.Delete(ctx, id, before.Version); err != nil {
				return err
			}
			return h.leaveGroups(ctx, id)
		})
	})
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

func (h *Handler) leaveGroups(ctx context.Context, id string) error {
	for _, ep := range h.endpoints {
		if ep.members == nil {
			continue
		}
		if _, err := ep.members.RemoveFromAll(ctx, id, h.now()); err != nil {
			return err
		}
	}
	return nil
}

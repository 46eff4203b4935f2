package scim

import "net/http"

// handleDelete answers DELETE (RFC 7644 §3.6), by DeactivateOnDelete where that is
// the policy of the client.
func (h *Handler) handleDelete(r *request, ep *endpoint, id string) (*response, error) {
	if err := h.authorize(r, OperationDelete, ep, id); err != nil {
		return nil, err
	}
	end := h.lifecycle.Delete
	if ep.policy(r.principal).OnDelete == DeactivateOnDelete {
		end = h.lifecycle.Deactivate
	}
	if err := end(r.ctx, h.writeRequest(r), ep.Endpoint, id); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

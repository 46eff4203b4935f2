package scim

import (
	"net/http"
)

// handleDelete answers DELETE (RFC 7644 §3.6). In the same transaction the resource
// leaves every group it was a member of.
func (h *Handler) handleDelete(r *request, ep *endpoint, id string) (*response, error) {
	if err := h.authorize(r, OperationDelete, ep, id); err != nil {
		return nil, err
	}
	if ep.policy(r.principal).OnDelete == DeactivateOnDelete {
		return h.deactivate(r, ep, id)
	}
	if err := h.lifecycle.Delete(r.ctx, h.writeRequest(r), ep.Endpoint, id); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

// deactivate is DELETE under DeactivateOnDelete.
func (h *Handler) deactivate(r *request, ep *endpoint, id string) (*response, error) {
	if err := h.lifecycle.Deactivate(r.ctx, h.writeRequest(r), ep.Endpoint, id); err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

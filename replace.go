package scim

import (
	"context"
	"net/http"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/schema"
)

// handleReplace answers PUT (RFC 7644 §3.5.1). Attributes that are not sent are
// cleared, except readOnly, immutable and writeOnly values (Z-7). All members of a
// group are replaced, also by none (Keycloak).
func (h *Handler) handleReplace(r *request, ep *endpoint, id string) (*response, error) {
	p, err := h.projection(r, ep)
	if err != nil {
		return nil, err
	}
	if err := h.authorize(r, OperationReplace, ep, id); err != nil {
		return nil, err
	}
	body, err := h.body(r)
	if err != nil {
		return nil, err
	}
	defer body.Release()
	decoded, err := h.decode(r, ep, body)
	if err != nil {
		return nil, err
	}
	attributes, members, err := h.takeMembers(r, ep, decoded.Attributes)
	if err != nil {
		return nil, err
	}
	made := lifecycle.Edit{Secrets: decoded.Secrets}
	if ep.Members != nil {
		made.Members = &schema.MemberDelta{Replace: true, Add: members}
	}
	result, err := h.lifecycle.Update(r.ctx, h.writeRequest(r), ep.Endpoint, lifecycle.Update{ID: id, Cause: event.ByPut, Joining: lifecycle.MemberIDs(members), Make: func(_ context.Context, before *schema.Resource, _ lifecycle.Complete) (lifecycle.Edit, error) {
		e := made
		var err error
		e.Attributes, err = ep.Type.Carry(before.Attributes, attributes)
		return e, err
	}})
	if err != nil {
		return nil, err
	}
	return h.resource(r, ep, http.StatusOK, p.Sent(decoded.Mentioned), result)
}

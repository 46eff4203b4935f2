package scim

import (
	"net/http"

	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/schema"
)

// handleCreate answers POST on a resource type (RFC 7644 §3.3).
func (h *Handler) handleCreate(r *request, ep *endpoint) (*response, error) {
	p, err := h.projection(r, ep)
	if err != nil {
		return nil, err
	}
	if err := h.authorize(r, OperationCreate, ep, ""); err != nil {
		return nil, err
	}
	body, err := h.body(r)
	if err != nil {
		return nil, err
	}
	defer body.Release()
	r.audit.named(ep, body)
	decoded, err := h.decode(r, ep, body)
	if err != nil {
		return nil, err
	}
	attributes, members, err := h.takeMembers(r, ep, h.defaults(r, ep, decoded))
	if err != nil {
		return nil, err
	}
	attributes = ep.refs.Drop(attributes)
	d := schema.NewDiff(nil, attributes)
	if err := ep.Type.ValidateChange(d); err != nil {
		return nil, err
	}
	if err := ep.CheckReferences(r.ctx, d); err != nil {
		return nil, err
	}
	if err := h.cfg.Limits.bounds().Check(ep.Type, d, decoded.Secrets); err != nil {
		return nil, err
	}
	creation := &lifecycle.Creation{Attributes: attributes, Members: members, Secrets: decoded.Secrets, Bind: h.bindMe(r)}
	created, err := h.createOrRestore(r, ep, creation)
	if err != nil {
		return nil, err
	}
	return h.resource(r, ep, http.StatusCreated, p.Sent(decoded.Mentioned), created)
}

// defaults completes a new resource by Endpoint.Default. Attributes that the client
// sent, also as null, keep the value that was sent (RFC 7644 §3.3).
func (h *Handler) defaults(r *request, ep *endpoint, d schema.Decoded) *schema.Object {
	if ep.initial == nil {
		return d.Attributes
	}
	o := ep.initial(r.ctx, r.principal, d.Attributes)
	for _, a := range d.Mentioned {
		o = o.With(a, d.Attributes.Get(a))
	}
	return o
}

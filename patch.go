package scim

import (
	"context"
	"iter"
	"net/http"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/etag"
	"github.com/seed5f3efb56/scim/internal/lifecycle"
	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
)

// handlePatch answers PATCH (RFC 7644 §3.5.2): 200 with the resource. If the
// operations concern only members and the request has no attributes parameter, the
// answer is 204 with the ETag, so that a change of one member does not read all.
func (h *Handler) handlePatch(r *request, ep *endpoint, id string) (*response, error) {
	p, err := h.projection(r, ep)
	if err != nil {
		return nil, err
	}
	if err := h.authorize(r, OperationPatch, ep, id); err != nil {
		return nil, err
	}
	body, err := h.message(r)
	if err != nil {
		return nil, err
	}
	uris, err := schema.SchemaURIs(body, r.dialect(ep).profile)
	if err != nil {
		return nil, err
	}
	if err := h.checkType(ep, uris); err != nil {
		return nil, err
	}
	ops, err := patch.Parse(body, h.cfg.Limits.Operations, r.dialect(ep).profile)
	if err != nil {
		return nil, err
	}
	var joining []string
	if ep.Members != nil {
		joining = r.dialect(ep).patcher.Joining(ops)
		leaving := r.dialect(ep).patcher.Leaving(ops)
		if err := h.checkMembers(r, len(joining)+len(leaving)); err != nil { // before they are locked
			return nil, err
		}
	}
	onlyMembers := false
	var mentioned []*schema.Attribute
	result, err := h.lifecycle.Update(r.ctx, h.writeRequest(r), ep.Endpoint, lifecycle.Update{ID: id, Cause: event.ByPatch, Joining: joining, Make: func(ctx context.Context, before *schema.Resource, complete lifecycle.Complete) (lifecycle.Edit, error) {
		budget := filter.BudgetFrom(r.ctx).Copy() // the transaction may be repeated
		left := budget.Left()
		res, err := r.dialect(ep).patcher.ApplyWith(before, ops, h.currentMembers(ctx, ep, id), h.withRefs(ctx, ep, complete), budget)
		r.spent = max(r.spent, left-budget.Left()+1)
		if err != nil {
			return lifecycle.Edit{}, err
		}
		if res.Members != nil {
			if err := h.checkMembers(r, len(res.Members.Add)+len(res.Members.Remove)); err != nil {
				return lifecycle.Edit{}, err
			}
		}
		onlyMembers, mentioned = res.Members != nil && res.Resource == before, res.Mentioned
		return lifecycle.Edit{Attributes: res.Resource.Attributes, Members: res.Members, Secrets: res.Secrets}, nil
	}})
	if err != nil {
		return nil, err
	}
	if onlyMembers && !p.Explicit() {
		resp := &response{status: http.StatusNoContent}
		if ep.can.Versions {
			resp.etag = etag.Tag(result.Version)
		}
		return resp, nil
	}
	return h.resource(r, ep, http.StatusOK, p.Sent(mentioned), result)
}

// withRefs returns complete with the URI of each member, which a filter may
// compare.
func (h *Handler) withRefs(ctx context.Context, ep *endpoint, complete lifecycle.Complete) patch.Complete {
	if ep.Members == nil {
		return nil
	}
	return func(members []schema.Member) ([]schema.Member, error) {
		out, err := complete(members)
		for i := range out {
			out[i].Ref = h.uri(ctx, out[i].Type, out[i].Value)
		}
		return out, err
	}
}

// currentMembers yields the members of the locked resource, with $ref.
func (h *Handler) currentMembers(ctx context.Context, ep *endpoint, id string) patch.Members {
	if ep.Members == nil {
		return nil
	}
	return func() iter.Seq2[schema.Member, error] {
		return func(yield func(schema.Member, error) bool) {
			for m, err := range h.lifecycle.VisibleMembers(ctx, accessOf(ctx), ep.Endpoint, id) {
				m.Ref = h.uri(ctx, m.Type, m.Value)
				if !yield(m, err) {
					return
				}
			}
		}
	}
}

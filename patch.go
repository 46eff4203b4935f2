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
	ops, err := h.operations(r, ep)
	if err != nil {
		return nil, err
	}
	joining, err := h.joining(r, ep, ops)
	if err != nil {
		return nil, err
	}
	var applied patch.Result
	onlyMembers := false
	result, err := h.lifecycle.Update(r.ctx, h.writeRequest(r), ep.Endpoint, lifecycle.Update{ID: id, Cause: event.ByPatch, Joining: joining, Make: func(ctx context.Context, before *schema.Resource, complete lifecycle.Complete) (lifecycle.Edit, error) {
		var err error
		if applied, err = h.applyOperations(ctx, r, ep, before, ops, complete); err != nil {
			return lifecycle.Edit{}, err
		}
		onlyMembers = applied.Members != nil && applied.Resource == before
		return lifecycle.Edit{Attributes: applied.Resource.Attributes, Members: applied.Members, Secrets: applied.Secrets}, nil
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
	return h.resource(r, ep, http.StatusOK, p.Sent(applied.Mentioned), result)
}

// operations reads the operations of a PATCH.
func (h *Handler) operations(r *request, ep *endpoint) ([]patch.Operation, error) {
	body, err := h.message(r)
	if err != nil {
		return nil, err
	}
	profile := r.dialect(ep).profile
	uris, err := schema.SchemaURIs(body, profile)
	if err != nil {
		return nil, err
	}
	if err := h.checkType(ep, uris); err != nil {
		return nil, err
	}
	return patch.Parse(body, h.cfg.Limits.Operations, profile)
}

// joining returns the ids of the members that operations may add. It refuses too many
// members before any of them is locked.
func (h *Handler) joining(r *request, ep *endpoint, ops []patch.Operation) ([]string, error) {
	if ep.Members == nil {
		return nil, nil
	}
	patcher := r.dialect(ep).patcher
	ids := patcher.Joining(ops)
	return ids, h.checkMembers(r, len(ids)+len(patcher.Leaving(ops)))
}

// applyOperations applies the operations to the resource as it is locked, and counts the
// work of them for the request. It is called again when the transaction is repeated.
func (h *Handler) applyOperations(ctx context.Context, r *request, ep *endpoint, before *schema.Resource, ops []patch.Operation, complete lifecycle.Complete) (patch.Result, error) {
	budget := filter.BudgetFrom(r.ctx).Copy() // each attempt has the whole budget
	left := budget.Left()
	res, err := r.dialect(ep).patcher.ApplyWith(before, ops, h.currentMembers(ctx, ep, before.ID), h.withRefs(ctx, ep, complete), budget)
	r.spent = max(r.spent, left-budget.Left()+1)
	if err == nil && res.Members != nil {
		err = h.checkMembers(r, len(res.Members.Add)+len(res.Members.Remove))
	}
	return res, err
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

package scim

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/internal/project"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

// projection reads attributes and excludedAttributes from a URL
// (RFC 7644 §3.9). A repeated parameter counts as one longer list.
func (r *request) projection(ep *endpoint) (*project.Projection, error) {
	return project.New(ep.Type, splitNames(r.query["attributes"]), splitNames(r.query["excludedattributes"]), r.dialect(ep).profile)
}

func splitNames(lists []string) []string {
	var names []string
	for _, list := range lists {
		for _, name := range strings.Split(list, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// outgoing returns copies of the resources with what is derived when it is
// returned: location, $ref and groups.
func (h *Handler) outgoing(ctx context.Context, ep *endpoint, p *project.Projection, rs []*schema.Resource) ([]*schema.Resource, error) {
	out := slices.Clone(rs)
	if !ep.can.Versions {
		for i, r := range out {
			c := *r
			c.Version = ""
			out[i] = &c
		}
	}
	if g := ep.Type.Groups(); g != nil && p.Includes(g) {
		if err := h.fillGroups(ctx, ep, out); err != nil {
			return nil, err
		}
	}
	for i, r := range out {
		c := *r
		c.Location = h.location(ctx, ep, r.ID)
		c.Attributes = h.fillRefs(ctx, ep, r.Attributes)
		out[i] = &c
	}
	return out, nil
}

// members returns the members to encode with a resource; nil if there are
// none or they are not returned, in which case they are not read either.
func (h *Handler) members(ctx context.Context, ep *endpoint, p *project.Projection, id string) iter.Seq2[schema.Value, error] {
	if ep.Members == nil || !p.Includes(ep.Type.Members()) {
		return nil
	}
	return h.memberValues(ctx, ep, id)
}

// resource is the response that holds one resource.
func (h *Handler) resource(r *request, ep *endpoint, status int, p *project.Projection, res *schema.Resource) (*response, error) {
	out, err := h.outgoing(r.ctx, ep, p, []*schema.Resource{res})
	if err != nil {
		return nil, err
	}
	res = out[0]
	resp := &response{status: status, etag: etag(res), contentLocation: res.Location}
	if status == 201 || r.me {
		// RFC 7644 §3.3, §3.11: where the resource lives.
		resp.location = res.Location
	}
	resp.body = func(dst []byte, flush func([]byte) ([]byte, error)) ([]byte, error) {
		return p.Append(dst, res, h.members(r.ctx, ep, p, res.ID), flush)
	}
	return resp, nil
}

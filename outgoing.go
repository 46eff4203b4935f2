package scim

import (
	"context"
	"iter"
	"net/http"

	"github.com/seed5f3efb56/scim/internal/etag"
	"github.com/seed5f3efb56/scim/internal/nesting"
	"github.com/seed5f3efb56/scim/internal/project"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// projection reads attributes and excludedAttributes from the URL
// (RFC 7644 §3.9). The lists of a repeated parameter are joined.
func (r *request) projection(ep *endpoint) (*project.Projection, error) {
	return ep.projection(splitNames(r.query["attributes"]), splitNames(r.query["excludedattributes"]), r.dialect(ep).profile)
}

// projection returns the projection of attributes and excludedAttributes.
func (ep *endpoint) projection(attributes, excluded []string, p schema.Profile) (*project.Projection, error) {
	if len(attributes)+len(excluded) == 0 {
		return ep.whole, nil
	}
	return project.New(ep.Type, attributes, excluded, p)
}

// resource returns the response with one resource. The result of an operation of a
// bulk request has its version as it is stored: nothing that is derived is read.
func (h *Handler) resource(r *request, ep *endpoint, status int, p *project.Projection, res *schema.Resource) (*response, error) {
	if r.inBulk {
		resp := &response{status: status, id: res.ID, location: h.location(r.ctx, ep, res.ID)}
		if ep.can.Versions {
			resp.etag = etag.Tag(res.Version)
		}
		return resp, nil
	}
	out, err := h.outgoing(r.ctx, ep, p, res)
	if err != nil {
		return nil, err
	}
	res = &out[0]
	resp := &response{status: status, id: res.ID, etag: etag.Tag(res.Version), contentLocation: res.Location}
	if status == http.StatusCreated || r.me { // RFC 7644 §3.3, §3.11
		resp.location = res.Location
	}
	resp.body = func(dst []byte, flush func([]byte) ([]byte, error)) ([]byte, error) {
		return p.Append(dst, res, h.members(r.ctx, ep, p, res.ID), flush)
	}
	return resp, nil
}

// outgoing returns copies of the resources with the values that are derived:
// location, $ref and groups.
func (h *Handler) outgoing(ctx context.Context, ep *endpoint, p *project.Projection, rs ...*schema.Resource) ([]schema.Resource, error) {
	uri := func(typeName, id string) string { return h.uri(ctx, typeName, id) }
	out := make([]schema.Resource, len(rs))
	for i, r := range rs {
		out[i] = *r
		if !ep.can.Versions {
			out[i].Version = ""
		}
		out[i].Location = h.location(ctx, ep, r.ID)
		out[i].Attributes = ep.refs.Fill(r.Attributes, uri)
	}
	if g := ep.Type.Groups(); g != nil && p.Includes(g) {
		if err := h.fillGroups(ctx, ep, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// members returns the members to encode with a resource; nil, without reading
// them, if the type has none or the projection excludes them.
func (h *Handler) members(ctx context.Context, ep *endpoint, p *project.Projection, id string) iter.Seq2[schema.Value, error] {
	if ep.Members == nil || !p.Includes(ep.Type.Members()) {
		return nil
	}
	return h.memberValues(ctx, ep, id)
}

// memberValues yields the members of a resource in the form of a response.
func (h *Handler) memberValues(ctx context.Context, ep *endpoint, id string) iter.Seq2[schema.Value, error] {
	a := ep.Type.Members()
	return func(yield func(schema.Value, error) bool) {
		for m, err := range h.lifecycle.VisibleMembers(ctx, accessOf(ctx), ep.Endpoint, id) {
			if isNotFound(err) {
				return // the resource was deleted after it was read
			}
			if err != nil {
				yield(schema.Value{}, err)
				return
			}
			if !yield(memberValue(a, m, h.uri(ctx, m.Type, m.Value)), nil) {
				return
			}
		}
	}
}

// memberValue returns the value of a member, with the sub-attributes that the
// attribute has.
func memberValue(a *schema.Attribute, m schema.Member, uri string) schema.Value {
	var b schema.Builder
	b.Grow(4)
	b.Set(a.Sub("value"), schema.String(m.Value))
	set := func(name string, v schema.Value) {
		if sub := a.Sub(name); sub != nil && v.Text() != "" {
			b.Set(sub, v)
		}
	}
	set("$ref", schema.Reference(uri))
	set("type", schema.String(m.Type))
	set("display", schema.String(m.Display))
	return schema.Complex(b.Object())
}

// groupsOf returns the groups of every type with members that have one of the ids
// as a direct member.
func (h *Handler) groupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	var all map[string][]store.GroupRef
	for _, ep := range h.endpoints {
		if ep.Members == nil {
			continue
		}
		found, err := ep.Members.GroupsOf(ctx, ids)
		if err != nil {
			return nil, err
		}
		if err := h.visibleGroups(ctx, ep, found); err != nil {
			return nil, err
		}
		if all == nil {
			all = found
			continue
		}
		for id, groups := range found {
			all[id] = append(all[id], groups...)
		}
	}
	return all, nil
}

// fillGroups derives the groups attribute of resources (RFC 7643 §4.1.2) with one
// look-up for all of them, and one more for each level of indirect groups.
func (h *Handler) fillGroups(ctx context.Context, ep *endpoint, rs []schema.Resource) error {
	a := ep.Type.Groups()
	ids := make([]string, len(rs))
	for i := range rs {
		ids[i] = rs[i].ID
	}
	direct, err := h.groupsOf(ctx, ids)
	if err != nil {
		return err
	}
	above, err := nesting.Find(ctx, direct, h.cfg.IndirectGroups, h.cfg.Limits.Scan, h.groupsOf)
	if err != nil {
		return err
	}
	var shared map[shownGroup]schema.Value
	if len(rs) > 1 {
		shared = make(map[shownGroup]schema.Value)
	}
	for i := range rs {
		r := &rs[i]
		refs := direct[r.ID]
		if len(refs) == 0 {
			continue
		}
		indirect, err := above.Of(ctx, refs)
		if err != nil {
			return err
		}
		r.Attributes = r.Attributes.With(a, h.groupsValue(ctx, a, refs, indirect, shared))
		r.Version = etag.WithGroups(r.Version, refs, indirect)
	}
	return nil
}

// shownGroup is an element of groups.
type shownGroup struct {
	store.GroupRef
	typ string
}

// groupsValue returns the value of groups. shared, unless nil, has the elements that
// other resources of the page use too.
func (h *Handler) groupsValue(ctx context.Context, a *schema.Attribute, direct, indirect []store.GroupRef, shared map[shownGroup]schema.Value) schema.Value {
	list := make([]schema.Value, 0, len(direct)+len(indirect))
	add := func(typ string, refs []store.GroupRef) {
		for _, ref := range refs {
			g := shownGroup{ref, typ}
			v, ok := shared[g]
			if !ok {
				v = memberValue(a, schema.Member{Value: g.ID, Type: typ, Display: g.Display}, h.groupURI(ctx, g.ID))
				if shared != nil {
					shared[g] = v
				}
			}
			list = append(list, v)
		}
	}
	add("direct", direct)
	add("indirect", indirect)
	return schema.List(list...)
}

// groupURI returns the location of a group: that of the first type with members,
// usually the only one.
func (h *Handler) groupURI(ctx context.Context, id string) string {
	for _, ep := range h.endpoints {
		if ep.Members != nil {
			return h.location(ctx, ep, id)
		}
	}
	return ""
}

package scim

import (
	"context"
	"iter"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// takeMembers splits the members off the attributes of a request body.
func takeMembers(ep *endpoint, o *schema.Object) (*schema.Object, []schema.Member, error) {
	a := ep.Type.Members()
	if a == nil {
		return o, nil, nil
	}
	value, typ := a.Sub("value"), a.Sub("type")
	v := o.Get(a)
	members := make([]schema.Member, 0, v.Len())
	seen := make(map[string]bool, v.Len())
	for _, one := range v.All() {
		m := schema.Member{Value: one.Object().Get(value).Text()}
		if typ != nil {
			m.Type = one.Object().Get(typ).Text()
		}
		if m.Value == "" {
			return nil, nil, invalidValue(a.Name, "a member needs a value")
		}
		if !seen[m.Value] {
			seen[m.Value] = true
			members = append(members, m)
		}
	}
	return o.With(a, schema.Value{}), members, nil
}

func memberValue(a *schema.Attribute, m schema.Member, uri string) schema.Value {
	var b schema.Builder
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

// memberValues yields the members of a resource as a response shows them.
func (h *Handler) memberValues(ctx context.Context, ep *endpoint, id string) iter.Seq2[schema.Value, error] {
	a := ep.Type.Members()
	return func(yield func(schema.Value, error) bool) {
		for m, err := range ep.Members.Members(ctx, id) {
			if isNotFound(err) {
				return // deleted since it was read: nobody is a member any more
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

// groupsOf returns the groups, of every type with members, that have the ids
// as direct members.
func (h *Handler) groupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	all := make(map[string][]store.GroupRef, len(ids))
	for _, ep := range h.endpoints {
		if ep.Members == nil {
			continue
		}
		found, err := ep.Members.GroupsOf(ctx, ids)
		if err != nil {
			return nil, err
		}
		for id, groups := range found {
			all[id] = append(all[id], groups...)
		}
	}
	return all, nil
}

// fillGroups derives the groups attribute of resources (RFC 7643 §4.1.2), in
// one look-up for all of them.
func (h *Handler) fillGroups(ctx context.Context, ep *endpoint, rs []*schema.Resource) error {
	a := ep.Type.Groups()
	ids := make([]string, len(rs))
	for i, r := range rs {
		ids[i] = r.ID
	}
	groups, err := h.groupsOf(ctx, ids)
	if err != nil {
		return err
	}
	for i, r := range rs {
		refs := groups[r.ID]
		if len(refs) == 0 {
			continue
		}
		r = r.With(a, h.groupsValue(ctx, a, refs))
		r.Version = withGroupsDigest(r.Version, refs)
		rs[i] = r
	}
	return nil
}

func (h *Handler) groupsValue(ctx context.Context, a *schema.Attribute, refs []store.GroupRef) schema.Value {
	list := make([]schema.Value, 0, len(refs))
	for _, g := range refs {
		list = append(list, memberValue(a, schema.Member{Value: g.ID, Type: "direct", Display: g.Display}, h.groupURI(ctx, g.ID)))
	}
	return schema.List(list...)
}

// groupURI is the location of a group among the types with members, of which
// there is one unless the embedder has made more.
func (h *Handler) groupURI(ctx context.Context, id string) string {
	for _, ep := range h.endpoints {
		if ep.Members != nil {
			return h.location(ctx, ep, id)
		}
	}
	return ""
}

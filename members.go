package scim

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"

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

// withMembers puts the initial members of a new resource into its attributes,
// as store.Store.Create takes them.
func withMembers(ep *writeEndpoint, o *schema.Object, members []schema.Member) *schema.Object {
	a := ep.Type.Members()
	if a == nil || len(members) == 0 {
		return o
	}
	list := make([]schema.Value, 0, len(members))
	for _, m := range members {
		list = append(list, memberValue(a, m, ""))
	}
	return o.With(a, schema.List(list...))
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
		for m, err := range ep.members.Members(ctx, id) {
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

// existsBatch is how many ids a store is asked about at once.
const existsBatch = 1000

// completeMembers finds the resource type of new members by asking each store
// for their ids (RFC 7643 §4.2). A member nobody has keeps the type the client
// gave, or is refused with Config.RequireMembers, or where the value is nothing
// that every store could keep. "type" is never taken from the client for a
// resource that exists.
func (u *unit) completeMembers(ctx context.Context, members []schema.Member) ([]schema.Member, error) {
	if err := u.hold(ctx, memberIDs(members)); err != nil {
		return nil, err
	}
	out := make([]schema.Member, len(members))
	for i, m := range members {
		out[i] = schema.Member{Value: m.Value, Type: u.types[m.Value]}
		if out[i].Type != "" {
			continue
		}
		if u.requireMembers || !idLike(m.Value) {
			return nil, invalidValue("members", fmt.Sprintf("there is no resource with the id of member %d", i+1))
		}
		out[i].Type = u.knownType(m.Type)
	}
	return out, nil
}

func memberIDs(members []schema.Member) []string {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.Value
	}
	return ids
}

// hold keeps resources from being deleted until the write is committed, and
// notes which type they have. A write that adds members holds them before it
// locks the group: deleting a user locks the user first and then its groups,
// and the opposite order would be a deadlock.
func (u *unit) hold(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if u.types == nil {
		u.types = make(map[string]string, len(ids))
	}
	var unknown []string
	for _, id := range ids {
		if _, asked := u.types[id]; !asked {
			u.types[id] = ""
			unknown = append(unknown, id)
		}
	}
	for batch := range slices.Chunk(unknown, existsBatch) {
		for _, ep := range u.endpoints {
			found, err := exists(ctx, ep.Store, batch)
			if err != nil {
				return err
			}
			for _, id := range found {
				u.types[id] = ep.Type.Name
			}
		}
	}
	return nil
}

// maxMember is the most bytes in the id of a member that nobody has: every
// database can have that in an index.
const maxMember = 255

// idLike reports whether a value could be the id of a resource elsewhere.
func idLike(value string) bool {
	return len(value) <= maxMember && !strings.ContainsFunc(value, unicode.IsControl)
}

// knownType returns a type name in the spelling of the type served, or as the
// client sent it.
func (w *writePath) knownType(name string) string {
	for _, ep := range w.endpoints {
		if strings.EqualFold(ep.Type.Name, name) {
			return ep.Type.Name
		}
	}
	return name
}

// exists asks a store which ids it has, one by one if it has no better way, and
// holds them, so that nobody joins a group while being deleted.
func exists(ctx context.Context, s store.Store, ids []string) ([]string, error) {
	if e, ok := s.(store.Exister); ok {
		return e.Exists(ctx, ids)
	}
	var found []string
	for _, id := range ids {
		switch _, err := s.Get(ctx, id, store.GetOptions{ForUpdate: true}); {
		case err == nil:
			found = append(found, id)
		case !isNotFound(err):
			return nil, err
		}
	}
	return found, nil
}

// groupsOf returns the groups, of every type with members, that have the ids
// as direct members.
func (h *Handler) groupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	all := make(map[string][]store.GroupRef, len(ids))
	for _, ep := range h.endpoints {
		if ep.members == nil {
			continue
		}
		found, err := ep.members.GroupsOf(ctx, ids)
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
		if ep.members != nil {
			return h.location(ctx, ep, id)
		}
	}
	return ""
}

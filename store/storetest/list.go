package storetest

import (
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

var listing = []test{
	{
		name:     "listing/nothing",
		contract: "List returns one page of the matching resources; Total is the number of all that match.",
		run: func(k *kit) {
			p := k.list(k.Users, store.Query{Count: 10, Total: true})
			k.Empty(p.Resources, "resources")
			k.totals(0, p.Total, "total")
		},
	},
	{
		name:     "listing/total",
		contract: "Total is the number of all resources that match, whatever the page.", // Q-2, G-5, G-8
		run: func(k *kit) {
			k.newUsers(12)
			for _, q := range []store.Query{{Count: 0}, {Count: 5}, {Count: 100}, {Offset: 10, Count: 5}, {Offset: 100, Count: 5}, {Offset: 12, Count: 1}} {
				q.Total = true
				p := k.list(k.Users, q)
				k.totals(12, p.Total, "total of %+v", q)
				k.Len(p.Resources, min(q.Count, max(0, 12-q.Offset)), "resources of %+v", q)
			}
		},
	},
	{
		name:     "listing/resources are those of Get",
		contract: "List returns the resources.",
		run: func(k *kit) {
			k.newUsers(5)
			for _, r := range k.list(k.Users, store.Query{Count: 10}).Resources {
				k.same(k.get(k.Users, r.ID), r, "List")
			}
		},
	},
	{
		name:     "listing/some attributes",
		contract: "A store may leave out attributes that are not in Attributes. The id, version and times of a resource are always there, and Filter and SortBy concern all its attributes.",
		run: func(k *kit) {
			k.create(k.Users, k.resource(schema.UserType, fullUser))
			k.newUser("has nothing but a name")
			k.someAttributes(k.Users)
		},
	},
	{
		name:     "listing/some attributes of things",
		contract: "A store may leave out attributes that are not in Attributes.",
		needs:    needThings,
		run: func(k *kit) {
			for _, a := range everyThing {
				k.create(k.Things, k.resource(ThingType, a))
			}
			k.someAttributes(k.Things)
		},
	},
	{
		name:     "listing/resources are whole after some attributes were read",
		contract: "nil is all.",
		run: func(k *kit) {
			u := k.create(k.Users, k.resource(schema.UserType, fullUser))
			some := []*schema.Attribute{schema.UserType.MustResolve("userName")[0]}
			_, err := k.Users.Get(k.ctx, u.ID, store.GetOptions{Attributes: some})
			k.NoError(err, "Get")
			k.list(k.Users, store.Query{Count: 10, Attributes: some})
			k.same(u, k.get(k.Users, u.ID), "Get")
			k.same(u, k.list(k.Users, store.Query{Count: 10}).Resources[0], "List")
		},
	},
	{
		name:     "listing/pages by offset",
		contract: "nil orders by id, which may be any fixed total order; Offset skips that many.", // G-10
		run: func(k *kit) {
			created := k.newUsers(23)
			all := ids(k.list(k.Users, store.Query{Count: 100}).Resources)
			k.sameIDs(created, all, "the whole list")
			k.Equal(all, k.pagesByOffset(k.Users, store.Query{Count: 5}), "pages of 5")
			k.Equal(all, k.pagesByOffset(k.Users, store.Query{Count: 1}), "pages of 1")
		},
	},
	{
		name:     "listing/a filter on pages",
		contract: "Offset, After, Count and Total concern the resources that match.",
		run: func(k *kit) {
			f := k.equals(k.Users, "userName", "user-00003", "user-00007", "user-00008", "user-00011", "user-00013")
			us := k.newUsers(15)
			want := []string{us[3], us[7], us[8], us[11], us[13]}
			all := ids(k.list(k.Users, store.Query{Filter: f, Count: 100}).Resources)
			k.sameIDs(want, all, "the whole list")
			k.Equal(all, k.pagesByOffset(k.Users, store.Query{Filter: f, Count: 2}), "pages by offset")
			k.Equal(all, k.walk(k.Users, store.Query{Filter: f, Count: 2, Total: true}, 5), "pages by position")
			p := k.list(k.Users, store.Query{Filter: f, Total: true})
			k.totals(5, p.Total, "total with Count 0")
			k.Empty(p.Resources, "resources with Count 0")
		},
	},
	{
		name:     "listing/created and deleted resources",
		contract: "List sees what was written before it.",
		run: func(k *kit) {
			us := k.newUsers(3)
			k.delete(k.Users, k.get(k.Users, us[1]))
			u := k.newUser("new")
			p := k.list(k.Users, store.Query{Count: 10, Total: true})
			k.sameIDs([]string{us[0], us[2], u.ID}, ids(p.Resources), "list")
			k.totals(3, p.Total, "total")
		},
	},
	{
		name:     "listing/lookups follow changes",
		contract: "A filter sees values as they are now.",
		run: func(k *kit) {
			u := k.newUser("old")
			old, now := k.equals(k.Users, "userName", "OLD"), k.equals(k.Users, "userName", "NEW")
			k.Equal([]string{u.ID}, ids(k.list(k.Users, store.Query{Filter: old, Count: 9}).Resources), "the old name before")
			_, err := k.Users.Update(k.ctx, k.rename(u, "New"))
			k.NoError(err, "Update")
			k.Empty(k.list(k.Users, store.Query{Filter: old, Count: 9}).Resources, "the old name after")
			k.Equal([]string{u.ID}, ids(k.list(k.Users, store.Query{Filter: now, Count: 9}).Resources), "the new name after")
			k.delete(k.Users, u)
			k.Empty(k.list(k.Users, store.Query{Filter: now, Count: 9}).Resources, "the new name after Delete")
		},
	},
}

// equals returns the filter that a path has one of the values, and skips the
// case if the store does not answer it.
func (k *kit) equals(s store.Store, path string, values ...string) *filter.Filter {
	p := schema.UserType.MustResolve(path)
	var e filter.Expr
	for _, v := range values {
		one := filter.Compare{Path: p, Op: filter.EQ, Value: schema.String(v)}
		if e == nil {
			e = one
		} else {
			e = filter.Or{Left: e, Right: one}
		}
	}
	if can := store.Describe(s).Filter; can == nil || !can(e) {
		panic(skip("no filter by " + path))
	}
	return filter.New(e)
}

func (k *kit) pagesByOffset(s store.Store, q store.Query) []string {
	var out []string
	for {
		page := ids(k.list(s, q).Resources)
		if len(page) == 0 {
			return out
		}
		out = append(out, page...)
		q.Offset += len(page)
		k.Less(len(out), 10_000, "pages without an end")
	}
}

// someAttributes proves that reads of one attribute, of two, and of none have them
// as reads of all do.
func (k *kit) someAttributes(s store.Store) {
	whole := k.list(s, store.Query{Count: 100}).Resources
	roots := whole[0].Type.Attributes()
	for i, a := range roots {
		for _, some := range [][]*schema.Attribute{{}, {a}, {a, roots[(i+7)%len(roots)]}} {
			listed := k.list(s, store.Query{Count: 100, Attributes: some}).Resources
			k.Equal(ids(whole), ids(listed), "List of some attributes")
			for n, r := range whole {
				read, err := s.Get(k.ctx, r.ID, store.GetOptions{Attributes: some})
				k.NoError(err, "Get")
				k.Equal(partOf(r, some), partOf(read, some), "Get of some attributes")
				k.Equal(partOf(r, some), partOf(listed[n], some), "List of some attributes")
			}
		}
	}
	by := schema.AttrPath{roots[len(roots)-1]}
	for _, a := range roots {
		if p := (schema.AttrPath{a}); a.Type == schema.TypeString && !a.MultiValued && !a.Hidden && !a.Secret() && can(store.Describe(s).Sort, p) {
			by = p
		}
	}
	if !can(store.Describe(s).Sort, by) {
		return
	}
	q := store.Query{SortBy: by, Count: 100}
	sorted := ids(k.list(s, q).Resources)
	q.Attributes = []*schema.Attribute{}
	k.Equal(sorted, ids(k.list(s, q).Resources), "sorted by an attribute that is not asked for")
}

// partOf describes a resource without the attributes that are not in some.
func partOf(r *schema.Resource, some []*schema.Attribute) string {
	var o *schema.Object
	for a, v := range r.Attributes.All() {
		if slices.Contains(some, a) {
			o = o.With(a, v)
		}
	}
	return describe(r.WithAttributes(o))
}

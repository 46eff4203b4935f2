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
			k.Equal(0, p.Total, "total")
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
				k.Equal(12, p.Total, "total of %+v", q)
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
		name:     "listing/pages by id",
		contract: "AfterID continues behind that id; Total counts what is before it too.",
		run: func(k *kit) {
			k.newUsers(23)
			all := ids(k.list(k.Users, store.Query{Count: 100}).Resources)
			k.Equal(all, k.pagesByID(k.Users, store.Query{Count: 5, Total: true}, 23), "pages of 5")
			k.Equal(all, k.pagesByID(k.Users, store.Query{Count: 1, Total: true}, 23), "pages of 1")
			k.Empty(k.list(k.Users, store.Query{Count: 5, AfterID: all[22]}).Resources, "behind the last")
		},
	},
	{
		name:     "listing/behind an id that is gone",
		contract: "AfterID continues behind that id, which need not exist any more.",
		run: func(k *kit) {
			k.newUsers(10)
			all := ids(k.list(k.Users, store.Query{Count: 100}).Resources)
			for i := 8; i > 0; i -= 2 {
				gone := all[i]
				k.NoError(k.Users.Delete(k.ctx, gone, ""), "Delete")
				all = slices.Delete(all, i, i+1)
				k.Equal(all[i:], ids(k.list(k.Users, store.Query{Count: 100, AfterID: gone}).Resources), "behind the deleted one")
			}
		},
	},
	{
		name:     "listing/a filter on pages",
		contract: "Offset, AfterID, Count and Total concern the resources that match.",
		run: func(k *kit) {
			f := k.equals(k.Users, "userName", "user-00003", "user-00007", "user-00008", "user-00011", "user-00013")
			us := k.newUsers(15)
			want := []string{us[3], us[7], us[8], us[11], us[13]}
			all := ids(k.list(k.Users, store.Query{Filter: f, Count: 100}).Resources)
			k.sameIDs(want, all, "the whole list")
			k.Equal(all, k.pagesByOffset(k.Users, store.Query{Filter: f, Count: 2}), "pages by offset")
			k.Equal(all, k.pagesByID(k.Users, store.Query{Filter: f, Count: 2, Total: true}, 5), "pages by id")
			p := k.list(k.Users, store.Query{Filter: f, Total: true})
			k.Equal(5, p.Total, "total with Count 0")
			k.Empty(p.Resources, "resources with Count 0")
		},
	},
	{
		name:     "listing/what is new and what is gone",
		contract: "List sees what was written before it.",
		run: func(k *kit) {
			us := k.newUsers(3)
			k.NoError(k.Users.Delete(k.ctx, us[1], ""), "Delete")
			u := k.newUser("new")
			p := k.list(k.Users, store.Query{Count: 10, Total: true})
			k.sameIDs([]string{us[0], us[2], u.ID}, ids(p.Resources), "list")
			k.Equal(3, p.Total, "total")
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
			k.NoError(k.Users.Delete(k.ctx, u.ID, ""), "Delete")
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

func (k *kit) pagesByID(s store.Store, q store.Query, total int) []string {
	var out []string
	for {
		p := k.list(s, q)
		k.Equal(total, p.Total, "total after %d", len(out))
		if len(p.Resources) == 0 {
			return out
		}
		out = append(out, ids(p.Resources)...)
		q.AfterID = out[len(out)-1]
		k.Less(len(out), 10_000, "pages without an end")
	}
}

var sorting = []test{
	{
		name:     "sorting/of users",
		contract: sortContract,
		run:      func(k *kit) { k.sortsAll(k.Users, schema.UserType, k.fillUsers()) },
	},
	{
		name:     "sorting/of groups",
		contract: sortContract,
		needs:    needGroups,
		run:      func(k *kit) { k.sortsAll(k.Groups, schema.GroupType, k.fillGroups()) },
	},
	{
		name:     "sorting/of things",
		contract: sortContract,
		needs:    needThings,
		run:      func(k *kit) { k.sortsAll(k.Things, ThingType, k.fillThings()) },
	},
	{
		name:     "sorting/of a selection",
		contract: "Offset, Count and Total concern the resources that match, in the order asked for.", // O-10
		run: func(k *kit) {
			by := schema.UserType.MustResolve("userName")
			if !can(store.Describe(k.Users).Sort, by) {
				panic(skip("no order by userName"))
			}
			f := k.equals(k.Users, "userName", "a", "b", "c", "d")
			for _, name := range []string{"d", "x", "B", "a", "e", "C"} {
				k.newUser(name)
			}
			p := k.list(k.Users, store.Query{Filter: f, SortBy: by, Offset: 1, Count: 2, Total: true})
			k.Equal(4, p.Total, "total")
			k.Equal([]string{"B", "C"}, texts(p.Resources, by), "the page")
		},
	},
}

const sortContract = "SortBy orders as RFC 7644 §3.4.2.3 says: by the primary or first value of a multi-valued attribute, folded unless caseExact, resources without a value last, with Descending first; equal keys by id (ascending)."

// sortsAll proves the order by each path that the store declares, both ways,
// in one go and by pages.
func (k *kit) sortsAll(s store.Store, t *schema.ResourceType, all []*schema.Resource) {
	tried := false
	for _, by := range k.paths(t) {
		if by.Last().Type == schema.TypeComplex || !can(store.Describe(s).Sort, by) {
			continue
		}
		tried = true
		up := k.sorts(s, by, false, all)
		down := k.sorts(s, by, true, all)
		k.Equal(runs(up, by), reversedRuns(down, by), "equal keys of %s are in the same order both ways", by)
	}
	if !tried {
		panic(skip("no order is declared"))
	}
}

func (k *kit) sorts(s store.Store, by schema.AttrPath, descending bool, all []*schema.Resource) []*schema.Resource {
	q := store.Query{SortBy: by, Descending: descending, Count: len(all) + 1, Total: true}
	p := k.list(s, q)
	want := slices.Clone(all)
	store.Sort(want, by, descending)
	k.Equal(len(all), p.Total, "total, sorted by %s", by)
	k.sameIDs(ids(all), ids(p.Resources), "resources, sorted by %s", by)
	k.Equal(texts(want, by), foldedTexts(want, p.Resources, by), "sorted by %s, descending %t", by, descending)
	q.Count = 7
	k.Equal(ids(p.Resources), k.pagesByOffset(s, q), "pages, sorted by %s", by)
	return p.Resources
}

func can[T any](declared func(T) bool, v T) bool { return declared != nil && declared(v) }

const unassigned = "(none)"

// texts returns the values that resources are sorted by.
func texts(rs []*schema.Resource, by schema.AttrPath) []string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = unassigned
		if v := store.SortValue(r, by); v.Assigned() {
			out[i] = v.Text()
		}
	}
	return out
}

// foldedTexts is texts of got, in the spelling of want where both are the same
// key.
func foldedTexts(want, got []*schema.Resource, by schema.AttrPath) []string {
	out := texts(got, by)
	for i := range out {
		if schema.Equal(by.Last(), store.SortValue(want[i], by), store.SortValue(got[i], by)) {
			out[i] = texts(want[i:i+1], by)[0]
		}
	}
	return out
}

// runs cuts a sorted list into runs of equal keys.
func runs(rs []*schema.Resource, by schema.AttrPath) [][]string {
	var out [][]string
	for i, r := range rs {
		if i == 0 || !schema.Equal(by.Last(), store.SortValue(rs[i-1], by), store.SortValue(r, by)) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], r.ID)
	}
	return out
}

func reversedRuns(rs []*schema.Resource, by schema.AttrPath) [][]string {
	out := runs(rs, by)
	slices.Reverse(out)
	return out
}

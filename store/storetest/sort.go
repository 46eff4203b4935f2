package storetest

import (
	"slices"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

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
			k.totals(4, p.Total, "total")
			k.Equal([]string{"B", "C"}, texts(p.Resources, by), "the page")
		},
	},
}

const sortContract = "SortBy orders as RFC 7644 §3.4.2.3 says: by the primary or first value of a multi-valued attribute, folded unless caseExact, resources without a value last, with Descending first; equal keys in any fixed order."

// sortsAll proves the order by each path that the store declares, both ways,
// in one go and by pages.
func (k *kit) sortsAll(s store.Store, t *schema.ResourceType, all []*schema.Resource) {
	tried := false
	for _, by := range k.paths(t) {
		if by.Last().Type == schema.TypeComplex || !can(store.Describe(s).Sort, by) {
			continue
		}
		tried = true
		k.sorts(s, by, false, all)
		k.sorts(s, by, true, all)
	}
	if !tried {
		panic(skip("no order is declared"))
	}
}

func (k *kit) sorts(s store.Store, by schema.AttrPath, descending bool, all []*schema.Resource) {
	q := store.Query{SortBy: by, Descending: descending, Count: len(all) + 1, Total: true}
	p := k.list(s, q)
	want := slices.Clone(all)
	schema.SortResources(want, by, descending)
	k.totals(len(all), p.Total, "total, sorted by %s", by)
	k.sameIDs(ids(all), ids(p.Resources), "resources, sorted by %s", by)
	k.Equal(texts(want, by), foldedTexts(want, p.Resources, by), "sorted by %s, descending %t", by, descending)
	q.Count = 7
	k.Equal(ids(p.Resources), k.pagesByOffset(s, q), "pages by offset, sorted by %s", by)
	k.Equal(ids(p.Resources), k.walk(s, q, len(all)), "pages by position, sorted by %s, descending %t", by, descending)
}

func can[T any](declared func(T) bool, v T) bool { return declared != nil && declared(v) }

const unassigned = "(none)"

// texts returns the values that resources are sorted by.
func texts(rs []*schema.Resource, by schema.AttrPath) []string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = unassigned
		if v := schema.SortValue(by, r); v.Assigned() {
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
		if schema.Equal(by.Last(), schema.SortValue(by, want[i]), schema.SortValue(by, got[i])) {
			out[i] = texts(want[i:i+1], by)[0]
		}
	}
	return out
}

package storetest

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

var filtering = []test{
	{
		name:     "filtering/of users",
		contract: filterContract,
		run:      func(k *kit) { k.filtersAll(k.Users, schema.UserType, k.fillUsers()) },
	},
	{
		name:     "filtering/of groups",
		contract: filterContract,
		needs:    needGroups,
		run:      func(k *kit) { k.filtersAll(k.Groups, schema.GroupType, k.fillGroups()) },
	},
	{
		name:     "filtering/of things",
		contract: filterContract,
		needs:    needThings,
		run:      func(k *kit) { k.filtersAll(k.Things, ThingType, k.fillThings()) },
	},
}

const filterContract = "Capabilities.Filter reports whether List answers the expression itself, exactly as filter.Filter.Match would." // F-2

// filtersAll lists with every comparison that the store declares, and with
// combinations of them, and compares the results with Match.
func (k *kit) filtersAll(s store.Store, t *schema.ResourceType, stored []*schema.Resource) {
	declared := store.Describe(s).Filter
	if declared == nil {
		panic(skip("no filter is declared"))
	}
	o := &oracle{kit: k, store: s, declared: declared, all: stored}
	for _, r := range stored {
		o.whole = append(o.whole, k.withMembers(r))
	}
	g := &generator{kit: k}
	for _, p := range k.paths(t) {
		g.add(p, o.whole)
	}
	for _, e := range g.everyComparison() {
		o.ask(e)
	}
	for _, e := range g.pairs(o.whole) {
		o.ask(e)
	}
	for range 400 {
		o.ask(g.expr(3))
	}
	if o.asked == 0 {
		panic(skip("no filter is declared"))
	}
}

// oracle has the expected results of filters.
type oracle struct {
	kit      *kit
	store    store.Store
	declared func(filter.Expr) bool
	all      []*schema.Resource // as stored
	whole    []*schema.Resource // with members
	asked    int
}

// ask lists with the part of a filter that the store declares.
func (o *oracle) ask(e filter.Expr) {
	push, _ := filter.Split(filter.New(e), o.declared)
	if push == nil {
		return
	}
	o.asked++
	var want []string
	for _, r := range o.whole {
		if push.Match(r) {
			want = append(want, r.ID)
		}
	}
	p := o.kit.list(o.store, store.Query{Filter: push, Count: len(o.all) + 1, Total: true})
	o.kit.sameIDs(want, ids(p.Resources), "%s", push)
	o.kit.totals(len(want), p.Total, "total of %s", push)
}

// withMembers returns a group with its members.
func (k *kit) withMembers(r *schema.Resource) *schema.Resource {
	a := r.Type.Members()
	if a == nil {
		return r
	}
	var list []any
	for m, err := range k.Groups.Members(k.ctx, r.ID) {
		k.NoError(err, "Members")
		one := attrs{"value": m.Value, "type": m.Type}
		if m.Display != "" {
			one["display"] = m.Display
		}
		list = append(list, one)
	}
	return r.With(a, value(a, list))
}

// paths returns the paths that a filter on the type may have, without those that
// package scim makes: locations and groups.
func (k *kit) paths(t *schema.ResourceType) []schema.AttrPath {
	var out []schema.AttrPath
	var walk func(prefix schema.AttrPath, as []*schema.Attribute)
	walk = func(prefix schema.AttrPath, as []*schema.Attribute) {
		for _, a := range as {
			if a.Secret() || a == t.Groups() || a.Name == "$ref" || a.Name == "location" || len(prefix) == 0 && !k.keeps(a) && a != t.Members() && a.Name != "displayName" {
				continue
			}
			p := append(prefix[:len(prefix):len(prefix)], a)
			out = append(out, p)
			walk(p, a.SubAttributes)
		}
	}
	walk(nil, t.Attributes())
	return out
}

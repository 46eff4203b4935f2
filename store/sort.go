package store

import (
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// Sort orders resources as [Query.SortBy] says (RFC 7644 §3.4.2.3), in place:
// what a store's own order must agree with. Equal keys are in the order of
// their ids, byte by byte, also when descending.
func Sort(rs []*schema.Resource, by schema.AttrPath, descending bool) {
	keys := make([]sortKey, len(rs))
	for i, r := range rs {
		keys[i] = newSortKey(r, by)
	}
	slices.SortFunc(keys, func(a, b sortKey) int {
		c := a.compare(b, by.Last())
		if descending {
			c = -c
		}
		if c == 0 {
			c = strings.Compare(a.resource.ID, b.resource.ID)
		}
		return c
	})
	for i, k := range keys {
		rs[i] = k.resource
	}
}

// SortValue returns the value by which Sort orders a resource: the one at the
// path, through the primary or else the first value of a multi-valued
// attribute, and unassigned if that has none.
func SortValue(r *schema.Resource, by schema.AttrPath) schema.Value {
	v := sole(by[0], r.Get(by[0]))
	for _, a := range by[1:] {
		v = sole(a, v.Object().Get(a))
	}
	return v
}

// sole picks the value that stands for all of a multi-valued attribute.
func sole(a *schema.Attribute, v schema.Value) schema.Value {
	if !v.IsList() {
		return v
	}
	primary := a.Sub("primary")
	for _, one := range v.All() {
		if one.Object().Get(primary).Bool() {
			return one
		}
	}
	return v.At(0)
}

// sortKey is a resource with its value, folded once.
type sortKey struct {
	resource *schema.Resource
	value    schema.Value
	folded   string
}

func newSortKey(r *schema.Resource, by schema.AttrPath) sortKey {
	k := sortKey{resource: r, value: SortValue(r, by)}
	if by.Last().FoldsCase() {
		k.folded = schema.FoldKey(k.value.Text())
	}
	return k
}

// compare orders ascending; without a value comes last.
func (k sortKey) compare(other sortKey, a *schema.Attribute) int {
	switch x, y := k.value.Assigned(), other.value.Assigned(); {
	case !x && !y:
		return 0
	case !x:
		return 1
	case !y:
		return -1
	case a.FoldsCase():
		return strings.Compare(k.folded, other.folded)
	}
	return schema.Compare(a, k.value, other.value)
}

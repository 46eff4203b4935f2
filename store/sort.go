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

// sortKey is a resource with its value, folded once.
type sortKey struct {
	resource *schema.Resource
	value    schema.Value
	folded   string
}

func newSortKey(r *schema.Resource, by schema.AttrPath) sortKey {
	k := sortKey{resource: r, value: schema.SortValue(by, r)}
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

package schema

import (
	"slices"
	"strings"
)

// SortResources orders resources by a path as RFC 7644 §3.4.2.3 says, in place:
// what a store's own order must agree with. Equal keys are in the order of
// their ids, byte by byte, also when descending: one of the orders that a store
// may have.
func SortResources(rs []*Resource, by AttrPath, descending bool) {
	type item struct {
		resource *Resource
		key      SortKey
	}
	items := make([]item, len(rs))
	for i, r := range rs {
		items[i] = item{r, NewSortKey(by, r)}
	}
	slices.SortFunc(items, func(a, b item) int {
		c := a.key.Compare(b.key)
		if descending {
			c = -c
		}
		if c == 0 {
			c = strings.Compare(a.resource.ID, b.resource.ID)
		}
		return c
	})
	for i := range items {
		rs[i] = items[i].resource
	}
}

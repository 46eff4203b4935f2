package scim

import (
	"cmp"
	"context"
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// page is one page of results, in order: runs of resources of one type.
type page struct {
	total int
	parts []*part
}

type part struct {
	*selection
	resources []*schema.Resource
}

func (p *page) len() int {
	n := 0
	for _, part := range p.parts {
		n += len(part.resources)
	}
	return n
}

// add appends a resource, in the run of its type.
func (p *page) add(s *selection, r *schema.Resource) {
	if n := len(p.parts); n > 0 && p.parts[n-1].selection == s {
		p.parts[n-1].resources = append(p.parts[n-1].resources, r)
		return
	}
	p.parts = append(p.parts, &part{s, []*schema.Resource{r}})
}

// find answers a query: each type by its store where that can do it alone,
// otherwise by a bounded scan. Types follow one another; sorted, they mingle.
func (h *Handler) find(ctx context.Context, q *query, sels []*selection) (*page, error) {
	if q.sortBy != "" && len(sels) > 1 {
		return h.mingle(ctx, q, sels)
	}
	result := &page{}
	skip, want := q.startIndex-1, q.count
	for _, s := range sels {
		found, total, err := h.findOne(ctx, q, s, skip, want)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			result.add(s, r)
		}
		result.total += total
		skip = max(0, skip-total)
		want -= len(found)
	}
	return result, nil
}

// findOne returns what a page of one type holds, and how many match in all.
func (h *Handler) findOne(ctx context.Context, q *query, s *selection, skip, want int) ([]*schema.Resource, int, error) {
	push, rest := s.split()
	if rest == nil && (s.sortBy == nil || s.ep.canSort(s.sortBy)) {
		found, err := s.ep.Store.List(ctx, &store.Query{
			Filter: push, SortBy: s.sortBy, Descending: q.descending, Offset: skip, Count: want, Total: true,
		})
		return found.Resources, found.Total, err
	}
	all, err := h.scan(ctx, s, push, rest, new(int))
	if err != nil {
		return nil, 0, err
	}
	if s.sortBy != nil {
		sortResources(all, func(r *schema.Resource) (schema.AttrPath, *schema.Resource) { return s.sortBy, r }, q.descending)
	}
	return slice(all, skip, want), len(all), nil
}

func slice[T any](all []T, skip, want int) []T {
	skip = min(skip, len(all))
	return all[skip:min(len(all), skip+want)]
}

// split divides the filter into what the store answers and what is matched
// here.
func (s *selection) split() (push, rest *filter.Filter) {
	if s.filter == nil {
		return nil, nil
	}
	return filter.Split(s.filter, s.ep.canFilter)
}

// mingle sorts the results of several types together (RFC 7644 §3.4.2.3:
// "across all results").
func (h *Handler) mingle(ctx context.Context, q *query, sels []*selection) (*page, error) {
	type item struct {
		s *selection
		r *schema.Resource
	}
	var all []item
	scanned := 0
	for _, s := range sels {
		push, rest := s.split()
		found, err := h.scan(ctx, s, push, rest, &scanned)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			all = append(all, item{s, r})
		}
	}
	sortResources(all, func(i item) (schema.AttrPath, *schema.Resource) { return i.s.sortBy, i.r }, q.descending)
	result := &page{total: len(all)}
	for _, i := range slice(all, q.startIndex-1, q.count) {
		result.add(i.s, i.r)
	}
	return result, nil
}

// sortResources orders by the primary or first value of an attribute, those
// without a value last, or first when descending (RFC 7644 §3.4.2.3); equal
// ones stay in order.
func sortResources[T any](all []T, key func(T) (schema.AttrPath, *schema.Resource), descending bool) {
	type keyed struct {
		item T
		key  sortKey
	}
	list := make([]keyed, len(all))
	for i, item := range all {
		list[i] = keyed{item, newSortKey(key(item))}
	}
	slices.SortStableFunc(list, func(x, y keyed) int {
		c := x.key.compare(y.key)
		if descending {
			return -c
		}
		return c
	})
	for i := range list {
		all[i] = list[i].item
	}
}

// sortKey is the value a resource is sorted by, made once for each.
type sortKey struct {
	attr  *schema.Attribute
	value schema.Value
}

func newSortKey(p schema.AttrPath, r *schema.Resource) sortKey {
	if p == nil {
		return sortKey{}
	}
	k := sortKey{attr: p.Last(), value: schema.SortValue(p, r)}
	if k.value.Assigned() && k.attr.FoldsCase() {
		k.value = schema.String(schema.FoldKey(k.value.Text()))
	}
	return k
}

func (k sortKey) compare(o sortKey) int {
	if !k.value.Assigned() || !o.value.Assigned() {
		return cmp.Compare(b2i(!k.value.Assigned()), b2i(!o.value.Assigned()))
	}
	if k.attr.Type != o.attr.Type {
		return cmp.Compare(k.value.Text(), o.value.Text())
	}
	if k.attr.FoldsCase() {
		return cmp.Compare(k.value.Text(), o.value.Text())
	}
	return schema.Compare(k.attr, k.value, o.value)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

package scim

import (
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
		found, err := fullPage(ctx, s.ep.Store, store.Query{
			Filter: push, SortBy: s.sortBy, Descending: q.descending, Offset: skip, Count: want, Total: true,
		})
		return found.Resources, found.Total, err
	}
	var scanned int
	all, err := h.scan(ctx, s, push, rest, &scanned)
	if err != nil {
		return nil, 0, err
	}
	if s.sortBy != nil {
		items, err := h.items(ctx, s, all, &scanned)
		if err != nil {
			return nil, 0, err
		}
		sortItems(items, q.descending)
		for i := range items {
			all[i] = items[i].resource
		}
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
	var all []item
	scanned := 0
	for _, s := range sels {
		push, rest := s.split()
		found, err := h.scan(ctx, s, push, rest, &scanned)
		if err != nil {
			return nil, err
		}
		items, err := h.items(ctx, s, found, &scanned)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
	}
	sortItems(all, q.descending)
	result := &page{total: len(all)}
	for _, i := range slice(all, q.startIndex-1, q.count) {
		result.add(i.selection, i.resource)
	}
	return result, nil
}

// item is a resource to be sorted.
type item struct {
	*selection
	resource *schema.Resource
	key      schema.SortKey
}

// items makes the key of each resource; what it is sorted by and the store
// does not hold is derived first.
func (h *Handler) items(ctx context.Context, s *selection, rs []*schema.Resource, scanned *int) ([]item, error) {
	uses := func(a *schema.Attribute) bool { return s.sortBy != nil && s.sortBy.Root() == a }
	full, err := h.derive(ctx, s.ep, uses, rs, scanned)
	if err != nil {
		return nil, err
	}
	items := make([]item, len(rs))
	for i, r := range rs {
		items[i] = item{s, r, schema.NewSortKey(s.sortBy, full[i])}
	}
	return items, nil
}

// sortItems orders by the primary or first value of an attribute, those
// without a value last, or first when descending (RFC 7644 §3.4.2.3); equal
// ones stay in order.
func sortItems(items []item, descending bool) {
	slices.SortStableFunc(items, func(x, y item) int {
		c := x.key.Compare(y.key)
		if descending {
			return -c
		}
		return c
	})
}

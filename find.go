package scim

import (
	"context"
	"iter"
	"slices"
	"sort"
	"strings"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/paging"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// results are one page of the resources that a query selects: the total, which is
// known before the first resource is sent, and the resources in order, which are
// read while they are sent.
type results struct {
	total int // -1: not known, in a page by cursor only
	parts []iter.Seq2[part, error]
	one   [1]iter.Seq2[part, error] // the parts of most queries: those of one type
	// nextCursor returns the cursor of the next page, "" after the last one, when
	// all parts have been read. nil in a page by index.
	nextCursor func() string
}

// part is a run of resources of one type.
type part struct {
	*selection
	resources []*schema.Resource
}

// find returns the page of a query. Results of a type come from its store if the
// store can filter and sort them, else from a bounded scan. Several types follow
// one another, or are sorted together if sortBy is given.
func (h *Handler) find(r *request, q *query, sels []*selection) (*results, error) {
	if q.sortBy != "" && len(sels) > 1 {
		return h.sortTogether(r.ctx, q, sels)
	}
	all := &results{}
	all.parts = all.one[:0]
	skip, want := q.startIndex-1, q.count
	for _, s := range sels {
		parts, total, err := h.findOne(r.ctx, q, s, skip, want)
		if err != nil {
			return nil, err
		}
		all.parts = append(all.parts, parts)
		all.total += total
		want -= min(want, max(0, total-skip))
		skip = max(0, skip-total)
	}
	return all, nil
}

// findOne returns the resources of one type on the page and the number of all that
// match.
func (h *Handler) findOne(ctx context.Context, q *query, s *selection, skip, want int) (iter.Seq2[part, error], int, error) {
	push, rest := s.split()
	if rest == nil && s.canSort() {
		return h.listed(ctx, s, store.Query{
			Filter: push, SortBy: s.sortBy, Descending: q.descending, Offset: skip, Total: true, Attributes: s.ep.reads(s.projection),
		}, want)
	}
	found := &scanResult{h: h, descending: q.descending, sorted: s.sortBy != nil, skip: skip, want: want}
	if err := found.scan(ctx, s, push, rest); err != nil {
		return nil, 0, err
	}
	return found.parts(ctx)
}

// findFirst returns one resource that the filter selects, nil if none matches.
func (h *Handler) findFirst(ctx context.Context, s *selection) (*schema.Resource, error) {
	found, err := h.findUpTo(ctx, s, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// walker reads from a store in parts of Limits.PageBytes.
func (h *Handler) walker(s store.Store, q store.Query, want int) *paging.Walker {
	q.Bytes = h.cfg.Limits.PageBytes
	return paging.NewWalker(s, q, want)
}

// findUpTo returns at most n resources that the filter selects. It does not ask
// for a total.
func (h *Handler) findUpTo(ctx context.Context, s *selection, n int) ([]*schema.Resource, error) {
	push, rest := s.split()
	if rest == nil {
		var found []*schema.Resource
		for p, err := range h.walker(s.ep.Store, store.Query{Filter: push}, n).Pages(ctx) {
			if err != nil {
				return nil, err
			}
			found = append(found, p.Resources...)
		}
		return found, nil
	}
	scanned := &scanResult{h: h, want: n}
	if err := scanned.scan(ctx, s, push, rest); err != nil {
		return nil, err
	}
	parts, _, err := scanned.parts(ctx)
	if err != nil {
		return nil, err
	}
	var found []*schema.Resource
	for p, err := range parts {
		if err != nil {
			return nil, err
		}
		found = append(found, p.resources...)
	}
	return found, nil
}

// listed returns the resources that the store lists. The first page is read at
// once, since it has the total.
func (h *Handler) listed(ctx context.Context, s *selection, q store.Query, want int) (iter.Seq2[part, error], int, error) {
	w := h.walker(s.ep.Store, q, want)
	first, err := w.Next(ctx)
	if err != nil {
		return nil, 0, err
	}
	return func(yield func(part, error) bool) {
		if !yield(part{s, first.Resources}, nil) {
			return
		}
		first.Resources = nil // sent: not held any longer
		for p, err := range w.Pages(ctx) {
			if !yield(part{s, p.Resources}, err) {
				return
			}
		}
	}, first.Total, nil
}

// split divides the filter into push, which the store evaluates, and rest, which
// is matched here.
func (s *selection) split() (push, rest *filter.Filter) {
	if s.filter == nil {
		return nil, nil
	}
	return filter.Split(s.filter, s.canFilter)
}

// sortTogether sorts the results of several types together (RFC 7644 §3.4.2.3:
// "across all results").
func (h *Handler) sortTogether(ctx context.Context, q *query, sels []*selection) (*results, error) {
	found := &scanResult{h: h, descending: q.descending, sorted: true, skip: q.startIndex - 1, want: q.count}
	for _, s := range sels {
		push, rest := s.split()
		if err := found.scan(ctx, s, push, rest); err != nil {
			return nil, err
		}
	}
	parts, total, err := found.parts(ctx)
	if err != nil {
		return nil, err
	}
	return &results{total: total, parts: []iter.Seq2[part, error]{parts}}, nil
}

// scanResult collects the resources that scans find, in the order in which they
// are read; sort sorts them.
type scanResult struct {
	h          *Handler
	descending bool
	sorted     bool
	skip, want int // of the page
	// Of a page by cursor: equal keys are in the order of the ids, and the results
	// up to past, unless nil, were sent on the pages before.
	byCursor bool
	past     *item

	scanned int // resources and members that were read
	total   int
	items   []item // all if they are to be sorted, else those of the page
	held    int    // the weight of their resources
}

// item is a resource of the results. Resources are held up to Limits.PageBytes; the
// others are read again before they are sent.
type item struct {
	*selection
	id       string
	resource *schema.Resource // nil: to be read again
	key      schema.SortKey
}

// cursorKey is how many bytes of a sort key a cursor has. Results that differ later
// only are sorted by their ids.
const cursorKey = 512

// add appends a resource that matches. full has the derived attributes that the
// sort order uses.
func (m *scanResult) add(ctx context.Context, s *selection, r, full *schema.Resource) error {
	m.total++
	if !m.sorted && (m.total <= m.skip || len(m.items) == m.want) {
		return nil
	}
	i := item{selection: s, id: r.ID}
	if weight := r.Attributes.Weight(); m.held+weight <= m.h.cfg.Limits.PageBytes {
		m.held += weight
		i.resource = r
	}
	if m.sorted {
		cost := 0
		if s.sortBy != nil {
			cost = filter.TextCost(schema.SortValue(s.sortBy, full).Text(), s.sortBy.Last().FoldsCase())
		}
		if err := filter.BudgetFrom(ctx).Spend(cost); err != nil {
			return err
		}
		i.key = schema.NewSortKey(s.sortBy, full)
		if m.byCursor {
			i.key = i.key.Cut(cursorKey)
		}
	}
	m.items = append(m.items, i)
	return nil
}

// parts returns the resources of the page.
func (m *scanResult) parts(ctx context.Context) (iter.Seq2[part, error], int, error) {
	page := m.items
	if m.sorted {
		if err := m.sort(ctx); err != nil {
			return nil, 0, err
		}
		m.skip = min(m.skip, len(page))
		if m.past != nil {
			m.skip = sort.Search(len(page), func(i int) bool { return m.compare(page[i], *m.past) > 0 })
		}
		page = page[m.skip:min(len(page), m.skip+m.want)]
	}
	return func(yield func(part, error) bool) {
		for len(page) > 0 {
			p, n, err := m.h.readAgain(ctx, page)
			if !yield(p, err) || err != nil {
				return
			}
			page = page[n:]
		}
	}, m.total, nil
}

// sort sorts by the primary or first value of an attribute; items without a value
// come last, or first when descending (RFC 7644 §3.4.2.3). The sort is stable.
func (m *scanResult) sort(ctx context.Context) error {
	size := 0
	for _, i := range m.items {
		size += i.key.Size()
	}
	if err := filter.BudgetFrom(ctx).Spend(filter.SortCost(len(m.items), size)); err != nil {
		return err
	}
	slices.SortStableFunc(m.items, m.compare)
	return nil
}

func (m *scanResult) compare(x, y item) int {
	c := x.key.Compare(y.key)
	if m.descending {
		c = -c
	}
	if c == 0 && m.byCursor {
		return strings.Compare(x.id, y.id)
	}
	return c
}

// readAgain returns the first n items, of one type, with their resources. A
// resource that was deleted meanwhile is left out.
func (h *Handler) readAgain(ctx context.Context, items []item) (p part, n int, err error) {
	p.selection = items[0].selection
	for weight := 0; n < len(items) && items[n].selection == p.selection && weight < h.cfg.Limits.PageBytes; n++ {
		r := items[n].resource
		if r == nil {
			r, err = p.ep.Store.Get(ctx, items[n].id, store.GetOptions{})
			if isNotFound(err) {
				continue
			}
			if err != nil {
				return part{}, 0, err
			}
		}
		weight += r.Attributes.Weight()
		p.resources = append(p.resources, r)
	}
	return p, n, nil
}

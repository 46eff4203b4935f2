package scim

import (
	"context"
	"crypto/sha256"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/paging"
	"github.com/seed5f3efb56/scim/internal/position"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// cursor is where the next page of a query begins (RFC 9865 §2). The client gets
// it sealed.
type cursor struct {
	count int // of every page
	total int // of all pages, counted for the first; -1 if it is not known
	// Results in the order of the stores, one type after another: the type that the
	// page begins in, and the position in its store.
	typ, after string
	// Results that the handler has sorted: the last one sent.
	key, id string
}

// cursorOrder marks the text of a cursor, so that nothing else is read as one.
const cursorOrder = "cursor"

func (h *Handler) sealCursor(c *cursor, binding string) string {
	expires := h.cfg.Now().Add(h.cfg.Limits.CursorTimeout).Unix()
	text := position.Join(cursorOrder, strconv.FormatInt(expires, 10), strconv.Itoa(c.count), strconv.Itoa(c.total), c.typ, c.after, c.key, c.id)
	return h.cursors.Seal(text, binding)
}

// openCursor reads a cursor. One of another client or query, a forged one and one
// that never was are the same error (RFC 9865 §5.2).
func (h *Handler) openCursor(sealed, binding string) (*cursor, error) {
	text, ok := h.cursors.Open(sealed, binding)
	if !ok {
		return nil, invalidCursor()
	}
	parts, err := position.Split(text, cursorOrder)
	if err != nil || len(parts) != 7 {
		return nil, invalidCursor()
	}
	expires, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || !h.cfg.Now().Before(time.Unix(expires, 0)) {
		return nil, &schema.Error{Type: schema.ErrorExpiredCursor, Detail: "the cursor has expired; begin again without one"}
	}
	count, err := strconv.Atoi(parts[1])
	if err != nil {
		return nil, err
	}
	total, err := strconv.Atoi(parts[2])
	return &cursor{count, total, parts[3], parts[4], parts[5], parts[6]}, err
}

func invalidCursor() error {
	return &schema.Error{Type: schema.ErrorInvalidCursor, Detail: "the cursor is not one of this query; every parameter but cursor must be that of the first request"}
}

// cursorBinding is what a cursor is of use for: the same query, at the same
// endpoint, by a client with the same tenant, connection, policy and scope.
func cursorBinding(r *request, q *query) string {
	p := r.principal
	sum := sha256.Sum256([]byte(position.Join(cursorOrder, p.Tenant, p.Connection, p.Policy, strings.Join(p.Types, ","), strconv.Itoa(int(p.Client)),
		r.URL.Path, strconv.FormatBool(q.filtered), q.filter, q.sortBy, strconv.FormatBool(q.descending),
		strings.Join(q.attributes, ","), strings.Join(q.excluded, ","))))
	return string(sum[:])
}

// findByCursor returns a page of a query by cursor. Results that the stores can
// sort come in their order, one type after another; others are sorted here, by
// their key and their id.
func (h *Handler) findByCursor(r *request, q *query, sels []*selection) (*results, error) {
	binding := cursorBinding(r, q)
	c := &cursor{count: q.count}
	if q.cursor != "" {
		var err error
		if c, err = h.openCursor(q.cursor, binding); err != nil {
			return nil, err
		}
		if q.counted && q.count != c.count {
			return nil, &schema.Error{Type: schema.ErrorInvalidCount, Detail: "count must be that of the first request, " + strconv.Itoa(c.count)}
		}
	}
	found, next, err := h.pageAfter(r.ctx, q, sels, c)
	if errors.Is(err, store.ErrPosition) {
		return nil, invalidCursor()
	}
	if err != nil {
		return nil, err
	}
	found.nextCursor = func() string {
		if c := next(); c != nil {
			return h.sealCursor(c, binding)
		}
		return ""
	}
	return found, nil
}

// pageAfter returns the page after c, and a function that returns where the page
// after it begins, nil at the end, when all its parts have been read.
func (h *Handler) pageAfter(ctx context.Context, q *query, sels []*selection, c *cursor) (*results, func() *cursor, error) {
	if len(sels) == 0 {
		return &results{}, func() *cursor { return nil }, nil
	}
	if sortsHere(q, sels) {
		return h.sortedAfter(ctx, q, sels, c)
	}
	return h.listedAfter(ctx, q, sels, c)
}

// sortsHere reports whether the results have to be read and sorted before the
// first is sent: the stores cannot sort them, or they are members of one group.
func sortsHere(q *query, sels []*selection) bool {
	if q.sortBy != "" && len(sels) > 1 {
		return true
	}
	return slices.ContainsFunc(sels, func(s *selection) bool {
		if !s.canSort() {
			return true
		}
		_, rest := s.split()
		_, bounded := s.group(rest)
		return bounded
	})
}

// sortedAfter reads and sorts all results, which Limits.Scan bounds, and returns
// those after the last one sent.
func (h *Handler) sortedAfter(ctx context.Context, q *query, sels []*selection, c *cursor) (*results, func() *cursor, error) {
	found := &scanResult{h: h, descending: q.descending, sorted: true, byCursor: true, want: c.count}
	for _, s := range sels {
		push, rest := s.split()
		if err := found.scan(ctx, s, push, rest); err != nil {
			return nil, nil, err
		}
	}
	if err := found.after(sels, c); err != nil {
		return nil, nil, err
	}
	parts, total, err := found.parts(ctx)
	if err != nil {
		return nil, nil, err
	}
	end := min(found.skip+c.count, len(found.items))
	return &results{total: total, parts: []iter.Seq2[part, error]{parts}}, func() *cursor {
		if end == len(found.items) {
			return nil
		}
		last := found.items[end-1]
		return &cursor{count: c.count, total: total, typ: last.ep.Type.Name, key: last.key.Text(), id: last.id}
	}, nil
}

// after removes the results up to the last one sent.
func (m *scanResult) after(sels []*selection, c *cursor) error {
	if c.id == "" {
		return nil
	}
	i := slices.IndexFunc(sels, func(s *selection) bool { return s.ep.Type.Name == c.typ })
	if i < 0 {
		return invalidCursor()
	}
	last := item{id: c.id}
	if by := sels[i].sortBy; by != nil {
		var ok bool
		if last.key, ok = schema.ParseSortKey(by, c.key); !ok {
			return invalidCursor()
		}
	}
	m.past = &last
	return nil
}

// listedAfter returns results in the order of the stores.
func (h *Handler) listedAfter(ctx context.Context, q *query, sels []*selection, c *cursor) (*results, func() *cursor, error) {
	w := &cursorWalk{h: h, query: q, sels: sels, after: c.after, want: c.count, page: paging.FirstPage}
	if c.typ != "" {
		w.at = slices.IndexFunc(sels, func(s *selection) bool { return s.ep.Type.Name == c.typ })
		if w.at < 0 {
			return nil, nil, invalidCursor()
		}
	}
	if q.cursor != "" {
		w.total = c.total
	} else if err := w.setTotal(ctx); err != nil {
		return nil, nil, err
	}
	first, err := w.first(ctx)
	if err != nil {
		return nil, nil, err
	}
	parts := func(yield func(part, error) bool) {
		for p := first; ; {
			if len(p.resources) > 0 && !yield(p, nil) {
				return
			}
			if w.want == 0 || w.at == len(w.sels) || w.scanned >= h.cfg.Limits.Scan {
				return
			}
			var err error
			if p, err = w.step(ctx); isTooMany(err) {
				return // a short page: the next one begins with a budget of its own
			}
			if err != nil {
				yield(part{}, err)
				return
			}
		}
	}
	return &results{total: w.total, parts: []iter.Seq2[part, error]{parts}}, func() *cursor {
		if w.at == len(w.sels) {
			return nil
		}
		return &cursor{count: c.count, total: w.total, typ: w.sels[w.at].ep.Type.Name, after: w.after}
	}, nil
}

func isTooMany(err error) bool {
	var e *schema.Error
	return errors.As(err, &e) && e.Type == schema.ErrorTooMany
}

// cursorWalk reads the results of a page in the order of the stores. at and after
// are always where the next page begins.
type cursorWalk struct {
	h       *Handler
	query   *query
	sels    []*selection
	at      int    // the type that is read
	after   string // the position in its store
	want    int    // results still to be returned
	page    int    // resources in the next request to a store
	scanned int    // resources that were read to be matched
	total   int    // of all pages, as cursor.total
	asks    bool   // the next request to the store asks for the total
}

// first reads the first results. If half of the work that is left does not suffice for
// the total, it is left out: the page is read without it.
func (w *cursorWalk) first(ctx context.Context) (part, error) {
	all := filter.BudgetFrom(ctx)
	if !w.asks || all == nil {
		return w.step(ctx)
	}
	half := all.Left() / 2
	b := filter.NewBudget(half, ctx.Err)
	p, err := w.step(filter.WithBudget(ctx, b))
	if err := all.Spend(half - b.Left()); err != nil {
		return part{}, err
	}
	if !isTooMany(err) {
		return p, err
	}
	w.total, w.asks = -1, false
	return w.step(ctx)
}

// step reads a page of a store and returns the results on it. It may have none,
// though more follow.
func (w *cursorWalk) step(ctx context.Context) (part, error) {
	s := w.sels[w.at]
	push, rest := s.split()
	q := &store.Query{Filter: push, SortBy: s.sortBy, Descending: w.query.descending, After: w.after, Count: w.page, Bytes: w.h.cfg.Limits.PageBytes, Total: w.asks}
	if rest == nil {
		q.Count, q.Attributes = min(q.Count, w.want), s.ep.reads(s.projection)
	}
	read, found, err := w.read(ctx, s, q, rest)
	if err != nil {
		return part{}, err
	}
	if w.asks {
		w.total, w.asks = read.Total, false
	}
	w.page = paging.NextCount(read.Resources, q.Bytes, w.page)
	w.want -= len(found)
	w.after = read.Next
	if read.Next == "" {
		w.at++
	}
	return part{s, found}, nil
}

// read returns a page of a store and those of its resources that match rest. A
// page with more matches than are wanted is read again without the last ones, since
// only the store knows the position after a resource.
func (w *cursorWalk) read(ctx context.Context, s *selection, q *store.Query, rest *filter.Filter) (store.Page, []*schema.Resource, error) {
	for {
		page, err := s.ep.Store.List(ctx, q)
		if err != nil || rest == nil {
			return page, page.Resources, err
		}
		if page.Next != "" && page.Next == q.After {
			return page, nil, paging.ErrNoProgress
		}
		w.scanned += len(page.Resources)
		var found []*schema.Resource
		last := 0 // the number of resources up to the last one that is wanted
		more := false
		matcher := &scanResult{h: w.h, descending: q.Descending}
		err = matcher.match(ctx, s, page.Resources, rest, func(i int, _ *schema.Resource) error {
			if more = len(found) == w.want; !more {
				found, last = append(found, page.Resources[i]), i+1
			}
			return nil
		})
		if err != nil || !more {
			return page, found, err
		}
		q.Count = last
	}
}

// setTotal counts the results of all pages, unless package scim would have to read
// all resources for that (RFC 9865 §2: totalResults may be omitted). Later pages repeat the total:
// to count the matches of a filter costs more than a page. The first request to the
// store of a single type has the total.
func (w *cursorWalk) setTotal(ctx context.Context) error {
	w.total = -1
	for _, s := range w.sels {
		if _, rest := s.split(); rest != nil {
			return nil
		}
	}
	if w.asks = len(w.sels) == 1; w.asks {
		return nil
	}
	w.total = 0
	for _, s := range w.sels {
		p, err := s.ep.Store.List(ctx, &store.Query{Filter: s.filter, Total: true})
		if err != nil {
			return err
		}
		w.total += p.Total
	}
	return nil
}

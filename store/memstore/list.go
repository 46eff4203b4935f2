package memstore

import (
	"context"
	"fmt"
	"iter"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// List implements [store.Store]. Without SortBy the order is that of creation,
// and what is created while a client walks the pages comes behind them.
func (s *resources) List(ctx context.Context, q *store.Query) (store.Page, error) {
	if q.Filter != nil && !s.kind.answers(nil, q.Filter.Expr()) || q.SortBy != nil && !s.kind.sorts(q.SortBy) {
		return store.Page{}, fmt.Errorf("memstore: list %s: the query is beyond what Describe declares", s.kind.Name)
	}
	t, err := s.db.view(ctx)
	if err != nil {
		return store.Page{}, err
	}
	l := list{ctx: ctx, kind: s.kind, tenant: t, collection: t.collection(s.kind)}
	p := l.page(q)
	if err := ctx.Err(); err != nil {
		return store.Page{}, err // the page may be cut short
	}
	return p, nil
}

// list reads the resources of one kind as of one moment.
type list struct {
	ctx        context.Context
	kind       *kind
	tenant     *tenant
	collection collection
}

func (l *list) page(q *store.Query) store.Page {
	offset, count := max(0, q.Offset), max(0, q.Count)
	switch {
	case q.SortBy != nil:
		return l.sorted(q, offset, count)
	case q.Filter == nil:
		return l.all(q, offset, count)
	}
	return l.filtered(q, offset, count)
}

// all needs no look at any other resource than the page's.
func (l *list) all(q *store.Query, offset, count int) store.Page {
	records := l.collection.records
	p := store.Page{}
	if q.Total {
		p.Total = records.len()
	}
	first := records.rank(l.first(q)) + offset
	for _, rec := range records.from(first) {
		if len(p.Resources) == count {
			break
		}
		p.Resources = append(p.Resources, rec.resource)
	}
	return p
}

// filtered looks at what may match, beyond the page only for the total.
func (l *list) filtered(q *store.Query, offset, count int) store.Page {
	first := l.first(q)
	from := first
	if q.Total {
		from = 0
	}
	var p store.Page
	for n, r := range l.matching(q.Filter, from) {
		if q.Total {
			p.Total++
		}
		switch {
		case n < first:
		case offset > 0:
			offset--
		case len(p.Resources) < count:
			p.Resources = append(p.Resources, r)
		}
		if !q.Total && len(p.Resources) == count {
			break
		}
	}
	return p
}

func (l *list) sorted(q *store.Query, offset, count int) store.Page {
	var rs []*schema.Resource
	for _, r := range l.matching(q.Filter, 0) {
		rs = append(rs, r)
	}
	store.Sort(rs, q.SortBy, q.Descending)
	p := store.Page{}
	if q.Total {
		p.Total = len(rs)
	}
	rs = rs[min(offset, len(rs)):]
	p.Resources = rs[:min(count, len(rs))]
	return p
}

// first returns the least number behind q.AfterID. Behind an id that never was
// there is nothing.
func (l *list) first(q *store.Query) number {
	if q.AfterID == "" {
		return 0
	}
	p, ok := l.tenant.ids.get(text(q.AfterID))
	if !ok {
		return endOfNumbers
	}
	return p.number + 1
}

// matching yields the resources that match a filter, nil for all, in order of
// creation from a number on. It stops when the context ends.
func (l *list) matching(f *filter.Filter, from number) iter.Seq2[number, *schema.Resource] {
	if f == nil {
		return l.scan(func(number, *schema.Resource) bool { return true }, from)
	}
	match := l.matcher(f.Expr())
	if found, ok := l.candidates(nil, f.Expr()); ok {
		return l.pick(found.sorted(), match, from)
	}
	return l.scan(match, from)
}

func (l *list) scan(match matcher, from number) iter.Seq2[number, *schema.Resource] {
	return func(yield func(number, *schema.Resource) bool) {
		records := l.collection.records
		for n, rec := range records.from(records.rank(from)) {
			if l.ctx.Err() != nil || match(n, rec.resource) && !yield(n, rec.resource) {
				return
			}
		}
	}
}

func (l *list) pick(numbers []number, match matcher, from number) iter.Seq2[number, *schema.Resource] {
	return func(yield func(number, *schema.Resource) bool) {
		for _, n := range numbers {
			rec, ok := l.collection.records.get(n)
			if !ok || n < from || !match(n, rec.resource) {
				continue
			}
			if l.ctx.Err() != nil || !yield(n, rec.resource) {
				return
			}
		}
	}
}

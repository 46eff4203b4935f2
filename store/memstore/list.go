package memstore

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// List implements [store.Store]. Without SortBy the order is that of creation,
// so that resources created during a walk come last.
func (s *resources) List(ctx context.Context, q *store.Query) (store.Page, error) {
	if q.Filter != nil && !s.kind.answers(nil, q.Filter.Expr()) || q.SortBy != nil && !s.kind.sorts(q.SortBy) {
		return store.Page{}, fmt.Errorf("memstore: list %s: the query is beyond what Describe declares", s.kind.Name)
	}
	t, err := s.db.view(ctx)
	if err != nil {
		return store.Page{}, err
	}
	l := list{ctx: ctx, budget: filter.BudgetFrom(ctx), kind: s.kind, tenant: t, collection: t.collection(s.kind), name: store.Tenant(ctx), orders: &s.db.orders}
	p, err := l.page(q)
	if err != nil {
		return store.Page{}, err
	}
	if err := l.ended(); err != nil {
		return store.Page{}, err // the page may be cut short
	}
	return p, nil
}

// list reads the resources of one kind as of one moment.
type list struct {
	ctx        context.Context
	budget     *filter.Budget
	kind       *kind
	tenant     *tenant
	collection collection
	name       string // of the tenant
	orders     *orders
}

func (l *list) page(q *store.Query) (store.Page, error) {
	offset, count := max(0, q.Offset), max(0, q.Count)
	switch {
	case q.SortBy != nil && q.Filter == nil && l.collection.records.len() >= leastOrdered:
		return l.ordered(q, offset, count)
	case q.SortBy != nil:
		return l.sorted(q, offset, count)
	}
	first, err := firstNumber(q)
	switch {
	case err != nil:
		return store.Page{}, err
	case q.Filter == nil:
		return l.all(q, first, offset, count), nil
	}
	return l.filtered(q, first, offset, count), nil
}

// all reads only the resources of the page.
func (l *list) all(q *store.Query, first number, offset, count int) store.Page {
	records := l.collection.records
	p := store.Page{}
	if q.Total {
		p.Total = records.len()
	}
	var last number
	for n, rec := range records.from(records.rank(first) + offset) {
		if len(p.Resources) == count {
			p.Next = afterNumber(last, count)
			break
		}
		p.Resources = append(p.Resources, &rec.resource)
		last = n
	}
	return p
}

// filtered reads the resources that may match; those after the page only for the
// total.
func (l *list) filtered(q *store.Query, first number, offset, count int) store.Page {
	from := first
	if q.Total {
		from = 0
	}
	var p store.Page
	var last number
	l.matching(q.Filter, from, func(n number, r *schema.Resource) bool {
		if q.Total {
			p.Total++
		}
		switch {
		case n < first:
		case offset > 0:
			offset--
		case len(p.Resources) < count:
			p.Resources = append(p.Resources, r)
			last = n
		case p.Next == "":
			p.Next = afterNumber(last, count)
		}
		return q.Total || p.Next == "" && count > 0
	})
	return p
}

// ordered reads a page from an order that is kept.
func (l *list) ordered(q *store.Query, offset, count int) (store.Page, error) {
	last, err := lastPlace(q)
	if err != nil {
		return store.Page{}, err
	}
	records, err := l.orders.find(l.name, l.kind, q.SortBy).of(l.collection.records, l.budget)
	if err != nil {
		return store.Page{}, err
	}
	var p store.Page
	if q.Total {
		p.Total = records.len()
	}
	var page iter.Seq2[place, *record]
	switch {
	case !q.Descending && last == nil:
		page = records.from(offset)
	case !q.Descending:
		first := records.rank(*last)
		if _, there := records.get(*last); there {
			first++
		}
		page = records.from(first + offset)
	case last == nil:
		page = records.before(records.len() - offset)
	default:
		page = records.before(records.rank(*last) - offset)
	}
	for _, rec := range page {
		if len(p.Resources) == count {
			if count > 0 {
				p.Next = afterResource(q, p.Resources[count-1])
			}
			break
		}
		p.Resources = append(p.Resources, &rec.resource)
	}
	return p, nil
}

// sorted sorts the resources that match.
func (l *list) sorted(q *store.Query, offset, count int) (store.Page, error) {
	last, err := lastPlace(q)
	if err != nil {
		return store.Page{}, err
	}
	var found []entry[place, *schema.Resource]
	size := 0
	l.matching(q.Filter, 0, func(_ number, r *schema.Resource) bool {
		e := entry[place, *schema.Resource]{place{schema.NewSortKey(q.SortBy, r), r.ID}, r}
		cost := filter.TextCost(schema.SortValue(q.SortBy, r).Text(), q.SortBy.Last().FoldsCase())
		size += cost
		found = append(found, e)
		return l.budget.Spend(cost) == nil
	})
	if err := l.budget.Spend(filter.SortCost(len(found), size)); err != nil {
		return store.Page{}, err
	}
	inOrder := func(a, b place) int {
		if q.Descending {
			a, b = b, a
		}
		return a.compare(b)
	}
	slices.SortFunc(found, func(a, b entry[place, *schema.Resource]) int { return inOrder(a.key, b.key) })
	p := store.Page{Resources: []*schema.Resource{}}
	if q.Total {
		p.Total = len(found)
	}
	if last != nil {
		found = found[sort.Search(len(found), func(i int) bool { return inOrder(found[i].key, *last) > 0 }):]
	}
	found = found[min(offset, len(found)):]
	for _, e := range found[:min(count, len(found))] {
		p.Resources = append(p.Resources, e.value)
	}
	if n := len(p.Resources); n > 0 && n < len(found) {
		p.Next = afterResource(q, p.Resources[n-1])
	}
	return p, nil
}

// visitCost is the cost of visiting one resource.
const visitCost = 50

// ended returns why the list cannot go on.
func (l *list) ended() error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	return l.budget.Spend(visitCost)
}

// matching visits the resources that match a filter, nil for all, in order of
// creation from a number on. It stops when the list cannot go on.
func (l *list) matching(f *filter.Filter, from number, visit func(number, *schema.Resource) bool) {
	if f == nil {
		l.scan(func(number, *schema.Resource) bool { return true }, from, visit)
		return
	}
	match := l.matcher(f)
	if found, ok := l.candidates(nil, f.Expr()); ok {
		l.pick(found.sorted(), match, from, visit)
		return
	}
	l.scan(match, from, visit)
}

func (l *list) scan(match matcher, from number, visit func(number, *schema.Resource) bool) {
	records := l.collection.records
	for n, rec := range records.from(records.rank(from)) {
		if l.ended() != nil || match(n, &rec.resource) && !visit(n, &rec.resource) {
			return
		}
	}
}

func (l *list) pick(numbers []number, match matcher, from number, visit func(number, *schema.Resource) bool) {
	for _, n := range numbers {
		if l.ended() != nil {
			return
		}
		rec, ok := l.collection.records.get(n)
		if ok && n >= from && match(n, &rec.resource) && !visit(n, &rec.resource) {
			return
		}
	}
}

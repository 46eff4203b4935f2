package storetest

import (
	"cmp"
	"context"
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

func (s *naive) List(ctx context.Context, q *store.Query) (store.Page, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return store.Page{}, err
	}
	defer release()
	var all []*schema.Resource
	for _, r := range s.db.rows {
		if r.dead && !s.db.has("the dead are listed") || !s.sees(ctx, r, "List") || q.Filter != nil && !s.matches(q.Filter, r) {
			continue
		}
		all = append(all, r.resource)
	}
	if s.db.has("an empty list is not found") && len(all) == 0 {
		return store.Page{}, store.ErrNotFound
	}
	if s.db.has("no order") && q.Offset > 0 {
		slices.Reverse(all)
	}
	if q.SortBy != nil {
		s.sort(all, q)
	}
	p, err := s.page(all, q)
	if err != nil {
		return store.Page{}, err
	}
	if s.db.has("the total is the page") {
		p.Total = len(p.Resources)
	}
	if s.db.has("the total ignores the filter") {
		p.Total = len(s.db.rows)
	}
	if s.db.estimates {
		p.Total += 3
	}
	if s.db.has("the query is used up") {
		q.Count -= len(p.Resources)
	}
	for i, r := range p.Resources {
		p.Resources[i] = s.part(r, q.Attributes)
	}
	if s.db.has("lists have no versions") {
		for i, r := range p.Resources {
			c := *r
			c.Version = ""
			p.Resources[i] = &c
		}
	}
	return p, nil
}

// part is what is returned of a resource for some attributes: all of it, changed by
// the defect.
func (s *naive) part(r *schema.Resource, some []*schema.Attribute) *schema.Resource {
	if some == nil {
		return r
	}
	c := *r
	if s.db.has("some attributes are too few") {
		for a := range r.Attributes.All() {
			if len(some) < 2 || a != some[1] {
				c.Attributes = c.Attributes.With(a, schema.Value{})
			}
		}
	}
	if s.db.has("some attributes have no version") {
		c.Version = ""
	}
	if s.db.has("what is not read is forgotten") {
		i := slices.IndexFunc(s.db.rows, func(row row) bool { return row.resource == r })
		s.db.rows[i].resource = r.WithAttributes(nil)
	}
	return &c
}

// matches is Match on a group with its members, changed by the defect.
func (s *naive) matches(f *filter.Filter, r row) bool {
	e := f.Expr()
	for _, rewrite := range []struct {
		defect string
		fn     func(filter.Expr) filter.Expr
	}{
		{"the filter is dropped", func(filter.Expr) filter.Expr { return filter.Compare{Op: filter.NE, Value: schema.String("")} }},
		{"one side of a conjunction is dropped", func(e filter.Expr) filter.Expr {
			if and, ok := e.(filter.And); ok {
				return and.Left
			}
			return e
		}},
		{"value paths fall apart", fallApart},
		{"eq is sw", func(e filter.Expr) filter.Expr {
			if c, ok := e.(filter.Compare); ok && c.Op == filter.EQ && !c.Null && c.Path.Last().Type == schema.TypeString {
				c.Op = filter.SW
				return c
			}
			return e
		}},
		{"not of a missing value is false", func(e filter.Expr) filter.Expr {
			if n, ok := e.(filter.Not); ok {
				if c, ok := n.Expr.(filter.Compare); ok && len(c.Path) > 0 {
					return filter.And{Left: filter.Compare{Path: c.Path, Op: filter.PR}, Right: n}
				}
			}
			return e
		}},
	} {
		if s.db.has(rewrite.defect) {
			e = rewrite.fn(e)
		}
	}
	whole := r.resource
	if m := s.t.Members(); m != nil && !s.db.has("members are not matched") {
		var list []any
		for _, one := range r.members {
			list = append(list, attrs{"value": one.Value, "type": one.Type})
		}
		whole = whole.With(m, value(m, list))
	}
	if c, ok := e.(filter.Compare); ok && s.db.has("numbers are compared as text") && c.Op == filter.GT && c.Path.Last().Type == schema.TypeInteger {
		for v := range c.Path.Values(whole) {
			if v.Text() > c.Value.Text() {
				return true
			}
		}
		return false
	}
	if c, ok := e.(filter.Compare); ok && s.db.has("dates are compared as text") && c.Op == filter.EQ && !c.Null && len(c.Path) > 0 && c.Path.Last().Type == schema.TypeDateTime {
		for v := range c.Path.Values(whole) {
			if v.Text() == c.Value.Text() {
				return true
			}
		}
		return false
	}
	return filter.New(e).Match(whole)
}

// fallApart evaluates each condition of a value path on its own, so that another
// value may meet it.
func fallApart(e filter.Expr) filter.Expr {
	v, ok := e.(filter.ValuePath)
	if !ok {
		return e
	}
	and, ok := v.Expr.(filter.And)
	if !ok {
		return e
	}
	return filter.And{Left: filter.ValuePath{Path: v.Path, Expr: and.Left}, Right: filter.ValuePath{Path: v.Path, Expr: and.Right}}
}

func (s *naive) sort(rs []*schema.Resource, q *store.Query) {
	schema.SortResources(rs, q.SortBy, q.Descending)
	key := func(r *schema.Resource) string { return schema.SortValue(q.SortBy, r).Text() }
	switch {
	case s.db.has("a missing value comes first"):
		slices.SortStableFunc(rs, func(a, b *schema.Resource) int {
			return cmp.Compare(boolInt(key(a) != ""), boolInt(key(b) != ""))
		})
	case s.db.has("missing is always last") && q.Descending:
		slices.SortStableFunc(rs, func(a, b *schema.Resource) int {
			return cmp.Compare(boolInt(key(a) == ""), boolInt(key(b) == ""))
		})
	case s.db.has("the order is case-sensitive") && !q.Descending:
		slices.SortStableFunc(rs, func(a, b *schema.Resource) int { return cmp.Compare(key(a), key(b)) })
	case s.db.has("the order is by the first value"):
		first := func(r *schema.Resource) string {
			for v := range q.SortBy.Values(r) {
				return v.Text()
			}
			return ""
		}
		slices.SortStableFunc(rs, func(a, b *schema.Resource) int { return cmp.Compare(first(a), first(b)) })
	case s.db.has("the order is for the page") && q.Offset > 0:
		slices.SortFunc(rs, func(a, b *schema.Resource) int { return cmp.Compare(a.ID, b.ID) })
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

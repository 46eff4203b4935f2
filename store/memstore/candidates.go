package memstore

import (
	"math"
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// candidates are resources found by index. They include every resource that an
// expression selects.
type candidates struct {
	size int
	add  func(to []number) []number // appends their numbers; nil: there are none
}

func (c candidates) sorted() []number {
	if c.size == 0 {
		return nil
	}
	out := c.add(make([]number, 0, c.size))
	slices.Sort(out)
	return slices.Compact(out)
}

// or returns the candidates of both.
func (c candidates) or(d candidates) candidates {
	switch {
	case c.size == 0:
		return d
	case d.size == 0:
		return c
	}
	return candidates{c.size + d.size, func(to []number) []number { return d.add(c.add(to)) }}
}

// entries are the resources with an entry in an index. Some may have another key with
// the same hash.
func entries(index postings, hash uint64) candidates {
	var few [8]number
	size := len(index.having(few[:0], hash, many))
	return candidates{size, func(to []number) []number { return index.having(to, hash, math.MaxInt) }}
}

// candidates returns the candidates of an expression with paths relative to
// prefix. It returns false if no index narrows it: a conjunction needs an index for one
// side, a disjunction for both.
func (l *list) candidates(prefix schema.AttrPath, e filter.Expr) (candidates, bool) {
	switch e := e.(type) {
	case filter.And:
		left, ok := l.candidates(prefix, e.Left)
		right, also := l.candidates(prefix, e.Right)
		if !ok || also && right.size < left.size {
			return right, also
		}
		return left, true
	case filter.Or:
		left, ok := l.candidates(prefix, e.Left)
		right, also := l.candidates(prefix, e.Right)
		return left.or(right), ok && also
	case filter.ValuePath:
		return l.candidates(e.Path, e.Expr)
	case filter.Compare:
		if e.Op != filter.EQ || e.Null || len(e.Path) == 0 {
			return candidates{}, false
		}
		if len(prefix) == 0 {
			return l.equal(e.Path, e.Value)
		}
		return l.equal(slices.Concat(prefix, e.Path), e.Value)
	}
	return candidates{}, false
}

// equal finds the resources with a value at a path.
func (l *list) equal(p schema.AttrPath, v schema.Value) (candidates, bool) {
	if p[0] == schema.IDAttribute {
		n, _, ok := l.tenant.find(l.kind, v.Text())
		if !ok {
			return candidates{}, true
		}
		return candidates{1, func(to []number) []number { return append(to, n) }}, true
	}
	if l.kind.memberPath(p) {
		return entries(l.collection.memberships, hashOf(keyOf(l.kind.memberValue, v))), true
	}
	i := l.kind.place(p)
	if i < 0 {
		return candidates{}, false
	}
	return entries(l.collection.index, l.kind.hashAt(i, keyOf(p.Last(), v))), true
}

// many is how many candidates are counted: conditions with more are taken for equal.
const many = 1000

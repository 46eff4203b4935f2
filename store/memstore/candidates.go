package memstore

import (
	"iter"
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// candidates are resources found by index. They include every resource that an
// expression selects.
type candidates struct {
	size    int
	numbers []iter.Seq[number]
}

func (c candidates) sorted() []number {
	out := make([]number, 0, c.size)
	for _, seq := range c.numbers {
		out = slices.AppendSeq(out, seq)
	}
	slices.Sort(out)
	return slices.Compact(out)
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
		return candidates{left.size + right.size, slices.Concat(left.numbers, right.numbers)}, ok && also
	case filter.ValuePath:
		return l.candidates(e.Path, e.Expr)
	case filter.Compare:
		if e.Op != filter.EQ || e.Null || len(e.Path) == 0 {
			return candidates{}, false
		}
		return l.equal(slices.Concat(prefix, e.Path), e.Value)
	}
	return candidates{}, false
}

// equal finds the resources with a value at a path.
func (l *list) equal(p schema.AttrPath, v schema.Value) (candidates, bool) {
	if p[0] == schema.IDAttribute {
		at, ok := l.tenant.ids.get(text(v.Text()))
		if !ok || at.kind != l.kind.number {
			return candidates{}, true
		}
		return candidates{1, []iter.Seq[number]{slices.Values([]number{at.number})}}, true
	}
	if l.kind.memberPath(p) {
		found := l.collection.holding(keyOf(l.kind.memberValue, v))
		return candidates{found.len(), []iter.Seq[number]{each(found, membership.owner)}}, true
	}
	path := l.kind.indexed(p)
	if path < 0 {
		return candidates{}, false
	}
	found := l.collection.having(path, keyOf(p.Last(), v))
	return candidates{found.len(), []iter.Seq[number]{each(found, entry.owner)}}, true
}

func (a entry) owner() number      { return a.resource }
func (a membership) owner() number { return a.group }

func each[K key[K]](s span[K, none], owner func(K) number) iter.Seq[number] {
	return func(yield func(number) bool) {
		for k := range s.keys() {
			if !yield(owner(k)) {
				return
			}
		}
	}
}

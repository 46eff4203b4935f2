package memstore

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Describe implements [store.Describer]. The store answers filters on everything
// that it keeps: not on groups, $ref and meta.location, which package scim makes,
// and on members only by their ids.
func (s *resources) Describe() store.Capabilities {
	return store.Capabilities{
		Filter:   func(e filter.Expr) bool { return s.kind.answers(nil, e) },
		Sort:     s.kind.sorts,
		Versions: true,
	}
}

// answers reports whether List answers an expression whose paths are relative
// to prefix.
func (k *kind) answers(prefix schema.AttrPath, e filter.Expr) bool {
	switch e := e.(type) {
	case filter.And:
		return k.answers(prefix, e.Left) && k.answers(prefix, e.Right)
	case filter.Or:
		return k.answers(prefix, e.Left) && k.answers(prefix, e.Right)
	case filter.Not:
		return k.answers(prefix, e.Expr)
	case filter.ValuePath:
		_, ok := k.memberID(e)
		return ok || k.keeps(e.Path) && k.answers(e.Path, e.Expr)
	case filter.Compare:
		_, ok := k.memberID(e)
		return ok || len(e.Path) == 0 || k.keeps(prefix) && k.keeps(e.Path)
	}
	return false
}

// keeps reports whether the values at a path are part of the stored resource.
func (k *kind) keeps(p schema.AttrPath) bool {
	for _, a := range p {
		if a == k.Members() || a == k.Groups() || a.Name == "$ref" || a == metaLocation {
			return false
		}
	}
	return true
}

func (k *kind) sorts(p schema.AttrPath) bool {
	return k.keeps(p) && p.Last().Type != schema.TypeComplex
}

var metaLocation = schema.MetaAttribute.Sub("location")

func (k *kind) memberPath(p schema.AttrPath) bool {
	return k.memberValue != nil && len(p) == 2 && p[0] == k.Members() && p[1] == k.memberValue
}

// memberID returns the id of members.value eq "id" or members[value eq "id"].
func (k *kind) memberID(e filter.Expr) (schema.Value, bool) {
	if k.memberValue == nil {
		return schema.Value{}, false
	}
	var path schema.AttrPath
	if v, ok := e.(filter.ValuePath); ok {
		path, e = v.Path, v.Expr
	}
	c, ok := e.(filter.Compare)
	if !ok || c.Op != filter.EQ || c.Null {
		return schema.Value{}, false
	}
	return c.Value, k.memberPath(append(path[:len(path):len(path)], c.Path...))
}

// matcher reports whether a resource, given with its number, matches.
type matcher func(number, *schema.Resource) bool

// matcher compiles a filter: a comparison of members uses the index, the rest uses
// filter.Filter.Match.
func (l *list) matcher(f *filter.Filter) matcher {
	e := f.Expr()
	if id, ok := l.kind.memberID(e); ok {
		key := keyOf(l.kind.memberValue, id)
		return func(n number, _ *schema.Resource) bool {
			rec, ok := l.collection.records.get(n)
			return ok && rec.members.hasKey(l.kind, key)
		}
	}
	if l.kind.Members() == nil || !f.Uses(l.kind.Members()) {
		return func(_ number, r *schema.Resource) bool {
			ok, _ := f.MatchWithin(r, l.budget) // of which ended tells
			return ok
		}
	}
	switch e := e.(type) {
	case filter.And:
		left, right := l.matcher(filter.New(e.Left)), l.matcher(filter.New(e.Right))
		return func(n number, r *schema.Resource) bool { return left(n, r) && right(n, r) }
	case filter.Or:
		left, right := l.matcher(filter.New(e.Left)), l.matcher(filter.New(e.Right))
		return func(n number, r *schema.Resource) bool { return left(n, r) || right(n, r) }
	case filter.Not:
		operand := l.matcher(filter.New(e.Expr))
		return func(n number, r *schema.Resource) bool { return !operand(n, r) }
	}
	panic("memstore: a filter that answers refuses")
}

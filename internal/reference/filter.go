package reference

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// Canonical returns the filter with the URIs that it compares with $ref spelled
// as $ref is. spell returns that spelling of a URI; ok is false if the URI names
// no resource of a type served.
func Canonical(f *filter.Filter, spell func(uri string) (canonical string, ok bool)) *filter.Filter {
	if e, changed := canonical(f.Expr(), spell); changed {
		return filter.New(e)
	}
	return f
}

func canonical(e filter.Expr, spell func(string) (string, bool)) (_ filter.Expr, changed bool) {
	switch n := e.(type) {
	case filter.And:
		left, l := canonical(n.Left, spell)
		right, r := canonical(n.Right, spell)
		if l || r {
			return filter.And{Left: left, Right: right}, true
		}
	case filter.Or:
		left, l := canonical(n.Left, spell)
		right, r := canonical(n.Right, spell)
		if l || r {
			return filter.Or{Left: left, Right: right}, true
		}
	case filter.Not:
		if inner, changed := canonical(n.Expr, spell); changed {
			return filter.Not{Expr: inner}, true
		}
	case filter.ValuePath:
		if inner, changed := canonical(n.Expr, spell); changed {
			return filter.ValuePath{Path: n.Path, Expr: inner}, true
		}
	case filter.Compare:
		if len(n.Path) == 0 || n.Path.Last().Name != "$ref" || n.Op != filter.EQ && n.Op != filter.NE {
			return e, false
		}
		if uri, ok := spell(n.Value.Text()); ok && uri != n.Value.Text() {
			n.Value = schema.Reference(uri)
			return n, true
		}
	}
	return e, false
}

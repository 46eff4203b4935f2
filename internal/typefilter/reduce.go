// Package typefilter takes the conditions out of a filter that are the same for every
// resource of a type: on meta.resourceType, on attributes that the type does not have,
// and on the URIs that schemas always has.
package typefilter

import (
	"strings"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// Reduce returns what is left of a filter for the resources of a type: nil if it
// selects all of them. none is true if it selects none.
func Reduce(f *filter.Filter, t *schema.ResourceType) (rest *filter.Filter, none bool) {
	r := &reducer{&schema.Resource{Type: t}, false}
	e, selects := r.reduce(f.Expr())
	switch {
	case e == nil:
		return nil, !selects
	case r.changed:
		return filter.New(e), false
	}
	return f, false
}

// reducer reduces expressions for a type.
type reducer struct {
	any     *schema.Resource // a resource of the type without any value
	changed bool
}

// reduce returns an expression, or nil if it holds for all resources or for none.
func (r *reducer) reduce(e filter.Expr) (_ filter.Expr, holds bool) {
	switch n := e.(type) {
	case filter.And:
		return r.both(n.Left, n.Right, false, func(x, y filter.Expr) filter.Expr { return filter.And{Left: x, Right: y} })
	case filter.Or:
		return r.both(n.Left, n.Right, true, func(x, y filter.Expr) filter.Expr { return filter.Or{Left: x, Right: y} })
	case filter.Not:
		inner, holds := r.reduce(n.Expr)
		if inner == nil {
			return nil, !holds
		}
		return filter.Not{Expr: inner}, false
	}
	if !r.constant(e, nil) {
		return e, false
	}
	r.changed = true
	return nil, filter.New(e).Match(r.any)
}

// both reduces an And or an Or. decides is the value of one side that is the value of
// the whole.
func (r *reducer) both(left, right filter.Expr, decides bool, join func(x, y filter.Expr) filter.Expr) (filter.Expr, bool) {
	x, xHolds := r.reduce(left)
	y, yHolds := r.reduce(right)
	switch {
	case x == nil && xHolds == decides, y == nil && yHolds == decides:
		return nil, decides
	case x == nil:
		return y, yHolds
	case y == nil:
		return x, false
	}
	return join(x, y), false
}

var resourceType = schema.MetaAttribute.Sub("resourceType")

// constant reports whether a condition has the same result for every resource of the
// type. in is the attribute of the brackets around it.
func (r *reducer) constant(e filter.Expr, in *schema.Attribute) bool {
	switch n := e.(type) {
	case filter.And:
		return r.constant(n.Left, in) && r.constant(n.Right, in)
	case filter.Or:
		return r.constant(n.Left, in) && r.constant(n.Right, in)
	case filter.Not:
		return r.constant(n.Expr, in)
	case filter.ValuePath:
		return len(n.Path) == 1 && n.Path[0] == schema.MetaAttribute && r.constant(n.Expr, schema.MetaAttribute)
	case filter.Compare:
		switch {
		case len(n.Path) == 0:
			return in == nil
		case n.Path.Last() == resourceType:
			return true
		case in == nil && n.Path[0] == schema.SchemasAttribute:
			return !n.Null && (n.Op == filter.EQ || n.Op == filter.NE) && !r.mayHave(n.Value.Text())
		}
	}
	return false
}

// mayHave reports whether some resources of the type have a URI in schemas, and others
// may not. An escaped URI could be any.
func (r *reducer) mayHave(uri string) bool {
	for _, e := range r.any.Type.Extensions {
		if !e.Required && strings.EqualFold(e.Schema.ID, uri) {
			return true
		}
	}
	return strings.Contains(uri, "%")
}

package filter

import (
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// test is an expression prepared for matching: the walk through a value, the
// folded literal and the rules for absent values are settled once.
type test struct {
	kind        nodeKind
	left, right *test

	root    *schema.Attribute // of a path from the resource; nil within brackets
	path    schema.AttrPath   // from there on
	op      Op                // never NE
	negate  bool              // ne
	null    bool
	primary bool // a missing value is false
	attr    *schema.Attribute
	literal schema.Value
	key     string // the literal's FoldKey if attr folds case
}

// newTest prepares an expression; in is the attribute of the value filter it
// stands in, empty at the root.
func newTest(e Expr, in schema.AttrPath) *test {
	t := &test{}
	t.prepare(e, in)
	return t
}

// prepare makes the zero test what newTest returns. The test at the root is a part of
// its filter.
func (t *test) prepare(e Expr, in schema.AttrPath) {
	switch e := e.(type) {
	case And:
		t.kind, t.left, t.right = nodeAnd, newTest(e.Left, in), newTest(e.Right, in)
	case Or:
		t.kind, t.left, t.right = nodeOr, newTest(e.Left, in), newTest(e.Right, in)
	case Not:
		t.kind, t.left = nodeNot, newTest(e.Expr, in)
	case ValuePath:
		t.kind, t.left, t.root, t.path = nodeValuePath, newTest(e.Expr, e.Path), e.Path[0], e.Path[1:]
	case Compare:
		t.compare(e, in)
	default:
		panic("filter: unknown expression")
	}
}

func (t *test) compare(e Compare, in schema.AttrPath) {
	t.op, t.null, t.literal, t.path = e.Op, e.Null, e.Value, e.Path
	if e.Op == NE {
		t.op, t.negate = EQ, true
	}
	if len(e.Path) == 0 {
		return
	}
	t.attr = e.Path.Last()
	t.primary = e.Op != PR && !e.Null && fullPath(in, e.Path).IsPrimary()
	if t.attr.FoldsCase() && e.Value.Assigned() {
		t.key = schema.FoldKey(e.Value.Text())
	}
	switch {
	case len(in) == 0:
		t.root, t.path = e.Path[0], e.Path[1:]
	case t.attr == in.Last(): // the value itself
		t.path = nil
	}
}

// resource reports whether a resource passes.
func (t *test) resource(r *schema.Resource, b *Budget) bool {
	switch t.kind {
	case nodeAnd:
		return t.left.resource(r, b) && t.right.resource(r, b)
	case nodeOr:
		return t.left.resource(r, b) || t.right.resource(r, b)
	case nodeNot:
		return !t.left.resource(r, b)
	case nodeValuePath:
		return t.some(r.Get(t.root), t.path, b)
	}
	if t.attr == nil {
		return t.unassigned()
	}
	return t.holds(r.Get(t.root), b)
}

// value reports whether one value passes a value filter.
func (t *test) value(v schema.Value, b *Budget) bool {
	switch t.kind {
	case nodeAnd:
		return t.left.value(v, b) && t.right.value(v, b)
	case nodeOr:
		return t.left.value(v, b) || t.right.value(v, b)
	case nodeNot:
		return !t.left.value(v, b)
	}
	if t.attr == nil {
		return t.unassigned()
	}
	return t.holds(v, b)
}

// some reports whether any value at the path passes the value filter.
func (t *test) some(v schema.Value, path schema.AttrPath, b *Budget) bool {
	n := v.Len()
	if !b.take(elementCost * n) {
		return false
	}
	for i := 0; i < n; i++ {
		if len(path) == 0 && t.left.value(v.At(i), b) || len(path) > 0 && t.some(v.At(i).Object().Get(path[0]), path[1:], b) {
			return true
		}
	}
	return false
}

// holds decides a comparison, starting from the value at its root.
func (t *test) holds(v schema.Value, b *Budget) bool {
	if t.null {
		return t.any(v, t.path, b) == t.negate
	}
	return t.any(v, t.path, b) != t.negate
}

// unassigned decides a comparison of an attribute without any value.
func (t *test) unassigned() bool { return t.null != t.negate }

// any reports whether any value at the path satisfies the operator; with null,
// whether there is any.
func (t *test) any(v schema.Value, path schema.AttrPath, b *Budget) bool {
	n := v.Len()
	if !b.take(elementCost * n) {
		return false
	}
	for i := 0; i < n; i++ {
		if len(path) == 0 {
			if t.one(v.At(i), b) {
				return true
			}
			continue
		}
		next := v.At(i).Object().Get(path[0])
		if t.primary && len(path) == 1 && !next.Assigned() {
			next = schema.Boolean(false) // N-2
		}
		if t.any(next, path[1:], b) {
			return true
		}
	}
	return false
}

func (t *test) one(v schema.Value, b *Budget) bool {
	if b != nil && !b.take(t.cost(v)) {
		return false
	}
	switch {
	case t.null:
		return true
	case t.op == PR:
		return filled(v)
	case v.Type() != t.literal.Type():
		return false // a row that does not fit the schema
	case isText(t.attr.Type):
		return t.text(v.Text())
	}
	return t.op.holds(schema.Compare(t.attr, v, t.literal))
}

// cost returns what comparing a value costs.
func (t *test) cost(v schema.Value) int {
	switch {
	case t.null, t.attr.Type == schema.TypeComplex:
		return comparisonCost
	}
	return comparisonCost + TextCost(v.Text(), t.op != PR && t.attr.FoldsCase())
}

// filled reports whether a value is not empty (RFC 7644 Table 3, T-13): a text
// that is not "", and a node that has a value which is not empty.
func filled(v schema.Value) bool {
	switch {
	case isText(v.Type()):
		return v.Text() != ""
	case v.Type() != schema.TypeComplex:
		return true
	}
	for _, sub := range v.Object().All() {
		for i, n := 0, sub.Len(); i < n; i++ {
			if filled(sub.At(i)) {
				return true
			}
		}
	}
	return false
}

func isText(t schema.Type) bool {
	return t == schema.TypeString || t == schema.TypeReference || t == schema.TypeBinary
}

// text compares under the attribute's case rule (F-28).
func (t *test) text(s string) bool {
	if t.attr.FoldsCase() {
		return t.op.folded(s, t.key)
	}
	return t.op.text(s, t.literal.Text())
}

// holds reports whether the operator holds for the order of value and literal.
func (o Op) holds(order int) bool {
	switch o {
	case EQ:
		return order == 0
	case GT:
		return order > 0
	case GE:
		return order >= 0
	case LT:
		return order < 0
	case LE:
		return order <= 0
	}
	return false
}

func (o Op) text(s, literal string) bool {
	switch o {
	case EQ:
		return s == literal
	case CO:
		return strings.Contains(s, literal)
	case SW:
		return strings.HasPrefix(s, literal)
	case EW:
		return strings.HasSuffix(s, literal)
	}
	return o.holds(strings.Compare(s, literal))
}

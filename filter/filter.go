package filter

import (
	"slices"

	"github.com/seed5f3efb56/scim/schema"
)

// Expr is a node of a compiled filter: [And], [Or], [Not], [Compare] or
// [ValuePath]. Nodes are immutable.
type Expr interface{ expr() }

// And holds when both sides do.
type And struct{ Left, Right Expr }

// Or holds when either side does.
type Or struct{ Left, Right Expr }

// Not holds when its operand does not.
type Not struct{ Expr Expr }

// Compare compares the values at Path with a literal.
//
// A multi-valued path matches if any of its values does; ne is the negation of
// eq, so an unassigned attribute is ne to every value, and a multi-valued one
// is ne only if none of its values is equal (Z-11). With Null (eq and ne only)
// the literal was null: eq null holds when nothing is assigned (Z-12). pr has
// no literal; it holds for a value that is neither an empty string nor a complex
// one with nothing but empty strings in it (T-13).
//
// A missing "primary" is false (RFC 7643 §2.4): for a boolean sub-attribute of
// that name, within a value that is there, unassigned compares as false.
//
// An empty Path stands for an attribute that this resource type does not have,
// on an endpoint of several types (RFC 7644 §3.4.2.1): it has no value.
type Compare struct {
	Path  schema.AttrPath
	Op    Op
	Value schema.Value
	Null  bool
}

// ValuePath holds when one value of the complex attribute at Path satisfies
// Expr, whose paths are relative to the value: single sub-attributes. For a
// singular complex attribute that one value is meant.
//
// emails[type eq "work"].value eq "x" (Entra ID) is one value path too,
// emails[type eq "work" and value eq "x"]: with every operator, ne included,
// it asks for one value that satisfies both.
//
// The values of a multi-valued simple attribute have no sub-attributes; within
// its brackets "value" is the value itself (P-26), and the path of such a
// comparison is the last attribute of Path: tags[value eq "a"] is
// ValuePath{{tags}, Compare{{tags}, EQ, "a"}}.
type ValuePath struct {
	Path schema.AttrPath
	Expr Expr
}

func (And) expr()       {}
func (Or) expr()        {}
func (Not) expr()       {}
func (Compare) expr()   {}
func (ValuePath) expr() {}

// Filter is a compiled filter with its literals bound: resolved and
// type-checked for one resource type. It is immutable and safe for concurrent
// use.
type Filter struct {
	expr Expr
	test test
}

// New returns a filter of an expression made by a program, for example a part
// of another filter. The expression must fit the resource type; it is not
// checked.
func New(e Expr) *Filter {
	f := &Filter{expr: e}
	f.test.prepare(e, nil)
	return f
}

// Expr returns the expression.
func (f *Filter) Expr() Expr { return f.expr }

// Match reports whether the resource satisfies the filter. It cannot fail.
func (f *Filter) Match(r *schema.Resource) bool { return f.test.resource(r, nil) }

// MatchWithin is Match for as much work as the budget has; the error is that of
// [Budget.Spend].
func (f *Filter) MatchWithin(r *schema.Resource, b *Budget) (bool, error) {
	ok := f.test.resource(r, b)
	return ok, b.Spend(0)
}

// String returns the filter in RFC 7644 syntax, with schema spelling and
// literals in JSON; parsing it gives an equal filter, if it is within the
// bounds. It contains values that the client sent and does not belong in a log.
func (f *Filter) String() string { return string(appendExpr(nil, f.expr, 0, nil)) }

// Uses reports whether any comparison reads the root attribute a.
func (f *Filter) Uses(a *schema.Attribute) bool {
	return reads(f.expr, nil, func(p schema.AttrPath) bool { return p.Root() == a })
}

// UsesPath reports whether any comparison reads the attribute at path p or, by
// naming the complex attribute around it or an attribute within it, part of
// the same value.
func (f *Filter) UsesPath(p schema.AttrPath) bool {
	return reads(f.expr, nil, func(used schema.AttrPath) bool {
		n := min(len(used), len(p))
		return slices.Equal(used[:n], p[:n])
	})
}

// reads reports whether is holds for the whole path of any comparison; in is
// the attribute of the value filter that e stands in.
func reads(e Expr, in schema.AttrPath, is func(schema.AttrPath) bool) bool {
	switch e := e.(type) {
	case And:
		return reads(e.Left, in, is) || reads(e.Right, in, is)
	case Or:
		return reads(e.Left, in, is) || reads(e.Right, in, is)
	case Not:
		return reads(e.Expr, in, is)
	case ValuePath:
		return reads(e.Expr, e.Path, is)
	case Compare:
		p := fullPath(in, e.Path)
		return len(p) > 0 && is(p)
	}
	return false
}

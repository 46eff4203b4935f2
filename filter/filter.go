package filter

import "github.com/seed5f3efb56/scim/schema"

// Op is an attribute operator (RFC 7644 §3.4.2.2, Table 3).
type Op uint8

// The operators of RFC 7644 Table 3.
const (
	PR Op = iota
	EQ
	NE
	CO
	SW
	EW
	GT
	GE
	LT
	LE
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
// no literal; it holds for a value that is not an empty string (T-13).
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
}

// New returns a filter of an expression made by a program, for example a part
// of another filter. The expression must fit the resource type; it is not
// checked.
func New(e Expr) *Filter { return &Filter{e} }

// Expr returns the expression.
func (f *Filter) Expr() Expr { return f.expr }

// Match reports whether the resource satisfies the filter. It cannot fail.
func (f *Filter) Match(r *schema.Resource) bool { panic("stub") }

// String returns the filter in RFC 7644 syntax, with schema spelling and
// literals in JSON; parsing it gives an equal filter. It contains what the
// client sent and does not belong in a log.
func (f *Filter) String() string { panic("stub") }

// Uses reports whether any comparison reads the root attribute a.
func (f *Filter) Uses(a *schema.Attribute) bool { panic("stub") }

// Path is a compiled PATCH path (RFC 7644 §3.5.2, Figure 7):
// attrPath / valuePath [subAttr].
type Path struct {
	Attr   schema.AttrPath   // the attribute; for a value path the one before the bracket
	Filter Expr              // the value filter, nil without brackets; paths relative to the value
	Sub    *schema.Attribute // the sub-attribute after the bracket, or nil
}

// Matches reports whether one value of the attribute satisfies the path's
// filter; true without a filter.
func (p *Path) Matches(v schema.Value) bool { panic("stub") }

// String returns the path in RFC 7644 syntax with the schema's spelling.
func (p *Path) String() string { panic("stub") }

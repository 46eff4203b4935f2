package filter

import (
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// binder puts literals into a shape. Checking them is the last thing that can
// fail.
type binder struct {
	lits    []literal
	profile schema.Profile
	in      schema.AttrPath // the attribute whose value filter is bound
}

func (b *binder) bind(n *node) (Expr, *Error) {
	switch n.kind {
	case nodeCompare:
		return b.compare(n)
	case nodeValuePath:
		b.in = n.path
		e, err := b.bind(n.left)
		b.in = nil
		return ValuePath{n.path, e}, err
	}
	left, err := b.bind(n.left)
	if err != nil || n.kind == nodeNot {
		return Not{left}, err
	}
	right, err := b.bind(n.right)
	if n.kind == nodeAnd {
		return And{left, right}, err
	}
	return Or{left, right}, err
}

func (b *binder) compare(n *node) (Expr, *Error) {
	if n.lit < 0 {
		return Compare{Path: n.path, Op: n.op}, nil
	}
	lit := b.lits[n.lit]
	if lit.kind == literalNull {
		if n.op != EQ && n.op != NE { // Z-12
			return nil, b.fail(n, lit, "null can only be compared with eq and ne")
		}
		return Compare{Path: n.path, Op: n.op, Null: true}, nil
	}
	if len(n.path) == 0 {
		return Compare{Op: n.op, Value: untyped(lit)}, nil
	}
	v, problem := b.value(n.path.Last(), n.op, lit)
	if problem != "" {
		return nil, b.fail(n, lit, problem)
	}
	return Compare{Path: n.path, Op: n.op, Value: v}, nil
}

func (b *binder) fail(n *node, lit literal, detail string) *Error {
	path := fullPath(b.in, n.path).String()
	return &Error{at: lit.at, Err: &schema.Error{Type: schema.ErrorInvalidFilter, Path: path, Detail: detail}}
}

// value makes a literal a value of the attribute's type (F-33), or returns the
// problem, which does not repeat the literal.
func (b *binder) value(a *schema.Attribute, op Op, lit literal) (v schema.Value, problem string) {
	switch a.Type {
	case schema.TypeBoolean:
		return b.boolean(lit)
	case schema.TypeInteger, schema.TypeDecimal:
		if lit.kind == literalString && b.profile.NumberStrings {
			lit.kind, lit.text = literalNumber, strings.TrimSpace(lit.text)
		}
		if lit.kind != literalNumber || a.Type == schema.TypeInteger && strings.ContainsAny(lit.text, ".eE") {
			return v, "must be compared with a JSON number of type " + a.Type.String()
		}
		return b.scalar(a, lit)
	}
	if lit.kind == literalNumber && a.Type == schema.TypeString && b.profile.NumberStrings {
		lit.kind = literalString
	}
	if lit.kind != literalString {
		return v, "must be compared with a string in double quotes"
	}
	switch a.Type {
	case schema.TypeString:
		return schema.String(lit.text), ""
	case schema.TypeReference:
		return reference(a, op, lit), ""
	}
	return b.scalar(a, lit)
}

// reference makes a URI canonical, as those it is compared with are (N-4). A
// part of a URI stays as it is, and so does a text that is not a URI.
func reference(a *schema.Attribute, op Op, lit literal) schema.Value {
	if op == EQ || op == NE {
		if v, err := schema.ParseScalar(a, lit.text); err == nil {
			return v
		}
	}
	return schema.Reference(lit.text)
}

// boolean also reads "True", which Entra ID sends.
func (b *binder) boolean(lit literal) (v schema.Value, problem string) {
	if lit.kind == literalBoolean {
		return schema.Boolean(lit.text == "true"), ""
	}
	if lit.kind == literalString && b.profile.StringBooleans {
		switch {
		case strings.EqualFold(lit.text, "true"):
			return schema.Boolean(true), ""
		case strings.EqualFold(lit.text, "false"):
			return schema.Boolean(false), ""
		}
	}
	return v, "must be compared with true or false"
}

// scalar reads a dateTime, binary or number under the rules of values in
// bodies.
func (b *binder) scalar(a *schema.Attribute, lit literal) (v schema.Value, problem string) {
	v, err := schema.ParseScalarFor(a, lit.text, b.profile)
	if err != nil {
		return schema.Value{}, "must be compared with a valid " + a.Type.String()
	}
	return v, ""
}

// untyped makes a value of a literal whose attribute is unknown.
func untyped(lit literal) schema.Value {
	switch lit.kind {
	case literalBoolean:
		return schema.Boolean(lit.text == "true")
	case literalNumber:
		f, _ := strconv.ParseFloat(lit.text, 64)
		return schema.Decimal(lit.text, f)
	}
	return schema.String(lit.text)
}

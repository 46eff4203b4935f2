package filter

import "github.com/seed5f3efb56/scim/schema"

// How tightly operators bind (F-18); an operand that binds less than its place
// asks for stands in parentheses. Both connectives group to the left.
const (
	bindOr = 1 + iota
	bindAnd
	bindNot
)

// noAttribute is how an attribute is written that the resource type does not
// have: any name in a schema of that URI does, and none is registered.
const noAttribute = "urn:none:none"

// appendExpr appends an expression that stands where at least the binding
// strength place is asked for; in is the attribute of its value filter.
func appendExpr(dst []byte, e Expr, place int, in schema.AttrPath) []byte {
	switch e := e.(type) {
	case And:
		return appendPair(dst, " and ", e.Left, e.Right, bindAnd, place, in)
	case Or:
		return appendPair(dst, " or ", e.Left, e.Right, bindOr, place, in)
	case Not:
		dst = append(dst, "not ("...)
		return append(appendExpr(dst, e.Expr, 0, in), ')')
	case ValuePath:
		dst = append(append(dst, e.Path.String()...), '[')
		return append(appendExpr(dst, e.Expr, 0, e.Path), ']')
	case Compare:
		return appendCompare(dst, e, in)
	}
	return dst
}

func appendPair(dst []byte, word string, left, right Expr, strength, place int, in schema.AttrPath) []byte {
	if strength < place {
		dst = append(dst, '(')
	}
	dst = appendExpr(dst, left, strength, in)
	dst = append(dst, word...)
	dst = appendExpr(dst, right, strength+1, in)
	if strength < place {
		dst = append(dst, ')')
	}
	return dst
}

func appendCompare(dst []byte, e Compare, in schema.AttrPath) []byte {
	switch {
	case len(e.Path) == 0:
		dst = append(dst, noAttribute...)
	case len(in) > 0 && e.Path.Last() == in.Last():
		dst = append(dst, "value"...)
	default:
		dst = append(dst, e.Path.String()...)
	}
	dst = append(append(dst, ' '), e.Op.String()...)
	if e.Op == PR {
		return dst
	}
	dst = append(dst, ' ')
	if e.Null {
		return append(dst, "null"...)
	}
	return appendLiteral(dst, e.Value)
}

func appendLiteral(dst []byte, v schema.Value) []byte {
	switch v.Type() {
	case schema.TypeBoolean, schema.TypeInteger, schema.TypeDecimal:
		return append(dst, v.Text()...)
	}
	return schema.AppendJSONString(dst, v.Text())
}

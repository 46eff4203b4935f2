package filter

import (
	grammar "github.com/scim2/filter-parser/v2"

	"github.com/seed5f3efb56/scim/schema"
)

// shape is a compiled filter or path without its literals. It is immutable.
type shape struct {
	root *node // nil for a path without a filter

	// For paths only.
	attr schema.AttrPath
	sub  *schema.Attribute
}

// node is an expression whose comparisons know which literal is theirs.
type node struct {
	kind  nodeKind
	left  *node // also the operand of not, and the filter in the brackets
	right *node
	path  schema.AttrPath
	op    Op
	lit   int // index of the literal; -1 for pr
}

type nodeKind uint8

const (
	nodeCompare nodeKind = iota
	nodeAnd
	nodeOr
	nodeNot
	nodeValuePath
)

// compiler turns the shape of one text into a tree. It visits the parts of the
// text in the order in which they were written, so literals, value filters and
// attributes are found by counting.
type compiler struct {
	*scanner
	rest    []byte          // value filters not yet visited, each followed by a 0
	lit     int             // literals used up
	operand int             // attributes visited
	in      schema.AttrPath // the attribute whose value filter is visited
}

// compile parses and resolves the shape that the scanner found.
func (s *scanner) compile() (*shape, *Error) {
	c := &compiler{scanner: s, rest: s.bodies}
	if s.main[0] == kindPath {
		return c.path()
	}
	e, err := grammar.ParseFilter(s.main[1:])
	if err != nil {
		return nil, c.malformed()
	}
	n, failed := c.expr(e)
	if failed != nil {
		return nil, failed
	}
	return &shape{root: n}, nil
}

// failAt returns an error at the attribute visited last.
func (c *compiler) failAt(p schema.AttrPath, detail string) *Error {
	err := c.fail(operandAt(c.text, c.tokens, c.operand-1), detail)
	err.Err.Path = fullPath(c.in, p).String()
	return err
}

// fullPath returns the whole path of an attribute named in the value filter of
// another; in is nil outside of value filters.
func fullPath(in, p schema.AttrPath) schema.AttrPath {
	if len(in) == 0 {
		return p
	}
	if len(p) == 0 || p.Last() == in.Last() {
		return in
	}
	return append(in[:len(in):len(in)], p...)
}

func (c *compiler) malformed() *Error {
	at, detail := explain(c.text, c.tokens)
	return c.fail(at, detail)
}

func (c *compiler) expr(e grammar.Expression) (*node, *Error) {
	switch e := e.(type) {
	case *grammar.LogicalExpression:
		left, err := c.expr(e.Left)
		if err != nil {
			return nil, err
		}
		right, err := c.expr(e.Right)
		if err != nil {
			return nil, err
		}
		if e.Operator == grammar.AND {
			return &node{kind: nodeAnd, left: left, right: right}, nil
		}
		return &node{kind: nodeOr, left: left, right: right}, nil
	case *grammar.NotExpression:
		operand, err := c.expr(e.Expression)
		if err != nil {
			return nil, err
		}
		return &node{kind: nodeNot, left: operand}, nil
	case *grammar.AttributeExpression:
		return c.attrExp(e)
	}
	return nil, c.malformed()
}

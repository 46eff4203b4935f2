package filter

import (
	"bytes"

	grammar "github.com/scim2/filter-parser/v2"

	"github.com/seed5f3efb56/scim/schema"
)

func (c *compiler) attrExp(e *grammar.AttributeExpression) (*node, *Error) {
	op, ok := parseOp(string(e.Operator))
	if !ok {
		return nil, c.malformed()
	}
	c.operand++
	name := readName(e.AttributePath)
	if name.bracket {
		return c.valuePath(name, op)
	}
	p, err := c.resolve(name)
	if err != nil {
		return nil, err
	}
	return c.compare(p, op)
}

// compare makes a comparison of the attribute at the path; unless it is pr it
// takes the next literal.
func (c *compiler) compare(p schema.AttrPath, op Op) (*node, *Error) {
	n := &node{kind: nodeCompare, path: p, op: op, lit: -1}
	if op != PR {
		n.lit = c.lit
		c.lit++
	}
	if len(p) == 0 {
		return n, nil
	}
	if p.Last().Type == schema.TypeComplex && op != PR {
		value, err := c.value(p)
		if err != nil {
			return nil, err
		}
		n.path = value
	}
	if t := n.path.Last().Type; !opsOf(t).Has(op) {
		return nil, c.failAt(n.path, "operator "+op.String()+" does not apply to type "+t.String())
	}
	return n, nil
}

// value completes the path of a complex attribute that is compared as a whole
// by its sub-attribute "value": a multi-valued one always, since RFC 7644
// Figure 2 does it (Z-10), a singular one for Entra ID (manager eq "id").
func (c *compiler) value(p schema.AttrPath) (schema.AttrPath, *Error) {
	a := p.Last()
	v := a.Public("value")
	if v == nil || v.Secret() || isExtension(p) || !a.MultiValued && !c.opts.Profile.SubAttributeFilters {
		return nil, c.failAt(p, "the attribute is complex; compare one of its sub-attributes") // F-25
	}
	return append(p[:len(p):len(p)], v), nil
}

// isExtension reports whether the path names an extension as a whole.
func isExtension(p schema.AttrPath) bool { return len(p) == 1 && p.Extension() }

// valuePath makes attr[filter], and attr[filter].sub op value, which Entra ID
// sends, as attr[(filter) and sub op value].
func (c *compiler) valuePath(name attrName, op Op) (*node, *Error) {
	name, sub := name.cutSub()
	p, err := c.resolve(name)
	if err != nil {
		return nil, err
	}
	if len(p) == 0 {
		return c.nothing(sub, op)
	}
	if !filterable(p) {
		return nil, c.failAt(p, "the attribute has no sub-attributes to filter by")
	}
	if sub != "" && !c.opts.Profile.SubAttributeFilters {
		return nil, c.failAt(p, "a sub-attribute cannot follow the brackets of a filter; compare it within them")
	}
	body, err := c.body(p)
	if err != nil || sub == "" {
		return &node{kind: nodeValuePath, path: p, left: body}, err
	}
	cmp, err := c.subCompare(p, sub, op)
	if err != nil {
		return nil, err
	}
	return &node{kind: nodeValuePath, path: p, left: &node{kind: nodeAnd, left: body, right: cmp}}, nil
}

// filterable reports whether brackets can follow the attribute: a complex one,
// or a multi-valued simple one, whose elements "value" then names (P-26).
func filterable(p schema.AttrPath) bool {
	a := p.Last()
	return !isExtension(p) && (a.Type == schema.TypeComplex || a.MultiValued)
}

// subCompare makes the comparison after a bracket.
func (c *compiler) subCompare(in schema.AttrPath, sub string, op Op) (*node, *Error) {
	c.in = in
	defer func() { c.in = nil }()
	p, err := c.resolve(attrName{name: sub})
	if err != nil {
		return nil, err
	}
	return c.compare(p, op)
}

// body compiles the next value filter, whose names are sub-attributes of in.
func (c *compiler) body(in schema.AttrPath) (*node, *Error) {
	body, rest, _ := bytes.Cut(c.rest, []byte{0})
	c.rest = rest
	c.in, c.inBody = in, true
	defer func() { c.in, c.inBody = nil, false }()
	e, err := grammar.ParseFilter(body)
	if err != nil {
		return nil, c.malformed()
	}
	return c.expr(e)
}

// nowhere is the attribute of an unknown name; it has no sub-attributes.
var nowhere = schema.AttrPath{{Type: schema.TypeComplex}}

// nothing reads over a value filter of an attribute that this resource type
// does not have (Options.AnyType). It has no value that could match.
func (c *compiler) nothing(sub string, op Op) (*node, *Error) {
	if _, err := c.body(nowhere); err != nil {
		return nil, err
	}
	if sub != "" {
		if _, err := c.subCompare(nowhere, sub, op); err != nil {
			return nil, err
		}
	}
	return &node{kind: nodeCompare, op: PR, lit: -1}, nil
}

package filter

import (
	"bytes"

	grammar "github.com/scim2/filter-parser/v2"

	"github.com/seed5f3efb56/scim/schema"
)

// Path is a compiled PATCH path (RFC 7644 §3.5.2, Figure 7):
// attrPath / valuePath [subAttr].
//
// A path may also be a comparison of a multi-valued simple attribute
// (schemas eq "urn:…", P-26), which is read as schemas[value eq "urn:…"].
type Path struct {
	Attr   schema.AttrPath   // the attribute; for a value path the one before the bracket
	Filter Expr              // the value filter as in [ValuePath], nil without brackets
	Sub    *schema.Attribute // the sub-attribute after the bracket, or nil

	test *test // of Filter; nil if the path was made by hand
}

// Matches reports whether one value of the attribute satisfies the path's
// filter; true without a filter.
func (p *Path) Matches(v schema.Value) bool { return p.matches(v, nil) }

// MatchesWithin is Matches for as much work as the budget has; the error is that
// of [Budget.Spend].
func (p *Path) MatchesWithin(v schema.Value, b *Budget) (bool, error) {
	ok := p.matches(v, b)
	return ok, b.Spend(0)
}

func (p *Path) matches(v schema.Value, b *Budget) bool {
	switch {
	case p.Filter == nil:
		return true
	case p.test == nil:
		return newTest(p.Filter, p.Attr).value(v, b)
	}
	return p.test.value(v, b)
}

// String returns the path in RFC 7644 syntax with the schema's spelling.
func (p *Path) String() string {
	dst := []byte(p.Attr.String())
	if p.Filter != nil {
		dst = append(dst, '[')
		dst = appendExpr(dst, p.Filter, 0, p.Attr)
		dst = append(dst, ']')
	}
	if p.Sub != nil {
		dst = append(dst, '.')
		dst = append(dst, p.Sub.Name...)
	}
	return string(dst)
}

// path compiles a path. Unlike in a filter, attributes may be secret here: a
// password can be set, not asked for.
func (c *compiler) path() (*shape, *Error) {
	text := c.main[1:]
	if bytes.IndexByte(text, ' ') >= 0 {
		return c.selection(text)
	}
	p, err := grammar.ParseAttrPath(text)
	if err != nil {
		return nil, c.noPath()
	}
	c.operand++
	n := readName(p)
	name, sub := n.cutSub()
	sh := &shape{attr: c.find(name)}
	if sh.attr == nil {
		return nil, c.undefined(c.unknown(name)) // P-17, Z-23
	}
	if n.bracket {
		if !filterable(sh.attr) {
			return nil, c.failAt(sh.attr, "the attribute has no sub-attributes to filter by")
		}
		var failed *Error
		if sh.root, failed = c.body(sh.attr); failed != nil {
			return nil, failed
		}
	}
	if sub != "" {
		if sh.sub = sh.attr.Last().Public(sub); sh.sub == nil {
			return nil, c.undefined(c.failAt(sh.attr, "unknown sub-attribute "+schema.Quote(c.sent(sub))))
		}
	}
	return sh, nil
}

// selection compiles the form attr op literal (P-26).
func (c *compiler) selection(text []byte) (*shape, *Error) {
	e, err := grammar.ParseAttrExp(text)
	if err != nil {
		return nil, c.noPath()
	}
	op, ok := parseOp(string(e.Operator))
	n := readName(e.AttributePath)
	if !ok || n.bracket {
		return nil, c.noPath()
	}
	c.operand++
	p := c.find(n)
	switch {
	case p == nil:
		return nil, c.undefined(c.unknown(n))
	case p.Last().Type == schema.TypeComplex || !p.Last().MultiValued:
		return nil, c.failAt(p, "a comparison without brackets applies to multi-valued simple attributes only")
	}
	c.in, c.inBody = p, true
	cmp, failed := c.compare(schema.AttrPath{p.Last()}, op)
	return &shape{attr: p, root: cmp}, failed
}

func (c *compiler) noPath() *Error {
	return c.fail(noPosition, "the text is not an attribute path (RFC 7644 Figure 7)")
}

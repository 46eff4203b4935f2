package filter

import (
	"strconv"
	"strings"

	grammar "github.com/scim2/filter-parser/v2"

	"github.com/seed5f3efb56/scim/schema"
)

// attrName is an attribute path as it stands in a shape.
type attrName struct {
	uri     int // 0 for none, 1 for the base schema, then the extensions
	name    string
	sub     string
	bracket bool // a value filter follows name, or name.sub if dotted
	dotted  bool
	bare    bool // the URI alone
	unknown bool // the URI is not one of the type
}

// readName reads a name as scanner.prefix and scanner.name wrote it.
func readName(p grammar.AttributePath) attrName {
	n := attrName{
		name: strings.ReplaceAll(p.AttributeName, string(markDollar), "$"),
		sub:  strings.ReplaceAll(p.SubAttributeName(), string(markDollar), "$"),
	}
	for i, c := range p.URI() {
		switch c {
		case markValue:
			n.bracket = true
		case markDotted:
			n.bracket, n.dotted = true, true
		case markBare:
			n.bare = true
		case markUnknown:
			n.unknown = true
		default:
			n.uri, _ = strconv.Atoi(p.URI()[i:])
			return n
		}
	}
	return n
}

// cutSub separates the sub-attribute after the brackets from the attribute
// before them.
func (n attrName) cutSub() (attr attrName, sub string) {
	if n.bracket && !n.dotted {
		n.sub, sub = "", n.sub
	}
	return n, sub
}

// resolve finds the attribute a filter names. It is nil for an unknown one
// with AnyType. Secrets are unknown here, so that a filter is no oracle for a
// password.
func (c *compiler) resolve(n attrName) (schema.AttrPath, *Error) {
	p := c.find(n)
	for _, a := range p {
		if a.Secret() {
			p = nil
			break
		}
	}
	if p == nil && !(c.opts.AnyType && c.main[0] == kindFilter) {
		return nil, c.unknown(n) // F-34
	}
	return p, nil
}

func (c *compiler) unknown(n attrName) *Error {
	return c.failAt(nil, "unknown attribute "+schema.Quote(c.sent(c.spelling(n))))
}

// sent returns a name, which the shape has in lower case, as the client wrote it.
func (c *compiler) sent(name string) string {
	rest := c.text[operandAt(c.text, c.tokens, c.operand-1):]
	for ; len(rest) >= len(name); rest = rest[1:] {
		if strings.EqualFold(rest[:len(name)], name) {
			return rest[:len(name)]
		}
	}
	return name
}

// find resolves a name, within brackets relative to the attribute before them;
// nil if there is no such attribute.
func (c *compiler) find(n attrName) schema.AttrPath {
	switch {
	case n.unknown:
		return nil
	case len(c.in) > 0:
		return findSub(c.in.Last(), n)
	}
	p, _ := c.typ.ResolveFor(c.spelling(n), c.opts.Profile)
	return p
}

// findSub resolves a name within brackets. The elements of a simple attribute
// have no sub-attributes; "value" names the element, for which the attribute
// itself stands in the path (P-26).
func findSub(in *schema.Attribute, n attrName) schema.AttrPath {
	if n.uri != 0 || n.sub != "" {
		return nil
	}
	if in.Type != schema.TypeComplex {
		if n.name != "value" {
			return nil
		}
		return schema.AttrPath{in}
	}
	if a := in.Public(n.name); a != nil {
		return schema.AttrPath{a}
	}
	return nil
}

// spelling returns the name in the notation of RFC 7644 §3.10.
func (c *compiler) spelling(n attrName) string {
	uri := ""
	switch {
	case n.uri == 1:
		uri = c.typ.Schema.ID
	case n.uri > 1:
		uri = c.typ.Extensions[n.uri-2].Schema.ID
	}
	if n.bare {
		return uri
	}
	text := n.name
	if n.sub != "" {
		text += "." + n.sub
	}
	if uri != "" {
		text = uri + ":" + text
	}
	return text
}

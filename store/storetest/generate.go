package storetest

import (
	"strings"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// generator makes expressions about paths from stored values.
type generator struct {
	kit   *kit
	paths []operand
}

// operand is a path with literals to compare it with.
type operand struct {
	path     schema.AttrPath
	literals []schema.Value
}

const literals = 6 // how many of a path, at most, before they are varied

func (g *generator) add(p schema.AttrPath, rs []*schema.Resource) {
	o := operand{path: p}
	var found []schema.Value
	for _, r := range rs {
		for v := range p.Values(r) {
			if p.Last().Type != schema.TypeComplex {
				found = append(found, v)
			}
		}
	}
	for range min(literals, len(found)) {
		v := found[g.kit.rand.IntN(len(found))]
		o.literals = append(o.literals, v)
		// The same id in another case is another id: not varied.
		if v.Type() == schema.TypeString && p[0] != rs[0].Type.Members() {
			o.literals = append(o.literals, schema.String(g.vary(v.Text())))
		}
	}
	if p.Last().Type == schema.TypeBoolean {
		o.literals = []schema.Value{schema.Boolean(true), schema.Boolean(false)}
	}
	g.paths = append(g.paths, o)
}

// vary makes a text that an operator may or may not consider equal.
func (g *generator) vary(s string) string {
	runes := []rune(s)
	cut := g.kit.rand.IntN(len(runes) + 1)
	switch g.kit.rand.IntN(10) {
	case 0:
		return strings.ToUpper(s)
	case 1:
		return strings.ToLower(s)
	case 2:
		return strings.Map(widen, s)
	case 3:
		return decompose.Replace(s)
	case 4:
		return string(runes[:cut])
	case 5:
		return string(runes[cut:])
	case 6:
		return string(runes[cut/2 : cut])
	case 7:
		return s + " "
	case 8:
		return []string{"%", "_", `\`, "'", `"`, "*", "", "\x00"}[g.kit.rand.IntN(8)]
	}
	return string(runes[:cut]) + "_" + string(runes[min(cut+1, len(runes)):])
}

// widen returns the full-width form of an ASCII character.
func widen(r rune) rune {
	if '!' <= r && r <= '~' {
		return r + 0xfee0
	}
	return r
}

var decompose = strings.NewReplacer("\u00e9", "e\u0301", "\u00fc", "u\u0308")

// operators returns the operators of a type (RFC 7644 §3.4.2.2).
func operators(t schema.Type) []filter.Op {
	switch t {
	case schema.TypeString, schema.TypeReference:
		return []filter.Op{filter.EQ, filter.NE, filter.CO, filter.SW, filter.EW, filter.GT, filter.GE, filter.LT, filter.LE}
	case schema.TypeBoolean, schema.TypeBinary:
		return []filter.Op{filter.EQ, filter.NE}
	case schema.TypeComplex:
		return nil
	}
	return []filter.Op{filter.EQ, filter.NE, filter.GT, filter.GE, filter.LT, filter.LE}
}

// everyComparison returns each path with each operator and literal, also
// within a value path.
func (g *generator) everyComparison() []filter.Expr {
	var out []filter.Expr
	both := func(c filter.Compare) {
		out = append(out, c)
		if v, ok := valuePath(c); ok {
			out = append(out, v)
		}
	}
	for _, o := range g.paths {
		a := o.path.Last()
		both(filter.Compare{Path: o.path, Op: filter.PR})
		both(filter.Compare{Path: o.path, Op: filter.EQ, Null: true})
		both(filter.Compare{Path: o.path, Op: filter.NE, Null: true})
		for _, op := range operators(a.Type) {
			for _, v := range o.literals {
				both(filter.Compare{Path: o.path, Op: op, Value: v})
			}
		}
	}
	return append(out, filter.Compare{Op: filter.PR}, filter.Compare{Op: filter.NE, Value: schema.String("x")})
}

// valuePath turns a.b op x into a[b op x].
func valuePath(c filter.Compare) (filter.ValuePath, bool) {
	n := len(c.Path) - 1
	if n < 1 || c.Path[n-1].Type != schema.TypeComplex || c.Path[:n].Extension() && n == 1 {
		return filter.ValuePath{}, false
	}
	outer := c.Path[:n]
	c.Path = c.Path[n:]
	return filter.ValuePath{Path: outer, Expr: c}, true
}

// pairs returns value paths with two conditions that are met by one value, or by
// two different values of a resource.
func (g *generator) pairs(rs []*schema.Resource) []filter.Expr {
	var out []filter.Expr
	for _, r := range rs {
		for a, v := range r.Attributes.All() {
			if !a.MultiValued || a.Type != schema.TypeComplex {
				continue
			}
			x, y := v.At(g.kit.rand.IntN(v.Len())), v.At(g.kit.rand.IntN(v.Len()))
			out = append(out, filter.ValuePath{Path: schema.AttrPath{a}, Expr: filter.And{Left: g.has(x), Right: g.has(y)}})
		}
	}
	return out
}

// has returns a condition that a complex value meets.
func (g *generator) has(v schema.Value) filter.Expr {
	var all []filter.Expr
	for a, w := range v.Object().All() {
		all = append(all, filter.Compare{Path: schema.AttrPath{a}, Op: filter.EQ, Value: w})
	}
	return all[g.kit.rand.IntN(len(all))]
}

func (g *generator) expr(depth int) filter.Expr {
	if depth > 0 {
		switch g.kit.rand.IntN(6) {
		case 0, 1:
			return filter.And{Left: g.expr(depth - 1), Right: g.expr(depth - 1)}
		case 2:
			return filter.Or{Left: g.expr(depth - 1), Right: g.expr(depth - 1)}
		case 3:
			return filter.Not{Expr: g.expr(depth - 1)}
		}
	}
	c := g.comparison(g.paths)
	if v, ok := valuePath(c); ok && g.kit.rand.IntN(2) == 0 {
		v.Expr = g.withCondition(v.Path, v.Expr)
		return v
	}
	return c
}

// withCondition returns a value path with a comparison and another condition.
func (g *generator) withCondition(p schema.AttrPath, e filter.Expr) filter.Expr {
	var siblings []operand
	for _, o := range g.paths {
		if n := len(o.path) - 1; n == len(p) && o.path[n-1] == p[n-1] {
			siblings = append(siblings, o)
		}
	}
	c := g.comparison(siblings)
	c.Path = c.Path[len(p):]
	switch g.kit.rand.IntN(4) {
	case 0:
		return filter.Or{Left: e, Right: c}
	case 1:
		return filter.And{Left: e, Right: filter.Not{Expr: c}}
	}
	return filter.And{Left: e, Right: c}
}

func (g *generator) comparison(from []operand) filter.Compare {
	o := from[g.kit.rand.IntN(len(from))]
	ops := operators(o.path.Last().Type)
	if len(ops) == 0 || len(o.literals) == 0 {
		return filter.Compare{Path: o.path, Op: filter.PR}
	}
	return filter.Compare{
		Path:  o.path,
		Op:    ops[g.kit.rand.IntN(len(ops))],
		Value: o.literals[g.kit.rand.IntN(len(o.literals))],
	}
}

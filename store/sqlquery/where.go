package sqlquery

import (
	"strings"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// scope is one element of a multi-valued attribute, in which the paths of a
// value filter are.
type scope interface {
	// operand returns what a sub-attribute is in the element; false if that
	// is not known.
	operand(a *schema.Attribute) (operand, bool)
	// exists writes the condition that there is the element at all.
	exists(s *statement)
}

// operand is what a comparison compares: a column, or the same value in every
// row, which may be none.
type operand struct {
	column Column
	fixed  schema.Value
}

func (o operand) isColumn() bool { return o.column.Expr != "" }

const (
	always = "1 = 1"
	never  = "1 = 0"
)

func constant(b bool) string {
	if b {
		return always
	}
	return never
}

// combine writes the nodes that are the same everywhere, and leaves
// comparisons and value paths to leaf.
func combine(s *statement, e filter.Expr, leaf func(filter.Expr) error) error {
	both := func(left filter.Expr, op string, right filter.Expr) error {
		s.add("(")
		if err := combine(s, left, leaf); err != nil {
			return err
		}
		s.add(op)
		if err := combine(s, right, leaf); err != nil {
			return err
		}
		s.add(")")
		return nil
	}
	switch e := e.(type) {
	case filter.And:
		return both(e.Left, " AND ", e.Right)
	case filter.Or:
		return both(e.Left, " OR ", e.Right)
	case filter.Not:
		s.add("NOT (")
		err := combine(s, e.Expr, leaf)
		s.add(")")
		return err
	}
	return leaf(e)
}

// root writes an expression about a resource.
func (t *Translator) root(s *statement, e filter.Expr) error {
	return combine(s, e, func(e filter.Expr) error {
		if t.special != nil && t.special(s, e) {
			return nil
		}
		switch e := e.(type) {
		case filter.ValuePath:
			return t.valuePath(s, e)
		case filter.Compare:
			return t.compare(s, e)
		}
		return errUnsupported
	})
}

func (t *Translator) valuePath(s *statement, e filter.ValuePath) error {
	list, ok := t.lists[e.Path.String()]
	if !ok {
		return errUnsupported
	}
	return list.some(s, func(s *statement, row scope) error {
		return combine(s, e.Expr, func(e filter.Expr) error {
			c, ok := e.(filter.Compare)
			if !ok {
				return errUnsupported
			}
			return t.within(s, row, c)
		})
	})
}

// within writes a comparison inside of brackets.
func (t *Translator) within(s *statement, row scope, c filter.Compare) error {
	if len(c.Path) == 0 {
		s.add(unassigned(c))
		return nil
	}
	o, ok := row.operand(c.Path.Last())
	if !ok || len(c.Path) > 1 {
		return errUnsupported
	}
	return s.negatable(c, func(c filter.Compare) error {
		return s.some(o, c, len(c.Path) == 1 && isPrimary(c.Path.Last()))
	})
}

// compare writes a comparison of an attribute of the resource.
func (t *Translator) compare(s *statement, c filter.Compare) error {
	if len(c.Path) == 0 {
		s.add(unassigned(c))
		return nil
	}
	if !c.Path.MultiValued() {
		column, ok := t.columns[c.Path.String()]
		if !ok {
			return errUnsupported
		}
		return s.negatable(c, func(c filter.Compare) error { return s.some(operand{column: column}, c, false) })
	}
	for i, a := range c.Path {
		if list, ok := t.lists[c.Path[:i+1].String()]; ok && a.MultiValued && i+2 >= len(c.Path) {
			return s.negatable(c, func(c filter.Compare) error { return s.any(list, c, a) })
		}
	}
	return errUnsupported
}

// any writes that any element satisfies a comparison that is not negated.
func (s *statement) any(list values, c filter.Compare, a *schema.Attribute) error {
	return list.some(s, func(s *statement, row scope) error {
		if c.Path.Last() == a && a.Type == schema.TypeComplex {
			if c.Op != filter.PR && !c.Null {
				return errUnsupported
			}
			row.exists(s)
			return nil
		}
		o, ok := row.operand(c.Path.Last())
		if !ok {
			return errUnsupported
		}
		return s.some(o, c, c.Path.Last() != a && isPrimary(c.Path.Last()))
	})
}

// negatable writes ne as not eq, and eq null as not ne null (Z-11, Z-12), so
// that what is left asks whether there is a value of which something holds.
func (s *statement) negatable(c filter.Compare, positive func(filter.Compare) error) error {
	negate := (c.Op == filter.NE) != c.Null
	if c.Op == filter.NE {
		c.Op = filter.EQ
	}
	if !negate {
		return positive(c)
	}
	s.add("NOT (")
	err := positive(c)
	s.add(")")
	return err
}

// unassigned decides a comparison of an attribute that the type does not have.
func unassigned(c filter.Compare) string { return constant(c.Null != (c.Op == filter.NE)) }

// isPrimary: a missing "primary" is false (RFC 7643 §2.4).
func isPrimary(a *schema.Attribute) bool {
	return a.Type == schema.TypeBoolean && strings.EqualFold(a.Name, "primary")
}

// some writes that the operand has a value which satisfies the comparison;
// with Null, that it has a value.
func (s *statement) some(o operand, c filter.Compare, primary bool) error {
	if !o.isColumn() {
		s.add(constant(fixedHolds(o.fixed, c, primary)))
		return nil
	}
	a := c.Path.Last()
	switch {
	case c.Null:
		s.present(a, o.column)
		return nil
	case c.Op == filter.PR:
		s.filled(a, o.column)
		return nil
	}
	if primary {
		o.column.NeverNull = true // NULL compares as false
	}
	return s.holds(a, o.column, c)
}

// fixedHolds decides a comparison with a value that is the same in all rows.
func fixedHolds(v schema.Value, c filter.Compare, primary bool) bool {
	if primary && !v.Assigned() && !c.Null && c.Op != filter.PR {
		v = schema.Boolean(false)
	}
	if c.Null || !v.Assigned() {
		return c.Null && v.Assigned()
	}
	// The comparison as of a resource whose only attribute has the value.
	a := c.Path.Last()
	o := (&schema.Object{}).With(a, v)
	probe := &schema.Resource{Attributes: o}
	return filter.New(filter.Compare{Path: schema.AttrPath{a}, Op: c.Op, Value: c.Value}).Match(probe)
}

func isText(a *schema.Attribute) bool {
	return a.Type == schema.TypeString || a.Type == schema.TypeReference || a.Type == schema.TypeBinary
}

// present writes that the column has a value.
func (s *statement) present(a *schema.Attribute, c Column) {
	switch {
	case !c.NeverNull, a.Type == schema.TypeDateTime:
		s.add(c.Expr, " IS NOT NULL")
	case isText(a):
		s.filled(a, c)
	default:
		s.add(always)
	}
}

// filled writes pr: a value that is not the empty text (T-13).
func (s *statement) filled(a *schema.Attribute, c Column) {
	if !isText(a) {
		s.present(a, c)
		return
	}
	s.add("(", c.Expr, " IS NOT NULL AND ", s.notEmpty(c.Expr), ")")
}

// holds writes that there is a value which satisfies the comparison.
func (s *statement) holds(a *schema.Attribute, c Column, cmp filter.Compare) error {
	var condition func() error
	switch {
	case isText(a):
		condition = func() error { return s.textHolds(a, c, cmp) }
	case a.Type == schema.TypeBoolean && cmp.Op == filter.EQ:
		condition = func() error { return s.scalarHolds(c, "FALSE", "=", cmp.Value) }
	case a.Type == schema.TypeInteger:
		condition = func() error { return s.scalarHolds(c, "0", operators[cmp.Op], cmp.Value) }
	case a.Type == schema.TypeDateTime && (s.times || c.instant) && wholeMicroseconds(cmp.Value):
		c.NeverNull = false
		condition = func() error { return s.scalarHolds(c, "", operators[cmp.Op], cmp.Value) }
	default:
		return errUnsupported
	}
	s.add("(")
	s.present(a, c)
	s.add(" AND ")
	err := condition()
	s.add(")")
	return err
}

var operators = map[filter.Op]string{filter.EQ: "=", filter.GT: ">", filter.GE: ">=", filter.LT: "<", filter.LE: "<="}

// wholeMicroseconds: what a database compares.
func wholeMicroseconds(v schema.Value) bool { return v.Time().Nanosecond()%1000 == 0 }

// scalarHolds compares a boolean, number or time; zero stands for NULL in a
// column that is never NULL.
func (s *statement) scalarHolds(c Column, zero, op string, literal schema.Value) error {
	arg, ok := argument(c, literal)
	switch {
	case !ok && op == "=":
		s.add(never)
		return nil
	case !ok || op == "":
		return errUnsupported
	case c.NeverNull:
		s.add("COALESCE(", c.Expr, ", ", zero, ")")
	default:
		s.add(c.Expr)
	}
	s.add(" ", op, " ").arg(arg)
	return nil
}

// argument returns what a column is compared with.
func argument(c Column, v schema.Value) (any, bool) {
	if c.Arg != nil {
		return c.Arg(v)
	}
	switch v.Type() {
	case schema.TypeBoolean:
		return v.Bool() != c.Not, true
	case schema.TypeInteger:
		return v.Int(), true
	case schema.TypeDateTime:
		return v.Time().UTC(), true
	}
	return nil, false
}

// textHolds compares text byte by byte, folded by the key column.
func (s *statement) textHolds(a *schema.Attribute, c Column, cmp filter.Compare) error {
	x, literal := c.Expr, cmp.Value.Text()
	if a.FoldsCase() {
		x, literal = c.Key, schema.FoldKey(literal)
	}
	if x == "" {
		return errUnsupported
	}
	switch cmp.Op {
	case filter.EQ:
		s.equal(s, x, literal)
	case filter.GT, filter.GE, filter.LT, filter.LE:
		s.compare(s, x, operators[cmp.Op], literal)
	case filter.SW, filter.EW, filter.CO:
		return s.part(x, literal, cmp.Op)
	default:
		return errUnsupported
	}
	return nil
}

func (s *statement) part(x, literal string, op filter.Op) error {
	switch {
	case literal == "":
		s.add(x, " IS NOT NULL") // in every text
	case op == filter.SW:
		s.starts(s, x, literal)
	case !s.searchable(literal):
		return errUnsupported
	case op == filter.EW:
		s.ends(s, x, literal)
	default:
		s.contains(s, x, literal)
	}
	return nil
}

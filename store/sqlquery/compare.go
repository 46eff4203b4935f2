package sqlquery

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// some writes that the operand has a value that satisfies the comparison; with
// c.Null, that it has a value. primary means that the attribute is "primary",
// which is false where it is missing.
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

// fixedHolds evaluates a comparison with a value that is the same in all rows.
func fixedHolds(v schema.Value, c filter.Compare, primary bool) bool {
	if primary && !v.Assigned() && !c.Null && c.Op != filter.PR {
		v = schema.Boolean(false)
	}
	if c.Null || !v.Assigned() {
		return c.Null && v.Assigned()
	}
	// Match needs a resource: one with this value and nothing else.
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

// filled writes pr: a value that is not empty text (T-13).
func (s *statement) filled(a *schema.Attribute, c Column) {
	if !isText(a) {
		s.present(a, c)
		return
	}
	s.add("(", c.Expr, " IS NOT NULL AND ", s.notEmpty(c.Expr), ")")
}

// holds writes that the column has a value that satisfies the comparison.
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

// wholeMicroseconds reports whether a time has no digits beyond microseconds,
// which databases do not keep.
func wholeMicroseconds(v schema.Value) bool { return v.Time().Nanosecond()%1000 == 0 }

// scalarHolds writes the comparison of a boolean, number or time. zero replaces
// NULL in a NeverNull column.
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

// argument returns the argument that a column is compared with; false if no row
// can have the value.
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

// textHolds writes the comparison of text, byte by byte. Text that is not
// caseExact is compared by the key column.
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
		s.add(x, " IS NOT NULL") // every text contains the empty text
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

package sqlquery

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// scope is one value of a multi-valued attribute. The paths of a value filter
// are relative to it.
type scope interface {
	// operand returns the operand for a sub-attribute; false if SQL does not
	// have it.
	operand(a *schema.Attribute) (operand, bool)
	// exists writes the condition that the value exists.
	exists(s *statement)
	// filled writes the condition that a sub-attribute is not empty (T-13).
	filled(s *statement) error
}

// operand is the left side of a comparison: a column, or a value that is the
// same in every row and may be unassigned.
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

// combine writes and, or and not. It calls leaf for comparisons and value paths.
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

// root writes an expression whose paths begin at the resource.
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
		return combine(s, e.Expr, func(inner filter.Expr) error {
			c, ok := inner.(filter.Compare)
			if !ok {
				return errUnsupported
			}
			return s.compareElement(row, e.Path.Last(), c)
		})
	})
}

// compareElement writes a comparison inside of brackets, about one element of
// the multi-valued attribute a.
func (s *statement) compareElement(row scope, a *schema.Attribute, c filter.Compare) error {
	if len(c.Path) == 0 {
		s.add(unassigned(c))
		return nil
	}
	o, ok := row.operand(c.Path.Last())
	if !ok || len(c.Path) > 1 {
		return errUnsupported
	}
	return s.negatable(c, func(c filter.Compare) error {
		return s.some(o, c, c.Path.Last() == a.Primary())
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

// any writes that at least one value satisfies a comparison without ne.
func (s *statement) any(list values, c filter.Compare, a *schema.Attribute) error {
	return list.some(s, func(s *statement, row scope) error {
		if c.Path.Last() == a && a.Type == schema.TypeComplex {
			switch {
			case c.Null:
				row.exists(s)
				return nil
			case c.Op == filter.PR:
				return row.filled(s)
			}
			return errUnsupported
		}
		o, ok := row.operand(c.Path.Last())
		if !ok {
			return errUnsupported
		}
		return s.some(o, c, c.Path.Last() == a.Primary())
	})
}

// negatable writes ne as not eq, and eq null as not ne null (Z-11, Z-12). The
// comparison that positive gets holds if some value satisfies it.
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

// unassigned returns the condition for an attribute that the type does not have.
func unassigned(c filter.Compare) string { return constant(c.Null != (c.Op == filter.NE)) }

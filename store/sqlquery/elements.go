package sqlquery

import (
	"slices"

	"github.com/seed5f3efb56/scim/schema"
)

// elements are the values of a multi-valued attribute that are kept in columns
// of the row itself, such as emails[type eq "work"].value.
type elements []*element

// element is one value. Its fields have the same selector.
type element struct {
	fields []*field
	table  func(*field) Column
}

func (es elements) some(s *statement, inner func(*statement, scope) error) error {
	s.add("(")
	for i, e := range es {
		if i > 0 {
			s.add(" OR ")
		}
		s.add("(")
		e.exists(s)
		s.add(" AND ")
		if err := inner(s, e); err != nil {
			return err
		}
		s.add(")")
	}
	s.add(")")
	return nil
}

func (e *element) exists(s *statement) {
	s.add("(")
	for i, f := range e.fields {
		if i > 0 {
			s.add(" OR ")
		}
		s.present(f.path.Last(), e.table(f))
	}
	s.add(")")
}

// filled counts the sub-attributes that the selector fixes, too.
func (e *element) filled(s *statement) error {
	first := e.fields[0]
	if first.primary || slices.ContainsFunc(first.terms, func(t term) bool { return t.value.Text() != "" }) {
		e.exists(s)
		return nil
	}
	s.add("(")
	for i, f := range e.fields {
		if i > 0 {
			s.add(" OR ")
		}
		s.filled(f.path.Last(), e.table(f))
	}
	s.add(")")
	return nil
}

func (e *element) operand(a *schema.Attribute) (operand, bool) {
	for _, f := range e.fields {
		if f.path.Last() == a {
			return operand{column: e.table(f)}, pushable(f)
		}
	}
	first := e.fields[0]
	for _, t := range first.terms {
		if t.sub == a {
			return operand{fixed: t.value}, true
		}
	}
	if first.primary && a == first.list().Last().Primary() {
		return operand{fixed: schema.Boolean(true)}, true
	}
	return operand{}, true // a sub-attribute without a column has no value
}

// addElements adds the fields with a selector to the translator, grouped by
// attribute and selector.
func (t *Table[T]) addElements(w *Translator) {
	for _, f := range t.typed.fields {
		if f.role != roleAttribute || !f.selects() {
			continue
		}
		path := f.path[:len(f.path)-1].String()
		es, _ := w.lists[path].(elements)
		i := slices.IndexFunc(es, func(e *element) bool { return e.fields[0].sameElement(f) })
		if i < 0 {
			i = len(es)
			es = append(es, &element{table: t.expression})
		}
		es[i].fields = append(es[i].fields, f)
		w.lists[path] = es
	}
}

package sqlquery

import (
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// order is a sort order of rows: by at most two terms, then by the tie. Without
// terms it is the order by the tie.
type order struct {
	terms []orderTerm
	tie   orderTerm
}

// orderTerm is one expression of an ORDER BY clause.
type orderTerm struct {
	expr       string
	descending bool
	kind       termKind
	// compared is the expression that a WHERE clause compares in place of expr
	// to continue after a row. It is used only if the terms before are equal, so
	// that a value exists.
	compared string
}

type termKind uint8

const (
	numberTerm termKind = iota // an integer or a boolean
	textTerm
	instantTerm
)

// order returns the order by the values at a path: resources without a value
// come last, or first if descending (RFC 7644 §3.4.2.3). The tie has the same
// direction, so that an index can be read backwards.
func (t *Translator) order(p schema.AttrPath, descending bool) (order, error) {
	if p == nil {
		return order{tie: orderTerm{expr: t.tie}}, nil
	}
	column, ok := t.columns[p.String()]
	if !ok {
		return order{}, errUnsupported
	}
	value, ok := t.valueTerm(p.Last(), column)
	if !ok {
		return order{}, errUnsupported
	}
	value.descending = descending != column.Not
	o := order{tie: orderTerm{expr: t.tie, descending: descending}}
	if column.Always {
		o.terms = []orderTerm{value}
		return o, nil
	}
	present := t.dialect.statement()
	present.present(p.Last(), column)
	if isText(p.Last()) && column.NeverNull { // empty text and NULL both mean no value
		value.expr = t.dialect.bytes("CASE WHEN " + present.String() + " THEN " + value.compared + " END")
	}
	missing := orderTerm{expr: "CASE WHEN " + present.String() + " THEN 0 ELSE 1 END", descending: descending}
	o.terms = []orderTerm{missing, value}
	return o, nil
}

// valueTerm returns the term for the values of a column; false if SQL does not
// order them as schema.SortResources does.
func (t *Translator) valueTerm(a *schema.Attribute, column Column) (orderTerm, bool) {
	x := column.Expr
	switch {
	case isText(a) && a.FoldsCase():
		return orderTerm{expr: t.dialect.bytes(column.Key), kind: textTerm, compared: column.Key}, column.Key != ""
	case isText(a):
		return orderTerm{expr: t.dialect.bytes(x), kind: textTerm, compared: x}, true
	case a.Type == schema.TypeBoolean && column.NeverNull:
		x = "COALESCE(" + x + ", FALSE)"
	case a.Type == schema.TypeInteger && column.NeverNull:
		x = "COALESCE(" + x + ", 0)"
	case a.Type == schema.TypeDateTime && column.instant, a.Type == schema.TypeBoolean, a.Type == schema.TypeInteger:
	case a.Type == schema.TypeDateTime && t.dialect.times:
		return orderTerm{expr: x, kind: instantTerm, compared: x}, true
	default:
		return orderTerm{}, false
	}
	return orderTerm{expr: x, compared: x}, true
}

// String returns the terms of an ORDER BY clause.
func (o order) String() string {
	var b strings.Builder
	for _, t := range append(o.terms[:len(o.terms):len(o.terms)], o.tie) {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.expr)
		if t.descending {
			b.WriteString(" DESC")
		}
	}
	return b.String()
}

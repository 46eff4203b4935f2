package sqlquery

import (
	"github.com/seed5f3efb56/scim/schema"
)

// orderBy returns the terms for the values at a path: those without one last,
// with descending first (RFC 7644 §3.4.2.3).
func (t *Translator) orderBy(p schema.AttrPath, descending bool) (string, error) {
	column, ok := t.columns[p.String()]
	if !ok {
		return "", errUnsupported
	}
	a := p.Last()
	x := column.Expr
	switch {
	case isText(a) && a.FoldsCase() && column.Key == "":
		return "", errUnsupported
	case isText(a) && a.FoldsCase():
		x = t.dialect.bytes(column.Key)
	case isText(a):
		x = t.dialect.bytes(x)
	case a.Type == schema.TypeBoolean && column.NeverNull:
		x = "COALESCE(" + x + ", FALSE)"
	case a.Type == schema.TypeInteger && column.NeverNull:
		x = "COALESCE(" + x + ", 0)"
	case a.Type == schema.TypeBoolean, a.Type == schema.TypeInteger:
	case a.Type == schema.TypeDateTime && (t.dialect.times || column.instant):
	default:
		return "", errUnsupported
	}
	if column.Always {
		return x + direction(descending != column.Not), nil
	}
	s := t.dialect.statement()
	s.present(a, column)
	return "CASE WHEN " + s.String() + " THEN 0 ELSE 1 END" + direction(descending) + ", " + x + direction(descending != column.Not), nil
}

func direction(descending bool) string {
	if descending {
		return " DESC"
	}
	return ""
}

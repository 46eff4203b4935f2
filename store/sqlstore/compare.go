package sqlstore

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// textCompare returns the comparison of a key, which is in two columns (see
// split), with a literal, byte by byte. Both are folded unless case counts.
func (d *dialect) textCompare(op filter.Op, head, tail, literal string) (clause, bool) {
	text := escape(literal)
	front, rest := split(text)
	switch op {
	case filter.EQ:
		return condition(head+" = ? AND "+tail+" = ?", front, rest), true
	case filter.CO, filter.EW:
		return d.search(op, d.concat(head, tail), text)
	}
	if rest != "" {
		return clause{}, false // the literal is longer than a head
	}
	switch op {
	case filter.SW:
		return prefix(head, text), true
	case filter.GT:
		return condition(head+" > ? OR "+head+" = ? AND "+tail+" <> ''", text, text), true
	case filter.GE:
		return condition(head+" >= ?", text), true
	case filter.LT:
		return condition(head+" < ?", text), true
	case filter.LE:
		return condition(head+" < ? OR "+head+" = ? AND "+tail+" = ''", text, text), true
	}
	return clause{}, false
}

// prefix returns a range of values, for which an index is used. LIKE would need
// escaping and a collation that fits the index.
func prefix(column, text string) clause {
	if text == "" {
		return constant(true)
	}
	end, ok := successor(text)
	if !ok {
		return condition(column+" >= ?", text)
	}
	return condition(column+" >= ? AND "+column+" < ?", text, end)
}

// search returns the condition that a text contains the literal or ends with it.
// It refuses a literal that could match in the middle of an escape sequence.
func (d *dialect) search(op filter.Op, text, literal string) (clause, bool) {
	switch {
	case literal == "":
		return constant(true), true
	case !sqldb.Searchable(literal):
		return clause{}, false
	case op == filter.CO:
		return condition(d.contains(text), literal), true
	}
	return condition(d.ends(text, d.length(literal))+" = ?", literal), true
}

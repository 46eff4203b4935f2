package sqlstore

import (
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// textCompare compares a key, which is in two columns (see split), with a
// literal, byte for byte. Both are folded already where case does not count.
func (d *dialect) textCompare(op filter.Op, head, tail, literal string) (clause, bool) {
	text := escape(literal)
	front, rest := split(text)
	switch op {
	case filter.EQ:
		return condition(head+" = ? AND "+tail+" = ?", front, rest), true
	case filter.CO, filter.EW:
		return d.within(op, d.concat(head, tail), text)
	}
	if rest != "" {
		return clause{}, false // the head alone does not decide
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

// prefix is a range, which an index can answer; LIKE would need its wildcards
// escaped and a collation to match.
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

// within looks inside the text. A literal that begins in the middle of an
// escape could match there: those are left to the library.
func (d *dialect) within(op filter.Op, text, literal string) (clause, bool) {
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

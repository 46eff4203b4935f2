package sqlquery

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/internal/position"
	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

// place is the place of a row in an order: the values of the terms, nil for no
// value, and the key of the row.
type place struct {
	values []any // int64, bool, string or time.Time
	key    any
}

// columns returns the terms as the end of a list of columns.
func (o order) columns() string {
	var b strings.Builder
	for _, t := range o.terms {
		b.WriteString(", " + t.expr)
	}
	return b.String()
}

// scanned has the terms of the last row that was read.
type scanned struct {
	order
	dest []any
}

func (o order) scanned() *scanned {
	s := &scanned{order: o}
	for _, t := range o.terms {
		switch t.kind {
		case textTerm:
			s.dest = append(s.dest, new(sql.NullString))
		case instantTerm:
			s.dest = append(s.dest, new(instant))
		default:
			s.dest = append(s.dest, new(any))
		}
	}
	return s
}

// position returns the position after the row, whose resource has that id.
func (s *scanned) position(d *dialect, q *store.Query, id string) string {
	parts := []string{id}
	for _, dest := range s.dest {
		switch x := dest.(type) {
		case *sql.NullString:
			if d.escapes {
				x.String = sqldb.Unescape(x.String)
			}
			parts = append(parts, optional(x.Valid, "s"+x.String))
		case *instant:
			parts = append(parts, optional(x.valid, "t"+x.at.Format(time.RFC3339Nano)))
		case *any:
			parts = append(parts, numberText(*x))
		}
	}
	return position.Join(position.Order(q.SortBy, q.Descending), parts...)
}

func optional(valid bool, part string) string {
	if !valid {
		return ""
	}
	return part
}

// numberText is an integer or boolean as a driver returns it.
func numberText(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case bool:
		return "b" + strconv.FormatBool(x)
	case []byte:
		return "i" + string(x)
	}
	return "i" + fmt.Sprint(v)
}

// placeOf reads q.After, nil if it begins.
func (t *Table[T]) placeOf(o order, q *store.Query) (*place, error) {
	if q.After == "" {
		return nil, nil
	}
	parts, err := position.Split(q.After, position.Order(q.SortBy, q.Descending))
	if err != nil {
		return nil, err
	}
	if len(parts) != 1+len(o.terms) {
		return nil, store.ErrPosition
	}
	p := &place{}
	var ok bool
	if p.key, ok = t.key(parts[0]); !ok {
		return nil, store.ErrPosition
	}
	for i, term := range o.terms {
		v, ok := term.value(parts[1+i])
		if !ok {
			return nil, store.ErrPosition
		}
		p.values = append(p.values, v)
	}
	return p, nil
}

// value parses a value written by scanned.position.
func (t orderTerm) value(part string) (v any, ok bool) {
	if part == "" {
		return nil, true
	}
	literal := part[1:]
	var err error
	switch kind := part[0]; {
	case kind == 's' && t.kind == textTerm:
		return literal, validText(literal)
	case kind == 't' && t.kind == instantTerm:
		v, err = time.Parse(time.RFC3339Nano, literal)
	case kind == 'b' && t.kind == numberTerm:
		v, err = strconv.ParseBool(literal)
	case kind == 'i' && t.kind == numberTerm:
		v, err = strconv.ParseInt(literal, 10, 64)
	default:
		return nil, false
	}
	return v, err == nil
}

// writeAfter writes the condition that a row is after the place.
func (o order) writeAfter(s *statement, p *place) {
	if len(o.terms) == 1 && s.rows && o.terms[0].descending == o.tie.descending && p.values[0] != nil {
		// In this form databases find the row in an index.
		s.add("(", o.terms[0].expr, ", ", o.tie.expr, ") ", o.tie.op(), " (").arg(p.values[0])
		s.add(", ").arg(p.key).add(")")
		return
	}
	o.afterTerms(s, o.terms, p.values, p.key)
}

func (o order) afterTerms(s *statement, terms []orderTerm, values []any, key any) {
	if len(terms) == 0 {
		s.add(o.tie.expr, " ", o.tie.op(), " ").arg(key)
		return
	}
	s.add("(")
	if values[0] == nil {
		s.add(terms[0].expr, " IS NULL AND ")
		o.afterTerms(s, terms[1:], values[1:], key)
		if terms[0].descending == s.nullsLast { // NULL comes first
			s.add(" OR ", terms[0].expr, " IS NOT NULL")
		}
		s.add(")")
		return
	}
	terms[0].compare(s, terms[0].op(), values[0])
	s.add(" OR (")
	terms[0].compare(s, "=", values[0])
	s.add(" AND ")
	o.afterTerms(s, terms[1:], values[1:], key)
	s.add("))")
}

func (t orderTerm) op() string {
	if t.descending {
		return "<"
	}
	return ">"
}

func (t orderTerm) compare(s *statement, op string, v any) {
	if literal, ok := v.(string); ok {
		s.sorted(s, t.compared, op, literal)
		return
	}
	s.add(t.expr, " ", op, " ").arg(v)
}

package sqlstore

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/internal/position"
	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// order is how resources r are sorted before the order of creation decides: by
// columns, which are those of rows s of an index if there is one. Descending,
// the order of creation is reversed too, so that an index can be read backwards.
type order struct {
	by    []string
	index *index
}

// order returns how to sort by an attribute: ascending without a value last,
// descending first (RFC 7644 §3.4.2.3).
func (t *table) order(p schema.AttrPath) (order, bool) {
	if name, _ := columnOf(p); name != "" {
		return order{by: []string{name}}, true
	}
	x := t.index(p)
	if x == nil || !x.single {
		return order{}, false
	}
	return order{by: []string{"s.absent", "s.head", t.db.d.sortedTail("s.tail")}, index: x}, true
}

// seq is the column of the order of creation.
func (o order) seq() string {
	if o.index != nil {
		return "s.seq"
	}
	return "r.seq"
}

// columns returns the columns to select in the order, their names, and the terms
// to sort by.
func (o order) columns(descending bool) (chosen, names, sorted string) {
	direction := ""
	if descending {
		direction = " DESC"
	}
	chosen = o.seq() + " AS place"
	for i, column := range o.by {
		name := fmt.Sprintf("k%d", i)
		chosen += ", " + column + " AS " + name
		names += ", o." + name
		sorted += name + direction + ", "
	}
	return chosen, ", o.place" + names, sorted + "place" + direction
}

// place is where in an order a resource is: seq, and the values of the columns.
type place struct {
	seq    int64
	values []string
}

func (o order) place() *place { return &place{values: make([]string, len(o.by))} }

// dest is where a row with the names of order.columns is scanned to.
func (p *place) dest() []any {
	dest := []any{&p.seq}
	for i := range p.values {
		dest = append(dest, &p.values[i])
	}
	return dest
}

// position returns the position after the place.
func (p *place) position(q *store.Query) string {
	return position.Join(position.Order(q.SortBy, q.Descending), append([]string{strconv.FormatInt(p.seq, 10)}, p.values...)...)
}

// placeOf reads q.After.
func (o order) placeOf(q *store.Query) (*place, error) {
	parts, err := position.Split(q.After, position.Order(q.SortBy, q.Descending))
	if err != nil {
		return nil, err
	}
	if len(parts) != 1+len(o.by) {
		return nil, store.ErrPosition
	}
	seq, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return nil, store.ErrPosition
	}
	return &place{seq, parts[1:]}, nil
}

// afterCondition returns the condition that a row is after q.After. The columns are
// compared as a tuple: the first that differs decides.
func (d *dialect) afterCondition(o order, q *store.Query) (clause, error) {
	p, err := o.placeOf(q)
	if err != nil {
		return clause{}, err
	}
	columns, args := append(o.by[:len(o.by):len(o.by)], o.seq()), make([]any, 0, len(o.by)+1)
	for i, v := range p.values {
		arg, ok := d.placeArg(o, i, v)
		if !ok {
			return clause{}, store.ErrPosition
		}
		args = append(args, arg)
	}
	op := " > "
	if q.Descending {
		op = " < "
	}
	return d.rowCompare(columns, op, append(args, p.seq)), nil
}

// placeArg returns the value of a column as an argument; false for text that the
// column cannot hold.
func (d *dialect) placeArg(o order, column int, v string) (any, bool) {
	switch {
	case o.index != nil && column == 0:
		absent, err := strconv.ParseInt(v, 10, 8)
		return absent, err == nil
	case strings.IndexByte(v, 0) >= 0:
		return nil, false
	case !utf8.ValidString(v): // sortedTail may end within a character
		return []byte(v), d.kind == sqldb.MySQL
	}
	return v, true
}

// rowComparison compares a row of values with another, for databases that find
// it in an index.
func rowComparison(columns []string, op string, args []any) clause {
	return condition("("+strings.Join(columns, ", ")+")"+op+list(len(columns)), args...)
}

// columnComparison is rowComparison in the words of single columns.
func columnComparison(columns []string, op string, args []any) clause {
	last := len(columns) - 1
	c := condition(columns[last]+op+"?", args[last])
	for i := last - 1; i >= 0; i-- {
		c = clause{
			sql:  columns[i] + op + "? OR " + columns[i] + " = ? AND (" + c.sql + ")",
			args: append([]any{args[i], args[i]}, c.args...),
		}
	}
	return c
}

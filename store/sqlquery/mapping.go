package sqlquery

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// Column is a SQL expression which has the value of one attribute. The
// expressions are the program's, never a client's.
type Column struct {
	// Expr is the value: text for strings, references and binaries, else a
	// boolean, an integer or a time in UTC. NULL is no value.
	Expr string
	// Key is schema.FoldKey of the value. Strings that are not caseExact are
	// compared and sorted by it alone, since no database folds like that:
	// lower(), citext or a collation is not the same.
	Key string
	// Not says that a boolean has the opposite value.
	Not bool
	// NeverNull is a column as a Go field that cannot be nil sees it: the empty
	// text is no value, and NULL is false or 0.
	NeverNull bool
	// Always says that there is a value in every row, so that an index can
	// give the order. Rows with NULL all the same, such as those whose keys are
	// not made yet, may be missing from the pages of a sorted walk.
	Always bool
	// Arg turns a literal into what Expr is compared with, also for Not; false
	// if no row can have that value. nil takes it as it is.
	Arg func(schema.Value) (any, bool)

	instant bool // Expr compares as a time also where columns of times do not
}

// List is a child table with one row for each value of a multi-valued
// attribute.
type List struct {
	Table string // the table
	Owner string // its column that refers to the resource
	Key   string // the expression which Owner refers to, for example "users.id"
	// Columns are the expressions of the sub-attributes, by name; of an
	// attribute that is not complex the only one, "". The filter "emails pr" is
	// answered only if every sub-attribute has one.
	Columns map[string]Column
}

// Mapping says which SQL expressions have which attributes.
type Mapping struct {
	Type    *schema.ResourceType
	Dialect Dialect
	// Columns are expressions by attribute path in standard notation
	// ("userName", "name.givenName"). What is not here is not answered in SQL.
	Columns map[string]Column
	// Lists are child tables by attribute path ("emails").
	Lists map[string]List
	// Tie is an expression with another value in each row, by which rows are
	// ordered that are equal otherwise: the id.
	Tie string
}

// Translator turns filters and orders into SQL that selects and orders as
// filter.Filter.Match and store.Sort do. What it cannot say in SQL exactly it
// refuses. It is immutable and safe for concurrent use.
type Translator struct {
	dialect *dialect
	typ     *schema.ResourceType
	columns map[string]Column
	lists   map[string]values
	tie     string

	special func(s *statement, e filter.Expr) (ok bool) // id and members of a Table
}

// values are the elements of a multi-valued attribute in SQL.
type values interface {
	// some writes the condition that one of the elements satisfies inner.
	some(s *statement, inner func(s *statement, row scope) error) error
}

// NewTranslator checks a mapping. The error joins everything that is wrong.
func NewTranslator(m Mapping) (*Translator, error) {
	if m.Type == nil || m.Dialect.dialect == nil || m.Tie == "" {
		return nil, errors.New("sqlquery: a Mapping needs Type, Dialect and Tie")
	}
	t := &Translator{dialect: m.Dialect.dialect, typ: m.Type, columns: map[string]Column{}, lists: map[string]values{}, tie: m.Tie}
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(m.Columns)) {
		p, ok := m.Type.Resolve(path)
		if !ok || p.MultiValued() || p.Last().Type == schema.TypeComplex || m.Columns[path].Expr == "" {
			errs = append(errs, fmt.Errorf("sqlquery: %q is no path to a single value of %s with an expression", path, m.Type.Name))
			continue
		}
		t.columns[p.String()] = m.Columns[path]
	}
	for _, path := range slices.Sorted(maps.Keys(m.Lists)) {
		if err := t.addList(path, m.Lists[path]); err != nil {
			errs = append(errs, err)
		}
	}
	return t, errors.Join(errs...)
}

func (t *Translator) addList(path string, l List) error {
	p, ok := t.typ.Resolve(path)
	if !ok || !p.Last().MultiValued {
		return fmt.Errorf("sqlquery: %q is no multi-valued attribute of %s", path, t.typ.Name)
	}
	if l.Table == "" || l.Owner == "" || l.Key == "" || len(l.Columns) == 0 {
		return fmt.Errorf("sqlquery: the list %s needs Table, Owner, Key and Columns", path)
	}
	rows := child{List: l, attr: p.Last(), columns: map[*schema.Attribute]Column{}}
	for name, c := range l.Columns {
		sub := p.Last()
		if sub.Type == schema.TypeComplex {
			sub = sub.Sub(name)
		}
		if sub == nil || c.Expr == "" || sub == p.Last() && name != "" {
			return fmt.Errorf("sqlquery: the list %s has no sub-attribute %q", path, name)
		}
		rows.columns[sub] = c
	}
	t.lists[p.String()] = rows
	return nil
}

// child is a List with its columns by attribute.
type child struct {
	List
	attr    *schema.Attribute
	columns map[*schema.Attribute]Column
}

func (c child) some(s *statement, inner func(*statement, scope) error) error {
	s.add("EXISTS (SELECT 1 FROM ", s.ident(c.Table), " WHERE ", s.ident(c.Table), ".", s.ident(c.Owner), " = ", c.Key, " AND ")
	err := inner(s, c)
	s.add(")")
	return err
}

func (c child) operand(a *schema.Attribute) (operand, bool) {
	column, ok := c.columns[a]
	return operand{column: column}, ok
}

// exists: a row is a value.
func (c child) exists(s *statement) { s.add("1 = 1") }

// filled needs a column for every sub-attribute: one without might hold what
// the others lack.
func (c child) filled(s *statement) error {
	s.add("(")
	for i, sub := range c.attr.SubAttributes {
		column, ok := c.columns[sub]
		if !ok {
			return errUnsupported
		}
		if i > 0 {
			s.add(" OR ")
		}
		s.filled(sub, column)
	}
	s.add(")")
	return nil
}

// Can reports whether Where translates the expression.
func (t *Translator) Can(e filter.Expr) bool {
	return t.root(t.dialect.statement(), e) == nil
}

// CanSort reports whether OrderBy translates the path.
func (t *Translator) CanSort(p schema.AttrPath) bool {
	_, err := t.order(p, false)
	return err == nil
}

// Where returns the condition of an expression, in parentheses, with its
// arguments. The condition is true or false, never NULL. first is the number of the
// first argument, where arguments are numbered: 1, or more behind others. The
// error is for an expression that Can refuses.
func (t *Translator) Where(e filter.Expr, first int) (condition string, args []any, err error) {
	s := t.dialect.statement()
	s.args = make([]any, first-1)
	if err := t.root(s, e); err != nil {
		return "", nil, err
	}
	return s.String(), s.args[first-1:], nil
}

// OrderBy returns the terms of an ORDER BY clause for a path, nil for the
// order without one, which is always ascending. Equal rows are ordered by Tie, in
// the same direction. The error is for a path that CanSort refuses.
func (t *Translator) OrderBy(p schema.AttrPath, descending bool) (string, error) {
	o, err := t.order(p, descending)
	if err != nil {
		return "", err
	}
	return o.String(), nil
}

// errUnsupported: SQL cannot say it exactly.
var errUnsupported = errors.New("sqlquery: this is beyond what the mapping declares")

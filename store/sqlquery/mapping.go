package sqlquery

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// Column maps one attribute to SQL. Expressions are written by the program and
// never contain text of a client.
type Column struct {
	// Expr is the SQL expression of the value: text for strings, references and
	// binaries, otherwise a boolean, an integer or a time in UTC. NULL means no
	// value.
	Expr string
	// Key is the SQL expression of schema.FoldKey of the value. Strings that are
	// not caseExact are compared and sorted only by Key: lower(), citext and
	// collations fold fewer characters.
	Key string
	// Not means that Expr is the opposite of a boolean attribute.
	Not bool
	// NeverNull means that the column maps to a Go field that cannot be nil: the
	// empty text is no value, and NULL is false or 0.
	NeverNull bool
	// Always means that every row has a value, so that ORDER BY needs no
	// expression for missing values and can use an index. A row that has NULL
	// nevertheless, for example before RebuildKeys, may be missing from sorted
	// pages.
	Always bool
	// Arg returns the argument that Expr is compared with for a literal of a
	// filter, with Not applied. It returns false if no row can have the value.
	// If Arg is nil the literal itself is the argument.
	Arg func(schema.Value) (any, bool)

	instant bool // Expr is comparable as a time although dialect.times is false
}

// List is a child table with one row for each value of a multi-valued
// attribute.
type List struct {
	Table string
	Owner string // column of Table that refers to the resource
	Key   string // expression that Owner refers to, for example "users.id"
	// Columns are the columns of the sub-attributes, by name. An attribute that
	// is not complex has one, with the name "". The filter "emails pr" is
	// translated only if every sub-attribute has a column.
	Columns map[string]Column
}

// Mapping maps the attributes of a resource type to SQL expressions.
type Mapping struct {
	Type    *schema.ResourceType
	Dialect Dialect
	// Columns are columns by attribute path in standard notation ("userName",
	// "name.givenName"). Filters on other attributes are not translated.
	Columns map[string]Column
	// Lists are child tables by attribute path ("emails").
	Lists map[string]List
	// Tie is an expression that is different in each row, usually the id. Rows
	// that are otherwise equal are ordered by it.
	Tie string
}

// Translator translates filters and sort orders to SQL with the results of
// filter.Filter.Match and schema.SortResources. It refuses what SQL cannot express
// exactly. It is immutable and safe for concurrent use.
type Translator struct {
	dialect *dialect
	typ     *schema.ResourceType
	columns map[string]Column
	lists   map[string]values
	tie     string

	special func(s *statement, e filter.Expr) (ok bool) // writes id and members of a Table
}

// values is a multi-valued attribute in SQL.
type values interface {
	// some writes the condition that at least one value satisfies inner.
	some(s *statement, inner func(s *statement, row scope) error) error
}

// NewTranslator checks a mapping and returns its Translator. The error joins all
// mistakes.
func NewTranslator(m Mapping) (*Translator, error) {
	if m.Type == nil || m.Dialect.dialect == nil || m.Tie == "" {
		return nil, errors.New("sqlquery: a Mapping needs Type, Dialect and Tie")
	}
	t := &Translator{dialect: m.Dialect.dialect, typ: m.Type, columns: map[string]Column{}, lists: map[string]values{}, tie: m.Tie}
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(m.Columns)) {
		p, ok := m.Type.Resolve(path)
		if !ok || p.MultiValued() || p.Last().Type == schema.TypeComplex || m.Columns[path].Expr == "" {
			errs = append(errs, fmt.Errorf("sqlquery: %q is not the path of a single value of %s, or has no Expr", path, m.Type.Name))
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
		return fmt.Errorf("sqlquery: %q is not a multi-valued attribute of %s", path, t.typ.Name)
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
			return fmt.Errorf("sqlquery: the list %s: %q is not a sub-attribute, or has no Expr", path, name)
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

// exists writes that the row is a value, which every row is.
func (c child) exists(s *statement) { s.add("1 = 1") }

// filled needs a column for every sub-attribute: a sub-attribute without one
// may be the only one with a value.
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

// Where returns the condition of an expression, in parentheses, and its
// arguments. The condition is true or false, never NULL. first is the number of
// the first placeholder in a dialect that numbers them: 1, or more if the
// statement has arguments before. An expression that Can refuses is an error.
func (t *Translator) Where(e filter.Expr, first int) (condition string, args []any, err error) {
	s := t.dialect.statement()
	s.args = make([]any, first-1)
	if err := t.root(s, e); err != nil {
		return "", nil, err
	}
	return s.String(), s.args[first-1:], nil
}

// OrderBy returns the terms of an ORDER BY clause. A nil path orders by Tie,
// ascending. Rows with equal values are ordered by Tie in the same direction. A
// path that CanSort refuses is an error.
func (t *Translator) OrderBy(p schema.AttrPath, descending bool) (string, error) {
	o, err := t.order(p, descending)
	if err != nil {
		return "", err
	}
	return o.String(), nil
}

// errUnsupported means that SQL cannot express a filter or an order exactly.
var errUnsupported = errors.New("sqlquery: the mapping cannot translate this filter or order")

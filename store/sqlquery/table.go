package sqlquery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"unicode"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Table is a [store.Store] of one resource type on a table of the application.
// T is a struct with the tags of [Typed]; the column of a field is in its
// tag db, or its name in snake case (FirstName: first_name). Make one with
// [NewTable], or with [NewGroupTable] for a type with members.
//
// Only columns with a scim tag are read, and only what a change changes is
// written, so that the rest of the table stays the application's. A unique
// value is looked up before it is written; for two writers at the same moment
// the table needs the unique index besides, on the key column and the tenant:
//
//	CREATE UNIQUE INDEX users_email ON users (tenant, email_key)
//
// With a deleted column it needs WHERE deleted_at IS NULL, or a key column that
// can be NULL, which the library makes NULL. Who was deleted comes back
// ([store.Reviver], scim.RestoreDeleted) if a column, of the same type as the
// key, has the option former: it keeps the key of a deleted row, and needs an
// index too, which is not unique.
type Table[T any] struct {
	db      *DB
	typed   *Typed[T]
	name    string // quoted
	options Options[T]
	log     *slog.Logger
	where   *Translator

	columns map[*field]string // quoted
	id      *field
	tenant  *field
	deleted *field
	version *field
	former  []*field
	lists   []*valueTable
	text    map[string]bool   // columns of byte slices, quoted, that hold text
	fresh   map[string]string // what own columns have in a new row, where SQL has no DEFAULT for it
}

// Options are what a struct's tags do not say. The zero value will do.
type Options[T any] struct {
	// New makes the row of a new resource, with what the application's own
	// columns need (a role, a password hash that nothing matches). Fields with a
	// db tag and without a scim tag are written with the new row, unless zero,
	// and then never again, except with a deleted row that is revived: all of
	// them are then made what they are in a new row. The default is an empty T.
	New func(ctx context.Context, r *schema.Resource) (*T, error)
	// Where is a condition in SQL on rows that are resources ("kind = 'human'").
	// All others do not exist for clients. New has to make rows that satisfy it.
	Where string
	// Lists are tables for filters on multi-valued attributes, by path
	// ("emails"). They need a rest field.
	Lists map[string]ListTable
	// Logger is told of rows that do not fit the schema. Default slog.Default().
	Logger *slog.Logger
}

var _ interface {
	store.Store
	store.Describer
	store.Exister
	store.Reviver
} = (*Table[struct{}])(nil)

// NewTable reads the tags of T and looks at the table, which must exist. The
// error joins every mistake. Rows without keys are no error, but logged: see
// [Table.RebuildKeys].
func NewTable[T any](ctx context.Context, db *DB, name string, t *schema.ResourceType, o Options[T]) (*Table[T], error) {
	if t != nil && t.Members() != nil {
		return nil, fmt.Errorf("sqlquery: %s has members: use NewGroupTable", t.Name)
	}
	return newTable(ctx, db, name, t, o)
}

func newTable[T any](ctx context.Context, db *DB, name string, rt *schema.ResourceType, o Options[T]) (*Table[T], error) {
	typed, err := NewTyped[T](rt)
	if err != nil {
		return nil, err
	}
	t := &Table[T]{
		db: db, typed: typed, name: db.d.ident(name), options: o, log: o.Logger, columns: map[*field]string{},
		id: typed.id, tenant: typed.tenant,
		deleted: typed.deleted, version: typed.version,
	}
	if t.log == nil {
		t.log = slog.Default()
	}
	for _, f := range typed.fields {
		t.columns[f] = db.d.ident(columnName(f.StructField))
		if f.role == roleFormer {
			t.former = append(t.former, f)
		}
	}
	var errs []error
	if t.where, err = t.translator(); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, t.checkUnique(), t.check(ctx, name))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := t.reportKeyless(ctx); err != nil {
		return nil, err
	}
	return t, db.register(registered{name, typed.ids.prefix, typed.integerIDs(), t.refused})
}

// columnName is the tag db up to a comma, else the field's name in snake case.
func columnName(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("db"), ","); name != "" {
		return name
	}
	var b strings.Builder
	runes := []rune(f.Name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Type returns the resource type that the endpoint must have; see
// [Typed.Type].
func (t *Table[T]) Type() *schema.ResourceType { return t.typed.Type() }

// Database implements [store.Located].
func (t *Table[T]) Database() any { return t.db.Database() }

// Describe implements [store.Describer]: revival if a field has the option
// former; filters and orders by single values with a column. An element of a multi-valued attribute has a column that
// decides only without a rest column, which may have further ones.
func (t *Table[T]) Describe() store.Capabilities {
	return store.Capabilities{
		Filter: t.where.Can, Sort: t.where.CanSort, Versions: t.version != nil, Revives: len(t.former) > 0,
	}
}

// translator derives the mapping from the tags.
func (t *Table[T]) translator() (*Translator, error) {
	m := Mapping{
		Type: t.typed.Type(), Dialect: Dialect{t.db.d}, Tie: t.column(t.id),
		Columns: map[string]Column{}, Lists: map[string]List{},
	}
	if err := t.addLists(&m); err != nil {
		return nil, err
	}
	for _, f := range t.typed.fields {
		switch {
		case f.role == roleCreated:
			m.Columns["meta.created"] = t.expression(f)
		case f.role == roleLastModified:
			m.Columns["meta.lastModified"] = t.expression(f)
		case f.role == roleAttribute && !f.selects() && pushable(f):
			m.Columns[f.path.String()] = t.expression(f)
		}
	}
	w, err := NewTranslator(m)
	if err != nil {
		return nil, err
	}
	if t.typed.rest == nil {
		t.addElements(w)
	}
	w.special = t.byID
	return w, nil
}

// pushable: the rest column keeps times and decimals as the client wrote them,
// with more digits than a column has.
func pushable(f *field) bool {
	typ := f.path.Last().Type
	return typ != schema.TypeDateTime && typ != schema.TypeDecimal
}

// alias is the table's in every SELECT.
const alias = "t"

func (t *Table[T]) column(f *field) string { return alias + "." + t.columns[f] }

func (t *Table[T]) expression(f *field) Column {
	c := Column{
		Expr: t.column(f), Not: f.not, NeverNull: !f.nullable, Arg: f.arg,
		instant: !f.isTime && (f.role == roleCreated || f.role == roleLastModified),
	}
	if k := t.typed.keyField(f); k != nil {
		c.Key = t.column(k)
	}
	switch {
	case f.role != roleAttribute:
		c.Always = !f.nullable
	case f.path.Last().Required:
		c.Always = !f.nullable
	}
	return c
}

// byID writes conditions on the id, which no tag's column has as clients see
// it.
func (t *Table[T]) byID(s *statement, e filter.Expr) bool {
	c, ok := e.(filter.Compare)
	if !ok || len(c.Path) != 1 || c.Path[0] != schema.IDAttribute {
		return false
	}
	switch {
	case c.Null, c.Op == filter.PR:
		s.add(constant(c.Op != filter.EQ)) // every resource has one
	case c.Op == filter.EQ:
		t.idIs(s, c.Value.Text())
	case c.Op == filter.NE:
		s.add("NOT (")
		t.idIs(s, c.Value.Text())
		s.add(")")
	default:
		return false
	}
	return true
}

// idIs writes that the id is the one clients see.
func (t *Table[T]) idIs(s *statement, id string) {
	switch key, ok := t.key(id); {
	case !ok:
		s.add(never)
	default:
		t.keyIs(s, key)
	}
}

func (t *Table[T]) keyIs(s *statement, key any) {
	if text, ok := key.(string); ok {
		s.equal(s, t.column(t.id), text)
		return
	}
	s.add(t.column(t.id), " = ").arg(key)
}

// ParseID returns a T in which nothing is set but the field of the id, for
// statements of the application: ParseID("u7") of a table with the tag
// id,prefix=u has the ID 7. It does not ask the database for the row. An id
// that no row can have is store.ErrNotFound.
func (t *Table[T]) ParseID(id string) (*T, error) {
	v := new(T)
	if !t.typed.SetID(v, id) {
		return nil, fmt.Errorf("sqlquery: %q is not an id of %s: %w", id, t.typed, store.ErrNotFound)
	}
	return v, nil
}

// key returns the value of the id column for an id; false if no row can have
// it.
func (t *Table[T]) key(id string) (any, bool) {
	v, err := t.ParseID(id)
	if err != nil {
		return nil, false
	}
	return t.arg(v, t.id), true
}

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
// Table reads only columns with a scim tag and writes only columns whose value
// changed. The application owns the other columns. Table looks a unique value up
// before it writes it. Two writers at the same time need a unique index too, on
// the tenant and the key column:
//
//	CREATE UNIQUE INDEX users_email ON users (tenant, email_key)
//
// In a table with a deleted column the index needs WHERE deleted_at IS NULL, or
// a key column that can be NULL: the library sets it to NULL in deleted rows.
// Deleted resources can be revived ([store.Reviver], scim.RestoreDeleted) if
// another column has the option former. It has the type of the key column, keeps
// the key of a deleted row, and needs an index that is not unique.
type Table[T any] struct {
	db      *DB
	typed   *Typed[T]
	table   string
	name    string // of the table, quoted
	options Options[T]
	log     *slog.Logger
	where   *Translator

	columns map[*field]string // quoted
	id      *field
	deleted *field
	version *field
	former  []*field
	lists   []*valueTable
	policed bool              // row-level security keeps tenants apart: there is no tenant field
	text    map[string]bool   // columns of byte slices, quoted, that hold text
	known   *catalogue        // nil if the database does not show it
	warned  onceEach          // values without a meaning in a value map
	fresh   map[string]string // what own columns have in a new row, where SQL has no DEFAULT for it
}

// Options configure a [Table]. The zero value is usable.
type Options[T any] struct {
	// New returns the row of a new resource with the values of the application's
	// columns, such as a role or a password hash that matches no password.
	// Fields with a db tag and without a scim tag are inserted, unless zero, and
	// never updated, with one exception: in a deleted row that is revived all of
	// them are set as in a new row. The default is a zero T.
	New func(ctx context.Context, r *schema.Resource) (*T, error)
	// Complete sets the fields of row with the option composed, such as a full name
	// in one column, from the resource r that is about to be written: by a POST, a
	// PUT, a PATCH, the revival of a deleted row, and a change of members. r lacks
	// members; see schema.Resource.Text. A column is written only if its value
	// changed. In row the other fields have the values that are written; setting
	// one of them is an error (500). Complete runs in the transaction ([Tx]), more
	// than once if that is repeated, and concurrently. A *schema.Error is the
	// client's 400, a *store.UniquenessError 409, any other error 500; nothing is
	// written then.
	Complete func(ctx context.Context, row *T, r *schema.Resource) error
	// Where is an SQL condition for rows that are resources ("kind = 'human'").
	// Clients do not see other rows. Rows made by New must satisfy it.
	Where string
	// Lists are tables for filters on multi-valued attributes, by path
	// ("emails"). They need a rest field.
	Lists map[string]ListTable
	// EnsureKeys makes NewTable call [Table.EnsureKeys], for rows from before the
	// key columns or before another schema.FoldVersion.
	EnsureKeys bool
	// AllowRowsWithoutKeys makes rows without keys a warning in the log instead of
	// an error of NewTable. Filters do not find such rows until
	// [Table.EnsureKeys] or [Table.RebuildKeys] has run.
	AllowRowsWithoutKeys bool
	// Logger receives warnings about rows that do not fit the schema. Default
	// slog.Default().
	Logger *slog.Logger
}

var _ interface {
	store.Store
	store.Describer
	store.Exister
	store.Reviver
} = (*Table[struct{}])(nil)

// NewTable reads the tags of T and compares them with the table in the database's
// catalogue, which must exist. The error joins all mistakes, each with table,
// column and remedy: missing columns, types that do not fit, two fields of one
// column, NOT NULL columns that no field and no DEFAULT fills, an id or a unique
// attribute without a unique index (for each tenant, where there are tenants), a
// dialect that is not the database's. Of a view the columns alone are checked;
// what the catalogue does not show is logged. Rows without keys are an error too,
// unless Options.EnsureKeys makes the keys or Options.AllowRowsWithoutKeys allows
// it.
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
		db: db, typed: typed, table: name, name: db.d.ident(name), options: o, log: o.Logger, columns: map[*field]string{},
		id: typed.id, deleted: typed.deleted, version: typed.version,
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
	errs = append(errs, t.checkComplete(), t.check(ctx, name))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := db.register(registered{name, typed.ids.prefix, typed.integerIDs(), t.refused}); err != nil {
		return nil, err
	}
	if o.EnsureKeys {
		if err := t.EnsureKeys(ctx); err != nil {
			return nil, err
		}
	}
	if err := t.checkKeyless(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// columnName returns the tag db up to a comma, else the field's name in snake
// case.
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

// Database implements scim.Located.
func (t *Table[T]) Database() any { return t.db.Database() }

// Describe implements [store.Describer]. Filters and orders by attributes with a
// single value and a column run in SQL. Columns of elements of a multi-valued
// attribute are used in filters only if there is no rest column, which may have
// further elements. The table revives if a field has the option former.
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

// pushable reports whether filters on the column of a field run in SQL. Times
// and decimals do not: their columns have fewer digits than the rest column,
// which keeps the client's text.
func pushable(f *field) bool {
	typ := f.path.Last().Type
	return typ != schema.TypeDateTime && typ != schema.TypeDecimal
}

// alias is the alias of the table in every SELECT.
const alias = "t"

func (t *Table[T]) column(f *field) string { return alias + "." + t.columns[f] }

func (t *Table[T]) expression(f *field) Column {
	c := Column{
		Expr: t.column(f), Not: f.not, NeverNull: !f.nullable, Arg: f.arg,
		instant: !f.isTime && (f.role == roleCreated || f.role == roleLastModified),
	}
	if f.codec.values != nil {
		c.Expr, c.Arg = f.mapped(t.db.d, c.Expr), nil
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

// byID writes conditions on the id. The column has the key, without the prefix.
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

// idIs writes that the id, as clients see it, is equal to a text.
func (t *Table[T]) idIs(s *statement, id string) {
	switch key, ok := t.key(id); {
	case !ok:
		s.add(never)
	default:
		t.keyIs(s, key)
	}
}

func (t *Table[T]) keyIs(s *statement, key any) { t.equals(s, t.id, key) }

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

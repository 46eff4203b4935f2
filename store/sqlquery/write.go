package sqlquery

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Create implements [store.Store].
func (t *Table[T]) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	var out *schema.Resource
	err := t.db.InTx(ctx, func(ctx context.Context) error {
		v, err := t.insert(ctx, c.After)
		if err == nil {
			out = t.resource(ctx, v)
		}
		return err
	})
	return out, err
}

// insert writes a new row and returns the row that the database stored.
func (t *Table[T]) insert(ctx context.Context, r *schema.Resource) (*T, error) {
	v, err := t.newRow(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := t.lookUp(ctx, v, nil); err != nil {
		return nil, err
	}
	s := t.insertion(v)
	if t.typed.integerIDs() {
		err = t.insertNumbered(ctx, s, v)
	} else {
		_, err = t.db.exec(ctx, s)
	}
	if err != nil {
		return nil, t.refused(err)
	}
	if err := t.writeLists(ctx, v, nil, r.Attributes); err != nil {
		return nil, err
	}
	return t.reread(ctx, v)
}

func (t *Table[T]) newRow(ctx context.Context, r *schema.Resource) (*T, error) {
	v := new(T)
	if t.options.New != nil {
		var err error
		if v, err = t.options.New(ctx, r); err != nil {
			return nil, err
		}
	}
	t.typed.setDefaults(v)
	if err := t.setTenant(ctx, v); err != nil {
		return nil, err
	}
	if !t.typed.integerIDs() && t.id.goValue(v).IsZero() && !t.typed.SetID(v, t.typed.ids.prefix+r.ID) {
		return nil, fmt.Errorf("sqlquery: %s cannot have the id %q", t.name, r.ID)
	}
	if t.version != nil {
		t.version.goValue(v).Set(reflect.ValueOf(1).Convert(t.version.Type))
	}
	if err := t.typed.Apply(v, r); err != nil {
		return nil, err
	}
	return v, t.complete(ctx, v, r)
}

// insertion writes all columns with a scim tag, and the application's that are
// not zero.
func (t *Table[T]) insertion(v *T) *statement {
	var names []string
	var args []any
	for _, f := range t.typed.fields {
		if f == t.id && t.typed.integerIDs() {
			continue
		}
		names, args = append(names, t.columns[f]), append(args, t.arg(v, f))
	}
	for _, f := range hostFields[T]() {
		if value, ok := t.hostValue(v, f); ok {
			names, args = append(names, t.db.d.ident(columnName(f))), append(args, value)
		}
	}
	return t.db.d.statement("INSERT INTO ", t.name, " (", strings.Join(names, ", "), ") VALUES ").list(args)
}

// hostFields returns the fields of the application's own columns: those with
// a db tag and without a scim tag.
func hostFields[T any]() []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(reflect.TypeFor[T]()), func(f reflect.StructField) bool {
		db, tagged := f.Tag.Lookup("db")
		mine := f.Tag.Get("scim")
		return !tagged || db == "-" || mine != "" && mine != "-" || !f.IsExported()
	})
}

// hostValue returns the value that Options.New has set in such a field; false if
// it is zero.
func (t *Table[T]) hostValue(v *T, f reflect.StructField) (any, bool) {
	value, err := reflect.ValueOf(v).Elem().FieldByIndexErr(f.Index)
	if err != nil || value.IsZero() {
		return nil, false
	}
	return t.columnArg(t.db.d.ident(columnName(f)), value), true
}

// insertNumbered runs an INSERT and sets the id of v, which the database assigned.
func (t *Table[T]) insertNumbered(ctx context.Context, s *statement, v *T) error {
	if t.db.d.returning {
		s.add(" RETURNING ", t.columns[t.id])
		return t.db.query(ctx, s, func(scan func(...any) error) error {
			return t.read(scan, v, []*field{t.id})
		})
	}
	result, err := t.db.exec(ctx, s)
	if err != nil {
		return err
	}
	n, err := result.LastInsertId()
	if err != nil {
		return fmt.Errorf("sqlquery: %w", err)
	}
	t.id.goValue(v).Set(reflect.ValueOf(n).Convert(t.id.Type))
	return nil
}

// reread reads the row that was written, with the effects of defaults, triggers
// and the precision of times.
func (t *Table[T]) reread(ctx context.Context, v *T) (*T, error) {
	id := t.typed.ID(v)
	stored, err := t.rowByKey(ctx, id, t.arg(v, t.id), false, t.typed.fields)
	if err == nil && stored == nil {
		err = fmt.Errorf("sqlquery: a row written to %s cannot be read: rows made by Options.New must satisfy Options.Where", t.name)
	}
	return stored, err
}

// refused converts errors that a client can cause to errors of packages store
// and schema.
func (t *Table[T]) refused(err error) error {
	switch t.db.sql.Fault(err) {
	case sqldb.Unique:
		if path := t.pathIn(err.Error()); path != "" {
			return &store.UniquenessError{Path: path}
		}
	case sqldb.Value:
		if constraint, ok := sqldb.CheckName(err); ok {
			return t.violated(err, constraint)
		}
		_, column, _ := strings.Cut(err.Error(), "for column ") // MariaDB and MySQL name it
		if t.namesTenant(column) {
			return fmt.Errorf("sqlquery: the tenant of the request does not fit its column, see store.Token.Tenant: %w", err)
		}
		return &schema.Error{Type: schema.ErrorInvalidValue, Path: t.columnNamedIn(column), Detail: "a value is too long, out of range or not allowed for its column"}
	case sqldb.NotNull:
		if path := t.columnNamedIn(err.Error()); path != "" {
			return &schema.Error{Type: schema.ErrorInvalidValue, Path: path, Detail: "a value is required"}
		}
	}
	return err
}

// namesTenant reports whether a text names a column of the tenant.
func (t *Table[T]) namesTenant(text string) bool {
	return slices.ContainsFunc(t.tenantColumns(), func(column string) bool { return slices.Contains(wordsOf(text), column) })
}

// wordsOf returns the names of columns and other words in a text.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// columnNamedIn returns the path of the attribute whose column a text names as a
// whole word; "" if the column is one of the application's own.
func (t *Table[T]) columnNamedIn(text string) string {
	words := wordsOf(text)
	for f, column := range t.columns {
		if f.path != nil && slices.Contains(words, strings.Trim(column, t.db.d.quote)) {
			return f.path.String()
		}
	}
	return ""
}

// pathIn finds the attribute whose column the text of a unique violation
// names; the database names the index or its columns.
func (t *Table[T]) pathIn(text string) string {
	found, path := "", ""
	for f, column := range t.columns {
		name := strings.Trim(column, t.db.d.quote)
		if (f.path != nil || f.composed) && strings.Contains(text, name) && len(name) > len(found) {
			found, path = name, f.path.String()
		}
	}
	switch {
	case path != "":
	case len(t.unique()) > 0:
		path = t.unique()[0].path.String()
	case found != "": // a composed column, such as a slug
		path = "displayName"
	}
	return path
}

// Update implements [store.Store]. A change that leaves the row as it is, such
// as removing what a column without NULL cannot be without, writes nothing.
func (t *Table[T]) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	var out *schema.Resource
	err := t.db.InTx(ctx, func(ctx context.Context) error {
		v, err := t.locked(ctx, c.ID, c.IfVersion)
		if err != nil {
			return err
		}
		if v, err = t.write(ctx, v, c.After, false); err == nil {
			out = t.resource(ctx, v)
		}
		return err
	})
	return out, err
}

// locked locks and reads a row for a change, unless Get has done so in the
// transaction.
func (t *Table[T]) locked(ctx context.Context, id, ifVersion string) (*T, error) {
	v := t.take(ctx, id)
	if v == nil {
		var err error
		if v, err = t.row(ctx, id, true); err != nil {
			return nil, err
		}
	}
	switch {
	case v == nil:
		return nil, store.ErrNotFound
	case ifVersion != "" && ifVersion != t.typed.versionText(v):
		return nil, store.ErrVersion
	}
	return v, nil
}

// write updates a locked row to after and returns the row that the database
// stored. It writes nothing if the row stays the same and no member changed.
func (t *Table[T]) write(ctx context.Context, old *T, after *schema.Resource, moved bool) (*T, error) {
	next := *old
	if err := t.typed.Apply(&next, after); err != nil {
		return nil, err
	}
	if err := t.complete(ctx, &next, after); err != nil {
		return nil, err
	}
	if !moved && t.sameRow(old, &next) {
		return old, nil
	}
	if err := t.lookUp(ctx, &next, old); err != nil {
		return nil, err
	}
	if err := t.update(ctx, old, &next); err != nil {
		return nil, t.refused(err)
	}
	if len(t.lists) > 0 {
		before, _ := t.typed.Resource(old) // what does not fit is logged when it is read
		if err := t.writeLists(ctx, &next, before.Attributes, after.Attributes); err != nil {
			return nil, err
		}
	}
	return t.reread(ctx, &next)
}

// update writes the columns that differ, the next version, and what more adds,
// in one statement.
func (t *Table[T]) update(ctx context.Context, old, next *T, more ...assignment) error {
	t.forget(ctx, t.typed.ID(old))
	s := t.db.d.statement("UPDATE ", t.name, " SET ")
	set := 0
	column := func(name string) *statement {
		if set++; set > 1 {
			s.add(", ")
		}
		return s.add(name, " = ")
	}
	for _, f := range t.typed.fields {
		if f == t.id || f == t.version || sameField(f.goValue(old), f.goValue(next)) {
			continue
		}
		column(t.columns[f]).arg(t.arg(next, f))
	}
	for _, a := range more {
		a.value(column(a.column))
	}
	if t.version != nil {
		column(t.columns[t.version]).add("COALESCE(", t.columns[t.version], ", 0) + 1")
	}
	if set == 0 {
		return nil
	}
	t.thisRow(s, old)
	return t.one(ctx, s)
}

// assignment is a column of an UPDATE and a function that writes its value.
type assignment struct {
	column string // quoted
	value  func(*statement)
}

// thisRow writes the condition for one row with the version that was read.
func (t *Table[T]) thisRow(s *statement, v *T) {
	s.add(" WHERE ", t.columns[t.id], " = ").arg(t.arg(v, t.id))
	if t.version != nil {
		s.add(" AND COALESCE(", t.columns[t.version], ", 0) = ").arg(t.arg(v, t.version))
	}
}

// one runs a statement that changes one row. If it changes none the row has
// another version.
func (t *Table[T]) one(ctx context.Context, s *statement) error {
	result, err := t.db.exec(ctx, s)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 && t.version != nil {
		return store.ErrVersion
	}
	return err
}

// sameRow reports whether two rows differ only in version and lastModified.
func (t *Table[T]) sameRow(old, next *T) bool {
	for _, f := range t.typed.fields {
		if f != t.version && f.role != roleLastModified && !sameField(f.goValue(old), f.goValue(next)) {
			return false
		}
	}
	return true
}

func sameField(x, y reflect.Value) bool {
	if a, ok := x.Interface().(time.Time); ok {
		return a.Equal(y.Interface().(time.Time))
	}
	return reflect.DeepEqual(x.Interface(), y.Interface())
}

// Delete implements [store.Store]. With a deleted column the row stays, and its
// column of active becomes false.
func (t *Table[T]) Delete(ctx context.Context, c *store.Change) error {
	return t.db.InTx(ctx, func(ctx context.Context) error {
		v, err := t.locked(ctx, c.ID, c.IfVersion)
		if err != nil {
			return err
		}
		return t.remove(ctx, v, c.At)
	})
}

func (t *Table[T]) remove(ctx context.Context, v *T, at time.Time) error {
	t.forget(ctx, t.typed.ID(v))
	if err := t.clearLists(ctx, v); err != nil {
		return err
	}
	next := *v
	if t.typed.setDeleted(&next, at) {
		if err := t.clearFormerKeys(ctx, &next); err != nil {
			return err
		}
		return t.update(ctx, v, &next)
	}
	s := t.db.d.statement("DELETE FROM ", t.name)
	t.thisRow(s, v)
	return t.one(ctx, s)
}

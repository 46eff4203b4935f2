package sqlquery

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
)

// ListTable is a table with one row for each value of a multi-valued attribute.
// It has an index for filters such as emails.value or
// emails[type eq "work"].value, which Entra ID sends. Only the library writes
// it. Responses are made from the rest column.
type ListTable struct {
	Table string
	Owner string // column with the key of the resource
	// Values are columns by sub-attribute ("value", "type"). All of them can be
	// NULL. The filter "emails pr" is answered in SQL only if every
	// sub-attribute has a column.
	Values map[string]string
	// Keys are columns with schema.FoldKey of the values, by sub-attribute. At
	// least one needs an index.
	Keys map[string]string
}

// valueTable is a ListTable with its attribute.
type valueTable struct {
	ListTable
	path    schema.AttrPath
	columns []valueColumn
}

type valueColumn struct {
	name string // quoted
	sub  *schema.Attribute
	key  bool
}

// addLists resolves Options.Lists.
func (t *Table[T]) addLists(m *Mapping) error {
	for _, path := range slices.Sorted(maps.Keys(t.options.Lists)) {
		v, err := t.valueTable(path, t.options.Lists[path])
		if err != nil {
			return fmt.Errorf("sqlquery: %s: the list %s: %w", t.typed, path, err)
		}
		t.lists = append(t.lists, v)
		l := List{Table: v.Table, Owner: v.Owner, Key: t.column(t.id), Columns: map[string]Column{}}
		for sub, name := range v.Values {
			l.Columns[sub] = Column{Expr: t.db.d.ident(v.Table + "." + name)}
		}
		for sub, name := range v.Keys {
			c := l.Columns[sub]
			c.Key = t.db.d.ident(v.Table + "." + name)
			l.Columns[sub] = c
		}
		m.Lists[path] = l
	}
	return nil
}

func (t *Table[T]) valueTable(path string, l ListTable) (*valueTable, error) {
	p, ok := t.Type().Resolve(path)
	switch {
	case !ok || !p.Last().MultiValued || p.Last().Type != schema.TypeComplex:
		return nil, fmt.Errorf("is not a multi-valued complex attribute")
	case t.typed.rest == nil:
		return nil, fmt.Errorf("needs a rest field, in which the values are kept")
	}
	for _, f := range t.typed.fields {
		if f.selects() && slices.Equal(f.path[:len(f.path)-1], p) {
			return nil, fmt.Errorf("the field %s has values of it too, and the list would not have the application's changes", f.Name)
		}
	}
	v := &valueTable{ListTable: l, path: p}
	for key, columns := range map[bool]map[string]string{false: l.Values, true: l.Keys} {
		for name, column := range columns {
			sub := p.Last().Sub(name)
			if sub == nil || sub.Type == schema.TypeDateTime || sub.Type == schema.TypeDecimal || key && (!sub.FoldsCase() || l.Values[name] == "") {
				return nil, fmt.Errorf("cannot have a column for %q", name)
			}
			v.columns = append(v.columns, valueColumn{t.db.d.ident(column), sub, key})
		}
	}
	return v, nil
}

// writeLists replaces the list rows of a resource whose attributes changed.
func (t *Table[T]) writeLists(ctx context.Context, v *T, before, after *schema.Object) error {
	for _, l := range t.lists {
		old, now := getAt(before, l.path), getAt(after, l.path)
		if schema.Identical(old, now) {
			continue
		}
		if old.Assigned() {
			if err := t.clearList(ctx, l, v); err != nil {
				return err
			}
		}
		if err := t.fillList(ctx, l, v, now); err != nil {
			return t.refused(err)
		}
	}
	return nil
}

// clearLists deletes the list rows of a resource.
func (t *Table[T]) clearLists(ctx context.Context, v *T) error {
	for _, l := range t.lists {
		if err := t.clearList(ctx, l, v); err != nil {
			return err
		}
	}
	return nil
}

func (t *Table[T]) clearList(ctx context.Context, l *valueTable, v *T) error {
	s := t.db.d.statement("DELETE FROM ", t.db.d.ident(l.Table), " WHERE ", t.db.d.ident(l.Owner), " = ").arg(t.arg(v, t.id))
	_, err := t.db.exec(ctx, s)
	return err
}

func (t *Table[T]) fillList(ctx context.Context, l *valueTable, v *T, list schema.Value) error {
	var all []*schema.Object
	for _, e := range list.All() {
		all = append(all, e.Object())
	}
	for chunk := range slices.Chunk(all, sqldb.Batch) {
		s := t.db.d.statement("INSERT INTO ", t.db.d.ident(l.Table), " (", t.db.d.ident(l.Owner))
		for _, c := range l.columns {
			s.add(", ", c.name)
		}
		s.add(") VALUES ")
		for i, o := range chunk {
			if i > 0 {
				s.add(", ")
			}
			args := []any{t.arg(v, t.id)}
			for _, c := range l.columns {
				args = append(args, c.arg(o))
			}
			s.list(args)
		}
		if _, err := t.db.exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// arg returns the value of the column for an element.
func (c valueColumn) arg(o *schema.Object) any {
	v := o.Get(c.sub)
	switch {
	case !v.Assigned():
		return nil
	case c.key:
		return schema.FoldKey(v.Text())
	case c.sub.Type == schema.TypeBoolean:
		return v.Bool()
	case c.sub.Type == schema.TypeInteger:
		return v.Int()
	}
	return v.Text()
}

// rebuildLists deletes and writes the list rows of a resource.
func (t *Table[T]) rebuildLists(ctx context.Context, v *T) error {
	if err := t.clearLists(ctx, v); err != nil {
		return err
	}
	r, _ := t.typed.Resource(v) // what does not fit is logged when it is read
	return t.writeLists(ctx, v, nil, r.Attributes)
}

package sqlquery

import (
	"context"
	"errors"
	"slices"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// dead writes the condition for tombstones of the context's tenant, in a table
// with a deleted column.
func (t *Table[T]) dead(ctx context.Context, s *statement) error {
	if err := t.ours(ctx, s); err != nil {
		return err
	}
	s.add(" AND NOT (")
	t.alive(s)
	s.add(")")
	return nil
}

// Tombstone implements [store.Reviver]. It finds rows by the former key whose
// value still has that key, and returns the one that was deleted last.
func (t *Table[T]) Tombstone(ctx context.Context, p schema.AttrPath, v schema.Value, o store.GetOptions) (*schema.Resource, error) {
	former := t.typed.formerField(p)
	if former == nil || !v.Assigned() {
		return nil, store.ErrNotFound
	}
	key := former.key(v)
	var found *T
	err := t.tombstones(ctx, o.ForUpdate, func(s *statement) {
		s.equal(s, t.column(former), key.Text())
	}, func(row *T) {
		r, _ := t.typed.Resource(row) // what does not fit is logged when it is found
		same := schema.Equal(p.Last(), r.Attributes.Get(p[0]), v)
		if same && (found == nil || !t.typed.deletedAt(row).Before(t.typed.deletedAt(found))) {
			found = row
		}
	})
	switch {
	case err != nil:
		return nil, err
	case found == nil:
		return nil, store.ErrNotFound
	}
	return t.resource(ctx, found), nil
}

// FindDeleted implements [store.DeletedFinder] for attributes with a column. Of a
// unique attribute whose key is cleared in deleted rows it needs the former key.
// Rows that the application deleted are found if it left the columns as they were.
func (t *Table[T]) FindDeleted(ctx context.Context, p schema.AttrPath, v schema.Value) (bool, error) {
	same := filter.Compare{Path: p, Op: filter.EQ, Value: v}
	if t.deleted == nil || !t.keepsDeleted(p) || !t.where.Can(same) {
		return false, errors.ErrUnsupported
	}
	s := t.db.d.statement("SELECT 1 FROM ", t.name, " AS ", alias, " WHERE ")
	if err := t.dead(ctx, s); err != nil || !v.Assigned() {
		return false, err
	}
	s.add(" AND (")
	if err := t.where.root(s, same); err != nil {
		return false, err
	}
	if former := t.typed.formerField(p); former != nil {
		s.add(" OR ")
		s.equal(s, t.column(former), former.key(v).Text())
	}
	s.add(") LIMIT 1")
	found := false
	err := t.db.query(ctx, s, func(func(...any) error) error {
		found = true
		return nil
	})
	return found, err
}

// keepsDeleted reports whether a value can be found in a deleted row: it is not in
// a list, and its key is not cleared or is kept as the former key.
func (t *Table[T]) keepsDeleted(p schema.AttrPath) bool {
	if slices.ContainsFunc(p, func(a *schema.Attribute) bool { return a.MultiValued }) {
		return false
	}
	cleared := slices.ContainsFunc(t.typed.fields, func(f *field) bool {
		return f.role == roleKey && f.nullable && slices.Equal(f.path, p)
	})
	return !cleared || t.typed.formerField(p) != nil
}

// tombstones reads the tombstones that a condition selects, in the order of ids.
func (t *Table[T]) tombstones(ctx context.Context, lock bool, condition func(*statement), row func(*T)) error {
	fields := t.typed.fields
	s := t.db.d.statement("SELECT ", t.list(fields), " FROM ", t.name, " AS ", alias, " WHERE ")
	if err := t.dead(ctx, s); err != nil {
		return err
	}
	s.add(" AND ")
	condition(s)
	s.add(" ORDER BY ", t.column(t.id))
	if lock && t.db.sql.InTransaction(ctx) {
		s.add(t.db.d.forUpdate)
	}
	return t.db.query(ctx, s, func(scan func(...any) error) error {
		v := new(T)
		if err := t.read(scan, v, fields); err != nil {
			return err
		}
		row(v)
		return nil
	})
}

// Revive implements [store.Reviver]. The application's columns with a field in T
// are set to their values in a new row (Options.New); other columns stay as they
// are.
func (t *Table[T]) Revive(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	var out *schema.Resource
	err := t.db.InTx(ctx, func(ctx context.Context) error {
		old, err := t.lockTombstone(ctx, c.ID)
		switch {
		case err != nil:
			return err
		case old == nil:
			return store.ErrNotFound
		case c.IfVersion != "" && c.IfVersion != t.typed.versionText(old):
			return store.ErrVersion
		}
		v, err := t.revive(ctx, old, c.After)
		if err == nil {
			out = t.resource(ctx, v)
		}
		return err
	})
	return out, err
}

// lockTombstone locks and reads the tombstone with an id; nil if there is none.
// Rows without a former key are not revivable.
func (t *Table[T]) lockTombstone(ctx context.Context, id string) (found *T, err error) {
	key, ok := t.key(id)
	if !ok || len(t.former) == 0 {
		return nil, nil
	}
	err = t.tombstones(ctx, true, func(s *statement) { t.keyIs(s, key) }, func(v *T) {
		known := slices.ContainsFunc(t.former, func(f *field) bool { return f.rowValue(v).Assigned() })
		if known && t.typed.ID(v) == id {
			found = v
		}
	})
	return found, err
}

// revive updates a tombstone to after and makes it live.
func (t *Table[T]) revive(ctx context.Context, old *T, after *schema.Resource) (*T, error) {
	next := *old
	t.typed.setLive(&next)
	t.typed.setDefaults(&next)
	if err := t.typed.Apply(&next, after); err != nil {
		return nil, err
	}
	if err := t.complete(ctx, &next, after); err != nil {
		return nil, err
	}
	if err := t.lookUp(ctx, &next, nil); err != nil {
		return nil, err
	}
	own, err := t.hostColumns(ctx, after)
	if err != nil {
		return nil, err
	}
	if err := t.update(ctx, old, &next, own...); err != nil {
		return nil, t.refused(err)
	}
	if err := t.writeLists(ctx, &next, nil, after.Attributes); err != nil {
		return nil, err
	}
	return t.reread(ctx, &next)
}

// hostColumns returns assignments that set the application's columns as in a new
// row. A password hash must not survive the deletion.
func (t *Table[T]) hostColumns(ctx context.Context, r *schema.Resource) ([]assignment, error) {
	v := new(T)
	if t.options.New != nil {
		var err error
		if v, err = t.options.New(ctx, r); err != nil {
			return nil, err
		}
	}
	var out []assignment
	for _, f := range hostFields[T]() {
		name := columnName(f)
		a := assignment{t.db.d.ident(name), func(s *statement) { s.add(t.fresh[name]) }}
		if value, ok := t.hostValue(v, f); ok {
			a.value = func(s *statement) { s.arg(value) }
		}
		out = append(out, a)
	}
	return out, nil
}

// clearFormerKeys clears the former keys of other rows that have those of this
// row: only the latest tombstone of a name can be revived.
func (t *Table[T]) clearFormerKeys(ctx context.Context, v *T) error {
	for _, f := range t.former {
		key := f.rowValue(v)
		if !key.Assigned() {
			continue
		}
		s := t.db.d.statement("UPDATE ", t.name, " AS ", alias, " SET ", t.columns[f], " = NULL WHERE ")
		if err := t.dead(ctx, s); err != nil {
			return err
		}
		s.add(" AND ")
		s.equal(s, t.column(f), key.Text())
		if _, err := t.db.exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

package sqlquery

import (
	"context"
	"fmt"
)

// RebuildKeys computes the key columns and the rows of Options.Lists again for
// all rows of all tenants. In deleted rows it computes the former keys that are
// not NULL. It returns the number of rows whose keys were wrong.
//
// Call it after adding a key column or a list to a table with rows, after the
// application wrote rows without keys, and when schema.FoldVersion changes
// ([Table.EnsureKeys] does). If two rows get the same key and the index is unique
// it fails and names the second one; the rows before stay rebuilt. It does not
// rebuild the column Key of a member table. With a DB that has a [Prepare] it
// fails.
func (t *Table[T]) RebuildKeys(ctx context.Context) (int, error) {
	if err := t.db.allTenants("RebuildKeys"); err != nil {
		return 0, err
	}
	n := 0
	var after any
	for {
		keys, err := t.keysAfter(ctx, after)
		if err != nil || len(keys) == 0 {
			return n, err
		}
		for _, key := range keys {
			wrong, err := t.rebuild(ctx, key)
			if err != nil {
				return n, err
			}
			if wrong {
				n++
			}
		}
		after = keys[len(keys)-1]
	}
}

// keysAfter returns the next 500 primary keys.
func (t *Table[T]) keysAfter(ctx context.Context, after any) ([]any, error) {
	s := t.db.d.statement("SELECT ", t.column(t.id), " FROM ", t.name, " AS ", alias)
	if after != nil {
		s.add(" WHERE ", t.column(t.id), " > ").arg(after)
	}
	s.add(" ORDER BY ", t.column(t.id), " LIMIT 500")
	var keys []any
	err := t.db.query(ctx, s, func(scan func(...any) error) error {
		v := new(T)
		err := t.read(scan, v, []*field{t.id})
		keys = append(keys, t.arg(v, t.id))
		return err
	})
	return keys, err
}

// rebuild rebuilds one row and reports whether its keys were wrong.
func (t *Table[T]) rebuild(ctx context.Context, key any) (wrong bool, err error) {
	err = t.db.InTx(ctx, func(ctx context.Context) error {
		v, err := t.anyRow(ctx, key)
		if v == nil || err != nil {
			return err
		}
		next := *v
		if wrong = t.typed.Keys(&next); wrong {
			if err := t.update(ctx, v, &next); err != nil {
				return fmt.Errorf("sqlquery: the row of %s with the key %v: %w", t.name, key, t.refused(err))
			}
		}
		if t.typed.isDeleted(v) {
			return nil
		}
		return t.rebuildLists(ctx, &next)
	})
	return wrong, err
}

// anyRow locks and reads a row of any tenant, deleted or not. It returns nil if
// the row does not exist.
func (t *Table[T]) anyRow(ctx context.Context, key any) (*T, error) {
	fields := t.typed.fields
	s := t.db.d.statement("SELECT ", t.list(fields), " FROM ", t.name, " AS ", alias, " WHERE ")
	t.keyIs(s, key)
	s.add(t.db.d.forUpdate)
	var found *T
	err := t.db.query(ctx, s, func(scan func(...any) error) error {
		found = new(T)
		return t.read(scan, found, fields)
	})
	return found, err
}

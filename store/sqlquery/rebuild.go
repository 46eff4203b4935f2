package sqlquery

import (
	"context"
	"fmt"
)

// RebuildKeys makes the key columns of all rows, of every tenant, what the
// values say, and the rows of Options.Lists; of deleted rows it renews the
// former keys that there are. It returns how many rows had wrong keys. It is
// needed after a key column or a list was added to a table that has rows, after the
// application wrote without keys, and when schema.FoldVersion changes. It fails
// at two rows with the same key where the index is unique, and names the second;
// what was done until then stays. The Key of a member table is the program's to
// renew: ids rarely have anything to fold beyond ASCII.
func (t *Table[T]) RebuildKeys(ctx context.Context) (int, error) {
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

// keysAfter reads the next ids.
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

// rebuild does it for one row, and reports whether its keys were wrong.
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

// anyRow locks and reads a row of whatever tenant, deleted or not; nil if it is
// gone.
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

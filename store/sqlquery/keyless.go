package sqlquery

import (
	"context"
	"log/slog"
)

// reportKeyless looks for a row that has a value and no key for it: nobody finds
// it by that value, and a client would create the user again.
func (t *Table[T]) reportKeyless(ctx context.Context) error {
	for _, key := range t.typed.fields {
		if key.role != roleKey {
			continue
		}
		found, err := t.keyless(ctx, key)
		if err != nil {
			return err
		}
		if found {
			t.log.LogAttrs(ctx, slog.LevelWarn, "sqlquery: rows without a key are not found by their value: RebuildKeys makes the keys, and whoever writes the value must write its key",
				slog.String("table", t.name), slog.String("column", t.columns[key]))
		}
	}
	return nil
}

// keyless reports whether a row of any tenant has a value without its key.
func (t *Table[T]) keyless(ctx context.Context, key *field) (found bool, err error) {
	for _, f := range t.typed.fields {
		if f.role != roleAttribute || t.typed.keyField(f) != key {
			continue
		}
		s := t.db.d.statement("SELECT 1 FROM ", t.name, " AS ", alias, " WHERE ", t.column(key), " IS NULL AND ",
			t.column(f), " IS NOT NULL AND ", t.db.d.notEmpty(t.column(f)))
		if t.deleted != nil {
			s.add(" AND ")
			t.alive(s)
		}
		if t.options.Where != "" {
			s.add(" AND (", t.options.Where, ")")
		}
		err = t.db.query(ctx, s.add(" LIMIT 1"), func(func(...any) error) error {
			found = true
			return nil
		})
	}
	return found, err
}

package sqlquery

import (
	"context"
	"log/slog"
)

// reportKeyless logs key columns that are NULL in a row with a value. A filter
// does not find such a row, and a client would create the resource again.
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
			t.log.LogAttrs(ctx, slog.LevelWarn, "sqlquery: rows whose key column is NULL are not found by their value; call RebuildKeys, and write the key wherever the application writes the value",
				slog.String("table", t.name), slog.String("column", t.columns[key]))
		}
	}
	return nil
}

// keyless reports whether a row of any tenant has a value but no key.
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

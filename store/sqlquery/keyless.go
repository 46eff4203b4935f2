package sqlquery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// checkKeyless finds rows with a value and without its key. A filter does not
// find such a row, and a client would create the resource again. With
// Options.AllowRowsWithoutKeys they are logged, else an error.
func (t *Table[T]) checkKeyless(ctx context.Context) error {
	var errs []error
	for _, f := range t.typed.fields {
		key := t.typed.keyField(f)
		if f.role != roleAttribute || key == nil {
			continue
		}
		found, err := t.keyless(ctx, f, key)
		switch {
		case err != nil:
			return err
		case found && t.options.AllowRowsWithoutKeys:
			t.log.LogAttrs(ctx, slog.LevelWarn, "sqlquery: rows without a key are not found by their value; call EnsureKeys or RebuildKeys, and write the key wherever the application writes the value",
				slog.String("table", t.table), slog.String("column", columnName(key.StructField)))
		case found:
			errs = append(errs, fmt.Errorf("sqlquery: %s has rows with %s and without %s; such a resource is not found by its %s and would be created again: set Options.EnsureKeys, and write schema.FoldKey of the value wherever the application writes the value",
				t.table, columnName(f.StructField), columnName(key.StructField), f.path))
		}
	}
	return errors.Join(errs...)
}

// keyless reports whether a row of any tenant has a value but no key. An empty key
// is one in a column that cannot be NULL: the key of text is never empty. Elsewhere
// the index on the key finds the rows.
func (t *Table[T]) keyless(ctx context.Context, f, key *field) (found bool, err error) {
	missing := t.column(key) + " IS NULL"
	if !key.nullable {
		missing = "(" + missing + " OR NOT (" + t.db.d.notEmpty(t.column(key)) + "))"
	}
	s := t.db.d.statement("SELECT 1 FROM ", t.name, " AS ", alias, " WHERE ", missing, " AND ",
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
	return found, err
}

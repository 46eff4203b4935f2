package sqlquery

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
)

// keysTable is the table in which EnsureKeys records its work.
const keysTable = "scim_keys"

// KeysTable returns the statement that creates the table scim_keys, for migration
// tools. [Table.EnsureKeys] runs it if the table is missing. A table whose name
// has a schema ("app.users") needs scim_keys in that schema.
func KeysTable(d Dialect) string { return keysTableIn(d.dialect, keysTable) }

func keysTableIn(d *dialect, name string) string {
	text := "CREATE TABLE IF NOT EXISTS " + d.ident(name) +
		" (table_name VARCHAR(200) NOT NULL, column_name VARCHAR(200) NOT NULL, fold_version INTEGER NOT NULL, PRIMARY KEY (table_name, column_name))"
	if d.kind == sqldb.MySQL {
		text += " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	}
	return text
}

// EnsureKeys runs [Table.RebuildKeys] once for each schema.FoldVersion, and again
// when T gets another key column or Options.Lists another column. The table
// scim_keys in the database records it; see [KeysTable]. Several processes may
// call EnsureKeys at the same time: each of them leaves the same keys.
//
// With a DB that has a [Prepare] it fails unless the keys are recorded already; a
// table of a DB without it makes them.
//
// Programs of an older release that still run write the keys of their release.
// Start them anew before rows are looked up by the new keys.
func (t *Table[T]) EnsureKeys(ctx context.Context) error {
	columns := t.keyColumns()
	if len(columns) == 0 {
		return nil
	}
	records, err := t.createKeysTable(ctx)
	if err != nil {
		return err
	}
	recorded, err := t.recordedKeys(ctx, records)
	if err != nil || !slices.ContainsFunc(columns, func(c string) bool { return recorded[c] < schema.FoldVersion }) {
		return err
	}
	n, err := t.RebuildKeys(ctx)
	if err != nil {
		return err
	}
	t.log.LogAttrs(ctx, slog.LevelInfo, "sqlquery: the keys of the table are rebuilt", slog.String("table", t.table), slog.Int("rows", n))
	return t.recordKeys(ctx, records, columns)
}

// keyColumns returns the columns that RebuildKeys writes; those of a list have
// the name of its table in front.
func (t *Table[T]) keyColumns() []string {
	var out []string
	for _, f := range t.typed.fields {
		if f.role == roleKey {
			out = append(out, columnName(f.StructField))
		}
	}
	for _, l := range t.lists {
		for _, columns := range []map[string]string{l.Values, l.Keys} {
			for _, name := range slices.Sorted(maps.Values(columns)) {
				out = append(out, l.Table+"."+name)
			}
		}
	}
	return out
}

// createKeysTable creates the table of the records unless it exists, and returns
// its name.
func (t *Table[T]) createKeysTable(ctx context.Context) (string, error) {
	name := keysTable
	if schemaName, _ := splitName(t.table); schemaName != "" {
		name = schemaName + "." + name
	}
	if t.existsTable(ctx, name) {
		return name, nil
	}
	create := t.db.d.statement(keysTableIn(t.db.d, name))
	err := t.db.InTx(ctx, func(ctx context.Context) error {
		_, err := t.db.exec(ctx, create)
		return err
	})
	if err != nil && !t.existsTable(ctx, name) { // another process may have created it
		return "", fmt.Errorf("sqlquery: EnsureKeys needs the table %s, which a migration may create (KeysTable has its SQL): %w", name, err)
	}
	return name, nil
}

// existsTable reports whether the catalogue shows a table.
func (t *Table[T]) existsTable(ctx context.Context, name string) bool {
	c, err := t.db.d.catalogue(ctx, t.db, name)
	return err == nil && len(c.columns) > 0
}

// recordedKeys returns the recorded versions, by column.
func (t *Table[T]) recordedKeys(ctx context.Context, records string) (map[string]int, error) {
	out := map[string]int{}
	s := t.db.d.statement("SELECT column_name, fold_version FROM ", t.db.d.ident(records), " WHERE table_name = ").arg(t.table)
	return out, t.db.query(ctx, s, func(scan func(...any) error) error {
		var column string
		var version int
		err := scan(&column, &version)
		out[column] = version
		return err
	})
}

func (t *Table[T]) recordKeys(ctx context.Context, records string, columns []string) error {
	table := t.db.d.ident(records)
	return t.db.InTx(ctx, func(ctx context.Context) error {
		for _, column := range columns {
			s := t.db.d.statement("INSERT INTO ", table, " (table_name, column_name, fold_version) VALUES ").list([]any{t.table, column, schema.FoldVersion})
			if _, err := t.db.exec(ctx, s.add(t.db.d.onTaken("fold_version"))); err != nil {
				return err
			}
			s = t.db.d.statement("UPDATE ", table, " SET fold_version = ").arg(schema.FoldVersion)
			s.add(" WHERE table_name = ").arg(t.table).add(" AND column_name = ").arg(column).add(" AND fold_version < ").arg(schema.FoldVersion)
			if _, err := t.db.exec(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

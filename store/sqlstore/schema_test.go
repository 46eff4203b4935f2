package sqlstore_test

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// catalogueQueries return lines about the columns and indexes of all tables.
var catalogueQueries = map[sqlstore.Dialect][]string{
	sqlstore.SQLite: {"SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master ORDER BY 1"},
	sqlstore.PostgreSQL: {
		`SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || is_identity || ' ' || COALESCE(column_default, '') || ' ' || COALESCE(collation_name, '')
			FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`,
		"SELECT replace(indexdef, quote_ident(schemaname) || '.', '') FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1",
		"SELECT relname || ' ' || COALESCE(array_to_string(reloptions, ','), '') FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND relkind = 'r' ORDER BY 1",
	},
	sqlstore.MariaDB: {
		`SELECT CONCAT_WS(' ', table_name, column_name, column_type, is_nullable, extra, column_default)
			FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`,
		`SELECT CONCAT_WS(' ', table_name, index_name, seq_in_index, column_name, non_unique)
			FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index`,
	},
}

// catalogue returns the columns and indexes of the tables of a database, and the
// migrations that it records.
func catalogue(t *testing.T, d database) []string {
	var out []string
	raw := d.open(t)
	for _, query := range append(catalogueQueries[d.dialect], "SELECT part FROM scim_migration ORDER BY part, version") {
		out = append(out, texts(t, raw, query)...)
	}
	return out
}

func texts(t *testing.T, raw *sql.DB, query string) []string {
	rows, err := raw.Query(query)
	require.NoError(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		out = append(out, s)
	}
	require.NoError(t, rows.Err())
	return out
}

// applyByHand runs the texts of Schema as a migration tool does.
func applyByHand(t *testing.T, d database, parts ...sqlstore.Part) {
	migrations, err := sqlstore.Schema(d.dialect, parts...)
	require.NoError(t, err)
	raw := d.open(t)
	for _, m := range migrations {
		for _, statement := range strings.SplitAfter(m.SQL, ";\n") {
			if strings.TrimSpace(statement) != "" {
				_, err := raw.Exec(statement)
				require.NoError(t, err, "%s: %s", m.Name, statement)
			}
		}
	}
}

// places returns two empty databases of the same kind.
func places(t *testing.T, d database) (database, database) {
	switch d.dialect {
	case sqlstore.SQLite:
		return d, sqlite(t)
	case sqlstore.PostgreSQL:
		return d, postgreSQL(t)
	}
	return d, mariaDB(t)
}

func TestSchemaAppliedByHandIsThatOfMigrate(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		for _, parts := range [][]sqlstore.Part{nil, {sqlstore.Outbox}, {sqlstore.Audit, sqlstore.Tokens}} {
			byHand, byMigrate := places(t, d)
			_, d = places(t, d)
			applyByHand(t, byHand, parts...)
			require.NoError(t, byHand.empty(t).Check(t.Context(), parts...))
			require.NoError(t, byMigrate.empty(t).Migrate(t.Context(), parts...))
			want := catalogue(t, byMigrate)
			require.Equal(t, want, catalogue(t, byHand), "%v", parts)
			require.NoError(t, byHand.empty(t).Migrate(t.Context(), parts...))
			require.Equal(t, want, catalogue(t, byHand), "Migrate changes nothing, %v", parts)
		}
	})
}

// A role that may not create tables can call Migrate after another tool.
func TestMigrateAfterAnotherToolWritesNothing(t *testing.T) {
	t.Parallel()
	d := postgreSQL(t)
	applyByHand(t, d, sqlstore.Outbox)
	u, err := url.Parse(d.dsn)
	require.NoError(t, err)
	q := u.Query()
	q.Set("default_transaction_read_only", "on")
	u.RawQuery = q.Encode()
	d.dsn = u.String()
	db := d.empty(t)
	require.NoError(t, db.Migrate(t.Context(), sqlstore.Outbox))
	require.Error(t, db.Migrate(t.Context(), sqlstore.Tokens))
}

func TestPartHasNoTablesOfOtherParts(t *testing.T) {
	tables := map[sqlstore.Dialect]string{
		sqlstore.SQLite:     "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'scim%' ORDER BY 1",
		sqlstore.PostgreSQL: "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1",
		sqlstore.MariaDB:    "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1",
	}
	onEach(t, func(t *testing.T, d database) {
		db := d.empty(t)
		require.NoError(t, db.Migrate(t.Context(), sqlstore.Outbox))
		require.Equal(t, []string{"scim_line", "scim_migration", "scim_outbox"}, texts(t, d.open(t), tables[d.dialect]))
		require.NoError(t, db.Append(t.Context(), []store.Entry{{ID: "1", Queue: store.QueueEvent, Type: "User", ResourceID: "u", Payload: []byte("{}"), Due: start}}))
		claimed, err := db.Claim(t.Context(), store.QueueEvent, start, start.Add(1), 1)
		require.NoError(t, err)
		require.Len(t, claimed, 1)

		require.NoError(t, db.Check(t.Context(), sqlstore.Outbox))
		require.ErrorContains(t, db.Check(t.Context()), "the migration scim_001_resources was not applied: call Migrate")
		_, err = db.Store(schema.UserType).Get(t.Context(), "1", store.GetOptions{})
		require.ErrorContains(t, err, "the migration scim_001_resources was not applied: call Migrate")
		db = d.empty(t)
		require.NoError(t, db.Migrate(t.Context()), "the other parts can follow later")
		_, err = db.Store(schema.UserType).Create(t.Context(), storetest.Creation(user(1)))
		require.NoError(t, err)
	})
}

func TestSchemaReportsMistakes(t *testing.T) {
	t.Parallel()
	_, err := sqlstore.Schema(sqlstore.Dialect{})
	require.ErrorContains(t, err, "needs a dialect")
	_, err = sqlstore.Schema(sqlstore.SQLite, "outbox", "mail")
	require.ErrorContains(t, err, `there is no part "mail"`)
	d := sqlite(t)
	require.ErrorContains(t, d.empty(t).Migrate(t.Context(), "mail"), `there is no part "mail"`)
	require.ErrorContains(t, d.empty(t).Check(t.Context(), "mail"), `there is no part "mail"`)
	require.ErrorContains(t, d.empty(t).Check(t.Context()), "was Migrate called?")
}

package sqlstore_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// database is a place for tables that a test has for itself.
type database struct {
	driver, dsn string
	dialect     sqlstore.Dialect
	path        string // of an SQLite file
}

// open returns a new pool of connections to it.
func (d database) open(t testing.TB) *sql.DB {
	return sqltest.Open(t, d.driver, d.dsn)
}

// empty opens it without making tables.
func (d database) empty(t testing.TB, options ...sqlstore.Option) *sqlstore.DB {
	if d.path == "" {
		db, err := sqlstore.New(d.open(t), d.dialect, options...)
		require.NoError(t, err)
		return db
	}
	db, err := sqlstore.OpenSQLite("sqlite", d.path, options...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// store opens it with its tables made.
func (d database) store(t testing.TB, options ...sqlstore.Option) *sqlstore.DB {
	db := d.empty(t, options...)
	require.NoError(t, db.Migrate(t.Context()))
	return db
}

// onEach runs a test on every database there is.
func onEach(t *testing.T, test func(t *testing.T, d database)) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, sqlite(t))
	})
	onServers(t, test)
}

// onServers runs a test of what only servers have: connections that can be
// lost, several writers, timeouts of statements.
func onServers(t *testing.T, test func(t *testing.T, d database)) {
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, postgreSQL(t))
	})
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		test(t, mariaDB(t))
	})
}

// sqlite returns a file, with characters that mean something in a URI.
func sqlite(t testing.TB) database {
	path := filepath.Join(t.TempDir(), "scim?#%.db")
	dsn := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) + "?_pragma=busy_timeout(5000)"
	return database{"sqlite", dsn, sqlstore.SQLite, path}
}

// postgreSQL makes a schema on the server at SCIM_TEST_POSTGRES.
func postgreSQL(t testing.TB) database {
	return database{"pgx", sqltest.NewPostgres(t), sqlstore.PostgreSQL, ""}
}

// mariaDB makes a database on the server at SCIM_TEST_MARIADB.
func mariaDB(t testing.TB) database {
	return database{"mysql", sqltest.NewMariaDB(t), sqlstore.MariaDB, ""}
}

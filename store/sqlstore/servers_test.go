package sqlstore_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

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
	pool, err := sql.Open(d.driver, d.dsn)
	require.NoError(t, err)
	pool.SetMaxOpenConns(16) // servers refuse more than about 100
	pool.SetMaxIdleConns(16)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return pool
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

// server returns the DSN in an environment variable, or skips the test.
func server(t testing.TB, variable string) string {
	dsn := os.Getenv(variable)
	switch {
	case dsn != "":
	case os.Getenv("SCIM_TEST_REQUIRE_ALL") == "1":
		t.Fatalf("%s is not set, and SCIM_TEST_REQUIRE_ALL=1", variable)
	default:
		t.Skipf("%s is not set: no server to test with", variable)
	}
	return dsn
}

// postgreSQL makes a schema on the server at SCIM_TEST_POSTGRES, a URL.
func postgreSQL(t testing.TB) database {
	dsn, name := server(t, "SCIM_TEST_POSTGRES"), "scim_test_"+rand.Text()
	u, err := url.Parse(dsn)
	require.NoError(t, err, "SCIM_TEST_POSTGRES is not a URL")
	admin(t, "pgx", dsn, `CREATE SCHEMA "`+name+`"`, `DROP SCHEMA "`+name+`" CASCADE`)
	query := u.Query()
	query.Set("search_path", `"`+name+`"`)
	u.RawQuery = query.Encode()
	return database{"pgx", u.String(), sqlstore.PostgreSQL, ""}
}

// mariaDB makes a database on the server at SCIM_TEST_MARIADB, a DSN of
// go-sql-driver.
func mariaDB(t testing.TB) database {
	dsn, name := server(t, "SCIM_TEST_MARIADB"), "scim_test_"+rand.Text()
	c, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	admin(t, "mysql", dsn, "CREATE DATABASE "+name, "DROP DATABASE "+name)
	c.DBName = name
	return database{"mysql", c.FormatDSN(), sqlstore.MariaDB, ""}
}

// admin runs a statement now and another when the test is over.
func admin(t testing.TB, driver, dsn, now, after string) {
	pool, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	_, err = pool.ExecContext(t.Context(), now)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := pool.ExecContext(context.Background(), after)
		require.NoError(t, err)
		require.NoError(t, pool.Close())
	})
}

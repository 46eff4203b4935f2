// Package sqltest helps the tests of the stores in SQL, which are in several
// modules: a database for each test on the servers that the environment names,
// and calls at the same time. It imports no driver: the tests do, "pgx" and
// "mysql".
package sqltest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// The variables with the servers' addresses: a URL, and a DSN of go-sql-driver.
const (
	Postgres = "SCIM_TEST_POSTGRES"
	MariaDB  = "SCIM_TEST_MARIADB"
)

// Server returns the address in an environment variable. Without one the test
// is skipped, or fails if SCIM_TEST_REQUIRE_ALL is 1.
func Server(t testing.TB, variable string) string {
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

// Open returns a new pool of connections, which is closed when the test ends.
func Open(t testing.TB, driver, dsn string) *sql.DB {
	pool, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	pool.SetMaxOpenConns(16) // servers refuse more than about 100
	pool.SetMaxIdleConns(16)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return pool
}

// NewPostgres creates a schema on the PostgreSQL server, dropped when the test
// ends, and returns the URL that uses it.
func NewPostgres(t testing.TB) string {
	dsn, name := Server(t, Postgres), "scim_test_"+rand.Text()
	u, err := url.Parse(dsn)
	require.NoError(t, err, "%s is not a URL", Postgres)
	execAround(t, "pgx", dsn, `CREATE SCHEMA "`+name+`"`, `DROP SCHEMA "`+name+`" CASCADE`)
	query := u.Query()
	query.Set("search_path", `"`+name+`"`)
	u.RawQuery = query.Encode()
	return u.String()
}

// NewMariaDB creates a database on the MariaDB server, dropped when the test
// ends, and returns the DSN that uses it.
func NewMariaDB(t testing.TB) string {
	dsn, name := Server(t, MariaDB), "scim_test_"+rand.Text()
	slash := strings.LastIndexByte(dsn, '/')
	require.NotEqual(t, -1, slash, "%s is not a DSN", MariaDB)
	_, params, _ := strings.Cut(dsn[slash:], "?")
	execAround(t, "mysql", dsn, "CREATE DATABASE "+name, "DROP DATABASE "+name)
	return dsn[:slash+1] + name + "?" + params
}

// execAround runs a statement now and another when the test ends.
func execAround(t testing.TB, driver, dsn, now, after string) {
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

// AtOnce runs fn(0) to fn(n-1), each in a goroutine. None begins before all
// goroutines are ready.
func AtOnce(n int, fn func(i int)) {
	var ready, done sync.WaitGroup
	ready.Add(n)
	done.Add(n)
	for i := range n {
		go func() {
			defer done.Done()
			ready.Done()
			ready.Wait()
			fn(i)
		}()
	}
	done.Wait()
}

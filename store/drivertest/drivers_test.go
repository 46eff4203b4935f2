// Package drivertest runs the conformance kits with drivers and settings that
// the tests of the stores do not use: ncruces/go-sqlite3, or with the build tag
// mattn mattn/go-sqlite3 (both are registered as "sqlite3"), pgx as a pooler
// needs it, lib/pq, and MariaDB with other parameters in its DSN. It has no
// code but its tests.
package drivertest

import (
	"crypto/sha256"
	"database/sql"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// setting is a driver with the parameters of its DSN.
type setting struct {
	name  string
	open  func(t testing.TB) *sql.DB // an empty database
	store sqlstore.Dialect
	query sqlquery.Dialect
	types *strings.Replacer // the types of columns, in the words of tables_test.go
}

var (
	sqliteTypes   = strings.NewReplacer("SERIAL", "INTEGER PRIMARY KEY AUTOINCREMENT", "WORD", "TEXT", "LONGTEXT", "TEXT", "INSTANT", "DATETIME")
	postgresTypes = strings.NewReplacer("SERIAL", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "WORD", "TEXT", "LONGTEXT", "TEXT", "INSTANT", "TIMESTAMPTZ")
	mariaTypes    = strings.NewReplacer("SERIAL", "BIGINT AUTO_INCREMENT PRIMARY KEY", "WORD", "TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
		"LONGTEXT", "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "INSTANT", "DATETIME(6)")
)

var settings = []setting{
	{sqliteName, openSQLite, sqlstore.SQLite, sqlquery.SQLite, sqliteTypes},
	{"pgx exec", postgres("pgx", "default_query_exec_mode", "exec"), sqlstore.PostgreSQL, sqlquery.PostgreSQL, postgresTypes},
	{"lib pq", postgres("postgres", "", ""), sqlstore.PostgreSQL, sqlquery.PostgreSQL, postgresTypes},
	{"MariaDB with interpolated parameters", openMariaDB("interpolateParams=true&clientFoundRows=true"), sqlstore.MariaDB, sqlquery.MySQL, mariaTypes},
	{"MariaDB with parsed times", openMariaDB("parseTime=true&multiStatements=true"), sqlstore.MariaDB, sqlquery.MySQL, mariaTypes},
}

func openSQLite(t testing.TB) *sql.DB {
	return sqltest.Open(t, "sqlite3", "file:"+filepath.Join(t.TempDir(), "app.db")+sqliteParams)
}

func postgres(driver, parameter, value string) func(testing.TB) *sql.DB {
	return func(t testing.TB) *sql.DB {
		u, err := url.Parse(sqltest.NewPostgres(t))
		require.NoError(t, err)
		if parameter != "" {
			q := u.Query()
			q.Set(parameter, value)
			u.RawQuery = q.Encode()
		}
		return sqltest.Open(t, driver, u.String())
	}
}

func openMariaDB(parameters string) func(testing.TB) *sql.DB {
	return func(t testing.TB) *sql.DB {
		dsn := sqltest.NewMariaDB(t)
		if !strings.HasSuffix(dsn, "?") {
			dsn += "&"
		}
		return sqltest.Open(t, "mysql", dsn+parameters)
	}
}

// onEach runs a test with every setting.
func onEach(t *testing.T, test func(t *testing.T, s setting)) {
	for _, s := range settings {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

// sqlStore opens a database with the tables of sqlstore.
func (s setting) sqlStore(t *testing.T) *sqlstore.DB {
	db, err := sqlstore.New(s.open(t), s.store)
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context()))
	return db
}

func TestStores(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s setting) {
		storetest.Run(t, func(t *testing.T) storetest.Fixture {
			db := s.sqlStore(t)
			return storetest.Fixture{
				Users: db.Store(schema.UserType), Groups: db.Store(schema.GroupType).(store.MemberStore),
				Things: db.Store(storetest.ThingType), Tx: db,
			}
		})
	})
}

func TestOutboxes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s setting) {
		storetest.RunOutbox(t, func(t *testing.T) storetest.OutboxFixture {
			db := s.sqlStore(t)
			return storetest.OutboxFixture{Outbox: db, Tx: db}
		})
	})
}

func TestConnections(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s setting) {
		storetest.RunConnections(t, func(t *testing.T) storetest.ConnectionsFixture {
			db := s.sqlStore(t)
			return storetest.ConnectionsFixture{Connections: db, Tx: db}
		})
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s setting) {
		storetest.RunTokens(t, func(t *testing.T) store.Tokens { return s.sqlStore(t) })
	})
}

// With each driver a token that another handle of the file changes is not taken from
// memory (sqlstore.OpenSQLite).
func TestTokensOfAFile(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, path string) *sqlstore.DB {
		db, err := sqlstore.OpenSQLite("sqlite3", path)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		require.NoError(t, db.Migrate(t.Context()))
		return db
	}
	t.Run(sqliteName, func(t *testing.T) {
		t.Parallel()
		storetest.RunTokens(t, func(t *testing.T) store.Tokens { return open(t, filepath.Join(t.TempDir(), "scim.db")) })
		path, revoked := filepath.Join(t.TempDir(), "scim.db"), true
		db, other := open(t, path), open(t, path)
		for n := range 20 {
			token := store.Token{ID: strconv.Itoa(n), SHA256: sha256.Sum256([]byte{byte(n)})}
			require.NoError(t, other.AddToken(t.Context(), token))
			for range 3 {
				found, err := db.FindToken(t.Context(), token.SHA256)
				require.NoError(t, err)
				require.False(t, found.Revoked)
			}
			require.NoError(t, other.SetToken(t.Context(), token.ID, store.TokenChange{Revoked: &revoked}))
			found, err := db.FindToken(t.Context(), token.SHA256)
			require.NoError(t, err)
			require.True(t, found.Revoked)
		}
	})
}

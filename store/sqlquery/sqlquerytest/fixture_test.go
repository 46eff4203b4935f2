// Package sqlquerytest has the tests of package sqlquery that need a database.
// It is a module of its own, so that the root module requires no drivers.
package sqlquerytest

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// fullUserRow has fields for some attributes and a rest for the others.
type fullUserRow struct {
	ID         string           `scim:"id,uuid"`
	UserName   string           `scim:"userName"`
	UserKey    *string          `scim:"userName,key"`
	FormerKey  sql.NullString   `scim:"userName,former"`
	ExternalID *string          `scim:"externalId"`
	GivenName  *string          `scim:"name.givenName"`
	GivenKey   *string          `scim:"name.givenName,key"`
	Title      sql.NullString   `scim:"title"`
	TitleKey   sql.NullString   `scim:"title,key"`
	Nick       *string          `scim:"nickName"`
	Profile    sql.Null[string] `scim:"profileUrl"`
	Active     *bool            `scim:"active"`
	Department *string          `scim:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"`
	Manager    *string          `scim:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"`
	Version    int64            `scim:"meta.version"`
	CreatedAt  time.Time        `scim:"meta.created"`
	UpdatedAt  time.Time        `scim:"meta.lastModified"`
	Tenant     string           `scim:",tenant"`
	Deleted    bool             `scim:",deleted"`
	Rest       string           `scim:",rest"`
}

type fullGroupRow struct {
	ID         string    `scim:"id,uuid"`
	Name       string    `scim:"displayName"`
	NameKey    string    `scim:"displayName,key"`
	ExternalID *string   `scim:"externalId"`
	Version    int64     `scim:"meta.version"`
	CreatedAt  time.Time `scim:"meta.created"`
	UpdatedAt  int64     `scim:"meta.lastModified,unit=us"`
	Tenant     string    `scim:",tenant"`
	Rest       []byte    `scim:",rest"`
}

type thingRow struct {
	ID        string     `scim:"id,uuid"`
	Serial    *int64     `scim:"serial"`
	Label     *string    `scim:"label"`
	Amount    *int64     `scim:"amount"`
	Ratio     *float64   `scim:"ratio"`
	At        *time.Time `scim:"at"`
	Link      *string    `scim:"link"`
	Blob      *string    `scim:"blob" db:"blob_"`
	Switched  *bool      `scim:"on,not"`
	Code      *string    `scim:"urn:example:storetest:2.0:More:code"`
	Floor     *int64     `scim:"urn:example:storetest:2.0:More:place.floor"`
	Size      *int64     `scim:"parts[primary].size"`
	Version   uint64     `scim:"meta.version"`
	CreatedAt time.Time  `scim:"meta.created"`
	UpdatedAt time.Time  `scim:"meta.lastModified"`
	Tenant    string     `scim:",tenant"`
	Deleted   *time.Time `scim:",deleted"`
	Rest      string     `scim:",rest"`
}

// host is a database of an application.
type host struct {
	dialect sqlquery.Dialect
	types   *strings.Replacer // of the words in ddl
	open    func(t testing.TB) *sql.DB
}

// ddl has placeholders for the types that differ between databases.
var ddl = []string{
	`CREATE TABLE full_users (id TEXT PRIMARY KEY, user_name TEXT NOT NULL, user_key TEXT, former_key TEXT, external_id TEXT, given_name TEXT, given_key TEXT,
		title TEXT, title_key TEXT, nick TEXT, profile TEXT, active BOOL, department TEXT, manager TEXT,
		version BIGINT NOT NULL, created_at TIME NOT NULL, updated_at TIME NOT NULL, tenant TEXT NOT NULL, deleted BOOL, rest LONGTEXT NOT NULL)`,
	`CREATE TABLE full_emails (user_id SHORT NOT NULL, value TEXT, value_key TEXT, kind TEXT, kind_key TEXT, preferred BOOL)`,
	`CREATE UNIQUE INDEX full_users_key ON full_users (tenant, user_key)`,
	`CREATE INDEX full_users_former ON full_users (tenant, former_key)`,
	`CREATE TABLE full_groups (id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL, external_id TEXT,
		version BIGINT NOT NULL, created_at TIME NOT NULL, updated_at BIGINT NOT NULL, tenant TEXT NOT NULL, rest BYTES NOT NULL)`,
	`CREATE TABLE full_members (group_id TEXT NOT NULL, member TEXT NOT NULL, type TEXT NOT NULL, member_key TEXT NOT NULL, PRIMARY KEY (group_id, member))`,
	`CREATE INDEX full_members_member ON full_members (member)`,
	`CREATE TABLE things (id TEXT PRIMARY KEY, serial BIGINT, label TEXT, amount BIGINT, ratio DOUBLE, at TIME, link TEXT, blob_ TEXT, switched BOOL, code TEXT,
		floor BIGINT, size BIGINT, version BIGINT NOT NULL, created_at TIME NOT NULL, updated_at TIME NOT NULL, tenant TEXT NOT NULL, deleted TIME, rest LONGTEXT NOT NULL,
		live_serial BIGINT GENERATED ALWAYS AS (CASE WHEN deleted IS NULL THEN serial END) STORED, live_code EXACT GENERATED ALWAYS AS (CASE WHEN deleted IS NULL THEN code END) STORED)`,
	`CREATE UNIQUE INDEX things_serial ON things (tenant, live_serial)`,
	`CREATE UNIQUE INDEX things_code ON things (tenant, live_code)`,
}

func (d host) create(t testing.TB, db *sql.DB, statements []string) {
	for _, s := range statements {
		_, err := db.Exec(d.types.Replace(s))
		require.NoError(t, err, s)
	}
}

var hostSQLite = host{
	dialect: sqlquery.SQLite, types: strings.NewReplacer("SHORT", "TEXT", "EXACT", "TEXT", "LONGTEXT", "TEXT", "TIME", "DATETIME", "BYTES", "BLOB", "SERIALKEY", "INTEGER PRIMARY KEY AUTOINCREMENT"),
	open: func(t testing.TB) *sql.DB {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "host.db")+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(ON)&_pragma=synchronous(OFF)")
		require.NoError(t, err)
		t.Cleanup(func() { db.Close() })
		return db
	},
}

var hostPostgreSQL = host{
	dialect: sqlquery.PostgreSQL,
	types:   strings.NewReplacer("SHORT", "TEXT", "EXACT", "TEXT", "LONGTEXT", "TEXT", "TIME", "TIMESTAMPTZ", "BYTES", "BYTEA", "DOUBLE", "DOUBLE PRECISION", "SERIALKEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
	open:    func(t testing.TB) *sql.DB { return sqltest.Open(t, "pgx", sqltest.NewPostgres(t)) },
}

var hostMariaDB = host{
	dialect: sqlquery.MySQL,
	types: strings.NewReplacer("SHORT", "VARCHAR(100) COLLATE utf8mb4_nopad_bin", "EXACT", "VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", "LONGTEXT", "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "TEXT PRIMARY KEY", "VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PRIMARY KEY",
		"group_id TEXT", "group_id VARCHAR(100) COLLATE utf8mb4_nopad_bin", "member TEXT", "member VARCHAR(300) COLLATE utf8mb4_nopad_bin",
		"tenant TEXT", "tenant VARCHAR(100) COLLATE utf8mb4_nopad_bin", "login_key TEXT", "login_key TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", "email_key TEXT", "email_key TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", "user_key TEXT", "user_key TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", "former_key TEXT", "former_key VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
		"TEXT", "TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
		"TIME", "DATETIME(6)", "BYTES", "LONGBLOB", "SERIALKEY", "BIGINT AUTO_INCREMENT PRIMARY KEY"),
	open: func(t testing.TB) *sql.DB { return sqltest.Open(t, "mysql", sqltest.NewMariaDB(t)) },
}

// fullFixture has tables of the application with rest columns, which keep every
// attribute.
func fullFixture(t testing.TB, d host) storetest.Fixture {
	_, f := fullTables(t, d)
	return f
}

func fullTables(t testing.TB, d host) (*sql.DB, storetest.Fixture) {
	conn := d.open(t)
	d.create(t, conn, ddl)
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	ctx := context.Background()
	users, err := sqlquery.NewTable(ctx, db, "full_users", schema.UserType, sqlquery.Options[fullUserRow]{Lists: map[string]sqlquery.ListTable{"emails": {
		Table: "full_emails", Owner: "user_id",
		Values: map[string]string{"value": "value", "type": "kind", "primary": "preferred"}, Keys: map[string]string{"value": "value_key", "type": "kind_key"},
	}}})
	require.NoError(t, err)
	groups, err := sqlquery.NewGroupTable(ctx, db, "full_groups", schema.GroupType,
		sqlquery.Members{Table: "full_members", Group: "group_id", Member: "member", Type: "type", Key: "member_key"}, sqlquery.Options[fullGroupRow]{})
	require.NoError(t, err)
	things, err := sqlquery.NewTable(ctx, db, "things", storetest.ThingType, sqlquery.Options[thingRow]{})
	require.NoError(t, err)
	return conn, storetest.Fixture{
		Users:  renamed{users, named},
		Groups: renamedGroups{renamed{groups.Table, named}, groups},
		Things: renamed{things, named}, Tx: db,
	}
}

func TestFullTablesOnSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Fixture { return fullFixture(t, hostSQLite) })
}

func TestFullTablesOnPostgreSQL(t *testing.T) {
	sqltest.Server(t, sqltest.Postgres)
	storetest.Run(t, func(t *testing.T) storetest.Fixture { return fullFixture(t, hostPostgreSQL) })
}

func TestFullTablesOnMariaDB(t *testing.T) {
	sqltest.Server(t, sqltest.MariaDB)
	storetest.Run(t, func(t *testing.T) storetest.Fixture { return fullFixture(t, hostMariaDB) })
}

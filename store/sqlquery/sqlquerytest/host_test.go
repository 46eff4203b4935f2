package sqlquerytest

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// hostUser is a row of a table that an application had before it had SCIM.
type hostUser struct {
	ID           int64          `scim:"id,prefix=u"`
	Email        string         `scim:"userName"`
	EmailKey     *string        `scim:"userName,key"`
	FormerKey    *string        `scim:"userName,former"`
	FirstName    string         `scim:"name.givenName"`
	Mail         *string        `scim:"emails[primary].value"`
	WorkMail     sql.NullString `scim:"emails[type eq \"work\"].value"`
	Disabled     *bool          `scim:"active,not"`
	ExternalID   *string        `scim:"externalId"`
	Version      int64          `scim:"meta.version"`
	CreatedAt    time.Time      `scim:"meta.created"`
	UpdatedAt    time.Time      `scim:"meta.lastModified"`
	DeletedAt    *time.Time     `scim:",deleted"`
	Rest         string         `scim:",rest"`
	PasswordHash string         `db:"password_hash"`
}

type hostTeam struct {
	ID        int32     `scim:"id,prefix=g"`
	Name      string    `scim:"displayName"`
	NameKey   string    `scim:"displayName,key"`
	Version   int64     `scim:"meta.version"`
	CreatedAt time.Time `scim:"meta.created"`
	UpdatedAt time.Time `scim:"meta.lastModified"`
	Rest      string    `scim:",rest"`
}

var hostDDL = []string{
	`CREATE TABLE users (id SERIALKEY, email TEXT NOT NULL, email_key TEXT, former_key TEXT, first_name TEXT NOT NULL, mail TEXT, work_mail TEXT, disabled BOOL, external_id TEXT, password_hash TEXT NOT NULL,
		version BIGINT NOT NULL DEFAULT 1, created_at TIME, updated_at TIME, deleted_at TIME, rest LONGTEXT, last_login TIME, plan TEXT)`,
	`CREATE UNIQUE INDEX users_email ON users (email_key)`,
	`CREATE INDEX users_former ON users (former_key)`,
	`CREATE TABLE teams (id SERIALKEY, name TEXT NOT NULL, name_key TEXT NOT NULL, version BIGINT NOT NULL DEFAULT 1, created_at TIME, updated_at TIME, rest LONGTEXT)`,
	`CREATE TABLE team_members (team_id BIGINT NOT NULL REFERENCES teams (id), user_id BIGINT NOT NULL REFERENCES users (id), PRIMARY KEY (team_id, user_id))`,
	`CREATE INDEX team_members_user ON team_members (user_id)`,
	`CREATE TABLE team_anyone (team_id BIGINT NOT NULL, member SHORT NOT NULL, type SHORT NOT NULL, member_key TEXT NOT NULL, PRIMARY KEY (team_id, member))`,
	`CREATE INDEX team_anyone_member ON team_anyone (member)`,
}

func openHost(t testing.TB, d host) (*sql.DB, *sqlquery.DB) {
	conn := d.open(t)
	d.create(t, conn, hostDDL)
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	return conn, db
}

func newHostUser(context.Context, *schema.Resource) (*hostUser, error) {
	return &hostUser{PasswordHash: "!"}, nil
}

// hostFixture has tables with integers of the database as ids.
func hostFixture(t testing.TB, d host) storetest.Fixture {
	_, db := openHost(t, d)
	users, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{New: newHostUser})
	require.NoError(t, err)
	teams, err := sqlquery.NewGroupTable(t.Context(), db, "teams", schema.GroupType,
		sqlquery.Members{Table: "team_anyone", Group: "team_id", Member: "member", Type: "type", Key: "member_key"}, sqlquery.Options[hostTeam]{})
	require.NoError(t, err)
	return storetest.Fixture{Users: users, Groups: teams, Tx: db, SingleTenant: true}
}

func TestHostTables(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Fixture { return hostFixture(t, hostSQLite) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		sqltest.Server(t, sqltest.Postgres)
		storetest.Run(t, func(t *testing.T) storetest.Fixture { return hostFixture(t, hostPostgreSQL) })
	})
	t.Run("MariaDB", func(t *testing.T) {
		sqltest.Server(t, sqltest.MariaDB)
		storetest.Run(t, func(t *testing.T) storetest.Fixture { return hostFixture(t, hostMariaDB) })
	})
}

func TestParseID(t *testing.T) {
	t.Parallel()
	app := openApp(t, hostSQLite)
	r := app.user(t, "ada@example.com")
	u, err := app.users.ParseID(r.ID)
	require.NoError(t, err)
	var email string
	require.NoError(t, app.conn.QueryRowContext(t.Context(), "SELECT email FROM users WHERE id = ?", u.ID).Scan(&email))
	require.Equal(t, "ada@example.com", email)
	require.Equal(t, &hostUser{ID: 1}, u, "no other field is set")

	g, err := app.teams.ParseID("g2147483647")
	require.NoError(t, err, "a row need not exist")
	require.Equal(t, int32(2147483647), g.ID)
	for _, id := range []string{"", "g", "1", "u1", "g01", "g2147483648", "g1x"} {
		_, err := app.teams.ParseID(id)
		require.ErrorIs(t, err, store.ErrNotFound, "%q", id)
	}
}

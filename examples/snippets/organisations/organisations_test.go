package organisations

import (
	"context"
	"database/sql"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

const tables = `
CREATE TABLE logins (id INTEGER PRIMARY KEY, email TEXT NOT NULL, password_hash TEXT NOT NULL);
CREATE TABLE accounts (id INTEGER PRIMARY KEY AUTOINCREMENT, org_id INTEGER NOT NULL, email TEXT NOT NULL, email_key TEXT, disabled BOOLEAN,
	provisioned_by TEXT, scim_rest TEXT NOT NULL DEFAULT '{}', password_hash TEXT, login_id INTEGER REFERENCES logins);
CREATE TABLE teams (id INTEGER PRIMARY KEY AUTOINCREMENT, org_id INTEGER NOT NULL, name TEXT NOT NULL, provisioned_by TEXT);
CREATE TABLE team_members (team_id INTEGER NOT NULL, account_id INTEGER NOT NULL, PRIMARY KEY (team_id, account_id));
CREATE INDEX team_members_account ON team_members (account_id);
CREATE TABLE sessions (digest BLOB PRIMARY KEY, account_id INTEGER NOT NULL);
CREATE TABLE released (account_id INTEGER NOT NULL, connection TEXT NOT NULL);
`

const perOrganisation = `CREATE UNIQUE INDEX accounts_email ON accounts (org_id, email_key)`

// world is the application with its organisations 7 and 8.
type world struct {
	*testing.T
	*Organisations
	pool    *sql.DB
	handler *scim.Handler
}

func openTables(t *testing.T, index string) (*sql.DB, *sqlquery.DB, *sqlquery.Table[Account], error) {
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "app.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	require.NoError(t, err)
	t.Cleanup(func() { pool.Close() })
	_, err = pool.Exec(tables + index)
	require.NoError(t, err)
	db, err := sqlquery.New(pool, sqlquery.SQLite)
	require.NoError(t, err)
	accounts, err := sqlquery.NewTable(context.Background(), db, "accounts", schema.UserType, sqlquery.Options[Account]{})
	return pool, db, accounts, err
}

func newWorld(t *testing.T) *world {
	ctx := context.Background()
	pool, db, accounts, err := openTables(t, perOrganisation)
	require.NoError(t, err)
	teams, err := sqlquery.NewGroupTable(ctx, db, "teams", schema.GroupType,
		sqlquery.Members{Table: "team_members", Group: "team_id", Member: "account_id", Of: accounts}, sqlquery.Options[Squad]{})
	require.NoError(t, err)
	outbox, err := sqlstore.New(pool, sqlstore.SQLite)
	require.NoError(t, err)
	require.NoError(t, outbox.Migrate(ctx))
	w := &world{T: t, pool: pool, Organisations: &Organisations{db: db, outbox: outbox, accounts: accounts, teams: teams}}
	h, err := w.Handler(scimtest.BaseURL)
	require.NoError(t, err)
	w.handler = h.(*scim.Handler)
	w.scim = w.handler
	return w
}

func (w *world) exec(query string, args ...any) {
	w.Helper()
	_, err := w.pool.Exec(query, args...)
	require.NoError(w, err)
}

func (w *world) client(org int64, id string) *scimtest.Client {
	secret, err := w.Connect(context.Background(), org, id)
	require.NoError(w, err)
	return scimtest.NewClient(w.T, w.handler, secret)
}

func (w *world) sessions() (n int) {
	require.NoError(w, w.pool.QueryRow("SELECT count(*) FROM sessions").Scan(&n))
	return n
}

func number(path string) int64 {
	n, _ := strconv.ParseInt(scimtest.ID(path)[1:], 10, 64)
	return n
}

func TestOneAddressInTwoOrganisations(t *testing.T) {
	w := newWorld(t)
	seven, eight := w.client(7, "seven"), w.client(8, "eight")
	a, b := seven.NewUser("ada@example.com"), eight.NewUser("Ada@example.com")
	require.NotEqual(t, a, b)
	seven.Get(b).Fails(404, "")
	eight.Get("/Users").Is(200).Has("totalResults", "1")
	team := seven.NewGroup("team", `"members":[{"value":"`+scimtest.ID(a)+`"},{"value":"`+scimtest.ID(b)+`"}]`)
	seven.Get(team).Has("members.#", "1")

	w.exec("UPDATE accounts SET password_hash = 'seven' WHERE org_id = 7")
	w.exec("UPDATE accounts SET password_hash = 'eight' WHERE org_id = 8")
	ctx := context.Background()
	for org, hash := range map[int64]string{7: "seven", 8: "eight"} {
		_, err := w.SignIn(ctx, org, "ADA@example.com", hash)
		require.NoError(t, err)
	}
	_, err := w.SignIn(ctx, 7, "ada@example.com", "eight")
	require.ErrorIs(t, err, sql.ErrNoRows)
	seven.Patch(a, `{"op":"replace","path":"active","value":false}`).Is(200)
	_, err = w.SignIn(ctx, 7, "ada@example.com", "seven")
	require.ErrorIs(t, err, scim.ErrInactive)
	_, err = w.SignIn(ctx, 8, "ada@example.com", "eight")
	require.NoError(t, err)
	require.Equal(t, 2, w.sessions(), "both of organisation 8")
}

func TestOneLoginOverAllOrganisations(t *testing.T) {
	w := newWorld(t)
	seven, eight := w.client(7, "seven"), w.client(8, "eight")
	a, b := seven.NewUser("ada@example.com"), eight.NewUser("ada@example.com")
	w.exec("INSERT INTO logins VALUES (1, 'ada@example.com', 'hash'), (2, 'eve@example.com', 'hash')")
	w.exec("UPDATE accounts SET login_id = 1 WHERE id = ?", number(a))
	ctx := context.Background()
	enter := func(login, org int64, account string) error {
		_, err := w.Enter(ctx, login, org, number(account))
		return err
	}
	require.NoError(t, enter(1, 7, a))
	require.ErrorIs(t, enter(1, 8, b), sql.ErrNoRows, "not claimed")
	require.ErrorIs(t, enter(2, 7, a), sql.ErrNoRows, "of another login")
	require.ErrorIs(t, enter(1, 8, a), scim.ErrSignInRefused, "of another organisation")
	w.exec("UPDATE accounts SET login_id = 1 WHERE id = ?", number(b))
	require.NoError(t, enter(1, 8, b))
	seven.Delete(a).Is(204)
	require.ErrorIs(t, enter(1, 7, a), scim.ErrSignInRefused)
	require.NoError(t, enter(1, 8, b))
	require.Equal(t, 2, w.sessions(), "both of organisation 8")
}

func TestReleasedAccountIsAdopted(t *testing.T) {
	w := newWorld(t)
	seven, eight := w.client(7, "seven"), w.client(8, "eight")
	w.exec("INSERT INTO accounts (id, org_id, email, email_key) VALUES (1, 7, 'ada@example.com', 'ada@example.com'), (2, 8, 'ada@example.com', 'ada@example.com')")
	seven.Get("/Users/u1").Fails(404, "")
	seven.Post("/Users", scimtest.User("ada@example.com")).Fails(409, "uniqueness")
	w.exec("INSERT INTO released VALUES (1, 'okta')")
	seven.Post("/Users", scimtest.User("ada@example.com")).Is(201).Has("id", `"u1"`)
	w.client(7, "next").Get("/Users/u1").Is(200) // the token that replaces the first
	eight.Post("/Users", scimtest.User("ada@example.com")).Fails(409, "uniqueness")
}

func TestAddressUniqueOverAllOrganisationsIsRefused(t *testing.T) {
	_, _, _, err := openTables(t, `CREATE UNIQUE INDEX accounts_email ON accounts (email_key)`)
	require.ErrorContains(t, err, "is unique over all tenants")
}

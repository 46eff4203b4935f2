package sqlquerytest

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// hooked serves the application's users with a hook that runs *statement in the
// transaction of each write.
func hooked(t *testing.T, a hostApp, statement *string) (c *scimtest.Client, runs *int) {
	runs = new(int)
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Logger: slog.New(slog.DiscardHandler), Tx: a.db,
		Endpoints: []scim.Endpoint{scim.Users(a.users)},
		Hooks: scim.Hooks{Before: func(ctx context.Context, _ *event.Event) error {
			*runs++
			if *statement == "" {
				return nil
			}
			tx, _ := sqlquery.Tx(ctx)
			_, err := tx.ExecContext(ctx, *statement)
			return err
		}},
	})
	require.NoError(t, err)
	return scimtest.NewClient(t, h, ""), runs
}

// MariaDB has no deferred constraints.
func TestDeferredForeignKeyIs500(t *testing.T) {
	for name, d := range map[string]host{"SQLite": hostSQLite, "PostgreSQL": hostPostgreSQL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := openApp(t, d)
			d.create(t, a.conn, []string{`CREATE TABLE seats (user_id BIGINT REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)`})
			statement := "INSERT INTO seats (user_id) VALUES (99)"
			c, runs := hooked(t, a, &statement)
			for range 3 {
				*runs = 0
				c.Post("/Users", scimtest.User("a")).Is(http.StatusInternalServerError)
				require.LessOrEqual(t, *runs, 2)
			}
			_, err := a.conn.Exec("DELETE FROM seats")
			require.NoError(t, err, "no transaction is left open")
			statement = ""
			c.NewUser("a")
		})
	}
}

func TestDeferredUniqueConstraintIs409(t *testing.T) {
	t.Parallel()
	d := hostPostgreSQL // the others defer none
	a := openApp(t, d)
	d.create(t, a.conn, []string{`DROP INDEX users_email`, `ALTER TABLE users ADD CONSTRAINT users_mail UNIQUE (email_key) DEFERRABLE INITIALLY DEFERRED`,
		`CREATE TABLE badges (n INTEGER UNIQUE DEFERRABLE INITIALLY DEFERRED)`})
	statement := "INSERT INTO users (email, email_key, first_name, password_hash) VALUES ('A', 'a', '', '')"
	c, runs := hooked(t, a, &statement)
	require.Equal(t, "uniqueness", c.Post("/Users", scimtest.User("a")).Is(http.StatusConflict).String("scimType"))
	require.Equal(t, 1, *runs)

	statement = "INSERT INTO badges (n) VALUES (1), (1)"
	c.Post("/Users", scimtest.User("a")).Is(http.StatusInternalServerError) // no value of the client's
	statement = ""
	c.NewUser("a")
}

// The database reports a conflict of the transaction at COMMIT.
func TestConflictAtCommitRetriesTransaction(t *testing.T) {
	t.Parallel()
	d := hostPostgreSQL
	a := openApp(t, d)
	d.create(t, a.conn, []string{`CREATE SEQUENCE tries`,
		`CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF nextval('tries') < 3 THEN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END IF; RETURN NULL; END $$`,
		`CREATE CONSTRAINT TRIGGER conflicts AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION conflict()`})
	statement := ""
	c, runs := hooked(t, a, &statement)
	c.NewUser("a")
	require.Equal(t, 3, *runs)
	page, err := a.users.List(t.Context(), &store.Query{Total: true})
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
}

// If the application ignores a failed statement, PostgreSQL rolls back at COMMIT,
// and InTx returns an error.
func TestFailedStatementOfTheApplicationIsNot503(t *testing.T) {
	t.Parallel()
	a := openApp(t, hostPostgreSQL)
	err := a.db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlquery.Tx(ctx)
		_, err := tx.ExecContext(ctx, "no SQL")
		require.Error(t, err)
		return nil
	})
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrUnavailable)
}

// Outside of WAL mode a reader can keep a writer from committing, and SQLite
// leaves the transaction open.
func TestBusyCommitRetriesTransaction(t *testing.T) {
	t.Parallel()
	open := func(path string) *sql.DB {
		conn, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(DELETE)&_pragma=busy_timeout(1)&_pragma=foreign_keys(ON)")
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	path := filepath.Join(t.TempDir(), "host.db")
	conn, other := open(path), open(path)
	hostSQLite.create(t, conn, hostDDL)
	db, err := sqlquery.New(conn, sqlquery.SQLite)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{New: newHostUser})
	require.NoError(t, err)

	read := func() *sql.Tx {
		reader, err := other.Begin()
		require.NoError(t, err)
		var n int
		require.NoError(t, reader.QueryRow("SELECT COUNT(*) FROM users").Scan(&n))
		return reader
	}
	reader, runs := read(), 0
	write := func(ends int) error {
		runs = 0
		return db.InTx(t.Context(), func(ctx context.Context) error {
			if runs++; runs == ends {
				require.NoError(t, reader.Rollback())
			}
			_, err := users.Create(ctx, storetest.Creation(userOf(schema.UserType, "a")))
			return err
		})
	}
	require.ErrorIs(t, write(-1), store.ErrUnavailable)
	require.Equal(t, 10, runs)
	require.NoError(t, reader.Rollback())
	_, err = other.Exec("DELETE FROM users")
	require.NoError(t, err, "no transaction is left open")

	reader = read()
	require.NoError(t, write(3))
	require.Equal(t, 3, runs)
}

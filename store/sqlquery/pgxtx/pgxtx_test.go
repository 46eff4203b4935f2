package pgxtx_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlquery/pgxtx"
)

type account struct {
	ID       int64  `scim:"id,prefix=u"`
	Email    string `scim:"userName"`
	EmailKey string `scim:"userName,key"`
	Active   bool   `scim:"active"`
	Rest     string `scim:",rest"`
	Version  int64  `scim:"meta.version"`
}

const ddl = `
	CREATE TABLE accounts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, email_key text NOT NULL UNIQUE, active boolean NOT NULL,
		rest text NOT NULL, version bigint NOT NULL);
	CREATE TABLE sessions (account_id bigint NOT NULL, token text NOT NULL);
	CREATE TABLE notes (text text NOT NULL)`

// app has one pool, of pgx, which the library uses through database/sql.
type app struct {
	pool  *pgxpool.Pool
	std   *sql.DB
	db    *sqlquery.DB
	users *sqlquery.Table[account]
}

// inEachMode runs a test with the pool in the default mode and in that for poolers.
func inEachMode(t *testing.T, test func(t *testing.T, a *app)) {
	t.Parallel()
	for _, mode := range []string{"cache_statement", "exec"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			test(t, open(t, mode))
		})
	}
}

func open(t *testing.T, mode string) *app {
	u, err := url.Parse(sqltest.NewPostgres(t))
	require.NoError(t, err)
	q := u.Query()
	q.Set("default_query_exec_mode", mode)
	u.RawQuery = q.Encode()
	pool, err := pgxpool.New(t.Context(), u.String())
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	_, err = pool.Exec(t.Context(), ddl, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	std := stdlib.OpenDBFromPool(pool)
	t.Cleanup(func() { require.NoError(t, std.Close()) })
	db, err := sqlquery.New(std, sqlquery.PostgreSQL)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "accounts", schema.UserType, sqlquery.Options[account]{})
	require.NoError(t, err)
	return &app{pool, std, db, users}
}

func (a *app) count(t *testing.T, table string) (n int) {
	require.NoError(t, a.pool.QueryRow(context.Background(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

// endSessions deletes the sessions of a user in the transaction of the write.
func (a *app) endSessions(ctx context.Context, e *event.Event) error {
	u, err := a.users.ParseID(e.ResourceID)
	if err != nil {
		return err
	}
	tx, _ := pgxtx.From(ctx)
	_, err = tx.Exec(ctx, "DELETE FROM sessions WHERE account_id = $1", u.ID)
	return err
}

func TestHookWritesInTheTransactionOfTheWrite(t *testing.T) {
	inEachMode(t, func(t *testing.T, a *app) {
		var veto error
		h, err := scim.New(scim.Config{
			BaseURL: "http://localhost", Auth: scim.BearerTokens(scim.HashToken("t", "secret")), Tx: a.db,
			Endpoints: []scim.Endpoint{scim.Users(a.users)},
			Hooks: scim.Hooks{EndSessions: func(ctx context.Context, e *event.Event) error {
				return errors.Join(a.endSessions(ctx, e), veto)
			}},
		})
		require.NoError(t, err)
		call := func(method, path, body string) int {
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer secret")
			r.Header.Set("Content-Type", "application/scim+json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code
		}
		require.Equal(t, http.StatusCreated, call("POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada", "active": true}`))
		_, err = a.pool.Exec(t.Context(), "INSERT INTO sessions VALUES (1, 'x')")
		require.NoError(t, err)
		const deactivate = `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "path": "active", "value": false}]}`

		veto = errors.New("not now")
		require.Equal(t, http.StatusInternalServerError, call("PATCH", "/Users/u1", deactivate))
		require.Equal(t, 1, a.count(t, "sessions"), "rolled back with the write")
		require.Equal(t, 1, a.count(t, "accounts WHERE active"))

		veto = nil
		require.Equal(t, http.StatusOK, call("PATCH", "/Users/u1", deactivate))
		require.Equal(t, 0, a.count(t, "sessions"))
		require.Equal(t, 0, a.count(t, "accounts WHERE active"))
	})
}

func TestEverythingOfPgxWorksInTheTransaction(t *testing.T) {
	inEachMode(t, func(t *testing.T, a *app) {
		ctx := t.Context()
		require.NoError(t, a.db.InTx(ctx, func(ctx context.Context) error {
			tx, ok := pgxtx.From(ctx)
			require.True(t, ok)
			std, _ := sqlquery.Tx(ctx)
			_, err := std.ExecContext(ctx, "INSERT INTO notes VALUES ($1)", "by database/sql")
			require.NoError(t, err)

			rows, err := tx.Query(ctx, "SELECT text FROM notes WHERE text <> $1", "")
			require.NoError(t, err)
			texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			require.Equal(t, []string{"by database/sql"}, texts, "the same transaction")

			n, err := tx.CopyFrom(ctx, pgx.Identifier{"notes"}, []string{"text"}, pgx.CopyFromRows([][]any{{"copied"}, {"copied too"}}))
			require.NoError(t, err)
			require.EqualValues(t, 2, n)
			batch := &pgx.Batch{}
			batch.Queue("INSERT INTO notes VALUES ('batch')")
			require.NoError(t, tx.SendBatch(ctx, batch).Close())
			_, err = tx.Prepare(ctx, "pgxtx_count", "SELECT count(*) FROM notes")
			require.NoError(t, err)
			require.NoError(t, tx.QueryRow(ctx, "pgxtx_count").Scan(&n))
			require.EqualValues(t, 4, n)
			large := tx.LargeObjects()
			id, err := large.Create(ctx, 0)
			require.NoError(t, err)
			require.NoError(t, large.Unlink(ctx, id))
			require.False(t, tx.Conn().IsClosed())
			return nil
		}))
		require.Equal(t, 4, a.count(t, "notes"))
	})
}

func TestSavepoints(t *testing.T) {
	inEachMode(t, func(t *testing.T, a *app) {
		boom := errors.New("boom")
		note := func(tx pgx.Tx, text string) error {
			_, err := tx.Exec(t.Context(), "INSERT INTO notes VALUES ($1)", text)
			return err
		}
		require.NoError(t, a.db.InTx(t.Context(), func(ctx context.Context) error {
			tx, _ := pgxtx.From(ctx)
			require.NoError(t, pgx.BeginFunc(ctx, tx, func(outer pgx.Tx) error {
				require.NoError(t, note(outer, "kept"))
				require.ErrorIs(t, pgx.BeginFunc(ctx, outer, func(inner pgx.Tx) error {
					return errors.Join(note(inner, "lost"), boom)
				}), boom)
				require.NoError(t, pgx.BeginFunc(ctx, outer, func(inner pgx.Tx) error { return note(inner, "kept too") }))
				return nil
			}))
			lost, err := tx.Begin(ctx)
			require.NoError(t, err)
			require.Error(t, note(lost, "\x00"), "a statement that PostgreSQL refuses")
			require.NoError(t, lost.Rollback(ctx))
			require.ErrorIs(t, lost.Rollback(ctx), pgx.ErrTxClosed)
			require.ErrorIs(t, lost.Commit(ctx), pgx.ErrTxClosed)
			return note(tx, "kept after it")
		}))
		require.Equal(t, 3, a.count(t, "notes"))
	})
}

func TestOnlyTheLibraryEndsTheTransaction(t *testing.T) {
	inEachMode(t, func(t *testing.T, a *app) {
		require.NoError(t, a.db.InTx(t.Context(), func(ctx context.Context) error {
			tx, _ := pgxtx.From(ctx)
			require.ErrorIs(t, tx.Commit(ctx), pgxtx.ErrOwner)
			require.ErrorIs(t, tx.Rollback(ctx), pgxtx.ErrOwner)
			_, err := tx.Exec(ctx, "INSERT INTO notes VALUES ('x')")
			return err
		}))
		require.Equal(t, 1, a.count(t, "notes"))
	})
}

// A conflict that a statement of pgx meets is one of the write: it runs again.
func TestConflictRunsTheWriteAgain(t *testing.T) {
	inEachMode(t, func(t *testing.T, a *app) {
		runs := 0
		require.NoError(t, a.db.InTx(t.Context(), func(ctx context.Context) error {
			runs++
			if runs > 1 {
				return nil
			}
			tx, _ := pgxtx.From(ctx)
			_, err := tx.Exec(ctx, "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")
			return err
		}))
		require.Equal(t, 2, runs)
	})
}

func TestFromWithoutATransactionOfTheLibrary(t *testing.T) {
	t.Parallel()
	a := open(t, "cache_statement")
	_, ok := pgxtx.From(t.Context())
	require.False(t, ok)
	tx, err := a.std.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback()
	_, ok = pgxtx.From(a.db.WithTx(t.Context(), tx))
	require.False(t, ok, "the application began it")
}

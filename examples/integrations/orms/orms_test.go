package orms_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/examples/integrations/orms"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

type account struct {
	ID       int64  `scim:"id,prefix=u"`
	Email    string `scim:"userName"`
	EmailKey string `scim:"userName,key"`
	Active   bool   `scim:"active"`
	Rest     string `scim:",rest"`
	Version  int64  `scim:"meta.version"`
}

var ddl = []string{
	`CREATE TABLE accounts (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL, email_key TEXT NOT NULL UNIQUE, active BOOLEAN NOT NULL, rest TEXT NOT NULL, version INTEGER NOT NULL)`,
	`CREATE TABLE sessions (account_id INTEGER NOT NULL, token TEXT NOT NULL)`,
}

func openPool(t *testing.T) *sql.DB {
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "app.db")+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	for _, statement := range ddl {
		_, err := pool.Exec(statement)
		require.NoError(t, err)
	}
	return pool
}

// Each handle writes in the transaction of the write: its statement is undone with
// the write, and committed with it.
func TestHandlesUseTheTransactionOfTheWrite(t *testing.T) {
	t.Parallel()
	pool := openPool(t)
	bunDB := bun.NewDB(pool, sqlitedialect.New())
	db, err := sqlquery.New(pool, sqlquery.SQLite)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "accounts", schema.UserType, sqlquery.Options[account]{})
	require.NoError(t, err)

	var end func(ctx context.Context, accountID int64) error
	var veto error
	h, err := scim.New(scim.Config{
		BaseURL: "http://localhost", Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db,
		Endpoints: []scim.Endpoint{scim.Users(users)},
		Hooks: scim.Hooks{EndSessions: func(ctx context.Context, e *event.Event) error {
			u, err := users.ParseID(e.ResourceID)
			if err != nil {
				return err
			}
			return errors.Join(end(ctx, u.ID), veto)
		}},
	})
	require.NoError(t, err)
	set := func(active string) int {
		r := httptest.NewRequest("PATCH", "/Users/u1", strings.NewReader(`{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "path": "active", "value": `+active+`}]}`))
		r.Header.Set("Authorization", "Bearer secret")
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	sessions := func() (n int) {
		require.NoError(t, pool.QueryRow("SELECT count(*) FROM sessions").Scan(&n))
		return n
	}
	_, err = pool.Exec("INSERT INTO accounts VALUES (1, 'ada', 'ada', TRUE, '', 1)")
	require.NoError(t, err)
	for name, handle := range map[string]func(context.Context, int64) error{
		"sqlc": orms.SQLC, "gorm": orms.Gorm, "ent": orms.Ent,
		"bun": func(ctx context.Context, id int64) error { return orms.Bun(ctx, bunDB, id) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pool.Exec("INSERT INTO sessions VALUES (1, 'x')")
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, set("true"))
			end, veto = handle, errors.New("not now")
			require.Equal(t, http.StatusInternalServerError, set("false"))
			require.Equal(t, 1, sessions(), "undone with the write")
			veto = nil
			require.Equal(t, http.StatusOK, set("false"))
			require.Zero(t, sessions())
		})
	}
}

package sqlquerytest

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// A DELETE that violates a foreign key of the application is 500 and not 503,
// because a retry does not help.
func TestForeignKeyOfTheApplicationIs500(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		d.create(t, a.conn, []string{`CREATE TABLE budgets (team_id BIGINT NOT NULL, FOREIGN KEY (team_id) REFERENCES teams (id))`})
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Logger: slog.New(slog.DiscardHandler), Tx: a.db,
			Endpoints: []scim.Endpoint{scim.Groups(a.teams)},
		})
		require.NoError(t, err)
		c := scimtest.NewClient(t, h, "")
		id := c.NewGroup("g")
		_, err = a.conn.Exec("INSERT INTO budgets (team_id) SELECT id FROM teams")
		require.NoError(t, err)
		c.Delete(id).Is(http.StatusInternalServerError)
		c.Get(id).Is(http.StatusOK)
		_, err = a.conn.Exec("DELETE FROM budgets")
		require.NoError(t, err)
		c.Delete(id).Is(http.StatusNoContent)
	})
}

// A foreign key violation retries the transaction once: a concurrent DELETE of a
// member is then visible.
func TestForeignKeyViolationRetriesTransactionOnce(t *testing.T) {
	hostServers(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		runs := 0
		err := a.db.InTx(t.Context(), func(ctx context.Context) error {
			if runs++; runs > 1 {
				return nil
			}
			tx, _ := sqlquery.Tx(ctx)
			_, err := tx.ExecContext(ctx, "INSERT INTO team_members (team_id, user_id) VALUES (1, 1)")
			return err
		})
		require.NoError(t, err)
		require.Equal(t, 2, runs)

		runs = 0
		err = a.db.InTx(t.Context(), func(ctx context.Context) error {
			runs++
			tx, _ := sqlquery.Tx(ctx)
			_, err := tx.ExecContext(ctx, "INSERT INTO team_members (team_id, user_id) VALUES (1, 1)")
			return err
		})
		require.Error(t, err)
		require.NotErrorIs(t, err, store.ErrUnavailable)
		require.Equal(t, 2, runs, "once is enough")
	})
}

// A foreign key violation in a hook retries the transaction once.
func TestForeignKeyViolationOfAHookRetriesOnce(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		runs := 0
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Logger: slog.New(slog.DiscardHandler), Tx: a.db,
			Endpoints: []scim.Endpoint{scim.Groups(a.teams)},
			Hooks: scim.Hooks{Before: func(ctx context.Context, _ *event.Event) error {
				runs++
				tx, _ := sqlquery.Tx(ctx)
				_, err := tx.ExecContext(ctx, "INSERT INTO team_members (team_id, user_id) VALUES (1, 1)")
				return err
			}},
		})
		require.NoError(t, err)
		scimtest.NewClient(t, h, "").Post("/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"g"}`).Is(http.StatusInternalServerError)
		want := 2
		if d.dialect == sqlquery.SQLite {
			want = 1 // there is no concurrent writer
		}
		require.Equal(t, want, runs)
	})
}

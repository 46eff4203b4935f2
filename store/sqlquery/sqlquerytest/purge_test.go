package sqlquerytest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// Purge also deletes rows that cannot be revived and rows that the application has
// marked as deleted, with their rows in Options.Lists.
func TestPurgeDeletesRows(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn := d.open(t)
		d.create(t, conn, accountDDL)
		d.create(t, conn, []string{`CREATE TABLE account_emails (user_id BIGINT NOT NULL, value TEXT)`})
		db, err := sqlquery.New(conn, d.dialect)
		require.NoError(t, err)
		users, err := sqlquery.NewTable(t.Context(), db, "accounts", schema.UserType, sqlquery.Options[accountAt]{
			New: func(context.Context, *schema.Resource) (*accountAt, error) {
				return &accountAt{hostAccount: hostAccount{Plan: "free"}}, nil
			},
			Lists: map[string]sqlquery.ListTable{"emails": {Table: "account_emails", Owner: "user_id", Values: map[string]string{"value": "value"}}},
		})
		require.NoError(t, err)
		ctx := t.Context()
		at := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
		for _, name := range []string{"ours", "theirs", "live"} {
			r, err := users.Create(ctx, storetest.Creation(userOf(schema.UserType, name)))
			require.NoError(t, err)
			if name == "ours" {
				c := storetest.Deletion(r, "")
				c.At = at
				require.NoError(t, users.Delete(ctx, c))
			}
		}
		for _, statement := range []string{
			"INSERT INTO account_emails (user_id, value) SELECT id, 'x@example.com' FROM accounts",
			"UPDATE accounts SET email_key = NULL, deleted_at = (SELECT d FROM (SELECT deleted_at AS d FROM accounts WHERE email = 'ours') AS x) WHERE email = 'theirs'",
		} {
			_, err := conn.Exec(statement)
			require.NoError(t, err, statement)
		}
		for _, want := range []int{2, 0} {
			n, err := users.Purge(ctx, at.Add(time.Microsecond), 10)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		var rows, emails int
		require.NoError(t, conn.QueryRow("SELECT COUNT(*) FROM accounts").Scan(&rows))
		require.NoError(t, conn.QueryRow("SELECT COUNT(*) FROM account_emails").Scan(&emails))
		require.Equal(t, []int{1, 1}, []int{rows, emails})
	})
}

// The foreign keys of the application decide about rows that refer to a purged
// user.
func TestPurgeRespectsForeignKeys(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, users := openAccounts(t, d, func(a hostAccount) *accountAt { return &accountAt{hostAccount: a} })
		d.create(t, conn, []string{`CREATE TABLE invoices (account BIGINT NOT NULL, FOREIGN KEY (account) REFERENCES accounts (id))`})
		for _, name := range []string{"owes", "free"} {
			deletedAccount(t, conn, users, name)
		}
		_, err := conn.Exec("INSERT INTO invoices (account) SELECT id FROM accounts WHERE email = 'owes'")
		require.NoError(t, err)
		purge := users.(store.Purger).Purge
		_, err = purge(t.Context(), time.Now().Add(24*time.Hour), 10)
		require.Error(t, err)
		for _, name := range []string{"owes", "free"} {
			_, err := tombstone(users, name)
			require.NoError(t, err, "nothing changed")
		}
		_, err = conn.Exec("DELETE FROM invoices")
		require.NoError(t, err)
		n, err := purge(t.Context(), time.Now().Add(24*time.Hour), 10)
		require.NoError(t, err)
		require.Equal(t, 2, n)
	})
}

func TestPurgeNeedsDeletionTime(t *testing.T) {
	_, users := openAccounts(t, hostSQLite, func(a hostAccount) *accountGone { return &accountGone{hostAccount: a} })
	_, err := users.(store.Purger).Purge(t.Context(), time.Now(), 10)
	require.True(t, errors.Is(err, errors.ErrUnsupported), "a boolean: %v", err)
	groups := fullFixture(t, hostSQLite).Groups
	_, err = groups.(store.Purger).Purge(t.Context(), time.Now(), 10)
	require.ErrorIs(t, err, errors.ErrUnsupported, "no deleted column")
}

package sqlstore_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/roles"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// setGrants keeps the grants of users in a table, in the transaction of the write. A
// role or id of these tests needs no quoting.
func setGrants(ctx context.Context, user string, values []string) error {
	tx, ok := sqlstore.Tx(ctx)
	if !ok {
		return errors.New("no transaction")
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM grants WHERE origin = 'scim' AND member = '`+user+`'`); err != nil {
		return err
	}
	for _, role := range values {
		if _, err := tx.ExecContext(ctx, `INSERT INTO grants VALUES ('`+user+`', '`+role+`', 'scim')`); err != nil {
			return err
		}
	}
	return nil
}

// The roles of a user are granted in the transaction of the write, or not at all.
func TestRolesOfUsersInTheTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db, table := d.store(t), d.open(t)
		_, err := table.Exec(`CREATE TABLE grants (member VARCHAR(64) NOT NULL, role VARCHAR(64) NOT NULL, origin VARCHAR(64) NOT NULL)`)
		require.NoError(t, err)
		mapper := &roles.UserMapper{Set: setGrants}
		veto := false
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: tenantToken{}, Tx: db, Logger: slog.New(slog.DiscardHandler),
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
			Hooks: scim.Hooks{Before: func(ctx context.Context, e *event.Event) error {
				if err := mapper.Handle(ctx, e); err != nil || !veto {
					return err
				}
				return scim.ErrForbidden
			}},
		})
		require.NoError(t, err)
		granted := func() string {
			rows, err := table.Query(`SELECT role FROM grants ORDER BY role`)
			require.NoError(t, err)
			defer rows.Close()
			var all []string
			for rows.Next() {
				var role string
				require.NoError(t, rows.Scan(&role))
				all = append(all, role)
			}
			require.NoError(t, rows.Err())
			return strings.Join(all, " ")
		}
		c := scimtest.NewClient(t, h, "t")
		user := c.NewUser("u", `"roles":[{"value":"editor"},{"value":"viewer"}]`)
		require.Equal(t, "editor viewer", granted())
		_, err = table.Exec(`INSERT INTO grants VALUES ('` + scimtest.ID(user) + `', 'owner', 'manual')`)
		require.NoError(t, err)
		veto = true
		c.Patch(user, `{"op":"remove","path":"roles"}`).Fails(403, "")
		c.Delete(user).Fails(403, "")
		require.Equal(t, "editor owner viewer", granted(), "nothing changed")
		veto = false
		c.Patch(user, `{"op":"replace","path":"roles","value":[{"value":"admin"}]}`).Is(200)
		require.Equal(t, "admin owner", granted())
		c.Delete(user).Is(204)
		require.Equal(t, "owner", granted(), "a deletion takes back")
	})
}

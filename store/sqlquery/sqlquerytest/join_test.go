package sqlquerytest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// A write of both packages to one database is one transaction, begun by either.
func TestTablesJoinTransactionOfSQLStore(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		a := openApp(t, d)
		db, err := sqlstore.New(a.conn, map[sqlquery.Dialect]sqlstore.Dialect{
			sqlquery.SQLite: sqlstore.SQLite, sqlquery.PostgreSQL: sqlstore.PostgreSQL, sqlquery.MySQL: sqlstore.MariaDB,
		}[d.dialect])
		require.NoError(t, err)
		require.NoError(t, db.Migrate(t.Context()))
		boom := errors.New("boom")
		err = db.InTx(t.Context(), func(ctx context.Context) error {
			mine, _ := sqlstore.Tx(ctx)
			joined, _ := sqlquery.TxOn(ctx, a.conn)
			require.Same(t, mine, joined)
			_, ok := sqlquery.Tx(ctx)
			require.False(t, ok, "sqlquery takes no part in it yet")
			require.NoError(t, a.db.InTx(ctx, func(ctx context.Context) error {
				joined, _ := sqlquery.Tx(ctx)
				require.Same(t, mine, joined)
				return nil
			}))
			_, err := a.users.Create(ctx, storetest.Creation(userOf(schema.UserType, "within")))
			require.NoError(t, err)
			return boom
		})
		require.ErrorIs(t, err, boom)
		p, err := a.users.List(t.Context(), &store.Query{Total: true})
		require.NoError(t, err)
		require.Zero(t, p.Total)
	})
}

package sqlstore_test

import (
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// Without a strict sql_mode the server cuts values off and reports success.
func TestSQLModeMustBeStrict(t *testing.T) {
	t.Parallel()
	d := mariaDB(t)
	loose, err := mysql.ParseDSN(d.dsn)
	require.NoError(t, err)
	loose.Params = map[string]string{"sql_mode": "'NO_ENGINE_SUBSTITUTION'"}
	db, err := sqlstore.New(sqltest.Open(t, "mysql", loose.FormatDSN()), sqlstore.MariaDB)
	require.NoError(t, err)
	require.ErrorContains(t, db.Migrate(t.Context()), "is not strict")

	// Existing tables are refused too.
	require.NoError(t, d.store(t).Migrate(t.Context()))
	_, err = db.Store(schema.UserType).Get(t.Context(), "1", store.GetOptions{})
	require.ErrorContains(t, err, "is not strict")
}

package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// openSQLite returns an empty database.
func openSQLite(t testing.TB, options ...sqlstore.Option) *sqlstore.DB {
	db, err := sqlstore.OpenSQLite("sqlite", filepath.Join(t.TempDir(), "scim?#%.db"), options...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context()))
	return db
}

func fixture(db *sqlstore.DB) storetest.Fixture {
	return storetest.Fixture{
		Users:  db.Store(schema.UserType),
		Groups: db.Store(schema.GroupType).(store.MemberStore),
		Things: db.Store(storetest.ThingType),
		Tx:     db,
	}
}

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Fixture { return fixture(openSQLite(t)) })
}

package sqlstore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// A program beside the one that serves the resources reads them, and does not make the
// writes of that one fail, whatever it indexes.
func TestKeepKeys(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "app.db")
	open := func(o ...sqlstore.Option) *sqlstore.DB {
		db, err := sqlstore.OpenURL(file, o...)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	app := open(sqlstore.Index("title"))
	users := app.Store(schema.UserType)
	require.NoError(t, app.Migrate(t.Context()))
	create := func(in store.Store, id string) error {
		attributes, problems := schema.UserType.DecodeStored([]byte(`{"userName":"` + id + `"}`))
		require.Empty(t, problems)
		at := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
		_, err := in.Create(t.Context(), &store.Change{ID: id, After: &schema.Resource{Type: schema.UserType, ID: id, Created: at, LastModified: at, Attributes: attributes}, At: at})
		return err
	}
	require.NoError(t, create(users, "ada"))

	beside := open(sqlstore.KeepKeys())
	owned := beside.Store(schema.WithOwner(schema.UserType))
	require.Equal(t, store.Capabilities{Versions: true}, store.Describe(owned))
	page, err := owned.List(t.Context(), &store.Query{Count: 10, Total: true})
	require.NoError(t, err)
	require.Len(t, page.Resources, 1)
	require.Equal(t, 1, page.Total)
	require.ErrorIs(t, create(owned, "eve"), store.ErrUnavailable, "its keys would be others")
	require.NoError(t, create(users, "bob"))

	page, err = open().Store(schema.UserType).List(t.Context(), &store.Query{Count: 10})
	require.NoError(t, err)
	require.Len(t, page.Resources, 2)
	require.ErrorIs(t, create(users, "cyd"), store.ErrUnavailable, "without KeepKeys the keys are rebuilt")
}

package sqlquerytest

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// plainUser has NOT NULL columns, so every attribute has a value.
type plainUser struct {
	ID        int64     `scim:"id,prefix=u"`
	Login     string    `scim:"userName"`
	LoginKey  string    `scim:"userName,key"`
	Title     string    `scim:"title"`
	Active    bool      `scim:"active"`
	Version   int64     `scim:"meta.version"`
	CreatedAt time.Time `scim:"meta.created"`
	UpdatedAt time.Time `scim:"meta.lastModified"`
}

func plainUsers(t *testing.T, d host) (*sqlquery.DB, *sqlquery.Table[plainUser]) {
	conn := d.open(t)
	d.create(t, conn, []string{`CREATE TABLE plain (id SERIALKEY, login TEXT NOT NULL, login_key TEXT NOT NULL, title TEXT NOT NULL, active BOOL NOT NULL,
		version BIGINT NOT NULL, created_at TIME NOT NULL, updated_at TIME NOT NULL)`,
		`CREATE UNIQUE INDEX plain_login ON plain (login_key)`})
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "plain", schema.UserType, sqlquery.Options[plainUser]{})
	require.NoError(t, err)
	return db, users
}

// V-4: a write that does not change the row changes neither version nor
// lastModified.
func TestUnchangedRowKeepsVersion(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		_, users := plainUsers(t, d)
		before, err := users.Create(t.Context(), storetest.Creation(userOf(users.Type(), "a")))
		require.NoError(t, err)
		title := users.Type().MustResolve("title")[0]
		update := func(v schema.Value) *schema.Resource {
			after := before.With(title, v)
			after.LastModified = before.LastModified.Add(time.Minute)
			got, err := users.Update(t.Context(), &store.Change{ID: before.ID, Before: before, After: after, IfVersion: before.Version})
			require.NoError(t, err)
			stored, err := users.Get(t.Context(), before.ID, store.GetOptions{})
			require.NoError(t, err)
			require.Equal(t, stored, got)
			return got
		}
		same := update(schema.Value{})
		require.Equal(t, before.Version, same.Version)
		require.True(t, before.LastModified.Equal(same.LastModified), "%s, then %s", before.LastModified, same.LastModified)

		changed := update(schema.String("Guide"))
		require.NotEqual(t, before.Version, changed.Version)
		require.True(t, changed.LastModified.Equal(before.LastModified.Add(time.Minute)))

		_, err = users.Update(t.Context(), &store.Change{ID: changed.ID, Before: changed, After: changed, IfVersion: before.Version})
		require.ErrorIs(t, err, store.ErrVersion, "checked all the same")
	})
}

func TestUnchangedPatchOnNotNullColumnsKeepsVersion(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		db, users := plainUsers(t, d)
		h, err := scim.New(scim.Config{BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Logger: slog.New(slog.DiscardHandler), Tx: db, Endpoints: []scim.Endpoint{scim.Users(users)}})
		require.NoError(t, err)
		c := scimtest.NewClient(t, h, "")
		user := c.NewUser("u", `"active":true`, `"title":"Guide"`)
		for _, path := range []string{"active", "title"} {
			remove := `{"op":"remove","path":"` + path + `"}`
			first := c.Patch(user, remove)
			require.Contains(t, []int{http.StatusOK, http.StatusNoContent}, first.Status)
			read := c.Get(user).Is(200)
			second := c.Patch(user, remove)
			require.Contains(t, []int{http.StatusOK, http.StatusNoContent}, second.Status)
			again := c.Get(user).Is(200)
			require.Equal(t, read.String("meta.version"), again.String("meta.version"), path)
			require.Equal(t, read.String("meta.lastModified"), again.String("meta.lastModified"), path)
		}
	})
}

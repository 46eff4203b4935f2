package sqlstore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// recorded opens a database whose statements are recorded, with its tables made.
func (d database) recorded(t *testing.T) (*sqlstore.DB, *sqltest.Recorder) {
	recorder, name := sqltest.Record(t, d.driver)
	var db *sqlstore.DB
	var err error
	if d.path != "" {
		db, err = sqlstore.OpenSQLite(name, d.path)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
	} else {
		db, err = sqlstore.New(sqltest.Open(t, name, d.dsn), d.dialect)
		require.NoError(t, err)
	}
	require.NoError(t, db.Migrate(t.Context()))
	return db, recorder
}

// The statements of each request, BEGIN and COMMIT among them.
func TestStatementsOfRequests(t *testing.T) {
	for i, x := range []struct {
		name string
		make func(t testing.TB) database
	}{{"SQLite", sqlite}, {"PostgreSQL", postgreSQL}, {"MariaDB", mariaDB}} {
		t.Run(x.name, func(t *testing.T) {
			db, recorder := x.make(t).recorded(t)
			c := scimtest.NewClient(t, serve(t, db, tenantToken{}), "t")
			free := scimtest.NewClient(t, serve(t, db, tenantToken{}, func(c *scim.Config) { c.Brake.Off = true }), "t")
			id := func(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
			user, other, group := c.NewUser("ada"), c.NewUser("bob"), c.NewGroup("g")
			c.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(other)+`"}]}`)
			c.Patch(other, `{"op":"replace","path":"active","value":false}`) // the counters of the brake begin
			for _, r := range []struct {
				name string
				want [3]int // on each
				send func()
			}{
				{"get", [3]int{1, 1, 2}, func() { c.Get(user).Is(200) }},
				{"get of a member", [3]int{1, 1, 2}, func() { c.Get(other).Is(200) }},
				{"look-up", [3]int{1, 1, 2}, func() { c.Get("/Users?filter=userName+eq+%22ada%22").Is(200) }},
				{"page", [3]int{2, 3, 3}, func() { c.Get("/Users?count=1").Is(200) }},
				{"create", [3]int{6, 1, 7}, func() { c.NewUser("eve") }},
				{"create what exists", [3]int{5, 5, 4}, func() { c.Post("/Users", scimtest.User("eve")).Is(409) }},
				{"PUT", [3]int{2, 2, 3}, func() { c.Put(user, scimtest.User("ada", `"title":"Guide"`)).Is(200) }},
				{"PUT of another name", [3]int{10, 10, 11}, func() { c.Put(user, scimtest.User("ada2")).Is(200) }},
				{"PATCH active", [3]int{6, 6, 7}, func() { c.Patch(user, `{"op":"replace","path":"active","value":false}`).Is(200) }},
				{"PATCH active without a brake", [3]int{2, 2, 3}, func() { free.Patch(user, `{"op":"replace","path":"active","value":true}`).Is(200) }},
				{"add a member", [3]int{7, 6, 8}, func() {
					c.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(user)+`"}]}`)
				}},
				{"add it again", [3]int{6, 5, 6}, func() {
					c.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+id(user)+`"}]}`)
				}},
				{"remove a member", [3]int{12, 11, 11}, func() { c.Patch(group, `{"op":"remove","path":"members[value eq \"`+id(user)+`\"]"}`) }},
				{"delete", [3]int{12, 11, 11}, func() { c.Delete(user).Is(204) }},
				{"delete a member", [3]int{15, 15, 15}, func() { c.Delete(other).Is(204) }},
			} {
				seen := recorder.Statements(r.send)
				if want := r.want[i]; len(seen) != want {
					t.Errorf("%s: %d statements, want %d:\n%s", r.name, len(seen), want, strings.Join(seen, "\n"))
				}
			}
		})
	}
}

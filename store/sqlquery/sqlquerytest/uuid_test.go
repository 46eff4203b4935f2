package sqlquerytest

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// person and circle have ids that are strings, on columns of the type uuid.
type person struct {
	ID       string  `scim:"id,uuid"`
	Login    string  `scim:"userName"`
	LoginKey *string `scim:"userName,key"`
	Version  int64   `scim:"meta.version"`
	Rest     string  `scim:",rest"`
}

type circle struct {
	ID      string `scim:"id,uuid"`
	Name    string `scim:"displayName"`
	NameKey string `scim:"displayName,key"`
	Version int64  `scim:"meta.version"`
	Rest    string `scim:",rest"`
}

// A string with the option uuid has a column of the type uuid, where the database
// has one; also with the settings of pgx for a pooler.
func TestColumnsOfUUIDs(t *testing.T) {
	onEachHost(t, func(t *testing.T, d host, conn *sql.DB) {
		d.create(t, conn, withWords(d, []string{
			`CREATE TABLE persons (id UUID PRIMARY KEY, login TEXT NOT NULL, login_key WORD UNIQUE, version BIGINT NOT NULL, rest LONGTEXT NOT NULL)`,
			`CREATE TABLE circles (id UUID PRIMARY KEY, name TEXT NOT NULL, name_key WORD NOT NULL, version BIGINT NOT NULL, rest LONGTEXT NOT NULL)`,
			`CREATE TABLE circle_persons (circle_id UUID NOT NULL, person_id UUID NOT NULL, PRIMARY KEY (circle_id, person_id))`,
			`CREATE INDEX circle_persons_person ON circle_persons (person_id)`,
		}))
		db, err := sqlquery.New(conn, d.dialect)
		require.NoError(t, err)
		users, err := sqlquery.NewTable(t.Context(), db, "persons", schema.UserType, sqlquery.Options[person]{EnsureKeys: true})
		require.NoError(t, err)
		groups, err := sqlquery.NewGroupTable(t.Context(), db, "circles", schema.GroupType,
			sqlquery.Members{Table: "circle_persons", Group: "circle_id", Member: "person_id", Of: users}, sqlquery.Options[circle]{})
		require.NoError(t, err)
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("t", "secret")), Tx: db,
			Endpoints: []scim.Endpoint{scim.Users(users), scim.Groups(groups)},
		})
		require.NoError(t, err)
		c := scimtest.NewClient(t, h, "secret")
		ids := []string{}
		for _, name := range []string{"ada", "bob", "cyd"} {
			ids = append(ids, c.Post("/Users", scimtest.User(name)).Is(201).String("id"))
		}
		c.Patch("/Users/"+ids[0], `{"op":"replace","path":"title","value":"x"}`).Is(200)
		require.Equal(t, []string{"ada"}, c.Get(`/Users?filter=id eq "`+ids[0]+`"`).Is(200).Strings("userName"))
		require.Len(t, c.Get(`/Users?count=2&sortBy=userName`).Is(200).Strings("userName"), 2)
		require.Len(t, c.Get(`/Users?startIndex=2&count=2`).Is(200).Strings("userName"), 2)
		c.Get("/Users/nobody").Is(404)
		g := c.NewGroup("g", `"members":[{"value":"`+ids[0]+`"},{"value":"`+ids[1]+`"}]`)
		require.Equal(t, []string{"g"}, c.Get(`/Groups?filter=members.value eq "`+ids[1]+`"`).Is(200).Strings("displayName"))
		c.Patch(g, `{"op":"remove","path":"members[value eq \"`+ids[0]+`\"]"}`).Is(204)
		c.Delete("/Users/" + ids[1]).Is(204)
		require.Empty(t, c.Get(`/Groups?filter=members.value eq "`+ids[1]+`"`).Is(200).Strings("displayName"))
		n, err := users.RebuildKeys(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

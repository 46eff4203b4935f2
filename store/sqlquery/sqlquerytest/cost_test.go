package sqlquerytest

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// openRecorded opens a database whose statements are recorded.
func openRecorded(t *testing.T, d host) (*sql.DB, *sqltest.Recorder) {
	name, dsn := "sqlite", ""
	switch d.dialect {
	case sqlquery.SQLite:
		dsn = "file:" + filepath.Join(t.TempDir(), "host.db") + "?_pragma=foreign_keys(ON)"
	case sqlquery.PostgreSQL:
		name, dsn = "pgx", sqltest.NewPostgres(t)
	case sqlquery.MySQL:
		name, dsn = "mysql", sqltest.NewMariaDB(t)
	}
	recorder, name := sqltest.Record(t, name)
	return sqltest.Open(t, name, dsn), recorder
}

// inTransaction returns the statements without those that begin and end a transaction.
// The one without rows begins a write in SQLite.
func inTransaction(ran []string) []string {
	return slices.DeleteFunc(ran, func(query string) bool {
		return query == "BEGIN" || query == "COMMIT" || strings.HasSuffix(query, "WHERE 1 = 0")
	})
}

// A write needs at most two statements more than the same write by hand, which
// reads what it changes and writes it. BEGIN and COMMIT are not counted.
func TestStatementsOfWrites(t *testing.T) {
	hosts(t, func(t *testing.T, d host) {
		conn, recorder := openRecorded(t, d)
		d.create(t, conn, completeDDL)
		c := costClient(t, d, conn)
		var user, group string
		for _, w := range []struct {
			name   string
			byHand int
			write  func()
		}{
			// SELECT for the name, INSERT.
			{"POST", 2, func() {
				user = c.Post("/Users", scimtest.User("ada", `"name":{"givenName":"Ada"}`)).Is(201).String("id")
			}},
			{"another POST", 2, func() { c.Post("/Users", scimtest.User("bob")).Is(201) }},
			// SELECT … FOR UPDATE, UPDATE.
			{"PUT", 2, func() { c.Put("/Users/"+user, scimtest.User("ada", `"title":"Guide"`)).Is(200) }},
			// SELECT … FOR UPDATE, SELECT for the name, UPDATE.
			{"PUT of another name", 3, func() { c.Put("/Users/"+user, scimtest.User("ada2", `"title":"Guide"`)).Is(200) }},
			{"PUT of nothing", 1, func() { c.Put("/Users/"+user, scimtest.User("ada2", `"title":"Guide"`)).Is(200) }},
			{"PATCH active", 2, func() { c.Patch("/Users/"+user, `{"op":"replace","path":"active","value":false}`).Is(200) }},
			// INSERT.
			{"POST of a group", 1, func() { group = c.Post("/Groups", scimtest.Group("g")).Is(201).String("id") }},
			// SELECT … FOR UPDATE of the group and of the user, INSERT, UPDATE of the group.
			{"add a member", 4, func() {
				c.Patch("/Groups/"+group, `{"op":"add","path":"members","value":[{"value":"`+user+`"}]}`)
			}},
			// SELECT … FOR UPDATE, DELETE, UPDATE of the group.
			{"remove a member", 3, func() { c.Patch("/Groups/"+group, `{"op":"remove","path":"members[value eq \"`+user+`\"]"}`) }},
			// SELECT … FOR UPDATE, SELECT of the groups, UPDATE or DELETE.
			{"DELETE", 3, func() { c.Delete("/Users/" + user).Is(204) }},
			{"DELETE of a group", 3, func() { c.Delete("/Groups/" + group).Is(204) }},
		} {
			ran := inTransaction(recorder.Statements(w.write))
			require.LessOrEqual(t, len(ran), w.byHand+2, "%s:\n%s", w.name, strings.Join(ran, "\n"))
			require.NotEmpty(t, ran)
			t.Logf("%s: %d statements, by hand %d", w.name, len(ran), w.byHand)
		}
	})
}

func costClient(t *testing.T, d host, conn *sql.DB) *scimtest.Client {
	db, err := sqlquery.New(conn, d.dialect)
	require.NoError(t, err)
	users, err := sqlquery.NewTable(t.Context(), db, "people", schema.UserType, sqlquery.Options[personName]{
		New:      func(context.Context, *schema.Resource) (*personName, error) { return &personName{Hash: "!"}, nil },
		Complete: fullName,
	})
	require.NoError(t, err)
	teams, err := sqlquery.NewGroupTable(t.Context(), db, "slugs", schema.GroupType,
		sqlquery.Members{Table: "slug_members", Group: "team_id", Member: "person_id", Of: users}, sqlquery.Options[slugTeam]{Complete: slugOf})
	require.NoError(t, err)
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: tenantless{}, Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(users), scim.Groups(teams)},
	})
	require.NoError(t, err)
	return scimtest.NewClient(t, h, "t")
}

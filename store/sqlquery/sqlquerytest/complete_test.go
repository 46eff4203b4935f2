package sqlquerytest

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
)

// personName has the name of a person in one column, which is name.formatted of
// people from before SCIM, and a column of initials that no client sees.
type personName struct {
	ID        int64      `scim:"id"`
	Login     string     `scim:"userName"`
	LoginKey  *string    `scim:"userName,key"`
	FormerKey *string    `scim:"userName,former"`
	FullName  string     `scim:"name.formatted,composed"`
	FullKey   *string    `scim:"name.formatted,key"`
	Initials  *string    `scim:",composed"`
	Hash      string     `db:"hash"`
	Version   int64      `scim:"meta.version"`
	UpdatedAt time.Time  `scim:"meta.lastModified"`
	DeletedAt *time.Time `scim:",deleted"`
	Rest      string     `scim:",rest"`
}

type slugTeam struct {
	ID      int64  `scim:"id,prefix=g"`
	Name    string `scim:"displayName"`
	NameKey string `scim:"displayName,key"`
	Slug    string `scim:",composed"`
	Version int64  `scim:"meta.version"`
	Rest    string `scim:",rest"`
}

var completeDDL = []string{
	`CREATE TABLE people (id SERIALKEY, login TEXT NOT NULL, login_key TEXT, former_key TEXT, full_name TEXT NOT NULL, full_key TEXT, initials TEXT,
		hash TEXT NOT NULL, version BIGINT NOT NULL, updated_at TIME, deleted_at TIME, rest LONGTEXT, UNIQUE (login_key))`,
	`CREATE TABLE slugs (id SERIALKEY, name TEXT NOT NULL, name_key TEXT NOT NULL, slug SHORT NOT NULL UNIQUE, version BIGINT NOT NULL, rest LONGTEXT NOT NULL)`,
	`CREATE TABLE slug_members (team_id BIGINT NOT NULL, person_id BIGINT NOT NULL, PRIMARY KEY (team_id, person_id))`,
	`CREATE INDEX slug_members_person ON slug_members (person_id)`,
}

// fullName composes the name from its parts, if the client sent any.
func fullName(_ context.Context, row *personName, r *schema.Resource) error {
	if name := strings.TrimSpace(r.Text("name.givenName") + " " + r.Text("name.familyName")); name != "" {
		row.FullName = name
	}
	if row.FullName == "" {
		row.FullName = r.Text("userName")
	}
	if r.Text("title") == "refused" {
		return &schema.Error{Type: schema.ErrorInvalidValue, Path: "title", Detail: "not this one"}
	}
	initial := row.FullName[:1]
	row.Initials = &initial
	return nil
}

func slugOf(_ context.Context, row *slugTeam, r *schema.Resource) error {
	row.Slug = strings.ReplaceAll(strings.ToLower(r.Text("displayName")), " ", "-")
	return nil
}

func completeClient(t *testing.T, d host, conn *sql.DB) *scimtest.Client {
	d.create(t, conn, completeDDL)
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
	endpoint := scim.Users(users)
	endpoint.OnTwin = scim.RestoreDeleted
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: tenantless{}, Tx: db, Logger: slog.New(slog.DiscardHandler), Endpoints: []scim.Endpoint{endpoint, scim.Groups(teams)},
	})
	require.NoError(t, err)
	return scimtest.NewClient(t, h, "t")
}

// A composed column is right after every kind of write.
func TestCompleteRunsOnEveryWrite(t *testing.T) {
	onEachHost(t, func(t *testing.T, d host, conn *sql.DB) {
		c := completeClient(t, d, conn)
		row := func(fullName, initials string) {
			t.Helper()
			require.Equal(t, fullName, column(t, conn, "people", "full_name", "ada"))
			require.Equal(t, strings.ToLower(fullName), column(t, conn, "people", "full_key", "ada"))
			require.Equal(t, initials, column(t, conn, "people", "initials", "ada"))
		}
		made := c.Post("/Users", scimtest.User("ada", `"name":{"givenName":"Ada","familyName":"King"}`)).Is(201)
		made.Has("name", `{"formatted":"Ada King","givenName":"Ada","familyName":"King"}`)
		path := "/Users/" + made.String("id")
		row("Ada King", "A")
		c.Patch(path, `{"op":"replace","path":"name.familyName","value":"Lovelace"}`).Is(200).Has("name.formatted", `"Ada Lovelace"`)
		row("Ada Lovelace", "A")
		require.Equal(t, "ada", found(c, `filter=name.formatted eq "ADA lovelace"`))
		c.Put(path, scimtest.User("ada", `"name":{"formatted":"Countess"}`)).Is(200).Has("name", `{"formatted":"Countess"}`)
		row("Countess", "C")
		c.Put(path, scimtest.User("ada")).Is(200).Has("name.formatted", `"ada"`)
		row("ada", "a")
		c.Delete(path).Is(204)
		c.Post("/Users", scimtest.User("ada", `"name":{"givenName":"Augusta"}`)).Is(201).Has("id", `"`+scimtest.ID(path)+`"`)
		row("Augusta", "A")

		group := c.Post("/Groups", scimtest.Group("Night Shift", `"members":[{"value":"`+scimtest.ID(path)+`"}]`)).Is(201).String("id")
		slug := func(want string) {
			t.Helper()
			var got string
			require.NoError(t, conn.QueryRow("SELECT slug FROM slugs WHERE name_key LIKE 'night%' OR name_key LIKE 'day%'").Scan(&got))
			require.Equal(t, want, got)
		}
		slug("night-shift")
		c.Patch("/Groups/"+group, `{"op":"replace","path":"displayName","value":"Day Shift"}`)
		slug("day-shift")
		c.Post("/Groups", scimtest.Group("day-shift")).Fails(409, "uniqueness")
	})
}

// A column from before SCIM is read as its attribute, and changes nothing until a
// client writes the parts.
func TestComposedColumnOfExistingRows(t *testing.T) {
	conn := hostSQLite.open(t)
	c := completeClient(t, hostSQLite, conn)
	_, err := conn.Exec("INSERT INTO people (login, login_key, full_name, full_key, hash, version) VALUES ('ada', 'ada', 'Ada Lovelace', 'ada lovelace', 'x', 1)")
	require.NoError(t, err)
	c.Get("/Users/1").Is(200).Has("name", `{"formatted":"Ada Lovelace"}`)
	c.Patch("/Users/1", `{"op":"replace","path":"active","value":false}`).Is(200).Has("name", `{"formatted":"Ada Lovelace"}`, "active", "false")
	require.Equal(t, "Ada Lovelace", column(t, conn, "people", "full_name", "ada"))
	c.Patch("/Users/1", `{"op":"replace","path":"name.givenName","value":"Augusta"}`).Is(200).Has("name", `{"formatted":"Augusta","givenName":"Augusta"}`)
}

// A composed column is written only if its value changed.
func TestUnchangedComposedColumnWritesNothing(t *testing.T) {
	conn := hostSQLite.open(t)
	c := completeClient(t, hostSQLite, conn)
	body := scimtest.User("ada", `"name":{"givenName":"Ada"}`)
	first := c.Post("/Users", body).Is(201)
	again := c.Put("/Users/"+first.String("id"), body).Is(200)
	require.Equal(t, first.String("meta.version"), again.String("meta.version"))
}

func TestErrorsOfComplete(t *testing.T) {
	conn := hostSQLite.open(t)
	c := completeClient(t, hostSQLite, conn)
	c.Post("/Users", scimtest.User("ada", `"title":"refused"`)).Fails(400, "invalidValue")
	require.Empty(t, found(c, ""))

	for name, complete := range map[string]func(context.Context, *personName, *schema.Resource) error{
		"Login, which lacks the option composed": func(_ context.Context, row *personName, _ *schema.Resource) error {
			row.Login = "root"
			return nil
		},
		"LoginKey, which lacks the option composed": func(_ context.Context, row *personName, _ *schema.Resource) error {
			*row.LoginKey = "root"
			return nil
		},
		"Hash, which lacks the option composed": func(_ context.Context, row *personName, _ *schema.Resource) error {
			row.Hash = "password"
			return nil
		},
		"out of order": func(context.Context, *personName, *schema.Resource) error { return errors.New("out of order") },
	} {
		db, err := sqlquery.New(conn, sqlquery.SQLite)
		require.NoError(t, err)
		users, err := sqlquery.NewTable(t.Context(), db, "people", schema.UserType, sqlquery.Options[personName]{
			New: func(context.Context, *schema.Resource) (*personName, error) { return &personName{Hash: "!"}, nil }, Complete: complete,
		})
		require.NoError(t, err)
		var log strings.Builder
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: tenantless{}, Tx: db, Logger: slog.New(slog.NewTextHandler(&log, nil)), Endpoints: []scim.Endpoint{scim.Users(users)},
		})
		require.NoError(t, err)
		scimtest.NewClient(t, h, "t").Post("/Users", scimtest.User("ada")).Fails(500, "")
		require.Contains(t, log.String(), name)
		p, err := users.List(t.Context(), &store.Query{Total: true})
		require.NoError(t, err)
		require.Zero(t, p.Total, name)
	}
}

// The option composed and Options.Complete need each other.
func TestCompleteWithoutComposedField(t *testing.T) {
	conn, db := openHost(t, hostSQLite)
	_, err := sqlquery.NewTable(t.Context(), db, "users", schema.UserType, sqlquery.Options[hostUser]{
		New: newHostUser, Complete: func(context.Context, *hostUser, *schema.Resource) error { return nil },
	})
	require.ErrorContains(t, err, "has no field that Options.Complete may set")
	hostSQLite.create(t, conn, completeDDL)
	_, err = sqlquery.NewTable(t.Context(), db, "people", schema.UserType, sqlquery.Options[personName]{
		New: func(context.Context, *schema.Resource) (*personName, error) { return &personName{Hash: "!"}, nil },
	})
	require.ErrorContains(t, err, "set Options.Complete")
}

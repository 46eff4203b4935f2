package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// SCIM finds the users that existed before it, and they sign in as before.
func TestUsersFromBeforeSCIM(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		name := fresh(t)
		old, err := connect(name)
		require.NoError(t, err)
		defer old.Close()
		require.NoError(t, old.migrateTo(t.Context(), "1_app.sql"))
		hash, err := (&app{cost: 4}).hashPassword(password)
		require.NoError(t, err)
		for _, statement := range []string{
			"INSERT INTO users (email, first_name, password_hash) VALUES ('Ada@Example.com', 'Ada', '" + hash + "'), ('ΓΙΏΡΓΟΣ@example.com', NULL, '!')",
			"INSERT INTO teams (name) VALUES ('Engines')",
			"INSERT INTO team_members (team_id, user_id) VALUES (1, 1)",
		} {
			_, err := old.ExecContext(t.Context(), statement)
			require.NoError(t, err)
		}

		a := start(t, name, tokenFiles(t.TempDir()))
		session := a.login("ada@EXAMPLE.com")
		require.NotEmpty(t, session)
		require.JSONEq(t, `["Engines"]`, a.do("GET", "/teams", nil, string(session)).Body.String())
		require.Equal(t, []string{"u1"}, a.find("/Users", `userName eq "ada@example.com"`))
		require.Equal(t, []string{"u2"}, a.find("/Users", `userName eq "γιώργος@example.com"`))
		require.Equal(t, []string{"t1"}, a.find("/Groups", `displayName eq "engines" and members.value eq "u1"`))
		require.Equal(t, http.StatusConflict, a.provider("POST", "/Users", person("ADA@example.com", true)).Code)
		require.Equal(t, http.StatusOK, a.provider("PATCH", "/Users/u1", setActive(false)).Code)
		require.Equal(t, http.StatusUnauthorized, a.me(session))
	})
}

// find returns the ids that match a filter.
func (a *running) find(endpoint, filter string) []string {
	w := a.provider("GET", endpoint+"?filter="+url.QueryEscape(filter), nil)
	require.Equal(a.t, http.StatusOK, w.Code, w.Body)
	var list struct{ Resources []struct{ ID string } }
	require.NoError(a.t, json.Unmarshal(w.Body.Bytes(), &list))
	ids := []string{}
	for _, r := range list.Resources {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestApplicationAndSCIMShareTables(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		a := startNew(t, fresh)
		_, err := a.addUser(t.Context(), "Grace@example.com", password)
		require.NoError(t, err)
		require.Equal(t, []string{"u1"}, a.find("/Users", `userName eq "grace@example.com"`))
		session := a.login("grace@example.com")
		require.JSONEq(t, `{"id": 1, "email": "Grace@example.com"}`, a.do("GET", "/me", nil, string(session)).Body.String())

		w := a.provider("POST", "/Groups", object{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": "Compilers", "members": []object{{"value": "u1"}},
		})
		require.Equal(t, http.StatusCreated, w.Code, w.Body)
		require.JSONEq(t, `["Compilers"]`, a.do("GET", "/teams", nil, string(session)).Body.String())

		require.Equal(t, http.StatusNoContent, a.do("POST", "/logout", nil, string(session)).Code)
		require.Equal(t, http.StatusUnauthorized, a.me(session))
	})
}

// The filters by which providers look up users and groups are answered in SQL.
func TestFiltersInSQL(t *testing.T) {
	t.Parallel()
	_, users, teams, err := startNew(t, newFile).tables(t.Context())
	require.NoError(t, err)
	for _, x := range []struct {
		typ  *schema.ResourceType
		can  store.Capabilities
		text string
	}{
		{schema.UserType, users.Describe(), `userName eq "ada@example.com"`},
		{schema.UserType, users.Describe(), `externalId eq "7"`},
		{schema.UserType, users.Describe(), `id eq "u1"`},
		{schema.UserType, users.Describe(), `active eq false`},
		{schema.UserType, users.Describe(), `emails.value eq "ada@example.com"`},
		{schema.UserType, users.Describe(), `emails[type eq "work"].value eq "ada@example.com"`},
		{schema.GroupType, teams.Describe(), `displayName eq "Engines"`},
		{schema.GroupType, teams.Describe(), `externalId eq "7"`},
		{schema.GroupType, teams.Describe(), `members.value eq "u1"`},
	} {
		f, err := filter.NewResolver(x.typ, filter.Options{Profile: schema.Lenient()}).Filter(x.text, nil)
		require.NoError(t, err, x.text)
		require.True(t, x.can.Filter(f.Expr()), x.text)
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	a := startNew(t, newFile)
	path := a.hire("ada@example.com")
	require.NotEmpty(t, a.login("ada@example.com"))
	require.Empty(t, a.login("nobody@example.com"))
	body := person("ada@example.com", true)
	body["password"] = strings.Repeat("x", 73) // more than bcrypt takes
	require.Equal(t, http.StatusBadRequest, a.provider("PUT", path, body).Code)
	require.NotEmpty(t, a.login("ada@example.com"), "the old one")
	require.Equal(t, http.StatusCreated, a.provider("POST", "/Users", person("grace@example.com", true)).Code)
	for _, guess := range []string{"", "!", password} {
		w := a.do("POST", "/login", object{"email": "grace@example.com", "password": guess})
		require.Equal(t, http.StatusUnauthorized, w.Code, "provisioned without a password: %q", guess)
	}
}

func TestInvalidTokensAreRefused(t *testing.T) {
	t.Parallel()
	a := startNew(t, newFile)
	a.hire("ada@example.com")
	require.Equal(t, http.StatusOK, a.me(a.issueTo("ada@example.com")))
	for _, secret := range []string{"", "1.", "1.x", "../1.x", "9223372036854775808.x", "-1.x"} {
		require.Equal(t, http.StatusUnauthorized, a.me(credential("Authorization: Bearer "+secret)), secret)
	}
	require.Equal(t, http.StatusUnauthorized, a.do("GET", "/me", nil).Code)
}

func TestCommandLine(t *testing.T) {
	t.Setenv("APP_PASSWORD", "")
	name := newFile(t)
	var out strings.Builder
	require.ErrorContains(t, run(t.Context(), []string{"-db", name, "-add-user", "ada@example.com"}, &out, io.Discard), "APP_PASSWORD")
	t.Setenv("APP_PASSWORD", password)
	require.NoError(t, run(t.Context(), []string{"-db", name, "-add-user", "ada@example.com"}, &out, io.Discard))
	require.Equal(t, "user 1\n", out.String())
	require.ErrorContains(t, run(t.Context(), []string{"-db", name, "x"}, &out, io.Discard), `"x"`)
	require.Error(t, run(t.Context(), []string{"-db", "postgres://u:secret@%zz/"}, &out, io.Discard))
}

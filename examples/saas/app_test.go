package main

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// One address in two organisations is two accounts, and neither provider sees the
// other's.
func TestOneAddressInTwoOrganisations(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		a := startApp(t, fresh(t))
		acme, globex := a.create(1, "/Users", user("ada@example.com")), a.create(2, "/Users", user("Ada@example.com"))
		require.NotEqual(t, acme, globex)
		a.provider(2, http.StatusNotFound, "GET", "/Users/"+acme, nil)
		a.provider(2, http.StatusNotFound, "DELETE", "/Users/"+acme, nil)
		found := a.provider(2, http.StatusOK, "GET", "/Users?filter=userName+eq+%22ADA@example.com%22", nil)
		require.EqualValues(t, 1, found["totalResults"])
		require.Equal(t, globex, found["Resources"].([]any)[0].(object)["id"])
		require.NotContains(t, a.provider(2, http.StatusCreated, "POST", "/Groups", group("Team", acme)), "members")

		session := a.token("/login", 2, "ada@example.com")
		require.EqualValues(t, 2, a.me(session).Org)
		a.provider(1, http.StatusOK, "PATCH", "/Users/"+acme, patch("replace", "active", false))
		require.Empty(t, a.token("/login", 1, "ada@example.com"))
		require.NotNil(t, a.me(session), "the account of the other organisation")
	})
}

// An invited account stays invited until active changes, and active false ends the
// invitation.
func TestInvitedAccount(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		a := startApp(t, fresh(t))
		invited := func(email string) (id, secret string) {
			secret, err := a.invite(t.Context(), 1, email)
			require.NoError(t, err)
			a.exec("UPDATE accounts SET provisioned_by = 'scim' WHERE email = $1", email)
			found := a.provider(1, http.StatusOK, "GET", "/Users?filter=active+eq+true+and+userName+eq+%22"+email+"%22", nil)
			return found["Resources"].([]any)[0].(object)["id"].(string), secret
		}
		status := func(email string) string { return a.value("SELECT status FROM accounts WHERE email = $1", email) }
		accept := func(secret string) int {
			return a.do("POST", "/invitations/accept", "", object{"invitation": secret, "password": password}).Code
		}

		ada, secret := invited("ada@example.com")
		a.provider(1, http.StatusOK, "PATCH", "/Users/"+ada, patch("replace", "title", "Engineer"))
		a.provider(1, http.StatusOK, "PATCH", "/Users/"+ada, patch("replace", "active", true))
		require.Equal(t, "invited", status("ada@example.com"))
		require.Empty(t, a.token("/login", 1, "ada@example.com"))
		require.Equal(t, http.StatusNoContent, accept(secret))
		require.Equal(t, http.StatusUnauthorized, accept(secret), "a second time")
		require.Equal(t, "active", status("ada@example.com"))
		require.NotNil(t, a.me(a.token("/login", 1, "ada@example.com")))

		bob, secret := invited("bob@example.com")
		a.provider(1, http.StatusOK, "PATCH", "/Users/"+bob, patch("replace", "active", false))
		require.Equal(t, "suspended", status("bob@example.com"))
		require.Equal(t, http.StatusUnauthorized, accept(secret))

		eve, secret := invited("eve@example.com")
		a.provider(1, http.StatusNoContent, "DELETE", "/Users/"+eve, nil)
		require.Equal(t, "suspended", status("eve@example.com"))
		require.Equal(t, http.StatusUnauthorized, accept(secret))
	})
}

// The column full_name is right after each kind of write.
func TestFullName(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		a := startApp(t, fresh(t))
		fullName := func() string { return a.value("SELECT full_name FROM accounts WHERE email = 'ada@example.com'") }
		id := a.create(1, "/Users", user("ada@example.com"))
		require.Equal(t, "Ada Lovelace", fullName())
		a.provider(1, http.StatusOK, "PATCH", "/Users/"+id, patch("replace", "name.familyName", "King"))
		require.Equal(t, "Ada King", fullName())
		body := user("ada@example.com")
		body["name"] = object{"givenName": "Augusta", "familyName": "King"}
		a.provider(1, http.StatusOK, "PUT", "/Users/"+id, body)
		require.Equal(t, "Augusta King", fullName())
		delete(body, "name")
		body["userName"] = "b@example.com"
		a.create(1, "/Users", body)
		require.Equal(t, "b@example.com", a.value("SELECT full_name FROM accounts WHERE email = 'b@example.com'"))
		require.NotEmpty(t, a.value("SELECT slug FROM teams WHERE id = $1", a.create(1, "/Groups", group("Sales & Marketing"))))
	})
}

// The role that a member of a team has by hand stays when the provider sends the
// member again, and so do roles of the account by hand.
func TestRolesByHandStay(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		a := startApp(t, fresh(t))
		ada, bob := a.create(1, "/Users", user("ada@example.com")), a.create(1, "/Users", user("bob@example.com"))
		team := a.create(1, "/Groups", group("Engineers", ada))
		a.exec("UPDATE team_members SET role = 'lead' WHERE team_id = $1", team)
		a.exec("INSERT INTO team_roles (team_id, role) VALUES ($1, 'deployer')", team)
		a.exec("INSERT INTO account_roles (account_id, role) VALUES ($1, 'billing')", a.key(ada))
		session := a.token("/login", 1, "ada@example.com")
		require.Equal(t, []string{"billing", "deployer"}, a.me(session).Roles)

		a.provider(1, http.StatusOK, "PUT", "/Groups/"+team, group("Engineering", ada, bob))
		role := "SELECT role FROM team_members WHERE team_id = $1 AND account_id = $2"
		require.Equal(t, "lead", a.value(role, team, a.key(ada)))
		require.Equal(t, "member", a.value(role, team, a.key(bob)))

		a.provider(1, http.StatusOK, "PUT", "/Groups/"+team, group("Engineering", bob))
		require.Equal(t, []string{"billing"}, a.me(session).Roles)
	})
}

// A change of teams does not take the last owner from an organisation, but a leaver is
// out, the last owner too.
func TestLastOwner(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		a := startApp(t, fresh(t))
		ada, bob := a.create(1, "/Users", user("ada@example.com")), a.create(1, "/Users", user("bob@example.com"))
		owners := a.create(1, "/Groups", group("Owners", ada, bob))
		a.exec("INSERT INTO team_roles (team_id, role) VALUES ($1, 'owner')", owners)
		session := a.token("/login", 1, "ada@example.com")

		a.provider(1, http.StatusOK, "PUT", "/Groups/"+owners, group("Owners", ada))
		refused := a.provider(1, http.StatusBadRequest, "PUT", "/Groups/"+owners, group("Owners"))
		require.Equal(t, "the organisation would have no owner", refused["detail"])
		a.provider(1, http.StatusBadRequest, "PATCH", "/Groups/"+owners, patch("remove", `members[value eq "`+ada+`"]`, nil))
		a.provider(1, http.StatusBadRequest, "DELETE", "/Groups/"+owners, nil)
		require.Equal(t, []string{"owner"}, a.me(session).Roles)

		a.exec("INSERT INTO account_roles (account_id, role) VALUES ($1, 'owner')", a.key(bob))
		a.provider(1, http.StatusOK, "PUT", "/Groups/"+owners, group("Owners"))
		a.provider(1, http.StatusOK, "PUT", "/Groups/"+owners, group("Owners", ada))
		a.exec("DELETE FROM account_roles")

		a.provider(1, http.StatusOK, "PATCH", "/Users/"+ada, patch("replace", "active", false))
		require.Nil(t, a.me(session))
		a.provider(1, http.StatusOK, "PUT", "/Groups/"+owners, group("Owners", bob))
		a.provider(1, http.StatusNoContent, "DELETE", "/Users/"+bob, nil)
		require.Equal(t, "2", a.value("SELECT count(*) FROM audit"))
	})
}

// Of two owners that leave two teams at the same time one stays.
func TestOwnersLeaveAtTheSameTime(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		a := startApp(t, fresh(t))
		var teams []string
		for _, name := range []string{"ada", "bob"} {
			team := a.create(1, "/Groups", group(name, a.create(1, "/Users", user(name+"@example.com"))))
			a.exec("INSERT INTO team_roles (team_id, role) VALUES ($1, 'owner')", team)
			teams = append(teams, team)
		}
		codes := make([]int, len(teams))
		var wait sync.WaitGroup
		for i, team := range teams {
			wait.Go(func() {
				codes[i] = a.do("PUT", "/scim/v2/Groups/"+team, testTokens[0], group("empty")).Code
			})
		}
		wait.Wait()
		require.ElementsMatch(t, []int{http.StatusOK, http.StatusBadRequest}, codes)
	})
}

// Accounts from before SCIM do not exist for a connection, unless an administrator
// releases them to it.
func TestAccountsFromBeforeSCIM(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		a := startApp(t, fresh(t))
		id, err := a.addAccount(t.Context(), 1, "ada@example.com", password)
		require.NoError(t, err)
		session := a.token("/login", 1, "ada@example.com")
		require.EqualValues(t, 0, a.provider(1, http.StatusOK, "GET", "/Users", nil)["totalResults"])
		require.Equal(t, "uniqueness", a.provider(1, http.StatusConflict, "POST", "/Users", user("Ada@example.com"))["scimType"])
		require.NoError(t, a.release(t.Context(), id, "another"))
		a.provider(1, http.StatusConflict, "POST", "/Users", user("ada@example.com"))
		require.Equal(t, "ada@example.com", a.me(session).FullName)

		require.NoError(t, a.release(t.Context(), id, "scim"))
		adopted := a.create(1, "/Users", user("ada@example.com"))
		require.Equal(t, id, a.key(adopted))
		require.Equal(t, "Ada Lovelace", a.me(session).FullName)
		a.provider(1, http.StatusNoContent, "DELETE", "/Users/"+adopted, nil)
		require.Nil(t, a.me(session))
	})
}

// Rows from before the migration get their keys when the program starts.
func TestRowsFromBeforeTheMigration(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		name := fresh(t)
		db, err := connect(t.Context(), name)
		require.NoError(t, err)
		require.NoError(t, db.migrate(t.Context(), "1_app.sql"))
		_, err = db.ExecContext(t.Context(), "INSERT INTO accounts (org_id, email, full_name, status, password_hash) VALUES (1, 'Straße@example.com', 'Ada Lovelace', 'active', '!')")
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), "INSERT INTO teams (id, slug, name, org_id) VALUES ('2819c223-7f76-453a-919d-413861904646', 'old', 'Old', 1)")
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), "INSERT INTO team_members (team_id, account_id, role) VALUES ('2819c223-7f76-453a-919d-413861904646', 1, 'lead')")
		require.NoError(t, err)
		require.NoError(t, db.close())

		a := startApp(t, name)
		a.exec("UPDATE teams SET provisioned_by = 'scim'")
		found := a.provider(1, http.StatusOK, "GET", "/Groups?filter=displayName+eq+%22old%22", nil)["Resources"].([]any)
		require.Len(t, found, 1)
		require.NoError(t, a.release(t.Context(), 1, "scim"))
		require.Equal(t, "u1", a.create(1, "/Users", user("STRASSE@example.com")))
		a.provider(1, http.StatusOK, "PUT", "/Groups/2819c223-7f76-453a-919d-413861904646", group("Old", "u1"))
		require.Equal(t, "lead", a.value("SELECT role FROM team_members"))
	})
}

// Sessions and API keys end with a deactivation.
func TestKeysEnd(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		a := startApp(t, fresh(t))
		id := a.create(1, "/Users", user("ada@example.com"))
		session, key := a.token("/login", 1, "ada@example.com"), a.token("/keys", 1, "ada@example.com")
		require.NotNil(t, a.me(key))
		a.provider(1, http.StatusOK, "PATCH", "/Users/"+id, patch("replace", "active", false))
		a.provider(1, http.StatusOK, "PATCH", "/Users/"+id, patch("replace", "active", true))
		require.Nil(t, a.me(session))
		require.Nil(t, a.me(key))
		require.NotNil(t, a.me(a.token("/keys", 1, "ada@example.com")))
	})
}

// The guard of the keys holds on these tables.
func TestKeyGuardHolds(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		a := startApp(t, fresh(t))
		for _, statement := range a.accounts.KeyGuard() {
			a.exec(statement)
		}
		a.create(1, "/Users", user("ada@example.com"))
		_, err := a.db.ExecContext(t.Context(), "UPDATE accounts SET email = 'eve@example.com'")
		require.Error(t, err)
	})
}

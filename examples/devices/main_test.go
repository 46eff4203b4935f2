package main

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/scimtest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// onEach runs a test on a new database of each kind.
func onEach(t *testing.T, test func(t *testing.T, db *database)) {
	for kind, name := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "devices.db") },
		"PostgreSQL": func(t *testing.T) string { return sqltest.NewPostgres(t) },
		"MariaDB":    func(t *testing.T) string { return sqltest.NewMariaDB(t) },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db, err := open(t.Context(), name(t))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			test(t, db)
		})
	}
}

// Both types have every characteristic of their schemas, on sqlstore and on a table.
func TestTypesPassTheKit(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		scimtest.RunTypes(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
			h, err := newHandler(t.Context(), db, auth)
			require.NoError(t, err)
			return h
		})
	})
}

func TestAnnouncementsAreTrue(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		token := scim.HashToken("token", "secret")
		token.Tenant = "company"
		h, err := newHandler(t.Context(), db, scim.BearerTokens(token))
		require.NoError(t, err)
		scimtest.Probe(t, h, "secret")
	})
}

// RFC 9944 §4: devices are members of groups, with their type.
func TestGroupsOfDevices(t *testing.T) {
	onEach(t, func(t *testing.T, db *database) {
		token := scim.HashToken("token", "secret")
		token.Tenant = "company"
		h, err := newHandler(t.Context(), db, scim.BearerTokens(token))
		require.NoError(t, err)
		c := scimtest.NewClient(t, h, "secret")
		device := c.Post("/Devices", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Device","urn:example:params:scim:schemas:extension:inventory:2.0:Device"],
			"active":true,"displayName":"Door 7","urn:example:params:scim:schemas:extension:inventory:2.0:Device":{"assetTag":"A-7"}}`).Is(201).String("id")
		robot := c.Post("/Agents", `{"schemas":["urn:example:params:scim:schemas:2.0:Agent"],"displayName":"Porter","clientId":"porter"}`).Is(201).String("id")
		group := c.NewGroup("Entrance", `"members":[{"value":"`+device+`"},{"value":"`+robot+`"}]`)
		r := c.Get(group + "?attributes=members.type").Is(200)
		require.ElementsMatch(t, []string{"Device", "Agent"}, []string{r.String("members[0].type"), r.String("members[1].type")})
		c.Get("/Devices/"+device).Has("groups[0].display", `"Entrance"`)
		c.Filter("/", `displayName sw "door"`).Total(1)
		c.Delete(group).Fails(501, "")
		c.Delete("/Devices/" + device).Is(204)
		c.Get(group).Has("members.#", "1")
	})
}

func TestUsage(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(t.Context(), nil, "secret"), "usage")
	require.ErrorContains(t, run(t.Context(), []string{"devices.db"}, ""), "usage")
}

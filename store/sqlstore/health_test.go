package sqlstore_test

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// Two processes on one database see the same health, with the users that are active.
func TestHealthOfProcesses(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, make func(t testing.TB) database) {
		db := make(t).store(t)
		owned := schema.WithOwner(schema.UserType)
		token := scim.HashToken("t1", "secret")
		token.Tenant, token.Connection = "acme", "okta"
		require.NoError(t, db.AddToken(t.Context(), token))
		require.NoError(t, db.AddToken(t.Context(), store.Token{ID: "t2", SHA256: [32]byte{1}, Tenant: "acme", Connection: "entra"}))
		var monitors [2]*health.Monitor
		var handlers [2]*scim.Handler
		for i := range monitors {
			m, err := health.New(health.Config{Store: db, Tokens: db})
			require.NoError(t, err)
			h, err := scim.New(scim.Config{
				BaseURL: scimtest.BaseURL, Auth: scim.StoredTokens(db, nil), Tx: db, Outbox: db, Observe: m.Observe, Logger: slog.New(slog.DiscardHandler),
				Endpoints: []scim.Endpoint{{Type: owned, Store: db.Store(owned)}, scim.Groups(db.Store(schema.GroupType))},
			})
			require.NoError(t, err)
			m.Attach(h)
			monitors[i], handlers[i] = m, h
		}
		for i, body := range []string{scimtest.User("ada", `"active":true`), scimtest.User("bob", `"active":false`), scimtest.User("ADA")} {
			r := httptest.NewRequest("POST", scimtest.BaseURL+"/Users", strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer secret")
			handlers[i%2].ServeHTTP(httptest.NewRecorder(), r)
		}
		for _, m := range monitors {
			require.NoError(t, m.Flush(t.Context()))
		}
		for _, m := range monitors {
			all, err := m.Status(t.Context(), "acme")
			require.NoError(t, err)
			require.Len(t, all, 2)
			entra, okta := all[0], all[1]
			require.Equal(t, "entra", entra.Connection)
			require.Equal(t, &health.Users{}, entra.Users)
			require.Equal(t, health.Counts{Requests: 3, Errors: 1}, okta.Counts)
			require.Equal(t, &health.Users{Active: 1, Inactive: 1}, okta.Users)
			require.Zero(t, *okta.Groups)
			require.Equal(t, 409, okta.LastError.Status)
		}
	})
}

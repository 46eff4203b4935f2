package oauth_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// The state of a connection holds for access tokens, and for the token endpoint.
func TestTheStateOfAConnection(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	w := newWorld(t, db, func(c *oauth.Config) { c.Connections = db })
	var err error
	w.scim, err = scim.New(scim.Config{
		BaseURL: "https://app.example.com/scim/v2", Auth: w.s, Tx: db, Connections: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
	})
	require.NoError(t, err)
	m, err := connection.New(connection.Config{Handler: w.scim, Store: db})
	require.NoError(t, err)
	by := connection.By{Actor: "alice", Reason: "the test"}
	secret := w.withSecret("okta", store.Token{Tenant: "acme", Connection: "okta"})

	w.refused(w.secretPost("okta", secret), "invalid_client", "does not exist: create it")
	_, err = m.Create(t.Context(), "globex", connection.Connection{Name: "okta"}, by)
	require.NoError(t, err)
	w.refused(w.secretPost("okta", secret), "invalid_client", "does not exist: create it")
	_, err = m.Create(t.Context(), "acme", connection.Connection{Name: "okta"}, by)
	require.NoError(t, err)
	token := w.granted(w.secretPost("okta", secret))
	require.Equal(t, 200, w.status(token))

	require.NoError(t, m.Pause(t.Context(), "acme", "okta", by))
	require.Equal(t, 503, w.status(token))
	w.refused(w.secretPost("okta", secret), "temporarily_unavailable", "the connection is paused")
	require.NoError(t, m.SwitchOff(t.Context(), "acme", "okta", by))
	require.Equal(t, 401, w.status(token))
	w.refused(w.secretPost("okta", secret), "invalid_client", "the connection is off")
	require.NoError(t, m.Resume(t.Context(), "acme", "okta", by))
	require.Equal(t, 200, w.status(token))
}

// A JWT of an issuer that is sent with every request is a credential of a connection as
// any other.
func TestTheStateOfAConnectionWithSignedJWTs(t *testing.T) {
	t.Parallel()
	k := key(t, "a", "ES256")
	db := memstore.New()
	w := newWorld(t, db, nil)
	i := newIssuer(t, k)
	trust := entraTrust(i)
	trust.Keys = oauth.Keys{JSON: fixed(t, k)}
	w.clients.put(oauth.Client{ID: "entra", Access: store.Token{Tenant: "acme", Connection: "entra"}, Bearer: []oauth.Trust{trust}})
	var err error
	w.scim, err = scim.New(scim.Config{
		BaseURL: "https://app.example.com/scim/v2", Auth: w.s, Tx: db, Connections: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
	})
	require.NoError(t, err)
	m, err := connection.New(connection.Config{Handler: w.scim, Store: db})
	require.NoError(t, err)
	by := connection.By{Actor: "alice", Reason: "the test"}
	token := sign(t, k, with(w.entra(), "iss", trust.Issuer))
	require.Equal(t, 401, w.status(token))
	_, err = m.Create(t.Context(), "acme", connection.Connection{Name: "entra"}, by)
	require.NoError(t, err)
	require.Equal(t, 200, w.status(token))
	require.NoError(t, m.Pause(t.Context(), "acme", "entra", by))
	require.Equal(t, 503, w.status(token))
	require.NoError(t, m.SwitchOff(t.Context(), "acme", "entra", by))
	require.Equal(t, 401, w.status(token))
}

// Secrets of clients expire as tokens do.
func TestTheExpiryOfSecretsIsForeseen(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	_, first := oauth.NewSecret("2026", now.AddDate(0, 0, 15))
	_, second := oauth.NewSecret("2027", now.AddDate(1, 0, 0))
	access := store.Token{Tenant: "acme", Connection: "okta", Label: "Okta"}
	revoked := access
	revoked.Revoked = true
	clients := oauth.List{
		{ID: "okta-acme", Access: access, Secrets: []oauth.Secret{first, second}},
		{ID: "okta-globex", Access: store.Token{Tenant: "globex", Connection: "okta"}, Secrets: []oauth.Secret{first}},
		{ID: "former", Access: revoked, Secrets: []oauth.Secret{first}},
	}
	var told []connection.Expiry
	cfg := connection.Config{Store: db, Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)}
	cfg.Credentials = clients.Credentials
	cfg.Expiring = func(_ context.Context, e connection.Expiry) error {
		told = append(told, e)
		return nil
	}
	m, err := connection.New(cfg)
	require.NoError(t, err)
	_, err = m.Create(t.Context(), "acme", connection.Connection{Name: "okta"}, connection.By{Actor: "alice", Reason: "the test"})
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, m.CheckExpiry(t.Context()))
	}
	require.Equal(t, []connection.Expiry{{Tenant: "acme", Days: 20, Credential: connection.Credential{
		Kind: "secret", ID: "okta-acme 2026", Connection: "okta", Label: "Okta", Expires: first.Expires,
	}}}, told)
}

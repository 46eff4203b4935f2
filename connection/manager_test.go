package connection_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/internal/connectiontest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

func TestConnections(t *testing.T) {
	t.Parallel()
	connectiontest.Run(t, func(*testing.T) connectiontest.DB { return memstore.New() })
}

var by = connection.By{Actor: "alice", Reason: "the test"}

// The state holds for every kind of credential, and what the authenticator says of
// itself stays.
func TestTheStateHoldsForEveryCredential(t *testing.T) {
	t.Parallel()
	token := scim.HashToken("t1", "secret")
	token.Connection, token.Tenant = "okta", "acme"
	stored := memstore.New()
	require.NoError(t, stored.AddToken(t.Context(), token))
	signed := scim.AuthenticatorFunc(func(r *http.Request) (*scim.Principal, error) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			return nil, scim.ErrUnauthenticated
		}
		return scim.PrincipalOf(token)
	})
	for name, c := range map[string]struct {
		auth      scim.Authenticator
		header    string
		challenge string
	}{
		"stored": {scim.StoredTokens(stored, nil), "Authorization: Bearer secret", "Bearer"},
		"fixed":  {scim.BearerTokens(token), "Authorization: Bearer secret", "Bearer"},
		"basic":  {scim.BasicPasswords(token), "Authorization: Basic dDE6c2VjcmV0", "Basic"},
		"signed": {signed, "Authorization: Bearer secret", "Bearer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := memstore.New()
			h := handler(t, db, c.auth)
			m, err := connection.New(connection.Config{Handler: h, Store: db})
			require.NoError(t, err)
			client := scimtest.NewClient(t, h, "")
			get := func() *scimtest.Reply { return client.Do("GET", "/Users", nil, c.header) }
			refused := get()
			require.Equal(t, 401, refused.Status, "a connection that does not exist")
			require.True(t, strings.HasPrefix(refused.Header.Get("WWW-Authenticate"), c.challenge))
			_, err = m.Create(t.Context(), "acme", connection.Connection{Name: "okta"}, by)
			require.NoError(t, err)
			require.Equal(t, 200, get().Status)
			require.NoError(t, m.Pause(t.Context(), "acme", "okta", by))
			require.Equal(t, 503, get().Status)
			require.NoError(t, m.SwitchOff(t.Context(), "acme", "okta", by))
			require.Equal(t, refused.Text, get().Text)
		})
	}
}

func handler(t *testing.T, db *memstore.DB, auth scim.Authenticator) *scim.Handler {
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Logger: slog.New(slog.DiscardHandler), Tx: db, Auth: auth, Connections: db,
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
	})
	require.NoError(t, err)
	return h
}

// A credential without a connection has no state: its token can be paused or revoked.
func TestACredentialWithoutAConnectionHasNoState(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := handler(t, db, scim.BearerTokens(scim.HashToken("t1", "secret")))
	require.Equal(t, 200, scimtest.NewClient(t, h, "secret").Do("GET", "/Users", nil).Status)
}

// countingStore counts reads, and fails on demand.
type countingStore struct {
	connection.Store
	reads int
	err   error
}

func (s *countingStore) FindConnection(ctx context.Context, name string) (connection.Connection, error) {
	if s.reads++; s.err != nil {
		return connection.Connection{}, s.err
	}
	return s.Store.FindConnection(ctx, name)
}

func TestAStateIsReadOnceASecondAndAfterAChange(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	s := &countingStore{Store: db}
	states := connection.NewStates(s, slog.New(slog.DiscardHandler))
	ctx := store.WithTenant(t.Context(), "acme")
	require.NoError(t, db.AddConnection(ctx, connection.Connection{Name: "okta", State: connection.Active}))
	is := func(want connection.State, reads int) {
		t.Helper()
		got, err := states.Of(ctx, "acme", "okta")
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, reads, s.reads)
	}
	is(connection.Active, 1)
	off := connection.Off
	_, err := db.SetConnection(ctx, "okta", connection.Change{State: &off})
	require.NoError(t, err)
	states.Forget("acme", "okta")
	is(connection.Off, 2)
	for range 3 {
		is(connection.Off, 2)
	}
	other, err := states.Of(ctx, "globex", "okta")
	require.NoError(t, err)
	require.Equal(t, connection.Off, other, "of another tenant")

	states.Forget("acme", "okta")
	s.err = store.ErrUnavailable
	_, err = states.Of(ctx, "acme", "okta")
	require.ErrorIs(t, err, store.ErrUnavailable)
}

func TestAStoreThatCannotAnswerIs503(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	token := scim.HashToken("t1", "secret")
	token.Connection = "okta"
	s := &countingStore{Store: db, err: store.ErrUnavailable}
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Logger: slog.New(slog.DiscardHandler), Tx: db, Auth: scim.BearerTokens(token), Connections: s,
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
	})
	require.NoError(t, err)
	c := scimtest.NewClient(t, h, "secret")
	require.Equal(t, 503, c.Do("GET", "/Users", nil).Status)
	s.err = errors.New("broken")
	require.Equal(t, 500, c.Do("GET", "/Users", nil).Status)
}

// bare is a store of connections and nothing else.
type bare struct{ connection.Store }

func TestMistakesOfTheEmbedder(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := handler(t, db, scim.InsecureNoAuthentication())
	without, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Tx: db, Auth: scim.InsecureNoAuthentication(), Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
	})
	require.NoError(t, err)
	for want, cfg := range map[string]connection.Config{
		"Config.Store is required":             {},
		"set scim.Config.Connections":          {Handler: without, Store: db},
		"another store":                        {Handler: h, Store: memstore.New()},
		"no effect without Config.Expiring":    {Handler: h, Store: db, Credentials: func(context.Context) ([]connection.Credential, error) { return nil, nil }},
		"another database than Config.Tx":      {Store: db, Tokens: memstore.New()},
		"an audit trail needs Config.Tx":       {Store: bare{db}, AuditTrail: db},
		"without Config.Tokens or Config.Cred": {Store: bare{db}, Expiring: func(context.Context, connection.Expiry) error { return nil }},
	} {
		_, err := connection.New(cfg)
		require.ErrorContains(t, err, want)
	}
	m, err := connection.New(connection.Config{Store: bare{db}})
	require.NoError(t, err)
	_, err = m.Tokens(t.Context(), "", "okta")
	require.ErrorContains(t, err, "Config.Tokens is not set")
	_, err = m.Create(t.Context(), "", connection.Connection{Name: "okta"}, by)
	require.NoError(t, err, "without transactions")
}

// A secret is returned once and kept as its SHA-256.
func TestASecretIsKeptAsItsHash(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	m, err := connection.New(connection.Config{Store: db})
	require.NoError(t, err)
	_, err = m.Create(t.Context(), "", connection.Connection{Name: "okta"}, by)
	require.NoError(t, err)
	secret, issued, err := m.IssueToken(t.Context(), "", "okta", connection.Issue{Expires: inAYear()}, by)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(secret), 43)
	found, err := db.FindToken(t.Context(), sha256.Sum256([]byte(secret)))
	require.NoError(t, err)
	require.Equal(t, issued.ID, found.ID)
}

func inAYear() time.Time { return time.Now().AddDate(1, 0, 0) }

// Run looks at once, goes on after an error, and ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told []connection.Expiry
	m, err := connection.New(connection.Config{Store: db, Logger: slog.New(slog.DiscardHandler), Expiring: func(_ context.Context, e connection.Expiry) error {
		told = append(told, e)
		cancel()
		return errors.New("no mail")
	}})
	require.NoError(t, err)
	_, err = m.Create(ctx, "acme", connection.Connection{Name: "okta"}, by)
	require.NoError(t, err)
	token := scim.HashToken("t1", "secret")
	token.Tenant, token.Connection, token.Expires = "acme", "okta", time.Now().AddDate(0, 0, 10)
	require.NoError(t, db.AddToken(ctx, token))
	require.ErrorIs(t, m.Run(ctx), context.Canceled)
	require.Len(t, told, 1)
	require.Equal(t, 20, told[0].Days)

	silent, err := connection.New(connection.Config{Store: db})
	require.NoError(t, err)
	require.ErrorContains(t, silent.Run(t.Context()), "needs Config.Expiring")
	require.ErrorContains(t, silent.CheckExpiry(t.Context()), "needs Config.Expiring")
	_, err = silent.HandOver(t.Context(), "acme", connection.HandOver{From: "okta", To: "entra"}, by)
	require.ErrorContains(t, err, "Config.Handler is not set")
}

func TestTypesWithoutAnOwner(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	m, err := connection.New(connection.Config{Handler: handler(t, db, scim.InsecureNoAuthentication()), Store: db})
	require.NoError(t, err)
	_, err = m.PreviewHandOver(t.Context(), "", connection.HandOver{From: "okta", To: "entra"})
	require.ErrorContains(t, err, "schema.WithOwner(type)")
}

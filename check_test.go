package scim_test

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// ownAuth is an authenticator of an application.
type ownAuth struct{}

func (*ownAuth) Authenticate(*http.Request) (*scim.Principal, error) { return &scim.Principal{}, nil }

// wrapped is a store around another.
type wrapped struct{ store.Store }

func (w wrapped) Unwrap() store.Store { return w.Store }

func noUser(context.Context, *scim.Principal) (string, error) { return "", nil }

func bindNone(context.Context, *scim.Principal, *schema.Resource) error { return nil }

func TestNewRejectsInvalidConfig(t *testing.T) {
	t.Parallel()
	secret := scim.HashToken("okta", "a secret")
	var nilAuth *ownAuth
	var nilTokens *memstore.DB
	var nilStore *wrapped
	other := memstore.New()
	for _, c := range []struct {
		name   string
		change func(*scim.Config)
		want   string
	}{
		{"Basic with an empty secret", func(c *scim.Config) { c.Auth = scim.BasicPasswords(scim.HashToken("okta", "")) }, `the secret of token "okta" is empty`},
		{"a bearer token with an empty secret", func(c *scim.Config) { c.Auth = scim.BearerTokens(scim.HashToken("okta", "")) }, "is its environment variable set?"},
		{"a token without a hash", func(c *scim.Config) { c.Auth = scim.BearerTokens(store.Token{ID: "okta"}) }, "is empty"},
		{"a token without an id", func(c *scim.Config) { c.Auth = scim.BearerTokens(scim.HashToken("", "a secret")) }, "no ID"},
		{"no bearer tokens", func(c *scim.Config) { c.Auth = scim.BearerTokens() }, "BearerTokens has no tokens"},
		{"no passwords", func(c *scim.Config) { c.Auth = scim.BasicPasswords() }, "BasicPasswords has no tokens"},
		{"the same token twice", func(c *scim.Config) { c.Auth = scim.BearerTokens(secret, scim.HashToken("entra", "a secret")) }, `the tokens "okta" and "entra" have the same secret`},
		{"the same id twice", func(c *scim.Config) { c.Auth = scim.BearerTokens(secret, scim.HashToken("okta", "another")) }, `two tokens have the ID "okta"`},
		{"an unknown client", func(c *scim.Config) {
			c.Auth = scim.BearerTokens(store.Token{ID: "okta", SHA256: secret.SHA256, Client: "lax"})
		}, "unknown client"},
		{"no authenticator", func(c *scim.Config) { c.Auth = nil }, "Config.Auth is required"},
		{"a nil pointer as authenticator", func(c *scim.Config) { c.Auth = nilAuth }, "Config.Auth is required"},
		{"a nil function as authenticator", func(c *scim.Config) { c.Auth = scim.AuthenticatorFunc(nil) }, "Config.Auth is required"},
		{"no store of tokens", func(c *scim.Config) { c.Auth = scim.StoredTokens(nil, nil) }, "StoredTokens needs a store.Tokens"},
		{"a nil pointer as store of tokens", func(c *scim.Config) { c.Auth = scim.StoredTokens(nilTokens, nil) }, "StoredTokens needs a store.Tokens"},
		{"a nil pointer as store", func(c *scim.Config) { c.Endpoints[0].Store = nilStore }, "has no store"},
		{"a negative limit", func(c *scim.Config) { c.Limits.PageSize = -1 }, "Limits.PageSize is negative"},
		{"security events without a hook", func(c *scim.Config) { c.EventURIs = []string{"urn:ietf:params:scim:event:prov:delete"} }, "Config.EventURIs announces events, and no event hook is set"},
		{"a security event that is no URI", func(c *scim.Config) { c.EventURIs = []string{"delete"} }, `Config.EventURIs: "delete" is not an absolute URI`},
		{"results without a hook", func(c *scim.Config) {
			c.EventURIs = []string{"urn:ietf:params:scim:event:misc:asyncresp"}
		}, "needs Hooks.AsyncResponse"},
		{"results without an outbox", func(c *scim.Config) {
			c.Tx, c.Hooks.AsyncResponse = memstore.New(), func(context.Context, *event.Event) error { return nil }
		}, "the hooks of events need Config.Outbox"},
		{"a short key", func(c *scim.Config) { c.CursorKey = []byte("short") }, "Config.CursorKey has 5 bytes; give at least 32"},
		{"an empty key", func(c *scim.Config) { c.CursorKey = []byte{} }, "Config.CursorKey has 0 bytes; give at least 32"},
		{"a timeout in parts of a second", func(c *scim.Config) { c.Limits.CursorTimeout = 1500 * time.Millisecond }, "Limits.CursorTimeout is 1.5s; it has to be in whole seconds"},
		{"a type that cannot be retrieved", func(c *scim.Config) { c.Endpoints[0].Without = []scim.OperationKind{scim.OperationRetrieve} }, `Endpoint.Without of User has "retrieve": every type is retrieved and queried`},
		{"a type that cannot be queried", func(c *scim.Config) { c.Endpoints[0].Without = []scim.OperationKind{scim.OperationQuery} }, `Endpoint.Without of User has "query"`},
		{"an unknown operation", func(c *scim.Config) { c.Endpoints[0].Without = []scim.OperationKind{"DELETE"} }, `Endpoint.Without of User has "DELETE", which is no OperationKind`},
		{"a Default without POST", func(c *scim.Config) {
			c.Endpoints[0].Without = []scim.OperationKind{scim.OperationCreate}
			c.Endpoints[0].Default = func(_ context.Context, _ *scim.Principal, o *schema.Object) *schema.Object { return o }
		}, `Endpoint.Default of User has no effect, since Endpoint.Without has "create"`},
		{"OnTwin without POST", func(c *scim.Config) {
			c.Endpoints[0].Without = []scim.OperationKind{scim.OperationCreate}
			c.Endpoints[0].OnTwin = scim.RestoreDeleted
		}, `OnTwin of User has no effect`},
		{"OnDelete without DELETE, of one client", func(c *scim.Config) {
			c.Endpoints[0].Without = []scim.OperationKind{scim.OperationDelete}
			c.Endpoints[0].Policies = map[string]scim.Policy{"okta": {OnDelete: scim.DeactivateOnDelete}}
		}, `OnDelete of User has no effect, since Endpoint.Without has "delete"`},
		{"a negative rate", func(c *scim.Config) { c.Limits.Rate = -1 }, "Limits.Rate is negative"},
		{"a rate that is no number", func(c *scim.Config) { c.Limits.TenantRate = math.NaN() }, "Limits.TenantRate is negative"},
		{"a negative number of levels", func(c *scim.Config) { c.IndirectGroups = -1 }, "Config.IndirectGroups is negative"},
		{"BindMe without Me", func(c *scim.Config) { c.BindMe = bindNone }, "Config.BindMe needs Config.Me and Config.Tx"},
		{"BindMe without a transaction", func(c *scim.Config) { c.Me, c.BindMe, c.Tx = noUser, bindNone, nil }, "Config.BindMe needs Config.Me and Config.Tx"},
		{"BindMe without POST", func(c *scim.Config) {
			c.Me, c.BindMe = noUser, bindNone
			c.Endpoints[0].Without = []scim.OperationKind{scim.OperationCreate}
		}, `Config.BindMe has no effect, since Endpoint.Without of User has "create"`},
		{"a negative time", func(c *scim.Config) { c.Limits.Revoke = -1 }, "Limits.Revoke is negative"},
		{"an outbox in another database", func(c *scim.Config) { c.Outbox = other }, "Config.Outbox (*memstore.DB) is on another database than Config.Tx"},
		{"the transactor of another store", func(c *scim.Config) { c.Tx = other }, "the store of User"},
		{"a wrapped store of another database", func(c *scim.Config) {
			c.Endpoints = []scim.Endpoint{scim.Users(wrapped{other.Store(schema.UserType)})}
		}, "the store of User"},
		{"a store of groups as users", func(c *scim.Config) { c.Endpoints = []scim.Endpoint{scim.Users(other.Store(schema.GroupType))} }, "has a type of its own (Group)"},
		{"a wrapped store of groups as users", func(c *scim.Config) {
			c.Endpoints = []scim.Endpoint{scim.Users(wrapped{other.Store(schema.GroupType)})}
		}, "has a type of its own (Group)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := memstore.New()
			config := scim.Config{
				BaseURL: "https://example.com/scim/v2", Auth: scim.BearerTokens(secret), Tx: db,
				Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
			}
			_, err := scim.New(config)
			require.NoError(t, err, "without the mistake")
			c.change(&config)
			_, err = scim.New(config)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "a secret")
		})
	}
}

// A store of a variant of a type is served as that variant and keeps every
// attribute.
func TestUsersServesTheTypeOfTheStore(t *testing.T) {
	t.Parallel()
	more, err := schema.New(schema.Schema{ID: "urn:example:app:2.0:Account", Name: "Account", Attributes: []*schema.Attribute{{Name: "plan"}}})
	require.NoError(t, err)
	accounts, err := schema.NewResourceType(schema.ResourceType{
		Name: "User", Endpoint: "/Users", Schema: schema.User, Extensions: []schema.Extension{{Schema: more}},
	})
	require.NoError(t, err)
	db := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: "https://example.com/scim/v2", Auth: scim.InsecureNoAuthentication(), Tx: db,
		Endpoints: []scim.Endpoint{scim.Users(db.Store(accounts))},
	})
	require.NoError(t, err)
	w := request(h, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:example:app:2.0:Account"],
		"userName": "ada", "urn:example:app:2.0:Account": {"plan": "pro"}}`)
	require.Equal(t, 201, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `"plan":"pro"`)
}

// An empty secret is not a credential, even if a store or an application accepts it.
func TestEmptySecretIsNeverValid(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	require.NoError(t, db.AddToken(context.Background(), scim.HashToken("okta", "")))
	for name, auth := range map[string]scim.Authenticator{
		"stored": scim.StoredTokens(db, nil),
		"bearer": scim.AuthenticatorFunc(scim.BearerTokens(scim.HashToken("okta", "")).Authenticate),
		"basic":  scim.AuthenticatorFunc(scim.BasicPasswords(scim.HashToken("okta", "")).Authenticate),
	} {
		h, err := scim.New(scim.Config{
			BaseURL: "https://example.com/scim/v2", Auth: auth, Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))}, Tx: db,
		})
		require.NoError(t, err)
		for _, credentials := range []string{"Bearer ", "Bearer", "Bearer  ", "Basic b2t0YTo="} { // okta:
			r, err := http.NewRequest("GET", "/scim/v2/Users", nil)
			require.NoError(t, err)
			r.Header.Set("Authorization", credentials)
			require.Equal(t, 401, serveRequest(h, r), "%s: %q", name, credentials)
		}
	}
}

func serveRequest(h http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

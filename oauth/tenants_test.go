package oauth_test

import (
	"context"
	"encoding/base64"
	"log/slog"
	"math"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/internal/tenanttest"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// twoTenants is a world with credentials of each kind of two tenants.
type twoTenants struct {
	*world
	keys [2]jose.JSONWebKey // of the clients "signed" and of the issuers
}

var tenants = [2]string{"acme", "globex"}

func (w *twoTenants) access(tenant int) store.Token {
	return store.Token{Tenant: tenants[tenant], Connection: "idp"}
}

// trust is in an issuer of the tenant.
func (w *twoTenants) trust(tenant int, subject string) oauth.Trust {
	return oauth.Trust{
		Issuer: "https://idp." + tenants[tenant] + ".example", Audience: "api://scim", Subject: subject, Reusable: true,
		Keys: oauth.Keys{JSON: fixed(w, w.keys[tenant])},
	}
}

// signed is a JWT of the issuer of the tenant.
func (w *twoTenants) signed(tenant int, subject string) string {
	return sign(w, w.keys[tenant], w.claims(tenant, subject))
}

// claims are those of a JWT of the issuer of the tenant.
func (w *twoTenants) claims(tenant int, subject string) map[string]any {
	now := w.now().Unix()
	return map[string]any{"iss": "https://idp." + tenants[tenant] + ".example", "sub": subject, "aud": "api://scim", "iat": now, "exp": now + 300}
}

func bearer(token string) string { return "Bearer " + token }

// stored adds a token to the store and returns its secret.
func (w *twoTenants) stored(tenant int, id string) string {
	secret, sum := scim.NewToken()
	t := w.access(tenant)
	t.ID, t.SHA256, t.Created, t.Expires = id+"-"+tenants[tenant], sum, w.now(), w.now().Add(time.Hour)
	require.NoError(w, w.db.AddToken(w.Context(), t))
	return secret
}

func basicAuth(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

func newTwoTenants(t *testing.T, db database) *twoTenants {
	w := &twoTenants{world: newWorld(t, db, func(c *oauth.Config) { c.Rate = math.Inf(1) })}
	for tenant := range tenants {
		w.keys[tenant] = key(t, "k"+tenants[tenant], jose.ES256)
		keys := oauth.Keys{JSON: fixed(t, w.keys[tenant])}
		w.clients.put(oauth.Client{ID: "signed-" + tenants[tenant], Access: w.access(tenant), Keys: &keys})
		w.clients.put(oauth.Client{ID: "trusted-" + tenants[tenant], Access: w.access(tenant), Assertions: []oauth.Trust{w.trust(tenant, "service")}})
		w.clients.put(oauth.Client{ID: "bearer-" + tenants[tenant], Access: w.access(tenant), Bearer: []oauth.Trust{w.trust(tenant, "bearer")}})
	}
	return w
}

// credentials returns one of each kind for both tenants.
func (w *twoTenants) credentials() (all []tenanttest.Credential) {
	for _, kind := range []struct {
		name   string
		header func(tenant int, name string) string
	}{
		{"a fixed token", func(tenant int, _ string) string { return bearer("fixed " + tenants[tenant]) }},
		{"a stored token", func(tenant int, _ string) string { return bearer(w.stored(tenant, "token")) }},
		{"HTTP Basic", func(tenant int, name string) string { return basicAuth("hr-"+name, w.stored(tenant, "hr")) }},
		{"HTTP Basic of a list", func(tenant int, name string) string { return basicAuth("listed-"+name, "password of "+name) }},
		{"client_secret_basic", func(tenant int, name string) string {
			secret := w.withSecret("basic-"+name, w.access(tenant))
			return bearer(w.granted(w.post(form("grant_type", "client_credentials"), basic("basic-"+name, secret))))
		}},
		{"client_secret_post", func(tenant int, name string) string {
			return bearer(w.granted(w.secretPost("post-"+name, w.withSecret("post-"+name, w.access(tenant)))))
		}},
		{"private_key_jwt", func(tenant int, name string) string {
			return bearer(w.granted(w.proof(sign(w, w.keys[tenant], w.own("signed-"+name)))))
		}},
		{"client_assertion of an issuer", func(tenant int, _ string) string { return bearer(w.granted(w.proof(w.signed(tenant, "service")))) }},
		{"JWT bearer grant", func(tenant int, _ string) string { return bearer(w.granted(w.jwtGrant(w.signed(tenant, "service")))) }},
		{"JWT of the provider", func(tenant int, _ string) string { return bearer(w.signed(tenant, "bearer")) }},
	} {
		c := tenanttest.Credential{Name: kind.name}
		for tenant, name := range tenants {
			c.Headers[tenant] = kind.header(tenant, name)
		}
		all = append(all, c)
	}
	return all
}

// handler returns a SCIM handler that accepts all of them.
func (w *twoTenants) handler() *scim.Handler {
	var list, passwords []store.Token
	for tenant, name := range tenants {
		fixed, password := scim.HashToken("fixed-"+name, "fixed "+name), scim.HashToken("listed-"+name, "password of "+name)
		for _, t := range []*store.Token{&fixed, &password} {
			t.Tenant, t.Connection = name, w.access(tenant).Connection
		}
		list, passwords = append(list, fixed), append(passwords, password)
	}
	users, groups := w.db.Store(schema.WithOwner(schema.UserType)), w.db.Store(schema.WithOwner(schema.GroupType))
	people, teams := scim.Users(users), scim.Groups(groups)
	people.Type, teams.Type = schema.WithOwner(schema.UserType), schema.WithOwner(schema.GroupType)
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Tx: w.db, Logger: slog.New(slog.DiscardHandler), Limits: scim.Limits{Rate: math.Inf(1)},
		Auth:      scim.AnyOf(w.s, scim.StoredPasswords(w.db, w.now), scim.BearerTokens(list...), scim.BasicPasswords(passwords...)),
		Endpoints: []scim.Endpoint{people, teams},
		Hooks:     scim.Hooks{EndSessions: func(context.Context, *event.Event) error { return nil }},
		// Each caller is the first user of its tenant.
		Me: func(ctx context.Context, _ *scim.Principal) (string, error) {
			page, err := users.List(ctx, &store.Query{Count: 1})
			if err != nil || len(page.Resources) == 0 {
				return "", err
			}
			return page.Resources[0].ID, nil
		},
	})
	require.NoError(w, err)
	return h
}

func onEachStore(t *testing.T, test func(t *testing.T, db database)) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, memstore.New())
	})
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		db, err := sqlstore.OpenSQLite("sqlite", filepath.Join(t.TempDir(), "scim.db"))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		require.NoError(t, db.Migrate(t.Context()))
		test(t, db)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		db, err := sqlstore.New(sqltest.Open(t, "pgx", sqltest.NewPostgres(t)), sqlstore.PostgreSQL)
		require.NoError(t, err)
		require.NoError(t, db.Migrate(t.Context()))
		test(t, db)
	})
}

// Credentials of each kind reach nothing of another tenant, through any door.
func TestTenantsCredentialsAndDoors(t *testing.T) {
	onEachStore(t, func(t *testing.T, db database) {
		w := newTwoTenants(t, db)
		h := w.handler()
		tenanttest.Run(t, tenanttest.Service{
			Handler: h, BaseURL: scimtest.BaseURL, Credentials: w.credentials(),
			Revoke: func(tenant int, id string) error { return h.Revoke(t.Context(), tenants[tenant], id, "a test") },
			SignIn: func(tenant int, userName string) error {
				return h.SignIn(t.Context(), tenants[tenant], scim.Person{UserName: userName}, func(context.Context, *schema.Resource) error { return nil })
			},
		})
	})
}

// What a client of one tenant has gets no token of a client of another at the token
// endpoint, and revokes none.
func TestTenantsAtTheTokenEndpoint(t *testing.T) {
	onEachStore(t, func(t *testing.T, db database) {
		w := newTwoTenants(t, db)
		secrets := [2]string{}
		for tenant, name := range tenants {
			secrets[tenant] = w.withSecret("secret-"+name, w.access(tenant))
		}
		for attacker, own := range tenants {
			other := tenants[1-attacker]
			for name, try := range map[string]func() answer{
				"client_secret_post": func() answer { return w.secretPost("secret-"+other, secrets[attacker]) },
				"client_secret_basic": func() answer {
					return w.post(form("grant_type", "client_credentials"), basic("secret-"+other, secrets[attacker]))
				},
				"a secret as a key": func() answer { return w.secretPost("signed-"+other, secrets[attacker]) },
				"private_key_jwt":   func() answer { return w.proof(sign(w, w.keys[attacker], w.own("signed-"+other))) },
				"its own with an ID": func() answer {
					return w.proof(sign(w, w.keys[attacker], w.own("signed-"+own)), "client_id", "signed-"+other)
				},
				"client_assertion":     func() answer { return w.proof(w.signed(attacker, "service"), "client_id", "trusted-"+other) },
				"JWT bearer grant":     func() answer { return w.jwtGrant(w.signed(attacker, "service"), "client_id", "trusted-"+other) },
				"claims of the other":  func() answer { return w.jwtGrant(sign(w, w.keys[attacker], w.claims(1-attacker, "service"))) },
				"the subject of a JWT": func() answer { return w.jwtGrant(w.signed(attacker, "bearer"), "client_id", "trusted-"+other) },
			} {
				t.Run(name+" of "+own, func(t *testing.T) {
					got := try()
					require.Contains(t, []int{http.StatusBadRequest, http.StatusUnauthorized}, got.Code, got.Body)
					require.Empty(t, got.AccessToken)
					require.NotContains(t, got.Body, other)
				})
			}
			// Parameters choose no tenant.
			token := w.granted(w.secretPost("secret-"+own, secrets[attacker], "tenant", other, "connection", "x", "audience", other, "resource", "https://"+other))
			require.Len(t, w.tokens(own), 1)
			n, err := w.s.RevokeClient(t.Context(), other, "secret-"+own)
			require.NoError(t, err)
			require.Zero(t, n)
			require.Equal(t, 200, w.status(token))
			n, err = w.s.RevokeClient(t.Context(), own, "secret-"+own)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			require.Equal(t, 401, w.status(token))
			require.True(t, strings.HasPrefix(w.tokens(own)[0].ID, "oauth:secret-"+own))
		}
		// A bearer JWT with the claims of the other tenant's.
		forged := sign(w, w.keys[0], w.claims(1, "bearer"))
		require.Equal(t, 401, w.status(forged))
		require.Equal(t, 200, w.status(w.signed(1, "bearer")))
	})
}

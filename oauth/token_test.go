package oauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// tokens returns the tokens of a tenant.
func (w *world) tokens(tenant string) []store.Token {
	w.Helper()
	all, err := w.db.ListTokens(store.WithTenant(w.Context(), tenant))
	require.NoError(w, err)
	return all
}

// Tokens have what the client's Access has, and are kept as hashes.
func TestTokensAreKept(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	secret := w.withSecret("okta:1", store.Token{
		ID: "ignored", Tenant: "acme", Connection: "okta", Policy: "careful", Client: "strict", BaseURL: "https://acme.example.com/scim",
		Types: []string{"User"}, Label: "Okta of Acme", LastUsed: w.now(),
	})
	a := w.secretPost("okta:1", secret, "scope", "scim.read")
	w.granted(a)
	all := w.tokens("acme")
	require.Len(t, all, 1)
	got := all[0]
	require.True(t, strings.HasPrefix(got.ID, "oauth:okta:1:"), got.ID)
	require.Equal(t, scim.HashToken("", a.AccessToken).SHA256, got.SHA256)
	got.ID, got.SHA256 = "", [32]byte{}
	require.Equal(t, store.Token{
		Tenant: "acme", Connection: "okta", Policy: "careful", Client: "strict", BaseURL: "https://acme.example.com/scim",
		Types: []string{"User"}, Label: "Okta of Acme", ReadOnly: true, Created: w.now(), Expires: w.now().Add(time.Hour),
	}, got)
}

// everyDoor asks for a token of each of two tenants by every kind of credentials, and
// returns them by kind.
func everyDoor(w *world, i *issuer, k jose.JSONWebKey) map[string][2]string {
	doors := map[string][2]string{}
	put := func(kind string, n int, token string) {
		pair := doors[kind]
		pair[n] = token
		doors[kind] = pair
	}
	for n, tenant := range []string{"acme", "globex"} {
		trust := entraTrust(i)
		trust.Subject = tenant
		secret, kept := oauth.NewSecret("s", w.now().Add(time.Hour))
		w.clients.put(oauth.Client{
			ID: tenant, Access: store.Token{Tenant: tenant, Connection: "idp"}, Secrets: []oauth.Secret{kept},
			Keys: &oauth.Keys{JSON: fixed(w, k)}, Assertions: []oauth.Trust{trust}, Bearer: []oauth.Trust{trust},
		})
		put("client_secret_post", n, w.granted(w.secretPost(tenant, secret)))
		put("client_secret_basic", n, w.granted(w.post(form("grant_type", "client_credentials"), basic(tenant, secret))))
		put("private_key_jwt", n, w.granted(w.proof(sign(w, k, w.own(tenant)))))
		federated := sign(w, k, with(w.entra(), "sub", tenant))
		put("federated client assertion", n, w.granted(w.proof(federated)))
		put("JWT bearer grant", n, w.granted(w.jwtGrant(federated)))
		put("JWT as bearer token", n, federated)
	}
	return doors
}

// Two tenants × every kind of credentials: what one creates does not exist for the
// other.
func TestTenantsSeeNothingOfEachOther(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.RS256)
	for name, db := range map[string]database{"memory": memstore.New(), "SQLite": migrated(t)} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t, k)
			w := newWorld(t, db, nil, i)
			for kind, tokens := range everyDoor(w, i, k) {
				name := strings.ReplaceAll(kind, " ", "-")
				code, body := w.call(tokens[0], "POST", "/Users", user(name))
				require.Equal(t, 201, code, body)
				var made struct{ ID string }
				require.NoError(t, json.Unmarshal([]byte(body), &made))
				for _, method := range []string{"GET", "DELETE"} {
					code, _ = w.call(tokens[1], method, "/Users/"+made.ID, "")
					require.Equal(t, 404, code, kind)
				}
				code, body = w.call(tokens[1], "GET", "/Users?filter=userName+eq+%22"+name+"%22", "")
				require.Equal(t, 200, code, kind)
				require.Contains(t, body, `"totalResults":0`)
				code, _ = w.call(tokens[1], "POST", "/Users", user(name))
				require.Equal(t, 201, code, "a foreign userName is free")
				code, _ = w.call(tokens[0], "GET", "/Users/"+made.ID, "")
				require.Equal(t, 200, code)
			}
		})
	}
}

// migrated returns an SQLite database.
func migrated(t *testing.T) database {
	db := newSQLite(t, t.TempDir()+"/scim.db")
	db.Store(schema.UserType)
	require.NoError(t, db.Migrate(context.Background()))
	return db
}

// A revoked token is refused by the next request; those of others go on.
func TestRevocationIsImmediate(t *testing.T) {
	t.Parallel()
	for name, db := range map[string]database{"memory": memstore.New(), "SQLite": migrated(t)} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, db, nil)
			a, b := w.withSecret("a", store.Token{Tenant: "acme", Connection: "okta"}), w.withSecret("a:b", store.Token{Tenant: "acme", Connection: "okta"})
			c := w.withSecret("c", store.Token{Tenant: "acme", Connection: "entra"})
			d := w.withSecret("d", store.Token{Tenant: "globex", Connection: "okta"})
			ofA, alsoA, ofB := w.granted(w.secretPost("a", a)), w.granted(w.secretPost("a", a)), w.granted(w.secretPost("a:b", b))
			ofC, ofD := w.granted(w.secretPost("c", c)), w.granted(w.secretPost("d", d))
			require.NoError(t, db.AddToken(t.Context(), store.Token{ID: "old", Tenant: "acme", Connection: "okta", SHA256: scim.HashToken("", "long lived").SHA256}))
			statuses := func() []int {
				return []int{w.status(ofA), w.status(alsoA), w.status(ofB), w.status(ofC), w.status(ofD), w.status("long lived")}
			}
			require.Equal(t, []int{200, 200, 200, 200, 200, 200}, statuses())

			n, err := w.s.RevokeClient(t.Context(), "globex", "a")
			require.NoError(t, err)
			require.Zero(t, n, "another tenant's client")
			n, err = w.s.RevokeClient(t.Context(), "acme", "a")
			require.NoError(t, err)
			require.Equal(t, 2, n)
			require.Equal(t, []int{401, 401, 200, 200, 200, 200}, statuses())

			n, err = w.s.RevokeConnection(t.Context(), "acme", "okta")
			require.NoError(t, err)
			require.Equal(t, 1, n)
			require.Equal(t, []int{401, 401, 401, 200, 200, 200}, statuses())
			w.granted(w.secretPost("a", a)) // the client itself was not ended
		})
	}
}

// A client that is revoked between its authentication and the answer gets no token.
func TestRevocationDuringARequest(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*oauth.Client){
		"revoked":           func(c *oauth.Client) { c.Access.Revoked = true },
		"secret replaced":   func(c *oauth.Client) { _, c.Secrets[0] = oauth.NewSecret("new", c.Secrets[0].Expires) },
		"moved to a tenant": func(c *oauth.Client) { c.Access.Tenant = "globex" },
		"connection":        func(c *oauth.Client) { c.Access.Connection = "other" },
		"read-only":         func(c *oauth.Client) { c.Access.ReadOnly = true },
		"types":             func(c *oauth.Client) { c.Access.Types = []string{"User"} },
		"policy":            func(c *oauth.Client) { c.Access.Policy = "careful" },
		"profile":           func(c *oauth.Client) { c.Access.Client = "strict" },
		"base URL":          func(c *oauth.Client) { c.Access.BaseURL = "https://acme.example.com/scim" },
		"ends sooner":       func(c *oauth.Client) { c.Access.Expires = time.Now().Add(time.Minute) },
		"paused":            func(c *oauth.Client) { c.Access.Paused = true },
	} {
		t.Run(name, func(t *testing.T) {
			w := newMemory(t, nil)
			secret := w.withSecret("okta", store.Token{Tenant: "acme"})
			client, err := w.clients.FindClient(t.Context(), "okta")
			require.NoError(t, err)
			calls := 0
			w.clients.before = func() {
				if calls++; calls == 2 {
					client.Secrets = slices.Clone(client.Secrets)
					change(&client)
					w.clients.put(client)
					_, err := w.s.RevokeClient(t.Context(), "acme", "okta")
					require.NoError(t, err)
				}
			}
			w.refused(w.secretPost("okta", secret), "invalid_client", "the client has changed meanwhile")
			require.Empty(t, w.tokens("acme"))
		})
	}
}

// Tokens end by themselves; they are removed, and a client has a bounded number.
func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	w := newMemory(t, func(c *oauth.Config) { c.TokenLifetime = 6 * time.Hour })
	okta, entra := w.withSecret("okta", store.Token{Tenant: "acme"}), w.withSecret("entra", store.Token{Tenant: "acme"})
	require.NoError(t, w.db.AddToken(t.Context(), store.Token{ID: "old", Tenant: "acme", Expires: w.now(), SHA256: [32]byte{1}}))
	other := w.granted(w.secretPost("entra", entra))
	var all []string
	for range 103 {
		a := w.secretPost("okta", okta)
		require.Equal(t, 21600, a.ExpiresIn)
		all = append(all, w.granted(a))
		w.advance(time.Second)
	}
	require.Len(t, w.tokens("acme"), 102)
	require.Equal(t, []int{401, 401, 401, 200, 200}, []int{w.status(all[0]), w.status(all[1]), w.status(all[2]), w.status(all[3]), w.status(all[102])})
	require.Equal(t, 200, w.status(other))
	w.advance(6 * time.Hour)
	require.Equal(t, []int{401, 401}, []int{w.status(all[102]), w.status(other)})
	w.granted(w.secretPost("okta", okta))
	left := w.tokens("acme")
	require.Len(t, left, 3, "100 are removed by one request")
	require.Equal(t, "old", left[0].ID, "tokens that the server did not issue are not its own to remove")
	w.granted(w.secretPost("okta", okta))
	require.Len(t, w.tokens("acme"), 3)
}

// A client in a table without a connection gets no token, and its JWTs are refused:
// the rate and the brake would begin anew with each token. The log says what to do.
func TestClientsWithoutConnection(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.RS256)
	i := newIssuer(t, k)
	w := newMemory(t, nil, i)
	secret, kept := oauth.NewSecret("s", w.now().Add(time.Hour))
	client := oauth.Client{
		ID: "entra", Access: store.Token{Tenant: "acme"}, Secrets: []oauth.Secret{kept},
		Assertions: []oauth.Trust{entraTrust(i)}, Bearer: []oauth.Trust{entraTrust(i)},
	}
	require.ErrorContains(t, w.s.Check(client), "name the connection")
	w.clients.insert(client)
	w.refused(w.secretPost("entra", secret), "server_error", "Access.Connection is empty")
	w.refused(w.jwtGrant(sign(t, k, w.entra())), "server_error", "Access.Connection is empty")
	w.refused(w.secretPost("entra", "wrong"), "invalid_client", "not one of the client's")
	require.Equal(t, 500, w.status(sign(t, k, w.entra())))
	require.Contains(t, w.log.take(), "Access.Connection is empty")
	require.Empty(t, w.tokens("acme"))

	client.Access.Connection = "entra"
	require.NoError(t, w.s.Check(client))
	w.clients.insert(client)
	w.granted(w.secretPost("entra", secret))
	require.Equal(t, 200, w.status(sign(t, k, w.entra())))
}

// broken is a store of tokens that fails.
type broken struct {
	database
	err error
}

func (b broken) ListTokens(context.Context) ([]store.Token, error) { return nil, b.err }
func (b broken) Count(context.Context, store.Count) (int64, error) { return 0, b.err }
func (b broken) FindClient(context.Context, string) (oauth.Client, error) {
	return oauth.Client{}, b.err
}
func (b broken) FindTrusting(context.Context, string, string) ([]oauth.Client, error) {
	return nil, b.err
}

// A failing store is 500, one that is unavailable 503; the client learns no more.
func TestFailuresOfTheApplication(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.ES256)
	for code, err := range map[string]error{
		"server_error": errors.New("disk on fire"), "temporarily_unavailable": fmt.Errorf("disk on fire: %w", store.ErrUnavailable),
	} {
		b := broken{memstore.New(), err}
		w := newWorld(t, b, nil)
		secret := w.withSecret("okta", store.Token{})
		w.refused(w.secretPost("okta", secret), code, "disk on fire")
		w.clients.put(oauth.Client{ID: "jwt", Keys: &oauth.Keys{JSON: fixed(t, k)}})
		w.refused(w.proof(sign(t, k, w.own("jwt"))), code, "remember the jti: disk on fire")
		w = newWorld(t, b, func(c *oauth.Config) { c.Clients = b })
		w.refused(w.secretPost("okta", secret), code, "disk on fire")
		w.refused(w.jwtGrant(sign(t, k, w.entra())), code, "disk on fire")
		status, _ := w.call(sign(t, k, w.entra()), "GET", "/Users", "")
		require.Equal(t, map[string]int{"server_error": 500, "temporarily_unavailable": 503}[code], status)
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	require.Equal(t, "/.well-known/oauth-authorization-server/oauth", w.s.MetadataPath())
	require.Equal(t, "/oauth/token", w.s.TokenPath())
	for path, code := range map[string]int{
		w.s.MetadataPath(): 200,
		"/oauth/.well-known/oauth-authorization-server":  200,
		"/.well-known/oauth-authorization-server":        200, // /oauth was removed by a router
		"/.well-known/oauth-authorization-server/oauth2": 404,
		"/oauth":              404,
		"/oauth/token/":       404,
		"/elsewhere/token":    404,
		"/":                   404,
		"/oauth/introspect":   404,
		"//oauth/token":       404,
		"/oauth/token/x":      404,
		"/.well-known/openid": 404,
	} {
		got := httptest.NewRecorder()
		w.s.ServeHTTP(got, httptest.NewRequest("GET", "https://app.example.com"+path, nil))
		require.Equal(t, code, got.Code, path)
		if code == 200 {
			require.JSONEq(t, `{
				"issuer": "https://app.example.com/oauth",
				"token_endpoint": "https://app.example.com/oauth/token",
				"scopes_supported": ["scim", "scim.readwrite", "scim.read"],
				"response_types_supported": [],
				"grant_types_supported": ["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
				"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post"],
				"token_endpoint_auth_signing_alg_values_supported":
					["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]}`, got.Body.String())
		}
	}
	got := httptest.NewRecorder()
	w.s.ServeHTTP(got, httptest.NewRequest("POST", "https://app.example.com"+w.s.MetadataPath(), nil))
	require.Equal(t, 405, got.Code)
	require.Equal(t, "GET, HEAD", got.Header().Get("Allow"))
}

// ServiceProviderConfig announces a token endpoint if there is one.
func TestSchemesAreAnnounced(t *testing.T) {
	t.Parallel()
	with := newMemory(t, nil)
	_, body := with.call("", "GET", "/ServiceProviderConfig", "")
	require.Contains(t, body, `"type":"oauth2"`)
	require.Contains(t, body, `"type":"oauthbearertoken"`)
	require.Contains(t, body, "https://app.example.com/oauth/token")
	require.Equal(t, 1, strings.Count(body, `"primary":true`))

	without := newMemory(t, func(c *oauth.Config) { c.Issuer, c.Tokens = "", nil })
	_, body = without.call("", "GET", "/ServiceProviderConfig", "")
	require.NotContains(t, body, `"oauth2"`)
	require.Contains(t, body, `"type":"oauthbearertoken"`)
	require.Empty(t, without.s.TokenPath()+without.s.MetadataPath())
	got := httptest.NewRecorder()
	without.s.ServeHTTP(got, httptest.NewRequest("POST", "https://app.example.com/token", nil))
	require.Equal(t, 404, got.Code)
	n, err := without.s.RevokeClient(t.Context(), "", "x")
	require.NoError(t, err)
	require.Zero(t, n)
}

// JWTs of an issuer serve as bearer tokens, without a token endpoint.
func TestBearerJWT(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.RS256)
	i := newIssuer(t, k)
	w := newMemory(t, func(c *oauth.Config) { c.Issuer, c.Tokens = "", nil }, i)
	client := oauth.Client{ID: "entra", Bearer: []oauth.Trust{entraTrust(i)}, Access: store.Token{Tenant: "acme", ReadOnly: true}}
	w.clients.put(client)
	token := sign(t, k, with(w.entra(), "jti", "one"), "typ", "at+jwt")
	for range 3 {
		require.Equal(t, 200, w.status(token), "it can be used until it expires")
	}
	code, _ := w.call(token, "POST", "/Users", user("x"))
	require.Equal(t, 403, code)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	p, err := w.s.Authenticate(r)
	require.NoError(t, err)
	require.Equal(t, &scim.Principal{TokenID: "oauth:entra", Tenant: "acme", Connection: "entra", ReadOnly: true}, p)
	require.Equal(t, 401, w.status("no JWT"))

	client.Access.Paused = true
	w.clients.put(client)
	require.Equal(t, 503, w.status(token))
	client.Access.Paused, client.Access.Revoked = false, true
	w.clients.put(client)
	w.log.take()
	require.Equal(t, 401, w.status(token))
	require.Contains(t, w.log.take(), "the client is revoked")
	client.Access.Revoked = false
	w.clients.put(client)
	require.Equal(t, 200, w.status(token))
	w.advance(3960 * time.Second)
	require.Equal(t, 401, w.status(token))
	require.Contains(t, w.log.take(), "has expired")
}

// Assertions for the token endpoint are not bearer tokens, and the other way round.
func TestAssertionsAndBearerAreApart(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.RS256)
	i := newIssuer(t, k)
	w := newMemory(t, nil, i)
	w.clients.put(oauth.Client{ID: "entra", Assertions: []oauth.Trust{entraTrust(i)}})
	require.Equal(t, 401, w.status(sign(t, k, w.entra())))
	w.clients.put(oauth.Client{ID: "entra", Bearer: []oauth.Trust{entraTrust(i)}})
	w.log.take()
	w.refused(w.jwtGrant(sign(t, k, w.entra())), "invalid_grant", "no client accepts JWTs")
}

// A bearer JWT whose signature was verified a moment ago is refused as soon as the
// client is revoked, another, or accepts other claims or keys; and it is that text alone.
func TestBearerJWTIsRemembered(t *testing.T) {
	t.Parallel()
	k, other := key(t, "k", jose.ES256), key(t, "k", jose.ES256)
	w := newMemory(t, nil)
	trust := oauth.Trust{Issuer: "https://idp.example.com", Audience: "scim", Subject: "sync", Keys: oauth.Keys{JSON: fixed(t, k)}}
	good := oauth.Client{ID: "idp", Access: store.Token{Tenant: "acme"}, Bearer: []oauth.Trust{trust}}
	claims := with(w.own("x"), "iss", trust.Issuer, "sub", trust.Subject, "aud", trust.Audience, "exp", w.now().Unix()+3600)
	token := sign(t, k, claims)
	for name, change := range map[string]func(c *oauth.Client, t *oauth.Trust){
		"revoked":          func(c *oauth.Client, _ *oauth.Trust) { c.Access.Revoked = true },
		"expired":          func(c *oauth.Client, _ *oauth.Trust) { c.Access.Expires = w.now() },
		"another ID":       func(c *oauth.Client, t *oauth.Trust) { c.ID, t.Audience = "b", "b" },
		"another subject":  func(_ *oauth.Client, t *oauth.Trust) { t.Subject = "b" },
		"another audience": func(_ *oauth.Client, t *oauth.Trust) { t.Audience = "b" },
		"a tenant id":      func(_ *oauth.Client, t *oauth.Trust) { t.TenantID = "b" },
		"other keys":       func(_ *oauth.Client, t *oauth.Trust) { t.Keys.JSON = fixed(w.T, other) },
	} {
		w.clients.replace(good)
		require.Equal(t, 200, w.status(token), name)
		require.Equal(t, 200, w.status(token), name)
		require.Equal(t, 401, w.status(token[:len(token)-2]+"AA"), "another signature")
		bad := good
		pin := trust
		change(&bad, &pin)
		bad.Bearer = []oauth.Trust{pin}
		w.clients.replace(bad)
		require.Equal(t, 401, w.status(token), name)
	}
	w.clients.replace(good)
	require.Equal(t, 200, w.status(token))
	w.advance(3660 * time.Second)
	require.Equal(t, 401, w.status(token), "it has expired")
}

// The signature of a bearer JWT is verified again after three minutes: keys that the
// issuer has withdrawn end then.
func TestBearerJWTIsRememberedForThreeMinutes(t *testing.T) {
	t.Parallel()
	k, next := key(t, "k", jose.ES256), key(t, "next", jose.ES256)
	i := newIssuer(t, k)
	w := federated(t, i)
	token := sign(t, k, w.entra())
	require.Equal(t, 200, w.status(token))
	w.advance(58 * time.Minute)
	require.Equal(t, 200, w.status(token))
	i.publish(next)
	w.advance(3*time.Minute - time.Second)
	require.Equal(t, 200, w.status(token))
	require.EqualValues(t, 1, i.hits.Load())
	w.advance(time.Second)
	require.Equal(t, 401, w.status(token))
}

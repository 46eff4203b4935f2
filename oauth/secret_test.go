package oauth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/store"
)

// withSecret adds a client with one secret and returns the secret.
func (w *world) withSecret(id string, access store.Token) string {
	text, secret := oauth.NewSecret("first", w.now().Add(365*24*time.Hour))
	w.clients.put(oauth.Client{ID: id, Access: access, Secrets: []oauth.Secret{secret}})
	return text
}

func basic(id, secret string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
}

func TestClientSecretBasicAndPost(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	secret := w.withSecret("okta:acme 1%", store.Token{})
	w.refused(w.secretPost("okta:acme 1%", secret), "invalid_client", "the ID is not one")
	secret = w.withSecret("okta:acme/1%", store.Token{Tenant: "acme", Connection: "okta"})

	a := w.secretPost("okta:acme/1%", secret)
	require.Equal(t, 200, w.status(w.granted(a)))
	require.Equal(t, 3600, a.ExpiresIn)
	require.Equal(t, "scim", a.Scope)
	require.Equal(t, "no-cache", a.Header.Get("Pragma"))
	require.NotContains(t, w.log.take(), a.AccessToken)

	a = w.post(form("grant_type", "client_credentials"), basic("okta:acme/1%", secret))
	require.Equal(t, 200, w.status(w.granted(a)))
	a = w.post(form("grant_type", "client_credentials", "client_id", "okta:acme/1%"), basic("okta:acme/1%", secret))
	w.granted(a)
}

func TestWrongSecretsAreRefusedAlike(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	secret := w.withSecret("okta", store.Token{})
	other := w.withSecret("entra", store.Token{})
	w.clients.put(oauth.Client{ID: "empty", Secrets: []oauth.Secret{{ID: "x", Expires: w.now().Add(time.Hour)}}})
	w.log.take()
	for name, c := range map[string]struct{ id, secret, reason string }{
		"unknown client":     {"nobody", secret, "there is no such client"},
		"wrong":              {"okta", "wrong", "the secret is not one of the client's"},
		"of another client":  {"okta", other, "the secret is not one of the client's"},
		"a part":             {"okta", secret[:42], "the secret is not one of the client's"},
		"more":               {"okta", secret + "x", "the secret is not one of the client's"},
		"a hash of nothing":  {"empty", "x", "is empty: is its environment variable set?"},
		"very long client":   {strings.Repeat("x", 129), "x", "there is no such client"},
		"no client at basic": {"", secret, "there is no such client"},
	} {
		t.Run(name, func(t *testing.T) {
			w.refused(w.post(form("grant_type", "client_credentials"), basic(c.id, c.secret)), "invalid_client", c.reason)
			if c.id != "" {
				a := w.secretPost(c.id, c.secret)
				require.NotContains(t, a.Body, c.secret)
				w.refused(a, "invalid_client", c.reason)
			}
		})
	}
	w.refused(w.post(form("grant_type", "client_credentials"), basic("okta", "")), "invalid_client", "the secret is empty")
	w.refused(w.post(form("grant_type", "client_credentials", "client_id", "okta"), nil), "invalid_client", "no client authentication")
	w.refused(w.post(form("grant_type", "client_credentials"), func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+secret)
	}), "invalid_client", "not HTTP Basic")
	w.refused(w.post(form("grant_type", "client_credentials"), func(r *http.Request) {
		r.SetBasicAuth("okta", "%zz")
	}), "invalid_client", "not encoded like a form")
}

// Two secrets are valid at once; each ends on its own.
func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	first, one := oauth.NewSecret("2025", w.now().Add(time.Hour))
	second, two := oauth.NewSecret("2026", w.now().Add(48*time.Hour))
	client := oauth.Client{ID: "okta", Secrets: []oauth.Secret{one, two}}
	w.clients.put(client)
	w.granted(w.secretPost("okta", first))
	w.granted(w.secretPost("okta", second))
	w.advance(time.Hour)
	w.log.take()
	w.refused(w.secretPost("okta", first), "invalid_client", `the secret \"2025\" has expired`)
	w.granted(w.secretPost("okta", second))
	client.Secrets = client.Secrets[:1]
	w.clients.put(client)
	w.log.take()
	w.refused(w.secretPost("okta", second), "invalid_client", "the secret is not one of the client's")
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	secret := w.withSecret("okta", store.Token{})
	reader := w.withSecret("reader", store.Token{ReadOnly: true})
	both := form("grant_type", "client_credentials", "client_id", "okta", "client_secret", secret)
	plain := func(kind string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Content-Type", kind) }
	}
	for name, c := range map[string]struct {
		form    url.Values
		prepare func(*http.Request)
		code    string
	}{
		"no grant_type":           {form("client_id", "okta", "client_secret", secret), nil, "invalid_request"},
		"unknown grant":           {form("grant_type", "password", "client_id", "okta", "client_secret", secret), nil, "unsupported_grant_type"},
		"authorization code":      {form("grant_type", "authorization_code", "code", "x"), nil, "unsupported_grant_type"},
		"a parameter twice":       {form("grant_type", "client_credentials", "client_id", "okta", "client_id", "okta", "client_secret", secret), nil, "invalid_request"},
		"two methods":             {both, basic("okta", secret), "invalid_request"},
		"secret and assertion":    {form("grant_type", "client_credentials", "client_id", "okta", "client_secret", secret, "client_assertion", "x", "client_assertion_type", proofType), nil, "invalid_request"},
		"secret without client":   {form("grant_type", "client_credentials", "client_secret", secret), nil, "invalid_request"},
		"another client in basic": {form("grant_type", "client_credentials", "client_id", "reader"), basic("okta", secret), "invalid_request"},
		"assertion without type":  {form("grant_type", "client_credentials", "client_assertion", "x"), nil, "invalid_request"},
		"type without assertion":  {form("grant_type", "client_credentials", "client_assertion_type", proofType), nil, "invalid_request"},
		"unknown assertion type":  {form("grant_type", "client_credentials", "client_assertion", "x", "client_assertion_type", "saml"), nil, "invalid_request"},
		"JWT grant without JWT":   {form("grant_type", grantJWT), nil, "invalid_request"},
		"JSON":                    {both, plain("application/json"), "invalid_request"},
		"no media type":           {both, plain(""), "invalid_request"},
		"too large":               {form("grant_type", "client_credentials", "client_id", "okta", "client_secret", secret, "more", strings.Repeat("x", 64<<10)), nil, "invalid_request"},
		"unknown scope":           {form("grant_type", "client_credentials", "client_id", "okta", "client_secret", secret, "scope", "admin"), nil, "invalid_scope"},
		"two spaces in the scope": {form("grant_type", "client_credentials", "client_id", "okta", "client_secret", secret, "scope", "scim  scim.read"), nil, "invalid_scope"},
		"more than read-only":     {form("grant_type", "client_credentials", "client_id", "reader", "client_secret", reader, "scope", "scim"), nil, "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.post(c.form, c.prepare)
			require.Equal(t, 400, a.Code, a.Body)
			require.Equal(t, c.code, a.Error)
			require.NotEmpty(t, a.Description)
			require.Contains(t, w.log.take(), a.Description)
		})
	}
	t.Run("parameters of the URL are not read", func(t *testing.T) {
		a := w.post(form("x", "y"), func(r *http.Request) { r.URL.RawQuery = both.Encode() })
		require.Equal(t, "invalid_request", a.Error)
	})
	t.Run("a body that is not a form", func(t *testing.T) {
		a := w.post(nil, func(r *http.Request) { r.Body = http.NoBody; r.URL.RawQuery = "" })
		require.Equal(t, "invalid_request", a.Error)
	})
	t.Run("GET", func(t *testing.T) {
		a := w.post(both, func(r *http.Request) { r.Method = "GET" })
		require.Equal(t, 405, a.Code)
		require.Equal(t, "POST", a.Header.Get("Allow"))
	})
	t.Run("an unknown parameter is ignored", func(t *testing.T) {
		w.granted(w.secretPost("okta", secret, "more", strings.Repeat("x", 63<<10)))
	})
	t.Run("an empty parameter counts as omitted", func(t *testing.T) {
		w.granted(w.secretPost("okta", secret, "scope", "", "client_assertion", ""))
	})
}

// The scope of a token is the one that was asked for, within that of the client.
func TestScopes(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	secret := w.withSecret("okta", store.Token{})
	reader := w.withSecret("reader", store.Token{ReadOnly: true})
	for _, c := range []struct {
		id, secret, scope, want string
		post                    int
	}{
		{"okta", secret, "", "scim", 201},
		{"okta", secret, "scim", "scim", 201},
		{"okta", secret, "scim.readwrite", "scim.readwrite", 201},
		{"okta", secret, "scim scim.read", "scim scim.read", 201},
		{"okta", secret, "scim.read", "scim.read", 403},
		{"reader", reader, "", "scim.read", 403},
		{"reader", reader, "scim.read", "scim.read", 403},
	} {
		a := w.secretPost(c.id, c.secret, "scope", c.scope)
		token := w.granted(a)
		require.Equal(t, c.want, a.Scope)
		code, body := w.call(token, "POST", "/Users", user(c.id+strings.ReplaceAll(c.scope, " ", "+")))
		require.Equal(t, c.post, code, body)
		require.Equal(t, 200, w.status(token))
	}
}

func TestClientsThatEnded(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	revoked := w.withSecret("revoked", store.Token{Revoked: true})
	paused := w.withSecret("paused", store.Token{Paused: true})
	ending := w.withSecret("ending", store.Token{Expires: w.now().Add(10 * time.Minute)})
	w.refused(w.secretPost("revoked", revoked), "invalid_client", "the client is revoked")
	w.refused(w.secretPost("paused", paused), "temporarily_unavailable", "the client is paused")
	w.refused(w.secretPost("paused", "wrong"), "invalid_client", "not one of the client's")
	a := w.secretPost("ending", ending)
	require.Equal(t, 600, a.ExpiresIn, "a token ends with its client")
	w.advance(10 * time.Minute)
	require.Equal(t, 401, w.status(a.AccessToken))
	w.log.take()
	w.refused(w.secretPost("ending", ending), "invalid_client", "the client has expired")
}

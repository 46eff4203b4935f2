package scim_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// storedTokens makes a world with its tokens in its database.
func storedTokens(t *testing.T) *world {
	return newWorld(t, func(w *world, c *scim.Config) { c.Auth = scim.StoredTokens(w.db, w.now) })
}

// add stores a token with a secret of its own and returns the secret.
func (w *world) add(token store.Token) string {
	w.Helper()
	var secret string
	secret, token.SHA256 = scim.NewToken()
	token.Created = w.now()
	require.NoError(w, w.db.AddToken(context.Background(), token))
	return secret
}

func (w *world) as(authorization, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body))
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	r.Header.Set("Content-Type", "application/scim+json")
	got := httptest.NewRecorder()
	w.h.ServeHTTP(got, r)
	return got
}

// The responses to all invalid tokens are equal byte by byte.
func TestInvalidTokensGetIdenticalResponses(t *testing.T) {
	t.Parallel()
	w := storedTokens(t)
	good := w.add(store.Token{ID: "good"})
	expired := w.add(store.Token{ID: "expired", Expires: w.now()})
	revoked := w.add(store.Token{ID: "revoked", Revoked: true})
	both := w.add(store.Token{ID: "both", Revoked: true, Paused: true})
	require.Equal(t, 200, w.as("Bearer "+good, "GET", "/Users", "").Code)
	require.Equal(t, 200, w.as("bearer  "+good, "GET", "/Users", "").Code, "RFC 9110 §11.1: case-insensitive")
	want := w.as("", "GET", "/Users", "")
	require.Equal(t, 401, want.Code)
	require.Equal(t, `Bearer realm="scim"`, want.Header().Get("WWW-Authenticate"))
	digest := sha256.Sum256([]byte(good))
	for name, authorization := range map[string]string{
		"expired": "Bearer " + expired, "revoked": "Bearer " + revoked, "revoked and paused": "Bearer " + both,
		"unknown": "Bearer " + strings.Repeat("x", 43), "a part": "Bearer " + good[:42], "more": "Bearer " + good + "x",
		"nothing": "Bearer ", "the digest": "Bearer " + string(digest[:]), "another scheme": "Basic " + good, "no scheme": good,
	} {
		got := w.as(authorization, "GET", "/Users", "")
		require.Equal(t, 401, got.Code, name)
		require.Equal(t, want.Body.String(), got.Body.String(), name)
		require.Equal(t, want.Header(), got.Header(), name)
	}
}

// The scope of a token limits its operations, types and tenant.
func TestScopesOfTokens(t *testing.T) {
	t.Parallel()
	w := storedTokens(t)
	full := w.add(store.Token{ID: "full"})
	reader := w.add(store.Token{ID: "reader", ReadOnly: true})
	users := w.add(store.Token{ID: "users", Types: []string{"User"}})
	paused := w.add(store.Token{ID: "paused", Paused: true})
	foreign := w.add(store.Token{ID: "foreign", Tenant: "globex"})
	odd := w.add(store.Token{ID: "odd", Client: "netscape"})
	strict := w.add(store.Token{ID: "strict", Client: "strict"})
	user := "/Users/" + idOf(t, w.as("Bearer "+full, "POST", "/Users", scimtest.User("a")))
	group := "/Groups/" + idOf(t, w.as("Bearer "+full, "POST", "/Groups", scimtest.Group("g")))
	title := scimtest.PatchOp(`{"op":"add","path":"title","value":"x"}`)
	entra := scimtest.PatchOp(`{"op":"Add","path":"active","value":"True"}`)
	for _, c := range []struct {
		name, secret, method, path, body string
		want                             int
	}{
		{"reader reads", reader, "GET", user, "", 200},
		{"reader queries", reader, "GET", "/Users", "", 200},
		{"reader searches", reader, "POST", "/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`, 200},
		{"reader creates", reader, "POST", "/Users", scimtest.User("b"), 403},
		{"reader replaces", reader, "PUT", user, scimtest.User("b"), 403},
		{"reader patches", reader, "PATCH", user, title, 403},
		{"reader deletes", reader, "DELETE", user, "", 403},
		{"users' own", users, "PATCH", user, title, 200},
		{"users and groups", users, "GET", group, "", 403},
		{"users and all groups", users, "GET", "/Groups", "", 403},
		{"users and a new group", users, "POST", "/Groups", scimtest.Group("h"), 403},
		{"foreign", foreign, "GET", user, "", 404},
		{"foreign deletes", foreign, "DELETE", user, "", 404},
		{"an unknown client", odd, "GET", user, "", 500},
		{"strict", strict, "PATCH", user, entra, 400},
		{"default", full, "PATCH", user, entra, 200},
		{"paused", paused, "GET", user, "", 503},
		{"paused and unknown", paused, "GET", "/Things", "", 503},
	} {
		got := w.as("Bearer "+c.secret, c.method, c.path, c.body)
		require.Equal(t, c.want, got.Code, "%s: %s", c.name, got.Body)
		if c.want == 503 {
			require.NotEmpty(t, got.Header().Get("Retry-After"))
		}
	}
}

// Two tokens are valid during a rotation, so that no request fails.
func TestRotation(t *testing.T) {
	t.Parallel()
	w := storedTokens(t)
	ctx := context.Background()
	status := func(secret string) int { return w.as("Bearer "+secret, "GET", "/Users", "").Code }
	old := w.add(store.Token{ID: "old"})
	fresh := w.add(store.Token{ID: "fresh"})
	require.Equal(t, []int{200, 200}, []int{status(old), status(fresh)})
	end, yes, no := w.now().Add(time.Hour), true, false
	require.NoError(t, w.db.SetToken(ctx, "old", store.TokenChange{Expires: &end}))
	require.Equal(t, []int{200, 200}, []int{status(old), status(fresh)})
	w.later(time.Hour)
	require.Equal(t, []int{401, 200}, []int{status(old), status(fresh)})
	require.NoError(t, w.db.SetToken(ctx, "fresh", store.TokenChange{Paused: &yes}))
	require.Equal(t, 503, status(fresh))
	require.NoError(t, w.db.SetToken(ctx, "fresh", store.TokenChange{Paused: &no}))
	require.Equal(t, 200, status(fresh))
	require.NoError(t, w.db.SetToken(ctx, "fresh", store.TokenChange{Revoked: &yes}))
	require.Equal(t, 401, status(fresh))
}

// The last use is recorded to the minute. A failure or delay of the record does
// not fail the request.
func TestLastUseOfATokenIsRecorded(t *testing.T) {
	t.Parallel()
	var kept *noting
	w := newWorld(t, func(w *world, c *scim.Config) {
		kept = &noting{DB: w.db}
		c.Auth = scim.StoredTokens(kept, w.now)
	})
	secret := w.add(store.Token{ID: "a"})
	for _, step := range []struct {
		pause time.Duration
		notes int
	}{{0, 1}, {0, 1}, {59 * time.Second, 1}, {time.Second, 2}, {time.Hour, 3}} {
		w.later(step.pause)
		require.Equal(t, 200, w.as("Bearer "+secret, "GET", "/Users", "").Code)
		require.Equal(t, step.notes, kept.notes)
	}
	used, err := w.db.FindToken(context.Background(), sha256.Sum256([]byte(secret)))
	require.NoError(t, err)
	require.Equal(t, w.now(), used.LastUsed)
	w.later(time.Hour)
	kept.how = func(context.Context) error { return errors.New("read only") }
	require.Equal(t, 200, w.as("Bearer "+secret, "GET", "/Users", "").Code)
	kept.how = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	require.Equal(t, 200, w.as("Bearer "+secret, "GET", "/Users", "").Code)
	kept.lost = store.ErrUnavailable
	require.Equal(t, 503, w.as("Bearer "+secret, "GET", "/Users", "").Code)
	kept.lost = errors.New("private words")
	got := w.as("Bearer "+secret, "GET", "/Users", "")
	require.Equal(t, 500, got.Code)
	require.NotContains(t, got.Body.String(), "private")
}

// noting counts the recorded uses.
type noting struct {
	*memstore.DB
	notes int
	how   func(context.Context) error
	lost  error
}

func (n *noting) FindToken(ctx context.Context, sum [sha256.Size]byte) (store.Token, error) {
	if n.lost != nil {
		return store.Token{}, n.lost
	}
	return n.DB.FindToken(ctx, sum)
}

func (n *noting) TouchToken(ctx context.Context, id string, at time.Time) error {
	n.notes++
	if n.how != nil {
		return n.how(ctx)
	}
	return n.DB.TouchToken(ctx, id, at)
}

func TestNewToken(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		secret, sum := scim.NewToken()
		raw, err := base64.RawURLEncoding.DecodeString(secret)
		require.NoError(t, err)
		require.Len(t, raw, 32)
		require.Equal(t, sha256.Sum256([]byte(secret)), sum)
		require.False(t, seen[secret])
		seen[secret] = true
	}
}

func TestStoredTokensUseSystemClockByDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) { c.Auth = scim.StoredTokens(w.db, nil) })
	gone := w.add(store.Token{ID: "gone", Expires: time.Now().Add(-time.Minute)})
	good := w.add(store.Token{ID: "good", Expires: time.Now().Add(time.Hour)})
	require.Equal(t, 401, w.as("Bearer "+gone, "GET", "/Users", "").Code)
	require.Equal(t, 200, w.as("Bearer "+good, "GET", "/Users", "").Code)
}

func TestBasicPasswords(t *testing.T) {
	t.Parallel()
	a, b := scim.HashToken("a", "secret: of a"), scim.HashToken("b", "secret of b")
	b.Tenant = "globex"
	w := newWorld(t, func(w *world, c *scim.Config) { c.Auth = scim.BasicPasswords(a, b) })
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	made := w.as(basic("a:secret: of a"), "POST", "/Users", scimtest.User("x"))
	require.Equal(t, 201, made.Code)
	require.Equal(t, 404, w.as(basic("b:secret of b"), "GET", "/Users/"+idOf(t, made), "").Code)
	want := w.as("", "GET", "/Users", "")
	require.Equal(t, 401, want.Code)
	require.Equal(t, `Basic realm="scim", charset="UTF-8"`, want.Header().Get("WWW-Authenticate"))
	for _, authorization := range []string{
		basic("a:secret of b"), basic("b:secret: of a"), basic("a:"), basic("a"), basic(":secret: of a"), basic(""),
		basic("A:secret: of a"), "Basic", "Basic %", "Bearer " + basic("a:secret: of a"),
	} {
		got := w.as(authorization, "GET", "/Users", "")
		require.Equal(t, 401, got.Code, authorization)
		require.Equal(t, want.Body.String(), got.Body.String(), authorization)
	}
	r := httptest.NewRequest("GET", scimtest.BaseURL+"/Users", nil)
	r.Header["Authorization"] = []string{basic("a:secret: of a"), basic("x:y")}
	got := httptest.NewRecorder()
	w.h.ServeHTTP(got, r)
	require.Equal(t, 401, got.Code, "two credentials are refused")
	config := w.as("", "GET", "/ServiceProviderConfig", "")
	require.Contains(t, config.Body.String(), `"httpbasic"`)
}

func basicCredentials(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

// Passwords in a store expire and are revoked as tokens are, and belong to one user name.
func TestStoredPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) { c.Auth = scim.StoredPasswords(w.db, w.now) })
	hr := w.add(store.Token{ID: "hr", Expires: w.now().Add(time.Hour)})
	other := w.add(store.Token{ID: "other", Tenant: "globex"})
	revoked := w.add(store.Token{ID: "revoked", Revoked: true})
	empty := scim.HashToken("empty", "")
	require.NoError(t, w.db.AddToken(t.Context(), empty))
	made := w.as(basicCredentials("hr", hr), "POST", "/Users", scimtest.User("x"))
	require.Equal(t, 201, made.Code)
	require.Equal(t, 404, w.as(basicCredentials("other", other), "GET", "/Users/"+idOf(t, made), "").Code)
	want := w.as("", "GET", "/Users", "")
	require.Equal(t, `Basic realm="scim", charset="UTF-8"`, want.Header().Get("WWW-Authenticate"))
	refused := func(authorization string) {
		t.Helper()
		got := w.as(authorization, "GET", "/Users", "")
		require.Equal(t, 401, got.Code, authorization)
		require.Equal(t, want.Body.String(), got.Body.String(), authorization)
	}
	for _, authorization := range []string{
		basicCredentials("hr", other), basicCredentials("other", hr), basicCredentials("HR", hr), basicCredentials("", hr),
		basicCredentials("revoked", revoked), basicCredentials("empty", ""), basicCredentials("hr", ""), "Bearer " + hr,
	} {
		refused(authorization)
	}
	w.later(time.Hour)
	refused(basicCredentials("hr", hr))
	_, err := scim.New(scim.Config{BaseURL: scimtest.BaseURL, Auth: scim.StoredPasswords(nil, nil)})
	require.ErrorContains(t, err, "needs a store.Tokens")
}

// Each of several kinds of credentials is accepted, and all are announced.
func TestAnyOf(t *testing.T) {
	t.Parallel()
	forbidding := scim.AuthenticatorFunc(func(r *http.Request) (*scim.Principal, error) {
		if r.Header.Get("Authorization") == "Bearer elsewhere" {
			return nil, scim.ErrForbidden
		}
		return nil, scim.ErrUnauthenticated
	})
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Auth = scim.AnyOf(forbidding, scim.StoredTokens(w.db, w.now), scim.BearerTokens(scim.HashToken("fixed", "secret"), scim.HashToken("both", "elsewhere")), scim.StoredPasswords(w.db, w.now))
	})
	hr := w.add(store.Token{ID: "hr"})
	for authorization, status := range map[string]int{
		"Bearer " + hr: 200, "Bearer secret": 200, basicCredentials("hr", hr): 200,
		"Bearer elsewhere": 403, "Bearer x": 401, basicCredentials("fixed", "secret"): 401, "": 401,
	} {
		got := w.as(authorization, "GET", "/Users", "")
		require.Equal(t, status, got.Code, authorization)
		if status == 401 {
			require.Equal(t, `Bearer realm="scim", Basic realm="scim", charset="UTF-8"`, got.Header().Get("WWW-Authenticate"))
		}
	}
	config := w.as("", "GET", "/ServiceProviderConfig", "").Body.String()
	require.Equal(t, 1, strings.Count(config, `"oauthbearertoken"`))
	require.Equal(t, 1, strings.Count(config, `"httpbasic"`))
	require.Equal(t, 1, strings.Count(config, `"primary":true`))

	for want, auth := range map[string]scim.Authenticator{
		"AnyOf has no authenticators": scim.AnyOf(),
		"Config.Auth is required":     scim.AnyOf(nil),
		"has no tokens":               scim.AnyOf(scim.StoredTokens(w.db, nil), scim.BearerTokens()),
		"is empty":                    scim.AnyOf(scim.AnyOf(scim.BasicPasswords(scim.HashToken("a", "")))),
		"set Token.Connection":        scim.AnyOf(scim.StoredTokens(w.db, nil), scim.BearerTokens(scim.HashToken("a", "secret"))),
	} {
		users := scim.Users(w.db.Store(schema.WithOwner(schema.UserType)))
		users.Ownership = scim.OwnResources
		_, err := scim.New(scim.Config{BaseURL: scimtest.BaseURL, Auth: auth, Tx: w.db, Endpoints: []scim.Endpoint{users}})
		require.ErrorContains(t, err, want)
	}
}

// Two tokens of one application have a policy and a base URL each.
func TestTokenSetsPolicyAndBaseURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Auth = scim.StoredTokens(w.db, w.now)
		c.Endpoints[0].Policies = map[string]scim.Policy{"careful": {OnDelete: scim.DeactivateOnDelete}}
	})
	okta := "Bearer " + w.add(store.Token{ID: "okta"})
	entra := "Bearer " + w.add(store.Token{ID: "entra", Policy: "careful", BaseURL: "https://entra.example.com/scim/v2"})
	made := w.as(entra, "POST", "/Users", scimtest.User("a"))
	path := "/Users/" + idOf(t, made)
	require.Equal(t, "https://entra.example.com/scim/v2"+path, made.Header().Get("Location"))
	require.Contains(t, w.as(okta, "GET", path, "").Body.String(), scimtest.BaseURL+path)
	require.Equal(t, 204, w.as(entra, "DELETE", path, "").Code)
	require.Contains(t, w.as(okta, "GET", path, "").Body.String(), `"active":false`)
	require.Equal(t, 204, w.as(okta, "DELETE", path, "").Code)
	require.Equal(t, 404, w.as(entra, "GET", path, "").Code)
}

// The fields of a token in a fixed list apply as those of a stored token do.
func TestFixedTokensAreScoped(t *testing.T) {
	t.Parallel()
	now := time.Now()
	token := func(id string, set func(*store.Token)) store.Token {
		k := scim.HashToken(id, "secret of "+id)
		set(&k)
		return k
	}
	tokens := []store.Token{
		token("full", func(k *store.Token) { k.Expires = now.Add(time.Hour) }),
		token("readonly", func(k *store.Token) { k.ReadOnly = true }),
		token("groups", func(k *store.Token) { k.Types = []string{"Group"} }),
		token("expired", func(k *store.Token) { k.Expires = now.Add(-time.Minute) }),
		token("revoked", func(k *store.Token) { k.Revoked = true }),
		token("paused", func(k *store.Token) { k.Paused = true }),
		token("odd", func(k *store.Token) { k.Client = "netscape" }),
	}
	for name, auth := range map[string]struct {
		authenticator scim.Authenticator
		header        func(id string) string
	}{
		"Bearer": {scim.BearerTokens(tokens...), func(id string) string { return "Bearer secret of " + id }},
		"Basic": {scim.BasicPasswords(tokens...), func(id string) string {
			return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":secret of "+id))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			// New rejects the token with an unknown client in a fixed list; a wrapped list gets 500.
			w := newWorld(t, func(w *world, c *scim.Config) { c.Auth = scim.AuthenticatorFunc(auth.authenticator.Authenticate) })
			for id, want := range map[string][2]int{ // GET and POST of a user
				"full": {200, 201}, "readonly": {200, 403}, "groups": {403, 403}, "expired": {401, 401}, "revoked": {401, 401},
				"paused": {503, 503}, "odd": {500, 500},
			} {
				require.Equal(t, want[0], w.as(auth.header(id), "GET", "/Users", "").Code, id)
				require.Equal(t, want[1], w.as(auth.header(id), "POST", "/Users", scimtest.User("by "+id)).Code, id)
			}
		})
	}
}

// An authenticator of another package gets the principal that a stored token has.
func TestPrincipalOfToken(t *testing.T) {
	t.Parallel()
	got, err := scim.PrincipalOf(store.Token{
		ID: "entra.jwt", Tenant: "acme", Connection: "entra", Policy: "careful", BaseURL: "https://acme.example.com/scim",
		Client: "strict", ReadOnly: true, Types: []string{"User"}, Paused: true,
	})
	require.NoError(t, err)
	require.Equal(t, &scim.Principal{
		TokenID: "entra.jwt", Tenant: "acme", Connection: "entra", Policy: "careful", BaseURL: "https://acme.example.com/scim",
		Client: scim.StrictClient, ReadOnly: true, Types: []string{"User"}, Paused: true,
	}, got)
	_, err = scim.PrincipalOf(store.Token{ID: "x", Client: "none"})
	require.ErrorContains(t, err, "unknown client")
}

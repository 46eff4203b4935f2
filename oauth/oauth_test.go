package oauth_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

const (
	server    = "https://app.example.com/oauth"
	grantJWT  = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	proofType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// database is what the server and the SCIM handler share.
type database interface {
	store.Tokens
	store.Transactor
	Store(*schema.ResourceType) store.Store
}

// world is a token endpoint and a SCIM handler on one database.
type world struct {
	*testing.T
	db      database
	s       *oauth.Server
	scim    *scim.Handler
	clients *table
	clock   atomic.Int64 // Unix time
	log     logs
}

func (w *world) now() time.Time          { return time.Unix(w.clock.Load(), 0) }
func (w *world) advance(d time.Duration) { w.clock.Add(int64(d / time.Second)) }

// newWorld returns a world whose key sets may come from the issuers. change may be
// nil.
func newWorld(t *testing.T, db database, change func(*oauth.Config), issuers ...*issuer) *world {
	w := &world{T: t, db: db, clients: &table{}}
	w.clock.Store(time.Now().Unix())
	cfg := oauth.Config{
		Issuer: server, Clients: w.clients, Tokens: db, InsecureLoopback: true, Now: w.now,
		Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	for _, i := range issuers {
		cfg.KeyHosts = append(cfg.KeyHosts, strings.TrimPrefix(i.URL, "http://"))
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	w.s, err = oauth.New(cfg)
	require.NoError(t, err)
	w.scim, err = scim.New(scim.Config{
		BaseURL: "https://app.example.com/scim/v2", Auth: w.s, Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
	})
	require.NoError(t, err)
	return w
}

// logs is a log that several goroutines write.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// take returns what was logged since the last call.
func (l *logs) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

// table is the clients of an application, which can change.
type table struct {
	mu   sync.Mutex
	list oauth.List
	// before, if set, is called before each look-up.
	before func()
}

// put stores a client. The name of its connection is its ID if it has none.
func (t *table) put(c oauth.Client) {
	if c.Access.Connection == "" {
		c.Access.Connection = c.ID
	}
	t.insert(c)
}

// insert stores a client as it is.
func (t *table) insert(c oauth.Client) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.list {
		if t.list[i].ID == c.ID {
			t.list[i] = c
			return
		}
	}
	t.list = append(t.list, c)
}

func (t *table) FindClient(ctx context.Context, id string) (oauth.Client, error) {
	if t.before != nil {
		t.before()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.list.FindClient(ctx, id)
}

func (t *table) FindTrusting(ctx context.Context, issuer, subject string) ([]oauth.Client, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.list.FindTrusting(ctx, issuer, subject)
}

// answer is the response of the token endpoint.
type answer struct {
	Code        int
	Header      http.Header
	Body        string
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// form returns a form of names and values.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// post sends a form to the token endpoint. prepare may be nil.
func (w *world) post(f url.Values, prepare func(*http.Request)) answer {
	w.Helper()
	r := httptest.NewRequest("POST", w.s.TokenPath(), strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if prepare != nil {
		prepare(r)
	}
	got := httptest.NewRecorder()
	w.s.ServeHTTP(got, r)
	a := answer{Code: got.Code, Header: got.Header(), Body: got.Body.String()}
	if got.Header().Get("Content-Type") == "application/json" {
		require.NoError(w, json.Unmarshal(got.Body.Bytes(), &a))
		require.Equal(w, "no-store", got.Header().Get("Cache-Control"))
	}
	return a
}

// secretPost asks for a token with a client secret in the form.
func (w *world) secretPost(id, secret string, more ...string) answer {
	w.Helper()
	return w.post(form(append([]string{"grant_type", "client_credentials", "client_id", id, "client_secret", secret}, more...)...), nil)
}

// proof asks for a token with a client assertion.
func (w *world) proof(assertion string, more ...string) answer {
	w.Helper()
	return w.post(form(append([]string{"grant_type", "client_credentials", "client_assertion_type", proofType, "client_assertion", assertion}, more...)...), nil)
}

// jwtGrant asks for a token with an assertion as the grant.
func (w *world) jwtGrant(assertion string, more ...string) answer {
	w.Helper()
	return w.post(form(append([]string{"grant_type", grantJWT, "assertion", assertion}, more...)...), nil)
}

// granted requires a token and returns it.
func (w *world) granted(a answer) string {
	w.Helper()
	require.Equal(w, 200, a.Code, "%s\n%s", a.Body, w.log.take())
	require.Equal(w, "Bearer", a.TokenType)
	require.NotEmpty(w, a.AccessToken)
	return a.AccessToken
}

// refused requires an error of which the client learns the code alone, and the log the
// reason.
func (w *world) refused(a answer, code, reason string) {
	w.Helper()
	require.JSONEq(w, `{"error":"`+code+`"}`, a.Body)
	status := map[string]int{"invalid_client": 401, "invalid_grant": 400, "temporarily_unavailable": 503, "server_error": 500}[code]
	require.Equal(w, status, a.Code)
	require.Equal(w, code == "invalid_client", a.Header.Get("WWW-Authenticate") != "")
	require.Equal(w, code == "temporarily_unavailable", a.Header.Get("Retry-After") != "")
	require.Contains(w, w.log.take(), reason)
}

// call sends a SCIM request with a bearer token and returns status and body.
func (w *world) call(token, method, path, body string) (int, string) {
	w.Helper()
	r := httptest.NewRequest(method, "https://app.example.com/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/scim+json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got := httptest.NewRecorder()
	w.scim.ServeHTTP(got, r)
	return got.Code, got.Body.String()
}

// status is the status of GET /Users with a bearer token.
func (w *world) status(token string) int {
	w.Helper()
	code, _ := w.call(token, "GET", "/Users", "")
	return code
}

// user is the body of a POST of a user.
func user(name string) string {
	return `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"` + name + `"}`
}

// issuer is a server with the key set of an identity provider.
type issuer struct {
	*httptest.Server
	mu    sync.Mutex
	keys  []jose.JSONWebKey
	serve http.HandlerFunc // in place of the key set, if set
	hits  atomic.Int64
}

func newIssuer(t *testing.T, keys ...jose.JSONWebKey) *issuer {
	i := &issuer{}
	i.publish(keys...)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.hits.Add(1)
		i.mu.Lock()
		serve, set := i.serve, jose.JSONWebKeySet{Keys: i.keys}
		i.mu.Unlock()
		if serve != nil {
			serve(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(set)
	}))
	t.Cleanup(i.Close)
	return i
}

// publish replaces the key set by the public halves of the keys.
func (i *issuer) publish(keys ...jose.JSONWebKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = nil
	for _, k := range keys {
		i.keys = append(i.keys, k.Public())
	}
}

// rsaKey is shared by the tests, since making one takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// key returns a private key with a kid for an algorithm.
func key(t testing.TB, kid string, a jose.SignatureAlgorithm) jose.JSONWebKey {
	var private crypto.PrivateKey
	var err error
	switch {
	case a == jose.EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	case a == jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case a == jose.ES384:
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		private = rsaKey()
	}
	require.NoError(t, err)
	return jose.JSONWebKey{Key: private, KeyID: kid, Algorithm: string(a), Use: "sig"}
}

// fixed returns the text of a key set.
func fixed(t testing.TB, keys ...jose.JSONWebKey) string {
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, k.Public())
	}
	text, err := json.Marshal(set)
	require.NoError(t, err)
	return string(text)
}

// sign makes a JWT. Its header names the kid of the key.
func sign(t testing.TB, k jose.JSONWebKey, claims map[string]any, headers ...string) string {
	options := (&jose.SignerOptions{}).WithType("JWT")
	for i := 0; i < len(headers); i += 2 {
		options = options.WithHeader(jose.HeaderKey(headers[i]), headers[i+1])
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Algorithm), Key: k}, options)
	require.NoError(t, err)
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	require.NoError(t, err)
	return text
}

// with returns a copy of claims with others in their place; nil removes one.
func with(claims map[string]any, pairs ...any) map[string]any {
	c := maps.Clone(claims)
	for i := 0; i < len(pairs); i += 2 {
		if c[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
			delete(c, pairs[i].(string))
		}
	}
	return c
}

// The claims of Microsoft Entra ID in tests.
const (
	entraTenant  = "ce5f061f-0000-0000-0000-000000000001"
	entraIssuer  = "https://login.microsoftonline.com/" + entraTenant + "/v2.0"
	entraSubject = "1d5a0000-0000-0000-0000-00000000000a"
	entraApp     = "b5ba7a93-0000-0000-0000-00000000000b"
)

// entra returns the claims that Microsoft Entra ID sends.
func (w *world) entra() map[string]any {
	now := w.now().Unix()
	return map[string]any{
		"iss": entraIssuer, "sub": entraSubject, "aud": "api://" + entraApp, "tid": entraTenant, "appid": entraApp,
		"iat": now, "nbf": now, "exp": now + 3900, "ver": "2.0",
	}
}

// entraTrust returns the trust in the tokens of [world.entra].
func entraTrust(i *issuer) oauth.Trust {
	return oauth.Trust{
		Issuer: entraIssuer, Audience: "api://" + entraApp, Subject: entraSubject, TenantID: entraTenant, AppID: entraApp,
		Keys: oauth.Keys{URL: i.URL + "/keys"}, Reusable: true,
	}
}

// own returns the claims of an assertion that a client signs itself.
func (w *world) own(client string) map[string]any {
	now := w.now().Unix()
	return map[string]any{"iss": client, "sub": client, "aud": server, "iat": now, "exp": now + 300, "jti": rand.Text()}
}

func newMemory(t *testing.T, change func(*oauth.Config), issuers ...*issuer) *world {
	return newWorld(t, memstore.New(), change, issuers...)
}

// replace makes a client the only one.
func (t *table) replace(c oauth.Client) {
	t.mu.Lock()
	t.list = nil
	t.mu.Unlock()
	t.put(c)
}

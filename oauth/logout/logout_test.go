package logout_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/oauth/logout"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

const (
	endpoint = "https://app.example.com/logout"
	stream   = "https://app.example.com/events"
	okta     = "https://acme.okta.com"
)

// issuer is a server with the key set of an identity provider.
type issuer struct {
	*httptest.Server
	hits  atomic.Int64
	serve atomic.Pointer[http.HandlerFunc]
}

func newIssuer(t *testing.T, keys ...jose.JSONWebKey) *issuer {
	i := &issuer{}
	i.publish(keys...)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.hits.Add(1)
		(*i.serve.Load())(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) answer(serve http.HandlerFunc) { i.serve.Store(&serve) }

// publish replaces the key set by the public halves of the keys.
func (i *issuer) publish(keys ...jose.JSONWebKey) {
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, k.Public())
	}
	i.answer(func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(set) })
}

func newKey(t testing.TB, kid string) jose.JSONWebKey {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return jose.JSONWebKey{Key: private, KeyID: kid, Algorithm: "ES256", Use: "sig"}
}

// sign makes a JWT of a type.
func sign(t testing.TB, k jose.JSONWebKey, typ string, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Algorithm), Key: k}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
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

// world is a SCIM service with the connections okta and entra of the tenants acme and
// globex, and the doors of okta of acme.
type world struct {
	*testing.T
	db     *memstore.DB
	h      *scim.Handler
	s      *logout.Server
	issuer *issuer
	key    jose.JSONWebKey
	clock  atomic.Int64
	client map[string]*scimtest.Client // by tenant and connection

	mu      sync.Mutex
	log     bytes.Buffer
	ended   []string // tenant and userName
	records []scim.AuditRecord
	fail    error // of EndSessions
}

func (w *world) now() time.Time          { return time.Unix(w.clock.Load(), 0) }
func (w *world) advance(d time.Duration) { w.clock.Add(int64(d / time.Second)) }

func (w *world) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(text)
}

// logged returns what was logged since the last call.
func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.log.Reset()
	return w.log.String()
}

// noted returns whose sessions ended since the last call.
func (w *world) noted() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ended := w.ended
	w.ended = nil
	return ended
}

func newWorld(t *testing.T, change func(*logout.Config)) *world {
	w := &world{T: t, key: newKey(t, "k"), client: map[string]*scimtest.Client{}}
	w.clock.Store(time.Now().Unix())
	w.issuer = newIssuer(t, w.key)
	db := memstore.New()
	w.db = db
	users := schema.WithOwner(schema.UserType)
	var tokens []store.Token
	for _, tenant := range []string{"acme", "globex"} {
		for _, name := range []string{"okta", "entra"} {
			token := scim.HashToken(tenant+"-"+name, "secret-"+tenant+"-"+name)
			token.Tenant, token.Connection = tenant, name
			tokens = append(tokens, token)
			require.NoError(t, db.AddConnection(store.WithTenant(t.Context(), tenant), connection.Connection{Name: name, State: connection.Active}))
		}
	}
	var err error
	w.h, err = scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(tokens...), Connections: db, Tx: db, Outbox: db, Now: w.now, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{{Type: users, Store: db.Store(users), Policy: scim.Policy{Ownership: scim.OwnResources}}},
		Hooks: scim.Hooks{EndSessions: func(ctx context.Context, e *event.Event) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ended = append(w.ended, store.Tenant(ctx)+" "+e.After.Text("userName"))
			return w.fail
		}},
		Audit: func(_ context.Context, r scim.AuditRecord) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.records = append(w.records, r)
		},
	})
	require.NoError(t, err)
	for _, token := range tokens {
		w.client[token.ID] = scimtest.NewClient(t, w.h, "secret-"+token.ID)
	}
	w.client["acme-okta"].Post("/Users", scimtest.User("ada", `"externalId":"00u1"`, `"emails":[{"value":"ada@acme.example"}]`)).Is(201)
	w.client["acme-okta"].Post("/Users", scimtest.User("bob", `"externalId":"00u2"`, `"emails":[{"value":"twin@acme.example"}]`)).Is(201)
	w.client["acme-okta"].Post("/Users", scimtest.User("cyd", `"externalId":"00u3"`, `"emails":[{"value":"twin@acme.example"}]`)).Is(201)
	w.client["acme-entra"].Post("/Users", scimtest.User("eve", `"externalId":"00u4"`, `"emails":[{"value":"eve@acme.example"},{"value":"ada@acme.example"}]`)).Is(201)
	w.client["globex-okta"].Post("/Users", scimtest.User("gil", `"externalId":"00u5"`, `"emails":[{"value":"gil@globex.example"},{"value":"ada@acme.example"}]`)).Is(201)
	source := logout.Source{Tenant: "acme", Connection: "okta", Issuer: okta, Audience: endpoint, Keys: oauth.Keys{URL: w.issuer.URL}}
	events := source
	events.Audience = stream
	cfg := logout.Config{
		Handler: w.h, Sources: logout.List{source, events}, InsecureLoopback: true, Now: w.now,
		KeyHosts: []string{strings.TrimPrefix(w.issuer.URL, "http://")}, Logger: slog.New(slog.NewTextHandler(w, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	w.s, err = logout.New(cfg)
	require.NoError(t, err)
	return w
}

// id returns the id of a user.
func (w *world) id(client, name string) string {
	w.Helper()
	return w.client[client].Get(`/Users?filter=userName+eq+"` + name + `"`).Is(200).String("Resources[0].id")
}

// claims are those of the JWT of a revocation request.
func (w *world) claims() map[string]any {
	now := w.now().Unix()
	return map[string]any{"iss": okta, "aud": endpoint, "sub": "0oa1", "iat": now, "nbf": now - 300, "exp": now + 300, "jti": rand.Text()}
}

// jwt signs the JWT of a revocation request.
func (w *world) jwt(pairs ...any) string {
	return sign(w, w.key, "global-token-revocation+jwt", with(w.claims(), pairs...))
}

// revoke sends a revocation request.
func (w *world) revoke(token, body string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest("POST", endpoint, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got := httptest.NewRecorder()
	w.s.Revocations().ServeHTTP(got, r)
	require.Empty(w, got.Body.String(), "no answer has a body")
	return got
}

// event signs a security event token.
func (w *world) event(name, payload string, pairs ...any) string {
	claims := map[string]any{"iss": okta, "aud": stream, "iat": w.now().Unix(), "jti": rand.Text(), "events": map[string]any{name: json.RawMessage(payload)}}
	return sign(w, w.key, "secevent+jwt", with(claims, pairs...))
}

// push sends a security event token.
func (w *world) push(token string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest("POST", stream, strings.NewReader(token))
	r.Header.Set("Content-Type", "application/secevent+jwt")
	got := httptest.NewRecorder()
	w.s.Events().ServeHTTP(got, r)
	return got
}

const (
	byEmail   = `{"sub_id":{"format":"email","email":"ada@acme.example"}}`
	bySubject = `{"sub_id":{"format":"iss_sub","iss":"` + okta + `","sub":"00u1"}}`
)

func subject(id string) map[string]any {
	var s map[string]any
	if err := json.Unmarshal([]byte(id), &s); err != nil {
		panic(err)
	}
	return s
}

// forgeries are JWTs of a type and with claims that each break one rule of a signature,
// with what the log says.
func (w *world) forgeries(typ string, c map[string]any) map[string]string {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(w, err)
	good := sign(w, w.key, typ, c)
	public, err := x509.MarshalPKIXPublicKey(w.key.Public().Key)
	require.NoError(w, err)
	hmac, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", "k"))
	require.NoError(w, err)
	mac, err := jwt.Signed(hmac).Claims(c).Serialize()
	require.NoError(w, err)
	payload, err := json.Marshal(c)
	require.NoError(w, err)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"`+typ+`"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
	return map[string]string{
		none: "not a JWT with an accepted algorithm", mac: "not a JWT with an accepted algorithm",
		"x": "not a JWT", "a.b.c": "not a JWT", strings.Repeat("x", 70_000): "64 KiB",
		good[:len(good)-3] + "AAA":         "the signature is not one by the key",
		sign(w, newKey(w, "k"), typ, c):    "the signature is not one by the key",
		sign(w, newKey(w, "evil"), typ, c): `no key of the issuer has kid`,
		sign(w, jose.JSONWebKey{Key: rsaKey, KeyID: "k", Algorithm: "RS256"}, typ, c): "no key of the issuer",
		sign(w, w.key, "JWT", c):                                     "is not one for this purpose",
		sign(w, w.key, "logout+jwt", c):                              "is not one for this purpose",
		sign(w, w.key, typ, with(c, "iss", "https://evil.example")):  "no connection has the issuer",
		sign(w, w.key, typ, with(c, "iss", nil)):                     "no connection has the issuer",
		sign(w, w.key, typ, with(c, "aud", "https://other.example")): "aud is",
		sign(w, w.key, typ, with(c, "aud", nil)):                     "aud is",
	}
}

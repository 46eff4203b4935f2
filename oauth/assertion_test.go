package oauth_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// RFC 7523 §2.2 with a key of the client, by every algorithm that is accepted.
func TestPrivateKeyJWT(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	for _, a := range []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.RS512, jose.ES256, jose.ES384, jose.EdDSA} {
		t.Run(string(a), func(t *testing.T) {
			k := key(t, "k", a)
			w.clients.put(oauth.Client{ID: string(a), Keys: &oauth.Keys{JSON: fixed(t, k)}, Access: store.Token{Tenant: "acme"}})
			require.Equal(t, 200, w.status(w.granted(w.proof(sign(t, k, w.own(string(a))), "client_id", string(a), "scope", "scim"))))
			w.granted(w.proof(sign(t, k, w.own(string(a)))))                                                                    // without client_id
			w.granted(w.proof(sign(t, k, with(w.own(string(a)), "aud", []string{"https://x.example.com", server + "/token"})))) // the URL as aud
			nameless := k
			nameless.KeyID = ""
			w.granted(w.proof(sign(t, nameless, w.own(string(a))))) // without kid
		})
	}
}

// Microsoft Entra ID sends its own JWT as client_assertion, without a jti.
func TestFederatedClientAssertion(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.RS256)
	i := newIssuer(t, k)
	w := newMemory(t, nil, i)
	w.clients.put(oauth.Client{ID: "entra-acme", Assertions: []oauth.Trust{entraTrust(i)}, Access: store.Token{Tenant: "acme"}})
	for _, a := range []answer{
		w.proof(sign(t, k, w.entra()), "client_id", "entra-acme", "scope", "scim"),
		w.proof(sign(t, k, w.entra())),
		w.jwtGrant(sign(t, k, w.entra()), "client_id", "entra-acme"),
		w.jwtGrant(sign(t, k, w.entra())),
		w.jwtGrant(sign(t, k, with(w.entra(), "appid", nil, "azp", entraApp))),
		w.jwtGrant(sign(t, k, w.entra(), "typ", "application/JWT")),
	} {
		require.Equal(t, 200, w.status(w.granted(a)))
	}
	require.EqualValues(t, 1, i.hits.Load(), "the key set is cached")
}

// hmac signs claims with a text as the key, as an attacker could with a public key.
func hmac(t *testing.T, text []byte, claims map[string]any) string {
	padded := append(text, make([]byte, 64)...)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: padded}, nil)
	require.NoError(t, err)
	signed, err := jwt.Signed(signer).Claims(claims).Serialize()
	require.NoError(t, err)
	return signed
}

// unsigned makes a JWT with the algorithm none.
func unsigned(t *testing.T, claims map[string]any) string {
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
}

// Each of these assertions is refused, as client authentication, as a grant and as a
// bearer token; the log has the reason and the client learns one error.
func TestAssertionsThatAreRefused(t *testing.T) {
	t.Parallel()
	k, other := key(t, "k", jose.RS256), key(t, "other", jose.ES256)
	impostor := key(t, "k", jose.ES256)
	i := newIssuer(t, k)
	w := newMemory(t, nil, i)
	trust := entraTrust(i)
	w.clients.put(oauth.Client{ID: "entra-acme", Assertions: []oauth.Trust{trust}, Bearer: []oauth.Trust{trust}})
	c := w.entra()
	now := w.now().Unix()
	der, err := x509.MarshalPKIXPublicKey(k.Public().Key)
	require.NoError(t, err)
	public, err := json.Marshal(k.Public())
	require.NoError(t, err)
	twice := strings.Replace(sign(t, k, c), ".", "."+base64.RawURLEncoding.EncodeToString([]byte("{}")), 1)
	for name, one := range map[string]struct{ assertion, reason string }{
		"none":                      {unsigned(t, c), "unexpected signature algorithm"},
		"HMAC with the public key":  {hmac(t, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), c), "unexpected signature algorithm"},
		"HMAC with the public JWK":  {hmac(t, public, c), "unexpected signature algorithm"},
		"unknown kid":               {sign(t, other, c), `no key of the issuer has kid \"other\"`},
		"another key, kid known":    {sign(t, impostor, c), "no key of the issuer"},
		"changed payload":           {twice, "the claims cannot be read"},
		"cut":                       {sign(t, k, c)[:200], "not a JWT"},
		"not a JWT":                 {"a.b.c", "not a JWT"},
		"a word":                    {"x", "not a JWT"},
		"wrong audience":            {sign(t, k, with(c, "aud", "api://other")), `aud is \"api://other\"`},
		"several wrong audiences":   {sign(t, k, with(c, "aud", []string{"a", "b"})), `aud is \"a b\"`},
		"no audience":               {sign(t, k, with(c, "aud", nil)), `aud is \"\"`},
		"audience is a number":      {sign(t, k, with(c, "aud", 7)), "the claims cannot be read"},
		"expired":                   {sign(t, k, with(c, "exp", now-120)), "it has expired"},
		"no exp":                    {sign(t, k, with(c, "exp", nil)), "exp is missing"},
		"exp is null":               {sign(t, k, with(c, "exp", json.RawMessage("null"))), "exp is missing"},
		"exp is a text":             {sign(t, k, with(c, "exp", "soon")), "the claims cannot be read"},
		"exp is huge":               {sign(t, k, with(c, "exp", 1e300)), "the claims cannot be read"},
		"exp is far":                {sign(t, k, with(c, "exp", int64(1)<<60)), "from now"},
		"lives too long":            {sign(t, k, with(c, "exp", now+3*3600)), "more than 2h0m0s from now"},
		"was made too long ago":     {sign(t, k, with(c, "iat", now-7200)), "more than 2h0m0s after iat"},
		"not yet valid":             {sign(t, k, with(c, "nbf", now+120)), "not valid yet"},
		"made in the future":        {sign(t, k, with(c, "iat", now+120)), "in the future"},
		"another tenant's subject":  {sign(t, k, with(c, "sub", "globex")), `no client accepts JWTs with iss`},
		"no subject":                {sign(t, k, with(c, "sub", nil)), `no client accepts JWTs with iss`},
		"another issuer":            {sign(t, k, with(c, "iss", "https://evil.example.com")), `no client accepts JWTs with iss`},
		"subject in another case":   {sign(t, k, with(c, "sub", nil, "SUB", entraSubject)), `no client accepts JWTs with iss`},
		"wrong tid":                 {sign(t, k, with(c, "tid", "another")), `tid is \"another\"`},
		"no tid":                    {sign(t, k, with(c, "tid", nil)), `tid is \"\"`},
		"wrong appid":               {sign(t, k, with(c, "appid", "another")), `appid or azp is \"another\"`},
		"wrong appid, azp is right": {sign(t, k, with(c, "appid", "another", "azp", entraApp)), `appid or azp is \"another\"`},
		"a logout token":            {sign(t, k, c, "typ", "logout+jwt"), `typ \"logout+jwt\"`},
	} {
		t.Run(name, func(t *testing.T) {
			w.T = t
			w.refused(w.proof(one.assertion), "invalid_client", one.reason)
			w.refused(w.jwtGrant(one.assertion), "invalid_grant", one.reason)
			code, body := w.call(one.assertion, "GET", "/Users", "")
			require.Equal(t, 401, code, body)
			if strings.Count(one.assertion, ".") == 2 {
				require.Contains(t, w.log.take(), one.reason)
			}
			w.refused(w.jwtGrant(one.assertion, "client_id", "entra-acme"), "invalid_grant", "")
		})
	}
}

// A client assertion of a client's own has its ID as iss and sub, and a jti.
func TestOwnAssertionsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	k, other := key(t, "k", jose.ES256), key(t, "k", jose.ES256)
	w.clients.put(oauth.Client{ID: "okta", Keys: &oauth.Keys{JSON: fixed(t, k)}, Access: store.Token{Tenant: "acme"}})
	w.clients.put(oauth.Client{ID: "other", Keys: &oauth.Keys{JSON: fixed(t, other)}, Access: store.Token{Tenant: "globex"}})
	c := w.own("okta")
	for name, one := range map[string]struct{ assertion, client, reason string }{
		"key of another client":        {sign(t, other, c), "", `not one by the key with kid \"k\"`},
		"for another client":           {sign(t, k, c), "other", `iss is \"okta\"`},
		"issued by another":            {sign(t, k, with(c, "iss", "other")), "okta", `iss is \"other\"`},
		"about another":                {sign(t, k, with(c, "sub", "other")), "okta", `sub is \"other\"`},
		"unknown client":               {sign(t, k, w.own("none")), "", "there is no such client"},
		"no jti":                       {sign(t, k, with(c, "jti", nil)), "okta", "jti is missing"},
		"audience is the SCIM service": {sign(t, k, with(c, "aud", "https://app.example.com/scim/v2")), "okta", "aud is"},
		"no issuer and subject":        {sign(t, k, with(c, "iss", nil, "sub", nil)), "", "no client accepts JWTs with iss"},
	} {
		t.Run(name, func(t *testing.T) {
			w.T = t
			w.refused(w.proof(one.assertion, "client_id", one.client), "invalid_client", one.reason)
		})
	}
	w.T = t
	w.granted(w.proof(sign(t, k, c)))
	w.log.take()
	w.refused(w.jwtGrant(sign(t, k, w.own("okta"))), "invalid_grant", "no client accepts JWTs") // its own JWT is not a grant
	code, _ := w.call(sign(t, k, w.own("okta")), "GET", "/Users", "")
	require.Equal(t, 401, code, "nor a bearer token")
}

// Client authentication beside an assertion has to be right, and of the same client.
func TestClientAuthenticationBesideTheGrant(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.RS256)
	i := newIssuer(t, k)
	w := newMemory(t, nil, i)
	secret, kept := oauth.NewSecret("s", w.now().Add(time.Hour))
	w.clients.put(oauth.Client{ID: "entra", Assertions: []oauth.Trust{entraTrust(i)}, Secrets: []oauth.Secret{kept}})
	other := w.withSecret("other", store.Token{})
	w.granted(w.jwtGrant(sign(t, k, w.entra()), "client_id", "entra", "client_secret", secret))
	w.log.take()
	w.refused(w.jwtGrant(sign(t, k, w.entra()), "client_id", "entra", "client_secret", "wrong"), "invalid_client", "not one of the client's")
	w.refused(w.jwtGrant(sign(t, k, w.entra()), "client_id", "other", "client_secret", other), "invalid_grant", "no client accepts JWTs")
	w.clients.put(oauth.Client{ID: "signs", Keys: &oauth.Keys{JSON: fixed(t, k)}})
	proof := sign(t, k, w.own("signs"))
	w.refused(w.jwtGrant(sign(t, k, w.entra()), "client_assertion_type", proofType, "client_assertion", proof), "invalid_grant", "no client accepts JWTs")
}

// A JWT that two clients accept belongs to the one that the request names.
func TestAmbiguousAssertions(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.RS256)
	i := newIssuer(t, k)
	w := newMemory(t, nil, i)
	for _, tenant := range []string{"acme", "globex"} {
		w.clients.put(oauth.Client{ID: tenant, Assertions: []oauth.Trust{entraTrust(i)}, Access: store.Token{Tenant: tenant}})
	}
	w.refused(w.jwtGrant(sign(t, k, w.entra())), "invalid_grant", "both accept it")
	w.granted(w.jwtGrant(sign(t, k, w.entra()), "client_id", "globex"))
}

// A client with the issuer, subject and audience of another one, but keys of its own,
// takes nothing from it: the keys decide to whom a JWT belongs.
func TestClientsOfOneIssuerNameAreToldApartByKeys(t *testing.T) {
	t.Parallel()
	k, evil := key(t, "k", jose.ES256), key(t, "k", jose.ES256)
	broken := newIssuer(t)
	broken.serve = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
	w := newMemory(t, nil, broken)
	trust := func(issuer string, keys oauth.Keys) []oauth.Trust {
		return []oauth.Trust{{Issuer: issuer, Subject: "sync", Audience: "scim", Keys: keys}}
	}
	put := func(id string, t []oauth.Trust) {
		w.clients.put(oauth.Client{ID: id, Assertions: t, Bearer: t, Access: store.Token{Tenant: id}})
	}
	put("broken", trust("https://idp.example.com", oauth.Keys{URL: broken.URL}))
	put("evil", trust("https://idp.example.com", oauth.Keys{JSON: fixed(t, evil)}))
	put("acme", trust("https://idp.example.com", oauth.Keys{JSON: fixed(t, k)}))
	put("zero", trust("https://idp.example.com", oauth.Keys{JSON: "{"}))
	c := with(w.own("x"), "iss", "https://idp.example.com", "sub", "sync", "aud", "scim")
	for tenant, k := range map[string]jose.JSONWebKey{"acme": k, "evil": evil} {
		w.granted(w.jwtGrant(sign(t, k, with(c, "jti", tenant+"1"))))
		w.granted(w.proof(sign(t, k, with(c, "jti", tenant+"2"))))
		require.Len(t, w.tokens(tenant), 2)
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+sign(t, k, c))
		p, err := w.s.Authenticate(r)
		require.NoError(t, err)
		require.Equal(t, tenant, p.Tenant)
	}
	w.log.take()
	w.refused(w.jwtGrant(sign(t, evil, c), "client_id", "acme"), "invalid_grant", "not one by the key")
}

// A client whose ID is the issuer and subject that another one trusts takes nothing
// from it.
func TestClientNamedLikeAnIssuer(t *testing.T) {
	t.Parallel()
	k, evil := key(t, "k", jose.ES256), key(t, "k", jose.ES256)
	w := newMemory(t, nil)
	w.clients.put(oauth.Client{ID: "idp", Keys: &oauth.Keys{JSON: fixed(t, evil)}, Access: store.Token{Tenant: "evil"}})
	w.clients.put(oauth.Client{ID: "acme", Access: store.Token{Tenant: "acme"}, Assertions: []oauth.Trust{
		{Issuer: "idp", Subject: "idp", Audience: server, Keys: oauth.Keys{JSON: fixed(t, k)}},
	}})
	w.granted(w.proof(sign(t, k, w.own("idp"))))
	require.Len(t, w.tokens("acme"), 1)
	w.granted(w.proof(sign(t, evil, w.own("idp"))))
	require.Len(t, w.tokens("evil"), 1)
}

// Two trusts of one client rotate the keys of an issuer.
func TestTrustsRotate(t *testing.T) {
	t.Parallel()
	one, two := key(t, "1", jose.ES256), key(t, "2", jose.ES256)
	first, second := newIssuer(t, one), newIssuer(t, two)
	w := newMemory(t, nil, first, second)
	both := []oauth.Trust{entraTrust(first), entraTrust(second)}
	w.clients.put(oauth.Client{ID: "entra", Assertions: both, Bearer: both})
	for _, k := range []jose.JSONWebKey{one, two} {
		w.granted(w.jwtGrant(sign(t, k, w.entra())))
		w.granted(w.jwtGrant(sign(t, k, w.entra()), "client_id", "entra"))
		require.Equal(t, 200, w.status(sign(t, k, w.entra())))
	}
	require.EqualValues(t, 1, first.hits.Load(), "a key that another set has is not looked for again")
	require.EqualValues(t, 1, second.hits.Load())
}

// The pins that are tried for one JWT are bounded.
func TestPinsAreBounded(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.ES256)
	w := newMemory(t, nil)
	trust := oauth.Trust{Issuer: "https://idp.example.com", Subject: "sync", Audience: "scim", Reusable: true}
	var trusts []oauth.Trust
	for range 9 {
		trust.Keys = oauth.Keys{JSON: fixed(t, key(t, "other", jose.ES256))}
		trusts = append(trusts, trust)
	}
	last := trust
	last.Keys = oauth.Keys{JSON: fixed(t, k)}
	assertion := sign(t, k, with(w.own("x"), "iss", trust.Issuer, "sub", "sync", "aud", "scim", "jti", nil))
	w.clients.put(oauth.Client{ID: "idp", Assertions: append(trusts, last)})
	w.granted(w.jwtGrant(assertion))
	w.clients.put(oauth.Client{ID: "idp", Assertions: append(trusts, trust, last)})
	w.log.take()
	w.refused(w.jwtGrant(assertion), "invalid_grant", "no key of the issuer")
}

// A client whose keys are replaced between the check of an assertion and the answer
// gets no token.
func TestKeysReplacedDuringARequest(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	old := key(t, "k", jose.ES256)
	client := oauth.Client{ID: "okta", Keys: &oauth.Keys{JSON: fixed(t, old)}}
	w.clients.put(client)
	calls := 0
	w.clients.before = func() {
		if calls++; calls == 2 {
			client.Keys = &oauth.Keys{JSON: fixed(t, key(t, "k", jose.ES256))}
			w.clients.put(client)
		}
	}
	w.refused(w.proof(sign(t, old, w.own("okta"))), "invalid_client", "the keys of the issuer are others")
	require.Empty(t, w.tokens(""))
}

// replays checks that an assertion is good once on two servers with one store of
// replays.
func replays(t *testing.T, a, b *world) {
	k := key(t, "k", jose.ES256)
	for _, w := range []*world{a, b} {
		w.clients.put(oauth.Client{ID: "okta", Keys: &oauth.Keys{JSON: fixed(t, k)}, Access: store.Token{Tenant: "acme"}})
	}
	assertion := sign(t, k, a.own("okta"))
	a.granted(a.proof(assertion))
	for _, w := range []*world{a, b} {
		w.log.take()
		w.refused(w.proof(assertion), "invalid_client", "was used before")
	}
	b.granted(b.proof(sign(t, k, b.own("okta"))))
	begin := a.clock.Load()
	for _, w := range []*world{a, b} {
		w.clock.Store(begin + 359) // within the skew the assertion is valid
		w.log.take()
		w.refused(w.proof(assertion), "invalid_client", "was used before")
		w.clock.Store(begin + 360)
		w.refused(w.proof(assertion), "invalid_client", "it has expired")
	}
}

func TestReplayIsRefused(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	replays(t, w, w)
}

// A client with the issuer name of another one, but keys of its own, cannot use up the
// jti of the other. Two clients with the same key accept an assertion once in all,
// wherever each has the key from.
func TestReplayIsOfTheKey(t *testing.T) {
	t.Parallel()
	k, evil, more := key(t, "k", jose.ES256), key(t, "k", jose.ES256), key(t, "more", jose.ES256)
	i := newIssuer(t, k)
	w := newMemory(t, nil, i)
	put := func(id string, keys oauth.Keys) {
		w.clients.put(oauth.Client{ID: id, Access: store.Token{Tenant: id}, Assertions: []oauth.Trust{
			{Issuer: "https://idp.example.com", Subject: "sync", Audience: "scim", Keys: keys},
		}})
	}
	put("evil", oauth.Keys{JSON: fixed(t, evil)})
	put("acme", oauth.Keys{JSON: fixed(t, k)})
	put("url", oauth.Keys{URL: i.URL})
	put("set", oauth.Keys{JSON: fixed(t, more, k)})
	c := with(w.own("x"), "iss", "https://idp.example.com", "sub", "sync", "aud", "scim")
	w.granted(w.jwtGrant(sign(t, evil, c), "client_id", "evil"))
	w.granted(w.jwtGrant(sign(t, k, c), "client_id", "acme"))
	w.log.take()
	for _, id := range []string{"acme", "url", "set"} {
		w.refused(w.jwtGrant(sign(t, k, c), "client_id", id), "invalid_grant", "was used before")
	}
	w.refused(w.jwtGrant(sign(t, evil, c), "client_id", "evil"), "invalid_grant", "was used before")
}

// bare is a store of tokens without counters.
type bare struct{ database }

func TestReplayIsRefusedWithoutCounters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bare{newMemory(t, nil).db}, nil)
	replays(t, w, w)
}

// newSQLite returns a database, which another process may open, too.
func newSQLite(t *testing.T, file string) *sqlstore.DB {
	db, err := sqlstore.OpenSQLite("sqlite", file)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// pool returns a store on connections of its own.
func pool(t *testing.T, driver, dsn string, d sqlstore.Dialect) *sqlstore.DB {
	db, err := sqlstore.New(sqltest.Open(t, driver, dsn), d)
	require.NoError(t, err)
	return db
}

// processes calls fn with the stores of two processes that share a database, on
// SQLite, PostgreSQL and MariaDB.
func processes(t *testing.T, fn func(t *testing.T, one, two *sqlstore.DB)) {
	for name, open := range map[string]func(t *testing.T) (one, two *sqlstore.DB){
		"SQLite": func(t *testing.T) (one, two *sqlstore.DB) {
			file := t.TempDir() + "/scim.db"
			return newSQLite(t, file), newSQLite(t, file)
		},
		"PostgreSQL": func(t *testing.T) (one, two *sqlstore.DB) {
			dsn := sqltest.NewPostgres(t)
			return pool(t, "pgx", dsn, sqlstore.PostgreSQL), pool(t, "pgx", dsn, sqlstore.PostgreSQL)
		},
		"MariaDB": func(t *testing.T) (one, two *sqlstore.DB) {
			dsn := sqltest.NewMariaDB(t)
			return pool(t, "mysql", dsn, sqlstore.MariaDB), pool(t, "mysql", dsn, sqlstore.MariaDB)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, two := open(t)
			require.NoError(t, one.Migrate(context.Background()))
			fn(t, one, two)
		})
	}
}

func TestReplayIsRefusedAcrossProcesses(t *testing.T) {
	t.Parallel()
	processes(t, func(t *testing.T, one, two *sqlstore.DB) {
		a, b := newWorld(t, one, nil), newWorld(t, two, nil)
		b.clock.Store(a.clock.Load())
		replays(t, a, b)
	})
}

// Of many requests with one assertion at the same time one gets a token.
func TestConcurrentReplay(t *testing.T) {
	t.Parallel()
	processes(t, concurrentReplay)
}

func concurrentReplay(t *testing.T, one, two *sqlstore.DB) {
	k := key(t, "k", jose.ES256)
	var worlds []*world
	for _, db := range []database{one, two} {
		w := newWorld(t, db, nil)
		w.clients.put(oauth.Client{ID: "okta", Keys: &oauth.Keys{JSON: fixed(t, k)}})
		worlds = append(worlds, w)
	}
	assertion := sign(t, k, worlds[0].own("okta"))
	codes := make([]int, 16)
	var wait sync.WaitGroup
	for n := range codes {
		wait.Go(func() { codes[n] = worlds[n%2].proof(assertion).Code })
	}
	wait.Wait()
	got := map[int]int{}
	for _, code := range codes {
		got[code]++
	}
	assert.Equal(t, 1, got[200], fmt.Sprint(codes))
	assert.Equal(t, 15, got[401]+got[503], fmt.Sprint(codes))
}

// However many clients other tenants have with the issuer, subject and audience of a
// client, and however slow their key sets are, they do not keep it out.
func TestForeignClientsDoNotPushOutPins(t *testing.T) {
	t.Parallel()
	k, evil := key(t, "k", jose.ES256), key(t, "k", jose.ES256)
	i, slow := newIssuer(t, k), newIssuer(t)
	end := make(chan struct{})
	slow.serve = func(http.ResponseWriter, *http.Request) { <-end }
	t.Cleanup(func() { close(end) })
	w := newMemory(t, nil, i, slow)
	trust := oauth.Trust{Issuer: "https://idp.example.com", Subject: "sync", Audience: "scim", Keys: oauth.Keys{URL: i.URL}}
	put := func(id, tenant string, trust oauth.Trust) {
		w.clients.put(oauth.Client{ID: id, Assertions: []oauth.Trust{trust}, Bearer: []oauth.Trust{trust}, Access: store.Token{Tenant: tenant}})
	}
	foreign := trust
	for n := range 1100 {
		foreign.Keys = oauth.Keys{JSON: fixed(t, evil)}
		if n < 30 {
			foreign.Keys = oauth.Keys{URL: fmt.Sprintf("%s/%d", slow.URL, n)}
		}
		put(fmt.Sprintf("evil%d", n), "evil", foreign)
	}
	put("acme", "acme", trust)
	c := with(w.own("x"), "iss", trust.Issuer, "sub", trust.Subject, "aud", trust.Audience)
	w.granted(w.jwtGrant(sign(t, k, c)))
	require.Len(t, w.tokens("acme"), 1)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+sign(t, k, c))
	p, err := w.s.Authenticate(r)
	require.NoError(t, err)
	require.Equal(t, "acme", p.Tenant)
	require.LessOrEqual(t, slow.hits.Load(), int64(30), "key sets at hand come first")
}

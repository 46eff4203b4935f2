package oauth_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/oauth"
	keysets "github.com/seed5f3efb56/scim/oauth/internal/issuer"
)

// federated returns a world with one client that trusts the issuer.
func federated(t *testing.T, i *issuer) *world {
	w := newMemory(t, nil, i)
	w.clients.put(oauth.Client{ID: "entra", Assertions: []oauth.Trust{entraTrust(i)}, Bearer: []oauth.Trust{entraTrust(i)}})
	return w
}

// An unknown kid makes the server fetch the key set again, at most every 30 seconds.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	old, next, evil := key(t, "old", jose.ES256), key(t, "next", jose.ES256), key(t, "evil", jose.ES256)
	i := newIssuer(t, old)
	w := federated(t, i)
	w.granted(w.jwtGrant(sign(t, old, w.entra())))
	require.EqualValues(t, 1, i.hits.Load())

	i.publish(old, next)
	w.log.take()
	w.refused(w.jwtGrant(sign(t, next, w.entra())), "invalid_grant", `no key of the issuer has kid \"next\"`)
	require.EqualValues(t, 1, i.hits.Load(), "it is too early to fetch again")
	w.advance(30 * time.Second)
	w.granted(w.jwtGrant(sign(t, next, w.entra())))
	w.granted(w.jwtGrant(sign(t, old, w.entra())))
	require.EqualValues(t, 2, i.hits.Load())

	for range 50 {
		w.log.take()
		w.refused(w.jwtGrant(sign(t, evil, w.entra())), "invalid_grant", `kid \"evil\"`)
	}
	require.EqualValues(t, 2, i.hits.Load(), "unknown kids make no storm")
	w.advance(30 * time.Second)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() { w.jwtGrant(sign(t, evil, w.entra())) })
	}
	wait.Wait()
	require.EqualValues(t, 3, i.hits.Load())

	i.publish(next)
	w.advance(time.Hour)
	w.log.take()
	w.refused(w.jwtGrant(sign(t, old, w.entra())), "invalid_grant", `kid \"old\"`)
	require.EqualValues(t, 4, i.hits.Load(), "after an hour a key that is withdrawn is not accepted any more")
}

// Without a kid every key is tried, and new ones after that.
func TestKeysRotateWithoutKid(t *testing.T) {
	t.Parallel()
	old, next := key(t, "", jose.ES256), key(t, "", jose.ES256)
	i := newIssuer(t, old)
	w := federated(t, i)
	w.granted(w.jwtGrant(sign(t, old, w.entra())))
	i.publish(next, old)
	w.advance(30 * time.Second)
	w.granted(w.jwtGrant(sign(t, next, w.entra())))
	w.granted(w.jwtGrant(sign(t, old, w.entra())))
	require.EqualValues(t, 2, i.hits.Load())
}

// Keys that were fetched serve for a day while the issuer does not answer.
func TestKeysOutliveAnOutage(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.ES256)
	i := newIssuer(t, k)
	w := federated(t, i)
	w.granted(w.jwtGrant(sign(t, k, w.entra())))
	i.mu.Lock()
	i.serve = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }
	i.mu.Unlock()
	w.advance(23 * time.Hour)
	w.granted(w.jwtGrant(sign(t, k, w.entra())))
	w.advance(time.Hour)
	w.log.take()
	w.refused(w.jwtGrant(sign(t, k, w.entra())), "temporarily_unavailable", "answered 503")
	code, _ := w.call(sign(t, k, w.entra()), "GET", "/Users", "")
	require.Equal(t, 503, code, "and to SCIM requests")
}

// Key sets that cannot be used: each is refused, and fetched once.
func TestKeySetsThatAreRefused(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.ES256)
	good := newIssuer(t, k)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	weakKey := jose.JSONWebKey{Key: &weak.PublicKey, KeyID: "k", Algorithm: "RS256"}
	encryption := k.Public()
	encryption.Use = "enc"
	set := func(keys ...jose.JSONWebKey) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: keys})
		}
	}
	text := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); fmt.Fprint(w, body) }
	}
	hundred := make([]jose.JSONWebKey, 101)
	for n := range hundred {
		hundred[n] = k.Public()
	}
	for name, c := range map[string]struct {
		serve        http.HandlerFunc
		code, reason string
	}{
		"10 MB": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte(" "), 10<<20))
		}, "invalid_grant", "the key set has more than 1048576 bytes"},
		"empty set":            {set(), "invalid_grant", "no public key for signatures"},
		"empty":                {text(200, ""), "invalid_grant", "the key set is not JSON"},
		"HTML":                 {text(200, "<html>"), "invalid_grant", "the key set is not JSON"},
		"another document":     {text(200, `{"issuer":"x"}`), "invalid_grant", "no public key for signatures"},
		"keys of other kinds":  {text(200, `{"keys":[7,{},{"kty":"oct","k":"c2VjcmV0","kid":"k"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`), "invalid_grant", "no public key for signatures"},
		"a key for encryption": {set(encryption), "invalid_grant", "no public key for signatures"},
		"a weak key":           {set(weakKey), "invalid_grant", "no public key for signatures"},
		"101 keys":             {set(hundred...), "invalid_grant", "at most 100 are read"},
		"a redirect":           {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, good.URL, http.StatusFound) }, "invalid_grant", "answered 302"},
		"not found":            {text(404, ""), "invalid_grant", "answered 404"},
		"an error":             {text(500, ""), "temporarily_unavailable", "answered 500"},
		"a body that breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "{")
		}, "temporarily_unavailable", "read the key set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(t)
			i.serve = c.serve
			w := federated(t, i)
			w.refused(w.jwtGrant(sign(t, k, w.entra())), c.code, c.reason)
			w.refused(w.jwtGrant(sign(t, k, w.entra())), c.code, c.reason)
			require.EqualValues(t, 1, i.hits.Load())
			require.Zero(t, good.hits.Load(), "redirects are not followed")
			i.mu.Lock()
			i.serve = nil
			i.mu.Unlock()
			i.publish(k)
			w.advance(5 * time.Second)
			w.granted(w.jwtGrant(sign(t, k, w.entra())))
		})
	}
}

// A slow key set holds a request for less than a second, and serves the next ones when
// it has come.
func TestSlowKeySet(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.ES256)
	i := newIssuer(t, k)
	answer := make(chan struct{})
	i.serve = func(w http.ResponseWriter, _ *http.Request) {
		<-answer
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.Public()}})
	}
	w := federated(t, i)
	w.refused(w.jwtGrant(sign(t, k, w.entra())), "temporarily_unavailable", fmt.Sprintf("the key set was not there after %v", keysets.Patience))
	require.LessOrEqual(t, keysets.Patience, time.Second)
	close(answer)
	require.Eventually(t, func() bool { return w.jwtGrant(sign(t, k, w.entra())).Code == 200 }, 10*time.Second, 10*time.Millisecond)
	require.EqualValues(t, 1, i.hits.Load())
}

func TestUnreachableKeySet(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.ES256)
	i := newIssuer(t, k)
	w := federated(t, i)
	i.Close()
	w.refused(w.jwtGrant(sign(t, k, w.entra())), "temporarily_unavailable", "fetch the key set")
}

// A client in a table whose keys are on a host that is not allowed is refused, and
// nothing is fetched.
func TestKeysOfOtherHosts(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.ES256)
	i := newIssuer(t, k)
	w := newMemory(t, nil)
	w.clients.put(oauth.Client{ID: "entra", Assertions: []oauth.Trust{entraTrust(i)}})
	w.refused(w.jwtGrant(sign(t, k, w.entra())), "invalid_grant", "is not one of Config.KeyHosts")
	require.Zero(t, i.hits.Load())
}

// A JWT cannot bring its own key along (RFC 7515 §4.1.2, §4.1.3, §4.1.5).
func TestKeysInHeadersAreNotRead(t *testing.T) {
	t.Parallel()
	k, evil := key(t, "k", jose.ES256), key(t, "evil", jose.ES256)
	i, other := newIssuer(t, k), newIssuer(t, evil)
	w := federated(t, i)
	w.refused(w.jwtGrant(sign(t, evil, w.entra(), "jku", other.URL, "x5u", other.URL)), "invalid_grant", `kid \"evil\"`)
	require.Zero(t, other.hits.Load())
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: evil}, &jose.SignerOptions{EmbedJWK: true})
	require.NoError(t, err)
	payload, err := json.Marshal(w.entra())
	require.NoError(t, err)
	embedded, err := signer.Sign(payload)
	require.NoError(t, err)
	assertion, err := embedded.CompactSerialize()
	require.NoError(t, err)
	w.refused(w.jwtGrant(assertion), "invalid_grant", "no key of the issuer")
}

// Secrets of tokens that the application made may look like a JWT.
func TestStoredTokensWithDots(t *testing.T) {
	t.Parallel()
	w := newMemory(t, nil)
	require.NoError(t, w.db.AddToken(t.Context(), scim.HashToken("old", strings.Repeat("x", 40)+".a.b")))
	require.Equal(t, 200, w.status(strings.Repeat("x", 40)+".a.b"))
	require.Equal(t, 401, w.status(strings.Repeat("x", 40)+".a.c"))
	require.Equal(t, 401, w.status("x"))
	require.Equal(t, 401, w.status(""))
}

// Key sets come over TLS, with the certificates that the transport knows.
func TestKeysOverTLS(t *testing.T) {
	t.Parallel()
	k := key(t, "k", jose.ES256)
	i := &issuer{Server: httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.Public()}})
	}))}
	t.Cleanup(i.Close)
	i.Config.ErrorLog = log.New(io.Discard, "", 0)
	client := oauth.Client{ID: "entra", Assertions: []oauth.Trust{entraTrust(i)}}
	for trusted, transport := range map[bool]http.RoundTripper{true: i.Client().Transport, false: nil} {
		w := newMemory(t, func(c *oauth.Config) {
			c.KeyHosts, c.Transport, c.InsecureLoopback = []string{strings.TrimPrefix(i.URL, "https://")}, transport, false
		})
		w.clients.put(client)
		a := w.jwtGrant(sign(t, k, w.entra()))
		if trusted {
			w.granted(a)
			continue
		}
		w.refused(a, "temporarily_unavailable", "certificate")
	}
}

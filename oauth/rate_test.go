package oauth_test

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/store"
)

func limited(c *oauth.Config) { c.Rate, c.Burst = 0.1, 3 }

// tooMany requires an answer of 429 with the time after which to try again.
func (w *world) tooMany(a answer, after, reason string) {
	w.Helper()
	require.Equal(w, 429, a.Code)
	require.JSONEq(w, `{"error":"temporarily_unavailable","error_description":"too many requests"}`, a.Body)
	require.Equal(w, after, a.Header.Get("Retry-After"))
	require.Contains(w, w.log.take(), reason)
}

// A client gets so many tokens, and another one is not concerned.
func TestTokensOfAClientAreLimited(t *testing.T) {
	t.Parallel()
	w := newMemory(t, limited)
	okta, entra := w.withSecret("okta", store.Token{}), w.withSecret("entra", store.Token{})
	for range 3 {
		w.granted(w.secretPost("okta", okta))
	}
	w.tooMany(w.secretPost("okta", okta), "10", "the client gets too many tokens")
	w.granted(w.secretPost("entra", entra))
	w.advance(10 * time.Second)
	w.granted(w.secretPost("okta", okta))
}

// An address may send so many requests that are refused. Requests with the ID of a
// client and a wrong secret do not use up the rate of the client.
func TestRefusalsOfAnAddressAreLimited(t *testing.T) {
	t.Parallel()
	w := newMemory(t, limited)
	secret := w.withSecret("okta", store.Token{})
	for n := range 3 {
		a := w.secretPost([]string{"okta", "nobody", "okta"}[n], "wrong")
		require.Equal(t, 401, a.Code)
	}
	w.tooMany(w.secretPost("okta", secret), "10", `too many requests from \"192.0.2.1\" were refused`)
	elsewhere := func(r *http.Request) { r.RemoteAddr = "[2001:db8::1]:443" }
	right := form("grant_type", "client_credentials", "client_id", "okta", "client_secret", secret)
	for range 3 {
		w.granted(w.post(right, elsewhere))
	}
	r := httptest.NewRequest("POST", w.s.TokenPath(), unread{t})
	got := httptest.NewRecorder()
	w.s.ServeHTTP(got, r)
	require.Equal(t, 429, got.Code)
	w.advance(10 * time.Second)
	w.granted(w.secretPost("okta", secret))
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

// Behind a proxy the application says from where a request comes.
func TestRemoteAddressOfTheApplication(t *testing.T) {
	t.Parallel()
	w := newMemory(t, func(c *oauth.Config) {
		limited(c)
		c.RemoteAddress = func(r *http.Request) string { return r.Header.Get("X-Real-IP") }
	})
	from := func(address string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("X-Real-IP", address) }
	}
	wrong := form("grant_type", "client_credentials", "client_id", "okta", "client_secret", "wrong")
	for range 3 {
		require.Equal(t, 401, w.post(wrong, from("198.51.100.1")).Code)
	}
	require.Equal(t, 429, w.post(wrong, from("198.51.100.1")).Code)
	require.Equal(t, 401, w.post(wrong, from("198.51.100.2")).Code)
}

// A reverse proxy has an address of a private network. A stranger who sends wrong
// credentials through it keeps nobody out.
func TestRefusalsThroughAProxyAreNotCounted(t *testing.T) {
	t.Parallel()
	w := newMemory(t, limited)
	secret := w.withSecret("okta", store.Token{})
	proxy := func(r *http.Request) { r.RemoteAddr = "10.0.0.1:443" }
	for range 10 {
		require.Equal(t, 401, w.post(form("grant_type", "client_credentials", "client_id", "okta", "client_secret", "wrong"), proxy).Code)
	}
	w.granted(w.post(form("grant_type", "client_credentials", "client_id", "okta", "client_secret", secret), proxy))
}

// Without a bound, and by default for what clients do, nothing is refused.
func TestRateIsNotMetByDefault(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*oauth.Config){nil, func(c *oauth.Config) { c.Rate = math.Inf(1) }} {
		w := newMemory(t, change)
		secret := w.withSecret("okta", store.Token{})
		for range 100 {
			w.granted(w.secretPost("okta", secret))
			require.Equal(t, 401, w.secretPost("okta", "wrong").Code)
		}
	}
}

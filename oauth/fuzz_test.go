package oauth_test

import (
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Any body and any Authorization header gets an error of RFC 6749, never a token and
// never a 500; the same text as a bearer token is refused, too.
func FuzzTokenEndpoint(f *testing.F) {
	k := key(f, "k", jose.ES256)
	_, secret := oauth.NewSecret("s", time.Now().Add(time.Hour))
	trust := oauth.Trust{Issuer: "https://idp.example.com", Audience: "scim", Subject: "sync", Keys: oauth.Keys{JSON: fixed(f, k)}, Reusable: true}
	s, err := oauth.New(oauth.Config{
		Issuer: server, Tokens: memstore.New(), Rate: math.Inf(1), Logger: slog.New(slog.DiscardHandler),
		Clients: oauth.List{{ID: "c", Access: store.Token{Connection: "idp"}, Secrets: []oauth.Secret{secret}, Keys: &oauth.Keys{JSON: fixed(f, k)}, Assertions: []oauth.Trust{trust}, Bearer: []oauth.Trust{trust}}},
	})
	if err != nil {
		f.Fatal(err)
	}
	past := time.Now().Add(-time.Hour).Unix()
	expired := sign(f, k, map[string]any{"iss": trust.Issuer, "aud": "scim", "sub": "sync", "exp": past})
	for _, seed := range [][3]string{
		{"grant_type=client_credentials", "Basic Yzp4", ""},
		{"grant_type=client_credentials&client_id=c&client_secret=x&scope=scim", "", ""},
		{"grant_type=client_credentials&client_assertion_type=" + proofType, "", expired},
		{"grant_type=" + grantJWT, "", expired},
		{"grant_type=" + grantJWT + "&client_id=c", "", "eyJhbGciOiJub25lIn0.e30."},
		{"%zz&=;", "Basic %", "a.b.c"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, body, authorization, assertion string) {
		r := httptest.NewRequest("POST", s.TokenPath(), strings.NewReader(body+"&assertion="+assertion+"&client_assertion="+assertion))
		r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {authorization}}
		if authorization == "" {
			r.Header.Del("Authorization")
		}
		got := httptest.NewRecorder()
		s.ServeHTTP(got, r)
		if !slices.Contains([]int{400, 401}, got.Code) || !strings.HasPrefix(got.Body.String(), `{"error":"`) {
			t.Errorf("%q, %q, %q: %d %s", body, authorization, assertion, got.Code, got.Body)
		}
		r.Header.Set("Authorization", "Bearer "+assertion)
		if p, err := s.Authenticate(r); err == nil {
			t.Errorf("%q is a bearer token of %+v", assertion, p)
		}
	})
}

package oauth_test

import (
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// BenchmarkServer measures a request for a token, and what a SCIM request pays for
// its access token or JWT, on a store in memory.
func BenchmarkServer(b *testing.B) {
	k := key(b, "k", jose.RS256)
	secret, kept := oauth.NewSecret("s", time.Now().Add(time.Hour))
	trust := oauth.Trust{Issuer: "https://idp.example.com", Audience: "scim", Subject: "sync", Keys: oauth.Keys{JSON: fixed(b, k)}}
	s, err := oauth.New(oauth.Config{
		Issuer: server, Tokens: memstore.New(), Rate: math.Inf(1), Logger: slog.New(slog.DiscardHandler),
		Clients: oauth.List{{ID: "c", Access: store.Token{Connection: "idp"}, Secrets: []oauth.Secret{kept}, Bearer: []oauth.Trust{trust}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	ask := func() *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", s.TokenPath(), strings.NewReader("grant_type=client_credentials&client_id=c&client_secret="+secret))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	b.Run("token", func(b *testing.B) {
		for b.Loop() {
			if w := ask(); w.Code != http.StatusOK {
				b.Fatal(w.Body)
			}
		}
	})
	_, token, _ := strings.Cut(ask().Body.String(), `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	for name, credential := range map[string]string{
		"access token": token,
		"JWT":          sign(b, k, map[string]any{"iss": trust.Issuer, "aud": "scim", "sub": "sync", "exp": time.Now().Add(time.Hour).Unix()}),
	} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Authorization", "Bearer "+credential)
			for b.Loop() {
				if _, err := s.Authenticate(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

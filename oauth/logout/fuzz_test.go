package logout_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/oauth/logout"
	"github.com/seed5f3efb56/scim/store"
)

// nobody is a handler that ends sessions of whoever is named.
type nobody struct{}

func (nobody) RevokeSessions(context.Context, scim.Revocation) error { return nil }

// Count remembers nothing, since a connection sends more tokens here than memory keeps.
func (nobody) Count(_ context.Context, c store.Count) (int64, error) { return c.Add, nil }

// FuzzDoors sends any text to both doors as a token, and any subject and event in tokens
// that are good. Nothing panics, none is a 500, and no token that is made up is accepted.
func FuzzDoors(f *testing.F) {
	k := newKey(f, "k")
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.Public()}})
	if err != nil {
		f.Fatal(err)
	}
	s, err := logout.New(logout.Config{
		Handler: nobody{}, Replays: nobody{}, Rate: math.Inf(1), Logger: slog.New(slog.DiscardHandler),
		Sources: logout.List{{Connection: "okta", Issuer: okta, Audience: endpoint, Keys: oauth.Keys{JSON: string(set)}}},
	})
	if err != nil {
		f.Fatal(err)
	}
	send := func(h http.Handler, kind, bearer, body string) int {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bearer "+bearer)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	f.Add("x", bySubject)
	f.Add("eyJhbGciOiJub25lIn0.e30.", `{"format":"complex","user":`+ada+`}`)
	f.Add("a.b.c", `{"https://x":{"subject":{"subject_type":"iss-sub"}}}`)
	f.Fuzz(func(t *testing.T, token, text string) {
		now := time.Now().Unix()
		claims := map[string]any{"iss": okta, "aud": endpoint, "jti": "1", "iat": now, "exp": now + 300}
		if code := send(s.Revocations(), "application/json", token, text); code != 401 {
			t.Fatalf("%q: %d", token, code)
		}
		if code := send(s.Events(), "application/secevent+jwt", "", token); code != 400 {
			t.Fatalf("%q: %d", token, code)
		}
		if code := send(s.Revocations(), "application/json", sign(t, k, "global-token-revocation+jwt", claims), text); code != 204 && code != 400 && code != 404 {
			t.Fatalf("%q: %d", text, code)
		}
		if !json.Valid([]byte(text)) {
			return
		}
		for _, c := range []map[string]any{
			with(claims, "events", map[string]any{logout.SessionRevoked: map[string]any{}}, "sub_id", json.RawMessage(text)),
			with(claims, "events", json.RawMessage(text)),
			with(claims, "events", map[string]any{logout.SessionRevoked: json.RawMessage(text)}),
		} {
			if code := send(s.Events(), "application/secevent+jwt", "", sign(t, k, "secevent+jwt", c)); code != 202 && code != 400 {
				t.Fatalf("%q: %d", text, code)
			}
		}
	})
}

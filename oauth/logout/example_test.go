package logout_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/oauth/logout"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Universal Logout of Okta: the sessions of a user of the connection end.
func Example() {
	db := memstore.New() // or sqlstore.DB
	token := scim.HashToken("okta", "a token of 32 random characters..")
	token.Tenant, token.Connection = "acme", "okta"
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.BearerTokens(token),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Logger:    slog.New(slog.DiscardHandler),
		Hooks: scim.Hooks{EndSessions: func(ctx context.Context, e *event.Event) error {
			fmt.Println("sessions end:", store.Tenant(ctx), e.After.Text("userName"))
			return nil
		}},
		Audit: func(_ context.Context, r scim.AuditRecord) {
			if r.Operation == scim.OperationRevoke {
				fmt.Println("audit:", r.Connection, r.Actor, r.Reason)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	key, published := exampleKey()
	doors, err := logout.New(logout.Config{
		Handler: handler,
		Sources: logout.List{{
			Tenant: "acme", Connection: "okta",
			Issuer:   "https://acme.okta.com",
			Audience: "https://app.example.com/logout/acme",
			Keys:     oauth.Keys{JSON: published}, // of Okta: URL: "https://acme.okta.com/oauth2/v1/keys"
		}},
		Replays: db,
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	app := http.NewServeMux()
	app.Handle("/scim/v2/", handler)
	app.Handle("/logout/{tenant}", doors.Revocations())
	app.Handle("/events/{tenant}", doors.Events())

	send := func(path, kind, bearer, body string) {
		r := httptest.NewRequest("POST", "https://app.example.com"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bearer "+bearer)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	send("/scim/v2/Users", "application/scim+json", "a token of 32 random characters..",
		`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada","emails":[{"value":"ada@acme.example"}]}`)
	now := time.Now().Unix()
	send("/logout/acme", "application/json", exampleJWT(key, map[string]any{
		"iss": "https://acme.okta.com", "aud": "https://app.example.com/logout/acme", "sub": "0oa1", "jti": "1", "iat": now, "exp": now + 300,
	}), `{"sub_id":{"format":"email","email":"ada@acme.example"}}`)
	// Output:
	// 201
	// sessions end: acme ada
	// audit: okta https://acme.okta.com global-token-revocation, jti "1"
	// 204
}

// exampleKey returns a key of an issuer, and its key set.
func exampleKey() (jose.JSONWebKey, string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	key := jose.JSONWebKey{Key: private, KeyID: "k", Algorithm: "ES256", Use: "sig"}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
	if err != nil {
		log.Fatal(err)
	}
	return key, string(set)
}

// exampleJWT signs the JWT of a revocation request, as Okta does.
func exampleJWT(key jose.JSONWebKey, claims map[string]any) string {
	options := (&jose.SignerOptions{}).WithType("global-token-revocation+jwt")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	if err != nil {
		log.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		log.Fatal(err)
	}
	return text
}

// The set-up for an org of Okta. The emergency account of the tenant stays signed in.
func ExampleNew() {
	app := http.NewServeMux()
	db, h := memstore.New(), &scim.Handler{}

	doors, err := logout.New(logout.Config{
		Handler: h, // *scim.Handler with Hooks.EndSessions or Hooks.Revoke
		Sources: logout.List{{
			Tenant: "acme", Connection: "okta",
			Issuer:   "https://acme.okta.com",
			Audience: "https://app.example.com/logout/acme",
			Keys:     oauth.Keys{URL: "https://acme.okta.com/oauth2/v1/keys"},
		}},
		Replays:  db, // sqlstore.DB: a token is good once, whichever process gets it
		KeyHosts: []string{"*.okta.com"},
		Decide: func(ctx context.Context, r logout.Request) error {
			if r.Revocation.Email == "break-glass@acme.example" {
				return logout.ErrLeave
			}
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	app.Handle("/logout/{tenant}", doors.Revocations())
	app.Handle("/events/{tenant}", doors.Events())
	// Output:
}

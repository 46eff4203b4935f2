package oauth_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/oauth"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// A token endpoint beside SCIM. The client of the example has two secrets, because
// one replaces the other.
func Example() {
	app := http.NewServeMux()
	db := memstore.New() // or sqlstore.DB
	today, one := oauth.NewSecret("2026", time.Now().AddDate(1, 0, 0))
	_, two := oauth.NewSecret("2027", time.Now().AddDate(2, 0, 0)) // shown to the operator once, and kept nowhere

	server, err := oauth.New(oauth.Config{
		Issuer: "https://app.example.com/oauth",
		Clients: oauth.List{{
			ID:      "entra-acme",
			Access:  store.Token{Tenant: "acme", Connection: "entra"},
			Secrets: []oauth.Secret{one, two},
		}},
		Tokens: db,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      server, // in place of scim.StoredTokens(db, nil)
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		Tx:        db,
	})
	if err != nil {
		log.Fatal(err)
	}
	app.Handle("/scim/v2/", handler)
	app.Handle(server.TokenPath(), server)    // /oauth/token
	app.Handle(server.MetadataPath(), server) // /.well-known/oauth-authorization-server/oauth

	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"entra-acme"}, "client_secret": {today}, "scope": {"scim"}}
	r := httptest.NewRequest("POST", "https://app.example.com/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	var token struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
		Scope       string `json:"scope"`
	}
	if err := json.NewDecoder(w.Body).Decode(&token); err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.Code, token.ExpiresIn, token.Scope)

	users := func() int {
		r := httptest.NewRequest("GET", "https://app.example.com/scim/v2/Users", nil)
		r.Header.Set("Authorization", "Bearer "+token.AccessToken)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		_, _ = io.Copy(io.Discard, w.Body)
		return w.Code
	}
	fmt.Println(users())
	n, err := server.RevokeClient(r.Context(), "acme", "entra-acme")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, users())
	// Output:
	// 200 3600 scim
	// 200
	// 1 401
}

package scim_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Tokens in a store come and go while the program runs. This one belongs to one
// tenant and can read users only.
func ExampleStoredTokens() {
	db := memstore.New()           // or sqlstore.DB
	secret, sum := scim.NewToken() // shown to the operator once, and kept nowhere
	ctx := store.WithTenant(context.Background(), "acme")
	err := db.AddToken(ctx, store.Token{
		ID: "report", SHA256: sum, Tenant: "acme", ReadOnly: true, Types: []string{"User"}, Created: time.Now(),
	})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.StoredTokens(db, nil),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
	})
	if err != nil {
		log.Fatal(err)
	}

	call := func(method, path string) int {
		r := httptest.NewRequest(method, "/scim/v2"+path, nil)
		r.Header.Set("Authorization", "Bearer "+secret)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	fmt.Println(call("GET", "/Users"), call("DELETE", "/Users/1"))
	revoked := true
	if err := db.SetToken(ctx, "report", store.TokenChange{Revoked: &revoked}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(call("GET", "/Users"))
	// Output:
	// 200 403
	// 401
}

// Access tokens and, for a client that supports nothing better, HTTP Basic with a
// password that ends. Both are in the store.
func ExampleAnyOf() {
	db := memstore.New() // or sqlstore.DB
	password, sum := scim.NewToken()
	err := db.AddToken(context.Background(), store.Token{
		ID: "hr", SHA256: sum, Tenant: "acme", Connection: "hr", Created: time.Now(), Expires: time.Now().AddDate(1, 0, 0),
	})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.AnyOf(scim.StoredTokens(db, nil), scim.StoredPasswords(db, nil)),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, user := range []string{"hr", "crm"} {
		r := httptest.NewRequest("GET", "/scim/v2/Users", nil)
		r.SetBasicAuth(user, password)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("WWW-Authenticate"))
	}
	// Output:
	// 200 ""
	// 401 "Bearer realm=\"scim\", Basic realm=\"scim\", charset=\"UTF-8\""
}

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

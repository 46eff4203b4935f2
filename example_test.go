package scim_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/go-chi/chi/v5"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Mounting SCIM in an application that exists.
func Example() {
	os.Setenv("SCIM_TOKEN", "a secret of at least 32 random bytes")

	app := chi.NewRouter() // the application's router, or an http.ServeMux
	app.Get("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })

	db := memstore.New() // or sqlstore, or a store on the application's own tables
	handler, err := scim.New(scim.Config{
		BaseURL: "https://app.example.com/scim/v2",
		Auth:    scim.BearerTokens(scim.HashToken("okta", os.Getenv("SCIM_TOKEN"))),
		Endpoints: []scim.Endpoint{
			scim.Users(db.Store(schema.UserType)),
			scim.Groups(db.Store(schema.GroupType)),
		},
		Tx: db,
	})
	if err != nil {
		log.Fatal(err)
	}
	app.Mount("/scim/v2", handler)

	r := httptest.NewRequest("GET", "/scim/v2/Users?filter=userName+eq+%22bjensen%22", nil)
	r.Header.Set("Authorization", "Bearer "+os.Getenv("SCIM_TOKEN"))
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 {"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"Resources":[],"itemsPerPage":0}
}

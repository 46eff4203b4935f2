package scim_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Config.Observe is called once for every request, also for those that no
// operation was found for.
func ExampleExchange() {
	db := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.InsecureNoAuthentication(),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Observe: func(_ context.Context, x *scim.Exchange) {
			fmt.Printf("%s %s %d %q\n", x.Method, x.Route, x.Status, x.ScimType)
			var stopped *brake.Stop
			if errors.As(x.Err, &stopped) {
				fmt.Println("stopped by the brake:", stopped.Kind)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	request(handler, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bjensen"}`)
	request(handler, "GET", "/Users?filter=userName+eq", "")
	request(handler, "GET", "/Accounts", "")
	// Output:
	// POST /Users 201 ""
	// GET /Users 400 "invalidFilter"
	// GET ? 404 ""
}

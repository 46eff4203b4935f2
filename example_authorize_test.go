package scim_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Config.Authorize decides about every operation. Here DELETE is forbidden and
// one resource is hidden.
func ExampleConfig_authorize() {
	db := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.InsecureNoAuthentication(),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Authorize: func(_ context.Context, op scim.Operation) error {
			switch {
			case op.Kind == scim.OperationDelete:
				return scim.ErrForbidden // 403
			case op.ID == "break-glass":
				return store.ErrNotFound // 404, as if there were none
			}
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println(request(handler, "GET", "/Users", "").Code)
	fmt.Println(request(handler, "DELETE", "/Users/1", "").Code)
	fmt.Println(request(handler, "GET", "/Users/break-glass", "").Code)
	// Output:
	// 200
	// 403
	// 404
}

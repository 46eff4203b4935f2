package scim_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Config.Audit receives one record for every operation, refused ones too.
func ExampleAuditRecord() {
	db := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.InsecureNoAuthentication(),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Audit: func(_ context.Context, r scim.AuditRecord) {
			fmt.Println(r.Status, r.Operation, r.Type)
			for _, c := range r.Changes {
				fmt.Printf("  %s: %s -> %s\n", c.Path, c.Old, c.New)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	request(handler, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bjensen"}`)
	request(handler, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "BJENSEN"}`)
	// Output:
	// 201 create User
	//   userName:  -> "bjensen"
	// 409 create User
}

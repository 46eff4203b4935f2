package scim_test

import (
	"context"
	"fmt"
	"log"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Config.AuditTrail keeps the record of each write in the transaction of the write. The
// history of a person is a query.
func ExampleConfig_auditTrail() {
	db := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL:    "https://app.example.com/scim/v2",
		Auth:       scim.InsecureNoAuthentication(),
		Endpoints:  []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:         db,
		AuditTrail: db,
		NewID:      func() string { return "2819c223" },
	})
	if err != nil {
		log.Fatal(err)
	}

	request(handler, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bjensen"}`)
	request(handler, "DELETE", "/Users/2819c223", "")

	for rec, err := range audit.All(context.Background(), db, audit.Query{Type: "User", ResourceID: "2819c223"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(rec.Operation, rec.Name)
		for _, c := range rec.Changes {
			fmt.Printf("  %s: [%s] -> [%s]\n", c.Path, c.Old, c.New)
		}
	}
	// Output:
	// delete bjensen
	//   userName: ["bjensen"] -> []
	// create bjensen
	//   userName: [] -> ["bjensen"]
}

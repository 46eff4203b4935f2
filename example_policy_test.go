package scim_test

import (
	"fmt"
	"log"
	"path"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// DELETE deactivates, and a POST with the same userName brings the user back
// under the old id.
func ExamplePolicy() {
	db := memstore.New()
	people := scim.Users(db.Store(schema.UserType))
	people.Policy = scim.Policy{OnTwin: scim.RestoreInactive, OnDelete: scim.DeactivateOnDelete}
	handler, err := scim.New(scim.Config{
		BaseURL: "https://app.example.com/scim/v2", Auth: scim.InsecureNoAuthentication(),
		Endpoints: []scim.Endpoint{people}, Tx: db,
	})
	if err != nil {
		log.Fatal(err)
	}

	const user = `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bjensen"}`
	first := path.Base(request(handler, "POST", "/Users", user).Header().Get("Location"))
	fmt.Println(request(handler, "DELETE", "/Users/"+first, "").Code)
	fmt.Println(request(handler, "GET", "/Users?filter=active+eq+false&attributes=userName", "").Code)
	again := request(handler, "POST", "/Users", user)
	fmt.Println(again.Code, path.Base(again.Header().Get("Location")) == first)
	// Output:
	// 204
	// 200
	// 201 true
}

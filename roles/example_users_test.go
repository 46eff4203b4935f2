package roles_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/roles"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// listRoles stands for the roles that the application has for a tenant.
func listRoles(context.Context) ([]roles.Definition, error) {
	return []roles.Definition{{Value: "admin", Display: "Administrator"}, {Value: "viewer", Display: "Viewer"}}, nil
}

// setGrants stands for the application's table of grants: it deletes those of the
// user that came from SCIM and inserts these.
func setGrants(_ context.Context, _ string, values []string) error {
	fmt.Println("grants:", values)
	return nil
}

// The roles are readable at /Roles, and the attribute roles of a user grants them in
// the transaction of the write.
func ExampleUserMapper() {
	db := memstore.New()
	mapper := &roles.UserMapper{Defined: listRoles, Set: setGrants}
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.InsecureNoAuthentication(),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), roles.Roles(listRoles)},
		Tx:        db,
		Hooks: scim.Hooks{Before: func(ctx context.Context, e *event.Event) error {
			return mapper.Handle(ctx, e)
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, role := range []string{"viewer", "owner"} {
		r := httptest.NewRequest("POST", "/scim/v2/Users", strings.NewReader(`{
			"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "`+role+`", "roles": [{"value": "`+role+`"}]}`))
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// grants: [viewer]
	// 201
	// 400
}

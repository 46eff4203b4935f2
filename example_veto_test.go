package scim_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Hooks.Before refuses accounts of a foreign domain. It accepts every deactivation
// and deletion: a rule about new accounts must not keep an account active.
func ExampleHooks_before() {
	db := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.InsecureNoAuthentication(),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Hooks: scim.Hooks{
			// No new account for a foreign domain. Deactivations and deletions pass.
			Before: func(ctx context.Context, e *event.Event) error {
				switch e.Kind {
				case event.Created, event.Updated, event.Reactivated, event.Restored:
				default:
					return nil
				}
				if e.Type != schema.UserType.Name {
					return nil
				}
				for v := range e.After.Type.MustResolve("emails.value").Values(e.After) {
					if !strings.HasSuffix(schema.FoldKey(v.Text()), "@example.com") {
						return &scim.Error{Status: 400, Type: schema.ErrorInvalidValue, Detail: "foreign domain"}
					}
				}
				return nil
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	w := request(handler, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"userName": "mallory", "emails": [{"value": "mallory@evil.example"}]}`)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 400 {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":"invalidValue","detail":"foreign domain"}
}

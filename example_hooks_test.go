package scim_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// A leaver's sessions end before the provider gets its answer: those in the
// database of the transaction by EndSessions, those elsewhere by Revoke.
func ExampleHooks() {
	db := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.InsecureNoAuthentication(),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Outbox:    db,
		Hooks: scim.Hooks{
			EndSessions: func(_ context.Context, e *event.Event) error {
				fmt.Println("delete the sessions of", nameOf(e))
				return nil
			},
			Revoke: func(_ context.Context, e *event.Event) error {
				fmt.Println("revoke the API tokens of", nameOf(e))
				return nil
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	created := request(handler, "POST", "/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"userName": "bjensen", "active": true}`)
	answer := request(handler, "PATCH", strings.TrimPrefix(created.Header().Get("Location"), "https://app.example.com/scim/v2"),
		`{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
		"Operations": [{"op": "replace", "path": "active", "value": false}]}`)
	fmt.Println("answered", answer.Code)
	// Output:
	// delete the sessions of bjensen
	// revoke the API tokens of bjensen
	// answered 200
}

// nameOf returns the userName of an event's resource.
func nameOf(e *event.Event) string {
	return e.Resource().Get(schema.User.Attribute("userName")).Text()
}

// request sends a request to a handler.
func request(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

package requestlog_test

import (
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/requestlog"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// The log is switched on for a connection while somebody looks for a fault.
func Example() {
	requests, err := requestlog.New(requestlog.Config{})
	if err != nil {
		log.Fatal(err)
	}
	db := memstore.New()
	token := scim.HashToken("okta-1", "a secret of 32 random bytes")
	token.Tenant, token.Connection = "acme", "okta"
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.BearerTokens(token),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Observe:   requests.Observe,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	requests.Attach(handler)
	requests.Start("acme", "okta", time.Now().Add(time.Hour))

	request := httptest.NewRequest("POST", "https://app.example.com/scim/v2/Users",
		strings.NewReader(`{"userName": "", "password": "hunter2", "active": "True", "emails": [{"type": "work"}]}`))
	request.Header.Set("Authorization", "Bearer a secret of 32 random bytes")
	handler.ServeHTTP(httptest.NewRecorder(), request)

	for _, e := range requests.Entries("acme", "okta") {
		fmt.Println(e.Method, e.Route, e.Status, e.ScimType, e.Detail)
		fmt.Println(string(e.Body))
	}
	// Output:
	// POST /Users 400 invalidValue userName: must not be blank
	// {"userName":"","password":"[redacted]","active":"True","emails":[{"type":"work"}]}
}

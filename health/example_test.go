package health_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// A monitor is made before the handler, which it then is attached to.
func Example() {
	ctx := context.Background()
	db := memstore.New()
	now := func() time.Time { return time.Date(2026, 11, 29, 9, 30, 0, 0, time.UTC) }
	monitor, err := health.New(health.Config{Tokens: db, Now: now})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.StoredTokens(db, now),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Observe:   monitor.Observe,
		Now:       now,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	monitor.Attach(handler)
	secret, sum := scim.NewToken()
	if err := db.AddToken(ctx, store.Token{ID: "okta-1", SHA256: sum, Tenant: "acme", Connection: "okta"}); err != nil {
		log.Fatal(err)
	}

	request := httptest.NewRequest("POST", "https://app.example.com/scim/v2/Users", strings.NewReader(`{"userName": "ada", "emails": true}`))
	request.Header.Set("Authorization", "Bearer "+secret)
	handler.ServeHTTP(httptest.NewRecorder(), request)

	statuses, err := monitor.Status(ctx, "acme")
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range statuses {
		fmt.Println(s.Connection, s.Level, s.Requests, s.Errors)
		for _, w := range s.Warnings {
			fmt.Println(w.Reason)
			fmt.Println(w.Advice)
		}
		fmt.Println(s.LastError.Detail)
	}
	// Output:
	// okta warning 1 1
	// A value of a person or group is not of the kind that its attribute has.
	// Correct the attribute that the detail names, for this person at the provider or in the attribute mapping.
	// emails: must be an object
}

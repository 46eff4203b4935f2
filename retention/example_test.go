package retention_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/retention"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// A user who was deactivated is deleted after thirty days, once what the user had belongs
// to somebody else.
func Example() {
	db := memstore.New()
	clock := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	secret, _ := scim.NewToken()
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.BearerTokens(scim.HashToken("t1", secret)),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Now:       func() time.Time { return clock },
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/scim/v2/Users", strings.NewReader(`{"userName":"ada@example.com","active":false}`))
	r.Header.Set("Authorization", "Bearer "+secret)
	handler.ServeHTTP(httptest.NewRecorder(), r)

	keeper, err := retention.New(retention.Config{
		Handler: handler,
		After:   30 * 24 * time.Hour,
		HandOver: func(ctx context.Context, user *schema.Resource) error {
			fmt.Println("the projects of", user.Text("userName"), "go to the team")
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for range 31 { // once a day
		report, err := keeper.Sweep(ctx, "") // the tenant
		if err != nil {
			log.Fatal(err)
		}
		for _, p := range report.Deleted {
			fmt.Println("deleted", p.Name, "deactivated since", p.Since.Format(time.DateOnly))
		}
		clock = clock.Add(24 * time.Hour)
	}
	// Output:
	// the projects of ada@example.com go to the team
	// deleted ada@example.com deactivated since 2026-11-01
}

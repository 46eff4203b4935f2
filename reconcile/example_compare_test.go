package reconcile_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/reconcile/remote"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Two users have drifted from the provider's export. The plan is shown, and then
// carried out as requests of the provider's connection.
func ExampleCompare() {
	db := memstore.New()
	users := db.Store(schema.UserType)
	secret, _ := scim.NewToken()
	token := scim.HashToken("reconcile", secret)
	token.Connection = "okta"
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.BearerTokens(token),
		Endpoints: []scim.Endpoint{scim.Users(users)},
		Tx:        db,
		Logger:    slog.New(slog.DiscardHandler),
		NewID:     func() func() string { n := 0; return func() string { n++; return fmt.Sprint("id", n) } }(),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, user := range []string{
		`{"userName":"ada@example.com","externalId":"00u1","title":"Countess"}`,
		`{"userName":"bob@example.com","externalId":"00u2"}`,
		`{"userName":"eve@example.com","externalId":"00u3"}`,
	} {
		r := httptest.NewRequest("POST", "/scim/v2/Users", strings.NewReader(user))
		r.Header.Set("Authorization", "Bearer "+secret)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}

	export := strings.NewReader(`Login,Id,Status,Job
ada@example.com,00u1,ACTIVE,Analyst
bob@example.com,00u2,SUSPENDED,
`)
	ctx := context.Background()
	comparison, err := reconcile.Compare(ctx, reconcile.Provider{
		Users: reconcile.CSV(export, reconcile.Columns{
			UserName: "login", ExternalID: "id", Active: "status", ActiveValues: []string{"ACTIVE"},
			Attributes: map[string]string{"title": "job"},
		}),
	}, reconcile.Application{Users: users}, reconcile.CompareOptions{})
	if err != nil {
		log.Fatal(err)
	}
	plan := comparison.Plan(reconcile.Repair{Attributes: true, Deactivate: true})
	if err := plan.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}

	client := &remote.Client{BaseURL: "https://app.example.com/scim/v2", Token: secret, HTTP: remote.Local(handler)}
	results, err := plan.Apply(ctx, client.Do)
	fmt.Println("\napplied:", results.Count(reconcile.Applied), err)
	for _, m := range comparison.Mismatches {
		fmt.Println(m.Kind, m.Name)
	}
	// Output:
	// 2 requests
	//
	// STEP  REQUEST           NAME             NOTE
	// 1     PATCH /Users/id1  ada@example.com  title: Countess → Analyst
	// 2     PATCH /Users/id2  bob@example.com  active: true → false
	//
	// applied: 2 <nil>
	// status bob@example.com
	// drift ada@example.com
	// orphaned eve@example.com
}

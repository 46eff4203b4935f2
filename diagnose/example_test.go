package diagnose_test

import (
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"strings"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/diagnose"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// Five users arrive without active: whoever leaves will not be deactivated.
func Example() {
	db := memstore.New()
	secret, _ := scim.NewToken()
	token := scim.HashToken("t1", secret)
	token.Tenant, token.Connection = "acme", "okta"
	d := diagnose.New(diagnose.Config{})
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.BearerTokens(token),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Logger:    slog.New(slog.DiscardHandler),
		Observe:   d.Observe,
	})
	if err != nil {
		log.Fatal(err)
	}
	for i := range 5 {
		body := fmt.Sprintf(`{"userName":"user%d","externalId":"00u%d","displayName":"User %d"}`, i, i, i)
		r := httptest.NewRequest("POST", "/scim/v2/Users", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("User-Agent", "Okta SCIM Client 1.0.0")
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}

	for _, f := range d.Findings("acme", "okta") {
		fmt.Println(f.Severity, f.Code)
		fmt.Println(f.Title)
		fmt.Println(f.Seen)
		fmt.Println(f.Do)
	}
	// Output:
	// error active-missing
	// `active` never arrives: leavers are not deactivated
	// 5 of the last 5 users were created without `active`, and no change of it arrived since.
	// Provisioning, To App: tick Deactivate Users.
}

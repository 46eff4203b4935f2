package console_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/diagnose"
)

// The page of a connection says what is wrong at its provider, without a person's data,
// and nothing of another tenant.
func TestDiagnosisOfAConnection(t *testing.T) {
	t.Parallel()
	var d *diagnose.Diagnosis
	f := newFixture(t, withConnections, func(f *fixture, _ *scim.Config, c *console.Config) {
		d = diagnose.New(diagnose.Config{Now: func() time.Time { return f.now }})
		c.Diagnosis = d
	})
	observe := func(tenant string) {
		for i := range 5 {
			d.Observe(t.Context(), &scim.Exchange{
				Start: f.now, Authenticated: true, Tenant: tenant, Connection: "okta", Method: "POST", Route: "/Users", Operation: scim.OperationCreate, Type: "User", Status: 201,
				Request: httptest.NewRequest("POST", "/scim/v2/Users", nil), Body: fmt.Appendf(nil, `{"userName":"pat.jensen%d@example.com","externalId":"%d","displayName":"Pat"}`, i, i),
			})
		}
	}
	observe("rival")
	require.Contains(t, f.page("/connections/okta"), "The last requests show no mistake of the mapping.")
	observe("acme")
	page := f.page("/connections/okta")
	require.Contains(t, page, "`active` never arrives")
	require.Contains(t, page, "5 of the last 5 users were created without `active`")
	require.Contains(t, page, "docs/diagnose.md#active-missing")
	require.NotContains(t, page, "jensen")
}

func TestWithoutDiagnosis(t *testing.T) {
	t.Parallel()
	require.NotContains(t, newFixture(t, withConnections).page("/connections/okta"), "Diagnosis")
}

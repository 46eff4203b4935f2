package diagnose_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/diagnose"
)

// What the observation of a PATCH costs.
func BenchmarkObserve(b *testing.B) {
	d := diagnose.New(diagnose.Config{})
	x := &scim.Exchange{
		Start: time.Now(), Authenticated: true, Tenant: "acme", Connection: "okta", Method: "PATCH", Route: "/Users/{id}", Operation: scim.OperationPatch, Type: "User", Status: 200,
		Request: httptest.NewRequest("PATCH", "/scim/v2/Users/1", nil), Body: []byte(patch(`{"op":"Replace","path":"active","value":"False"}`, `{"op":"Replace","path":"title","value":"Dr"}`)),
	}
	b.ReportAllocs()
	for b.Loop() {
		d.Observe(b.Context(), x)
	}
}

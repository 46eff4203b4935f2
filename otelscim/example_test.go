package otelscim_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/otelscim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// The providers are usually the global ones; here the spans are kept in memory.
func Example() {
	spans := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))
	defer provider.Shutdown(context.Background())
	telemetry, err := otelscim.New(otelscim.Config{TracerProvider: provider})
	if err != nil {
		log.Fatal(err)
	}
	db := memstore.New()
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.InsecureNoAuthentication(),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Observe:   telemetry.Observe,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := telemetry.Attach(handler); err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/scim/v2/", telemetry.Middleware(handler))

	for _, path := range []string{"/Users/2819c223", "/Users?filter=" + strings.Repeat("x", 9)} {
		mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "https://app.example.com/scim/v2"+path, nil))
	}
	for _, s := range spans.GetSpans() {
		fmt.Println(s.Name)
		for _, a := range s.Attributes {
			if a.Key != "scim.reference" {
				fmt.Println(" ", a.Key, a.Value.String())
			}
		}
	}
	// Output:
	// GET /Users/{id}
	//   http.request.method GET
	//   url.scheme https
	//   http.route /Users/{id}
	//   http.response.status_code 404
	//   scim.operation retrieve
	//   scim.resource_type User
	// GET /Users
	//   http.request.method GET
	//   url.scheme https
	//   http.route /Users
	//   http.response.status_code 400
	//   scim.operation query
	//   scim.resource_type User
	//   scim.error_type invalidFilter
}

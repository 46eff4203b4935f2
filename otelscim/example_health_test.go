package otelscim_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/otelscim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// One monitor serves the console, the command and the gauges.
func ExampleConfig_health() {
	monitor, err := health.New(health.Config{})
	if err != nil {
		log.Fatal(err)
	}
	read := metric.NewManualReader() // usually an exporter
	telemetry, err := otelscim.New(otelscim.Config{MeterProvider: metric.NewMeterProvider(metric.WithReader(read)), Health: monitor})
	if err != nil {
		log.Fatal(err)
	}
	db, okta := memstore.New(), scim.HashToken("okta", "secret")
	okta.Connection = "okta"
	handler, err := scim.New(scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.BearerTokens(okta),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		Tx:        db,
		Observe:   scim.Observers(monitor.Observe, telemetry.Observe),
	})
	if err != nil {
		log.Fatal(err)
	}
	monitor.Attach(handler)
	if err := telemetry.Attach(handler); err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "https://app.example.com/scim/v2/Users", nil)
	r.Header.Set("Authorization", "Bearer secret")
	handler.ServeHTTP(httptest.NewRecorder(), r)

	var all metricdata.ResourceMetrics
	if err := read.Collect(context.Background(), &all); err != nil {
		log.Fatal(err)
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		if m.Name == "scim.connections" {
			for _, p := range m.Data.(metricdata.Gauge[int64]).DataPoints {
				level, _ := p.Attributes.Value("scim.connection.level")
				fmt.Println(level.AsString(), p.Value)
			}
		}
	}
	// Unordered output:
	// waiting 0
	// ok 1
	// warning 0
	// failing 0
}

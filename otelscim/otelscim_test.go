package otelscim_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/otelscim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// world is a handler whose telemetry is in memory.
type world struct {
	*testing.T
	t     *otelscim.Telemetry
	m     *health.Monitor
	db    *memstore.DB
	h     http.Handler
	spans *tracetest.InMemoryExporter
	read  *metric.ManualReader
	clock time.Time
}

func newWorld(t *testing.T, adjust func(c *otelscim.Config, s *scim.Config)) *world {
	w := &world{
		T: t, db: memstore.New(), spans: tracetest.NewInMemoryExporter(), read: metric.NewManualReader(),
		clock: time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
	}
	now := func() time.Time { return w.clock }
	c := otelscim.Config{
		MeterProvider: metric.NewMeterProvider(metric.WithReader(w.read)), TracerProvider: trace.NewTracerProvider(trace.WithSyncer(w.spans)),
		Propagator: propagation.TraceContext{}, Now: now,
	}
	var err error
	w.m, err = health.New(health.Config{Tokens: w.db, Now: now, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	token := scim.HashToken("token-of-okta", "secret")
	token.Tenant, token.Connection = "acme", "okta"
	s := scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(token), Tx: w.db, Outbox: w.db, Now: now, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(w.db.Store(schema.UserType)), scim.Groups(w.db.Store(schema.GroupType))},
	}
	if adjust != nil {
		adjust(&c, &s)
	}
	if c.HealthTenants != nil && c.Health == nil {
		c.Health = w.m
	}
	w.t, err = otelscim.New(c)
	require.NoError(t, err)
	s.Observe = scim.Observers(w.t.Observe, w.m.Observe)
	if s.Hooks.Revoke != nil {
		s.Hooks.Revoke = w.t.Revoke(s.Hooks.Revoke)
	}
	h, err := scim.New(s)
	require.NoError(t, err)
	w.m.Attach(h)
	require.NoError(t, w.t.Attach(h))
	w.h = w.t.Middleware(h)
	return w
}

func (w *world) send(method, path, body string, adjust ...func(r *http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	for _, f := range adjust {
		f(r)
	}
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, r)
	return rec
}

// metrics returns the number of measurements, or the value, of each metric by name and
// attributes.
func (w *world) metrics() map[string]float64 {
	w.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(w, w.read.Collect(context.Background(), &all))
	out := map[string]float64{}
	note := func(name string, set attribute.Set, v float64) {
		out[name+" "+set.Encoded(attribute.DefaultEncoder())] = v
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					note(m.Name, p.Attributes, float64(p.Count))
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					note(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					note(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					note(m.Name, p.Attributes, p.Value)
				}
			default:
				require.Fail(w, "unknown data", "%s: %T", m.Name, m.Data)
			}
		}
	}
	return out
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *otelscim.Config, s *scim.Config) {
		s.Brake = brake.Config{Leavers: brake.Bound{Most: 1}}
		s.Limits.Rate, s.Limits.Burst = 0.001, 8
	})
	var paths []string
	for _, name := range []string{"ada", "bob"} {
		paths = append(paths, strings.TrimPrefix(w.send("POST", "/Users", scimtest.User(name, `"active":true`)).Header().Get("Location"), scimtest.BaseURL))
	}
	w.send("POST", "/Users", scimtest.User("ada"))
	w.send("GET", "/Nothing", "")
	w.send("BREW", "/Users", "")
	require.Equal(t, 204, w.send("DELETE", paths[0], "").Code)
	require.Equal(t, 503, w.send("DELETE", paths[1], "").Code)
	w.send("GET", paths[1], "")
	require.Equal(t, 429, w.send("GET", paths[1], "").Code)
	got := w.metrics()
	for name, want := range map[string]float64{
		"http.server.request.duration http.request.method=POST,http.response.status_code=201,http.route=/Users,url.scheme=https":                         2,
		"http.server.request.duration http.request.method=POST,http.response.status_code=409,http.route=/Users,url.scheme=https":                         1,
		"http.server.request.duration http.request.method=GET,http.response.status_code=404,url.scheme=https":                                            1,
		"http.server.request.duration http.request.method=_OTHER,http.response.status_code=501,http.route=/Users,error.type=501,url.scheme=https":        1,
		"http.server.request.duration http.request.method=DELETE,http.response.status_code=503,http.route=/Users/{id},error.type=503,url.scheme=https":   1,
		"http.server.active_requests http.request.method=POST,url.scheme=https":                                                                          0,
		"scim.operation.duration scim.operation=create,scim.resource_type=User,http.response.status_code=201,scim.bulk=false":                            2,
		"scim.operation.duration scim.operation=create,scim.resource_type=User,http.response.status_code=409,scim.error_type=uniqueness,scim.bulk=false": 1,
		"scim.rate_limited ": 1,
		"scim.brake.stops scim.brake.kind=leavers,scim.resource_type=User":      1,
		"scim.outbox.entries scim.outbox.queue=event,scim.outbox.state=pending": 0,
		"scim.outbox.oldest scim.outbox.queue=revoke":                           0,
	} {
		metric, attributes, _ := strings.Cut(name, " ")
		found := false
		for have, n := range got {
			m, a, _ := strings.Cut(have, " ")
			if m == metric && sameAttributes(a, attributes) {
				found = true
				require.Equal(t, want, n, name)
			}
		}
		require.True(t, found, "%s is not in %v", name, got)
	}
}

// sameAttributes compares lists of attributes in any order.
func sameAttributes(a, b string) bool {
	set := func(s string) map[string]bool {
		out := map[string]bool{}
		for _, one := range strings.Split(s, ",") {
			out[one] = true
		}
		return out
	}
	return fmt.Sprint(set(a)) == fmt.Sprint(set(b))
}

func TestSpans(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *otelscim.Config, s *scim.Config) {
		s.Authorize = func(_ context.Context, op scim.Operation) error {
			switch op.ID {
			case "broken":
				return errors.New("the text of an error")
			case "abort":
				panic(http.ErrAbortHandler)
			}
			return nil
		}
	})
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	w.send("POST", "/Users", scimtest.User("ada"), func(r *http.Request) { r.Header.Set("traceparent", parent) })
	w.send("GET", "/Users/broken", "")
	w.send("GET", "/Nothing/here", "")
	w.send("BREW", "/Users", "")
	w.send("POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Users/1"}]}`)
	require.Panics(t, func() { w.send("GET", "/Users/abort", "") })
	spans := w.spans.GetSpans()
	var names []string
	for _, s := range spans {
		names = append(names, s.Name)
	}
	require.Equal(t, []string{"POST /Users", "GET /Users/{id}", "GET", "HTTP /Users", "POST /Bulk", "GET /Users/{id}"}, names)
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", spans[0].SpanContext.TraceID().String())
	require.Equal(t, "00f067aa0ba902b7", spans[0].Parent.SpanID().String())
	require.Equal(t, codes.Unset, spans[0].Status.Code)
	require.Equal(t, trace.Status{Code: codes.Error}, spans[1].Status)
	require.Empty(t, spans[1].Events, "no text of an error")
	set := attribute.NewSet(spans[1].Attributes...)
	for key, want := range map[attribute.Key]string{"http.request.method": "GET", "http.route": "/Users/{id}", "error.type": "500", "scim.operation": "retrieve", "scim.resource_type": "User", "url.scheme": "https"} {
		v, _ := set.Value(key)
		require.Equal(t, want, v.AsString(), key)
	}
	set = attribute.NewSet(spans[4].Attributes...)
	v, _ := set.Value("scim.bulk.failures")
	require.EqualValues(t, 1, v.AsInt64())
	set = attribute.NewSet(spans[5].Attributes...)
	v, _ = set.Value("error.type")
	require.Equal(t, "aborted", v.AsString())
}

// Nothing that a client chooses is exported, and no tenant or connection.
func TestNoPersonalDataIsExported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *otelscim.Config, s *scim.Config) {
		c.HealthTenants = func(context.Context) ([]string, error) { return []string{"acme"}, nil }
		s.NewID = func() string { return "id-of-lovelace-" + fmt.Sprint(time.Now().UnixNano()) }
		s.Authorize = func(_ context.Context, op scim.Operation) error {
			if op.ID == "lovelace" {
				panic("lovelace")
			}
			return nil
		}
	})
	hostile := func(r *http.Request) {
		r.Host = "lovelace.example.com"
		r.RemoteAddr = "192.0.2.77:4711"
		r.Header.Set("User-Agent", "lovelace")
		r.Header.Set("X-Forwarded-For", "192.0.2.78")
		r.Header.Set("baggage", "user=lovelace")
		r.Header.Set("tracestate", "user=lovelace")
	}
	for _, path := range []string{"/Users", "/Users/lovelace", "/lovelace", "/Users?filter=userName+eq+%22lovelace%22", "/Users?filter=lovelace", "/Users/.search", "/Bulk", "/Me"} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "LOVELACE"} {
			for _, body := range []string{scimtest.User("lovelace", `"password":"lovelace"`), scimtest.PatchOp(`{"op":"lovelace","path":"lovelace"}`), "lovelace"} {
				w.send(method, path, body, hostile)
			}
		}
	}
	w.send("GET", "/Users", "", func(r *http.Request) { r.Header.Set("Authorization", "Bearer lovelace") })
	spans := w.spans.GetSpans()
	require.Len(t, spans, 145)
	var all metricdata.ResourceMetrics
	require.NoError(t, w.read.Collect(t.Context(), &all))
	var text strings.Builder
	for _, s := range spans {
		fmt.Fprintf(&text, "%s %v %v %v %v\n", s.Name, s.Attributes, s.Events, s.Status, s.Links)
	}
	for _, scope := range all.ScopeMetrics {
		fmt.Fprintf(&text, "%+v\n", scope)
	}
	for name := range w.metrics() {
		text.WriteString(name)
	}
	require.Contains(t, text.String(), "scim.connections")
	for _, planted := range []string{"lovelace", "192.0.2", "acme", "okta"} {
		require.NotContains(t, strings.ToLower(text.String()), planted)
	}
}

func TestTenantsAndConnectionsOnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *otelscim.Config, _ *scim.Config) { c.Tenants, c.Connections = true, true })
	w.send("GET", "/Users", "")
	found := false
	for name := range w.metrics() {
		found = found || strings.HasPrefix(name, "scim.operation.duration") && strings.Contains(name, "scim.connection=okta") && strings.Contains(name, "scim.tenant=acme")
	}
	require.True(t, found)
}

func TestOutboxAndRevocations(t *testing.T) {
	t.Parallel()
	failing := true
	w := newWorld(t, func(_ *otelscim.Config, s *scim.Config) {
		s.Hooks.Revoke = func(context.Context, *event.Event) error {
			if failing {
				return errors.New("down")
			}
			return nil
		}
	})
	path := strings.TrimPrefix(w.send("POST", "/Users", scimtest.User("ada", `"active":true`)).Header().Get("Location"), scimtest.BaseURL)
	require.Equal(t, 503, w.send("DELETE", path, "").Code)
	w.clock = w.clock.Add(time.Minute)
	got := w.metrics()
	require.EqualValues(t, 1, got["scim.outbox.entries scim.outbox.queue=revoke,scim.outbox.state=pending"])
	require.EqualValues(t, 60, got["scim.outbox.oldest scim.outbox.queue=revoke"])
	require.EqualValues(t, 1, got["scim.revocation.failures "])
	failing = false
	require.Equal(t, 404, w.send("DELETE", path, "").Code)
	got = w.metrics()
	require.EqualValues(t, 0, got["scim.outbox.entries scim.outbox.queue=revoke,scim.outbox.state=pending"])
	require.EqualValues(t, 1, got["scim.revocation.duration "])
	require.NoError(t, w.t.Close())
	require.NoError(t, w.t.Close())
	require.NotContains(t, w.metrics(), "scim.outbox.oldest scim.outbox.queue=revoke")
}

// Without an outbox there are no gauges, and without the middleware no spans.
func TestWithoutOutboxAndMiddleware(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *otelscim.Config, s *scim.Config) { s.Outbox = nil })
	w.t.Observe(t.Context(), &scim.Exchange{Method: "GET", Route: "/Users", Status: 200})
	require.Empty(t, w.spans.GetSpans())
	require.Len(t, w.metrics(), 1)
}

// away is a database whose outbox cannot be counted.
type away struct{ *memstore.DB }

func (away) Backlog(context.Context) ([]store.Backlog, error) {
	return nil, errors.New("the database is away")
}

// While the store fails the other metrics are exported, which a reader does only with
// collections without an error.
func TestOutboxThatCannotBeCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *otelscim.Config, s *scim.Config) { s.Outbox = away{s.Outbox.(*memstore.DB)} })
	w.send("GET", "/Users", "")
	got := w.metrics()
	require.NotContains(t, got, "scim.outbox.oldest scim.outbox.queue=revoke")
	require.NotEmpty(t, got)
}

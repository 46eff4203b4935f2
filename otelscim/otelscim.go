package otelscim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/store"
)

// Name is the name of the meter and the tracer.
const Name = "github.com/seed5f3efb56/scim/otelscim"

// Config is the configuration of [New]. The zero value uses the global providers.
type Config struct {
	MeterProvider  metric.MeterProvider          // default otel.GetMeterProvider()
	TracerProvider trace.TracerProvider          // default otel.GetTracerProvider()
	Propagator     propagation.TextMapPropagator // default otel.GetTextMapPropagator()
	// Tenants and Connections add the attributes scim.tenant and scim.connection to
	// spans and to the metrics scim.operation.duration, scim.rate_limited and
	// scim.brake.stops; Tenants also to the gauges of Health. They are for services with
	// few of them.
	Tenants, Connections bool
	// Health, if set, is where the gauges of users, connections, credentials and the
	// brake come from, a *health.Monitor that is attached to the handler: they say what
	// the console and the command show. It is asked at most every 30 s. A collection
	// waits 2 s for it, and uses the last answer, of the last ten minutes, if it takes
	// longer or fails; a failure goes to the error handler of OpenTelemetry.
	Health Health
	// HealthTenants returns the tenants that Health is asked about, such as
	// connection.Manager.Tenants; default the one with the empty name.
	HealthTenants func(ctx context.Context) ([]string, error)
	// Now is the clock of scim.outbox.oldest, scim.revocation.duration and the gauges of
	// Health; default time.Now. It should be that of scim.Config.
	Now func() time.Time
}

// Telemetry measures a handler. It is made by [New] and safe for concurrent use.
type Telemetry struct {
	cfg    Config
	meter  metric.Meter
	tracer trace.Tracer

	duration   metric.Float64Histogram
	active     metric.Int64UpDownCounter
	operation  metric.Float64Histogram
	limited    metric.Int64Counter
	stops      metric.Int64Counter
	revocation metric.Float64Histogram
	failed     metric.Int64Counter

	readings readings
	mu       sync.Mutex
	gauges   []metric.Registration
}

// Attributes of SCIM.
const (
	operationKey  = attribute.Key("scim.operation")
	typeKey       = attribute.Key("scim.resource_type")
	errorTypeKey  = attribute.Key("scim.error_type")
	bulkKey       = attribute.Key("scim.bulk")
	failuresKey   = attribute.Key("scim.bulk.failures")
	sizeKey       = attribute.Key("scim.bulk.operations")
	referenceKey  = attribute.Key("scim.reference")
	tenantKey     = attribute.Key("scim.tenant")
	connectionKey = attribute.Key("scim.connection")
	kindKey       = attribute.Key("scim.brake.kind")
	queueKey      = attribute.Key("scim.outbox.queue")
	stateKey      = attribute.Key("scim.outbox.state")
)

// seconds are the boundaries that the semantic conventions advise for durations.
var seconds = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// revocationSeconds also has those of a revocation that is tried again.
var revocationSeconds = []float64{0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600}

// New returns a telemetry. The error is that of the meter.
func New(cfg Config) (*Telemetry, error) {
	if cfg.MeterProvider == nil {
		cfg.MeterProvider = otel.GetMeterProvider()
	}
	if cfg.TracerProvider == nil {
		cfg.TracerProvider = otel.GetTracerProvider()
	}
	if cfg.Propagator == nil {
		cfg.Propagator = otel.GetTextMapPropagator()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	t := &Telemetry{cfg: cfg, tracer: cfg.TracerProvider.Tracer(Name, trace.WithSchemaURL(semconv.SchemaURL))}
	t.meter = cfg.MeterProvider.Meter(Name, metric.WithSchemaURL(semconv.SchemaURL))
	var errs [7]error
	histogram := func(name, what string, boundaries []float64, err *error) (h metric.Float64Histogram) {
		h, *err = t.meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(what), metric.WithExplicitBucketBoundaries(boundaries...))
		return h
	}
	t.duration = histogram("http.server.request.duration", "Duration of HTTP server requests.", seconds, &errs[0])
	t.operation = histogram("scim.operation.duration", "Duration of SCIM operations, those of bulk requests included.", seconds, &errs[1])
	t.revocation = histogram("scim.revocation.duration", "Time from the write that ended access to the end of its revocation.", revocationSeconds, &errs[2])
	t.active, errs[3] = t.meter.Int64UpDownCounter("http.server.active_requests", metric.WithUnit("{request}"), metric.WithDescription("Number of active HTTP server requests."))
	t.limited, errs[4] = t.meter.Int64Counter("scim.rate_limited", metric.WithUnit("{request}"), metric.WithDescription("Requests beyond the limits of the rate."))
	t.stops, errs[5] = t.meter.Int64Counter("scim.brake.stops", metric.WithUnit("{operation}"), metric.WithDescription("Writes that the brake stopped."))
	t.failed, errs[6] = t.meter.Int64Counter("scim.revocation.failures", metric.WithUnit("{call}"), metric.WithDescription("Calls of Hooks.Revoke that failed."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return t, nil
}

// seen is what a request tells its span.
type seen struct{ span trace.Span }

type seenKey struct{}

// Middleware begins a span for each request, of which [Telemetry.Observe] adds the
// route and the result, and counts active requests. The trace of the client is
// continued.
func (t *Telemetry) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := semconv.HTTPRequestMethodKey.String(methodOf(r.Method))
		scheme := semconv.URLScheme(schemeOf(r))
		ctx := t.cfg.Propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.tracer.Start(ctx, nameOf(r.Method), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(method, scheme))
		defer span.End()
		active := metric.WithAttributeSet(attribute.NewSet(method, scheme))
		t.active.Add(ctx, 1, active)
		defer t.active.Add(ctx, -1, active)
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, seenKey{}, &seen{span})))
	})
}

// Observe measures a request. It is a scim.Config.Observe.
func (t *Telemetry) Observe(ctx context.Context, x *scim.Exchange) {
	attributes := append(httpAttributes(x), semconv.URLScheme(schemeOf(x.Request)))
	t.duration.Record(ctx, x.Duration.Seconds(), metric.WithAttributes(attributes...))
	if len(x.Operations) == 0 {
		t.count(ctx, x, false)
	}
	failures := 0
	for i := range x.Operations {
		t.count(ctx, &x.Operations[i], true)
		if x.Operations[i].Status >= 400 {
			failures++
		}
	}
	s, ok := ctx.Value(seenKey{}).(*seen)
	if !ok || !s.span.IsRecording() {
		return
	}
	s.span.SetName(nameOf(x.Method))
	if x.Route != unknownRoute {
		s.span.SetName(nameOf(x.Method) + " " + x.Route)
	}
	attributes = append(append(attributes, t.scimAttributes(x)...), referenceKey.String(x.Reference))
	if len(x.Operations) > 0 {
		attributes = append(attributes, sizeKey.Int(len(x.Operations)), failuresKey.Int(failures))
	}
	s.span.SetAttributes(attributes...)
	if x.Status >= 500 {
		s.span.SetStatus(codes.Error, "") // the text may hold a person's data
	}
}

// count measures one operation.
func (t *Telemetry) count(ctx context.Context, x *scim.Exchange, bulk bool) {
	if x.Status == 429 {
		t.limited.Add(ctx, 1, metric.WithAttributes(t.whose(x)...))
	}
	var stop *brake.Stop
	if errors.As(x.Err, &stop) {
		t.stops.Add(ctx, 1, metric.WithAttributes(append(t.whose(x), kindKey.String(string(stop.Kind)), typeKey.String(stop.Type))...))
	}
	if x.Operation != "" {
		attributes := append(t.scimAttributes(x), bulkKey.Bool(bulk))
		if x.Status != 0 {
			attributes = append(attributes, semconv.HTTPResponseStatusCode(x.Status))
		}
		t.operation.Record(ctx, x.Duration.Seconds(), metric.WithAttributes(attributes...))
	}
}

// Revoke returns a scim.Hooks.Revoke that calls a hook and measures it: the time from
// the write that ended access to the end of the hook that succeeded, and the calls that
// failed.
func (t *Telemetry) Revoke(hook func(ctx context.Context, e *event.Event) error) func(ctx context.Context, e *event.Event) error {
	return func(ctx context.Context, e *event.Event) error {
		if err := hook(ctx, e); err != nil {
			t.failed.Add(ctx, 1)
			return err
		}
		t.revocation.Record(ctx, max(0, t.cfg.Now().Sub(e.Time).Seconds()))
		return nil
	}
}

// unknownRoute is scim.Exchange.Route of a path of no endpoint.
const unknownRoute = "?"

// httpAttributes returns those of the semantic conventions.
func httpAttributes(x *scim.Exchange) []attribute.KeyValue {
	out := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(methodOf(x.Method))}
	if x.Route != unknownRoute {
		out = append(out, semconv.HTTPRoute(x.Route))
	}
	if x.Status != 0 {
		out = append(out, semconv.HTTPResponseStatusCode(x.Status))
	}
	switch {
	case x.Aborted:
		out = append(out, semconv.ErrorTypeKey.String("aborted"))
	case x.Status >= 500:
		out = append(out, semconv.ErrorTypeKey.String(strconv.Itoa(x.Status)))
	}
	return out
}

func (t *Telemetry) scimAttributes(x *scim.Exchange) []attribute.KeyValue {
	out := t.whose(x)
	for _, a := range []attribute.KeyValue{operationKey.String(string(x.Operation)), typeKey.String(x.Type), errorTypeKey.String(string(x.ScimType))} {
		if a.Value.AsString() != "" {
			out = append(out, a)
		}
	}
	return out
}

// whose returns the tenant and the connection, if the configuration asks for them.
func (t *Telemetry) whose(x *scim.Exchange) []attribute.KeyValue {
	var out []attribute.KeyValue
	if t.cfg.Tenants && x.Authenticated {
		out = append(out, tenantKey.String(x.Tenant))
	}
	if t.cfg.Connections && x.Authenticated {
		out = append(out, connectionKey.String(x.Connection))
	}
	return out
}

// methodOf returns a method of HTTP, _OTHER for a word that a client made up.
func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return method
	}
	return "_OTHER"
}

// nameOf returns the name of a span without its route.
func nameOf(method string) string {
	if m := methodOf(method); m != "_OTHER" {
		return m
	}
	return "HTTP"
}

// schemeOf returns the scheme of the connection that the server accepted.
func schemeOf(r *http.Request) string {
	if r != nil && r.TLS != nil {
		return "https"
	}
	return "http"
}

// Attach registers the gauges of the handler's outbox, if that is a store.Backlogs, and
// those of Config.Health. It is called once, after scim.New. The backlog is asked for at
// each collection; while the store fails its gauges are left out, and the error goes to
// the error handler of OpenTelemetry.
func (t *Telemetry) Attach(h *scim.Handler) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if outbox, ok := h.Config().Outbox.(store.Backlogs); ok {
		r, err := t.attachOutbox(outbox)
		if err != nil {
			return err
		}
		t.gauges = append(t.gauges, r)
	}
	if t.cfg.Health != nil {
		r, err := t.attachHealth()
		if err != nil {
			return err
		}
		t.gauges = append(t.gauges, r)
	}
	return nil
}

// attachOutbox registers the gauges of an outbox.
func (t *Telemetry) attachOutbox(outbox store.Backlogs) (metric.Registration, error) {
	entries, err := t.meter.Int64ObservableGauge("scim.outbox.entries", metric.WithUnit("{entry}"), metric.WithDescription("Entries of the outbox, of all tenants."))
	if err != nil {
		return nil, err
	}
	oldest, err := t.meter.Float64ObservableGauge("scim.outbox.oldest", metric.WithUnit("s"), metric.WithDescription("How long the oldest pending entry waits."))
	if err != nil {
		return nil, err
	}
	return t.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		all, err := outbox.Backlog(ctx)
		if err != nil {
			// As the error of the collection it would keep all other metrics away.
			otel.Handle(fmt.Errorf("otelscim: outbox: %w", err))
			return nil
		}
		now := t.cfg.Now()
		for _, q := range []store.Queue{store.QueueRevoke, store.QueueEvent} {
			pending, dead, wait := sum(all, q, now)
			queue := queueKey.String(string(q))
			o.ObserveInt64(entries, pending, metric.WithAttributes(queue, stateKey.String("pending")))
			o.ObserveInt64(entries, dead, metric.WithAttributes(queue, stateKey.String("dead")))
			o.ObserveFloat64(oldest, wait.Seconds(), metric.WithAttributes(queue))
		}
		return nil
	}, entries, oldest)
}

// Close unregisters the gauges.
func (t *Telemetry) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, r := range t.gauges {
		errs = append(errs, r.Unregister())
	}
	t.gauges = nil
	t.readings.close()
	return errors.Join(errs...)
}

// sum returns the entries of a queue of all tenants, and how long the oldest waits.
func sum(all []store.Backlog, q store.Queue, now time.Time) (pending, dead int64, wait time.Duration) {
	for _, b := range all {
		if b.Queue != q {
			continue
		}
		pending, dead = pending+int64(b.Pending), dead+int64(b.Dead)
		if !b.Oldest.IsZero() {
			wait = max(wait, now.Sub(b.Oldest))
		}
	}
	return pending, dead, wait
}

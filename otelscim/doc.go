// Package otelscim measures a SCIM service provider with OpenTelemetry: metrics of
// every request, a span for each, and gauges of the outbox.
//
//	telemetry, err := otelscim.New(otelscim.Config{})
//	handler, err := scim.New(scim.Config{…, Observe: telemetry.Observe})
//	err = telemetry.Attach(handler)
//	mux.Handle("/scim/v2/", telemetry.Middleware(handler))
//
// # Metrics
//
// Those of HTTP have the names of the semantic conventions, those of SCIM the prefix
// scim:
//
//	http.server.request.duration   histogram, s    http.request.method, http.route, http.response.status_code, url.scheme, error.type
//	http.server.active_requests    up-down counter http.request.method, url.scheme
//	scim.operation.duration        histogram, s    scim.operation, scim.resource_type, http.response.status_code, scim.error_type, scim.bulk
//	scim.rate_limited              counter         requests answered 429
//	scim.brake.stops               counter         scim.brake.kind, scim.resource_type
//	scim.revocation.duration       histogram, s    from the write that ended access to the end of Hooks.Revoke ([Telemetry.Revoke])
//	scim.revocation.failures       counter         calls of Hooks.Revoke that failed
//	scim.outbox.entries            gauge           scim.outbox.queue, scim.outbox.state
//	scim.outbox.oldest             gauge, s        scim.outbox.queue: how long the oldest pending entry waits
//
// and with [Config.Health], numbers only:
//
//	scim.users                     gauge           scim.user.state: active, inactive
//	scim.connections               gauge           scim.connection.level: waiting, ok, warning, failing
//	scim.credentials.expiring      gauge           credentials that expire within 30 days and are not revoked
//	scim.brake.stopped             gauge           connections that the brake has stopped
//
// http.route is the pattern of a path, such as /Users/{id}, below scim.Config.BaseURL.
//
// # Personal data
//
// No attribute and no name has anything that a client can choose freely: no id, path,
// query, filter, host, address, user agent, detail of an error or text of a panic. So
// url.path and url.query, which the conventions ask for, are left out. Tenants and
// connections are left out too, unless [Config.Tenants] or [Config.Connections] asks
// for them: they name customers and multiply the number of series.
package otelscim

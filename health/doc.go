// Package health answers the question of an operator: does provisioning work, for each
// connection, and if not, what happened and what is to be done?
//
//	monitor, err := health.New(health.Config{Tokens: db, Store: db})
//	handler, err := scim.New(scim.Config{…, Observe: monitor.Observe})
//	monitor.Attach(handler)
//	go monitor.Run(ctx) // shares the figures with other processes
//
//	statuses, err := monitor.Status(ctx, "acme")
//
// [Monitor.Observe] counts, for each connection and hour, the requests and the errors,
// and keeps the last request, the last success and the last error with its reason in
// words. [Monitor.Status] joins them with what the stores know: users and groups,
// the outbox, the brake, credentials that expire.
//
// Nothing here has a user's data: no id, name, filter or body. The detail of an error
// names attributes; texts that a client sent are masked in it. A detail that code of
// the application chose ([scim.Error]) is kept as it is, but for quoted texts.
//
// Memory is bounded by [Config.Connections]; requests without valid credentials share
// one place. Figures are counted in the process; with a [Store] they are added to those
// of the other processes and survive a restart, but for the last seconds before a crash.
package health

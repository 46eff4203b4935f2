// Package audit is the audit trail: what each client did to which user or group, with
// the values before and after. scim.Config.AuditTrail is where its records are written,
// a store.AuditTrail; a [Reader] reads them. memstore.DB and sqlstore.DB are both.
//
//	for rec, err := range audit.All(ctx, db, audit.Query{Type: "User", ResourceID: id}) {
//		…
//	}
//
// The record of a write is committed with the write, in its transaction: a write that
// is acknowledged has exactly one, a write that was rolled back has none. A record is
// written once and never changed. What becomes known later is a record of its own
// ([Result]) that names the first ([Record.Of]).
//
// docs/audit.md says what is recorded and what is not.
package audit

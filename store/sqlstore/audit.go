package sqlstore

import (
	"context"
	"fmt"

	"github.com/seed5f3efb56/scim/store"
)

var _ store.AuditTrail = (*DB)(nil)

// Record implements [store.AuditTrail]. The records are the rows of the table
// scim_audit, in the order of seq; times are UTC in RFC 3339 with nine digits. A
// text with a NUL, with the byte 1 or that is not UTF-8 is kept as the byte 1 and
// its hexadecimal digits.
func (db *DB) Record(ctx context.Context, r store.Record) error {
	if !validID(r.ID) {
		return fmt.Errorf("sqlstore: %q is not an id for an audit record", r.ID)
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		_, err := db.exec(ctx, "INSERT INTO scim_audit (id, owner, tenant, actor, at, operation, type, resource, outcome, payload) VALUES "+list(10),
			r.ID, squeeze(r.Tenant), exact(r.Tenant), exact(r.Actor), instant(r.Time), exact(r.Operation), exact(r.Type), exact(r.ResourceID), exact(r.Outcome), string(r.Payload))
		if err != nil {
			return fmt.Errorf("record: %w", err)
		}
		return nil
	})
}

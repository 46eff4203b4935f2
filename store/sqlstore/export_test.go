package sqlstore

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/store"
)

// MySQLDSN is mysqlDSN.
var MySQLDSN = mysqlDSN

// Records reads the audit trail.
func (db *DB) Records(ctx context.Context) ([]store.Record, error) {
	var out []store.Record
	err := db.query(ctx, "SELECT id, tenant, actor, at, operation, type, resource, outcome, payload FROM scim_audit ORDER BY seq", nil, func(scan func(...any) error) error {
		var r store.Record
		var tenant, actor, at, operation, typ, resource, outcome string
		if err := scan(&r.ID, &tenant, &actor, &at, &operation, &typ, &resource, &outcome, &r.Payload); err != nil {
			return err
		}
		var errs [7]error
		r.Tenant, errs[0] = inexact(tenant)
		r.Actor, errs[1] = inexact(actor)
		r.Time, errs[2] = parseTime(at)
		r.Operation, errs[3] = inexact(operation)
		r.Type, errs[4] = inexact(typ)
		r.ResourceID, errs[5] = inexact(resource)
		r.Outcome, errs[6] = inexact(outcome)
		out = append(out, r)
		return errors.Join(errs[:]...)
	})
	return out, err
}

// LeaveLater sets after how many members that leave the rows are removed by later
// writes, and how many rows each of them removes.
func (db *DB) LeaveLater(atOnce, sweep int) {
	d := *db.d
	d.leaveAtOnce, d.sweep = atOnce, sweep
	db.d = &d
}

// RowsLeft returns how many rows of scim_member there are, and how many spans of
// rows that do not count.
func (db *DB) RowsLeft(ctx context.Context) (rows, spans int, err error) {
	err = db.one(ctx, "SELECT (SELECT COUNT(*) FROM scim_member), (SELECT COUNT(*) FROM scim_left)", nil, &rows, &spans)
	return rows, spans, err
}

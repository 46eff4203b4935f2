package sqlstore

import (
	"context"

	"github.com/seed5f3efb56/scim/store"
)

// MySQLDSN is mysqlDSN.
var MySQLDSN = mysqlDSN

// KeepStatements is keepStatements.
var KeepStatements = keepStatements

// AllRecords reads the audit trail of all tenants.
func (db *DB) AllRecords(ctx context.Context) ([]store.Record, error) {
	var out []store.Record
	err := db.query(ctx, "SELECT seq, id, tenant, actor, connection, at, operation, type, resource, outcome, payload FROM scim_audit ORDER BY seq", nil, func(scan func(...any) error) error {
		r, _, err := scanRecord(scan)
		out = append(out, r)
		return err
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

// CachedTokens returns how many tokens the cache holds.
func (db *DB) CachedTokens() int {
	db.known.mu.Lock()
	defer db.known.mu.Unlock()
	return len(db.known.tokens)
}

// BreakTokenCache closes its connection.
func (db *DB) BreakTokenCache() error { return db.known.close() }

package memstore

import (
	"context"

	"github.com/seed5f3efb56/scim/store"
)

// AllRecords returns the audit records of all tenants.
func (db *DB) AllRecords(ctx context.Context) ([]store.Record, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var out []store.Record
	for _, r := range s.trail.records.from(0) {
		out = append(out, r)
	}
	return out, nil
}

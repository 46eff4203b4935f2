package memstore

import (
	"bytes"
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/store"
)

var _ store.AuditTrail = (*DB)(nil)

// trail has the audit records of all tenants.
type trail struct {
	records tree[number, store.Record]
	ids     tree[text, none]
}

// Record implements [store.AuditTrail].
func (db *DB) Record(ctx context.Context, r store.Record) error {
	return db.edit(ctx, func(s *state) error {
		if _, taken := s.trail.ids.get(text(r.ID)); taken || r.ID == "" {
			return errors.New("memstore: the id of an audit record is empty or taken")
		}
		r.Payload = bytes.Clone(r.Payload)
		s.trail.records = s.trail.records.put(number(s.trail.records.len()), r)
		s.trail.ids = s.trail.ids.put(text(r.ID), none{})
		return nil
	})
}

// Records returns the audit records of all tenants in the order in which they
// were recorded, for tests and demonstrations.
func (db *DB) Records(ctx context.Context) ([]store.Record, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var out []store.Record
	for _, r := range s.trail.records.from(0) {
		r.Payload = bytes.Clone(r.Payload)
		out = append(out, r)
	}
	return out, nil
}

package memstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/internal/position"
	"github.com/seed5f3efb56/scim/store"
)

var (
	_ store.AuditTrail = (*DB)(nil)
	_ audit.Reader     = (*DB)(nil)
)

// trail has the audit records of all tenants.
type trail struct {
	records tree[moment, store.Record]
	ids     tree[text, none]
	last    uint64 // the number of the record that was recorded last
}

// moment is the place of a record: the newest of a tenant is its first.
type moment struct {
	tenant string
	at     time.Time
	number uint64
}

func (a moment) compare(b moment) int {
	return cmp.Or(strings.Compare(a.tenant, b.tenant), b.at.Compare(a.at), cmp.Compare(b.number, a.number))
}

// Record implements [store.AuditTrail].
func (db *DB) Record(ctx context.Context, r store.Record) error {
	return db.edit(ctx, func(s *state) error {
		if _, taken := s.trail.ids.get(text(r.ID)); taken || r.ID == "" {
			return errors.New("memstore: the id of an audit record is empty or taken")
		}
		r.Payload = bytes.Clone(r.Payload)
		s.trail.last++
		s.trail.records = s.trail.records.put(moment{r.Tenant, r.Time, s.trail.last}, r)
		s.trail.ids = s.trail.ids.put(text(r.ID), none{})
		return nil
	})
}

// auditOrder names the order of a page of records.
const auditOrder = "audit"

// Records implements [audit.Reader].
func (db *DB) Records(ctx context.Context, q audit.Query) ([]store.Record, string, error) {
	s, err := db.snapshot(ctx)
	if err != nil {
		return nil, "", err
	}
	first, err := firstMoment(store.Tenant(ctx), q)
	if err != nil {
		return nil, "", err
	}
	count := q.Count
	if count <= 0 {
		count = audit.DefaultCount
	}
	var page []store.Record
	var last moment
	for at, r := range s.trail.records.from(s.trail.records.rank(first)) {
		if at.tenant != first.tenant || r.Time.Before(q.From) {
			break
		}
		if !selects(q, r) {
			continue
		}
		if len(page) == count {
			return page, position.Join(auditOrder, strconv.FormatInt(last.at.Unix(), 10), strconv.Itoa(last.at.Nanosecond()), strconv.FormatUint(last.number, 10)), nil
		}
		r.Payload = bytes.Clone(r.Payload)
		page, last = append(page, r), at
	}
	return page, "", nil
}

// selects reports whether a query selects a record, whatever its time.
func selects(q audit.Query, r store.Record) bool {
	for _, c := range [...][2]string{
		{q.ResourceID, r.ResourceID}, {q.Type, r.Type}, {q.Actor, r.Actor}, {q.Connection, r.Connection},
		{string(q.Operation), r.Operation}, {string(q.Outcome), r.Outcome},
	} {
		if c[0] != "" && c[0] != c[1] {
			return false
		}
	}
	return true
}

// latest is after every time of a record.
var latest = time.Unix(1<<40, 0)

// firstMoment is the first place that a page may have.
func firstMoment(tenant string, q audit.Query) (moment, error) {
	first := moment{tenant: tenant, at: latest}
	if !q.To.IsZero() {
		first.at = q.To // numbers begin at 1: those of this very time come before
	}
	if q.After == "" {
		return first, nil
	}
	parts, err := position.Split(q.After, auditOrder)
	if err != nil || len(parts) != 3 {
		return first, store.ErrPosition
	}
	seconds, err1 := strconv.ParseInt(parts[0], 10, 64)
	nanoseconds, err2 := strconv.ParseInt(parts[1], 10, 64)
	number, err3 := strconv.ParseUint(parts[2], 10, 64)
	if errors.Join(err1, err2, err3) != nil || number == 0 {
		return first, store.ErrPosition
	}
	after := moment{tenant, time.Unix(seconds, nanoseconds), number - 1}
	if first.compare(after) < 0 {
		first = after
	}
	return first, nil
}

// PruneRecords implements [audit.Reader].
func (db *DB) PruneRecords(ctx context.Context, before time.Time, n int) (int, error) {
	removed := 0
	err := db.edit(ctx, func(s *state) error {
		removed = 0
		for at, r := range s.trail.records.from(0) {
			if removed >= n {
				break
			}
			if at.at.Before(before) {
				s.trail.records, s.trail.ids = s.trail.records.delete(at), s.trail.ids.delete(text(r.ID))
				removed++
			}
		}
		return nil
	})
	return removed, err
}

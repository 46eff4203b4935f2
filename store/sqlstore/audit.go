package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/internal/position"
	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

var (
	_ store.AuditTrail = (*DB)(nil)
	_ audit.Reader     = (*DB)(nil)
)

// Record implements [store.AuditTrail]. The records are the rows of the table
// scim_audit, in the order of seq; times are UTC in RFC 3339 with nine digits. A
// text with a NUL, with the byte 1 or that is not UTF-8 is kept as the byte 1 and
// its hexadecimal digits.
func (db *DB) Record(ctx context.Context, r store.Record) error {
	if !validID(r.ID) {
		return fmt.Errorf("sqlstore: %q is not an id for an audit record", r.ID)
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		_, err := db.exec(ctx, "INSERT INTO scim_audit (id, owner, tenant, actor, connection, at, operation, type, resource, outcome, payload) VALUES "+list(11),
			r.ID, squeeze(r.Tenant), exact(r.Tenant), exact(r.Actor), exact(r.Connection), instant(r.Time), exact(r.Operation), exact(r.Type), exact(r.ResourceID), exact(r.Outcome), string(r.Payload))
		if err != nil {
			return fmt.Errorf("record: %w", err)
		}
		return nil
	})
}

// auditScans are how many records are looked through for one page, of those that an
// index finds: a few first, which are enough unless few of them fulfil the other
// conditions. MariaDB reads all of them in any case.
var auditScans = []int{500, 1500, 3000}

// auditHead is how many characters of a text (for MariaDB bytes) an index of records
// has.
const auditHead = 128

// Records implements [audit.Reader]. It reads by the index of one condition: of the
// resource, the actor, the outcome, the operation, the connection or the type, in this
// order. With others it looks through 5,000 records that the index finds.
func (db *DB) Records(ctx context.Context, q audit.Query) ([]store.Record, string, error) {
	if err := db.ready(ctx); err != nil {
		return nil, "", err
	}
	if q.Count <= 0 {
		q.Count = audit.DefaultCount
	}
	var page []store.Record
	for _, scan := range auditScans {
		some, next, err := db.someRecords(ctx, q, scan)
		if err != nil {
			return nil, "", err
		}
		page = append(page, some...)
		q.Count, q.After = q.Count-len(some), next
		if next == "" || q.Count == 0 {
			break
		}
	}
	return page, q.After, nil
}

// someRecords returns a page of what is found among a number of records.
func (db *DB) someRecords(ctx context.Context, q audit.Query, scan int) (page []store.Record, next string, err error) {
	found, rest, err := db.recordsOf(ctx, q)
	if err != nil {
		return nil, "", err
	}
	var last auditPlace
	query, args := auditPage(found, rest, q.Count, scan)
	err = db.query(ctx, query, args, func(scan func(...any) error) error {
		if len(page) == q.Count {
			next = last.position()
			return sqldb.ErrStop
		}
		var r store.Record
		r, last, err = scanRecord(scan)
		page = append(page, r)
		return err
	})
	if err != nil || next != "" || rest.sql == "" {
		return page, next, err
	}
	// The end of what was looked through.
	err = db.one(ctx, "SELECT at, seq FROM scim_audit WHERE "+found.sql+auditNewest+" LIMIT 1 OFFSET ?", append(found.args[:len(found.args):len(found.args)], scan-1), &last.at, &last.seq)
	switch {
	case errors.Is(err, errNoRow):
		return page, "", nil
	case err != nil:
		return nil, "", err
	}
	return page, last.position(), nil
}

const auditNewest = " ORDER BY at DESC, seq DESC"

// auditPage returns the statement that reads a page: the rows are found in an index
// and read when it is known which ones they are.
func auditPage(found, rest clause, count, scan int) (string, []any) {
	const fields = "SELECT a.seq, a.id, a.tenant, a.actor, a.connection, a.at, a.operation, a.type, a.resource, a.outcome, a.payload"
	inner := "(SELECT seq AS place, at AS moment FROM scim_audit WHERE " + found.sql + auditNewest + " LIMIT ?) o"
	outer := " FROM " + inner + " JOIN scim_audit a ON a.seq = o.place"
	const newest = " ORDER BY o.moment DESC, o.place DESC"
	args := found.args[:len(found.args):len(found.args)]
	if rest.sql == "" {
		return fields + outer + newest, append(args, count+1)
	}
	return fields + outer + " WHERE " + rest.sql + newest + " LIMIT ?", append(append(append(args, scan), rest.args...), count+1)
}

// recordsOf returns the condition that an index answers, and the others.
func (db *DB) recordsOf(ctx context.Context, q audit.Query) (found, rest clause, err error) {
	found = condition("owner = ?", squeeze(store.Tenant(ctx)))
	indexed := false
	for _, c := range [...]struct{ column, value string }{
		{"resource", q.ResourceID}, {"actor", q.Actor}, {"outcome", string(q.Outcome)},
		{"operation", string(q.Operation)}, {"connection", q.Connection}, {"type", q.Type},
	} {
		if c.value == "" {
			continue
		}
		value := exact(c.value)
		head, whole := db.d.headOf(value)
		if !indexed {
			found = join(found, "AND", condition(db.d.head(c.column)+" = ?", head))
		}
		if indexed || !whole {
			one := condition("a."+c.column+" = ?", value)
			if rest.sql != "" {
				one = join(rest, "AND", one)
			}
			rest = one
		}
		indexed = true
	}
	if !q.From.IsZero() {
		found = join(found, "AND", condition("at >= ?", instant(q.From)))
	}
	if !q.To.IsZero() {
		found = join(found, "AND", condition("at < ?", instant(q.To)))
	}
	if q.After != "" {
		after, err := placeOfRecord(q.After)
		if err != nil {
			return found, rest, err
		}
		found = join(found, "AND", condition("at <= ? AND (at < ? OR seq < ?)", after.at, after.at, after.seq))
	}
	return found, rest, nil
}

// headOf returns the part of a text that an index of records has, and whether that
// is all of it.
func (d *dialect) headOf(text string) (head any, whole bool) {
	if d.length(text) < auditHead {
		return text, true
	}
	if d.kind == sqldb.MySQL {
		return []byte(text)[:auditHead], false
	}
	return string([]rune(text)[:auditHead]), false
}

func scanRecord(scan func(...any) error) (store.Record, auditPlace, error) {
	var r store.Record
	var p auditPlace
	var payload string
	texts := [...]*string{&r.Tenant, &r.Actor, &r.Connection, &r.Operation, &r.Type, &r.ResourceID, &r.Outcome}
	if err := scan(&p.seq, &r.ID, &r.Tenant, &r.Actor, &r.Connection, &p.at, &r.Operation, &r.Type, &r.ResourceID, &r.Outcome, &payload); err != nil {
		return r, p, err
	}
	var errs [len(texts) + 1]error
	for i, text := range texts {
		*text, errs[i] = inexact(*text)
	}
	r.Time, errs[len(texts)] = parseTime(p.at)
	r.Payload = []byte(payload)
	return r, p, errors.Join(errs[:]...)
}

// auditPlace is where a record is in the order of a page.
type auditPlace struct {
	at  string
	seq int64
}

// auditOrder names the order of a page of records.
const auditOrder = "audit"

func (p auditPlace) position() string {
	return position.Join(auditOrder, p.at, strconv.FormatInt(p.seq, 10))
}

func placeOfRecord(after string) (auditPlace, error) {
	parts, err := position.Split(after, auditOrder)
	if err != nil || len(parts) != 2 {
		return auditPlace{}, store.ErrPosition
	}
	at, err := parseTime(parts[0])
	if err != nil {
		return auditPlace{}, store.ErrPosition
	}
	seq, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return auditPlace{}, store.ErrPosition
	}
	return auditPlace{instant(at), seq}, nil
}

// PruneRecords implements [audit.Reader]. Rows are removed tenant by tenant.
func (db *DB) PruneRecords(ctx context.Context, before time.Time, n int) (int, error) {
	removed := 0
	err := db.InTx(ctx, func(ctx context.Context) error {
		removed = 0
		owner, err := db.ownerFrom(ctx, ">=", "")
		for err == nil && removed < n {
			var gone int
			if gone, err = db.pruneOwner(ctx, owner, before, n-removed); err == nil {
				removed += gone
				owner, err = db.ownerFrom(ctx, ">", owner)
			}
		}
		if errors.Is(err, errNoRow) {
			err = nil
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune records: %w", err)
	}
	return removed, nil
}

// ownerFrom returns the first owner of records after another, or from it on.
func (db *DB) ownerFrom(ctx context.Context, op, owner string) (string, error) {
	err := db.one(ctx, "SELECT owner FROM scim_audit WHERE owner "+op+" ? ORDER BY owner LIMIT 1", []any{owner}, &owner)
	return owner, err
}

// pruneOwner removes up to n of the oldest records of one owner.
func (db *DB) pruneOwner(ctx context.Context, owner string, before time.Time, n int) (int, error) {
	var rows []any
	err := db.query(ctx, "SELECT seq FROM scim_audit WHERE owner = ? AND at < ? ORDER BY at LIMIT ?", []any{owner, instant(before), n}, func(scan func(...any) error) error {
		var seq int64
		err := scan(&seq)
		rows = append(rows, seq)
		return err
	})
	removed := int64(0)
	for len(rows) > 0 && err == nil {
		batch := rows[:min(len(rows), sqldb.Batch)]
		rows = rows[len(batch):]
		var gone int64
		gone, err = db.exec(ctx, "DELETE FROM scim_audit WHERE seq IN "+list(len(batch)), batch...)
		removed += gone
	}
	return int(removed), err
}

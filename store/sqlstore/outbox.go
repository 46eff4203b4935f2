package sqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

var (
	_ store.Outbox   = (*DB)(nil)
	_ store.Backlogs = (*DB)(nil)
)

// A line is the ordered entries of one queue and one resource. It has a row in
// scim_line while one of its entries is not dead; the row has the due of the
// first of them. Every change of an entry locks the row of its line. Claiming
// locks line rows, so it costs what is claimed. A lease is implemented by moving
// due forward.

// lineOf returns the key of the line of an entry.
func lineOf(q store.Queue, tenant, typ, resource string) string {
	var b strings.Builder
	for _, s := range []string{string(q), tenant, typ, resource} {
		b.WriteString(strconv.Itoa(len(s)))
		b.WriteByte(':')
		b.WriteString(s)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// Append implements [store.Outbox].
func (db *DB) Append(ctx context.Context, entries []store.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		for len(entries) > 0 {
			n := batchSize(entries)
			if err := db.append(ctx, entries[:n]); err != nil {
				return fmt.Errorf("append: %w", err)
			}
			entries = entries[n:]
		}
		return nil
	})
}

// batchSize returns the number of entries for one statement: MariaDB accepts 16 MiB
// by default (max_allowed_packet).
func batchSize(entries []store.Entry) int {
	const most = 4 * store.MaxPayload
	n, size := 0, 0
	for n < min(len(entries), sqldb.Batch) {
		if size += len(entries[n].Payload); n > 0 && size > most {
			break
		}
		n++
	}
	return n
}

func (db *DB) append(ctx context.Context, entries []store.Entry) error {
	const columns = 13
	lines := map[string]store.Entry{}
	args := make([]any, 0, columns*len(entries))
	for _, e := range entries {
		if !validID(e.ID) {
			return fmt.Errorf("sqlstore: %q is no id for an entry", e.ID)
		}
		line := lineOf(e.Queue, e.Tenant, e.Type, e.ResourceID)
		if _, ok := lines[line]; !ok {
			lines[line] = e
		}
		args = append(args, e.ID, line, flag(e.Dead), string(e.Queue), squeeze(e.Tenant), exact(e.Tenant), exact(e.Type), exact(e.ResourceID),
			instant(e.Created), instant(e.Due), e.Attempts, escape(e.Reason), string(e.Payload))
	}
	for _, line := range slices.Sorted(maps.Keys(lines)) { // always in one order, against deadlocks
		if err := db.hold(ctx, line, lines[line].Queue, lines[line].Due); err != nil {
			return err
		}
	}
	_, err := db.exec(ctx, "INSERT INTO scim_outbox (id, line, dead, queue, owner, tenant, type, resource, created, due, attempts, reason, payload) VALUES "+
		rows(len(entries), columns), args...)
	return err
}

// hold locks the row of a line until the transaction ends. It makes the row,
// with that due, if there is none.
func (db *DB) hold(ctx context.Context, line string, q store.Queue, due time.Time) error {
	_, err := db.exec(ctx, "INSERT INTO scim_line (line, queue, due) VALUES (?, ?, ?)"+db.d.holding, line, string(q), instant(due))
	return err
}

// settle makes the row of a locked line agree with its entries.
func (db *DB) settle(ctx context.Context, line string) error {
	var due string
	err := db.one(ctx, "SELECT due FROM scim_outbox WHERE line = ? AND dead = 0 ORDER BY seq LIMIT 1", []any{line}, &due)
	switch {
	case errors.Is(err, errNoRow):
		_, err = db.exec(ctx, "DELETE FROM scim_line WHERE line = ?", line)
	case err == nil:
		_, err = db.exec(ctx, "UPDATE scim_line SET due = ? WHERE line = ?", due, line)
	}
	return err
}

// change runs fn with the line of an entry locked. It reports false, and does
// not run fn, if there is no such entry.
func (db *DB) change(ctx context.Context, id string, fn func(ctx context.Context) error) (found bool, err error) {
	if !validID(id) {
		return false, nil
	}
	err = db.InTx(ctx, func(ctx context.Context) error {
		var line, queue string
		err := db.one(ctx, "SELECT line, queue FROM scim_outbox WHERE id = ?", []any{id}, &line, &queue)
		if found = err == nil; !found {
			if errors.Is(err, errNoRow) {
				return nil
			}
			return err
		}
		if err := db.hold(ctx, line, store.Queue(queue), time.Time{}); err != nil {
			return err
		}
		if err := fn(ctx); err != nil {
			return err
		}
		return db.settle(ctx, line)
	})
	return found, err
}

// Done implements [store.Outbox].
func (db *DB) Done(ctx context.Context, e store.Entry) error {
	_, err := db.change(ctx, e.ID, func(ctx context.Context) error {
		_, err := db.exec(ctx, "DELETE FROM scim_outbox WHERE id = ? AND due = ?", e.ID, instant(e.Due))
		return err
	})
	return err
}

// Fail implements [store.Outbox].
func (db *DB) Fail(ctx context.Context, e store.Entry, reason string, retry time.Time, dead bool) error {
	_, err := db.change(ctx, e.ID, func(ctx context.Context) error {
		_, err := db.exec(ctx, "UPDATE scim_outbox SET attempts = attempts + 1, reason = ?, due = ?, dead = ? WHERE id = ? AND due = ? AND dead = 0",
			escape(reason), instant(retry), flag(dead), e.ID, instant(e.Due))
		return err
	})
	return err
}

// Replay implements [store.Outbox].
func (db *DB) Replay(ctx context.Context, id string) error {
	var replayed int64
	found, err := db.change(ctx, id, func(ctx context.Context) error {
		var err error
		replayed, err = db.exec(ctx, "UPDATE scim_outbox SET attempts = 0, due = ?, dead = 0 WHERE id = ? AND owner = ? AND dead = 1",
			instant(time.Time{}), id, squeeze(store.Tenant(ctx)))
		return err
	})
	if err == nil && (!found || replayed == 0) {
		return store.ErrNotFound
	}
	return err
}

// entryColumns are what scanEntry reads, of alias o.
const entryColumns = "o.id, o.queue, o.tenant, o.type, o.resource, o.payload, o.created, o.attempts, o.due, o.reason, o.dead"

// entries runs a SELECT of entryColumns.
func (db *DB) entries(ctx context.Context, query string, args ...any) ([]store.Entry, error) {
	var out []store.Entry
	err := db.query(ctx, query, args, func(scan func(...any) error) error {
		e, err := scanEntry(scan)
		out = append(out, e)
		return err
	})
	return out, err
}

func scanEntry(scan func(...any) error) (store.Entry, error) {
	var e store.Entry
	var queue, tenant, typ, resource, created, due, reason string
	var dead int
	if err := scan(&e.ID, &queue, &tenant, &typ, &resource, &e.Payload, &created, &e.Attempts, &due, &reason, &dead); err != nil {
		return e, err
	}
	e.Queue, e.Reason, e.Dead = store.Queue(queue), unescape(reason), dead != 0
	var errs [5]error
	e.Tenant, errs[0] = inexact(tenant)
	e.Type, errs[1] = inexact(typ)
	e.ResourceID, errs[2] = inexact(resource)
	e.Created, errs[3] = parseTime(created)
	e.Due, errs[4] = parseTime(due)
	return e, errors.Join(errs[:]...)
}

// Pending implements [store.Outbox].
func (db *DB) Pending(ctx context.Context, q store.Queue, typ, id string) ([]store.Entry, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	return db.entries(ctx, "SELECT "+entryColumns+" FROM scim_outbox o WHERE o.line = ? AND o.dead = 0 ORDER BY o.seq",
		lineOf(q, store.Tenant(ctx), typ, id))
}

// Dead implements [store.Outbox].
func (db *DB) Dead(ctx context.Context, after string, n int) ([]store.Entry, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	return db.entries(ctx, "SELECT "+entryColumns+" FROM scim_outbox o WHERE o.dead = 1 AND o.owner = ? AND o.id > ? ORDER BY o.id LIMIT ?",
		squeeze(store.Tenant(ctx)), escape(after), max(n, 0))
}

// Claim implements [store.Outbox]. It leaves out lines that another transaction
// has locked.
func (db *DB) Claim(ctx context.Context, q store.Queue, now, until time.Time, n int) ([]store.Entry, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	n = min(n, sqldb.Batch)
	due := []any{string(q), instant(now)}
	const lines = "SELECT line FROM scim_line WHERE queue = ? AND due <= ? ORDER BY due LIMIT "
	// Most of the time no line is due; then nothing is written.
	var any string
	err := db.one(ctx, lines+"1", due, &any)
	if errors.Is(err, errNoRow) || err == nil && n <= 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var claimed []store.Entry
	err = db.InTx(ctx, func(ctx context.Context) error {
		var err error
		claimed, err = db.claim(ctx, lines+strconv.Itoa(n)+db.d.skipLocked, due, until)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return claimed, nil
}

func (db *DB) claim(ctx context.Context, query string, args []any, until time.Time) ([]store.Entry, error) {
	var lines []any
	err := db.query(ctx, query, args, func(scan func(...any) error) error {
		var line string
		err := scan(&line)
		lines = append(lines, line)
		return err
	})
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	in := list(len(lines))
	first := " o.seq = (SELECT x.seq FROM scim_outbox x WHERE x.line = l.line AND x.dead = 0 ORDER BY x.seq LIMIT 1)"
	claimed, err := db.entries(ctx, "SELECT "+entryColumns+" FROM scim_line l JOIN scim_outbox o ON"+first+
		" WHERE l.line IN "+in+" ORDER BY o.seq", lines...)
	if err != nil {
		return nil, err
	}
	if len(claimed) < len(lines) { // entries were deleted by hand
		for _, line := range lines {
			if err := db.settle(ctx, line.(string)); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	ids := make([]any, len(claimed))
	for i := range claimed {
		ids[i], claimed[i].Due = claimed[i].ID, until
	}
	if _, err := db.exec(ctx, "UPDATE scim_line SET due = ? WHERE line IN "+in, append([]any{instant(until)}, lines...)...); err != nil {
		return nil, err
	}
	_, err = db.exec(ctx, "UPDATE scim_outbox SET due = ? WHERE id IN "+list(len(ids)), append([]any{instant(until)}, ids...)...)
	return claimed, err
}

// Backlog implements [store.Backlogs].
func (db *DB) Backlog(ctx context.Context) ([]store.Backlog, error) {
	if err := db.ready(ctx); err != nil {
		return nil, err
	}
	var out []store.Backlog
	err := db.query(ctx, "SELECT tenant, queue, COUNT(*) - SUM(dead), SUM(dead), COALESCE(MIN(CASE WHEN dead = 0 THEN created END), '') FROM scim_outbox GROUP BY tenant, queue",
		nil, func(scan func(...any) error) error {
			b, err := scanBacklog(scan)
			out = append(out, b)
			return err
		})
	return out, err
}

func scanBacklog(scan func(...any) error) (store.Backlog, error) {
	var b store.Backlog
	var tenant, queue, oldest string
	if err := scan(&tenant, &queue, &b.Pending, &b.Dead, &oldest); err != nil {
		return b, err
	}
	b.Queue = store.Queue(queue)
	var errs [2]error
	b.Tenant, errs[0] = inexact(tenant)
	if oldest != "" {
		b.Oldest, errs[1] = parseTime(oldest)
	}
	return b, errors.Join(errs[:]...)
}

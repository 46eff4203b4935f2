package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

var _ store.Counters = (*DB)(nil)

// Count implements [store.Counters]. The row of a counter is locked until the
// transaction ends.
func (db *DB) Count(ctx context.Context, c store.Count) (int64, error) {
	key := []any{squeeze(store.Tenant(ctx)), squeeze(c.Name)}
	if c.Add == 0 {
		return db.counter(ctx, key, c.At)
	}
	var n int64
	err := db.InTx(ctx, func(ctx context.Context) error {
		_, err := db.exec(ctx, "INSERT INTO scim_counter (owner, name, n, ends) VALUES (?, ?, 0, ?)"+db.d.counting, append(key, instant(c.Expires))...)
		if err != nil {
			return err
		}
		n, err = db.add(ctx, key, c)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	return n, nil
}

// counter reads a counter.
func (db *DB) counter(ctx context.Context, key []any, at time.Time) (int64, error) {
	if err := db.ready(ctx); err != nil {
		return 0, err
	}
	var n int64
	err := db.one(ctx, "SELECT n FROM scim_counter WHERE owner = ? AND name = ? AND (ends = ? OR ends > ?)",
		append(key, instant(time.Time{}), instant(at)), &n)
	if errors.Is(err, errNoRow) {
		return 0, nil
	}
	return n, err
}

// add adds to a counter whose row is locked and returns the new value.
func (db *DB) add(ctx context.Context, key []any, c store.Count) (int64, error) {
	var n int64
	var ends string
	if err := db.one(ctx, "SELECT n, ends FROM scim_counter WHERE owner = ? AND name = ?", key, &n, &ends); err != nil {
		return 0, err
	}
	if ends != instant(time.Time{}) && ends <= instant(c.At) {
		n, ends = 0, instant(c.Expires)
	}
	starts := n == 0
	n += c.Add
	_, err := db.exec(ctx, "UPDATE scim_counter SET n = ?, ends = ? WHERE owner = ? AND name = ?", append([]any{n, ends}, key...)...)
	if err == nil && starts {
		err = db.forgetCounters(ctx, key[0], c.At)
	}
	return n, err
}

// forgetCounters removes counters of a tenant that ended a day ago, a few at a
// time, so that they do not pile up.
func (db *DB) forgetCounters(ctx context.Context, owner any, at time.Time) error {
	var names []any
	err := db.query(ctx, "SELECT name FROM scim_counter WHERE owner = ? AND ends > ? AND ends <= ? LIMIT 10"+db.d.skipLocked,
		[]any{owner, instant(time.Time{}), instant(at.Add(-24 * time.Hour))}, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			names = append(names, name)
			return err
		})
	if err != nil || len(names) == 0 {
		return err
	}
	_, err = db.exec(ctx, "DELETE FROM scim_counter WHERE owner = ? AND name IN "+list(len(names)), append([]any{owner}, names...)...)
	return err
}

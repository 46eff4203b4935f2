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
		at := instant(c.At)
		err := db.one(ctx, "INSERT INTO scim_counter (owner, name, n, ends) VALUES (?, ?, ?, ?)"+db.d.counting+" RETURNING n",
			append(key, c.Add, instant(c.Expires), at, at), &n)
		if err == nil && n == c.Add { // it begins, perhaps again
			err = db.forgetCounters(ctx, key[0], c.At)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	return n, nil
}

// countingOver returns the assignments of n and ends, in this order, that count on in
// the row of a counter, or anew if it has ended at a time, an argument of each. old is
// the prefix of the columns of the row, inserted makes those of the row that was to be
// inserted.
func countingOver(old string, inserted func(column string) string) string {
	ended := "(" + old + "ends <> '" + instant(time.Time{}) + "' AND " + old + "ends <= ?)"
	return " n = CASE WHEN " + ended + " THEN 0 ELSE " + old + "n END + " + inserted("n") +
		", ends = CASE WHEN " + ended + " THEN " + inserted("ends") + " ELSE " + old + "ends END"
}

// onConflictCounting is dialect.counting of PostgreSQL and SQLite.
var onConflictCounting = " ON CONFLICT (owner, name) DO UPDATE SET" +
	countingOver("scim_counter.", func(column string) string { return "excluded." + column })

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

package main

import (
	"context"
	"errors"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/seed5f3efb56/scim/store"
)

var (
	_ store.Counters   = (*database)(nil)
	_ store.AuditTrail = (*database)(nil)
)

// counter is a counter as it is kept; Ends is zero if it never ends.
type counter struct {
	Value int64
	Ends  time.Time
}

// findCounter returns the counter of a name; none counts on that has ended.
func findCounter(tx *bolt.Tx, tenant string, c store.Count) (now counter, live bool, err error) {
	ok, err := getJSON(tx.Bucket(bucketCounters), keyOf(tenant, c.Name), &now)
	return now, ok && (now.Ends.IsZero() || now.Ends.After(c.At)), err
}

// Count implements [store.Counters].
func (db *database) Count(ctx context.Context, c store.Count) (value int64, err error) {
	tenant := store.Tenant(ctx)
	if c.Add == 0 {
		err = db.read(ctx, func(tx *bolt.Tx) error {
			now, live, err := findCounter(tx, tenant, c)
			if live {
				value = now.Value
			}
			return err
		})
		return value, err
	}
	err = db.write(ctx, func(tx *bolt.Tx) error {
		now, live, err := findCounter(tx, tenant, c)
		if err != nil {
			return err
		}
		if !live {
			if err := forgetCounters(tx, c.At); err != nil {
				return err
			}
			now = counter{0, c.Expires}
		}
		now.Value += c.Add
		value = now.Value
		return steps(
			func() error { return putJSON(tx.Bucket(bucketCounters), keyOf(tenant, c.Name), now) },
			func() error {
				if now.Ends.IsZero() {
					return nil
				}
				return tx.Bucket(bucketEnds).Put(keyOf(instant(now.Ends), tenant, c.Name), nil)
			},
		)
	})
	return value, err
}

// forgetCounters removes a few counters that ended a day ago.
func forgetCounters(tx *bolt.Tx, at time.Time) error {
	end := string(keyOf(instant(at.Add(-24 * time.Hour))))
	var old [][]byte
	for key := range ascending(tx.Bucket(bucketEnds), nil, nil) {
		if string(key) >= end || len(old) == 10 {
			break
		}
		old = append(old, append([]byte(nil), key...))
	}
	for _, key := range old {
		if err := forgetCounter(tx, key); err != nil {
			return err
		}
	}
	return nil
}

// forgetCounter removes the counter of a key of the bucket ends, unless it has
// been started anew since.
func forgetCounter(tx *bolt.Tx, key []byte) error {
	parts, _ := partsOf(key)
	at := keyOf(parts[1], parts[2])
	var now counter
	ok, err := getJSON(tx.Bucket(bucketCounters), at, &now)
	if err == nil && ok && instant(now.Ends) == parts[0] {
		err = tx.Bucket(bucketCounters).Delete(at)
	}
	return errors.Join(err, tx.Bucket(bucketEnds).Delete(key))
}

// Record implements [store.AuditTrail].
func (db *database) Record(ctx context.Context, r store.Record) error {
	return db.write(ctx, func(tx *bolt.Tx) error {
		if r.ID == "" || tx.Bucket(bucketAuditIDs).Get(keyOf(r.ID)) != nil {
			return errors.New("kvstore: the id of the audit record is empty or taken")
		}
		return steps(
			func() error { return tx.Bucket(bucketAuditIDs).Put(keyOf(r.ID), nil) },
			func() error { return tx.Bucket(bucketAudit).Put(keyOf(r.Tenant, instant(r.Time), r.ID), auditValue(r)) },
		)
	})
}

// auditValue is a record as it is kept. Its texts are any strings, of which JSON
// keeps only UTF-8.
func auditValue(r store.Record) []byte {
	return keyOf(r.ID, r.Tenant, r.Actor, r.Time.UTC().Format(time.RFC3339Nano), r.Operation, r.Type, r.ResourceID, r.Outcome, r.Connection, string(r.Payload))
}

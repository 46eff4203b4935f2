package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/store"
)

// The buckets, with the parts of their keys. Every key of a resource begins with
// the tenant and the resource type, so that a look-up cannot leave its tenant.
var (
	bucketResources = []byte("resources") // tenant, type, id → record
	bucketIDs       = []byte("ids")       // tenant, id → nothing; stays after a deletion
	bucketCount     = []byte("count")     // tenant, type → number of resources
	bucketOrder     = []byte("order")     // tenant, type, seq → id
	bucketIndex     = []byte("index")     // tenant, type, path, absent, key, seq → id
	bucketMembers   = []byte("members")   // tenant, type, group, place → member
	bucketJoined    = []byte("joined")    // tenant, type, group, member → place
	bucketMemberOf  = []byte("memberOf")  // tenant, type, folded member, member, seq of the group → group
	bucketDead      = []byte("dead")      // tenant, type, id → record
	bucketFormer    = []byte("former")    // tenant, type, path, key → id of the tombstone deleted last
	bucketDeadSince = []byte("deadSince") // tenant, type, time, id → nothing
	bucketEntries   = []byte("entries")   // id → entry of the outbox
	bucketStreams   = []byte("streams")   // queue, tenant, type, resource, seq → id
	bucketDue       = []byte("due")       // queue, time, seq → id, of the first entry of each stream
	bucketDeadWork  = []byte("deadWork")  // tenant, id → nothing
	bucketTokens    = []byte("tokens")    // id → token
	bucketSums      = []byte("sums")      // SHA-256 → id
	bucketIssued    = []byte("issued")    // tenant, time, id → nothing
	bucketCounters  = []byte("counters")  // tenant, name → counter
	bucketEnds      = []byte("ends")      // time, tenant, name → nothing
	bucketAudit     = []byte("audit")     // tenant, time, id → record of the audit trail
	bucketAuditIDs  = []byte("auditIDs")  // id → nothing
)

var buckets = [][]byte{
	bucketResources, bucketIDs, bucketCount, bucketOrder, bucketIndex, bucketMembers, bucketJoined, bucketMemberOf,
	bucketDead, bucketFormer, bucketDeadSince, bucketEntries, bucketStreams, bucketDue, bucketDeadWork,
	bucketTokens, bucketSums, bucketIssued, bucketCounters, bucketEnds, bucketAudit, bucketAuditIDs,
}

// database is one file. It is the transactor of all stores in it, the outbox,
// the token store, the counters and the audit trail.
type database struct {
	bolt *bolt.DB
	turn chan struct{} // held by the transaction that writes
}

var _ interface {
	store.Transactor
	scim.Located
} = (*database)(nil)

// open opens a file, which it makes if there is none. One process at a time may
// have it open.
func open(name string) (*database, error) {
	b, err := bolt.Open(name, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	err = b.Update(func(tx *bolt.Tx) error {
		for _, bucket := range buckets {
			if _, err := tx.CreateBucketIfNotExists(bucket); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &database{bolt: b, turn: make(chan struct{}, 1)}, nil
}

// Database implements [scim.Located].
func (db *database) Database() any { return db }

func (db *database) close() error { return db.bolt.Close() }

type txKey struct{ db *database }

// InTx implements [store.Transactor]. bbolt has one writer; transactions queue
// for it here, where waiting ends with the context. A commit that fails is of
// unknown outcome.
func (db *database) InTx(ctx context.Context, fn func(context.Context) error) error {
	if _, ok := ctx.Value(txKey{db}).(*bolt.Tx); ok {
		return fn(ctx)
	}
	select {
	case db.turn <- struct{}{}:
		defer func() { <-db.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	tx, err := db.bolt.Begin(true)
	if err != nil {
		return fmt.Errorf("%w: kvstore: %w", store.ErrUnavailable, err)
	}
	defer tx.Rollback() // does nothing after a commit
	if err := fn(context.WithValue(ctx, txKey{db}, tx)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%w: kvstore: commit: %w", store.ErrUnavailable, err)
	}
	return nil
}

// read runs fn in the transaction of the context, or on a snapshot.
func (db *database) read(ctx context.Context, fn func(*bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if tx, ok := ctx.Value(txKey{db}).(*bolt.Tx); ok {
		return fn(tx)
	}
	return db.bolt.View(fn)
}

// write runs fn in the transaction of the context, or in one of its own.
func (db *database) write(ctx context.Context, fn func(*bolt.Tx) error) error {
	return db.InTx(ctx, func(ctx context.Context) error { return db.read(ctx, fn) })
}

// getJSON reads the value of a key; false if there is none.
func getJSON(b *bolt.Bucket, key []byte, v any) (bool, error) {
	text := b.Get(key)
	if text == nil {
		return false, nil
	}
	return true, json.Unmarshal(text, v)
}

func putJSON(b *bolt.Bucket, key []byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Put(key, text)
}

// steps collects the errors of several writes, of which each is skipped after
// the first that failed.
func steps(all ...func() error) error {
	for _, step := range all {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

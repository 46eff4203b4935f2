package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/seed5f3efb56/scim/store"
)

// A stream is the entries of one queue and resource that wait, in order. The
// first of each stream has a key in the bucket due, by which it is claimed; a
// lease is a later due.

var (
	_ store.Outbox   = (*database)(nil)
	_ store.Backlogs = (*database)(nil)
)

// work is an entry as it is kept.
type work struct {
	store.Entry
	Seq uint64
}

func (w work) stream() []byte {
	return keyOf(string(w.Queue), w.Tenant, w.Type, w.ResourceID)
}

func (w work) turn() []byte { return append(w.stream(), keyOf(number(w.Seq))...) }

func (w work) due() []byte { return keyOf(string(w.Queue), instant(w.Due), number(w.Seq)) }

// find reads an entry; false if there is none.
func findWork(tx *bolt.Tx, id string) (w work, ok bool, err error) {
	ok, err = getJSON(tx.Bucket(bucketEntries), keyOf(id), &w)
	return w, ok, err
}

// head returns the first entry of a stream.
func head(tx *bolt.Tx, stream []byte) (w work, ok bool, err error) {
	for _, id := range ascending(tx.Bucket(bucketStreams), stream, nil) {
		return findWork(tx, string(id))
	}
	return work{}, false, nil
}

// move takes an entry out of its place, runs fn, which may put it into another,
// and updates which entry is the first of the stream.
func move(tx *bolt.Tx, w work, fn func() error) error {
	first, ok, err := head(tx, w.stream())
	if err != nil {
		return err
	}
	return steps(
		func() error {
			if !ok {
				return nil
			}
			return tx.Bucket(bucketDue).Delete(first.due())
		},
		func() error { return tx.Bucket(bucketDeadWork).Delete(keyOf(w.Tenant, w.ID)) },
		func() error { return tx.Bucket(bucketStreams).Delete(w.turn()) },
		fn,
		func() error {
			first, ok, err := head(tx, w.stream())
			if err != nil || !ok {
				return err
			}
			return tx.Bucket(bucketDue).Put(first.due(), []byte(first.ID))
		},
	)
}

// put stores an entry, new or changed.
func put(tx *bolt.Tx, w work) error {
	return move(tx, w, func() error {
		if err := putJSON(tx.Bucket(bucketEntries), keyOf(w.ID), w); err != nil {
			return err
		}
		if w.Dead {
			return tx.Bucket(bucketDeadWork).Put(keyOf(w.Tenant, w.ID), nil)
		}
		return tx.Bucket(bucketStreams).Put(w.turn(), []byte(w.ID))
	})
}

// Append implements [store.Outbox].
func (db *database) Append(ctx context.Context, entries []store.Entry) error {
	return db.write(ctx, func(tx *bolt.Tx) error {
		for _, e := range entries {
			if tx.Bucket(bucketEntries).Get(keyOf(e.ID)) != nil || e.ID == "" {
				return errors.New("kvstore: the id of an entry is empty or taken")
			}
			seq, err := tx.Bucket(bucketEntries).NextSequence()
			if err != nil {
				return err
			}
			if err := put(tx, work{e, seq}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Pending implements [store.Outbox].
func (db *database) Pending(ctx context.Context, q store.Queue, typ, id string) (out []store.Entry, err error) {
	err = db.read(ctx, func(tx *bolt.Tx) error {
		out = nil
		stream := keyOf(string(q), store.Tenant(ctx), typ, id)
		for _, id := range ascending(tx.Bucket(bucketStreams), stream, nil) {
			w, _, err := findWork(tx, string(id))
			if err != nil {
				return err
			}
			out = append(out, w.Entry)
		}
		return nil
	})
	return out, err
}

// ready returns up to n entries that may be claimed.
func ready(tx *bolt.Tx, q store.Queue, now time.Time, n int) ([]work, error) {
	var out []work
	end := string(keyOf(string(q), instant(now.Add(time.Microsecond))))
	for key, id := range ascending(tx.Bucket(bucketDue), keyOf(string(q)), nil) {
		if string(key) >= end || len(out) >= n {
			break
		}
		w, _, err := findWork(tx, string(id))
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// Claim implements [store.Outbox]. With nothing due it waits for no
// transaction.
func (db *database) Claim(ctx context.Context, q store.Queue, now, until time.Time, n int) (out []store.Entry, err error) {
	idle := false
	err = db.read(ctx, func(tx *bolt.Tx) error {
		first, err := ready(tx, q, now, 1)
		idle = len(first) == 0
		return err
	})
	if err != nil || idle {
		return nil, err
	}
	err = db.write(ctx, func(tx *bolt.Tx) error {
		out = nil
		all, err := ready(tx, q, now, n)
		if err != nil {
			return err
		}
		for _, w := range all {
			w.Due = until
			if err := put(tx, w); err != nil {
				return err
			}
			out = append(out, w.Entry)
		}
		return nil
	})
	return out, err
}

// settle runs fn with the stored entry, if its Due is still that of e.
func (db *database) settle(ctx context.Context, e store.Entry, fn func(*bolt.Tx, work) error) error {
	return db.write(ctx, func(tx *bolt.Tx) error {
		w, ok, err := findWork(tx, e.ID)
		if err != nil || !ok || !w.Due.Equal(e.Due) {
			return err
		}
		return fn(tx, w)
	})
}

// Done implements [store.Outbox].
func (db *database) Done(ctx context.Context, e store.Entry) error {
	return db.settle(ctx, e, func(tx *bolt.Tx, w work) error {
		return move(tx, w, func() error { return tx.Bucket(bucketEntries).Delete(keyOf(w.ID)) })
	})
}

// Fail implements [store.Outbox].
func (db *database) Fail(ctx context.Context, e store.Entry, reason string, retry time.Time, dead bool) error {
	return db.settle(ctx, e, func(tx *bolt.Tx, w work) error {
		if w.Dead {
			return nil
		}
		w.Attempts++
		w.Reason, w.Dead = reason, dead
		return w.dueAt(tx, retry)
	})
}

// dueAt stores an entry with another due. The place of the old due is that of
// the stored entry, which is still there.
func (w work) dueAt(tx *bolt.Tx, at time.Time) error {
	w.Due = at
	return put(tx, w)
}

// Dead implements [store.Outbox].
func (db *database) Dead(ctx context.Context, after string, n int) (out []store.Entry, err error) {
	err = db.read(ctx, func(tx *bolt.Tx) error {
		out = nil
		var from []byte
		if after != "" {
			from = keyOf(store.Tenant(ctx), after)
		}
		for key := range ascending(tx.Bucket(bucketDeadWork), keyOf(store.Tenant(ctx)), from) {
			if len(out) >= n {
				return nil
			}
			parts, _ := partsOf(key)
			w, _, err := findWork(tx, parts[1])
			if err != nil {
				return err
			}
			out = append(out, w.Entry)
		}
		return nil
	})
	return out, err
}

// Replay implements [store.Outbox].
func (db *database) Replay(ctx context.Context, id string) error {
	return db.write(ctx, func(tx *bolt.Tx) error {
		w, ok, err := findWork(tx, id)
		switch {
		case err != nil:
			return err
		case !ok || !w.Dead || w.Tenant != store.Tenant(ctx):
			return store.ErrNotFound
		}
		w.Dead, w.Attempts = false, 0
		return w.dueAt(tx, time.Time{})
	})
}

// Backlog implements [store.Backlogs].
func (db *database) Backlog(ctx context.Context) (out []store.Backlog, err error) {
	err = db.read(ctx, func(tx *bolt.Tx) error {
		all := map[[2]string]store.Backlog{}
		err := tx.Bucket(bucketEntries).ForEach(func(_, text []byte) error {
			var w work
			if err := json.Unmarshal(text, &w); err != nil {
				return err
			}
			key := [2]string{w.Tenant, string(w.Queue)}
			all[key] = withEntry(all[key], w.Entry)
			return ctx.Err()
		})
		out = nil
		for _, b := range all {
			out = append(out, b)
		}
		return err
	})
	return out, err
}

// withEntry returns a backlog that counts one entry more.
func withEntry(b store.Backlog, e store.Entry) store.Backlog {
	b.Tenant, b.Queue = e.Tenant, e.Queue
	if e.Dead {
		b.Dead++
		return b
	}
	if b.Pending == 0 || e.Created.Before(b.Oldest) {
		b.Oldest = e.Created
	}
	b.Pending++
	return b
}

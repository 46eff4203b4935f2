package main

import (
	"context"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// keeper is a store that keeps what it deletes as tombstones.
type keeper struct{ resources }

var _ interface {
	store.Reviver
	store.DeletedFinder
	store.Purger
} = keeper{}

// Describe implements [store.Describer].
func (k keeper) Describe() store.Capabilities {
	can := k.resources.Describe()
	can.Revives = true
	return can
}

// Delete implements [store.Store].
func (k keeper) Delete(ctx context.Context, c *store.Change) error {
	return k.db.write(ctx, func(tx *bolt.Tx) error {
		x := k.scope(ctx)
		rec, err := k.remove(tx, x, c)
		if err != nil {
			return err
		}
		rec.Deleted = c.At
		return k.bury(tx, x, c.ID, rec)
	})
}

// bury keeps a record that is deleted. Its unique values lead to it and no longer
// to an older tombstone.
func (k keeper) bury(tx *bolt.Tx, x scope, id string, rec record) error {
	names, err := k.names(x, id, rec)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := tx.Bucket(bucketFormer).Put(name, []byte(id)); err != nil {
			return err
		}
	}
	return steps(
		func() error { return putJSON(tx.Bucket(bucketDead), x.key(id), rec) },
		func() error { return tx.Bucket(bucketDeadSince).Put(x.key(instant(rec.Deleted), id), nil) },
	)
}

// exhume forgets a tombstone.
func (k keeper) exhume(tx *bolt.Tx, x scope, id string, rec record) error {
	names, err := k.names(x, id, rec)
	if err != nil {
		return err
	}
	for _, name := range names {
		if string(tx.Bucket(bucketFormer).Get(name)) != id {
			continue // a newer tombstone's
		}
		if err := tx.Bucket(bucketFormer).Delete(name); err != nil {
			return err
		}
	}
	return steps(
		func() error { return tx.Bucket(bucketDead).Delete(x.key(id)) },
		func() error { return tx.Bucket(bucketDeadSince).Delete(x.key(instant(rec.Deleted), id)) },
	)
}

// names returns the keys of a tombstone's unique values.
func (k keeper) names(x scope, id string, rec record) ([][]byte, error) {
	r, err := k.resource(id, rec)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, p := range k.t.Unique() {
		for v := range p.Values(r) {
			out = append(out, x.key(p.String(), valueKey(p.Last(), v)))
		}
	}
	return out, nil
}

// Tombstone implements [store.Reviver].
func (k keeper) Tombstone(ctx context.Context, p schema.AttrPath, v schema.Value, _ store.GetOptions) (r *schema.Resource, err error) {
	if !has(k.t.Unique(), p) || !v.Assigned() {
		return nil, store.ErrNotFound
	}
	err = k.db.read(ctx, func(tx *bolt.Tx) error {
		x := k.scope(ctx)
		id := tx.Bucket(bucketFormer).Get(x.key(p.String(), valueKey(p.Last(), v)))
		if id == nil {
			return store.ErrNotFound
		}
		rec, err := x.find(tx, bucketDead, string(id))
		if err != nil {
			return err
		}
		r, err = k.resource(string(id), rec)
		return err
	})
	return r, err
}

// FindDeleted implements [store.DeletedFinder]. It reads the tombstones of the
// type; a store with many of them has an index.
func (k keeper) FindDeleted(ctx context.Context, p schema.AttrPath, v schema.Value) (found bool, err error) {
	same := filter.New(filter.Compare{Path: p, Op: filter.EQ, Value: v})
	err = k.db.read(ctx, func(tx *bolt.Tx) error {
		for key := range ascending(tx.Bucket(bucketDead), k.scope(ctx).key(), nil) {
			parts, _ := partsOf(key)
			id := parts[len(parts)-1]
			rec, err := k.scope(ctx).find(tx, bucketDead, id)
			if err != nil {
				return err
			}
			r, err := k.resource(id, rec)
			if err != nil {
				return err
			}
			if found = same.Match(r); found {
				break
			}
		}
		return nil
	})
	return found, err
}

// Revive implements [store.Reviver].
func (k keeper) Revive(ctx context.Context, c *store.Change) (r *schema.Resource, err error) {
	err = k.db.write(ctx, func(tx *bolt.Tx) error {
		x := k.scope(ctx)
		old, err := x.find(tx, bucketDead, c.ID)
		switch {
		case err != nil:
			return err
		case c.IfVersion != "" && c.IfVersion != strconv.FormatInt(old.Version, 10):
			return store.ErrVersion
		}
		live := record{Seq: old.Seq, Version: old.Version, Created: old.Created}
		err = steps(
			func() error { return k.enter(tx, x, c.After, live) },
			func() error { return k.exhume(tx, x, c.ID, old) },
		)
		if err != nil {
			return err
		}
		r, err = k.resource(c.ID, live.with(c.After))
		return err
	})
	return r, err
}

// Purge implements [store.Purger]. The ids stay used.
func (k keeper) Purge(ctx context.Context, before time.Time, n int) (purged int, err error) {
	err = k.db.write(ctx, func(tx *bolt.Tx) error {
		x := k.scope(ctx)
		var ids []string
		end := string(x.key(instant(before)))
		for key := range ascending(tx.Bucket(bucketDeadSince), x.key(), nil) {
			if string(key) >= end || len(ids) >= n {
				break
			}
			parts, _ := partsOf(key)
			ids = append(ids, parts[len(parts)-1])
		}
		for _, id := range ids {
			rec, err := x.find(tx, bucketDead, id)
			if err != nil {
				return err
			}
			if err := k.exhume(tx, x, id, rec); err != nil {
				return err
			}
		}
		purged = len(ids)
		return nil
	})
	return purged, err
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// resources is the store of one resource type.
type resources struct {
	db    *database
	t     *schema.ResourceType
	paths []schema.AttrPath // indexed
}

var _ interface {
	store.Store
	store.Describer
	store.Exister
	scim.Located
	scim.TypedStore
} = resources{}

func (db *database) resources(t *schema.ResourceType) resources { return resources{db, t, paths(t)} }

// Type implements [scim.TypedStore].
func (s resources) Type() *schema.ResourceType { return s.t }

// Database implements [scim.Located].
func (s resources) Database() any { return s.db }

// users returns the store of the users, which keeps what is deleted.
func (db *database) users() keeper { return keeper{db.resources(schema.UserType)} }

// record is a resource as it is kept.
type record struct {
	Seq                   uint64 // place in lists
	Version               int64
	Created, LastModified time.Time
	Attributes            json.RawMessage
	Deleted               time.Time `json:",omitzero"`
}

// scope is a resource type in a tenant.
type scope struct{ tenant, typ string }

func (s resources) scope(ctx context.Context) scope { return scope{store.Tenant(ctx), s.t.Name} }

func (x scope) key(parts ...string) []byte {
	return keyOf(slices.Concat([]string{x.tenant, x.typ}, parts)...)
}

// Describe declares what an index answers. The library matches everything else.
func (s resources) Describe() store.Capabilities {
	indexed := []string{"id"}
	for _, p := range s.paths {
		indexed = append(indexed, p.String())
	}
	if s.t.Members() != nil {
		indexed = append(indexed, "members.value")
	}
	return store.Capabilities{Filter: filter.Indexed(indexed...).Can, Sort: s.sortable, Versions: true}
}

// resource returns a record as the resource it is.
func (s resources) resource(id string, rec record) (*schema.Resource, error) {
	attributes, errs := s.t.DecodeStored(rec.Attributes)
	if len(errs) > 0 {
		return nil, fmt.Errorf("kvstore: %s %s: %w", s.t.Name, id, errors.Join(errs...))
	}
	return &schema.Resource{
		Type: s.t, ID: id, Version: strconv.FormatInt(rec.Version, 10),
		Created: rec.Created, LastModified: rec.LastModified, Attributes: attributes,
	}, nil
}

// find reads a record; ErrNotFound if there is none.
func (x scope) find(tx *bolt.Tx, bucket []byte, id string) (record, error) {
	var rec record
	ok, err := getJSON(tx.Bucket(bucket), x.key(id), &rec)
	if err == nil && !ok {
		err = store.ErrNotFound
	}
	return rec, err
}

// Get implements [store.Store]. A transaction that writes is alone, so that
// ForUpdate asks for nothing more.
func (s resources) Get(ctx context.Context, id string, _ store.GetOptions) (r *schema.Resource, err error) {
	err = s.db.read(ctx, func(tx *bolt.Tx) error {
		rec, err := s.scope(ctx).find(tx, bucketResources, id)
		if err != nil {
			return err
		}
		r, err = s.resource(id, rec)
		return err
	})
	return r, err
}

// Exists implements [store.Exister].
func (s resources) Exists(ctx context.Context, ids []string, _ store.GetOptions) (found []string, err error) {
	err = s.db.read(ctx, func(tx *bolt.Tx) error {
		found = nil
		for _, id := range ids {
			if tx.Bucket(bucketResources).Get(s.scope(ctx).key(id)) != nil {
				found = append(found, id)
			}
		}
		return nil
	})
	return found, err
}

// Create implements [store.Store].
func (s resources) Create(ctx context.Context, c *store.Change) (r *schema.Resource, err error) {
	err = s.db.write(ctx, func(tx *bolt.Tx) error {
		var rec record
		if rec, err = s.create(tx, s.scope(ctx), c.After); err != nil {
			return err
		}
		r, err = s.resource(c.After.ID, rec)
		return err
	})
	return r, err
}

// create adds a resource. Ids are unique across all types of the tenant and are
// never used again (RFC 7643 §3.1).
func (s resources) create(tx *bolt.Tx, x scope, r *schema.Resource) (record, error) {
	used := keyOf(x.tenant, r.ID)
	if r.ID == "" || len(r.ID) > longest/4 || tx.Bucket(bucketIDs).Get(used) != nil {
		return record{}, fmt.Errorf("kvstore: the id of a new %s is empty, too long or was used before", s.t.Name)
	}
	seq, err := tx.Bucket(bucketResources).NextSequence()
	if err != nil {
		return record{}, err
	}
	rec := record{Seq: seq, Created: r.Created}
	return rec.with(r), steps(
		func() error { return s.enter(tx, x, r, rec) },
		func() error { return tx.Bucket(bucketIDs).Put(used, nil) },
	)
}

// with returns the record after a change, in its next version.
func (rec record) with(r *schema.Resource) record {
	rec.Version++
	rec.LastModified = r.LastModified
	rec.Attributes = r.Attributes.AppendJSON(nil)
	return rec
}

// enter writes a record that is not live yet, in its next version.
func (s resources) enter(tx *bolt.Tx, x scope, r *schema.Resource, rec record) error {
	now, err := s.entries(r)
	if err != nil {
		return err
	}
	return steps(
		func() error { return s.checkUnique(tx, x, r) },
		func() error { return putJSON(tx.Bucket(bucketResources), x.key(r.ID), rec.with(r)) },
		func() error { return tx.Bucket(bucketOrder).Put(x.key(number(rec.Seq)), []byte(r.ID)) },
		func() error { return x.reindex(tx, rec.Seq, r.ID, nil, now) },
		func() error { return x.counted(tx, 1) },
	)
}

// Update implements [store.Store].
func (s resources) Update(ctx context.Context, c *store.Change) (r *schema.Resource, err error) {
	err = s.db.write(ctx, func(tx *bolt.Tx) error {
		rec, err := s.current(tx, s.scope(ctx), c)
		if err != nil {
			return err
		}
		r, err = s.replace(tx, s.scope(ctx), rec, c.After)
		return err
	})
	return r, err
}

// current reads the record that a change is about: the compare of
// compare-and-set.
func (s resources) current(tx *bolt.Tx, x scope, c *store.Change) (record, error) {
	rec, err := x.find(tx, bucketResources, c.ID)
	if err == nil && c.IfVersion != "" && c.IfVersion != strconv.FormatInt(rec.Version, 10) {
		err = store.ErrVersion
	}
	return rec, err
}

// replace stores a resource in place of a record.
func (s resources) replace(tx *bolt.Tx, x scope, old record, r *schema.Resource) (*schema.Resource, error) {
	before, err := s.resource(r.ID, old)
	if err != nil {
		return nil, err
	}
	was, err := s.entries(before)
	if err != nil {
		return nil, err
	}
	now, err := s.entries(r)
	if err != nil {
		return nil, err
	}
	rec := old.with(r)
	err = steps(
		func() error { return s.checkUnique(tx, x, r) },
		func() error { return x.reindex(tx, old.Seq, r.ID, was, now) },
		func() error { return putJSON(tx.Bucket(bucketResources), x.key(r.ID), rec) },
	)
	if err != nil {
		return nil, err
	}
	return s.resource(r.ID, rec)
}

// Delete implements [store.Store].
func (s resources) Delete(ctx context.Context, c *store.Change) error {
	return s.db.write(ctx, func(tx *bolt.Tx) error {
		_, err := s.remove(tx, s.scope(ctx), c)
		return err
	})
}

// remove deletes a resource and returns what it was.
func (s resources) remove(tx *bolt.Tx, x scope, c *store.Change) (record, error) {
	rec, err := s.current(tx, x, c)
	if err != nil {
		return record{}, err
	}
	r, err := s.resource(c.ID, rec)
	if err != nil {
		return record{}, err
	}
	was, err := s.entries(r)
	if err != nil {
		return record{}, err
	}
	return rec, steps(
		func() error { return x.reindex(tx, rec.Seq, c.ID, was, nil) },
		func() error { return tx.Bucket(bucketOrder).Delete(x.key(number(rec.Seq))) },
		func() error { return tx.Bucket(bucketResources).Delete(x.key(c.ID)) },
		func() error { return x.counted(tx, -1) },
	)
}

// count returns the number of resources.
func (x scope) count(tx *bolt.Tx) int {
	n, _ := strconv.Atoi(string(tx.Bucket(bucketCount).Get(x.key())))
	return n
}

func (x scope) counted(tx *bolt.Tx, more int) error {
	return tx.Bucket(bucketCount).Put(x.key(), []byte(strconv.Itoa(x.count(tx)+more)))
}

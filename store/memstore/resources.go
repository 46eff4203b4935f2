package memstore

import (
	"context"
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// resources is the store of one kind in a database.
type resources struct {
	db   *DB
	kind *kind
}

// Type returns the resource type that the store keeps (scim.TypedStore).
func (s *resources) Type() *schema.ResourceType { return s.kind.ResourceType }

// Database implements scim.Located.
func (s *resources) Database() any { return s.db }

// Get implements [store.Store].
func (s *resources) Get(ctx context.Context, id string, _ store.GetOptions) (*schema.Resource, error) {
	t, err := s.db.view(ctx)
	if err != nil {
		return nil, err
	}
	_, rec, ok := t.find(s.kind, id)
	if !ok {
		return nil, store.ErrNotFound
	}
	return &rec.resource, nil
}

// Exists implements [store.Exister].
func (s *resources) Exists(ctx context.Context, ids []string, _ store.GetOptions) ([]string, error) {
	t, err := s.db.view(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, id := range ids {
		if _, _, ok := t.find(s.kind, id); ok {
			out = append(out, id)
		}
	}
	return out, nil
}

// Create implements [store.Store]. An id that was ever used in the tenant, for a
// resource of any type, is an error: ids are unique across types and never
// reassigned (RFC 7643 §3.1).
func (s *resources) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	var out *schema.Resource
	err := s.db.change(ctx, func(t *tenant) (err error) {
		out, _, err = s.create(t, c.After, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// create adds a resource with its first members to a tenant.
func (s *resources) create(t *tenant, r *schema.Resource, members *schema.MemberDelta) (*schema.Resource, schema.MemberDelta, error) {
	var did schema.MemberDelta
	if r.ID == "" {
		return nil, did, fmt.Errorf("memstore: create %s: no id", s.kind.Name)
	}
	if t.used(r.ID) {
		return nil, did, fmt.Errorf("memstore: create %s: the id has been used", s.kind.Name)
	}
	t.last++
	rec := new(record).next(r)
	c := t.writable(s.kind)
	if err := c.reindex(s.kind, t.last, nil, r); err != nil {
		return nil, did, err
	}
	rec.members, did = c.apply(s.kind, t.last, rec.members, members)
	c.records = c.records.put(t.last, rec)
	t.ids = t.ids.put(posting{hashOf(r.ID), t.last})
	return &rec.resource, did, nil
}

// Update implements [store.Store].
func (s *resources) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	var rec *record
	err := s.db.change(ctx, func(t *tenant) error {
		n, old, err := t.current(s.kind, c.ID, c.IfVersion)
		if err != nil {
			return err
		}
		rec = old.next(c.After)
		return t.writable(s.kind).replace(s.kind, n, old, rec)
	})
	if err != nil {
		return nil, err
	}
	return &rec.resource, nil
}

// Delete implements [store.Store].
func (s *resources) Delete(ctx context.Context, change *store.Change) error {
	return s.db.change(ctx, func(t *tenant) error {
		n, rec, err := t.current(s.kind, change.ID, change.IfVersion)
		if err != nil {
			return err
		}
		c := t.writable(s.kind)
		for m := range rec.members.all() {
			c.memberships = c.memberships.delete(posting{hashOf(s.kind.memberKey(m.Value)), n})
		}
		c.records = c.records.delete(n)
		t.former = t.former.put(text(change.ID), none{})
		if s.db.keeps && s.kind.Members() == nil {
			c.bury(s.kind, n, rec, change.At)
		} else {
			t.ids = t.ids.delete(posting{hashOf(change.ID), n})
		}
		return c.reindex(s.kind, n, &rec.resource, nil)
	})
}

// current returns a record that is to be changed.
func (t *tenant) current(k *kind, id, ifVersion string) (number, *record, error) {
	n, rec, ok := t.find(k, id)
	switch {
	case !ok:
		return 0, nil, store.ErrNotFound
	case ifVersion != "" && ifVersion != rec.resource.Version:
		return 0, nil, store.ErrVersion
	}
	return n, rec, nil
}

// replace puts one record in place of another.
func (c *collection) replace(k *kind, n number, old, now *record) error {
	if !k.sameKeys(&old.resource, &now.resource) {
		if err := c.reindex(k, n, &old.resource, &now.resource); err != nil {
			return err
		}
	}
	c.records = c.records.put(n, now)
	return nil
}

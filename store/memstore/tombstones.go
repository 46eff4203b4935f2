package memstore

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Option changes how a [DB] works.
type Option func(*DB)

// KeepDeleted keeps deleted resources of types without members: their stores
// are [store.Reviver]s. Of several deleted resources with the same unique value,
// the last one can be revived.
func KeepDeleted(db *DB) { db.keeps = true }

// keeper is a store that keeps tombstones.
type keeper struct{ *resources }

var (
	_ store.Reviver       = (*keeper)(nil)
	_ store.DeletedFinder = (*keeper)(nil)
	_ store.Purger        = (*keeper)(nil)
)

// tombstone is the record of a deleted resource.
type tombstone struct {
	*record
	died time.Time
}

// death is the place of a tombstone in the order of deletion.
type death struct {
	at     time.Time
	number number
}

func (a death) compare(b death) int {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.number, b.number))
}

// grave is a unique value of a deleted resource.
type grave struct {
	path int // in kind.paths
	key  string
}

func (a grave) compare(b grave) int {
	return cmp.Or(cmp.Compare(a.path, b.path), strings.Compare(a.key, b.key))
}

// graves returns the unique values of a resource.
func (k *kind) graves(r *schema.Resource) []grave {
	var out []grave
	for i, p := range k.paths[:k.unique] {
		for v := range p.Values(r) {
			out = append(out, grave{i, keyOf(p.Last(), v)})
		}
	}
	return out
}

// bury keeps a record as a tombstone.
func (c *collection) bury(k *kind, n number, rec *record, at time.Time) {
	c.dead = c.dead.put(n, tombstone{rec, at})
	c.deaths = c.deaths.put(death{at, n}, none{})
	for _, g := range k.graves(&rec.resource) {
		c.graves = c.graves.put(g, n)
	}
}

// exhume removes a tombstone.
func (c *collection) exhume(k *kind, n number, t tombstone) {
	c.dead = c.dead.delete(n)
	c.deaths = c.deaths.delete(death{t.died, n})
	for _, g := range k.graves(&t.resource) {
		if last, _ := c.graves.get(g); last == n {
			c.graves = c.graves.delete(g)
		}
	}
}

// Describe implements [store.Describer].
func (s *keeper) Describe() store.Capabilities {
	can := s.resources.Describe()
	can.Revives = true
	return can
}

// Tombstone implements [store.Reviver].
func (s *keeper) Tombstone(ctx context.Context, p schema.AttrPath, v schema.Value, _ store.GetOptions) (*schema.Resource, error) {
	t, err := s.db.view(ctx)
	if err != nil {
		return nil, err
	}
	path := slices.IndexFunc(s.kind.paths[:s.kind.unique], func(q schema.AttrPath) bool { return slices.Equal(p, q) })
	if path < 0 || !v.Assigned() {
		return nil, store.ErrNotFound
	}
	c := t.collection(s.kind)
	n, ok := c.graves.get(grave{path, keyOf(p.Last(), v)})
	if !ok {
		return nil, store.ErrNotFound
	}
	stone, _ := c.dead.get(n)
	return &stone.resource, nil
}

// FindDeleted implements [store.DeletedFinder]. It reads all tombstones.
func (s *keeper) FindDeleted(ctx context.Context, p schema.AttrPath, v schema.Value) (bool, error) {
	t, err := s.db.view(ctx)
	if err != nil || !v.Assigned() {
		return false, err
	}
	same := filter.New(filter.Compare{Path: p, Op: filter.EQ, Value: v})
	for _, stone := range t.collection(s.kind).dead.from(0) {
		if same.Match(&stone.resource) {
			return true, nil
		}
	}
	return false, nil
}

// Revive implements [store.Reviver].
func (s *keeper) Revive(ctx context.Context, change *store.Change) (*schema.Resource, error) {
	var rec *record
	err := s.db.change(ctx, func(t *tenant) error {
		n, old, ok := t.dead(s.kind, change.ID)
		switch {
		case !ok:
			return store.ErrNotFound
		case change.IfVersion != "" && change.IfVersion != old.resource.Version:
			return store.ErrVersion
		}
		rec = old.next(change.After)
		c := t.writable(s.kind)
		if err := c.reindex(s.kind, n, nil, &rec.resource); err != nil {
			return err
		}
		c.exhume(s.kind, n, old)
		c.records = c.records.put(n, rec)
		t.former = t.former.delete(text(change.ID))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &rec.resource, nil
}

// dead returns the tombstone of a kind with that id.
func (t *tenant) dead(k *kind, id string) (number, tombstone, bool) {
	dead := t.collection(k).dead
	for _, n := range t.ids.having(nil, hashOf(id), math.MaxInt) {
		if stone, ok := dead.get(n); ok && stone.resource.ID == id {
			return n, stone, true
		}
	}
	return 0, tombstone{}, false
}

// Purge implements [store.Purger].
func (s *keeper) Purge(ctx context.Context, before time.Time, n int) (int, error) {
	purged := 0
	err := s.db.change(ctx, func(t *tenant) error {
		c := t.writable(s.kind)
		for d := range c.deaths.between(death{}, death{before, 0}).keys() {
			if purged >= n {
				break
			}
			stone, _ := c.dead.get(d.number)
			c.exhume(s.kind, d.number, stone)
			t.ids = t.ids.delete(posting{hashOf(stone.resource.ID), d.number})
			purged++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return purged, nil
}

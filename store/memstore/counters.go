package memstore

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

var _ store.Counters = (*DB)(nil)

// counters are the counters of one tenant.
type counters struct {
	all  tree[text, counter] // by name
	ends tree[ending, none]  // those that end
}

type counter struct {
	value int64
	ends  time.Time // zero: never
}

// live reports whether the counter counts on at a time.
func (c counter) live(at time.Time) bool { return c.ends.IsZero() || c.ends.After(at) }

// ending is the place of a counter in the order of ends.
type ending struct {
	at   time.Time
	name string
}

func (a ending) compare(b ending) int {
	return cmp.Or(a.at.Compare(b.at), strings.Compare(a.name, b.name))
}

// Count implements [store.Counters].
func (db *DB) Count(ctx context.Context, c store.Count) (int64, error) {
	if c.Add == 0 {
		t, err := db.view(ctx)
		if err != nil {
			return 0, err
		}
		if old, ok := t.counters.all.get(text(c.Name)); ok && old.live(c.At) {
			return old.value, nil
		}
		return 0, nil
	}
	var value int64
	err := db.change(ctx, func(t *tenant) error {
		now, ok := t.counters.all.get(text(c.Name))
		if !ok || !now.live(c.At) {
			t.counters.forget(c.At)
			t.counters.remove(c.Name)
			now = counter{0, c.Expires}
			t.counters.ending(c.Name, now)
		}
		now.value += c.Add
		value = now.value
		t.counters.all = t.counters.all.put(text(c.Name), now)
		return nil
	})
	return value, err
}

// ending notes when a counter ends.
func (c *counters) ending(name string, now counter) {
	if !now.ends.IsZero() {
		c.ends = c.ends.put(ending{now.ends, name}, none{})
	}
}

func (c *counters) remove(name string) {
	old, _ := c.all.get(text(name))
	c.all = c.all.delete(text(name))
	c.ends = c.ends.delete(ending{old.ends, name})
}

// forget removes a few counters that ended a day ago. It bounds the number of
// ended counters.
func (c *counters) forget(at time.Time) {
	most := 10
	for e := range c.ends.between(ending{}, ending{at: at.Add(-24 * time.Hour)}).keys() {
		if most--; most < 0 {
			return
		}
		c.remove(e.name)
	}
}

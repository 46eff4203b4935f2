package memstore

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// Resources are put in an order when a query asks for it, and the order is kept for
// the next one. It belongs to the rows that it was made of; the rows of a later state
// share all blocks but the changed ones with them, so that the difference is found and
// put in without looking at the others. Writes do nothing for it; commits are counted.

const (
	// maxOrders is how many orders a database keeps: those asked for last. One takes
	// about 200 bytes for each resource.
	maxOrders = 6
	// leastOrdered is how many resources make an order worth keeping.
	leastOrdered = 1000
	// unasked is how many commits an order is kept for without being asked for, at
	// least; twice as many at most. It holds the records of its rows, which the commits
	// have replaced since.
	unasked = 2000
)

// orders are the orders that a database keeps. Safe for concurrent use.
type orders struct {
	mu      sync.Mutex
	kept    []*order // those asked for last first
	commits int      // by the holder of DB.writer
}

// order is the resources of a kind and tenant by an attribute.
type order struct {
	tenant string
	kind   *kind
	by     schema.AttrPath
	asked  bool // since orders.committed looked last; guarded by orders.mu

	mu   sync.Mutex
	rows rows // of which sorted is the order
	sorted
}

// sorted is the records of resources in an order.
type sorted = tree[place, *record]

// place is where in an order a resource is.
type place struct {
	key schema.SortKey
	id  string
}

func (a place) compare(b place) int {
	return cmp.Or(a.key.Compare(b.key), strings.Compare(a.id, b.id))
}

func placeOf(by schema.AttrPath, rec *record) place {
	return place{schema.NewSortKey(by, &rec.resource), rec.resource.ID}
}

// find returns an order, which may be new and empty.
func (o *orders) find(tenant string, k *kind, by schema.AttrPath) *order {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.kept, func(x *order) bool { return x.tenant == tenant && x.kind == k && slices.Equal(x.by, by) })
	var found *order
	if i >= 0 {
		found = o.kept[i]
		o.kept = slices.Delete(o.kept, i, i+1)
	} else {
		found = &order{tenant: tenant, kind: k, by: by}
	}
	found.asked = true
	o.kept = slices.Insert(o.kept, 0, found)
	if len(o.kept) > maxOrders {
		o.kept = slices.Delete(o.kept, maxOrders, len(o.kept))
	}
	return found
}

// committed counts a commit. After each unasked commits it drops the orders that were
// not asked for since the last time. The caller holds DB.writer.
func (o *orders) committed() {
	if o.commits++; o.commits%unasked != 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = slices.DeleteFunc(o.kept, func(x *order) bool { return !x.asked })
	for _, x := range o.kept {
		x.asked = false
	}
}

// of returns the order of rows. Making it costs work of the budget, once.
func (o *order) of(now rows, b *filter.Budget) (sorted, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var changes []change
	most := filter.SortCost(now.len(), 0) / changeCost // more cost more work than to sort anew
	few := o.rows.len() > 0 && difference(o.rows, now, func(old, new *record) bool {
		changes = append(changes, change{old, new})
		return len(changes) <= most
	})
	var s sorted
	var err error
	if few {
		s, err = o.changed(changes, b)
	} else {
		s, err = sortRows(now, o.by, b)
	}
	if err == nil {
		o.rows, o.sorted = now, s
	}
	return s, err
}

// change is what became of a record; nil is none.
type change struct{ old, new *record }

func (o *order) changed(changes []change, b *filter.Budget) (sorted, error) {
	s := o.sorted
	for _, c := range changes {
		if err := b.Spend(changeCost); err != nil {
			return s, err
		}
		if c.old != nil {
			s = s.delete(placeOf(o.by, c.old))
		}
		if c.new != nil {
			s = s.put(placeOf(o.by, c.new), c.new)
		}
	}
	return s, nil
}

// changeCost is what one change of an order costs.
const changeCost = 5000

func sortRows(of rows, by schema.AttrPath, b *filter.Budget) (sorted, error) {
	entries := make([]entry[place, *record], 0, of.len())
	size := 0
	for _, rec := range of.from(0) {
		cost := filter.TextCost(schema.SortValue(by, &rec.resource).Text(), by.Last().FoldsCase())
		if err := b.Spend(cost + visitCost); err != nil {
			return sorted{}, err
		}
		size += cost
		entries = append(entries, entry[place, *record]{placeOf(by, rec), rec})
	}
	if err := b.Spend(filter.SortCost(len(entries), size)); err != nil {
		return sorted{}, err
	}
	slices.SortFunc(entries, func(x, y entry[place, *record]) int { return x.key.compare(y.key) })
	return treeOf(entries), nil
}

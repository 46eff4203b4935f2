package memstore

import (
	"slices"
	"strconv"
	"time"

	"github.com/seed5f3efb56/scim/health/figures"
	"github.com/seed5f3efb56/scim/schema"
)

// state is the whole database at one moment.
type state struct {
	tenants tree[text, *tenant]
	outbox  outbox
	tokens  tokens
	trail   trail
	figures tree[figureKey, figures.Figures]
}

// tenant is the data of one tenant.
type tenant struct {
	last        number            // the number given to a resource last
	ids         tree[text, place] // every id ever used, also of deleted resources
	collections []collection      // by kind
	counters    counters
	connections connections
}

// place is where the resource with an id is, or was: its kind and its number,
// which is its position in the order of creation.
type place struct {
	kind   int
	number number
}

// collection is the resources of one kind. Indexes refer to records by number, so
// that a change without a new key changes no index.
type collection struct {
	records     tree[number, record]
	index       tree[entry, none]
	memberships tree[membership, none]

	dead   tree[number, record] // tombstones, if they are kept
	deaths tree[death, none]    // the same in the order of deletion
	graves tree[grave, number]  // the tombstone that had a unique value last
}

// record is one resource as it is stored: members apart, version set.
type record struct {
	resource *schema.Resource
	version  uint64
	members  memberList
	died     time.Time // of a tombstone
}

// next returns the record that replaces rec by r, with the next version.
func (rec record) next(r *schema.Resource) record {
	c := *r
	rec.version++
	c.Version = strconv.FormatUint(rec.version, 10)
	c.Location = ""
	rec.resource = &c
	return rec
}

var emptyTenant = &tenant{}

func (s *state) tenant(name string) *tenant {
	if t, ok := s.tenants.get(text(name)); ok {
		return t
	}
	return emptyTenant
}

func (t *tenant) copy() *tenant {
	c := *t
	c.collections = slices.Clone(t.collections)
	return &c
}

// collection returns the resources of a kind, to be read.
func (t *tenant) collection(k *kind) collection {
	if k.number < len(t.collections) {
		return t.collections[k.number]
	}
	return collection{}
}

// writable returns the resources of a kind in a copy of a tenant, to be
// changed.
func (t *tenant) writable(k *kind) *collection {
	for len(t.collections) <= k.number {
		t.collections = append(t.collections, collection{})
	}
	return &t.collections[k.number]
}

// find returns the record of a kind with that id.
func (t *tenant) find(k *kind, id string) (number, record, bool) {
	p, ok := t.ids.get(text(id))
	if !ok || p.kind != k.number {
		return 0, record{}, false
	}
	rec, ok := t.collections[k.number].records.get(p.number)
	return p.number, rec, ok
}

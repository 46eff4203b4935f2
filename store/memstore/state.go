package memstore

import (
	"math"
	"slices"
	"strconv"

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
	last        number           // the number given to a resource last
	ids         postings         // by the hash of the id; also of tombstones
	former      tree[text, none] // the ids of deleted resources
	collections []collection     // by kind
	counters    counters
	connections connections
}

// collection is the resources of one kind. Indexes refer to records by number, which is
// the position in the order of creation, so that a change without a new key changes no
// index.
type collection struct {
	records     rows
	index       postings // by the hashes of keys; a resource found has to be looked at
	memberships postings // the groups, by the hashes of the keys of their members

	dead   tree[number, tombstone] // if they are kept
	deaths tree[death, none]       // the same in the order of deletion
	graves tree[grave, number]     // the tombstone that had a unique value last
}

// record is one resource as it is stored: attributes as text, which takes a third of the
// memory of their values, members apart, version set.
type record struct {
	resource schema.Resource
	version  uint64
	members  memberList
}

// next returns the record that replaces rec by r, with the next version.
func (rec *record) next(r *schema.Resource) *record {
	now := &record{*r, rec.version + 1, rec.members}
	now.resource.Attributes = r.Type.Encoded(r.Attributes)
	now.resource.Version = strconv.FormatUint(now.version, 10)
	now.resource.Location = ""
	return now
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
func (t *tenant) find(k *kind, id string) (number, *record, bool) {
	records := t.collection(k).records
	var found [4]number
	for _, n := range t.ids.having(found[:0], hashOf(id), math.MaxInt) {
		if rec, ok := records.get(n); ok && rec.resource.ID == id {
			return n, rec, true
		}
	}
	return 0, nil, false
}

// used reports whether a resource of any kind has an id, or had it.
func (t *tenant) used(id string) bool {
	if _, former := t.former.get(text(id)); former {
		return true
	}
	var found [4]number
	for _, n := range t.ids.having(found[:0], hashOf(id), math.MaxInt) {
		for i := range t.collections {
			if rec, ok := t.collections[i].records.get(n); ok && rec.resource.ID == id {
				return true
			}
		}
	}
	return false
}

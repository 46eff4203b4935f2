package main

import (
	"strconv"

	bolt "go.etcd.io/bbolt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// The index has an entry for each value of an indexed path. A path that is
// sorted by has an entry for a resource without a value too, which comes last.
const (
	present = "0"
	absent  = "1"
)

// lookups are the attributes, besides unique ones, by which identity providers
// look for what they are about to create.
var lookups = []string{"externalId", "userName", "displayName", "emails.value"}

// sorts are the attributes that a list can be sorted by.
var sorts = []string{"userName", "displayName"}

// paths returns the indexed paths of a resource type.
func paths(t *schema.ResourceType) []schema.AttrPath {
	out := t.Unique()
	for _, name := range lookups {
		if p, ok := t.Resolve(name); ok && !has(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func has(paths []schema.AttrPath, p schema.AttrPath) bool {
	for _, q := range paths {
		if q.String() == p.String() {
			return true
		}
	}
	return false
}

func (s resources) sortable(p schema.AttrPath) bool {
	for _, name := range sorts {
		if q, ok := s.t.Resolve(name); ok && q.String() == p.String() {
			return true
		}
	}
	return false
}

// valueKey is equal for values that eq calls equal, and ordered as sortBy is.
func valueKey(a *schema.Attribute, v schema.Value) string {
	switch {
	case a.FoldsCase():
		return schema.FoldKey(v.Text())
	case a.Type == schema.TypeInteger:
		return strconv.FormatInt(v.Int(), 10)
	}
	return v.Text()
}

// entry is a value of a resource in the index.
type entry struct{ path, absent, key string }

// entries returns the index entries of a resource. A key must fit into the
// database's.
func (s resources) entries(r *schema.Resource) ([]entry, error) {
	var out []entry
	for _, p := range s.paths {
		path, found := p.String(), false
		for v := range p.Values(r) {
			e := entry{path, present, valueKey(p.Last(), v)}
			if len(e.key) > longest/2 { // a zero byte takes two
				return nil, &schema.Error{Type: schema.ErrorInvalidValue, Path: path, Detail: "the value is too long"}
			}
			out, found = append(out, e), true
		}
		if !found && s.sortable(p) {
			out = append(out, entry{path, absent, ""})
		}
	}
	return out, nil
}

func (e entry) at(scope scope, seq uint64) []byte {
	return keyOf(scope.tenant, scope.typ, e.path, e.absent, e.key, number(seq))
}

// holders yields the ids of the resources that have a value at a path.
func (x scope) holders(tx *bolt.Tx, path, key string) func(yield func(id string) bool) {
	prefix := keyOf(x.tenant, x.typ, path, present, key)
	return func(yield func(string) bool) {
		for _, id := range ascending(tx.Bucket(bucketIndex), prefix, nil) {
			if !yield(string(id)) {
				return
			}
		}
	}
}

// checkUnique fails if another live resource has a unique value of r.
func (s resources) checkUnique(tx *bolt.Tx, x scope, r *schema.Resource) error {
	for _, p := range s.t.Unique() {
		for v := range p.Values(r) {
			for id := range x.holders(tx, p.String(), valueKey(p.Last(), v)) {
				if id != r.ID {
					return &store.UniquenessError{Path: p.String()}
				}
			}
		}
	}
	return nil
}

// reindex replaces the index entries of a resource.
func (x scope) reindex(tx *bolt.Tx, seq uint64, id string, old, now []entry) error {
	b := tx.Bucket(bucketIndex)
	keep := map[entry]bool{}
	for _, e := range now {
		keep[e] = true
		if err := b.Put(e.at(x, seq), []byte(id)); err != nil {
			return err
		}
	}
	for _, e := range old {
		if keep[e] {
			continue
		}
		if err := b.Delete(e.at(x, seq)); err != nil {
			return err
		}
	}
	return nil
}

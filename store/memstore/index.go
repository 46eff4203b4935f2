package memstore

import (
	"math"
	"slices"
	"strconv"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// keyOf returns a text that is equal for values that are equal in the sense of
// eq (schema.Equal).
func keyOf(a *schema.Attribute, v schema.Value) string {
	switch {
	case a.FoldsCase():
		return schema.FoldKey(v.Text())
	case a.Type == schema.TypeInteger:
		return strconv.FormatInt(v.Int(), 10)
	case a.Type == schema.TypeDecimal:
		return strconv.FormatFloat(v.Float()+0, 'g', -1, 64) // -0 + 0 is 0
	}
	return v.Text()
}

// sameKeys reports whether two resources have the same index entries because the
// attributes that are indexed are identical.
func (k *kind) sameKeys(old, now *schema.Resource) bool {
	for _, p := range k.paths {
		if !schema.IdenticalAt(p.Root(), old.Attributes, now.Attributes) {
			return false
		}
	}
	return true
}

// hashAt returns the hash of a key at the i-th of the indexed paths. Its last bit says
// whether the path is unique: a value that many resources share elsewhere, as a
// displayName, is not one of a unique path, and a look-up there finds few.
func (k *kind) hashAt(i int, key string) uint64 {
	hash := hashOf(key) &^ 1
	if i < k.unique {
		hash |= 1
	}
	return hash
}

// hashes returns the hashes of the keys that a resource has at the indexed paths,
// sorted, each once. A resource of nil has none.
func (k *kind) hashes(r *schema.Resource) []uint64 {
	if r == nil {
		return nil
	}
	out := make([]uint64, 0, len(k.paths)+2)
	for i, p := range k.paths {
		for v := range p.Values(r) {
			out = append(out, k.hashAt(i, keyOf(p.Last(), v)))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reindex replaces the postings of a resource, of which old or now is nil if it is
// created or deleted, or reports that a unique value is taken and changes nothing.
func (c *collection) reindex(k *kind, n number, old, now *schema.Resource) error {
	if err := c.unique(k, n, now); err != nil {
		return err
	}
	was, is := k.hashes(old), k.hashes(now)
	for _, hash := range without(was, is) {
		c.index = c.index.delete(posting{hash, n})
	}
	for _, hash := range without(is, was) {
		c.index = c.index.put(posting{hash, n})
	}
	return nil
}

// unique reports that another resource than n has a unique value of r.
func (c *collection) unique(k *kind, n number, r *schema.Resource) error {
	if r == nil {
		return nil
	}
	for i, p := range k.paths[:k.unique] {
		for v := range p.Values(r) {
			key := keyOf(p.Last(), v)
			var found [4]number
			for _, other := range c.index.having(found[:0], k.hashAt(i, key), math.MaxInt) {
				if other != n && c.has(other, p, key) {
					return &store.UniquenessError{Path: p.String()}
				}
			}
		}
	}
	return nil
}

// has reports whether a resource has a value with a key at a path.
func (c *collection) has(n number, p schema.AttrPath, key string) bool {
	rec, ok := c.records.get(n)
	if !ok {
		return false
	}
	for v := range p.Values(&rec.resource) {
		if keyOf(p.Last(), v) == key {
			return true
		}
	}
	return false
}

// without returns the hashes of a that are not in b; both are sorted.
func without(a, b []uint64) []uint64 {
	var out []uint64
	for _, hash := range a {
		if _, found := slices.BinarySearch(b, hash); !found {
			out = append(out, hash)
		}
	}
	return out
}

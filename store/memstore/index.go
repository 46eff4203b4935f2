package memstore

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// entry says that a resource has a value at an indexed path.
type entry struct {
	path     int // in kind.paths
	key      string
	resource number
}

func (a entry) compare(b entry) int {
	return cmp.Or(cmp.Compare(a.path, b.path), strings.Compare(a.key, b.key), cmp.Compare(a.resource, b.resource))
}

const endOfNumbers = number(math.MaxUint64)

// having returns the entries for one value, in order of creation.
func (c *collection) having(path int, key string) span[entry, none] {
	return c.index.between(entry{path, key, 0}, entry{path, key, endOfNumbers})
}

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
		if !schema.Identical(old.Get(p.Root()), now.Get(p.Root())) {
			return false
		}
	}
	return true
}

// entries returns the index entries of a resource, sorted, each once.
func (k *kind) entries(r *schema.Resource, n number) []entry {
	out := make([]entry, 0, len(k.paths))
	for i, p := range k.paths {
		for v := range p.Values(r) {
			out = append(out, entry{i, keyOf(p.Last(), v), n})
		}
	}
	slices.SortFunc(out, entry.compare)
	return slices.Compact(out)
}

// reindex replaces the entries of a resource, or reports that a unique value
// is taken and changes nothing.
func (c *collection) reindex(k *kind, old, now []entry) error {
	for _, e := range now {
		if e.path >= k.unique {
			break // sorted by path, unique ones first
		}
		for other := range c.having(e.path, e.key).keys() {
			if other.resource != e.resource {
				return &store.UniquenessError{Path: k.paths[e.path].String()}
			}
		}
	}
	for _, e := range without(old, now) {
		c.index = c.index.delete(e)
	}
	for _, e := range without(now, old) {
		c.index = c.index.put(e, none{})
	}
	return nil
}

// without returns the entries of a that are not in b; both are sorted.
func without(a, b []entry) []entry {
	var out []entry
	for _, e := range a {
		if _, found := slices.BinarySearchFunc(b, e, entry.compare); !found {
			out = append(out, e)
		}
	}
	return out
}

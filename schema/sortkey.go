package schema

import (
	"cmp"
	"strings"
)

// SortKey is what a resource is sorted by, made once for each
// (RFC 7644 §3.4.2.3): a value, folded if its attribute folds case, or none.
// It is a value; the zero SortKey is that of a resource without one.
type SortKey struct {
	attr  *Attribute
	value Value
}

// NewSortKey returns the key of r at a path that ends in a simple attribute;
// with an empty path there is none. See [SortValue].
func NewSortKey(p AttrPath, r *Resource) SortKey {
	if len(p) == 0 {
		return SortKey{}
	}
	k := SortKey{attr: p.Last(), value: SortValue(p, r)}
	if k.value.Assigned() && k.attr.FoldsCase() {
		k.value = String(FoldKey(k.value.Text()))
	}
	return k
}

// Compare orders keys ascending, those without a value last. Keys of
// attributes with different types, which meet when several resource types are
// sorted together, compare as text.
func (k SortKey) Compare(o SortKey) int {
	switch {
	case !k.value.Assigned() || !o.value.Assigned():
		return cmp.Compare(o.value.Len(), k.value.Len())
	case k.attr.Type != o.attr.Type || k.attr.Type == TypeString:
		return strings.Compare(k.value.Text(), o.value.Text())
	}
	return Compare(k.attr, k.value, o.value)
}

package schema

import (
	"cmp"
	"strings"
	"unicode/utf8"
)

// SortKey is the key by which a resource is sorted, made once for each
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

// Size returns how many bytes of text are compared.
func (k SortKey) Size() int { return len(k.value.text) }

// Cut returns a key of n bytes at most, of the first ones. It orders resources as k
// does, but for those that differ later only, which it does not tell apart. n is a
// multiple of 4, so that a binary stays one.
func (k SortKey) Cut(n int) SortKey {
	text := k.value.text
	if len(text) <= n {
		return k
	}
	if k.attr.Type != TypeBinary {
		for !utf8.RuneStart(text[n]) {
			n--
		}
	}
	k.value.text = text[:n]
	return k
}

// Text returns the key as text, from which [ParseSortKey] makes it again: "" if
// there is no value.
func (k SortKey) Text() string {
	if !k.value.Assigned() {
		return ""
	}
	return "=" + k.value.Text()
}

// ParseSortKey reads the [SortKey.Text] of a key at a path that ends in a simple
// attribute; false if text is not one.
func ParseSortKey(p AttrPath, text string) (SortKey, bool) {
	if text == "" {
		return SortKey{attr: p.Last()}, true
	}
	literal, ok := strings.CutPrefix(text, "=")
	if !ok {
		return SortKey{}, false
	}
	k := SortKey{attr: p.Last()}
	switch k.attr.Type {
	case TypeBinary: // stored values may have another form
		k.value = Binary(literal)
	case TypeReference:
		k.value = Reference(literal)
	default:
		var err error
		if k.value, err = ParseScalar(k.attr, literal); err != nil {
			return SortKey{}, false
		}
	}
	return k, true
}

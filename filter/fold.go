package filter

import (
	"cmp"
	"strings"

	"github.com/seed5f3efb56/scim/internal/ascii"
	"github.com/seed5f3efb56/scim/schema"
)

// folded compares s, folded on the fly, with a key that schema.FoldKey made.
// ASCII, nearly everything in practice, is folded without a copy.
func (o Op) folded(s, key string) bool {
	if !ascii.Only(s) {
		return o.text(schema.FoldKey(s), key)
	}
	switch o {
	case EQ:
		return len(s) == len(key) && prefixFolds(s, key)
	case CO:
		return containsFolds(s, key)
	case SW:
		return len(s) >= len(key) && prefixFolds(s, key)
	case EW:
		return len(s) >= len(key) && prefixFolds(s[len(s)-len(key):], key)
	}
	return o.holds(compareFolds(s, key))
}

// prefixFolds reports whether s, not shorter than key, begins with it.
func prefixFolds(s, key string) bool {
	for i := range len(key) {
		if ascii.Lower(s[i]) != key[i] {
			return false
		}
	}
	return true
}

// containsFolds searches a long text in time that grows with the lengths and not
// with their product, which needs a copy.
func containsFolds(s, key string) bool {
	if len(s)*len(key) > 4096 {
		return strings.Contains(strings.ToLower(s), key)
	}
	for ; len(s) >= len(key); s = s[1:] {
		if prefixFolds(s, key) {
			return true
		}
	}
	return false
}

// compareFolds orders as strings.Compare does.
func compareFolds(s, key string) int {
	for i := range min(len(s), len(key)) {
		if c := cmp.Compare(ascii.Lower(s[i]), key[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(s), len(key))
}

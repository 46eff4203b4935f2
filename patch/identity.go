package patch

import (
	"encoding/binary"
	"math"

	"github.com/seed5f3efb56/scim/schema"
)

// appendKey appends a key of a value of attribute a: two values have the same
// one if and only if they are equal ([schema.Equal]). Keys make comparing lists
// with lists linear.
func appendKey(dst []byte, a *schema.Attribute, v schema.Value) []byte {
	for _, one := range v.All() {
		dst = appendSingleKey(dst, a, one)
	}
	return append(dst, ']')
}

func appendSingleKey(dst []byte, a *schema.Attribute, v schema.Value) []byte {
	switch a.Type {
	case schema.TypeComplex:
		for sub, v := range v.Object().All() {
			dst = appendText(dst, sub.Name)
			dst = appendKey(dst, sub, v)
		}
		return append(dst, '}')
	case schema.TypeBoolean:
		return appendText(dst, v.Text())
	case schema.TypeInteger:
		return binary.BigEndian.AppendUint64(append(dst, 'i'), uint64(v.Int()))
	case schema.TypeDecimal:
		f := v.Float() + 0 // one zero
		return binary.BigEndian.AppendUint64(append(dst, 'd'), math.Float64bits(f))
	case schema.TypeDateTime:
		t := v.Time()
		dst = binary.BigEndian.AppendUint64(append(dst, 't'), uint64(t.Unix()))
		return binary.BigEndian.AppendUint32(dst, uint32(t.Nanosecond()))
	}
	if a.FoldsCase() {
		return appendText(dst, schema.FoldKey(v.Text()))
	}
	return appendText(dst, v.Text())
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(append(dst, 's'), uint64(len(s)))
	return append(dst, s...)
}

// distinct returns the list without values that equal an earlier one and
// without unassigned ones (RFC 7643 §2.4). It reuses the slice.
func distinct(a *schema.Attribute, list []schema.Value) []schema.Value {
	seen := make(map[string]bool, len(list))
	kept := list[:0]
	for _, v := range list {
		key := string(appendKey(nil, a, v))
		if !v.Assigned() || seen[key] {
			continue
		}
		seen[key] = true
		kept = append(kept, v)
	}
	return kept
}

// index finds among the values of a multi-valued attribute those that a client
// means: by "value" and "type" where there is a "value", otherwise by
// everything. It holds keys only for the client's values, which are few.
type index struct {
	attr, value, typ *schema.Attribute
	exact            map[string]int // by value and type, or as a whole; -1 where there is none
	byValue          map[string]int // the first with this value, whatever its type
	buffer           []byte
}

func newIndex(a *schema.Attribute, wanted schema.Value) *index {
	ix := &index{attr: a, value: a.Sub("value"), typ: a.Sub("type"), exact: map[string]int{}, byValue: map[string]int{}}
	for _, v := range wanted.All() {
		key, n, _ := ix.key(v)
		ix.exact[string(key)] = -1
		if n > 0 {
			ix.byValue[string(key[:n])] = -1
		}
	}
	return ix
}

// put says that v is at position i. The first one with a key keeps it.
func (ix *index) put(i int, v schema.Value) {
	key, n, _ := ix.key(v)
	if at, ok := ix.exact[string(key)]; ok && at < 0 {
		ix.exact[string(key)] = i
	}
	if at, ok := ix.byValue[string(key[:n])]; ok && at < 0 {
		ix.byValue[string(key[:n])] = i
	}
}

// find returns the position of the value that v, one of those wanted, means;
// -1 if there is none. A value without type means the first with the same
// "value" if none is without type as well.
func (ix *index) find(v schema.Value) int {
	key, n, typed := ix.key(v)
	if i := ix.exact[string(key)]; i >= 0 || typed || n == 0 {
		return i
	}
	return ix.byValue[string(key[:n])]
}

// key returns the key of v, good until the next call. The first n bytes are
// the key of its "value"; 0 if it has none.
func (ix *index) key(v schema.Value) (key []byte, n int, typed bool) {
	o := v.Object()
	if ix.value == nil || !o.Get(ix.value).Assigned() {
		ix.buffer = appendKey(ix.buffer[:0], ix.attr, v)
		return ix.buffer, 0, false
	}
	ix.buffer = appendKey(append(ix.buffer[:0], 'v'), ix.value, o.Get(ix.value))
	n = len(ix.buffer)
	if ix.typ != nil {
		typed = o.Get(ix.typ).Assigned()
		ix.buffer = appendKey(ix.buffer, ix.typ, o.Get(ix.typ))
	}
	return ix.buffer, n, typed
}

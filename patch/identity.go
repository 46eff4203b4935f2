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

// index finds among the values of a multi-valued attribute the one that a
// client means: by "value" and "type" where there is a "value", otherwise by
// everything.
type index struct {
	attr, value, typ *schema.Attribute
	exact            map[string]int // by value and type, or as a whole
	byValue          map[string]int // the first with this value, whatever its type
}

func newIndex(a *schema.Attribute, list []schema.Value) *index {
	ix := &index{
		attr: a, value: a.Sub("value"), typ: a.Sub("type"),
		exact: make(map[string]int, len(list)), byValue: map[string]int{},
	}
	for i, v := range list {
		ix.put(i, v)
	}
	return ix
}

func (ix *index) put(i int, v schema.Value) {
	exact, byValue, _ := ix.keys(v)
	if _, ok := ix.exact[exact]; !ok {
		ix.exact[exact] = i
	}
	if byValue == "" {
		return
	}
	if _, ok := ix.byValue[byValue]; !ok {
		ix.byValue[byValue] = i
	}
}

// find returns the position of the value that v means. A value without type
// means the first with the same "value" if none is without type as well.
func (ix *index) find(v schema.Value) (int, bool) {
	exact, byValue, typed := ix.keys(v)
	if i, ok := ix.exact[exact]; ok {
		return i, true
	}
	if typed || byValue == "" {
		return 0, false
	}
	i, ok := ix.byValue[byValue]
	return i, ok
}

// keys returns the keys of v; byValue is empty when v has no "value".
func (ix *index) keys(v schema.Value) (exact, byValue string, typed bool) {
	o := v.Object()
	if ix.value == nil || !o.Get(ix.value).Assigned() {
		return string(appendKey(nil, ix.attr, v)), "", false
	}
	key := appendKey([]byte{'v'}, ix.value, o.Get(ix.value))
	byValue = string(key)
	if ix.typ == nil {
		return byValue, byValue, false
	}
	t := o.Get(ix.typ)
	return string(appendKey(key, ix.typ, t)), byValue, t.Assigned()
}

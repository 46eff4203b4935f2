package schema

import (
	"encoding/binary"
	"math"
)

// valueKey returns a text that two values of attribute a have in common if and
// only if [Equal] calls them equal.
func valueKey(a *Attribute, v Value) string {
	if v.form == single && a.Type == TypeString {
		return textKey(a, v.text) // nearly all of them: no copy
	}
	return string(appendValueKey(nil, a, v))
}

func textKey(a *Attribute, s string) string {
	if a.FoldsCase() {
		return FoldKey(s)
	}
	return s
}

func appendValueKey(dst []byte, a *Attribute, v Value) []byte {
	for _, one := range v.All() {
		dst = appendSingleKey(dst, a, one)
	}
	return append(dst, ']')
}

func appendSingleKey(dst []byte, a *Attribute, v Value) []byte {
	switch a.Type {
	case TypeComplex:
		for sub, v := range v.Object().All() {
			dst = appendText(dst, sub.Name)
			dst = appendValueKey(dst, sub, v)
		}
		return append(dst, '}')
	case TypeBoolean:
		return appendText(dst, v.Text())
	case TypeInteger:
		return binary.BigEndian.AppendUint64(append(dst, 'i'), uint64(v.Int()))
	case TypeDecimal:
		f := v.Float() + 0 // one zero
		return binary.BigEndian.AppendUint64(append(dst, 'd'), math.Float64bits(f))
	case TypeDateTime:
		t := v.Time()
		dst = binary.BigEndian.AppendUint64(append(dst, 't'), uint64(t.Unix()))
		return binary.BigEndian.AppendUint32(dst, uint32(t.Nanosecond()))
	}
	return appendText(dst, textKey(a, v.text))
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(append(dst, 's'), uint64(len(s)))
	return append(dst, s...)
}

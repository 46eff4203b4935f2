package schema

import (
	"cmp"
	"strings"
)

// Equal reports whether two values of attribute a are the same value in the
// sense of eq: strings under the attribute's case rule, dateTimes as instants,
// numbers as numbers, complex values sub-attribute by sub-attribute, lists
// element by element in order. PUT and PATCH use it to detect that a value does
// not change, except that [Identical] decides for text.
func Equal(a *Attribute, x, y Value) bool {
	if x.form != y.form || x.typ != y.typ {
		return false
	}
	switch {
	case x.form == unassigned:
		return true
	case x.form == many:
		return equalLists(x, y, func(v, w Value) bool { return Equal(a, v, w) })
	case x.typ == TypeComplex:
		return equalObjects(x.Object(), y.Object(), Equal)
	}
	return Compare(a, x, y) == 0
}

// Identical reports whether two values would be returned to a client as the
// same JSON, up to the order of members.
func Identical(x, y Value) bool {
	if x.form != y.form || x.typ != y.typ {
		return false
	}
	switch {
	case x.form == unassigned:
		return true
	case x.form == many:
		return equalLists(x, y, Identical)
	case x.typ == TypeComplex:
		return equalObjects(x.Object(), y.Object(), func(_ *Attribute, v, w Value) bool { return Identical(v, w) })
	}
	return x.num == y.num && x.text == y.text
}

// IdenticalObjects is [Identical] for whole objects.
func IdenticalObjects(x, y *Object) bool {
	same := true
	eachChange(x, y, func(change) bool {
		same = false
		return false
	})
	return same
}

// IdenticalAt is [Identical] for the values that two objects have of an attribute. What
// both keep as the same text is not decoded.
func IdenticalAt(a *Attribute, x, y *Object) bool {
	v, w := x.stored(a), y.stored(a)
	return v.sameText(w) || Identical(v.decoded(a), w.decoded(a))
}

// sameText reports whether two values are kept as the same text.
func (v Value) sameText(w Value) bool {
	return v.form == encoded && w.form == encoded && v.text == w.text
}

func equalLists(x, y Value, equal func(v, w Value) bool) bool {
	v, w := x.node.([]Value), y.node.([]Value)
	if len(v) != len(w) {
		return false
	}
	if len(v) > 0 && &v[0] == &w[0] {
		return true // the same list, as most are after a PATCH
	}
	for i := range v {
		if !equal(v[i], w[i]) {
			return false
		}
	}
	return true
}

func equalObjects(x, y *Object, equal func(a *Attribute, v, w Value) bool) bool {
	if x == y {
		return true
	}
	if x.Len() != y.Len() {
		return false
	}
	for a, v := range x.All() {
		if !equal(a, v, y.Get(a)) {
			return false
		}
	}
	return true
}

// Compare orders two single values of attribute a, which is not complex:
// strings by code point, folded unless caseExact (RFC 7644 §3.4.2.3),
// dateTimes by instant, numbers by size, false before true. Both values are
// of a's type.
func Compare(a *Attribute, x, y Value) int {
	switch a.Type {
	case TypeBoolean:
		return cmp.Compare(x.num, y.num)
	case TypeInteger:
		return cmp.Compare(int64(x.num), int64(y.num))
	case TypeDecimal:
		return cmp.Compare(x.Float(), y.Float())
	case TypeDateTime:
		return x.Time().Compare(y.Time())
	}
	if a.FoldsCase() && x.text != y.text {
		return strings.Compare(FoldKey(x.text), FoldKey(y.text))
	}
	return strings.Compare(x.text, y.text)
}

// SortValue returns the value by which a resource is sorted at a path that
// ends in a simple attribute (RFC 7644 §3.4.2.3): of a multi-valued attribute
// the primary value, else the first; unassigned if there is none.
func SortValue(p AttrPath, r *Resource) Value {
	v := r.Get(p[0])
	for i, a := range p[1:] {
		v = primaryValue(p[i], v).Object().Get(a)
	}
	return primaryValue(p.Last(), v)
}

// primaryValue returns the primary value of attribute a, else the first one.
func primaryValue(a *Attribute, v Value) Value {
	if !v.IsList() {
		return v
	}
	for _, one := range v.All() {
		if a.IsPrimary(one) {
			return one
		}
	}
	return v.At(0)
}

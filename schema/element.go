package schema

import "strconv"

// elementKey tells the elements of a multi-valued attribute apart: two with
// the same key are one (RFC 7643 §2.4, N-3).
type elementKey struct {
	typ   string // the type sub-attribute
	value string // the value, or the value sub-attribute
	rest  string // the whole element, if it has no value sub-attribute
}

// keyOf returns the key of an element. That of a member is the id alone, whose
// case counts (RFC 7643 §3.1) whatever the schema says of the attribute.
func keyOf(a *Attribute, v Value, member bool) elementKey {
	if a.Type != TypeComplex {
		return elementKey{value: scalarKey(a, v)}
	}
	o := v.Object()
	sub := a.Sub("value")
	value := o.Get(sub)
	if !value.Assigned() {
		return elementKey{rest: string(o.AppendJSON(nil))}
	}
	if member {
		return elementKey{value: value.Text()}
	}
	key := elementKey{value: scalarKey(sub, value)}
	if typ := a.Sub("type"); typ != nil {
		key.typ = scalarKey(typ, o.Get(typ))
	}
	return key
}

// scalarKey returns equal strings for values that [Equal] calls equal.
func scalarKey(a *Attribute, v Value) string {
	switch {
	case !v.Assigned():
		return ""
	case a.FoldsCase():
		return FoldKey(v.text)
	case a.Type == TypeDecimal:
		return strconv.FormatFloat(v.Float()+0, 'g', -1, 64) // -0 is 0
	case a.Type == TypeDateTime:
		return DateTime(v.Time()).text
	}
	return v.Text()
}

// distinct leaves out elements that are there already; the first one stays as
// it is. vs is overwritten.
func distinct(a *Attribute, vs []Value, members bool) []Value {
	if len(vs) < 2 {
		return vs
	}
	seen := newKeySet(len(vs))
	kept := vs[:0]
	for _, v := range vs {
		if seen.add(keyOf(a, v, members)) {
			kept = append(kept, v)
		}
	}
	return kept
}

// keySet is a set of keys; small ones are searched, which saves the map.
type keySet struct {
	few  []elementKey
	many map[elementKey]struct{}
}

func newKeySet(size int) *keySet {
	if size <= 8 {
		return &keySet{few: make([]elementKey, 0, size)}
	}
	return &keySet{many: make(map[elementKey]struct{}, size)}
}

// add reports whether the key is new.
func (s *keySet) add(k elementKey) bool {
	if s.many != nil {
		size := len(s.many)
		s.many[k] = struct{}{}
		return len(s.many) > size
	}
	for _, have := range s.few {
		if have == k {
			return false
		}
	}
	s.few = append(s.few, k)
	return true
}

// onePrimary checks that at most one element is primary (RFC 7643 §2.4, N-1).
func onePrimary(a *Attribute, vs []Value) error {
	primary := a.Sub("primary")
	if primary == nil {
		return nil
	}
	found := false
	for _, v := range vs {
		if !v.Object().Get(primary).Bool() {
			continue
		}
		if found {
			return wrongType("more than one value is primary")
		}
		found = true
	}
	return nil
}

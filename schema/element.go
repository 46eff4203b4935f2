package schema

// ElementKey tells the elements of one multi-valued attribute apart: those with
// the same key are one (RFC 7643 §2.4, N-3). It is comparable.
type ElementKey struct {
	value string // the value, the value sub-attribute or the whole element
	typ   string // the type sub-attribute, if typed
	typed bool
	whole bool // there is no value sub-attribute
}

// KeyOf returns the key of an element of attribute a: its "value" and "type", or
// without "value" all of its sub-attributes. Values that [Equal] calls equal
// have the same key.
func KeyOf(a *Attribute, v Value) ElementKey {
	if a.Type != TypeComplex {
		return ElementKey{value: valueKey(a, v)}
	}
	o := v.Object()
	value := a.Sub("value")
	if value == nil || !o.Get(value).Assigned() {
		return ElementKey{value: valueKey(a, v), whole: true}
	}
	key := ElementKey{value: valueKey(value, o.Get(value))}
	if typ := a.Sub("type"); typ != nil && o.Get(typ).Assigned() {
		key.typ, key.typed = valueKey(typ, o.Get(typ)), true
	}
	return key
}

// Typed reports whether the element has a "value" and a "type".
func (k ElementKey) Typed() bool { return k.typed }

// WithoutType returns the key which the element would have without its "type".
func (k ElementKey) WithoutType() ElementKey {
	k.typ, k.typed = "", false
	return k
}

// memberKey returns the key of a member: the id alone, whose case counts
// (RFC 7643 §3.1) whatever the schema says of the attribute.
func memberKey(a *Attribute, v Value) ElementKey {
	if value := v.Object().Get(a.Sub("value")); value.Assigned() {
		return ElementKey{value: value.Text()}
	}
	return KeyOf(a, v)
}

// Distinct merges the elements of attribute a that have the same key into one. It
// stands where the first of them stood, has the sub-attributes of all of them, the
// value of the first where they differ, and is primary if any of them was. Unassigned values are left
// out. vs is overwritten.
func Distinct(a *Attribute, vs []Value) []Value { return distinct(a, vs, KeyOf) }

func distinct(a *Attribute, vs []Value, keyOf func(*Attribute, Value) ElementKey) []Value {
	if len(vs) == 1 && vs[0].Assigned() {
		return vs // most lists: nothing to compare
	}
	places := newPlaces(len(vs))
	kept := vs[:0]
	for _, v := range vs {
		if !v.Assigned() {
			continue
		}
		if i := places.indexOf(keyOf(a, v), len(kept)); i < len(kept) {
			kept[i] = merged(a, kept[i], v)
		} else {
			kept = append(kept, v)
		}
	}
	return kept
}

// merged returns x with the sub-attributes that only y has.
func merged(a *Attribute, x, y Value) Value {
	if a.Type != TypeComplex {
		return x
	}
	o := x.Object()
	for sub, v := range y.Object().All() {
		have := o.Get(sub)
		if !have.Assigned() || sub == a.primary && v.Bool() && !have.Bool() {
			o = o.With(sub, v)
		}
	}
	return Complex(o)
}

// places are the indexes of the elements in a list by key; in a short list they
// are searched, which saves the map.
type places struct {
	few  [8]ElementKey
	used int // of few
	many map[ElementKey]int
}

func newPlaces(size int) places {
	if size <= len(places{}.few) {
		return places{}
	}
	return places{many: make(map[ElementKey]int, size)}
}

// indexOf returns the index of the element with that key. A new key gets end.
func (p *places) indexOf(k ElementKey, end int) int {
	if p.many != nil {
		if i, ok := p.many[k]; ok {
			return i
		}
		p.many[k] = end
		return end
	}
	for i := range p.used {
		if p.few[i] == k {
			return i
		}
	}
	p.few[p.used] = k
	p.used++
	return end
}

// onePrimary checks that at most one element is primary (RFC 7643 §2.4, N-1).
func onePrimary(a *Attribute, vs []Value) error {
	found := false
	for _, v := range vs {
		if !a.IsPrimary(v) {
			continue
		}
		if found {
			return wrongType("more than one value is primary")
		}
		found = true
	}
	return nil
}

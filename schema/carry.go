package schema

// Carry returns the attributes of a resource after a PUT (RFC 7644 §3.5.1): after
// holds the attributes that the client sent; readOnly, hidden and immutable attributes that it left
// out are kept from before (Z-7). An immutable value that differs is an [*Error] of
// mutability. Secrets are not in the tree and so are kept by the host.
//
// In a complex attribute the same goes for the sub-attributes, unless the
// client left it out as a whole, which clears it. readOnly and hidden ones stay
// with the value they describe: another "value", as in a new manager, loses
// them, and in a multi-valued attribute they follow the element of the same
// type and value. There an element with other immutable sub-attributes is
// another element, not an error.
func (t *ResourceType) Carry(before, after *Object) (*Object, error) {
	for _, f := range before.all() {
		a := f.attr
		if !a.carried {
			continue
		}
		sent := after.Get(a)
		v, err := carry(a, f.value.decoded(a), sent)
		if err != nil {
			return nil, below(a, err)
		}
		if !sameObject(v, sent) {
			after = after.With(a, v)
		}
	}
	return after, nil
}

// carry returns the new value of attribute a, which had the value old and was
// sent as v.
func carry(a *Attribute, old, v Value) (Value, error) {
	switch {
	case a.kept():
		return old, nil
	case a.Mutability == Immutable:
		return carryImmutable(a, old, v)
	case a.MultiValued:
		return carryElements(a, old, v), nil
	case !v.Assigned() && a.order != orderExtension:
		return v, nil
	}
	o, err := carryObject(a, old.Object(), v.Object())
	return Complex(o), err
}

func carryImmutable(a *Attribute, old, v Value) (Value, error) {
	if v.Assigned() && !Equal(a, old, v) {
		return Value{}, &Error{Type: ErrorMutability, Detail: "the attribute is immutable; its value cannot be changed"}
	}
	return old, nil
}

// sameObject reports whether two values are the same object, so that nothing was
// carried over into it.
func sameObject(x, y Value) bool { return x.Object() != nil && x.Object() == y.Object() }

func carryObject(parent *Attribute, old, o *Object) (*Object, error) {
	same := sameValue(parent, old, o)
	for a, was := range old.All() {
		if !a.carried || a.kept() && !same {
			continue
		}
		sent := o.Get(a)
		v, err := carry(a, was, sent)
		if err != nil {
			return nil, below(a, err)
		}
		if !sameObject(v, sent) {
			o = o.With(a, v)
		}
	}
	return o, nil
}

// sameValue reports whether two objects of a complex attribute have the same
// "value", if the attribute has one at all. An extension is no value.
func sameValue(parent *Attribute, x, y *Object) bool {
	value := parent.Sub("value")
	return value == nil || parent.order == orderExtension || Equal(value, x.Get(value), y.Get(value))
}

// carryElements keeps the readOnly and hidden sub-attributes of the elements
// that stay.
func carryElements(a *Attribute, old, v Value) Value {
	var kept []*Attribute
	for _, s := range a.SubAttributes {
		if s.kept() {
			kept = append(kept, s)
		}
	}
	if kept == nil || !v.Assigned() {
		return v
	}
	was := make(map[ElementKey]*Object, old.Len())
	for _, e := range old.All() {
		was[KeyOf(a, e)] = e.Object()
	}
	out := make([]Value, 0, v.Len())
	for _, e := range v.All() {
		o, before := e.Object(), was[KeyOf(a, e)]
		for _, s := range kept {
			o = o.With(s, before.Get(s))
		}
		out = append(out, Complex(o))
	}
	return List(out...)
}

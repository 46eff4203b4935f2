package schema

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Object is an immutable set of fields, each bound to its [Attribute] and
// assigned, in schema order. A nil Object is empty and valid. Safe for
// concurrent use.
type Object struct {
	fields []field
}

type field struct {
	attr  *Attribute
	value Value
}

func compareAttributes(a, b *Attribute) int {
	if a == b {
		return 0
	}
	if a.order != b.order {
		return cmp.Compare(a.order, b.order)
	}
	return strings.Compare(a.Name, b.Name)
}

// Len returns the number of assigned attributes.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.fields)
}

// Get returns the value of an attribute, unassigned if it has none.
func (o *Object) Get(a *Attribute) Value {
	if o == nil {
		return Value{}
	}
	for i := range o.fields {
		if o.fields[i].attr == a {
			return o.fields[i].value
		}
	}
	return Value{}
}

// public reports whether any attribute that is not hidden is assigned.
func (o *Object) public() bool {
	for a := range o.All() {
		if !a.Hidden {
			return true
		}
	}
	return false
}

// Hidden returns the object with its hidden attributes alone. A client that
// removes an extension does not remove these.
func (o *Object) Hidden() *Object {
	var b Builder
	for a, v := range o.All() {
		if a.Hidden {
			b.Set(a, v)
		}
	}
	return b.Object()
}

// All yields the assigned attributes and their values in schema order.
func (o *Object) All() iter.Seq2[*Attribute, Value] {
	return func(yield func(*Attribute, Value) bool) {
		if o == nil {
			return
		}
		for i := range o.fields {
			if !yield(o.fields[i].attr, o.fields[i].value) {
				return
			}
		}
	}
}

// With returns an object in which a has the value v; an unassigned v removes
// the field. Everything else is shared with o, which does not change.
func (o *Object) With(a *Attribute, v Value) *Object {
	var old []field
	if o != nil {
		old = o.fields
	}
	i, found := slices.BinarySearchFunc(old, a, func(f field, a *Attribute) int {
		return compareAttributes(f.attr, a)
	})
	if !found && !v.Assigned() {
		return o
	}
	fields := make([]field, 0, len(old)+1)
	fields = append(fields, old[:i]...)
	if v.Assigned() {
		fields = append(fields, field{a, v})
	}
	if found {
		i++
	}
	return &Object{append(fields, old[i:]...)}
}

// Builder collects fields in any order; the zero value is ready. Not safe for
// concurrent use.
type Builder struct {
	fields []field
}

// Grow makes room for n more fields.
func (b *Builder) Grow(n int) { b.fields = slices.Grow(b.fields, n) }

// Set gives a a value; the last call for an attribute wins, an unassigned
// value takes the field away.
func (b *Builder) Set(a *Attribute, v Value) {
	for i := range b.fields {
		if b.fields[i].attr == a {
			b.fields[i].value = v
			return
		}
	}
	b.fields = append(b.fields, field{a, v})
}

func (b *Builder) has(a *Attribute) bool {
	for i := range b.fields {
		if b.fields[i].attr == a {
			return true
		}
	}
	return false
}

// Object returns the object of the collected fields and empties the builder.
func (b *Builder) Object() *Object {
	fields := slices.DeleteFunc(b.fields, func(f field) bool { return !f.value.Assigned() })
	slices.SortFunc(fields, func(x, y field) int { return compareAttributes(x.attr, y.attr) })
	b.fields = nil
	return &Object{fields}
}

package schema

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"
	"strings"
)

// Object is an immutable set of fields, each bound to its [Attribute] and
// assigned, in schema order. A nil Object is empty and valid. Safe for
// concurrent use.
//
// One that [ResourceType.ReadStored] returned decodes an attribute each time it is
// asked for: keep the value that is needed again.
type Object struct {
	text   *text   // nil if there is none
	fields []field // those that are not in the text, with values decoded or in the form encoded
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
	switch {
	case o == nil:
		return 0
	case o.text != nil:
		return bits.OnesCount64(o.text.assigned) + len(o.fields)
	}
	return len(o.fields)
}

// Get returns the value of an attribute, unassigned if it has none.
func (o *Object) Get(a *Attribute) Value {
	if o == nil {
		return Value{}
	}
	for i := range o.fields {
		if f := &o.fields[i]; f.attr == a {
			return f.decoded()
		}
	}
	if o.text != nil {
		return o.text.get(a).decoded(a)
	}
	return Value{}
}

// decoded returns the value, which is decoded nearly always where it is asked for often.
func (f *field) decoded() Value {
	if f.value.form == encoded {
		return f.value.decoded(f.attr)
	}
	return f.value
}

// stored returns the value of an attribute, which may be in the form encoded.
func (o *Object) stored(a *Attribute) Value {
	if o == nil {
		return Value{}
	}
	for i := range o.fields {
		if o.fields[i].attr == a {
			return o.fields[i].value
		}
	}
	if o.text != nil {
		return o.text.get(a)
	}
	return Value{}
}

// all returns the fields, with values that may be in the form encoded.
func (o *Object) all() []field {
	if o == nil || o.text == nil {
		return o.list(nil)
	}
	return o.list(make([]field, 0, o.Len()))
}

// list is all, for which it uses room if there is a text.
func (o *Object) list(room []field) []field {
	switch {
	case o == nil:
		return nil
	case o.text == nil:
		return o.fields
	}
	fields := append(o.text.appendFields(room), o.fields...)
	if len(o.fields) > 0 {
		slices.SortFunc(fields, func(x, y field) int { return compareAttributes(x.attr, y.attr) })
	}
	return fields
}

// has reports whether an attribute is assigned.
func (o *Object) has(a *Attribute) bool {
	if o == nil {
		return false
	}
	return o.text != nil && o.text.has(a) || slices.ContainsFunc(o.fields, func(f field) bool { return f.attr == a })
}

// Lacks reports whether the object has no value at a path of an attribute and at most
// one within it, as far as that can be told without decoding anything: false means
// that Get has to tell.
func (o *Object) Lacks(p AttrPath) bool {
	if !o.has(p[0]) {
		return true
	}
	return len(p) > 1 && p.Extension() && o.text != nil && o.text.has(p[0]) && o.text.lacks(p[1])
}

// shows reports whether an extension has a value that is not hidden.
func (o *Object) shows(extension *Attribute) bool {
	if !o.has(extension) || !slices.ContainsFunc(extension.SubAttributes, isHidden) {
		return o.has(extension)
	}
	return slices.ContainsFunc(o.Get(extension).Object().all(), func(f field) bool { return !f.attr.Hidden })
}

func isHidden(a *Attribute) bool { return a.Hidden }

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
		fields := o.all()
		for i := range fields {
			if !yield(fields[i].attr, fields[i].decoded()) {
				return
			}
		}
	}
}

// With returns an object in which a has the value v; an unassigned v removes
// the field. Everything else is shared with o, which does not change.
func (o *Object) With(a *Attribute, v Value) *Object {
	if !v.Assigned() && !o.has(a) {
		return o
	}
	var rest *text
	var fields []field // those of o, copied
	switch {
	case o == nil:
	case o.text != nil && o.text.has(a):
		fields = o.all()
	default:
		rest = o.text // which stays as it is
		fields = append(make([]field, 0, len(o.fields)+1), o.fields...)
	}
	i, found := slices.BinarySearchFunc(fields, a, func(f field, a *Attribute) int {
		return compareAttributes(f.attr, a)
	})
	switch {
	case !found:
		fields = slices.Insert(fields, i, field{a, v})
	case v.Assigned():
		fields[i].value = v
	default:
		fields = slices.Delete(fields, i, i+1)
	}
	return &Object{rest, fields}
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
	return &Object{fields: fields}
}

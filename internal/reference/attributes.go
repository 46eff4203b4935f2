package reference

import "github.com/seed5f3efb56/scim/schema"

// attribute is a complex attribute whose $ref is the URI of the SCIM
// resource that its value names (RFC 7643 §2.4): manager, members, groups.
// $ref is derived from value and not kept beside it, so that the two cannot
// disagree; a $ref without a value is kept as it is.
type attribute struct {
	path   schema.AttrPath
	value  *schema.Attribute
	ref    *schema.Attribute
	typ    *schema.Attribute // names the resource type, or nil
	target string            // the one type referred to, "" if typ decides
}

// Attributes are the reference attributes of one resource type.
type Attributes []attribute

// Find returns the reference attributes of a resource type, except members and
// groups, which are derived as a whole.
func Find(t *schema.ResourceType) Attributes {
	var out Attributes
	add := func(path schema.AttrPath) {
		a := path.Last()
		ref := attribute{path: path, value: a.Sub("value"), ref: a.Sub("$ref"), typ: a.Sub("type")}
		if a == t.Members() || a == t.Groups() || ref.value == nil || ref.ref == nil || len(ref.ref.ReferenceTypes) == 0 {
			return
		}
		if len(ref.ref.ReferenceTypes) == 1 {
			ref.target = ref.ref.ReferenceTypes[0]
		}
		out = append(out, ref)
	}
	for _, a := range t.Schema.Attributes {
		add(schema.AttrPath{a})
	}
	for _, e := range t.Extensions {
		x, _ := t.Resolve(e.Schema.ID)
		for _, a := range e.Schema.Attributes {
			add(schema.AttrPath{x[0], a})
		}
	}
	return out
}

// Drop returns the object without each $ref that is derivable from its value.
func (as Attributes) Drop(o *schema.Object) *schema.Object {
	return as.apply(o, func(ref *attribute, one *schema.Object) *schema.Object {
		if !one.Get(ref.value).Assigned() {
			return one
		}
		return one.With(ref.ref, schema.Value{})
	})
}

// Fill returns the object with the $ref of each value that names a resource of
// a type served: locate returns its URI, "" if there is none.
func (as Attributes) Fill(o *schema.Object, locate func(typeName, id string) string) *schema.Object {
	return as.apply(o, func(ref *attribute, one *schema.Object) *schema.Object {
		name := ref.target
		if name == "" && ref.typ != nil {
			name = one.Get(ref.typ).Text()
		}
		uri := locate(name, one.Get(ref.value).Text())
		if uri == "" {
			return one
		}
		return one.With(ref.ref, schema.Reference(uri))
	})
}

// apply applies f to every value of every reference attribute.
func (as Attributes) apply(o *schema.Object, f func(*attribute, *schema.Object) *schema.Object) *schema.Object {
	for i := range as {
		ref := &as[i]
		if o.Lacks(ref.path) {
			continue
		}
		o = mapAt(o, ref.path, func(one *schema.Object) *schema.Object { return f(ref, one) })
	}
	return o
}

// mapAt applies f to every complex value at the path and returns the object
// with the results; it shares what does not change, and is o if nothing does.
func mapAt(o *schema.Object, path schema.AttrPath, f func(*schema.Object) *schema.Object) *schema.Object {
	v := o.Get(path[0])
	if !v.Assigned() {
		return o
	}
	one := f
	if len(path) > 1 {
		one = func(inner *schema.Object) *schema.Object { return mapAt(inner, path[1:], f) }
	}
	if v.IsList() {
		return mapList(o, path[0], v, one)
	}
	before := v.Object()
	after := one(before)
	if after == before {
		return o
	}
	return o.With(path[0], schema.Complex(after))
}

// mapList is mapAt for a multi-valued attribute.
func mapList(o *schema.Object, a *schema.Attribute, v schema.Value, f func(*schema.Object) *schema.Object) *schema.Object {
	list, changed := make([]schema.Value, 0, v.Len()), false
	for _, item := range v.All() {
		before := item.Object()
		after := f(before)
		changed = changed || after != before
		list = append(list, schema.Complex(after))
	}
	if !changed {
		return o
	}
	return o.With(a, schema.List(list...))
}

package sqlquery

import (
	"reflect"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/schema"
)

// Resource returns the resource of a row, without members and groups. Values in
// the rest column that do not fit the schema are left out; the errors name them
// and are meant for a log.
func (m *Typed[T]) Resource(v *T) (*schema.Resource, []error) { return m.resource(v, m.all()) }

// reading is the part of a row that is read: fields of the struct, and of the rest
// column some root attributes, or all if they are nil.
type reading struct {
	fields []*field
	roots  []*schema.Attribute
}

func (m *mapping) all() reading { return reading{m.fields, nil} }

// part returns the reading of some root attributes, nil for all, besides id, version
// and times.
func (m *mapping) part(roots []*schema.Attribute) reading {
	if roots == nil {
		return m.all()
	}
	out := reading{roots: roots}
	for _, f := range m.fields {
		wanted := false
		switch f.role {
		case roleID, roleVersion, roleCreated, roleLastModified:
			wanted = true
		case roleAttribute:
			wanted = slices.Contains(roots, f.path.Root())
		case roleRest:
			wanted = slices.ContainsFunc(roots, func(a *schema.Attribute) bool { return !m.represents(schema.AttrPath{a}) })
		}
		if wanted {
			out.fields = append(out.fields, f)
		}
	}
	return out
}

// represents reports whether the fields have all of the attribute at a path, so
// that the rest column adds nothing to it.
func (m *mapping) represents(p schema.AttrPath) bool {
	a := p.Last()
	switch {
	case a.MultiValued, a.Type == schema.TypeDateTime, a.Type == schema.TypeDecimal: // the rest has the text
		return false
	case a.Type == schema.TypeComplex:
		return !slices.ContainsFunc(a.SubAttributes, func(sub *schema.Attribute) bool {
			return !sub.Secret() && !m.represents(append(slices.Clone(p), sub))
		})
	}
	return slices.ContainsFunc(m.fields, func(f *field) bool { return f.role == roleAttribute && slices.Equal(f.path, p) })
}

// resource returns the resource of a row with what was read of it.
func (m *Typed[T]) resource(v *T, of reading) (*schema.Resource, []error) {
	row := reflect.ValueOf(v).Elem()
	r := &schema.Resource{Type: m.typ, ID: m.ID(v), Version: m.versionText(v)}
	r.Created, r.LastModified = m.created.time(row), m.modified.time(row)
	var problems []error
	if text := m.restOf(row); len(text) > 0 {
		r.Attributes, problems = m.typ.DecodeStoredOnly(text, of.roots)
		for _, a := range []*schema.Attribute{m.typ.Members(), m.typ.Groups()} {
			if a != nil {
				r.Attributes = r.Attributes.With(a, schema.Value{})
			}
		}
	}
	for _, f := range of.fields {
		if f.role == roleAttribute {
			if text, ok := f.codec.unnamed(row.FieldByIndex(f.Index)); ok {
				problems = append(problems, &unnamedError{f, text})
			}
			r.Attributes = f.overlay(r.Attributes, f.codec.get(row.FieldByIndex(f.Index)))
		}
	}
	return r, problems
}

func (f *field) time(row reflect.Value) time.Time {
	if f == nil {
		return time.Time{}
	}
	return f.codec.get(row.FieldByIndex(f.Index)).Time()
}

func (m *Typed[T]) restOf(row reflect.Value) []byte {
	if m.rest == nil {
		return nil
	}
	f := row.FieldByIndex(m.rest.Index)
	if f.Kind() == reflect.String {
		return []byte(f.String())
	}
	return f.Bytes()
}

// overlay returns the attributes with the value of the field.
func (f *field) overlay(o *schema.Object, v schema.Value) *schema.Object {
	if !f.selects() {
		return f.replace(o, f.path, v)
	}
	p := f.list()
	return setAt(o, p, f.overlayList(getAt(o, p), v))
}

// replace sets the value at a path of single values. If the old value, in the
// spelling of the client, is kept by the field as v, it stays.
func (f *field) replace(o *schema.Object, p schema.AttrPath, v schema.Value) *schema.Object {
	if old := getAt(o, p); old.Assigned() && f.codec.holds(v, old) {
		return o
	}
	return setAt(o, p, v)
}

func (f *field) overlayList(list, v schema.Value) schema.Value {
	i := f.locate(list)
	if i < 0 {
		return appendElement(list, f.element(v))
	}
	elements := make([]schema.Value, 0, list.Len())
	for j, e := range list.All() {
		if i == j {
			e = f.overlayElement(e.Object(), v)
		}
		elements = append(elements, e)
	}
	return schema.List(elements...)
}

// overlayElement returns the element with another value of the sub-attribute. An
// element that loses its "value" is removed.
func (f *field) overlayElement(o *schema.Object, v schema.Value) schema.Value {
	sub := f.path.Last()
	had := o.Get(sub).Assigned()
	o = f.replace(o, schema.AttrPath{sub}, v)
	if had && !o.Get(sub).Assigned() && sub == f.list().Last().Sub("value") {
		return schema.Value{}
	}
	return schema.Complex(o)
}

func appendElement(list, e schema.Value) schema.Value {
	if !e.Assigned() {
		return list
	}
	elements := make([]schema.Value, 0, list.Len()+1)
	for _, one := range list.All() {
		elements = append(elements, one)
	}
	return schema.List(append(elements, e)...)
}

// element returns a new element with the value and what the selector fixes.
func (f *field) element(v schema.Value) schema.Value {
	if !v.Assigned() {
		return schema.Value{}
	}
	var b schema.Builder
	for _, t := range f.terms {
		b.Set(t.sub, t.value)
	}
	if f.primary {
		if primary := f.list().Last().Primary(); primary != nil {
			b.Set(primary, schema.Boolean(true))
		}
	}
	b.Set(f.path.Last(), v)
	return schema.Complex(b.Object())
}

// locate returns the index of the element that the selector selects, or -1.
func (f *field) locate(list schema.Value) int {
	for i, e := range list.All() {
		if f.means(e) {
			return i
		}
	}
	if f.primary && list.Len() > 0 {
		return 0
	}
	return -1
}

func (f *field) means(e schema.Value) bool {
	if f.primary {
		return f.list().Last().IsPrimary(e)
	}
	for _, t := range f.terms {
		if !schema.Equal(t.sub, e.Object().Get(t.sub), t.value) {
			return false
		}
	}
	return true
}

// getAt returns the value at a path of single values.
func getAt(o *schema.Object, p schema.AttrPath) schema.Value {
	for _, a := range p[:len(p)-1] {
		o = o.Get(a).Object()
	}
	return o.Get(p.Last())
}

// setAt returns the object with another value at a path of single values.
func setAt(o *schema.Object, p schema.AttrPath, v schema.Value) *schema.Object {
	if len(p) > 1 {
		v = schema.Complex(setAt(o.Get(p[0]).Object(), p[1:], v))
	}
	return o.With(p[0], v)
}

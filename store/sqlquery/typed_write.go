package sqlquery

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/seed5f3efb56/scim/schema"
)

// New returns a T as it is before the first Apply: everything zero except what
// has a default.
func (m *Typed[T]) New() *T {
	v := new(T)
	m.setDefaults(v)
	return v
}

// setDefaults gives the fields with a default that value.
func (m *Typed[T]) setDefaults(v *T) {
	row := reflect.ValueOf(v).Elem()
	for _, f := range m.fields {
		if f.start.Assigned() {
			_ = f.codec.set(row.FieldByIndex(f.Index), f.start) // NewTyped tried
		}
	}
}

// Apply makes v what r is: attributes, keys, rest and times. The id, version,
// tenant and deletion stay. r is of the type [Typed.Type]; its members and
// groups are left out. A number that the field cannot hold is a
// [*schema.Error] of invalidValue; then v is of no use.
func (m *Typed[T]) Apply(v *T, r *schema.Resource) error {
	if r.Type != m.typ {
		return fmt.Errorf("sqlquery: the endpoint of %s must have the type that Typed.Type returns", m)
	}
	row := reflect.ValueOf(v).Elem()
	rest := r.Attributes
	for _, f := range m.fields {
		to := row.FieldByIndex(f.Index)
		var err error
		switch f.role {
		case roleAttribute:
			rest, err = f.take(to, r.Attributes, rest)
		case roleKey:
			err = f.codec.set(to, f.key(f.attributeValue(r.Attributes)))
		case roleCreated:
			err = f.codec.set(to, schema.DateTime(r.Created))
		case roleLastModified:
			err = f.codec.set(to, schema.DateTime(r.LastModified))
		}
		if err != nil {
			return f.wrong(err)
		}
	}
	m.setRest(row, rest)
	return nil
}

// wrong says at which attribute a value did not fit.
func (f *field) wrong(err error) error {
	var e *schema.Error
	if !errors.As(err, &e) {
		return err
	}
	return &schema.Error{Type: e.Type, Path: f.path.String(), Detail: e.Detail}
}

// take moves the field's value out of the attributes. A single value that the
// field keeps as it is need not be in the rest.
func (f *field) take(to reflect.Value, o, rest *schema.Object) (*schema.Object, error) {
	v := f.attributeValue(o)
	if err := f.codec.set(to, v); err != nil {
		return nil, err
	}
	if v.Assigned() && !f.selects() && f.codec.represents(v) {
		rest = setAt(rest, f.path, schema.Value{})
	}
	return rest, nil
}

// attributeValue returns the one attributeValue that the field is about.
func (f *field) attributeValue(o *schema.Object) schema.Value {
	if !f.selects() {
		return getAt(o, f.path)
	}
	list := getAt(o, f.list())
	i := f.locate(list)
	if i < 0 {
		return schema.Value{}
	}
	return list.At(i).Object().Get(f.path.Last())
}

func (m *Typed[T]) setRest(row reflect.Value, rest *schema.Object) {
	if m.rest == nil {
		return
	}
	for _, a := range []*schema.Attribute{m.typ.Members(), m.typ.Groups()} {
		if a != nil {
			rest = rest.With(a, schema.Value{})
		}
	}
	text := rest.AppendJSON(nil)
	f := row.FieldByIndex(m.rest.Index)
	if f.Kind() == reflect.String {
		f.SetString(string(text))
		return
	}
	f.SetBytes(text)
}

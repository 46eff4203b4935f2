package sqlquery

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/seed5f3efb56/scim/schema"
)

// New returns a zero T with the defaults of the tags, for the first Apply.
func (m *Typed[T]) New() *T {
	v := new(T)
	m.setDefaults(v)
	return v
}

// setDefaults sets the fields that have a default.
func (m *Typed[T]) setDefaults(v *T) {
	row := reflect.ValueOf(v).Elem()
	for _, f := range m.fields {
		if f.start.Assigned() {
			_ = f.codec.set(row.FieldByIndex(f.Index), f.start) // NewTyped has checked it
		}
	}
}

// Apply sets the attributes, keys, rest and times of v to those of r. The id,
// version, tenant and the mark of deletion stay. r has the type [Typed.Type];
// its members and groups are ignored. A number that a field cannot hold is a
// [*schema.Error] (400 invalidValue), and v must not be used then.
func (m *Typed[T]) Apply(v *T, r *schema.Resource) error {
	if r.Type != m.typ {
		return fmt.Errorf("sqlquery: %s: the resource has another type than Typed.Type; use that type for the endpoint", m)
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

// wrong adds the attribute's path to an error about a value.
func (f *field) wrong(err error) error {
	var e *schema.Error
	if !errors.As(err, &e) {
		return err
	}
	return &schema.Error{Type: e.Type, Path: f.path.String(), Detail: e.Detail}
}

// take sets the field to its value in the attributes. It returns rest, without
// the value if the field keeps all of it.
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

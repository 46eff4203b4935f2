package schema

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// FromStruct returns the schema that the tags of the struct T describe, checked as
// [New] does. T may be the row of a sqlquery.Table, so that one struct is the table
// and the type:
//
//	type agent struct {
//		ID     string    `scim:"id"`
//		Name   string    `scim:"displayName" schema:"required" doc:"The name that people see"`
//		Serial string    `scim:"serial" schema:"required,immutable,unique,caseExact"`
//		Owner  *string   `scim:"owner.value"`
//		Since  time.Time `scim:"since" schema:"readOnly"`
//	}
//
// The tag scim has the attribute, or attribute.subAttribute for a part of a singular
// complex one. Where a table has no column for it (a list, which is in the rest), the
// name is the option name= of the tag schema, and the field has no tag scim. Other
// fields without it, and those of id, externalId and meta, are no attribute of the
// schema. What follows a comma belongs to sqlquery; a second field
// for one attribute (key, former) is none. A name with the URI of an extension in
// front belongs to that schema only: FromStruct of the URI returns its attributes.
//
// Strings, booleans, integers, floats, time.Time (dateTime) and []byte (binary) give
// the type, also behind pointers; a slice is multi-valued, a struct complex. With
// the options not, true= or unit= of sqlquery an attribute is boolean or a dateTime.
//
// The tag schema has the characteristics that differ from the defaults of RFC 7643
// §2.2: required, readOnly, immutable, writeOnly, caseExact, unique (uniqueness
// server), returned=always (never, request), canonical=a|b, and reference=User|external
// for the type reference with its referenceTypes. The tag doc is the description.
//
// The error joins what is wrong with the tags, and names the fields.
func FromStruct[T any](uri, name, description string) (*Schema, error) {
	s := Schema{ID: uri, Name: name, Description: description}
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("schema: %s is not a struct", t)
	}
	as, err := structAttributes(t, uri, true)
	if err != nil {
		return nil, err
	}
	s.Attributes = as
	return New(s)
}

// structAttributes returns the attributes of a struct that belong to the schema with
// the URI, or with "" those of a complex attribute.
func structAttributes(t reflect.Type, uri string, top bool) ([]*Attribute, error) {
	prefix := ""
	for _, f := range reflect.VisibleFields(t) {
		if strings.HasPrefix(nameOf(f), uri+":") {
			prefix = uri + ":" // an extension
		}
	}
	var as []*Attribute
	var errs []error
	for _, f := range reflect.VisibleFields(t) {
		path, options, _ := strings.Cut(nameOf(f), ",")
		path, ours := strings.CutPrefix(path, prefix)
		if !ours || f.Anonymous || isOther(path, options) {
			continue
		}
		a, err := structAttribute(f, options, top)
		if err == nil {
			as, err = place(as, path, a)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("schema: %s.%s: %w", t, f.Name, err))
		}
	}
	return as, errors.Join(errs...)
}

// nameOf returns the name of an attribute and the options of sqlquery after it.
func nameOf(f reflect.StructField) string {
	if tag, ok := f.Tag.Lookup("scim"); ok {
		return tag
	}
	for _, option := range strings.Split(f.Tag.Get("schema"), ",") {
		if name, ok := strings.CutPrefix(option, "name="); ok {
			return name
		}
	}
	return ""
}

// isOther reports whether a field is no attribute of the schema: a common attribute,
// one of another schema, or a column of sqlquery's own.
func isOther(path, options string) bool {
	first, _, _ := strings.Cut(options, ",")
	root, _, _ := strings.Cut(path, ".")
	return path == "" || strings.Contains(path, ":") || first == "key" || first == "former" || slices.Contains([]string{"schemas", "id", "externalId", "meta"}, root)
}

// place adds an attribute, as a part of a complex one if the path has two names.
func place(as []*Attribute, path string, a *Attribute) ([]*Attribute, error) {
	root, sub, dotted := strings.Cut(path, ".")
	if strings.ContainsAny(path, "[]") || strings.Contains(sub, ".") {
		return as, fmt.Errorf("%q is not an attribute or attribute.subAttribute; a multi-valued attribute is a field with a slice", path)
	}
	a.Name = root
	if !dotted {
		return append(as, a), nil
	}
	a.Name = sub
	for _, parent := range as {
		if parent.Name == root {
			parent.SubAttributes = append(parent.SubAttributes, a)
			return as, nil
		}
	}
	return append(as, &Attribute{Name: root, Type: TypeComplex, SubAttributes: []*Attribute{a}}), nil
}

// structAttribute returns the attribute of a field, without its name.
func structAttribute(f reflect.StructField, options string, top bool) (*Attribute, error) {
	a := &Attribute{Description: f.Tag.Get("doc")}
	t := f.Type
	if t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
		a.MultiValued, t = true, t.Elem()
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if err := a.setType(t, top); err != nil {
		return nil, err
	}
	for _, option := range strings.Split(options, ",") {
		switch name, _, _ := strings.Cut(option, "="); name {
		case "not", "true":
			a.Type = TypeBoolean
		case "unit":
			a.Type = TypeDateTime
		}
	}
	for _, option := range strings.Split(f.Tag.Get("schema"), ",") {
		if err := a.setOption(option); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *Attribute) setType(t reflect.Type, top bool) error {
	switch t.Kind() {
	case reflect.String:
		return nil
	case reflect.Bool:
		a.Type = TypeBoolean
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		a.Type = TypeInteger
	case reflect.Float32, reflect.Float64:
		a.Type = TypeDecimal
	case reflect.Slice, reflect.Struct:
		return a.setComposed(t, top)
	default:
		return fmt.Errorf("a %s is no data type of RFC 7643 §2.3", t)
	}
	return nil
}

// setComposed sets the type of a slice of bytes, a time or another struct.
func (a *Attribute) setComposed(t reflect.Type, top bool) (err error) {
	switch {
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		a.Type = TypeBinary
	case t == reflect.TypeFor[time.Time]():
		a.Type = TypeDateTime
	case t.Kind() == reflect.Struct && top:
		a.Type = TypeComplex
		a.SubAttributes, err = structAttributes(t, "", false)
	default:
		return fmt.Errorf("a %s is no value of a simple attribute (RFC 7643 §2.3)", t)
	}
	return err
}

// setOption reads one option of the tag schema.
func (a *Attribute) setOption(option string) error {
	name, value, _ := strings.Cut(option, "=")
	switch name {
	case "", "name":
	case "required":
		a.Required = true
	case "readOnly":
		a.Mutability = ReadOnly
	case "immutable":
		a.Mutability = Immutable
	case "writeOnly":
		a.Mutability, a.Returned = WriteOnly, ReturnedNever
	case "caseExact":
		a.CaseExact = true
	case "unique":
		a.Uniqueness = UniquenessServer
	case "returned":
		i := slices.Index(returnedNames, value)
		if i < 0 {
			return fmt.Errorf("returned=%s is none of %q", value, returnedNames)
		}
		a.Returned = Returned(i)
	case "canonical":
		a.CanonicalValues = strings.Split(value, "|")
	case "reference":
		a.Type, a.ReferenceTypes = TypeReference, strings.Split(value, "|")
	default:
		return fmt.Errorf("the tag schema has the unknown option %q", option)
	}
	return nil
}

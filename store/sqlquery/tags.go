package sqlquery

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// tag is a parsed scim struct tag, not yet checked against the schema.
type tag struct {
	path     string // without the selector: emails.value
	selector string // between the brackets: primary, or type eq "work"
	bracket  bool
	options  map[string]string
}

// known has the options and whether they take a value.
var known = map[string]bool{
	"key": false, "former": false, "not": false, "rest": false, "deleted": false, "tenant": false, "composed": false, "uuid": false, "owner": false,
	"prefix": true, "default": true, "unit": true, "true": true, "false": true,
}

// parseTag parses path[selector].sub,option,option=value. A comma inside of the
// brackets belongs to the selector.
func parseTag(text string) (tag, error) {
	path, options := cutOptions(text)
	t := tag{path: path, options: map[string]string{}}
	for _, o := range options {
		name, value, valued := strings.Cut(o, "=")
		takes, ok := known[name]
		switch _, twice := t.options[name]; {
		case !ok:
			return t, fmt.Errorf("%q is not an option", name)
		case twice:
			return t, fmt.Errorf("option %s occurs twice", name)
		case takes != valued:
			return t, fmt.Errorf("option %s: a value is missing or not possible", o)
		}
		t.options[name] = value
	}
	before, rest, found := strings.Cut(path, "[")
	if !found {
		return t, nil
	}
	end := strings.LastIndexByte(rest, ']')
	if end < 0 {
		return t, errors.New("a bracket is not closed")
	}
	t.bracket = true
	t.path, t.selector = before+rest[end+1:], rest[:end]
	return t, nil
}

// cutOptions splits a tag at the commas after the path.
func cutOptions(text string) (path string, options []string) {
	from := strings.LastIndexByte(text, ']') + 1
	comma := strings.IndexByte(text[from:], ',')
	if comma < 0 {
		return text, nil
	}
	return text[:from+comma], strings.Split(text[from+comma+1:], ",")
}

func (t tag) has(option string) bool {
	_, ok := t.options[option]
	return ok
}

// term is a part of a selector: a sub-attribute and its value.
type term struct {
	sub   *schema.Attribute
	value schema.Value
}

// terms parses a selector such as type eq "work" as a filter.
func (t tag) terms(rt *schema.ResourceType, list *schema.Attribute) ([]term, error) {
	prefix := strings.TrimSuffix(t.path, "."+lastName(t.path))
	p, err := filter.NewResolver(rt, filter.Options{}).Path(prefix+"["+t.selector+"]", nil)
	if err != nil {
		return nil, err
	}
	return conjunction(nil, p.Filter, list)
}

func lastName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

func conjunction(terms []term, e filter.Expr, list *schema.Attribute) ([]term, error) {
	switch e := e.(type) {
	case filter.And:
		left, err := conjunction(terms, e.Left, list)
		if err != nil {
			return nil, err
		}
		return conjunction(left, e.Right, list)
	case filter.Compare:
		sub := e.Path.Last()
		if e.Op == filter.EQ && !e.Null && list.Sub(sub.Name) == sub {
			return append(terms, term{sub, e.Value}), nil
		}
	}
	return nil, errors.New("a selector must be primary, or eq conditions joined by and: a conjunction")
}

// structFields returns the fields of a struct that have a scim tag. Fields of
// embedded structs count as its own.
func structFields(t reflect.Type) ([]reflect.StructField, []error) {
	var out []reflect.StructField
	var errs []error
	for _, f := range reflect.VisibleFields(t) {
		text, ok := f.Tag.Lookup("scim")
		switch {
		case !ok || text == "-":
		case !f.IsExported():
			errs = append(errs, &tagError{t, f.Name, "is not exported"})
		case throughPointer(t, f.Index):
			errs = append(errs, &tagError{t, f.Name, "is embedded by pointer, which may be nil"})
		default:
			out = append(out, f)
		}
	}
	return out, errs
}

func throughPointer(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		t = t.Field(i).Type
		if t.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

// tagError is a mistake in a struct tag, or in the struct as a whole.
type tagError struct {
	Struct reflect.Type
	Field  string // "" for the struct
	Reason string
}

// Error returns struct, field and reason.
func (e *tagError) Error() string {
	where := e.Struct.String()
	if e.Field != "" {
		where += "." + e.Field
	}
	return "sqlquery: " + where + ": " + e.Reason
}

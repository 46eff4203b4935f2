package sqlquery

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seed5f3efb56/scim/schema"
)

// valueMap names the values of a text or integer column that mean true and
// false. The first of each is the one that is written. Other values are unnamed
// and mean false, so that a status that the tag forgets gives no access.
type valueMap struct{ yes, no []string }

// newValueMap reads the options true and false for a field with the codec c.
func newValueMap(c codec, g tag) (*valueMap, error) {
	switch {
	case c.attr.Type != schema.TypeBoolean:
		return nil, fmt.Errorf("options true and false are for boolean attributes")
	case c.not || c.unit > 0:
		return nil, fmt.Errorf("options not and unit are not possible with true and false")
	case c.kind != kindText && c.kind != kindInt && c.kind != kindUint:
		return nil, fmt.Errorf("options true and false are for strings and integers")
	case !g.has("true") || !g.has("false"):
		return nil, fmt.Errorf("options true and false need each other")
	}
	m := &valueMap{strings.Split(g.options["true"], "|"), strings.Split(g.options["false"], "|")}
	all := slices.Concat(m.yes, m.no)
	for i, text := range all {
		if err := c.checkMapped(text); err != nil {
			return nil, err
		}
		if slices.Contains(all[:i], text) {
			return nil, fmt.Errorf("options true and false have the value %s twice", text)
		}
	}
	return m, nil
}

// checkMapped fails unless the field can have the value. Values become literals
// of SQL, so that quotes and backslashes are refused.
func (c codec) checkMapped(text string) error {
	if c.kind == kindText {
		if text == "" || !validText(text) || strings.ContainsAny(text, "'\"`\\") {
			return fmt.Errorf("options true and false need values without quotes and backslashes, separated by |")
		}
		return nil
	}
	v := reflect.New(baseType(c.typ)).Elem()
	if setText(v, text) != nil || fieldText(v) != text {
		return fmt.Errorf("options true and false: %q is not an integer of type %s", text, v.Type())
	}
	return nil
}

// reads returns what a value of the column means, and whether the map names it.
func (m *valueMap) reads(text string) (is, named bool) {
	if slices.Contains(m.yes, text) {
		return true, true
	}
	return false, slices.Contains(m.no, text)
}

func (m *valueMap) written(is bool) string {
	if is {
		return m.yes[0]
	}
	return m.no[0]
}

// keeps reports whether the field has a value that means v already. The zero
// value of a new row is not one unless the map names it.
func (c codec) keeps(f reflect.Value, v schema.Value) bool {
	inner, ok := c.inner(f)
	if !ok {
		return false
	}
	is, named := c.values.reads(fieldText(inner))
	return is == v.Bool() && (named || !inner.IsZero())
}

// unnamed returns the value of a field that its map does not name.
func (c codec) unnamed(f reflect.Value) (text string, ok bool) {
	inner, ok := c.inner(f)
	if !ok || c.values == nil {
		return "", false
	}
	text = fieldText(inner)
	_, named := c.values.reads(text)
	return text, !named
}

// mapped returns the SQL expression of a boolean for a column with a map. It is
// NULL where the column is NULL and can be; else NULL is the zero value.
func (f *field) mapped(d *dialect, column string) string {
	x, literals := column, slices.Clone(f.codec.values.yes)
	switch {
	case f.codec.kind == kindText:
		x = d.exact(column)
		for i, text := range literals {
			literals[i] = d.exact("'" + text + "'")
		}
	case !f.nullable:
		x = "COALESCE(" + column + ", 0)"
	}
	otherwise := "ELSE FALSE"
	if f.nullable {
		otherwise = "WHEN " + column + " IS NOT NULL THEN FALSE"
	}
	return "(CASE WHEN " + x + " IN (" + strings.Join(literals, ", ") + ") THEN TRUE " + otherwise + " END)"
}

// baseType returns the type inside of a pointer or Null type.
func baseType(t reflect.Type) reflect.Type {
	c := newCodec(t)
	if c.null == notNull {
		return t
	}
	return baseOf(c)
}

// fieldText returns a string or integer as text.
func fieldText(v reflect.Value) string {
	switch {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	}
	return v.String()
}

// setText sets a string or integer to a text.
func setText(v reflect.Value, text string) error {
	switch {
	case v.CanInt():
		i, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(i)
		return err
	case v.CanUint():
		u, err := strconv.ParseUint(text, 10, v.Type().Bits())
		v.SetUint(u)
		return err
	}
	v.SetString(text)
	return nil
}

// unnamedError reports a value of a column that its map does not name.
type unnamedError struct {
	field *field
	value string
}

// Error names the field, the value and the remedy.
func (e *unnamedError) Error() string {
	return fmt.Sprintf("%s: %q reads as false, since the tag of %s does not name it: add it to true= or false=", e.field.path, e.value, e.field.Name)
}

// onceEach remembers problems that were logged. Further problems are forgotten
// when it has many.
type onceEach struct {
	mutex sync.Mutex
	seen  map[string]bool
}

// first reports whether a text is given for the first time.
func (o *onceEach) first(text string) bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.seen[text] || len(o.seen) >= 100 {
		return false
	}
	if o.seen == nil {
		o.seen = map[string]bool{}
	}
	o.seen[text] = true
	return true
}

package sqlquery

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/seed5f3efb56/scim/schema"
)

// kind is the kind of value that a Go type holds, without pointer or Null type.
type kind uint8

const (
	kindNone kind = iota
	kindText
	kindBool
	kindInt
	kindUint
	kindFloat
	kindTime
	kindBytes
)

// codec moves one value between a Go field and the value tree.
type codec struct {
	attr *schema.Attribute
	typ  reflect.Type
	kind kind
	null nullness
	not  bool
	unit time.Duration // of an integer that is a time
	// values are the values of a string or integer for a boolean attribute, or nil.
	values *valueMap
}

// nullness is the way in which a Go type represents "no value".
type nullness uint8

const (
	notNull     nullness = iota
	nullPointer          // *T
	nullStruct           // sql.NullString and the like: a value and Valid
)

var timeType = reflect.TypeFor[time.Time]()

// sqlPackage is the package of the Null types.
const sqlPackage = "database/sql"

// newCodec returns the codec of a Go type. Its attribute is set later.
func newCodec(t reflect.Type) codec {
	c := codec{typ: t}
	base := t
	switch {
	case t.Kind() == reflect.Pointer:
		c.null, base = nullPointer, t.Elem()
	case t.Kind() == reflect.Struct && t.PkgPath() == sqlPackage && t.NumField() == 2 && t.Field(1).Name == "Valid":
		c.null, base = nullStruct, t.Field(0).Type
	}
	c.kind = kindOf(base)
	return c
}

func kindOf(t reflect.Type) kind {
	switch k := t.Kind(); {
	case t == timeType:
		return kindTime
	case k == reflect.String:
		return kindText
	case k == reflect.Bool:
		return kindBool
	case reflect.Int <= k && k <= reflect.Int64:
		return kindInt
	case reflect.Uint <= k && k <= reflect.Uint64:
		return kindUint
	case k == reflect.Float32 || k == reflect.Float64:
		return kindFloat
	case k == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return kindBytes
	}
	return kindNone
}

// fits reports whether the Go type can hold values of an attribute type.
func (c codec) fits(t schema.Type) bool {
	switch t {
	case schema.TypeString, schema.TypeReference, schema.TypeBinary:
		return c.kind == kindText
	case schema.TypeBoolean:
		return c.kind == kindBool || c.values != nil
	case schema.TypeInteger:
		return c.kind == kindInt || c.kind == kindUint
	case schema.TypeDecimal:
		return c.kind == kindFloat
	case schema.TypeDateTime:
		return c.kind == kindTime || c.kind == kindInt && c.unit > 0
	}
	return false
}

// inner returns the value inside of a pointer or Null type; false for null.
func (c codec) inner(f reflect.Value) (reflect.Value, bool) {
	switch c.null {
	case nullPointer:
		return f.Elem(), !f.IsNil()
	case nullStruct:
		return f.Field(0), f.Field(1).Bool()
	}
	return f, true
}

// get returns the value of a field. In a field that cannot be null the empty
// string and the zero time mean "unassigned".
func (c codec) get(f reflect.Value) schema.Value {
	v, ok := c.inner(f)
	if !ok || c.null == notNull && v.IsZero() && c.hasEmpty() {
		return schema.Value{}
	}
	if c.values != nil {
		is, _ := c.values.reads(fieldText(v))
		return schema.Boolean(is)
	}
	switch c.kind {
	case kindText:
		return c.text(v.String())
	case kindBool:
		return schema.Boolean(v.Bool() != c.not)
	case kindInt:
		if c.unit > 0 {
			return schema.DateTime(fromUnit(v.Int(), c.unit))
		}
		return schema.Integer(v.Int())
	case kindUint:
		if v.Uint() > math.MaxInt64 {
			return schema.Value{}
		}
		return schema.Integer(int64(v.Uint()))
	case kindFloat:
		return decimal(v.Float(), v.Type().Bits())
	case kindTime:
		return schema.DateTime(v.Interface().(time.Time))
	}
	return schema.Value{}
}

// hasEmpty reports whether the zero value of a Go type that cannot be null means
// "unassigned".
func (c codec) hasEmpty() bool {
	return c.values == nil && (c.kind == kindText || c.kind == kindTime || c.unit > 0)
}

func (c codec) text(s string) schema.Value {
	switch c.attr.Type {
	case schema.TypeReference:
		return schema.Reference(s)
	case schema.TypeBinary:
		return schema.Binary(s)
	}
	return schema.String(s)
}

func decimal(f float64, bits int) schema.Value {
	text, err := json.Marshal(f)
	if bits == 32 {
		text, err = json.Marshal(float32(f))
	}
	if err != nil { // NaN or an infinity
		return schema.Value{}
	}
	return schema.Decimal(string(text), f)
}

// set sets a field. If the value is unassigned, a boolean or number that cannot
// be null stays as it is. A field with a map stays if it means the value already.
func (c codec) set(f reflect.Value, v schema.Value) error {
	if !v.Assigned() {
		if c.null != notNull || c.hasEmpty() {
			f.SetZero()
		}
		return nil
	}
	if c.values != nil && c.keeps(f, v) {
		return nil
	}
	switch c.null {
	case nullPointer:
		p := reflect.New(c.typ.Elem()) // a copy of the row may share the old pointer
		if err := c.setInner(p.Elem(), v); err != nil {
			return err
		}
		f.Set(p)
		return nil
	case nullStruct:
		if err := c.setInner(f.Field(0), v); err != nil {
			return err
		}
		f.Field(1).SetBool(true)
		return nil
	}
	return c.setInner(f, v)
}

func (c codec) setInner(f reflect.Value, v schema.Value) error {
	if c.values != nil {
		return setText(f, c.values.written(v.Bool()))
	}
	switch c.kind {
	case kindText:
		f.SetString(v.Text())
	case kindBool:
		f.SetBool(v.Bool() != c.not)
	case kindInt:
		i := v.Int()
		if c.unit > 0 {
			i = toUnit(v.Time(), c.unit)
		}
		if f.OverflowInt(i) {
			return errRange
		}
		f.SetInt(i)
	case kindUint:
		if v.Int() < 0 || f.OverflowUint(uint64(v.Int())) {
			return errRange
		}
		f.SetUint(uint64(v.Int()))
	case kindFloat:
		if f.OverflowFloat(v.Float()) {
			return errRange
		}
		f.SetFloat(v.Float())
	case kindTime:
		f.Set(reflect.ValueOf(v.Time()))
	}
	return nil
}

var errRange = &schema.Error{Type: schema.ErrorInvalidValue, Detail: "the number is out of range"}

// through returns the value that a field holds after it is set to v.
func (c codec) through(v schema.Value) schema.Value {
	f := reflect.New(c.typ).Elem()
	if c.set(f, v) != nil {
		return schema.Value{}
	}
	return c.get(f)
}

// holds reports whether current, the value of the field, is the value that the
// field has after it is set to v. Times are compared in microseconds, which
// databases keep.
func (c codec) holds(current, v schema.Value) bool {
	v = c.through(v)
	if current.Assigned() != v.Assigned() {
		return false
	}
	switch c.attr.Type {
	case schema.TypeDateTime:
		return current.Time().Truncate(time.Microsecond).Equal(v.Time().Truncate(time.Microsecond))
	case schema.TypeDecimal:
		return current.Float() == v.Float()
	}
	return schema.Identical(current, v)
}

// represents reports whether the field and its column keep all of v. Databases
// keep fewer digits of times and decimals.
func (c codec) represents(v schema.Value) bool {
	if c.attr.Type == schema.TypeDateTime || c.attr.Type == schema.TypeDecimal {
		return false
	}
	if c.kind == kindText && c.null == notNull && v.Text() == "" {
		return true // the empty string means "unassigned"
	}
	return schema.Identical(c.through(v), v)
}

// units are the values of the option unit.
var units = map[string]time.Duration{
	"s": time.Second, "ms": time.Millisecond, "us": time.Microsecond, "ns": time.Nanosecond,
}

func fromUnit(i int64, unit time.Duration) time.Time {
	per := int64(time.Second / unit)
	seconds, rest := i/per, i%per
	return time.Unix(seconds, rest*int64(unit)).UTC()
}

func toUnit(t time.Time, unit time.Duration) int64 {
	switch unit {
	case time.Second:
		return t.Unix()
	case time.Millisecond:
		return t.UnixMilli()
	case time.Microsecond:
		return t.UnixMicro()
	}
	return t.UnixNano()
}

// parseDefault parses the value of the option default.
func (c codec) parseDefault(text string) (schema.Value, error) {
	if c.attr.Type == schema.TypeBoolean {
		b, err := strconv.ParseBool(text)
		return schema.Boolean(b), err
	}
	return schema.ParseScalar(c.attr, text)
}

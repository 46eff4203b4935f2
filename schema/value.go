package schema

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"time"
)

type form uint8

const (
	unassigned form = iota
	single
	many
	encoded // text is the JSON of one value or a list; within an Object alone
)

// Value is one attribute value: nothing, a typed single value, or a list of
// single values. The zero Value is the unassigned state. Values are immutable
// and safe for concurrent use.
type Value struct {
	form form
	typ  Type
	num  uint64 // boolean, integer, decimal (float bits)
	text string // string, reference, binary, dateTime and numbers as the client wrote them
	node any    // *Object, []Value, time.Time
}

// String returns a string value.
func String(s string) Value { return Value{form: single, typ: TypeString, text: s} }

// Reference returns a reference value (RFC 7643 §2.3.7).
func Reference(uri string) Value { return Value{form: single, typ: TypeReference, text: uri} }

// Binary returns a binary value from its base64 text (RFC 7643 §2.3.6).
func Binary(base64 string) Value { return Value{form: single, typ: TypeBinary, text: base64} }

// Boolean returns a boolean value.
func Boolean(b bool) Value {
	v := Value{form: single, typ: TypeBoolean}
	if b {
		v.num = 1
	}
	return v
}

// Integer returns an integer value.
func Integer(i int64) Value {
	return Value{form: single, typ: TypeInteger, num: uint64(i), text: strconv.FormatInt(i, 10)}
}

// Decimal returns a decimal value; text is its JSON form, f what it compares
// as.
func Decimal(text string, f float64) Value {
	return Value{form: single, typ: TypeDecimal, num: math.Float64bits(f), text: text}
}

// DateTime returns a dateTime value in UTC with as many fractional digits as
// needed.
func DateTime(t time.Time) Value {
	t = t.UTC()
	return Value{form: single, typ: TypeDateTime, text: t.Format(time.RFC3339Nano), node: t}
}

// dateTimeText returns a dateTime value that keeps the client's text.
func dateTimeText(text string, t time.Time) Value {
	return Value{form: single, typ: TypeDateTime, text: text, node: t}
}

// Complex returns a complex value; an empty or nil object is unassigned.
func Complex(o *Object) Value {
	if o.Len() == 0 {
		return Value{}
	}
	return Value{form: single, typ: TypeComplex, node: o}
}

// List returns a multi-valued value of single values of one type. Unassigned
// elements are left out; an empty list is unassigned. The slice passes to the
// value.
func List(vs ...Value) Value {
	vs = slices.DeleteFunc(vs, func(v Value) bool { return v.form != single })
	if len(vs) == 0 {
		return Value{}
	}
	return Value{form: many, typ: vs[0].typ, node: vs}
}

// Assigned reports whether there is a value at all.
func (v Value) Assigned() bool { return v.form != unassigned }

// IsList reports whether v is a list.
func (v Value) IsList() bool { return v.form == many }

// Type returns the data type of the value, or of a list's elements.
func (v Value) Type() Type { return v.typ }

// Text returns the text of a string, reference, binary, dateTime or number as
// the client wrote it, "true" or "false" for a boolean, and "" otherwise.
func (v Value) Text() string {
	if v.form == single && v.typ == TypeBoolean {
		return strconv.FormatBool(v.num == 1)
	}
	return v.text
}

// Bool returns a boolean's value; false for anything else.
func (v Value) Bool() bool { return v.typ == TypeBoolean && v.num == 1 }

// Int returns an integer's value; 0 for anything else.
func (v Value) Int() int64 {
	if v.typ != TypeInteger {
		return 0
	}
	return int64(v.num)
}

// Float returns the numeric value of a decimal or integer; 0 for anything else.
func (v Value) Float() float64 {
	switch v.typ {
	case TypeInteger:
		return float64(int64(v.num))
	case TypeDecimal:
		return math.Float64frombits(v.num)
	}
	return 0
}

// Time returns a dateTime's instant; the zero time for anything else.
func (v Value) Time() time.Time {
	t, _ := v.node.(time.Time)
	return t
}

// Object returns a complex value's object; nil (a valid, empty object) for
// anything else.
func (v Value) Object() *Object {
	o, _ := v.node.(*Object)
	return o
}

// Len returns the number of single values: 0 when unassigned, 1 for a single
// value, else the length of the list.
func (v Value) Len() int {
	switch v.form {
	case unassigned:
		return 0
	case single:
		return 1
	}
	return len(v.node.([]Value))
}

// At returns the i-th single value; a single value is its own element 0.
func (v Value) At(i int) Value {
	if v.form == single && i == 0 {
		return v
	}
	return v.node.([]Value)[i]
}

// All yields the single values in order; nothing when unassigned.
func (v Value) All() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		for i, n := 0, v.Len(); i < n; i++ {
			if !yield(i, v.At(i)) {
				return
			}
		}
	}
}

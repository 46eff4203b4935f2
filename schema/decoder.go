package schema

import (
	"errors"
	"strings"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// decoder reads JSON values against attribute definitions.
type decoder struct {
	profile Profile
	patch   bool       // in a PATCH value: a list of one may stand for a singular value
	members *Attribute // elements are told apart by their ids alone
	path    AttrPath   // of the value that is read, for the paths of secrets
	secrets map[string]Value
	ignored string // name of an unknown attribute that Deactivates, if any
}

// ignore leaves a member out that names no attribute of the resource or of an
// extension or singular attribute; elements of a list are not the resource.
func (d *decoder) ignore(m jsonValue) {
	if m.deactivates() && !d.path.MultiValued() {
		d.ignored = m[0].name
	}
}

// field reads the value of attribute a, which b does not have yet, into b,
// unless it is readOnly, which in PATCH may be an error, or secret.
func (d *decoder) field(b *Builder, a *Attribute, value jsonValue) error {
	// RFC 7644 §3.3, §3.5.1: readOnly attributes SHALL be ignored, id and meta
	// among them, whatever they hold; in PATCH they are an error (§3.5.2).
	if a.Mutability == ReadOnly {
		if d.patch && !d.profile.IgnoreReadOnly {
			return &Error{Type: ErrorMutability, Path: a.Name, Detail: "the attribute is readOnly"}
		}
		return nil
	}
	d.path = append(d.path, a)
	v, err := d.attribute(a, value)
	if err != nil {
		return below(a, err)
	}
	if a.Secret() {
		d.keep(v)
		v = Value{}
	}
	d.path = d.path[:len(d.path)-1]
	b.fields = append(b.fields, field{a, v})
	return nil
}

// keep puts a secret aside. Those in several elements of a multi-valued
// attribute make a list.
func (d *decoder) keep(v Value) {
	if !v.Assigned() {
		return
	}
	if d.secrets == nil {
		d.secrets = make(map[string]Value, 1)
	}
	path := d.path.String()
	if before := d.secrets[path]; before.Assigned() {
		v = List(append(values(before), values(v)...)...)
	}
	d.secrets[path] = v
}

func values(v Value) []Value {
	out := make([]Value, 0, v.Len())
	for _, one := range v.All() {
		out = append(out, one)
	}
	return out
}

// below puts a's name in front of the path of an error.
func below(a *Attribute, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	return &Error{Type: e.Type, Path: AttrPath{a}.join(e.Path), Detail: e.Detail}
}

func (d *decoder) attribute(a *Attribute, value jsonValue) (Value, error) {
	if a.MultiValued {
		return d.list(a, value)
	}
	return d.single(a, value)
}

// blank reports whether a value that is no list element stands for
// unassigned: null and [] (RFC 7643 §2.5).
func (d *decoder) blank(value jsonValue) bool {
	switch value.kind() {
	case jsonNull:
		return true
	case jsonArray:
		return value[0].len == 0
	}
	return value.isText("") && d.profile.EmptyStrings
}

func (d *decoder) list(a *Attribute, value jsonValue) (Value, error) {
	if d.blank(value) {
		return Value{}, nil
	}
	if a.Type == TypeComplex {
		value = d.profile.fromText(value)
	}
	if value.kind() == jsonArray {
		return d.elements(a, value[1:], int(value[0].len))
	}
	if !d.profile.SingleValues {
		return Value{}, wrongType("must be an array")
	}
	return d.elements(a, value, 1) // OneLogin: "emails": {...}
}

// elements reads the n elements of a multi-valued attribute.
func (d *decoder) elements(a *Attribute, list jsonValue, n int) (Value, error) {
	vs := make([]Value, 0, n)
	for one := range list.each() {
		if a == d.members {
			if empty, err := d.emptyMember(one); err != nil || empty {
				if err != nil {
					return Value{}, err
				}
				continue
			}
		}
		v, err := d.element(a, one)
		if err != nil {
			return Value{}, err
		}
		switch {
		case v.Assigned():
			vs = append(vs, v)
		case a == d.members: // it has readOnly sub-attributes alone
			return Value{}, wrongType("a member needs a value")
		}
	}
	if a == d.members {
		vs = distinct(a, vs, memberKey)
	} else {
		vs = Distinct(a, vs)
	}
	if err := onePrimary(a, vs); err != nil {
		return Value{}, err
	}
	return List(vs...), nil
}

// element reads one element of a multi-valued attribute.
func (d *decoder) element(a *Attribute, value jsonValue) (Value, error) {
	switch {
	case value.kind() == jsonNull:
		return Value{}, nil
	case a.Type == TypeComplex:
		return d.complexOrText(a, value)
	}
	return d.scalar(a, value.kind(), value[0].text)
}

// emptyMember reports whether an element of the members attribute names no
// resource, so that it is left out; without EmptyMembers that is an error.
func (d *decoder) emptyMember(value jsonValue) (bool, error) {
	if !value.namesNothing() {
		return false, nil
	}
	if !d.profile.EmptyMembers {
		return false, wrongType("a member needs a value")
	}
	return true, nil
}

// NamesNothing reports whether an element of a members attribute is null or has
// nothing but null and "" in it.
func NamesNothing(value any) bool {
	var room [8]node
	return appendNodes(room[:0], "", value).namesNothing()
}

func (v jsonValue) namesNothing() bool {
	if v.kind() != jsonObject {
		return v.isNothing()
	}
	for m := range v.parts() {
		if !m.isNothing() {
			return false
		}
	}
	return true
}

func (v jsonValue) isNothing() bool { return v.kind() == jsonNull || v.isText("") }

func (d *decoder) single(a *Attribute, value jsonValue) (Value, error) {
	if value.kind() == jsonArray {
		switch n := value[0].len; {
		case n == 0:
			return Value{}, nil
		case n == 1 && d.patch && d.profile.SingleValues:
			value = value[1:] // clients on older SCIM-SDK releases
		default:
			return Value{}, wrongType("must be a single value, not an array")
		}
	}
	if value.kind() == jsonNull {
		return Value{}, nil
	}
	if a.Type != TypeComplex {
		return d.scalar(a, value.kind(), value[0].text)
	}
	return d.complexOrText(a, value)
}

// complexOrText reads a complex value. Under ComplexStrings a string is the
// JSON text of an object or the value's "value": Entra ID sends "manager": "id",
// and "" to clear it.
func (d *decoder) complexOrText(a *Attribute, value jsonValue) (Value, error) {
	value = d.profile.fromText(value)
	isString := value.kind() == jsonString || value.kind() == jsonNumber && d.profile.NumberStrings
	switch {
	case !isString || !d.profile.ComplexStrings || a.order == orderExtension:
		return d.complex(a, value)
	case value[0].text == "":
		return Value{}, nil
	case a.Public("value") == nil:
		return Value{}, wrongType(typeWanted[TypeComplex])
	}
	return d.complex(a, jsonValue{
		{kind: jsonObject, len: 1, size: 2},
		{kind: jsonString, name: "value", text: value[0].text, size: 1},
	})
}

// maxTextElements is how many elements of arrays FromText reads.
const maxTextElements = 40_000

// FromText returns the JSON object or array of which value is the text, under
// ComplexStrings; anything else, and a text with more than 40,000 elements of arrays,
// as it is.
func (p Profile) FromText(value any) any {
	s, _ := value.(string)
	text, ok := p.hasText(s)
	if !ok {
		return value
	}
	if v, err := ParseJSONWithin([]byte(text), maxTextElements); err == nil {
		return v
	}
	return value
}

// fromText is FromText for a value that is kept as nodes.
func (p Profile) fromText(value jsonValue) jsonValue {
	if value.kind() != jsonString {
		return value
	}
	if _, ok := p.hasText(value[0].text); !ok {
		return value
	}
	return appendNodes(nil, value[0].name, p.FromText(value[0].text))
}

// hasText returns the JSON text of an object or array that a string may be.
func (p Profile) hasText(s string) (string, bool) {
	if !p.ComplexStrings {
		return "", false
	}
	text := strings.TrimSpace(s)
	return text, strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")
}

func (d *decoder) complex(a *Attribute, value jsonValue) (Value, error) {
	if value.kind() != jsonObject {
		if value.isText("") && d.profile.EmptyStrings {
			return Value{}, nil
		}
		return Value{}, wrongType("must be an object")
	}
	b := Builder{fields: make([]field, 0, min(int(value[0].len), len(a.SubAttributes)))}
	for m := range value.parts() {
		sub := a.Public(m[0].name)
		if sub == nil {
			if !d.profile.UnknownAttributes {
				return Value{}, unknown(m[0].name)
			}
			d.ignore(m)
			continue
		}
		if b.has(sub) {
			return Value{}, twice(sub)
		}
		if err := d.field(&b, sub, m); err != nil {
			return Value{}, err
		}
	}
	return Complex(b.Object()), nil
}

// scalar reads a value of a simple attribute, of which text is that of a string or
// number.
func (d *decoder) scalar(a *Attribute, kind jsonKind, text string) (Value, error) {
	switch kind {
	case jsonString:
		return d.fromString(a, text)
	case jsonFalse, jsonTrue:
		if a.Type == TypeBoolean {
			return Boolean(kind == jsonTrue), nil
		}
	case jsonNumber:
		switch a.Type {
		case TypeString:
			if d.profile.NumberStrings {
				return d.fromString(a, text)
			}
		case TypeInteger:
			return parseInteger(text)
		case TypeDecimal:
			return parseDecimal(text)
		}
	}
	return Value{}, wrongType(typeWanted[a.Type])
}

// fromString reads a JSON string. Booleans and numbers are none in the RFC
// (T-2, T-3); the forms that the profile reads come first.
func (d *decoder) fromString(a *Attribute, s string) (Value, error) {
	switch a.Type {
	case TypeString:
		return d.checked(a, String(s))
	case TypeReference:
		v, err := parseReference(s, !d.profile.AnyValues)
		if err != nil {
			return Value{}, err
		}
		return d.checked(a, v)
	}
	if s == "" && d.profile.EmptyStrings && a.Type != TypeBoolean {
		return Value{}, nil
	}
	switch a.Type {
	case TypeBoolean:
		if d.profile.StringBooleans {
			return parseBoolean(strings.TrimSpace(ascii.ToLower(s)))
		}
	case TypeInteger, TypeDecimal:
		if d.profile.NumberStrings {
			return ParseScalar(a, strings.TrimSpace(s))
		}
	case TypeDateTime:
		return parseDateTime(s)
	case TypeBinary:
		if a.anyText(d.profile) {
			return Binary(s), nil
		}
		v, err := parseBinary(s)
		if err != nil {
			return Value{}, err
		}
		return d.checked(a, v)
	}
	return Value{}, wrongType(typeWanted[a.Type])
}

// checked applies the vocabulary of an attribute, unless the profile takes any
// value.
func (d *decoder) checked(a *Attribute, v Value) (Value, error) {
	if d.profile.AnyValues {
		return v, nil
	}
	if err := checkVocabulary(a, v.text); err != nil {
		return Value{}, err
	}
	return v, nil
}

func wrongType(detail string) error {
	return &Error{Type: ErrorInvalidValue, Detail: detail}
}

// typeWanted are the details of errors for a JSON value of another type.
var typeWanted = [...]string{
	TypeString:    "must be a string",
	TypeBoolean:   "must be true or false",
	TypeDecimal:   "must be a number",
	TypeInteger:   "must be an integer without fraction and exponent",
	TypeDateTime:  "must be a dateTime in a string, such as 2008-01-23T04:56:22Z",
	TypeBinary:    "must be base64 in a string",
	TypeReference: "must be a URI in a string",
	TypeComplex:   "must be an object",
}

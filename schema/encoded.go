package schema

import (
	"slices"
	"strings"
	"sync"
)

// text is the JSON of the attributes of a resource, as AppendJSON writes it, which an
// [Object] reads when it is asked for one of them. Most of what is stored is
// answered as it is, or not looked at.
type text struct {
	*layout
	json     string // with the braces
	assigned uint64 // the attributes that it has: the bit of each is its place in layout.fields
	extended uint64 // those of extensions that it has, by their place in layout.extended
}

// textBuffers keeps the memory in which EncodeStored makes a text.
var textBuffers = sync.Pool{New: func() any { return new([]byte) }}

// maxTextBuffer is how large a buffer may be to be kept.
const maxTextBuffer = 64 << 10

// EncodeStored returns the text of [Object.AppendJSON] and its format: StoredFormat,
// or 0 if the object holds anything that the type does not define, in which case
// the text must be read with [ResourceType.DecodeStored].
func (t *ResourceType) EncodeStored(o *Object) (json string, format int64) {
	if o != nil && o.text != nil && o.text.layout == t.layout && len(o.fields) == 0 {
		return o.text.json, t.layout.format
	}
	buffer := textBuffers.Get().(*[]byte)
	*buffer = o.AppendJSON((*buffer)[:0])
	json = string(*buffer)
	if cap(*buffer) <= maxTextBuffer {
		textBuffers.Put(buffer)
	}
	if len(t.layout.fields) > maxTextFields || !conforms(t.layout.fields, o) {
		return json, 0
	}
	return json, t.layout.format
}

// conforms reports whether all fields of an object are attributes of as, which are in
// the order of encoding, with values of their types. A value in the form encoded is
// from a text that conforms.
func conforms(as []*Attribute, o *Object) bool {
	for _, f := range o.all() {
		a, v := f.attr, f.value
		for len(as) > 0 && as[0] != a {
			as = as[1:]
		}
		if len(as) == 0 || a.Secret() {
			return false
		}
		if v.form == encoded {
			continue
		}
		if v.IsList() != a.MultiValued {
			return false
		}
		for _, one := range v.All() {
			if one.typ != a.Type || a.Type == TypeComplex && !conforms(a.SubAttributes, one.Object()) {
				return false
			}
		}
	}
	return true
}

// Encoded returns an object with the attributes of o that keeps them as the text of
// [ResourceType.EncodeStored] and decodes an attribute each time it is asked for it. That
// is o itself if it is one, and if it is empty or holds anything that the type does not
// define.
func (t *ResourceType) Encoded(o *Object) *Object {
	if o.Len() == 0 || o.text != nil && o.text.layout == t.layout && len(o.fields) == 0 {
		return o
	}
	json, format := t.EncodeStored(o)
	if format == 0 {
		return o
	}
	x := &struct { // the two are one allocation
		Object
		text
	}{text: text{layout: t.layout, json: json}}
	x.scan(nil) // it has the form: EncodeStored made it
	x.Object.text = &x.text
	return &x.Object
}

// ReadStored returns the attributes of a text that EncodeStored returned with the
// format of the type. It decodes none of them: the object keeps the text and decodes
// an attribute each time it is asked for it. roots are the root attributes to keep; nil
// is all, of which the text is kept as a whole. It returns false, and
// [ResourceType.DecodeStored] must be used, if the text does not look like one.
func (t *ResourceType) ReadStored(json string, roots []*Attribute) (*Object, bool) {
	if len(t.layout.fields) > maxTextFields {
		return nil, false
	}
	x := &text{layout: t.layout, json: json}
	var kept []field
	ok := x.scan(func(a *Attribute, value string) {
		if slices.Contains(roots, a) {
			kept = append(kept, field{a, Value{form: encoded, text: strings.Clone(value)}})
		}
	})
	switch {
	case !ok:
		return nil, false
	case roots != nil:
		return &Object{fields: kept}, true
	}
	return &Object{text: x}, true
}

// scan notes which attributes the text has, and calls also, unless nil, with each root
// attribute and the text of its value. It returns false if the text does not look like
// one of the type.
func (x *text) scan(also func(a *Attribute, value string)) bool {
	extension := 0 // the place of the next extension in layout.extended
	last := 0
	return eachMember(x.fields, x.json, func(i int, value string) bool {
		x.assigned |= 1 << i
		for ; last < i; last++ {
			extension += x.extensionSize(last)
		}
		if x.fields[i].order == orderExtension {
			eachMember(x.fields[i].SubAttributes, value, func(j int, _ string) bool {
				x.extended |= 1 << (extension + j) // a shift beyond 63 is no bit
				return true
			})
		}
		if also != nil {
			also(x.fields[i], value)
		}
		return true
	})
}

// lacks reports whether the text has no value of an attribute of an extension for
// certain.
func (x *text) lacks(a *Attribute) bool {
	i := slices.Index(x.layout.extended, a)
	return i >= 0 && i < 64 && x.extended&(1<<i) == 0
}

// has reports whether the text has a value of the attribute.
func (x *text) has(a *Attribute) bool {
	i := x.place(a)
	return i >= 0 && x.assigned&(1<<i) != 0
}

// get returns the value of an attribute in the form encoded, or unassigned.
func (x *text) get(a *Attribute) (v Value) {
	if !x.has(a) {
		return v
	}
	eachMember(x.fields, x.json, func(i int, json string) bool {
		if x.fields[i] != a {
			return true
		}
		v = Value{form: encoded, text: json}
		return false
	})
	return v
}

// appendFields appends all fields to room, with values in the form encoded.
func (x *text) appendFields(room []field) []field {
	eachMember(x.fields, x.json, func(i int, json string) bool {
		room = append(room, field{x.fields[i], Value{form: encoded, text: json}})
		return true
	})
	return room
}

// decoded returns the value that a holds; one in the form encoded is read.
func (v Value) decoded(a *Attribute) Value {
	if v.form != encoded {
		return v
	}
	if v.text == "" || v.text[0] != '[' {
		one := decodeText(a, v.text)
		if a.MultiValued {
			return List(one)
		}
		return one
	}
	list := make([]Value, 0, 4)
	for at := 1; at < len(v.text); {
		end := valueEnd(v.text, at)
		list = append(list, decodeText(a, v.text[at:end]))
		at = end + 1
	}
	return List(list...)
}

// Decode returns the object with the value of an attribute decoded, and all that is
// within it, so that it is not decoded each time it is asked for.
func (o *Object) Decode(a *Attribute) *Object {
	v := o.stored(a)
	if v.form != encoded {
		return o
	}
	return o.With(a, v.whole(a))
}

// whole is decoded with all that is within the value.
func (v Value) whole(a *Attribute) Value {
	v = v.decoded(a)
	switch n := v.node.(type) {
	case []Value:
		list := make([]Value, len(n))
		for i := range n {
			list[i] = n[i].whole(a)
		}
		return List(list...)
	case *Object:
		fields := slices.Clone(n.all())
		for i, f := range fields {
			fields[i].value = f.value.whole(f.attr)
		}
		return Complex(&Object{fields: fields})
	}
	return v
}

// decodeText reads the text of one value, which is no array. The parts of a complex
// value stay encoded until they are asked for.
func decodeText(a *Attribute, json string) Value {
	if json == "" {
		return Value{}
	}
	kind, content := jsonNumber, json
	switch json[0] {
	case '{':
		return decodeComplex(a, json)
	case '"':
		if kind, content = jsonString, json[1:len(json)-1]; strings.Contains(json, `\`) {
			p := parser{data: []byte(json)}
			content, _ = p.string()
		}
	case 't':
		kind = jsonTrue
	case 'f':
		kind = jsonFalse
	}
	v, _ := storedScalar(a, kind, content)
	return v
}

func decodeComplex(a *Attribute, json string) Value {
	var room [16]field
	fields := room[:0]
	eachMember(a.SubAttributes, json, func(i int, part string) bool {
		fields = append(fields, field{a.SubAttributes[i], Value{form: encoded, text: part}})
		return true
	})
	return Complex(&Object{fields: slices.Clone(fields)})
}

// AppendReturned appends the members of the object's JSON, without the braces, and
// returns true if a response has all of them as they are stored
// ([Attribute.ReturnedWhole]) and they are at hand as text. Otherwise it appends
// nothing. What was added to the text (With) comes last.
func (o *Object) AppendReturned(dst []byte) ([]byte, bool) {
	if o == nil || o.text == nil || o.text.assigned&o.text.partly != 0 ||
		slices.ContainsFunc(o.fields, func(f field) bool { return !f.attr.whole }) {
		return dst, false
	}
	start := len(dst)
	dst = append(dst, o.text.json[1:len(o.text.json)-1]...)
	for i := range o.fields {
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = o.fields[i].value.AppendJSON(append(dst, o.fields[i].attr.key...))
	}
	return dst, true
}

// AppendValue appends the JSON of the value of an attribute as it is stored, and
// returns true; nothing and false if it has none.
func (o *Object) AppendValue(dst []byte, a *Attribute) ([]byte, bool) {
	v := o.stored(a)
	if !v.Assigned() {
		return dst, false
	}
	return v.AppendJSON(dst), true
}

package schema

// Body is the body of a POST, PUT or PATCH: a JSON object that was read but not yet
// decoded. It is safe for concurrent use until Release.
type Body struct {
	value jsonValue
	from  *parser // has the memory of value
}

// ReadBody reads a body as [ParseJSONWithin] does. A text that is not an object is an
// [*Error] of invalidSyntax too.
func ReadBody(data []byte, elements int) (Body, error) {
	p := newBodyParser(data, elements)
	v, err := p.whole()
	if err == nil && v.kind() != jsonObject {
		err = &Error{Type: ErrorInvalidSyntax, Detail: "the body must be a JSON object"}
	}
	if err != nil {
		p.release()
		return Body{}, err
	}
	return Body{v, p}, nil
}

// NewBody returns a body with the members of an object.
func NewBody(o JSONObject) Body {
	p := newParser(nil, 0)
	p.nodes = appendNodes(p.nodes, "", o)
	return Body{p.nodes, p}
}

// Release gives back the memory of the body. Neither it nor a copy of it may be used
// afterwards; what was made of it stays.
func (b Body) Release() {
	if b.from != nil {
		b.from.release()
	}
}

// Object returns the members of the body.
func (b Body) Object() JSONObject { return b.value.object() }

// Text returns the string that the first member has whose name equals name without
// case, "" if there is none or its value is not a string.
func (b Body) Text(name string) string {
	if m := b.value[1:].find(name); m.kind() == jsonString {
		return m[0].text
	}
	return ""
}

// SchemaURIs is [SchemaURIs] of the body.
func (b Body) SchemaURIs(p Profile) ([]string, error) {
	return schemaURIs(b.value[1:].find("schemas"), p)
}

package schema

import (
	"errors"
	"fmt"
	"slices"
)

// DecodeStored reads the text that [Object.AppendJSON] wrote. It is tolerant where
// a schema has changed since: a value that no longer fits is left out and
// reported as an error, while the rest is returned; a single value becomes a list of
// one where the attribute is multi-valued now, and the other way round. It
// fails (nil object) only on text that is not a JSON object.
//
// Text is taken as it is: canonical values, URIs and base64 were checked when
// they came in. schemas, id and meta, which a host may have kept beside the
// attributes, are left out without a word.
func (t *ResourceType) DecodeStored(data []byte) (*Object, []error) {
	return t.DecodeStoredOnly(data, nil)
}

// DecodeStoredOnly is [ResourceType.DecodeStored] of some root attributes; nil is
// all. The values of others are passed over unread, mistakes in them included.
func (t *ResourceType) DecodeStoredOnly(data []byte, roots []*Attribute) (*Object, []error) {
	p := newParser(data, MaxValues)
	defer p.release()
	if roots != nil {
		return t.storedOnly(p, roots)
	}
	value, err := p.whole()
	if err != nil {
		return nil, []error{fmt.Errorf("schema: stored %s: %w", t.Name, err)}
	}
	if value.kind() != jsonObject {
		return nil, []error{fmt.Errorf("schema: stored %s is not a JSON object", t.Name)}
	}
	var s stored
	o := s.object(t.root, value)
	return o, s.errs
}

// storedOnly walks over the members of the object. Of those that are not asked for
// it makes nothing: scans of a store read many thousands of texts.
func (t *ResourceType) storedOnly(p *parser, roots []*Attribute) (*Object, []error) {
	p.space()
	if p.peek() != '{' {
		return nil, []error{fmt.Errorf("schema: stored %s is not a JSON object", t.Name)}
	}
	var s stored
	var b Builder
	empty, err := p.enter('}')
	names := rootNames{root: t.root}
	for more := err == nil && !empty; more && err == nil; {
		if err = s.root(p, &b, &names, roots); err == nil {
			more, err = p.more('}')
		}
	}
	if p.space(); err == nil && p.pos < len(p.data) {
		err = p.fail("text after the end of the JSON value")
	}
	if err != nil {
		return nil, []error{fmt.Errorf("schema: stored %s: %w", t.Name, err)}
	}
	return b.Object(), s.errs
}

// root reads the member at which the parser is.
func (s *stored) root(p *parser, b *Builder, names *rootNames, roots []*Attribute) error {
	if p.peek() != '"' {
		return p.unexpected("a member name")
	}
	start, end, name, err := p.scan()
	if err != nil {
		return err
	}
	if name == nil {
		name = p.data[start:end]
	}
	p.space()
	if p.peek() != ':' {
		return p.unexpected("':'")
	}
	p.pos++
	p.space()
	a := names.find(name)
	if a == nil {
		s.unknown(string(name))
	}
	if a == nil || !slices.Contains(roots, a) || a == SchemasAttribute || a == IDAttribute || a == MetaAttribute {
		return p.skip()
	}
	at := len(p.nodes)
	if err := p.value(a.Name); err != nil {
		return err
	}
	s.set(b, a, p.nodes[at:])
	return nil
}

// rootNames finds the root attributes by the names of the members of a stored object.
type rootNames struct {
	root *Attribute
	next int // where the next one is looked for: members are stored in schema order
}

func (n *rootNames) find(name []byte) *Attribute {
	for i, a := range n.root.SubAttributes[n.next:] {
		if a.Name == string(name) {
			n.next += i + 1
			return a
		}
	}
	return n.root.Sub(string(name))
}

// stored collects the values that do not fit.
type stored struct {
	path AttrPath
	errs []error
}

func (s *stored) leaveOut(reason error) {
	s.errs = append(s.errs, fmt.Errorf("schema: stored %s left out: %w", s.path, reason))
}

func (s *stored) object(parent *Attribute, o jsonValue) *Object {
	b := Builder{fields: make([]field, 0, min(int(o[0].len), len(parent.SubAttributes)))}
	for m := range o.parts() {
		a := parent.Sub(m[0].name)
		switch a {
		case SchemasAttribute, IDAttribute, MetaAttribute:
			continue
		case nil:
			s.unknown(m[0].name)
			continue
		}
		s.set(&b, a, m)
	}
	return b.Object()
}

func (s *stored) unknown(name string) {
	s.errs = append(s.errs, fmt.Errorf("schema: stored %s left out: %w", s.path.join(Quote(name)), errUnknown))
}

// set sets the attribute to what fits of the value.
func (s *stored) set(b *Builder, a *Attribute, value jsonValue) {
	s.path = append(s.path, a)
	b.Set(a, s.value(a, value))
	s.path = s.path[:len(s.path)-1]
}

func (s *stored) value(a *Attribute, value jsonValue) Value {
	if a.Secret() {
		s.leaveOut(errSecret)
		return Value{}
	}
	list, n := value, 1
	if value.kind() == jsonArray {
		list, n = value[1:], int(value[0].len)
	}
	if !a.MultiValued && n > 1 {
		s.leaveOut(errManyValues)
		return Value{}
	}
	vs := make([]Value, 0, n)
	for one := range list.each() {
		if v := s.single(a, one); v.Assigned() {
			vs = append(vs, v)
		}
	}
	if !a.MultiValued && len(vs) == 1 {
		return vs[0]
	}
	return List(vs...)
}

func (s *stored) single(a *Attribute, value jsonValue) Value {
	switch kind := value.kind(); {
	case kind == jsonNull:
		return Value{}
	case kind == jsonObject && a.Type == TypeComplex:
		return Complex(s.object(a, value))
	}
	v, err := storedScalar(a, value.kind(), value[0].text)
	if err != nil {
		s.leaveOut(err)
	}
	return v
}

// storedScalar reads a value of a simple attribute, of which text is that of a string
// or number.
func storedScalar(a *Attribute, kind jsonKind, text string) (Value, error) {
	if kind == jsonString {
		switch a.Type {
		case TypeString:
			return String(text), nil
		case TypeReference:
			return Reference(text), nil
		case TypeBinary:
			return Binary(text), nil
		}
	}
	var d decoder
	return d.scalar(a, kind, text)
}

// Why DecodeStored leaves something out, besides a value of another type.
var (
	errUnknown    = errors.New("no such attribute")
	errSecret     = errors.New("a secret is not part of a resource")
	errManyValues = errors.New("several values of a singular attribute")
)

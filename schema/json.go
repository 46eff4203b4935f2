package schema

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// JSONObject is a JSON object as it was written, in order. The values are nil,
// bool, string, [Number], []any and JSONObject.
type JSONObject []JSONMember

// JSONMember is one member of a JSON object.
type JSONMember struct {
	Name  string
	Value any
}

// Number is a JSON number as it was written.
type Number string

// Get returns the first member whose name equals name without case.
func (o JSONObject) Get(name string) (any, bool) {
	for i := range o {
		if ascii.EqualFold(o[i].Name, name) {
			return o[i].Value, true
		}
	}
	return nil, false
}

// MaxDepth is how deeply ParseJSON lets arrays and objects nest. A SCIM
// message needs seven levels: Bulk, its operations, PATCH, its operations,
// value, attribute, element.
const MaxDepth = 32

// MaxValues is how many values, those within others included, ParseJSON reads
// from one text. A group of 100,000 members with all their sub-attributes has
// half a million.
const MaxValues = 1_000_000

// MaxNames is how many members ParseJSON lets one object have.
const MaxNames = 10_000

// ParseJSON reads one JSON text strictly: valid UTF-8 (RFC 7644 §3.8), one
// value and no text after it, no member name twice in an object, names
// compared without case (Z-40), no unpaired surrogate escapes, at most
// [MaxDepth], [MaxValues] and [MaxNames]. Every failure is an [*Error] of
// [ErrorInvalidSyntax] that names the
// position in characters, from 1. Time and memory are linear
// in len(data); the tree does not alias data. It takes at most about 50 bytes
// for each value beside the text of names and values, so 50 MB, and twice as
// much for a moment while it grows.
func ParseJSON(data []byte) (any, error) { return ParseJSONWithin(data, MaxValues) }

// ParseJSONWithin is [ParseJSON] of a text whose arrays have at most that many
// elements together. What is made of an element takes several times its memory.
func ParseJSONWithin(data []byte, elements int) (any, error) {
	p := parser{data: data, elements: elements, open: make([]JSONMember, 0, 8)}
	return p.whole()
}

// whole reads the value that the text consists of.
func (p *parser) whole() (any, error) {
	p.space()
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	p.space()
	if p.pos < len(p.data) {
		return nil, p.fail("text after the end of the JSON value")
	}
	return v, nil
}

// parser walks over one JSON text; pos is the next byte to read.
type parser struct {
	data   []byte
	pos    int
	depth  int
	values int

	elements int          // how many elements of arrays may follow
	names    [32]string   // names seen, so that those of list elements share memory
	open     []JSONMember // the members read of all objects that are not yet at their end
}

func (p *parser) fail(format string, args ...any) error {
	return p.failAt(p.pos, format, args...)
}

func (p *parser) failAt(offset int, format string, args ...any) error {
	return &Error{
		Type:   ErrorInvalidSyntax,
		Detail: fmt.Sprintf("invalid JSON at character %d: ", utf8.RuneCount(p.data[:offset])+1) + fmt.Sprintf(format, args...),
	}
}

// unexpected returns the error of a text that is not what is expected there.
func (p *parser) unexpected(wanted string) error {
	if p.pos >= len(p.data) {
		return p.fail("expected %s, found the end of the text", wanted)
	}
	r, _ := utf8.DecodeRune(p.data[p.pos:])
	return p.fail("expected %s, found %q", wanted, r)
}

func (p *parser) space() {
	for p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.data) {
		return p.data[p.pos]
	}
	return 0
}

func (p *parser) value() (any, error) {
	if p.values++; p.values > MaxValues {
		return nil, p.fail("more than %d values", MaxValues)
	}
	switch c := p.peek(); {
	case c == '{':
		return p.object()
	case c == '[':
		return p.array()
	case c == '"':
		s, err := p.string()
		if err != nil {
			return nil, err
		}
		return s, nil
	case c == '-', isDigit(c):
		return p.number()
	case c == 't':
		return true, p.literal("true")
	case c == 'f':
		return false, p.literal("false")
	case c == 'n':
		return nil, p.literal("null")
	}
	return nil, p.unexpected("a JSON value")
}

func (p *parser) literal(word string) error {
	if len(p.data)-p.pos < len(word) || string(p.data[p.pos:p.pos+len(word)]) != word {
		return p.unexpected(word)
	}
	p.pos += len(word)
	return nil
}

// enter steps over the opening bracket and reports whether the closing one
// follows at once.
func (p *parser) enter(closing byte) (empty bool, err error) {
	if p.depth == MaxDepth {
		return false, p.fail("nested more than %d levels deep", MaxDepth)
	}
	p.depth++
	p.pos++
	p.space()
	if p.peek() != closing {
		return false, nil
	}
	p.leave()
	return true, nil
}

func (p *parser) leave() {
	p.depth--
	p.pos++
}

// more steps to the next element, or over the closing bracket.
func (p *parser) more(closing byte) (bool, error) {
	p.space()
	switch p.peek() {
	case ',':
		p.pos++
		p.space()
		return true, nil
	case closing:
		p.leave()
		return false, nil
	}
	return false, p.unexpected(fmt.Sprintf("%q or %q", ',', rune(closing)))
}

func (p *parser) array() (any, error) {
	empty, err := p.enter(']')
	if err != nil || empty {
		return []any{}, err
	}
	var list []any
	for more := true; more; {
		if p.elements--; p.elements < 0 {
			return nil, p.fail("too many elements of arrays")
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if more, err = p.more(']'); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (p *parser) object() (any, error) {
	empty, err := p.enter('}')
	if err != nil || empty {
		return JSONObject{}, err
	}
	base := len(p.open)
	var seen map[string]struct{}
	for more := true; more; {
		start := p.pos
		m, err := p.member()
		if err != nil {
			return nil, err
		}
		o := JSONObject(p.open[base:])
		if len(o) == MaxNames {
			return nil, p.failAt(start, "the object has more than %d members", MaxNames)
		}
		if o.has(m.Name, &seen) {
			return nil, p.failAt(start, "member %s is given more than once", Quote(m.Name))
		}
		p.open = append(p.open, m)
		if more, err = p.more('}'); err != nil {
			return nil, err
		}
	}
	return p.closed(base), nil
}

// closed takes the members of an object that ends off those that are open,
// into newly allocated memory of exactly that size.
func (p *parser) closed(base int) JSONObject {
	o := make(JSONObject, len(p.open)-base)
	copy(o, p.open[base:])
	p.open = p.open[:base]
	return o
}

func (p *parser) member() (JSONMember, error) {
	if p.peek() != '"' {
		return JSONMember{}, p.unexpected("a member name")
	}
	name, err := p.name()
	if err != nil {
		return JSONMember{}, err
	}
	p.space()
	if p.peek() != ':' {
		return JSONMember{}, p.unexpected("':'")
	}
	p.pos++
	p.space()
	v, err := p.value()
	return JSONMember{Name: name, Value: v}, err
}

// skip steps over a value without reading it, in time linear in its text.
func (p *parser) skip() error {
	for depth := 0; p.pos < len(p.data); p.pos++ {
		switch p.data[p.pos] {
		case '"':
			if !p.skipString() {
				return p.unexpected("the end of a string")
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return nil // of the object around the value
			}
			depth--
		case ',':
			if depth == 0 {
				return nil
			}
		}
	}
	return p.unexpected("the end of a value")
}

// skipString steps to the closing quotation mark of a string: the first one after
// an even number of backslashes.
func (p *parser) skipString() bool {
	for {
		p.pos++
		i := bytes.IndexByte(p.data[p.pos:], '"')
		if i < 0 {
			p.pos = len(p.data)
			return false
		}
		content := p.data[p.pos : p.pos+i]
		p.pos += i
		if escapes := len(content) - len(bytes.TrimRight(content, `\`)); escapes%2 == 0 {
			return true
		}
	}
}

// has reports whether a member of that name is there already. Small objects
// are searched; large ones get an index, so that time stays linear.
func (o JSONObject) has(name string, seen *map[string]struct{}) bool {
	if len(o) < 16 {
		_, found := o.Get(name)
		return found
	}
	if *seen == nil {
		*seen = make(map[string]struct{}, 4*len(o))
		for i := range o {
			(*seen)[ascii.ToLower(o[i].Name)] = struct{}{}
		}
	}
	folded := ascii.ToLower(name)
	if _, found := (*seen)[folded]; found {
		return true
	}
	(*seen)[folded] = struct{}{}
	return false
}

// Quote returns text of a client in quotes for an error message, cut to a length
// fit for one.
func Quote(name string) string {
	const limit = 100
	if len(name) <= limit {
		return fmt.Sprintf("%q", name)
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return fmt.Sprintf("%q…", name[:cut])
}

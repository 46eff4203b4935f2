package schema

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
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
// much again for a moment while it is made.
func ParseJSON(data []byte) (any, error) { return ParseJSONWithin(data, MaxValues) }

// ParseJSONWithin is [ParseJSON] of a text whose arrays have at most that many
// elements together. What is made of an element takes several times its memory.
func ParseJSONWithin(data []byte, elements int) (any, error) {
	p := newBodyParser(data, elements)
	defer p.release()
	v, err := p.whole()
	if err != nil {
		return nil, err
	}
	return v.tree(), nil
}

// parser walks over one JSON text; pos is the next byte to read.
type parser struct {
	data     []byte
	copied   string // data as a string, or ""; see newBodyParser
	pos      int
	depth    int
	elements int // how many elements of arrays may follow

	nodes jsonValue  // the values that were read
	names [32]string // names seen, so that those of list elements share memory
}

// maxCopied is the size of the largest text whose strings are parts of one copy.
const maxCopied = 4 << 10

// parsers keeps parsers, and the memory of their nodes, for the next text.
var parsers = sync.Pool{New: func() any { return &parser{nodes: make(jsonValue, 0, 128)} }}

func newParser(data []byte, elements int) *parser {
	p := parsers.Get().(*parser)
	p.data, p.elements = data, elements
	return p
}

// newBodyParser returns a parser for the body of a request. The strings of a small text
// are parts of one copy, which saves an allocation for each. In a larger one each is a
// copy of its own, or a value that is kept would keep the whole text in memory.
func newBodyParser(data []byte, elements int) *parser {
	p := newParser(data, elements)
	if len(data) <= maxCopied {
		p.copied = string(data)
	}
	return p
}

// maxKept is how many nodes are kept for the next text.
const maxKept = 1024

// release gives the parser back, with its nodes and without the texts in them.
func (p *parser) release() {
	nodes := p.nodes
	if cap(nodes) > maxKept {
		return
	}
	clear(nodes)
	*p = parser{nodes: nodes[:0]}
	parsers.Put(p)
}

// part returns a part of the text.
func (p *parser) part(start, end int) string {
	if p.copied != "" {
		return p.copied[start:end]
	}
	return string(p.data[start:end])
}

// whole reads the value that the text consists of. It is not to be used after
// release.
func (p *parser) whole() (jsonValue, error) {
	p.space()
	if err := p.value(""); err != nil {
		return nil, err
	}
	p.space()
	if p.pos < len(p.data) {
		return nil, p.fail("text after the end of the JSON value")
	}
	return p.nodes, nil
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

// value reads a value, which is the member of that name of an object, else "".
func (p *parser) value(name string) (err error) {
	at := len(p.nodes)
	if at == MaxValues {
		return p.fail("more than %d values", MaxValues)
	}
	if at == cap(p.nodes) {
		p.grow()
	}
	p.nodes = append(p.nodes, node{name: name})
	var n node
	switch c := p.peek(); {
	case c == '{':
		n.kind = jsonObject
		n.len, err = p.object(at)
	case c == '[':
		n.kind = jsonArray
		n.len, err = p.array()
	case c == '"':
		n.kind = jsonString
		n.text, err = p.string()
	case c == '-', isDigit(c):
		n.kind = jsonNumber
		n.text, err = p.number()
	case c == 't':
		n.kind, err = jsonTrue, p.literal("true")
	case c == 'f':
		n.kind, err = jsonFalse, p.literal("false")
	case c == 'n':
		err = p.literal("null")
	default:
		err = p.unexpected("a JSON value")
	}
	n.name, n.size = name, int32(len(p.nodes)-at)
	p.nodes[at] = n
	return err
}

// grow makes room for more nodes: as many as the rest of the text has if it is like
// what was read, but no more than four times those. A large text would be copied
// many times otherwise, and its nodes with it.
func (p *parser) grow() {
	n := len(p.nodes)
	like := int(float64(n) * float64(len(p.data)) / float64(p.pos+1))
	p.nodes = slices.Grow(p.nodes, max(n/4, min(like+like/16-n, 3*n, MaxValues-n)))
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

// array reads an array and returns how many elements it has.
func (p *parser) array() (n int32, err error) {
	empty, err := p.enter(']')
	if err != nil || empty {
		return 0, err
	}
	for more := true; more; n++ {
		if p.elements--; p.elements < 0 {
			return n, p.fail("too many elements of arrays")
		}
		if err := p.value(""); err != nil {
			return n, err
		}
		if more, err = p.more(']'); err != nil {
			return n, err
		}
	}
	return n, nil
}

// object reads an object, whose node is the one at that place, and returns how many
// members it has.
func (p *parser) object(at int) (n int32, err error) {
	empty, err := p.enter('}')
	if err != nil || empty {
		return 0, err
	}
	var seen seenNames
	for more := true; more; n++ {
		start := p.pos
		name, err := p.member()
		if err != nil {
			return n, err
		}
		if n == MaxNames {
			return n, p.failAt(start, "the object has more than %d members", MaxNames)
		}
		if seen.has(name, p.nodes[at+1:], int(n)) {
			return n, p.failAt(start, "member %s is given more than once", Quote(name))
		}
		if err := p.value(name); err != nil {
			return n, err
		}
		if more, err = p.more('}'); err != nil {
			return n, err
		}
	}
	return n, nil
}

// member reads the name of a member and the colon after it.
func (p *parser) member() (string, error) {
	if p.peek() != '"' {
		return "", p.unexpected("a member name")
	}
	name, err := p.name()
	if err != nil {
		return "", err
	}
	p.space()
	if p.peek() != ':' {
		return "", p.unexpected("':'")
	}
	p.pos++
	p.space()
	return name, nil
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

// seenNames finds the name of a member that an object has already.
type seenNames struct {
	marks uint64              // a bit for each name, by mark: most new names have one of their own
	index map[string]struct{} // of an object with many members, so that time stays linear
}

// has reports whether a name is one of the n members of an object, compared without
// case, and notes it.
func (s *seenNames) has(name string, members jsonValue, n int) bool {
	bit := uint64(1) << mark(name)
	if s.marks&bit == 0 && s.index == nil {
		s.marks |= bit
		return false
	}
	if n < 32 {
		return members.find(name) != nil
	}
	if s.index == nil {
		s.index = make(map[string]struct{}, 4*n)
		for one := range members.each() {
			s.index[ascii.ToLower(one[0].name)] = struct{}{}
		}
	}
	folded := ascii.ToLower(name)
	_, found := s.index[folded]
	s.index[folded] = struct{}{}
	return found
}

// mark returns a number below 64, the same for names that differ in case alone.
func mark(name string) uint {
	n := uint(len(name))
	if n == 0 {
		return 0
	}
	lower := func(i uint) uint { return uint(ascii.Lower(name[i])) }
	return (n + 3*lower(0) + 7*lower(n/2) + 13*lower(n-1)) % 64
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

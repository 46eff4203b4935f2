package filter

import (
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/schema"
)

// The entry kinds; the first byte of every shape.
const (
	kindFilter = 'f'
	kindPath   = 'p'
)

// Marks within a shape. Everything a client wrote is lower case there, so
// capitals are ours. A mark is written as the prefix of an attribute path,
// where the grammar expects a schema URI: V0:manager.
const (
	markValue   = 'V' // a value filter followed this name
	markDotted  = 'W' // a value filter followed this name with a sub-attribute
	markUnknown = 'N' // the schema URI is none of the resource type's
	markBare    = 'B' // an extension URI alone; a name follows that means nothing
	markDollar  = 'S' // a $ within a name, which the grammar does not know
)

// scanner takes a filter or path apart in one pass over its bytes: literals,
// schema URIs and the bodies of value filters are lifted out, what is left is
// the shape. Nothing here looks at the meaning; the bounds are kept here.
type scanner struct {
	typ  *schema.ResourceType
	opts Options
	text string
	pos  int

	main    []byte // the kind, then the shape
	bodies  []byte // the shapes within brackets, each followed by a 0
	joined  []byte // both
	inBody  bool
	start   int // where the current body starts in bodies
	base    int // depth outside the current body
	depth   int
	afterOp bool // the last token was a comparison operator
	count   int  // comparisons
	lits    []literal
	tokens  []token
}

// token is one word or mark of the text, kept for error messages.
type token struct {
	kind    tokenKind
	at, end int
}

type tokenKind byte

const (
	tokenWord    tokenKind = 'w'
	tokenLiteral tokenKind = 'l'
	tokenSub     tokenKind = '.' // the sub-attribute behind a bracket
	tokenOpen    tokenKind = '('
	tokenClose   tokenKind = ')'
	tokenBracket tokenKind = '['
	tokenEnd     tokenKind = ']'
)

var scanners = sync.Pool{New: func() any { return new(scanner) }}

func newScanner(r *Resolver, kind byte, text string) *scanner {
	s := scanners.Get().(*scanner)
	clear(s.lits) // they hold on to an earlier text
	*s = scanner{
		typ: r.typ, opts: r.opts, text: text,
		main: append(s.main[:0], kind), bodies: s.bodies[:0], joined: s.joined[:0],
		lits: s.lits[:0], tokens: s.tokens[:0],
	}
	return s
}

func (s *scanner) release() {
	s.text = ""
	scanners.Put(s)
}

// fail returns an error at a byte of the text. What is wrong within brackets
// is wrong with the filter; what is wrong outside, with the path (Z-23).
func (s *scanner) fail(at int, detail string) *Error {
	t := schema.ErrorInvalidFilter
	if s.main[0] == kindPath && !s.inBody {
		t = schema.ErrorInvalidPath
	}
	return &Error{at, &schema.Error{Type: t, Detail: detail}}
}

// what names what is being read, for error messages.
func (s *scanner) what() string {
	if s.main[0] == kindPath {
		return "path"
	}
	return "filter"
}

func (s *scanner) scan() *Error {
	if len(s.text) > MaxText {
		return s.fail(MaxText, "the "+s.what()+" is too long")
	}
	if !utf8.ValidString(s.text) {
		return s.fail(0, "the "+s.what()+" is not valid UTF-8")
	}
	for s.pos < len(s.text) {
		if err := s.next(); err != nil {
			return err
		}
		if len(s.main)+len(s.bodies) > MaxLength {
			return s.fail(s.pos, "the "+s.what()+" is too long")
		}
	}
	return s.finish()
}

func (s *scanner) next() *Error {
	switch c := s.text[s.pos]; {
	case c == ' ':
		s.space()
		return nil
	case c == '"':
		return s.string()
	case c == '-' || isDigit(c):
		return s.number()
	case c == '(':
		return s.open()
	case c == ')':
		return s.close()
	case c == ']':
		return s.endBracket()
	case c == '$' || isLetter(c):
		return s.word()
	}
	return s.illegal(s.pos)
}

func (s *scanner) finish() *Error {
	if s.inBody {
		s.inBody = false // the bracket is the path's, not the filter's
		return s.fail(len(s.text), "a ] is missing")
	}
	if s.depth > 0 {
		return s.fail(len(s.text), "a ) is missing")
	}
	s.main = trimSpace(s.main)
	if len(s.main) == 1 { // F-4
		return s.fail(len(s.text), "the "+s.what()+" is empty")
	}
	if s.count > MaxComparisons {
		return s.fail(len(s.text), "more than "+strconv.Itoa(MaxComparisons)+" comparisons")
	}
	return nil
}

func (s *scanner) illegal(at int) *Error {
	r, _ := utf8.DecodeRuneInString(s.text[at:])
	if r == '\'' { // F-31
		return s.fail(at, "strings are written in double quotes")
	}
	return s.fail(at, "unexpected "+strconv.QuoteRune(r))
}

func (s *scanner) put(text string) {
	if s.inBody {
		s.bodies = append(s.bodies, text...)
	} else {
		s.main = append(s.main, text...)
	}
}

func (s *scanner) putByte(c byte) {
	if s.inBody {
		s.bodies = append(s.bodies, c)
	} else {
		s.main = append(s.main, c)
	}
}

func (s *scanner) token(kind tokenKind, at int) {
	s.tokens = append(s.tokens, token{kind, at, s.pos})
}

// space keeps one of a run of spaces, and none at the beginning. SP is U+0020
// alone (RFC 5234); tabs and line breaks are illegal.
func (s *scanner) space() {
	for s.pos < len(s.text) && s.text[s.pos] == ' ' {
		s.pos++
	}
	if s.inBody && len(s.bodies) == s.start || len(s.main) == 1 {
		return
	}
	s.putByte(' ')
}

func trimSpace(b []byte) []byte {
	if b[len(b)-1] == ' ' {
		return b[:len(b)-1]
	}
	return b
}

func (s *scanner) open() *Error {
	if s.depth == MaxDepth { // F-39
		return s.fail(s.pos, "nested too deeply")
	}
	s.depth++
	s.afterOp = false
	s.putByte('(')
	s.pos++
	s.token(tokenOpen, s.pos-1)
	return nil
}

func (s *scanner) close() *Error {
	if s.depth == 0 || s.inBody && s.depth == s.base+1 {
		return s.fail(s.pos, "a ) without its (")
	}
	s.depth--
	s.afterOp = false
	s.putByte(')')
	s.pos++
	s.token(tokenClose, s.pos-1)
	return nil
}

// bracket begins a value filter: directly behind a name, and not within
// another (F-22).
func (s *scanner) bracket() *Error {
	if s.inBody {
		return s.fail(s.pos, "a value filter within a value filter")
	}
	if s.depth == MaxDepth {
		return s.fail(s.pos, "nested too deeply")
	}
	s.base = s.depth
	s.depth++
	s.inBody = true
	s.afterOp = false
	s.start = len(s.bodies)
	s.pos++
	s.token(tokenBracket, s.pos-1)
	return nil
}

// endBracket ends a value filter. In a filter " pr" stands for it, unless a
// sub-attribute and an operator follow.
func (s *scanner) endBracket() *Error {
	switch {
	case !s.inBody:
		return s.fail(s.pos, "a ] without its [")
	case s.depth > s.base+1:
		return s.fail(s.pos, "a ) is missing")
	case len(s.bodies) == s.start:
		return s.fail(s.pos, "the value filter is empty")
	}
	s.bodies = append(trimSpace(s.bodies), 0)
	s.inBody = false
	s.afterOp = false
	s.depth = s.base
	if body := s.bodies[s.start : len(s.bodies)-1]; string(body) == `""` { // P-6
		return s.fail(s.pos, "a value filter is a filter, not an array index")
	}
	s.pos++
	s.token(tokenEnd, s.pos-1)
	return s.afterBracket()
}

func (s *scanner) afterBracket() *Error {
	c := byte(' ')
	if s.pos < len(s.text) {
		c = s.text[s.pos]
	}
	switch {
	case c == '.':
		at := s.pos
		s.pos = wordEnd(s.text, at+1)
		s.token(tokenSub, at)
		return s.name(at, s.pos)
	case c != ' ' && c != ')':
		return s.illegal(s.pos)
	case s.main[0] == kindFilter:
		s.put(" pr")
	}
	return nil
}

// word reads an attribute path, an operator, and, or, not, true, false or
// null. Which one is for the grammar to say, except that behind an operator no
// attribute can stand.
func (s *scanner) word() *Error {
	at := s.pos
	s.pos = wordEnd(s.text, at)
	word := s.text[at:s.pos]
	op, isOp := parseOp(word)
	if s.afterOp && !isOp {
		return s.constant(at, word)
	}
	s.afterOp = isOp && op != PR
	if isOp && op == PR {
		s.count++
	}
	s.token(tokenWord, at)
	bracket := s.pos < len(s.text) && s.text[s.pos] == '['
	from, err := s.prefix(at, word, bracket)
	if err != nil {
		return err
	}
	if err := s.name(from, at+len(word)); err != nil || !bracket {
		return err
	}
	return s.bracket()
}

// prefix writes the marks and the schema URI of a word and returns where the
// name begins.
func (s *scanner) prefix(at int, word string, bracket bool) (int, *Error) {
	colon := strings.IndexByte(word, ':') >= 0
	if !colon && !bracket {
		return at, nil
	}
	anyType := s.opts.AnyType && s.main[0] == kindFilter
	if colon && s.inBody && !anyType { // F-21
		return 0, s.fail(at, "only sub-attributes can stand in a value filter")
	}
	uri, rest := "", word
	if colon {
		uri, rest = s.typ.CutURI(word)
	}
	unknown := strings.IndexByte(rest, ':') >= 0
	if unknown {
		if !anyType {
			return 0, s.fail(at, quote(word)+" begins with no schema URI of this resource type")
		}
		rest = rest[strings.LastIndexByte(rest, ':')+1:]
	}
	if bracket {
		s.putByte(valueMark(rest))
	}
	switch {
	case unknown:
		s.putByte(markUnknown)
	case uri != "":
		if len(uri) == len(word) {
			s.putByte(markBare)
		}
		s.putURI(uri)
	}
	s.putByte(':')
	if len(uri) == len(word) {
		s.putByte('x') // the grammar wants a name
	}
	return at + len(word) - len(rest), nil
}

func valueMark(name string) byte {
	if strings.IndexByte(name, '.') >= 0 {
		return markDotted
	}
	return markValue
}

// putURI writes the number of a schema URI: 1 for the base schema, then the
// extensions.
func (s *scanner) putURI(uri string) {
	n := 1
	for i, e := range s.typ.Extensions {
		if strings.EqualFold(uri, e.Schema.ID) {
			n = i + 2
		}
	}
	if s.inBody {
		s.bodies = strconv.AppendInt(s.bodies, int64(n), 10)
	} else {
		s.main = strconv.AppendInt(s.main, int64(n), 10)
	}
}

// name writes the part of the text from at to end in lower case.
func (s *scanner) name(at, end int) *Error {
	for i := at; i < end; i++ {
		c := s.text[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == '$' && i > at && s.text[i-1] != '.':
			c = markDollar
		case !isLetter(c) && !isDigit(c) && strings.IndexByte("$-_.", c) < 0:
			return s.illegal(i)
		}
		s.putByte(c)
	}
	return nil
}

// wordEnd returns the end of the run of bytes which may be part of a schema
// URI or an attribute path.
func wordEnd(text string, at int) int {
	for at < len(text) {
		c := text[at]
		if c <= ' ' || c >= utf8.RuneSelf || strings.IndexByte(`"[]()\`, c) >= 0 {
			break
		}
		at++
	}
	return at
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// quote quotes a piece of the client's text for an error message, shortened.
func quote(text string) string {
	const most = 60
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strconv.Quote(text)
}

// key ends the shape and returns what tells it from others: its kind, then the
// filter, then the value filters.
func (s *scanner) key() []byte {
	s.joined = append(append(s.joined[:0], s.main...), 0)
	s.joined = append(s.joined, s.bodies...)
	return s.joined
}

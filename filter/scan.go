package filter

import (
	"strconv"
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
	markUnknown = 'N' // the schema URI is not one of the resource type
	markBare    = 'B' // an extension URI alone; a name follows that means nothing
	markDollar  = 'S' // a $, which the grammar knows only in front of a name
)

// scanner takes a filter or path apart in one pass over its bytes: literals,
// schema URIs and the bodies of value filters are lifted out, the rest is the
// shape. The meaning is not looked at; the bounds are kept here.
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
	tokenSub     tokenKind = '.' // the sub-attribute after a bracket
	tokenOpen    tokenKind = '('
	tokenClose   tokenKind = ')'
	tokenBracket tokenKind = '['
	tokenEnd     tokenKind = ']'
)

var scanners = sync.Pool{New: func() any { return new(scanner) }}

func newScanner(r *Resolver, kind byte, text string) *scanner {
	s := scanners.Get().(*scanner)
	*s = scanner{
		typ: r.typ, opts: r.opts, text: text,
		main: append(s.main[:0], kind), bodies: s.bodies[:0], joined: s.joined[:0],
		lits: s.lits[:0], tokens: s.tokens[:0],
	}
	return s
}

func (s *scanner) release() {
	s.text = ""
	clear(s.lits) // they hold on to the text
	scanners.Put(s)
}

// fail returns an error at a byte of the text, or at noPosition. A mistake within brackets
// concerns the filter, one outside of them the path (Z-23).
func (s *scanner) fail(at int, detail string) *Error {
	t := schema.ErrorInvalidFilter
	if s.main[0] == kindPath && !s.inBody {
		t = schema.ErrorInvalidPath
	}
	return &Error{at: at, Err: &schema.Error{Type: t, Detail: detail}}
}

// undefined returns the error about a name that no schema has. In a path its type
// depends on the profile.
func (s *scanner) undefined(err *Error) *Error {
	if err.Err.Type == schema.ErrorInvalidPath && s.opts.Profile.UnknownInvalidSyntax {
		err.Err.Type = schema.ErrorInvalidSyntax
	}
	return err
}

// subject names the text that is read, for error messages.
func (s *scanner) subject() string {
	if s.main[0] == kindPath {
		return "path"
	}
	return "filter"
}

func (s *scanner) scan() *Error {
	if len(s.text) > MaxText {
		return s.fail(noPosition, "the "+s.subject()+" is too long")
	}
	if !utf8.ValidString(s.text) {
		return s.fail(noPosition, "the "+s.subject()+" is not valid UTF-8")
	}
	for s.pos < len(s.text) {
		if err := s.next(); err != nil {
			return err
		}
		if len(s.main)+len(s.bodies) > MaxLength {
			return s.fail(noPosition, "the "+s.subject()+" is too long")
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
	case s.afterOp && isBare(s.text[s.pos:s.pos+1]):
		return s.bareWord("expected a value")
	}
	return s.illegal(s.pos)
}

func (s *scanner) finish() *Error {
	if s.inBody {
		s.inBody = false // the bracket is the path's, not the filter's
		return s.fail(len(s.text), `"]" is missing`)
	}
	if s.depth > 0 {
		return s.fail(len(s.text), `")" is missing`)
	}
	s.main = trimSpace(s.main)
	if len(s.main) == 1 { // F-4
		return s.fail(noPosition, "the "+s.subject()+" is empty")
	}
	return nil
}

func (s *scanner) illegal(at int) *Error {
	r, _ := utf8.DecodeRuneInString(s.text[at:])
	if r == '\'' { // F-31
		return s.fail(at, "a string must be in double quotes")
	}
	return s.fail(at, "unexpected character "+strconv.QuoteRune(r))
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
		return s.fail(s.pos, tooDeep)
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
		return s.fail(s.pos, `")" without a "(" before it`)
	}
	s.depth--
	s.afterOp = false
	s.putByte(')')
	s.pos++
	s.token(tokenClose, s.pos-1)
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// key ends the shape and returns the text that identifies it: its kind, then the
// filter, then the value filters.
func (s *scanner) key() []byte {
	s.joined = append(append(s.joined[:0], s.main...), 0)
	s.joined = append(s.joined, s.bodies...)
	return s.joined
}

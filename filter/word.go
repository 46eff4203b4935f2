package filter

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/schema"
)

// word reads an attribute path, an operator, and, or, not, true, false or
// null. The grammar tells which one it is, except that no attribute can
// stand after an operator.
func (s *scanner) word() *Error {
	at := s.pos
	s.pos = wordEnd(s.text, at)
	word := s.text[at:s.pos]
	op, isOp := parseOp(word)
	if s.afterOp && (!isOp || s.opts.Profile.BareWords) {
		return s.constant(at, word)
	}
	s.afterOp = isOp && op != PR
	if isOp && op == PR {
		if err := s.comparison(at); err != nil {
			return err
		}
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
		return 0, s.fail(at, "a value filter names sub-attributes, without a schema URI")
	}
	uri, rest := "", word
	if colon {
		uri, rest = s.typ.CutURIFor(word, s.opts.Profile)
	}
	unknown := strings.IndexByte(rest, ':') >= 0
	if unknown {
		if !anyType {
			return 0, s.undefined(s.fail(at, schema.Quote(word)+" does not begin with a schema URI of this resource type"))
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
		case c == '$':
			c = markDollar
		case !isLetter(c) && !isDigit(c) && strings.IndexByte("-_.", c) < 0:
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

package filter

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// literal is a compValue of RFC 7644 Figure 1: a JSON literal (F-31).
type literal struct {
	kind literalKind
	at   int
	text string // decoded if a string, else as JSON writes it
}

type literalKind uint8

const (
	literalNull literalKind = iota
	literalBoolean
	literalNumber
	literalString
)

// placeholder stands for every literal in a shape.
const placeholder = `""`

func (s *scanner) literal(kind literalKind, at int, text string) *Error {
	if err := s.comparison(at); err != nil {
		return err
	}
	s.afterOp = false
	s.lits = append(s.lits, literal{kind, at, text})
	s.token(tokenLiteral, at)
	s.put(placeholder)
	return nil
}

// comparison counts a comparison, which ends at a byte of the text.
func (s *scanner) comparison(at int) *Error {
	s.count++
	if s.count > MaxComparisons {
		return s.fail(at, "more than "+strconv.Itoa(MaxComparisons)+" comparisons")
	}
	return nil
}

// constant reads a word after an operator: true, false, null or, under
// BareWords, a string without quotes. Otherwise such a string is refused (Z-13).
func (s *scanner) constant(at int, word string) *Error {
	switch {
	case word == "null":
		return s.literal(literalNull, at, word)
	case word == "true", word == "false":
		return s.literal(literalBoolean, at, word)
	case s.opts.Profile.StringBooleans && (strings.EqualFold(word, "true") || strings.EqualFold(word, "false")):
		return s.literal(literalBoolean, at, strings.ToLower(word))
	case s.opts.Profile.BareWords && isBare(word) && !strings.EqualFold(word, "null"):
		return s.literal(literalString, at, word)
	}
	return s.fail(at, "expected a string in double quotes, a number, true, false or null")
}

// number reads a number or, after an operator, a bare word that begins like one,
// such as 2819c223.
func (s *scanner) number() *Error {
	at := s.pos
	s.pos = numberEnd(s.text, at)
	if s.pos > at && (s.pos == len(s.text) || strings.IndexByte(" )]", s.text[s.pos]) >= 0) {
		return s.literal(literalNumber, at, s.text[at:s.pos])
	}
	s.pos = at
	return s.bareWord("expected a JSON number")
}

// bareWord reads a string without quotes that stands after an operator.
func (s *scanner) bareWord(otherwise string) *Error {
	at := s.pos
	end := wordEnd(s.text, at)
	if !s.afterOp || !s.opts.Profile.BareWords || !isBare(s.text[at:end]) {
		return s.fail(at, otherwise)
	}
	s.pos = end
	return s.literal(literalString, at, s.text[at:end])
}

// isBare reports whether a word consists of letters, digits and . _ @ + -.
func isBare(word string) bool {
	for i := range len(word) {
		if c := word[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte("._@+-", c) < 0 {
			return false
		}
	}
	return word != ""
}

// numberEnd returns the end of the JSON number (RFC 7159 §6) that begins at
// at, or at if no number begins there.
func numberEnd(text string, at int) int {
	digits := func(i int) int {
		for i < len(text) && isDigit(text[i]) {
			i++
		}
		return i
	}
	i := at
	if text[i] == '-' {
		i++
	}
	end := digits(i)
	if end == i || text[i] == '0' && end > i+1 {
		return at
	}
	if end < len(text) && text[end] == '.' {
		i = end + 1
		if end = digits(i); end == i {
			return at
		}
	}
	if end < len(text) && text[end]|0x20 == 'e' {
		i = end + 1
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if end = digits(i); end == i {
			return at
		}
	}
	return end
}

// string reads a JSON string (RFC 7159 §7).
func (s *scanner) string() *Error {
	at := s.pos
	for i := at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.pos = i + 1
			return s.literal(literalString, at, s.text[at+1:i])
		case c == '\\':
			return s.escaped(at, i)
		case c < ' ':
			return s.fail(i, "the string contains a control character")
		}
	}
	return s.fail(at, "the string has no closing quote")
}

// escaped reads a string from its first escape on.
func (s *scanner) escaped(at, i int) *Error {
	out := append(make([]byte, 0, 2*(i-at)+32), s.text[at+1:i]...)
	for i < len(s.text) {
		c := s.text[i]
		switch {
		case c == '"':
			s.pos = i + 1
			return s.literal(literalString, at, string(out))
		case c < ' ':
			return s.fail(i, "the string contains a control character")
		case c != '\\':
			out = append(out, c)
			i++
		default:
			r, n := unescape(s.text[i:])
			if n == 0 {
				return s.fail(i, "unknown escape sequence in a string")
			}
			out = utf8.AppendRune(out, r)
			i += n
		}
	}
	return s.fail(at, "the string has no closing quote")
}

// unescape decodes the escape at the beginning of text and returns its length,
// 0 if there is no valid escape. Half a surrogate pair is not one.
func unescape(text string) (rune, int) {
	if len(text) < 2 {
		return 0, 0
	}
	if text[1] == 'u' {
		return unescapeUnicode(text)
	}
	const letters, meaning = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	i := strings.IndexByte(letters, text[1])
	if i < 0 {
		return 0, 0
	}
	return rune(meaning[i]), 2
}

func unescapeUnicode(text string) (rune, int) {
	r, ok := hex4(text)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := hex4(text[6:])
	if !ok {
		return 0, 0
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// hex4 decodes an escape of four hex digits, in either case.
func hex4(text string) (rune, bool) {
	if len(text) < 6 || text[:2] != `\u` {
		return 0, false
	}
	var r rune
	for i := 2; i < 6; i++ {
		c := text[i]
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

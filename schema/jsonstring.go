package schema

import (
	"unicode/utf16"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// name reads a member name. Names of up to 64 bytes that were read before are
// shared instead of copied.
func (p *parser) name() (string, error) {
	raw, err := p.text()
	if err != nil || len(raw) == 0 || len(raw) > 64 {
		return string(raw), err
	}
	slot := &p.names[(len(raw)*7+int(raw[0])*3+int(raw[len(raw)-1]))%len(p.names)]
	if *slot != string(raw) {
		*slot = string(raw)
	}
	return *slot, nil
}

func (p *parser) string() (string, error) {
	raw, err := p.text()
	return string(raw), err
}

// text reads a string and returns its content, as a part of the input if it has
// no escape sequences.
func (p *parser) text() ([]byte, error) {
	p.pos++
	start := p.pos
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; {
		case c == '"':
			p.pos++
			return p.data[start : p.pos-1], nil
		case c == '\\':
			return p.escaped(start)
		default:
			if err := p.char(c); err != nil {
				return nil, err
			}
		}
	}
	return nil, p.unexpected(`'"'`)
}

// char steps over one character that is neither quote nor backslash.
func (p *parser) char(c byte) error {
	if c < ' ' {
		return p.fail("the string contains the control character U+%04X", c)
	}
	if c < utf8.RuneSelf {
		p.pos++
		return nil
	}
	r, size := utf8.DecodeRune(p.data[p.pos:])
	if r == utf8.RuneError && size == 1 {
		return p.fail("invalid UTF-8") // RFC 7644 §3.8
	}
	p.pos += size
	return nil
}

// escaped reads the rest of a string that began at start and has its first
// escape at pos.
func (p *parser) escaped(start int) ([]byte, error) {
	out := append(make([]byte, 0, p.pos-start+32), p.data[start:p.pos]...)
	for p.pos < len(p.data) {
		from := p.pos
		switch c := p.data[from]; c {
		case '"':
			p.pos++
			return out, nil
		case '\\':
			r, err := p.escape()
			if err != nil {
				return nil, err
			}
			out = utf8.AppendRune(out, r)
		default:
			if err := p.char(c); err != nil {
				return nil, err
			}
			out = append(out, p.data[from:p.pos]...)
		}
	}
	return nil, p.unexpected(`'"'`)
}

// escape reads one escape, or the two that make a surrogate pair.
func (p *parser) escape() (rune, error) {
	start := p.pos
	p.pos++
	c := p.peek()
	p.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return p.unicode(start)
	}
	return 0, p.failAt(start, "unknown escape sequence in a string")
}

// unicode reads the digits of the \u escape that began at start, and a second
// escape when the first is half of a surrogate pair.
func (p *parser) unicode(start int) (rune, error) {
	r, ok := p.hex4()
	if !ok {
		return 0, p.failAt(start, `\u without four hexadecimal digits`)
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if p.literal(`\u`) == nil {
		if low, ok := p.hex4(); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, nil
			}
		}
	}
	return 0, p.failAt(start, "the escape sequence is half of a surrogate pair")
}

func (p *parser) hex4() (rune, bool) {
	if len(p.data)-p.pos < 4 {
		return 0, false
	}
	var r rune
	for _, c := range p.data[p.pos : p.pos+4] {
		d, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	p.pos += 4
	return r, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case 'a' <= ascii.Lower(c) && ascii.Lower(c) <= 'f':
		return ascii.Lower(c) - 'a' + 10, true
	}
	return 0, false
}

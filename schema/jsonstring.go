package schema

import (
	"unicode/utf16"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// name reads a member name. Those of a large text of up to 64 bytes that were read
// before are shared instead of copied.
func (p *parser) name() (string, error) {
	start, end, escaped, err := p.scan()
	switch size := end - start; {
	case err != nil:
		return "", err
	case escaped != nil:
		return string(escaped), nil
	case p.copied != "", size == 0, size > 64:
		return p.part(start, end), nil
	}
	raw := p.data[start:end]
	slot := &p.names[(len(raw)*7+int(raw[0])*3+int(raw[len(raw)-1]))%len(p.names)]
	if *slot != string(raw) {
		*slot = string(raw)
	}
	return *slot, nil
}

func (p *parser) string() (string, error) {
	start, end, escaped, err := p.scan()
	if escaped != nil {
		return string(escaped), err
	}
	return p.part(start, end), err
}

// scan reads a string. Its content is data[start:end], or escaped if it has escape
// sequences.
func (p *parser) scan() (start, end int, escaped []byte, err error) {
	p.pos++
	start = p.pos
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; {
		case plain[c]:
			p.pos++
		case c == '"':
			p.pos++
			return start, p.pos - 1, nil, nil
		case c == '\\':
			escaped, err = p.escaped(start)
			return 0, 0, escaped, err
		default:
			if err := p.char(c); err != nil {
				return 0, 0, nil, err
			}
		}
	}
	return 0, 0, nil, p.unexpected(`'"'`)
}

// plain marks the characters of a string that stand for themselves: printable ASCII
// without quotation mark and backslash.
var plain = func() (set [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		set[c] = c != '"' && c != '\\'
	}
	return set
}()

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

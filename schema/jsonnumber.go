package schema

// number reads a number in the grammar of RFC 8259 §6.
func (p *parser) number() (string, error) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	if p.peek() == '0' {
		p.pos++
	} else if err := p.digits(); err != nil {
		return "", err
	}
	if p.peek() == '.' {
		p.pos++
		if err := p.digits(); err != nil {
			return "", err
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if err := p.digits(); err != nil {
			return "", err
		}
	}
	if isDigit(p.peek()) {
		return "", p.failAt(start, "the number has a leading zero")
	}
	return p.part(start, p.pos), nil
}

func (p *parser) digits() error {
	start := p.pos
	for isDigit(p.peek()) {
		p.pos++
	}
	if p.pos == start {
		return p.unexpected("a digit")
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isNumber reports whether s is a JSON number and nothing else.
func isNumber(s string) bool {
	p := parser{data: []byte(s), copied: s}
	_, err := p.number()
	return err == nil && p.pos == len(s)
}

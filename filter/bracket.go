package filter

// bracket begins a value filter: directly after a name, and not within
// another one (F-22).
func (s *scanner) bracket() *Error {
	if s.inBody {
		return s.fail(s.pos, "a value filter cannot contain another value filter")
	}
	if s.depth == MaxDepth {
		return s.fail(s.pos, tooDeep)
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
		return s.fail(s.pos, `"]" without a "[" before it`)
	case s.depth > s.base+1:
		return s.fail(s.pos, `")" is missing`)
	case len(s.bodies) == s.start:
		return s.fail(s.pos, "the value filter is empty")
	}
	s.bodies = append(trimSpace(s.bodies), 0)
	s.inBody = false
	s.afterOp = false
	s.depth = s.base
	if body := s.bodies[s.start : len(s.bodies)-1]; string(body) == `""` { // P-6
		return s.fail(s.pos, "brackets must contain a filter, not an array index")
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

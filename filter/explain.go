package filter

import (
	"strings"

	"github.com/seed5f3efb56/scim/schema"
)

// The grammar says only that a text is wrong. This file finds out where, for the
// message alone: nothing is accepted or refused here.

// want is the kind of token that may stand next in a filter.
type want uint8

const (
	wantOperand want = iota
	wantOperator
	wantValue
	wantConnective
)

var wants = [...]string{"an attribute", "an operator", "a value", `"and", "or" or the end of the filter`}

// transition returns the kind of token that may follow a token, and whether the token
// may stand there at all. next is the kind of the token after it.
func (w want) transition(t token, word string, next tokenKind) (want, bool) {
	switch w {
	case wantOperand:
		if t.kind == tokenOpen || t.kind == tokenWord && next == tokenOpen && strings.EqualFold(word, "not") {
			return wantOperand, true
		}
		return wantOperator, t.kind == tokenWord
	case wantOperator:
		if t.kind == tokenBracket {
			return wantOperand, true
		}
		op, ok := parseOp(word)
		if op == PR {
			return wantConnective, ok
		}
		return wantValue, ok
	case wantValue:
		return wantConnective, t.kind == tokenLiteral
	}
	switch t.kind {
	case tokenClose, tokenEnd:
		return wantConnective, true
	case tokenSub:
		return wantOperator, true
	}
	return wantOperand, strings.EqualFold(word, "and") || strings.EqualFold(word, "or")
}

// walk follows the tokens up to the first that cannot stand where it is and
// returns its index, and the kind that was expected. Attributes are reported to visit.
func walk(text string, tokens []token, visit func(token)) (int, want) {
	w := wantOperand
	for i, t := range tokens {
		var next tokenKind
		if i+1 < len(tokens) {
			next = tokens[i+1].kind
		}
		then, ok := w.transition(t, text[t.at:t.end], next)
		if !ok {
			return i, w
		}
		if w == wantOperand && then == wantOperator {
			visit(t)
		}
		w = then
	}
	return len(tokens), w
}

// explain says where a text left the grammar, and how.
func explain(text string, tokens []token) (at int, detail string) {
	i, w := walk(text, tokens, func(token) {})
	switch {
	case i == len(tokens) && w != wantConnective:
		return len(text), "expected " + wants[w] + ", found the end of the filter"
	case i == len(tokens):
		return noPosition, "the text is not a filter (RFC 7644 Figure 1)"
	case w == wantOperator && tokens[i].kind == tokenWord: // F-27
		return tokens[i].at, "unknown operator " + schema.Quote(text[tokens[i].at:tokens[i].end])
	}
	return tokens[i].at, "expected " + wants[w]
}

// operandAt returns where the n-th attribute of a filter stands.
func operandAt(text string, tokens []token, n int) int {
	at := 0
	walk(text, tokens, func(t token) {
		if n == 0 {
			at = t.at
		}
		n--
	})
	return at
}

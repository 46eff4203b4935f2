package requestlog

import (
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/internal/redact"
)

// token is a part of a filter or path: a sign, a word, or a text between quotes.
type token struct {
	text   string
	quoted bool
	spaced bool // white space came before it
}

// tokens splits a filter or path, also one that is not well formed.
func tokens(text string) []token {
	var out []token
	spaced := false
	for text != "" && len(out) < mostTokens {
		switch {
		case strings.ContainsRune(" \t\r\n", rune(text[0])):
			spaced, text = true, text[1:]
			continue
		case strings.ContainsRune("()[]", rune(text[0])):
			out = append(out, token{text: text[:1], spaced: spaced})
			text = text[1:]
		case text[0] == '"':
			end := endOfQuote(text)
			out = append(out, token{text: strings.TrimSuffix(text[1:end], `"`), quoted: true, spaced: spaced})
			text = text[end:]
		default:
			end := strings.IndexAny(text, " \t\r\n()[]\"")
			if end < 0 {
				end = len(text)
			}
			out = append(out, token{text: text[:end], spaced: spaced})
			text = text[end:]
		}
		spaced = false
	}
	return out
}

// endOfQuote returns the length of the quoted text at the begin.
func endOfQuote(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

var (
	comparisons = map[string]bool{"eq": true, "ne": true, "co": true, "sw": true, "ew": true, "gt": true, "ge": true, "lt": true, "le": true}
	words       = map[string]bool{"pr": true, "and": true, "or": true, "not": true, "true": true, "false": true, "null": true}
)

// expression returns a filter or a path with masked values. A word is kept if it can
// only be a word of the grammar or an attribute: a client that forgets the quotes
// around a name of two words does not show the second one.
func (m *masker) expression(text string, path bool) string {
	if len(text) > mostText {
		return m.masked(text)
	}
	var b strings.Builder
	all := tokens(text)
	hide := m.masked
	if m.namesSecret(all) {
		hide = func(string) string { return secret }
	}
	for i, t := range all {
		if t.spaced && i > 0 {
			b.WriteByte(' ')
		}
		switch {
		case t.quoted && m.isEnum(all, i):
			b.WriteString(`"` + t.text + `"`)
		case t.quoted:
			b.WriteString(`"` + hide(t.text) + `"`)
		case m.keeps(all, i, path):
			b.WriteString(t.text)
		default:
			b.WriteString(hide(t.text))
		}
	}
	return b.String()
}

// namesSecret reports whether an expression names a secret or sensitive attribute.
func (m *masker) namesSecret(all []token) bool {
	return slices.ContainsFunc(all, func(t token) bool { return !t.quoted && m.isSecret(t.text) })
}

// isEnum reports whether a quoted text is a canonical value of an attribute type.
func (m *masker) isEnum(all []token, i int) bool {
	if i < 2 || all[i-1].quoted || !comparisons[strings.ToLower(all[i-1].text)] {
		return false
	}
	parts := names(strings.ToLower(all[i-2].text))
	return len(parts) > 0 && parts[len(parts)-1] == "type" && m.canonical[strings.ToLower(all[i].text)]
}

// keeps reports whether a word, or a sign, may be shown.
func (m *masker) keeps(all []token, i int, path bool) bool {
	at := func(i int) string {
		if i < 0 || i >= len(all) || all[i].quoted {
			return ""
		}
		return strings.ToLower(all[i].text)
	}
	word := at(i)
	switch {
	case strings.Contains("()[]", word) || comparisons[word] || words[word]:
		return true
	case comparisons[at(i-1)]:
		return len(word) <= 6 && digit.MatchString(word)
	case at(i-1) == "]" && strings.HasPrefix(word, "."):
		return redact.IsName(all[i].text[1:])
	case !redact.IsName(all[i].text):
		return false
	}
	for _, name := range names(word) {
		if !m.attribute[name] {
			next := at(i + 1)
			return comparisons[next] || next == "pr" || next == "[" || path && len(all) == 1
		}
	}
	return true
}

// Package redact masks what may be personal data in texts that are kept for operators.
package redact

import (
	"strings"
	"unicode/utf8"
)

// Detail masks what the detail of an error response repeats from a request: quoted
// texts that are not names of attributes, operators or schemas. The result has at most
// 512 bytes.
func Detail(text string) string {
	const most = 512
	var b strings.Builder
	for b.Len() < most {
		before, rest, found := strings.Cut(text, `"`)
		b.WriteString(before)
		if !found {
			break
		}
		b.WriteByte('"')
		quoted, after, closed := strings.Cut(rest, `"`)
		if closed && IsName(quoted) && !strings.HasSuffix(before, "operator ") {
			b.WriteString(quoted)
		} else if quoted != "" {
			b.WriteString("…")
		}
		if !closed {
			break
		}
		b.WriteByte('"')
		text = after
	}
	return Shorten(b.String(), most)
}

// IsName reports whether a text may be the name of an attribute, a schema URI or a
// sign of the grammar of filters. A text with an @ or a space, or a long number, is
// not.
func IsName(s string) bool {
	switch s {
	case "(", ")", "[", "]", "{", "}", ":", ",":
		return true
	}
	digits := 0
	for i, r := range s {
		switch {
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '$':
		case i == 0:
			return false
		case '0' <= r && r <= '9':
			digits++
		case strings.ContainsRune("._:-", r):
		default:
			return false
		}
	}
	return s != "" && len(s) <= 128 && digits <= 4
}

// Shorten cuts a text to at most n bytes, between characters.
func Shorten(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

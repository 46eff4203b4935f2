package schema

import "strings"

// eachMember calls f with each member of a JSON object until f returns false: its place
// in as, whose names the members have, in that order, and the text of its value. It
// returns false if the text is not such an object; it does not look into the values.
func eachMember(as []*Attribute, json string, f func(i int, value string) bool) bool {
	if json == "{}" {
		return true
	}
	if len(json) < 2 || json[0] != '{' || json[len(json)-1] != '}' {
		return false
	}
	at := 1
	for i, a := range as {
		if !strings.HasPrefix(json[at:], a.key) {
			continue
		}
		start := at + len(a.key)
		end := valueEnd(json, start)
		if end <= start || end >= len(json) {
			return false
		}
		if !f(i, json[start:end]) {
			return true
		}
		if json[end] == '}' {
			return end == len(json)-1
		}
		at = end + 1 // after the comma
	}
	return false
}

// valueEnd returns where the JSON value that begins at i ends: the place of the comma
// or the closing bracket after it, len(json) if there is none.
func valueEnd(json string, i int) int {
	for depth := 0; i < len(json); i++ {
		switch json[i] {
		case '"':
			i = stringEnd(json, i)
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
	return len(json)
}

// stringEnd returns the place of the closing quotation mark of the string that begins
// at i: the first one after an even number of backslashes. len(json) if there is none.
func stringEnd(json string, i int) int {
	for start := i + 1; ; {
		n := strings.IndexByte(json[start:], '"')
		if n < 0 {
			return len(json)
		}
		end := start + n
		if json[end-1] != '\\' {
			return end
		}
		content := json[i+1 : end]
		if escapes := len(content) - len(strings.TrimRight(content, `\`)); escapes%2 == 0 {
			return end
		}
		start = end + 1
	}
}

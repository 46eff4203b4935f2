// Package ascii folds the case of ASCII text, nearly all text in practice,
// without a copy.
package ascii

import "unicode/utf8"

// Only reports whether s has no character beyond ASCII.
func Only(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Lower returns the lower-case form of an ASCII letter, and any other byte as
// it is.
func Lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// ToLower returns s with its ASCII letters in lower case.
func ToLower(s string) string {
	for i := range len(s) {
		if Lower(s[i]) == s[i] {
			continue
		}
		b := []byte(s)
		for ; i < len(b); i++ {
			b[i] = Lower(b[i])
		}
		return string(b)
	}
	return s
}

// EqualFold reports whether s and t differ in the case of ASCII letters alone.
func EqualFold(s, t string) bool {
	if len(s) != len(t) {
		return false
	}
	for i := range len(s) {
		if Lower(s[i]) != Lower(t[i]) {
			return false
		}
	}
	return true
}

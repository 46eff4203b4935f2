package sqldb

import "strings"

var (
	escaper   = strings.NewReplacer("\x00", "\x01\x01", "\x01", "\x01\x02")
	unescaper = strings.NewReplacer("\x01\x01", "\x00", "\x01\x02", "\x01")
)

// Escape returns s without U+0000, which PostgreSQL does not allow in text. It
// keeps order and prefixes: Escape(a) < Escape(b) exactly if a < b, byte by
// byte.
func Escape(s string) string { return escaper.Replace(s) }

// Unescape is the inverse of [Escape].
func Unescape(s string) string { return unescaper.Replace(s) }

// Searchable reports whether a search for the literal finds the same texts
// escaped and not escaped, because no escape sequence contains it.
func Searchable(literal string) bool { return !strings.ContainsAny(literal, "\x00\x01\x02") }

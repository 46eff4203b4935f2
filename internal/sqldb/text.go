package sqldb

import "strings"

var (
	escaper   = strings.NewReplacer("\x00", "\x01\x01", "\x01", "\x01\x02")
	unescaper = strings.NewReplacer("\x01\x01", "\x00", "\x01\x02", "\x01")
)

// Escape takes U+0000, which PostgreSQL's texts do not have, out of a string.
// Order and prefixes stay as they were, byte for byte: Escape(a) < Escape(b)
// exactly if a < b.
func Escape(s string) string { return escaper.Replace(s) }

// Unescape is the inverse of [Escape].
func Unescape(s string) string { return unescaper.Replace(s) }

// Searchable reports whether a literal is within an escaped text exactly if it
// is within the text: it cannot be a part of an escape.
func Searchable(literal string) bool { return !strings.ContainsAny(literal, "\x00\x01\x02") }

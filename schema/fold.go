package schema

import (
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// FoldVersion names the fold rule of [FoldKey]. A store that keeps folded keys
// keeps this beside them and rebuilds the keys when it changes.
const FoldVersion = 2

// A Caser keeps state while it runs, so concurrent callers need one each.
var folders = sync.Pool{New: func() any { c := cases.Fold(); return &c }}

// FoldKey returns the key under which a string that is not caseExact is
// compared, sorted and kept unique: Unicode's NFKC_Casefold, that is
// compatibility normalisation, case folding and removal of what is invisible by
// default (soft hyphens, zero-width characters, variation selectors). It is the
// preparation RFC 7644 §7.8 and §5 ask for, so that full-width, decomposed and
// differently cased spellings of a userName are one name, and none has an
// invisible twin. A text of nothing but invisible characters has the key of one
// of them, so that only "" has the key "". The result is meant for comparison,
// never for display.
func FoldKey(s string) string {
	if isASCII(s) {
		return lowerASCII(s)
	}
	if s = withoutIgnorables(s); s == "" {
		return ignorable
	}
	c := folders.Get().(*cases.Caser)
	defer folders.Put(c)
	// Folding can undo normalisation and compatibility mapping can bring up
	// new capitals; twice is enough (Unicode §3.13).
	s = foldCase(c, norm.NFKD.String(s))
	if !norm.NFKD.IsNormalString(s) {
		s = norm.NFKD.String(foldCase(c, norm.NFKD.String(s)))
	}
	return compose(s)
}

// foldCase is Unicode's full case folding. Cherokee letters fold to capitals;
// x/text swaps their cases instead.
func foldCase(c *cases.Caser, s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 0xab70 <= r && r <= 0xabbf:
			return r - 0xab70 + 0x13a0
		case 0x13f8 <= r && r <= 0x13fd:
			return r - 8
		}
		return r
	}, c.String(s))
}

// compose turns NFKD into NFKC, so that "jose" is no part of "josé". Beyond
// U+FFFF it leaves text decomposed: x/text looks compositions up by the low 16
// bits of a character, which would make Old Persian letters Greek.
func compose(s string) string {
	i := strings.IndexFunc(s, beyondBMP)
	if i < 0 {
		return norm.NFC.String(s)
	}
	var b strings.Builder
	for ; i >= 0; i = strings.IndexFunc(s, beyondBMP) {
		_, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(norm.NFC.String(s[:i]))
		b.WriteString(s[i : i+size])
		s = s[i+size:]
	}
	b.WriteString(norm.NFC.String(s))
	return b.String()
}

func beyondBMP(r rune) bool { return r > 0xffff }

// EqualFold reports whether s folds to key, which [FoldKey] made.
func EqualFold(s, key string) bool {
	if len(s) == len(key) && isASCII(s) {
		for i := 0; i < len(s); i++ {
			if lower(s[i]) != key[i] {
				return false
			}
		}
		return true
	}
	if isASCII(s) {
		return false
	}
	return FoldKey(s) == key
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// equalFoldASCII compares names and URIs of the protocol, which are ASCII.
func equalFoldASCII(s, t string) bool {
	if len(s) != len(t) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if lower(s[i]) != lower(t[i]) {
			return false
		}
	}
	return true
}

// lowerASCII lower-cases the names and URIs of the protocol, which are ASCII.
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if lower(s[i]) != s[i] {
			return strings.Map(func(r rune) rune {
				if 'A' <= r && r <= 'Z' {
					return r + 'a' - 'A'
				}
				return r
			}, s)
		}
	}
	return s
}

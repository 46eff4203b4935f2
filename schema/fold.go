package schema

import (
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/seed5f3efb56/scim/internal/ascii"
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
	if ascii.Only(s) {
		return ascii.ToLower(s)
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
	if len(s) == len(key) && ascii.Only(s) {
		for i := 0; i < len(s); i++ {
			if ascii.Lower(s[i]) != key[i] {
				return false
			}
		}
		return true
	}
	if ascii.Only(s) {
		return false
	}
	return FoldKey(s) == key
}

package schema

import (
	"strings"
	"unicode"
)

// ignorable is the key of texts which have ignorable characters only.
const ignorable = "\u200b"

// withoutIgnorables returns s without its Default_Ignorable_Code_Points.
func withoutIgnorables(s string) string {
	if strings.IndexFunc(s, isIgnorable) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isIgnorable(r) {
			return -1
		}
		return r
	}, s)
}

// isIgnorable reports whether a character is a Default_Ignorable_Code_Point, by
// the derivation in Unicode's DerivedCoreProperties.txt.
func isIgnorable(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r):
		return true
	case !unicode.Is(unicode.Cf, r):
		return false
	case 0xfff9 <= r && r <= 0xfffb, 0x13430 <= r && r <= 0x13440: // interlinear annotations, Egyptian hieroglyphs
		return false
	}
	return !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

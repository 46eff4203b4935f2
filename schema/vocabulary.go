package schema

import (
	"encoding/asn1"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

// checkVocabulary checks a value against the attribute's canonicalValues
// (RFC 7643 §2.3.1), which a provider MAY restrict to, and against the format
// §4.1 names for it. canonicalValues are not closed beside a $ref, since the types
// of group members are those of all resource types (RFC 9944 §4, N-22), and where
// RFC 7643 §4.1.2 has none.
func checkVocabulary(a *Attribute, text string) error {
	if len(a.CanonicalValues) > 0 && !a.open && !a.isCanonical(text) {
		return wrongType("must be one of " + strings.Join(a.CanonicalValues, ", "))
	}
	if a.check.has != nil && !a.check.has(text) {
		return wrongType("must be a valid " + a.check.name)
	}
	return nil
}

func (a *Attribute) isCanonical(text string) bool {
	if !a.FoldsCase() {
		return slices.Contains(a.CanonicalValues, text)
	}
	key := FoldKey(text)
	return slices.ContainsFunc(a.CanonicalValues, func(c string) bool { return EqualFold(c, key) })
}

// vocabulary is a set of texts that RFC 7643 §4.1 names.
type vocabulary struct {
	name string
	has  func(text string) bool
}

// bindVocabularies gives the core User's attributes the formats of RFC 7643
// §4.1. The types for which §4.1.2 has no canonical values take any value.
func (s *Schema) bindVocabularies() {
	if !ascii.EqualFold(s.ID, UserURI) {
		return
	}
	for path, check := range map[[2]string]vocabulary{
		{"preferredLanguage"}:         {"language", acceptLanguage.MatchString},
		{"locale"}:                    {"locale", locale.MatchString},
		{"timezone"}:                  {"time zone of the IANA database", isTimezone},
		{"addresses", "country"}:      {"country of ISO 3166-1", isCountry},
		{"x509Certificates", "value"}: {"DER certificate", isCertificate},
	} {
		a := s.Attribute(path[0])
		if a != nil && path[1] != "" {
			a = a.Sub(path[1])
		}
		if a != nil {
			a.check = check
		}
	}
	for _, name := range []string{"entitlements", "roles", "x509Certificates"} {
		if a := s.Attribute(name); a != nil && a.Sub("type") != nil {
			a.Sub("type").open = true
		}
	}
}

var (
	// RFC 7643 §4.1.1 asks for the form of Accept-Language (RFC 9110 §12.5.4).
	acceptLanguage = regexp.MustCompile(`^` + languageRange + `([ \t]*,[ \t]*` + languageRange + `)*$`)
	// A language tag; POSIX and Java put "_" between its parts.
	locale = regexp.MustCompile(`^[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8})*$`)
)

const languageRange = `(\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)([ \t]*;[ \t]*[qQ]=(0(\.[0-9]{0,3})?|1(\.0{0,3})?))?`

// isTimezone reports whether the name is one of the IANA time zone database
// (RFC 7643 §4.1.1). Where the host has no database every name passes.
func isTimezone(name string) bool {
	switch name {
	case "", "Local":
		return false // known to package time, not to IANA
	}
	if _, err := time.LoadLocation(name); err == nil {
		return true
	}
	return !hasTimezones()
}

var hasTimezones = sync.OnceValue(func() bool {
	_, err := time.LoadLocation("Europe/Berlin")
	return err == nil
})

// isCertificate reports whether base64 text holds one DER certificate
// (RFC 7643 §4.1.2, N-15): one ASN.1 SEQUENCE and nothing after it. Its
// content is not checked here.
func isCertificate(text string) bool {
	der, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return false
	}
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(der, &v)
	return err == nil && len(rest) == 0 && v.Class == asn1.ClassUniversal && v.Tag == asn1.TagSequence && v.IsCompound
}

// isCountry reports whether code is one of ISO 3166-1 alpha-2 (RFC 7643
// §4.1.2), in either case.
func isCountry(code string) bool {
	if len(code) != 2 || !isAlpha(code[0]) || !isAlpha(code[1]) {
		return false
	}
	return strings.Contains(countries, strings.ToUpper(code))
}

// countries are the officially assigned codes, which are padded by spaces so
// that none is found across two.
const countries = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ" +
	" CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR" +
	" GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT" +
	" JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY" +
	" MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM" +
	" PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ" +
	" TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "

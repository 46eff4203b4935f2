package schema

import (
	"math"
	"strconv"
	"strings"
)

// ParseScalar reads a literal given as text (a tag's default, a column, a
// filter's operand) as one value of a simple attribute, under the syntax rules
// of its type; canonicalValues and vocabularies are not asked. The error is an
// [*Error] of invalidValue.
func ParseScalar(a *Attribute, text string) (Value, error) {
	switch a.Type {
	case TypeString:
		return String(text), nil
	case TypeBoolean:
		return parseBoolean(text)
	case TypeInteger:
		return parseInteger(text)
	case TypeDecimal:
		return parseDecimal(text)
	case TypeDateTime:
		return parseDateTime(text)
	case TypeBinary:
		return parseBinary(text)
	case TypeReference:
		return parseReference(text, false)
	}
	return Value{}, wrongType("must be an object")
}

// ParseScalarFor is [ParseScalar] for a client: with [Profile.AnyValues] a
// certificate is any text.
func ParseScalarFor(a *Attribute, text string, p Profile) (Value, error) {
	if a.anyText(p) {
		return Binary(text), nil
	}
	return ParseScalar(a, text)
}

// anyText reports whether a binary attribute takes text that is not base64: one
// with a vocabulary, which AnyValues opens.
func (a *Attribute) anyText(p Profile) bool {
	return a.Type == TypeBinary && a.check.has != nil && p.AnyValues
}

func parseBoolean(s string) (Value, error) {
	switch s {
	case "true":
		return Boolean(true), nil
	case "false":
		return Boolean(false), nil
	}
	return Value{}, wrongType(typeWanted[TypeBoolean])
}

// parseInteger reads an integer: no fraction, no exponent (RFC 7643 §2.3.4).
func parseInteger(s string) (Value, error) {
	if !isNumber(s) || strings.ContainsAny(s, ".eE") {
		return Value{}, wrongType(typeWanted[TypeInteger])
	}
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return Value{}, wrongType("must be an integer of at most 64 bits")
	}
	return Integer(i), nil
}

// parseDecimal reads a number and keeps its text (RFC 7643 §2.3.3).
func parseDecimal(s string) (Value, error) {
	if !isNumber(s) {
		return Value{}, wrongType(typeWanted[TypeDecimal])
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return Value{}, wrongType("must be in the range of a 64-bit floating-point number")
	}
	return Decimal(s, f), nil
}

// parseBinary checks base64 of RFC 4648 §4; padding may be missing
// (RFC 7643 §2.3.6).
func parseBinary(s string) (Value, error) {
	digits := strings.TrimRight(s, "=")
	switch padding := len(s) - len(digits); {
	case len(digits)%4 == 1, digits == "":
	case padding > 0 && (padding > 2 || len(s)%4 != 0):
	case !isBase64(digits):
	default:
		return Binary(s), nil
	}
	return Value{}, wrongType(typeWanted[TypeBinary])
}

func isBase64(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isAlpha(c) && !isDigit(c) && c != '+' && c != '/' {
			return false
		}
	}
	return true
}

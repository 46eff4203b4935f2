package schema

import (
	"strings"
	"time"
)

// parseDateTime reads an xsd:dateTime with date and time (RFC 7643 §2.3.5):
// years 0001 to 9999, a fraction of any length (Entra ID sends seven digits),
// of which nanoseconds count in comparisons, a zone or none, which is read as
// UTC. The value keeps the text.
func parseDateTime(s string) (Value, error) {
	t, ok := readDateTime(s)
	if !ok {
		return Value{}, wrongType(typeWanted[TypeDateTime])
	}
	return dateTimeText(s, t), nil
}

func readDateTime(s string) (time.Time, bool) {
	const layout = "0000-00-00T00:00:00"
	if len(s) < len(layout) || !matches(s[:len(layout)], layout) {
		return time.Time{}, false
	}
	year, month, day := number(s[:4]), number(s[5:7]), number(s[8:10])
	hour, minute, second := number(s[11:13]), number(s[14:16]), number(s[17:19])
	nanos, rest, ok := readFraction(s[len(layout):])
	if !ok || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	offset, ok := readZone(rest)
	if !ok {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if t.Year() != year || t.Month() != time.Month(month) || t.Day() != day {
		return time.Time{}, false
	}
	t = t.Add(-offset)
	return t, 1 <= t.Year() && t.Year() <= 9999
}

// matches reports whether s has a digit where layout has one and else the
// same bytes. Both have the same length.
func matches(s, layout string) bool {
	for i := 0; i < len(s); i++ {
		if isDigit(layout[i]) != isDigit(s[i]) || !isDigit(s[i]) && s[i] != layout[i] {
			return false
		}
	}
	return true
}

// number reads digits that are known to be digits.
func number(digits string) int {
	n := 0
	for i := 0; i < len(digits); i++ {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

func readFraction(s string) (nanos int, rest string, ok bool) {
	if !strings.HasPrefix(s, ".") {
		return 0, s, true
	}
	end := 1
	for end < len(s) && isDigit(s[end]) {
		end++
	}
	digits := s[1:end]
	if digits == "" {
		return 0, "", false
	}
	nanos = number((digits + "000000000")[:9])
	return nanos, s[end:], true
}

// readZone reads "", "Z" or an offset of at most 14 hours.
func readZone(s string) (time.Duration, bool) {
	if s == "" || s == "Z" {
		return 0, true
	}
	if len(s) != 6 || s[0] != '+' && s[0] != '-' || !matches(s[1:], "00:00") {
		return 0, false
	}
	hours, minutes := number(s[1:3]), number(s[4:])
	if minutes > 59 || hours*60+minutes > 14*60 {
		return 0, false
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// Package prefer reads the header field Prefer (RFC 7240).
package prefer

import (
	"strconv"
	"strings"
	"time"
)

// waitMost is the longest wait that is told apart.
const waitMost = 24 * time.Hour

// RespondAsync reads the preferences respond-async (RFC 7240 §4.1) and wait (§4.3)
// from the values of the header field. wait is 0 if it is not given or malformed.
// Of a preference that is given twice the first is meant (§2).
func RespondAsync(values []string) (async bool, wait time.Duration) {
	waits := false
	for _, one := range split(strings.Join(values, ","), ',') {
		preference := split(one, ';')[0]
		name, value, _ := strings.Cut(preference, "=")
		switch strings.ToLower(strings.Trim(name, " \t")) {
		case "respond-async":
			async = true
		case "wait":
			if !waits {
				wait = seconds(value)
			}
			waits = true
		}
	}
	return async, wait
}

func seconds(value string) time.Duration {
	n, err := strconv.ParseUint(strings.Trim(strings.Trim(value, " \t"), `"`), 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(n)*time.Second, waitMost)
}

// split splits a text at a separator outside quoted strings. The result is not
// empty.
func split(text string, separator byte) []string {
	var parts []string
	quoted, begin := false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == separator && !quoted:
			parts = append(parts, text[begin:i])
			begin = i + 1
		}
	}
	return append(parts, text[begin:])
}

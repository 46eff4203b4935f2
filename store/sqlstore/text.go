package sqlstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// Databases limit text columns and indexes: PostgreSQL refuses NUL, MariaDB's
// indexes hold 3,072 bytes. The functions here map any string to a text that
// every database accepts. Different strings stay different.

const (
	maxID   = 255 // bytes of an id
	maxName = 128 // bytes of what squeeze returns
	maxHead = 128 // runes of the indexed part of a key
)

// escape is sqldb.Escape for a string that may not be UTF-8.
func escape(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return sqldb.Escape(s)
}

func unescape(s string) string { return sqldb.Unescape(s) }

// squeeze returns s if every database can index it, else a digest of s, which
// begins with a byte that the other results never contain.
func squeeze(s string) string {
	if len(s) <= maxName && plain(s) {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return "\x01" + hex.EncodeToString(sum[:])
}

// plain reports whether escape returns s unchanged.
func plain(s string) bool {
	return strings.IndexByte(s, 0) < 0 && strings.IndexByte(s, 1) < 0 && utf8.ValidString(s)
}

// validID reports whether the store can keep s as an id.
func validID(s string) bool { return s != "" && len(s) <= maxID && plain(s) }

// split divides an escaped key into a head, which is indexed, and a tail. The
// head has a fixed number of runes, so that keys compare as heads first and
// tails second.
func split(key string) (head, tail string) {
	if len(key) <= maxHead {
		return key, ""
	}
	n := 0
	for i := range key {
		if n == maxHead {
			return key[:i], key[i:]
		}
		n++
	}
	return key, ""
}

// successor returns the least text that is greater than every text with the
// prefix; false if there is none.
func successor(prefix string) (string, bool) {
	for prefix != "" {
		r, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case r == utf8.MaxRune:
			continue
		case r+1 == 0xD800: // surrogates are not characters
			return prefix + "\uE000", true
		}
		return prefix + string(r+1), true
	}
	return "", false
}

// timeLayout has a fixed width, so that its texts sort as their instants, and
// keeps every nanosecond.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

// timeText refuses the zero time, which no stored resource may have: filters
// treat it as unassigned.
func timeText(t time.Time) (string, error) {
	if y := t.UTC().Year(); t.IsZero() || y < 0 || y > 9999 {
		return "", fmt.Errorf("sqlstore: a resource cannot have the time %v", t)
	}
	return t.UTC().Format(timeLayout), nil
}

func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(timeLayout, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("a stored time: %w", err)
	}
	return t, nil
}

package sqlstore

import (
	"encoding/hex"
	"strings"
	"time"
)

// exact encodes any string as text that every database accepts. [inexact] is the
// inverse.
func exact(s string) string {
	if plain(s) {
		return s
	}
	return "\x01" + hex.EncodeToString([]byte(s))
}

func inexact(text string) (string, error) {
	digits, ok := strings.CutPrefix(text, "\x01")
	if !ok {
		return text, nil
	}
	b, err := hex.DecodeString(digits)
	return string(b), err
}

// instant is timeText for times that may be zero. A time outside of the years 1
// to 9999 becomes the earliest or the latest time that the layout can show.
func instant(t time.Time) string {
	t = t.UTC()
	switch {
	case t.Year() < 1:
		t = time.Time{}
	case t.Year() > 9999:
		t = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	return t.Format(timeLayout)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

package sqlstore

import (
	"encoding/hex"
	"strings"
	"time"
)

// exact returns a text that every database takes and [inexact] turns back into
// s, whatever s is.
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

// instant is timeText for times that may be zero. What the layout cannot show
// is as early, or as late, as it can.
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

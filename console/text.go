package console

import (
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"
)

// part is a piece of a text: as it is, or the name of a character that does not
// print or changes the direction of what follows.
type part struct {
	Text    string
	Control bool
}

// shown is a text that somebody wrote, as pages show it.
type shown struct {
	Parts []part
	Cut   bool   // Parts are its beginning
	Full  []part // the whole text, up to maxFull; only of [long]
	Bytes int    // of the text
}

const (
	shortRunes = 80
	longRunes  = 240
	maxFull    = 16 << 10 // bytes
)

// short is a text in a list: its beginning.
func short(s string) shown {
	begin, cut := beginning(s, shortRunes)
	return shown{Parts: parts(begin), Cut: cut, Bytes: len(s)}
}

// long is a text on a page of its own: its beginning, and the rest on demand.
func long(s string) shown {
	begin, cut := beginning(s, longRunes)
	out := shown{Parts: parts(begin), Cut: cut, Bytes: len(s)}
	if cut {
		full := s[:min(len(s), maxFull)]
		for !utf8.ValidString(full) && len(full) > maxFull-utf8.UTFMax && len(full) < len(s) {
			full = full[:len(full)-1]
		}
		out.Full = parts(full)
	}
	return out
}

// whole is a text that the library wrote, around words of others.
func whole(s string) shown {
	begin, cut := beginning(s, 4000)
	return shown{Parts: parts(begin), Cut: cut, Bytes: len(s)}
}

// beginning returns at most n characters of a text.
func beginning(s string, n int) (string, bool) {
	for i := range s {
		if n == 0 {
			return s[:i], true
		}
		n--
	}
	return s, false
}

// parts names the characters that do not print: controls, directions, what is
// invisible, and bytes that are not UTF-8.
func parts(s string) []part {
	var out []part
	begin := 0
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		invalid := r == utf8.RuneError && size == 1
		if !invalid && !hidden(r) {
			continue
		}
		if i > begin {
			out = append(out, part{Text: s[begin:i]})
		}
		name := fmt.Sprintf("U+%04X", r)
		if invalid {
			name = fmt.Sprintf("byte %02X", s[i])
		}
		out = append(out, part{Text: name, Control: true})
		begin = i + size
	}
	if begin < len(s) {
		out = append(out, part{Text: s[begin:]})
	}
	return out
}

// hidden reports whether a character shows nothing of itself. Joiners are part of
// the writing of some languages, and of emoji.
func hidden(r rune) bool {
	switch r {
	case '\u200c', '\u200d':
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Other_Default_Ignorable_Code_Point)
}

// moment is a time as pages show it.
type moment struct{ ISO, Text, Date, Ago string }

// moment returns a time, nil if there is none.
func (q *request) moment(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &moment{ISO: t.Format(time.RFC3339), Text: t.Format("2006-01-02 15:04:05 UTC"), Date: t.Format(time.DateOnly), Ago: ago(q.now.Sub(t))}
}

// ago says how long something is ago, or when it will be.
func ago(d time.Duration) string {
	if d < 0 {
		return "in " + span(-d)
	}
	if d < 5*time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// number writes an integer with separators: 12,345.
func number[T int | int64](n T) string {
	s := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// plural is "1 request" or "2 requests".
func plural[T int | int64](n T, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + one + "s"
}

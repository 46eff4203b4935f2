package sqlquery

import (
	"strconv"
	"strings"
	"time"
)

// statement builds the text and the arguments of a statement.
type statement struct {
	*dialect
	text strings.Builder
	args []any
}

func (d *dialect) statement(text ...string) *statement {
	return (&statement{dialect: d}).add(text...)
}

func (s *statement) add(text ...string) *statement {
	for _, t := range text {
		s.text.WriteString(t)
	}
	return s
}

// arg adds a bound argument.
func (s *statement) arg(v any) *statement {
	switch x := v.(type) {
	case string:
		v = s.dialect.text(x)
	case time.Time:
		v = x.UTC().Truncate(time.Microsecond) // lib/pq sends text, which PostgreSQL rounds
	}
	s.args = append(s.args, v)
	if s.kind.Numbered {
		return s.add("$", strconv.Itoa(len(s.args)))
	}
	return s.add("?")
}

// list adds ($1, $2, …).
func (s *statement) list(args []any) *statement {
	for i, a := range args {
		s.add([]string{"(", ", "}[min(i, 1)]).arg(a)
	}
	return s.add(")")
}

func (s *statement) String() string { return s.text.String() }

package audit

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// WriteJSONLines writes one JSON object and a newline for each record, and holds one
// record at a time. It ends with the first error of the records or of w.
func WriteJSONLines(w io.Writer, records iter.Seq2[Record, error]) error {
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	for rec, err := range records {
		if err != nil {
			return err
		}
		if err := encoder.Encode(rec); err != nil {
			return err
		}
	}
	return out.Flush()
}

var csvHeader = []string{
	"record", "kind", "of", "time", "tenant", "actor", "connection", "operation", "outcome", "status", "type", "id", "name",
	"changes", "method", "scimType", "detail", "reason", "source", "cause", "adopted", "hook", "attempts", "revokedMs", "durationMs", "omitted", "reference",
}

// WriteCSV writes the records as CSV (RFC 4180) with a header, and holds one record at
// a time; changes are a cell of JSON. A cell that a spreadsheet would take for a
// formula begins with an apostrophe; so does what follows a semicolon, tab or line break
// within a cell, which may be separators for it. It ends with the first error of the
// records or of w.
func WriteCSV(w io.Writer, records iter.Seq2[Record, error]) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHeader); err != nil {
		return err
	}
	for rec, err := range records {
		if err != nil {
			return err
		}
		if err := out.Write(row(rec)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func row(r Record) []string {
	changes := ""
	if len(r.Changes) > 0 {
		text, err := json.Marshal(r.Changes)
		if err != nil {
			panic(err) // impossible: strings and numbers
		}
		changes = string(text)
	}
	cells := []string{
		r.Record, string(r.Kind), r.Of, r.Time.UTC().Format(time.RFC3339Nano), r.Tenant, r.Actor, r.Connection, string(r.Operation), string(r.Outcome), number(r.Status), r.Type, r.ID, r.Name,
		changes, r.Method, r.ScimType, r.Detail, r.Reason, r.Source, r.Cause, flag(r.Adopted), r.Hook, number(r.Attempts), decimal(r.RevokedMS), decimal(r.DurationMS), number(r.Omitted), r.Reference,
	}
	for i, c := range cells {
		cells[i] = harmless(c)
	}
	return cells
}

// separators end a cell for a program that takes the file for one with another
// separator than the comma: quotes within a cell do not count for it.
const separators = ";\t\r\n"

// harmless returns a cell that no spreadsheet takes for a formula, nor what follows a
// separator in it.
func harmless(cell string) string {
	var out strings.Builder
	if beginsFormula(cell) || cell != "" && strings.IndexByte("\t\r\n", cell[0]) >= 0 {
		out.WriteByte('\'')
	}
	for {
		end := strings.IndexAny(cell, separators) + 1
		if end == 0 {
			break
		}
		out.WriteString(cell[:end])
		if cell = cell[end:]; beginsFormula(strings.TrimLeft(cell, `"`)) {
			out.WriteByte('\'')
		}
	}
	out.WriteString(cell)
	return out.String()
}

// beginsFormula reports whether a cell with the text could be a formula. Spaces and
// control characters before the sign do not protect, and some programs read full-width
// signs.
func beginsFormula(text string) bool {
	text = strings.TrimLeftFunc(text, func(r rune) bool { return r <= ' ' || r == '\u00a0' || r == '\ufeff' })
	for _, sign := range []string{"=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"} {
		if strings.HasPrefix(text, sign) {
			return true
		}
	}
	return false
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func decimal(f float64) string {
	if f == 0 {
		return ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func flag(b bool) string {
	if b {
		return "true"
	}
	return ""
}

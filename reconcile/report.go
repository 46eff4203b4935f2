package reconcile

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
)

// Report has one finding for each record and for each account without one, in the
// order of [Kinds] and then of userNames.
type Report struct {
	Findings []Finding
}

// Count returns the number of findings of a kind.
func (r *Report) Count(k Kind) int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].Kind == k {
			n++
		}
	}
	return n
}

// sort orders the findings. Of records with the same userName the earlier one
// stays first.
func (r *Report) sort() {
	rank := map[Kind]int{}
	for i, k := range Kinds() {
		rank[k] = i
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank[a.Kind], rank[b.Kind]), strings.Compare(a.userName(), b.userName()))
	})
}

func (f *Finding) userName() string {
	if f.Record != nil {
		return f.Record.UserName
	}
	return f.Account.UserName
}

// rowsAligned is the number of rows whose columns are aligned with each other.
const rowsAligned = 1000

// WriteText writes the numbers of each kind and a table of the findings. Texts
// with characters that do not print are quoted.
func (r *Report) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, k := range Kinds() {
		fmt.Fprintf(out, "%6d %s\n", r.Count(k), k)
	}
	fmt.Fprintln(out)
	t := newTable(out, "FINDING\tUSERNAME\tEXTERNALID\tACCOUNT\tNOTE")
	for i := range r.Findings {
		t.row(r.Findings[i].row()...)
	}
	return t.end()
}

// table writes rows whose columns are aligned with each other, rowsAligned at a time.
type table struct {
	out  *bufio.Writer
	tabs *tabwriter.Writer
	rows int
}

func newTable(out *bufio.Writer, head string) *table {
	t := &table{out: out, tabs: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	fmt.Fprintln(t.tabs, head)
	return t
}

// row writes a row; an empty last column is left out. The error of a write is kept
// by the buffered writer.
func (t *table) row(columns ...string) {
	if last := len(columns) - 1; columns[last] == "" {
		columns = columns[:last]
	}
	fmt.Fprintln(t.tabs, strings.Join(columns, "\t"))
	if t.rows++; t.rows%rowsAligned == 0 {
		_ = t.tabs.Flush()
	}
}

func (t *table) end() error {
	if err := t.tabs.Flush(); err != nil {
		return err
	}
	return t.out.Flush()
}

// row returns the columns of a finding.
func (f *Finding) row() []string {
	var externalID, id string
	if f.Record != nil {
		externalID = f.Record.ExternalID
	}
	if f.Account != nil {
		id = f.Account.ID
		if f.Record == nil {
			externalID = f.Account.ExternalID
		}
	}
	return []string{string(f.Kind), printable(f.userName()), printable(externalID), printable(id), f.note()}
}

func (f *Finding) note() string {
	var notes []string
	add := func(condition bool, format string, args ...any) {
		if condition {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	add(f.Reason != "", "%s", f.Reason)
	add(f.By != "", "by %s", f.By)
	add(f.Kind == Create && f.Record.Inactive, "inactive")
	add(f.Kind == Unclaimed && f.Account.Inactive, "inactive")
	add(f.Similar != "", "account %s has the e-mail address", printable(f.Similar))
	add(f.Kind == Conflict && f.Record.Position != "", "%s", printable(f.position()))
	return strings.Join(notes, "; ")
}

func (f *Finding) position() string {
	if f.Record == nil {
		return ""
	}
	return f.Record.Position
}

// printable returns a text as it is, or quoted if a terminal could take it for
// more than a text.
func printable(text string) string {
	if text == "" {
		return "-"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.Quote(text)
	}
	return text
}

// WriteJSON writes an object with the number of findings of each kind (counts) and
// the findings, one in a line.
func (r *Report) WriteJSON(w io.Writer) error {
	counts := map[Kind]int{}
	for _, k := range Kinds() {
		counts[k] = r.Count(k)
	}
	head, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "{\"counts\":%s,\"findings\":[", head)
	if err := writeLines(out, r.Findings); err != nil {
		return err
	}
	return out.Flush()
}

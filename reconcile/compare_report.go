package reconcile

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// sort orders the mismatches; of equal ones the earlier stays first.
func (c *Comparison) sort() {
	rank := map[Kind]int{}
	for i, k := range MismatchKinds() {
		rank[k] = i
	}
	slices.SortStableFunc(c.Mismatches, func(a, b Mismatch) int {
		return cmp.Or(cmp.Compare(rank[a.Kind], rank[b.Kind]), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
}

// WriteText writes how many users and groups were compared, the numbers of each kind
// and a table of the mismatches. Texts with characters that do not print are quoted.
func (c *Comparison) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%6d users of the provider, %d accounts, %d matched, %d of other connections\n", c.Records, c.Accounts, c.Matched, c.Elsewhere)
	if c.GroupRecords+c.Groups > 0 {
		fmt.Fprintf(out, "%6d groups of the provider, %d of the application, %d matched, %d of other connections\n", c.GroupRecords, c.Groups, c.MatchedGroups, c.GroupsElsewhere)
	}
	for _, k := range MismatchKinds() {
		fmt.Fprintf(out, "%6d %s\n", c.Count(k), k)
	}
	fmt.Fprintln(out)
	t := newTable(out, "MISMATCH\tTYPE\tNAME\tEXTERNALID\tID\tNOTE")
	for i := range c.Mismatches {
		m := &c.Mismatches[i]
		t.row(string(m.Kind), m.Type, printable(m.Name), printable(m.ExternalID), printable(m.ID), m.Note())
	}
	return t.end()
}

// mostNoted is how many members and changes a note names.
const mostNoted = 5

// Note says in words what differs, for a table. Texts with characters that do not
// print are quoted.
func (m *Mismatch) Note() string {
	var notes []string
	add := func(condition bool, format string, args ...any) {
		if condition {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	add(m.Reason != "", "%s", m.Reason)
	if m.Kind == Status || m.Kind == Drift {
		for i, c := range m.Changes {
			add(i < mostNoted, "%s: %s → %s", c.Path, printable(c.Have), printable(c.Want))
			add(i == mostNoted, "and %d more", len(m.Changes)-i)
		}
	}
	add(len(m.Join) > 0, "%d to join: %s", len(m.Join), refs(m.Join))
	add(len(m.Leave) > 0, "%d to leave: %s", len(m.Leave), refs(m.Leave))
	add(m.Unknown > 0, "%d members without an account", m.Unknown)
	add(m.Inactive, "inactive")
	add(m.By != "", "by %s", m.By)
	add(m.Similar != "", "account %s has the e-mail address", printable(m.Similar))
	add((m.Kind == Duplicate || m.Kind == Contradict) && m.Position != "", "%s", printable(m.Position))
	return strings.Join(notes, "; ")
}

func refs(members []Ref) string {
	var names []string
	for _, m := range members[:min(len(members), mostNoted)] {
		names = append(names, printable(m.Name))
	}
	if len(members) > mostNoted {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// WriteJSON writes an object with the numbers of users and groups, the number of
// mismatches of each kind (counts) and the mismatches, one in a line.
func (c *Comparison) WriteJSON(w io.Writer) error {
	counts := map[Kind]int{}
	for _, k := range MismatchKinds() {
		counts[k] = c.Count(k)
	}
	out := bufio.NewWriter(w)
	head, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, `{"records":%d,"accounts":%d,"matched":%d,"elsewhere":%d,"groupRecords":%d,"groups":%d,"matchedGroups":%d,"groupsElsewhere":%d,"counts":%s,"mismatches":[`,
		c.Records, c.Accounts, c.Matched, c.Elsewhere, c.GroupRecords, c.Groups, c.MatchedGroups, c.GroupsElsewhere, head)
	if err := writeLines(out, c.Mismatches); err != nil {
		return err
	}
	return out.Flush()
}

// writeLines writes the elements of a list, one in a line, and the end of the object
// around it.
func writeLines[T any](out *bufio.Writer, list []T) error {
	for i := range list {
		line, err := json.Marshal(&list[i])
		if err != nil {
			return err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
		out.Write(line)
	}
	_, err := out.WriteString("\n]}\n")
	return err
}

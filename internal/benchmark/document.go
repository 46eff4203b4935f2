//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The lines of a document between which its table stands.
const (
	tableBegins = "<!-- What follows is written by go run ./internal/benchmark -write. -->\n"
	tableEnds   = "<!-- Until here. -->\n"
)

// write puts the table into a document, and the plot beside it.
func (r *report) write(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return fmt.Errorf("%s has not the lines\n%s%s", file, tableBegins, tableEnds)
	}
	plot := strings.TrimSuffix(file, filepath.Ext(file)) + ".svg"
	if err := os.WriteFile(plot, []byte(r.plot()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(before+tableBegins+r.markdown(filepath.Base(plot))+tableEnds+after), 0o644)
}

// storeNames are the stores in the order of the document, with their names for people.
var storeNames = []struct{ store, name string }{
	{inMemory, "memory"}, {onSQLite, "SQLite"}, {onPostgres, "PostgreSQL"}, {pooled, "PostgreSQL behind PgBouncer"},
}

// markdown is what stands in the document.
func (r *report) markdown(plot string) string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "\nMeasured on %s with %d cores (%s, %s of memory, %s), by one\ncommand or several in a row; each line was measured once, in rounds. The load average at\nthe end was %s, of which load generator and servers are about 2; where it was more, the\nmicroseconds are too. The ratios count, give or take 15 %%.\n\n", m.Date, m.Cores, m.CPU, m.Memory, m.Go, m.Load)
	fmt.Fprintf(&b, "![Ratio of each operation to the limit, and the targets](%s)\n", plot)
	for _, s := range storeNames {
		for _, users := range r.sizes(s.store) {
			rows := r.of(s.store, users)
			fmt.Fprintf(&b, "\n%s, %s users (commit %s):\n\n", s.name, thousands(users), rows[0].Commit)
			r.cell(&b, s.store, rows)
		}
	}
	r.syncTable(&b)
	r.heapTable(&b)
	b.WriteString(r.count())
	return b.String()
}

// sizes are the numbers of users that a store was measured with.
func (r *report) sizes(store string) []int {
	var out []int
	for _, one := range r.Results {
		if one.Store == store && !slices.Contains(out, one.Users) {
			out = append(out, one.Users)
		}
	}
	slices.Sort(out)
	return out
}

// of returns the results of a cell in the order of operations.
func (r *report) of(store string, users int) []result {
	var out []result
	for _, op := range operations {
		for _, one := range r.Results {
			if one.Store == store && one.Users == users && one.Operation == op.name {
				out = append(out, one)
			}
		}
	}
	return out
}

// cell writes the table of the results on a store with a number of users.
func (r *report) cell(b *strings.Builder, store string, rows []result) {
	has := func(name string) bool {
		return slices.ContainsFunc(rows, func(one result) bool { _, ok := one.side(name); return ok })
	}
	database := store == onPostgres || store == pooled
	header := []string{"request", "limit", "library", "ratio", "target"}
	if database {
		header = append(header, "database: limit", "library", "ratio")
	}
	if has(beforeName) {
		header = append(header, "÷ "+r.beforeTitle())
	}
	if has(rivalName) {
		header = append(header, "elimity-com/scim: ratio")
	}
	tableLine(b, header)
	tableLine(b, slices.Repeat([]string{"---"}, len(header)))
	for _, one := range rows {
		limit, library := one.Sides[0], one.Sides[1]
		title := operationOf(one.Operation).title
		if one.Commit != rows[0].Commit {
			title += " (commit " + one.Commit + ")"
		}
		line := []string{title, micro(limit.Server), micro(library.Server), ratio(library), one.verdict()}
		if database {
			line = append(line, micro(limit.Database), micro(library.Database), fmt.Sprintf("%.2f", library.DatabaseRatio))
		}
		if value, ok := one.ofBefore(); ok {
			line = append(line, fmt.Sprintf("%.2f", value))
		} else if has(beforeName) {
			line = append(line, "–")
		}
		if f, ok := one.side(rivalName); ok {
			line = append(line, ratio(f))
		} else if has(rivalName) {
			line = append(line, "–")
		}
		tableLine(b, line)
	}
}

func (r *report) beforeTitle() string {
	if r.Against == "" {
		return "before"
	}
	return "commit " + r.Against
}

func tableLine(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// micro writes microseconds with three digits.
func micro(us float64) string {
	switch {
	case us >= 10_000:
		return fmt.Sprintf("%.0f ms", us/1000)
	case us >= 1000:
		return fmt.Sprintf("%.1f ms", us/1000)
	case us >= 100:
		return fmt.Sprintf("%.0f µs", us)
	}
	return fmt.Sprintf("%.1f µs", us)
}

// ratio writes the ratio to the limit, and behind × that to the base of the operation.
func ratio(f figures) string {
	text := fmt.Sprintf("%.2f", f.Ratio)
	if f.BaseRatio > 0 {
		text += fmt.Sprintf(" (×%.2f)", f.BaseRatio)
	}
	return text
}

// verdict is the target and whether it is reached.
func (r result) verdict() string {
	has, met := r.met()
	switch {
	case !has:
		return ""
	case met:
		return r.target().String() + ": met"
	}
	return r.target().String() + ": **missed**"
}

func (r *report) syncTable(b *strings.Builder) {
	if len(r.Syncs) == 0 {
		return
	}
	b.WriteString("\nFirst synchronisation: each user looked up and created, then made a member, 40 in each PATCH.\n\n")
	tableLine(b, []string{"store", "users", "limit", "library", "of the limit", "target", "CPU ÷ limit"})
	tableLine(b, slices.Repeat([]string{"---"}, 7))
	for _, s := range r.Syncs {
		limit, library := s.Sides[0], s.Sides[1]
		verdict := "≥ 75 %: met"
		if s.of(libraryName) < syncTarget {
			verdict = "≥ 75 %: **missed**"
		}
		tableLine(b, []string{
			s.Store, thousands(s.Users), fmt.Sprintf("%.0f/s", limit.PerSecond), fmt.Sprintf("%.0f/s", library.PerSecond),
			fmt.Sprintf("%.0f %%", 100*s.of(libraryName)), verdict, fmt.Sprintf("%.2f", library.CPU/limit.CPU),
		})
	}
}

func (r *report) heapTable(b *strings.Builder) {
	if len(r.Heaps) == 0 {
		return
	}
	fmt.Fprintf(b, "\nLive heap of the store in memory for each user of 1.2 kB JSON, target at most %s bytes:\n\n", thousands(heapTarget))
	for _, h := range r.Heaps {
		side := "the library"
		if h.Side == beforeName {
			side = r.beforeTitle()
		}
		fmt.Fprintf(b, "- %s users, %s: %s bytes\n", thousands(h.Users), side, thousands(int(h.Bytes)))
	}
}

// count says how many of the targets are met.
func (r *report) count() string {
	var targets, met, rivals, ahead, older, halved int
	for _, one := range r.Results {
		if has, ok := one.met(); has {
			targets++
			met += number(ok)
		}
		library, _ := one.side(libraryName)
		if f, ok := one.side(rivalName); ok {
			rivals++
			ahead += number(library.Ratio < f.Ratio)
		}
		if value, ok := one.ofBefore(); ok && one.Store != inMemory {
			older++
			halved += number(value <= 0.5)
		}
	}
	text := fmt.Sprintf("\nOf %d targets of requests, %d are met.", targets, met)
	if rivals > 0 {
		text += fmt.Sprintf(" In memory the library is ahead of elimity-com/scim in %d of %d cells.", ahead, rivals)
	}
	if older > 0 {
		text += fmt.Sprintf(" On databases it uses at most half the CPU of %s in %d of %d cells.", r.beforeTitle(), halved, older)
	}
	return text + "\n\n"
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

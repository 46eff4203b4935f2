//go:build linux

package main

import (
	"fmt"
	"io"
	"strings"
)

// heading begins the table of a cell on the terminal.
func heading(out io.Writer, sides []*side, store string, users int) {
	fmt.Fprintf(out, "%s, %d users\n%-14s", store, users, "")
	for _, s := range sides {
		fmt.Fprintf(out, "%26s", s.name)
	}
	fmt.Fprintf(out, "   target\n")
}

// line prints a result: microseconds of CPU, the ratio to the limit, and that to the
// base of the operation ("10: 1.1" for the same in a group of 10).
func line(out io.Writer, sides []*side, r result) {
	server, database := fmt.Sprintf("%-14s", r.Operation), fmt.Sprintf("%-14s", "  database")
	hasDatabase := false
	for _, s := range sides {
		f, ok := r.side(s.name)
		if !ok {
			server += fmt.Sprintf("%26s", "–")
			continue
		}
		text := fmt.Sprintf("%.1f µs %6.2f", f.Server, f.Ratio)
		if f.BaseRatio > 0 {
			text += fmt.Sprintf(" ×%.2f", f.BaseRatio)
		}
		server += fmt.Sprintf("%26s", text)
		database += fmt.Sprintf("%26s", fmt.Sprintf("%.1f µs %6.2f", f.Database, f.DatabaseRatio))
		hasDatabase = hasDatabase || f.Database > 0
	}
	fmt.Fprintln(out, server+"   "+r.target().String())
	if hasDatabase {
		fmt.Fprintln(out, database)
	}
}

// String describes a target, "" if there is none.
func (t target) String() string {
	var parts []string
	if t.ratio > 0 {
		parts = append(parts, fmt.Sprintf("%g", t.ratio))
	}
	if t.database > 0 {
		parts = append(parts, fmt.Sprintf("database %g", t.database))
	}
	if t.base > 0 {
		parts = append(parts, fmt.Sprintf("×%g", t.base))
	}
	if len(parts) == 0 {
		return ""
	}
	return "≤ " + strings.Join(parts, ", ")
}

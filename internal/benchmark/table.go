package main

import (
	"fmt"
	"io"
	"time"
)

// targets are the ratios to be reached, by store and operation.
var targets = map[string]map[string]float64{
	"memory":   {"get": 1.4, "look-up": 1.4, "create": 1.3, "put": 1.3, "patch": 1.6, "list": 1.5},
	"sqlite":   {"get": 1.5, "look-up": 1.5, "create": 2, "put": 2, "patch": 1.8, "list": 2},
	"postgres": {"get": 1.4, "look-up": 1.4, "create": 2, "put": 2, "patch": 1.8, "list": 2},
}

func heading(out io.Writer, sides []*side, store string, users int) {
	fmt.Fprintf(out, "%s, %d users\n%-16s", store, users, "")
	for _, s := range sides {
		fmt.Fprintf(out, "%20s", s.name)
	}
	fmt.Fprintf(out, "%10s\n", "target")
}

func line(out io.Writer, sides []*side, r result, store string) {
	fmt.Fprintf(out, "%-16s", r.operation)
	for i := range sides {
		text := micro(r.server[i])
		if i > 0 {
			text += fmt.Sprintf(" %5.2f", r.ratio[i])
		}
		fmt.Fprintf(out, "%20s", text)
	}
	if t := targets[store][r.operation]; t > 0 {
		fmt.Fprintf(out, "%10s", fmt.Sprintf("≤ %.1f", t))
	}
	fmt.Fprintln(out)
	if store != "postgres" {
		return
	}
	fmt.Fprintf(out, "%-16s", "  database")
	for i := range sides {
		text := micro(r.database[i])
		if i > 0 {
			text += fmt.Sprintf(" %5.2f", r.dbRatio[i])
		}
		fmt.Fprintf(out, "%20s", text)
	}
	fmt.Fprintln(out)
}

func micro(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d)/1e3) }

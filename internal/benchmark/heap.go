//go:build linux

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	heapName   = "heap"
	heapTarget = 3000 // bytes
)

// heapFigures are the live heap of a server of this library in memory.
type heapFigures struct {
	Users int
	Side  string
	Bytes float64 // of a user
}

// heap asks the servers of this library for their live heap. It comes before the
// operations, which create more.
func (o options) heap(out io.Writer, sides []*side, users int, r *report) error {
	for _, s := range sides {
		if s.name != libraryName && s.name != beforeName {
			continue
		}
		status, text, err := s.conns[0].Do("GET", "/heap", "")
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if status != 200 {
			return fmt.Errorf("%s: GET /heap: %d, want 200", s.name, status)
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return err
		}
		h := heapFigures{users, s.name, float64(n) / float64(users)}
		fmt.Fprintf(out, "%-14s%s: %.0f bytes of live heap for each user, the idle server included   ≤ %d\n", heapName, s.name, h.Bytes, heapTarget)
		r.Heaps = replace(r.Heaps, h, func(a, b heapFigures) bool { return a.Users == b.Users && a.Side == b.Side })
	}
	return o.save(r)
}

//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	gosync "sync"
	"time"
)

const syncName = "sync"

// synchronisation is the result of the first synchronisation: users per second, with
// their look-up, their creation and their part of the requests that make them members.
type synchronisation struct {
	Store string
	Users int
	Sides []syncFigures // the limit first
}

type syncFigures struct {
	Side      string
	PerSecond float64
	CPU       float64 // microseconds of a user, of server and database together
}

// of returns the part of the users per second of the limit that a side reaches.
func (s synchronisation) of(name string) float64 {
	for _, f := range s.Sides {
		if f.Side == name {
			return f.PerSecond / s.Sides[0].PerSecond
		}
	}
	return 0
}

const (
	syncTarget  = 0.75
	syncChunk   = 200 // users, before the next side has its turn
	syncMembers = 40  // in a PATCH
)

// syncing is a side during a first synchronisation.
type syncing struct {
	*side
	group string
	ids   []string
	used  time.Duration // of the clock
	cpu   time.Duration
}

// sync measures the first synchronisation on empty databases, in turn by chunks.
func (o options) sync(out io.Writer, contestants []contestant, p place, r *report) error {
	p.seed = ""
	sides, err := o.startAll(contestants, p)
	if err != nil {
		return err
	}
	defer stopAll(sides)
	all := make([]*syncing, len(sides))
	for i, s := range sides {
		text, err := s.do("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"All"}`, 201)
		if err != nil {
			return err
		}
		all[i] = &syncing{side: s, ids: make([]string, o.syncUsers)}
		var made struct{ ID string }
		if err := json.Unmarshal(text, &made); err != nil {
			return err
		}
		all[i].group = made.ID
	}
	for _, phase := range []func(s *syncing, from, to int) error{(*syncing).create, (*syncing).join} {
		for from, turn := 0, 0; from < o.syncUsers; from, turn = from+syncChunk, turn+1 {
			for n := range all {
				s := all[(n+turn)%len(all)]
				if err := s.timed(phase, from, min(from+syncChunk, o.syncUsers)); err != nil {
					return err
				}
			}
		}
	}
	result := synchronisation{Store: p.store, Users: o.syncUsers}
	for _, s := range all {
		n := float64(o.syncUsers)
		result.Sides = append(result.Sides, syncFigures{s.name, n / s.used.Seconds(), float64(s.cpu.Microseconds()) / n})
	}
	printSync(out, result)
	r.Syncs = replace(r.Syncs, result, func(a, b synchronisation) bool { return a.Store == b.Store })
	return o.save(r)
}

// timed carries out a phase for some users and adds what it has taken.
func (s *syncing) timed(phase func(s *syncing, from, to int) error, from, to int) error {
	before, err := s.usage()
	if err != nil {
		return err
	}
	start := time.Now()
	if err := phase(s, from, to); err != nil {
		return err
	}
	s.used += time.Since(start)
	after, err := s.usage()
	server, database := after.since(before)
	s.cpu += server + database
	return err
}

// create looks users up, who do not exist, and creates them, over all connections.
func (s *syncing) create(from, to int) error {
	errs := make([]error, len(s.conns))
	var wg gosync.WaitGroup
	for w, conn := range s.conns {
		wg.Go(func() {
			for i := from + w; i < to && errs[w] == nil; i += len(s.conns) {
				if _, errs[w] = s.doOn(conn, "GET", lookUp(userName(i)), "", 200); errs[w] != nil {
					return
				}
				var text []byte
				if text, errs[w] = s.doOn(conn, "POST", "/Users", userBody("user", i, "Engineer"), 201); errs[w] != nil {
					return
				}
				var made struct{ ID string }
				errs[w] = json.Unmarshal(text, &made)
				s.ids[i] = made.ID
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// join makes users members of the group, some in each request, one after the other.
func (s *syncing) join(from, to int) error {
	for ; from < to; from += syncMembers {
		var members []string
		for _, id := range s.ids[from:min(from+syncMembers, to)] {
			members = append(members, `{"value":"`+id+`"}`)
		}
		body := patchBody(`{"op":"Add","path":"members","value":[` + strings.Join(members, ",") + `]}`)
		if _, err := s.do("PATCH", "/Groups/"+s.group, body, 204); err != nil {
			return err
		}
	}
	return nil
}

func printSync(out io.Writer, s synchronisation) {
	fmt.Fprintf(out, "first synchronisation, %s, %d users\n", s.Store, s.Users)
	for _, f := range s.Sides {
		fmt.Fprintf(out, "%-14s%10.0f users/s %5.2f of the limit %10.0f µs of CPU, %.2f times\n", f.Side, f.PerSecond, s.of(f.Side), f.CPU, f.CPU/s.Sides[0].CPU)
	}
	fmt.Fprintln(out)
}

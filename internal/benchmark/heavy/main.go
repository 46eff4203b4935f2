//go:build linux

// Heavy measures the heaviest requests that the default limits of a service
// provider let through or refuse late, and prints the table of docs/security.md:
// the CPU of the server for the request, the most memory (resident set) beyond that
// of the idle server, and the longest wait of small POSTs that are sent beside it.
//
//	go run ./internal/benchmark/heavy
//
// The server is the quickstart on a SQLite file of almost 20,000 users; each request is
// sent to a server that was just started. The wait is time on the clock and depends
// on what else the machine does; the CPU hardly does.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/internal/benchmark/process"
)

func main() {
	server := flag.String("server", "", "`program` to measure (default: the quickstart, which is built first)")
	only := flag.String("run", "", "measure only requests whose name has this `text`")
	users := flag.Int("users", 19_990, "`number` of users in the database (with those of the measurement at most scim.Limits.Scan)")
	flag.Parse()
	if err := run(*server, *only, *users, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "heavy:", err)
		os.Exit(1)
	}
}

func run(program, only string, users int, out io.Writer) error {
	dir, err := os.MkdirTemp("", "heavy")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if program == "" {
		if program, err = process.Build(dir); err != nil {
			return err
		}
	}
	b := &bench{program: program, dir: dir}
	ids, err := b.seed(users)
	if err != nil {
		return fmt.Errorf("fill the database: %w", err)
	}
	fmt.Fprintf(out, "| request | answer | CPU | memory | a POST beside it |\n|---|---|---|---|---|\n")
	for _, c := range cases(ids) {
		if !strings.Contains(c.name, only) {
			continue
		}
		f, err := b.measure(c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Fprintf(out, "| %s | %s | %.2f s | %d MiB | %.2f s |\n", c.name, f.answer, f.cpu.Seconds(), f.memory>>20, f.wait.Seconds())
	}
	return nil
}

// bench measures requests to a program, each on a copy of one database.
type bench struct{ program, dir string }

// figures are the cost of one request.
type figures struct {
	answer string
	cpu    time.Duration
	memory int64 // bytes
	wait   time.Duration
}

// seed fills the database that each measurement copies, and returns the ids of its
// users.
func (b *bench) seed(users int) (ids []string, err error) {
	s, err := start(b.program, filepath.Join(b.dir, "seed.db"))
	if err != nil {
		return nil, err
	}
	defer s.Stop()
	for i := range users {
		id, err := s.create("/Users", userBody(i))
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// measure sends the request of a case twice: alone, for its cost, and beside small
// POSTs, for their wait.
func (b *bench) measure(c heavy) (f figures, err error) {
	err = b.prepared(c, func(s *server, r request) error {
		before, err := s.Usage()
		if err != nil {
			return err
		}
		status, text, err := s.send(r)
		if err != nil {
			return err
		}
		after, err := s.Usage()
		f.answer, f.cpu, f.memory = answer(status, text), after.CPU-before.CPU, after.Peak-before.Resident
		return err
	})
	if err != nil {
		return f, err
	}
	err = b.prepared(c, func(s *server, r request) error {
		ctx, cancel := context.WithCancel(context.Background())
		waits := make(chan time.Duration)
		go func() { waits <- s.longestPost(ctx) }()
		time.Sleep(20 * time.Millisecond)
		_, _, err := s.send(r)
		cancel()
		f.wait = <-waits
		return err
	})
	return f, err
}

// prepared calls fn with a server that was just started and has what the case
// needs.
func (b *bench) prepared(c heavy, fn func(*server, request) error) error {
	file := filepath.Join(b.dir, "run.db")
	if err := copyFile(filepath.Join(b.dir, "seed.db"), file); err != nil {
		return err
	}
	r := c.request
	if c.prepare != nil {
		s, err := start(b.program, file)
		if err != nil {
			return err
		}
		r, err = c.prepare(s)
		s.Stop()
		if err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	s, err := start(b.program, file)
	if err != nil {
		return err
	}
	defer s.Stop()
	if err := s.warm(); err != nil {
		return err
	}
	return fn(s, r)
}

// copyFile copies the database file of a server that has stopped.
func copyFile(from, to string) error {
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(to + suffix); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

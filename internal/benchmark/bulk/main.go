//go:build linux

// Bulk compares one bulk request of many operations, which refer to each other by
// bulkId, with the same requests sent one by one over one connection: operations
// per second of both, and the most memory (resident set) of the server beyond that
// of the idle one. It prints the table of docs/performance.md.
//
//	go run ./internal/benchmark/bulk [-n OPERATIONS] [-rounds N] [DATABASE...]
//
// A database is memory, sqlite (a new file), or a postgres:// or mysql:// URL of an
// empty database; the default is memory and sqlite. The server is the quickstart,
// started anew for each measurement. Both ways are measured in turn, and the figures
// are medians of the rounds.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/internal/benchmark/process"
)

func main() {
	b := &bench{}
	flag.StringVar(&b.program, "server", "", "`program` to measure (default: the quickstart, which is built first)")
	flag.IntVar(&b.operations, "n", 10_000, "`operations` of one bulk request")
	flag.IntVar(&b.rounds, "rounds", 5, "`number` of measurements of each way")
	flag.Parse()
	if err := b.run(process.Databases(flag.Args()), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bulk:", err)
		os.Exit(1)
	}
}

// bench measures a program.
type bench struct {
	program            string
	operations, rounds int
	dir                string
	started            int // servers
}

// figures are the cost of the operations, sent in one way.
type figures struct {
	time, cpu time.Duration
	memory    int64 // bytes
}

func (b *bench) run(databases []string, out io.Writer) (err error) {
	if b.dir, err = os.MkdirTemp("", "bulk"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.program == "" {
		if b.program, err = process.Build(b.dir); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "| %d operations | one by one: per second | CPU each | memory | in bulk: per second | CPU each | memory | ratio |\n|---|---|---|---|---|---|---|---|\n", b.operations)
	for _, db := range databases {
		if err := b.compare(db, out); err != nil {
			return err
		}
	}
	return nil
}

// compare prints the figures of one database.
func (b *bench) compare(db string, out io.Writer) error {
	var single, bulk []figures
	var ratios []float64
	for range b.rounds {
		s, err := b.measure(db, oneByOne)
		if err != nil {
			return fmt.Errorf("%s, one by one: %w", name(db), err)
		}
		all, err := b.measure(db, together)
		if err != nil {
			return fmt.Errorf("%s, in bulk: %w", name(db), err)
		}
		single, bulk, ratios = append(single, s), append(bulk, all), append(ratios, float64(s.time)/float64(all.time))
	}
	fmt.Fprintf(out, "| %s %s %s %.2f |\n", name(db), b.columns(single), b.columns(bulk), median(ratios, func(r float64) float64 { return r }))
	return nil
}

func (b *bench) columns(fs []figures) string {
	n := float64(b.operations)
	perSecond := n / median(fs, func(f figures) float64 { return f.time.Seconds() })
	cpu := median(fs, func(f figures) float64 { return f.cpu.Seconds() }) / n * 1e6
	memory := median(fs, func(f figures) float64 { return float64(f.memory) }) / (1 << 20)
	return fmt.Sprintf("| %.0f | %.0f µs | %.0f MiB |", perSecond, cpu, memory)
}

func median[T any](list []T, value func(T) float64) float64 {
	values := make([]float64, len(list))
	for i, one := range list {
		values[i] = value(one)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// name is the kind of a database, without what its URL has besides.
func name(db string) string {
	kind, _, _ := strings.Cut(db, "://")
	return kind
}

// measure sends the operations to a server that was just started.
func (b *bench) measure(db string, send func(*process.Server, []operation) error) (f figures, err error) {
	b.started++
	if db == "sqlite" {
		db = filepath.Join(b.dir, fmt.Sprint(b.started, ".db"))
	}
	s, err := process.Start(b.program, db, "-bulk", fmt.Sprint(b.operations))
	if err != nil {
		return f, err
	}
	defer s.Stop()
	run := fmt.Sprintf("%x-%d", time.Now().UnixNano(), b.started) // the names in it are new to the database
	for i, warm := range []func(*process.Server, []operation) error{oneByOne, together} {
		if err := warm(s, operations(200, fmt.Sprintf("%s-warm%d", run, i))); err != nil {
			return f, err
		}
	}
	ops := operations(b.operations, run)
	before, err := s.Usage()
	if err != nil {
		return f, err
	}
	began := time.Now()
	if err := send(s, ops); err != nil {
		return f, err
	}
	f.time = time.Since(began)
	after, err := s.Usage()
	f.cpu, f.memory = after.CPU-before.CPU, after.Peak-before.Resident
	return f, err
}

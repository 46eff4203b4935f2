//go:build linux

// Walk follows the cursors (RFC 9865) of lists of many users from the first page to
// the last while writers create, change and delete users beside it. It fails if a
// user who stayed is missing or returned twice. Then it compares the cost of the
// first page with that of the last full one, without writers: the time of a request
// and the CPU of the server. It prints a table of docs/performance.md.
//
//	go run ./internal/benchmark/walk [-users N] [-writers N] [-count N] [-run TEXT] [DATABASE...]
//
// A database is memory, sqlite (a new file), or a postgres:// or mysql:// URL of an
// empty database; the default is memory and sqlite. The server is the quickstart.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/url"
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
	flag.IntVar(&b.users, "users", 100_000, "`number` of users that stay")
	flag.IntVar(&b.writers, "writers", 10, "`number` of connections that write during a walk")
	flag.IntVar(&b.count, "count", 1000, "`users` on a page")
	flag.StringVar(&b.only, "run", "", "walk only lists whose name has this `text`")
	flag.Parse()
	if err := b.run(process.Databases(flag.Args()), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "walk:", err)
		os.Exit(1)
	}
}

// bench measures a program.
type bench struct {
	program               string
	users, writers, count int
	only                  string
}

// variants are the lists that are walked: the names of the columns, and queries.
var variants = []struct{ name, query string }{
	{"all users", ""},
	{"sorted by userName", "sortBy=userName"},
	{"a filter of the store", "filter=" + url.QueryEscape(`externalId sw "stays"`)},
	{"a filter of the library", "filter=" + url.QueryEscape(`nickName ew "stays"`)},
}

func (b *bench) run(databases []string, out io.Writer) error {
	dir, err := os.MkdirTemp("", "walk")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if b.program == "" {
		if b.program, err = process.Build(dir); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "| %d users, pages of %d, %d writers | pages | writes beside it | first page | CPU | last page | CPU | ratio of CPU |\n|---|---|---|---|---|---|---|---|\n", b.users, b.count, b.writers)
	for _, db := range databases {
		name, _, _ := strings.Cut(db, "://")
		if db == "sqlite" {
			db = filepath.Join(dir, "walk.db")
		}
		if err := b.walks(name, db, out); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// walks prints the figures of one database.
func (b *bench) walks(name, db string, out io.Writer) error {
	s, err := process.Start(b.program, db)
	if err != nil {
		return err
	}
	defer s.Stop()
	stay, err := seed(s, b.users)
	if err != nil {
		return fmt.Errorf("create the users: %w", err)
	}
	for _, v := range variants {
		if !strings.Contains(v.name, b.only) {
			continue
		}
		query := fmt.Sprintf("/Users?count=%d", b.count)
		if v.query != "" {
			query += "&" + v.query
		}
		w, err := b.beside(s, query, stay)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		first, last, err := compare(s, query, w.lastFull)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		fmt.Fprintf(out, "| %s, %s | %d | %d | %.1f ms | %.1f ms | %.1f ms | %.1f ms | %.2f |\n", name, v.name, w.pages, w.writes,
			milliseconds(first.time), milliseconds(first.cpu), milliseconds(last.time), milliseconds(last.cpu), float64(last.cpu)/float64(first.cpu))
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// cost is that of one request.
type cost struct{ time, cpu time.Duration }

// compare reads the first page and the last full one in turn and returns the median
// time of a request, and the median of the CPU of some requests in a row, since the
// garbage of all requests is collected during one of them.
func compare(s *process.Server, query, lastFull string) (first, last cost, err error) {
	const rounds, repeats = 10, 4
	var times, cpu [2][]time.Duration
	for range rounds {
		for i, cursor := range []string{"", lastFull} {
			before, err := s.Usage()
			if err != nil {
				return first, last, err
			}
			for range repeats {
				began := time.Now()
				if _, err := read(s, query, cursor); err != nil {
					return first, last, err
				}
				times[i] = append(times[i], time.Since(began))
			}
			after, err := s.Usage()
			if err != nil {
				return first, last, err
			}
			cpu[i] = append(cpu[i], (after.CPU-before.CPU)/repeats)
		}
	}
	return cost{median(times[0]), median(cpu[0])}, cost{median(times[1]), median(cpu[1])}, nil
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

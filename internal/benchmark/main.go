//go:build linux

// Benchmark compares the CPU of requests to this library with that of a limit: a bare
// net/http handler with one indexed row in the same database (package limit), and with
// github.com/elimity-com/scim in memory (package rival).
//
//	go run ./internal/benchmark [-stores memory,sqlite,postgres] [-users 1000,100000] [-ops get,create]
//	    [-rounds N] [-slice TIME] [-connections N] [-library DIR] [-against COMMIT|DIR] [-rival=false]
//
// The servers run side by side, each a process of its own on its own database. Each
// operation is sent to them in turn, a slice of time each, round after round. The CPU
// is that of the server process, user and system, and on PostgreSQL also that of its
// sessions. A ratio is the median over the rounds of the cost of a request divided by
// that to the limit in the same round.
//
// -against measures another version of this library too: a commit (HEAD~1, a3b276a) or
// the directory of a working tree. PostgreSQL needs a server of this machine, named by
// -postgres or SCIM_TEST_POSTGRES, where databases are made and dropped.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/internal/benchmark/limit"
	"github.com/seed5f3efb56/scim/internal/benchmark/rival"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		fail(serve(os.Args[2], os.Args[3:]))
		return
	}
	o, err := parse(os.Args[1:])
	fail(err)
	fail(o.run(os.Stdout))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

// serve is the process of a limit or a rival, which this program starts itself.
func serve(what string, args []string) error {
	f := flag.NewFlagSet("serve", flag.ExitOnError)
	addr := f.String("addr", "", "")
	db := f.String("db", "", "")
	seed := f.String("seed", "", "")
	ids := f.String("ids", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	if what == "rival" {
		return rival.Serve(*addr, *seed, *ids)
	}
	return limit.Serve(*addr, *db, *seed, *ids)
}

// options are the command line.
type options struct {
	stores, operations []string
	users              []int
	rounds             int
	slice              time.Duration
	connections        int
	library, against   string
	rival              bool
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("benchmark", flag.ExitOnError)
	stores := f.String("stores", "memory,sqlite", "`list` of memory, sqlite and postgres")
	users := f.String("users", "1000", "`list` of numbers of users")
	ops := f.String("ops", "", "`list` of operations (default all)")
	f.IntVar(&o.rounds, "rounds", 5, "`number` of rounds")
	f.DurationVar(&o.slice, "slice", 300*time.Millisecond, "`time` of a slice")
	f.IntVar(&o.connections, "connections", 2, "`number` of connections to each server")
	f.StringVar(&o.library, "library", ".", "`directory` of the working tree to measure")
	f.StringVar(&o.against, "against", "", "another version to measure: a `commit` or the directory of a working tree")
	f.BoolVar(&o.rival, "rival", true, "measure elimity-com/scim too")
	f.StringVar(&postgresURL, "postgres", os.Getenv("SCIM_TEST_POSTGRES"), "`URL` of a PostgreSQL server of this machine")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.stores = strings.Split(*stores, ",")
	for _, text := range strings.Split(*users, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return o, fmt.Errorf("-users: %w", err)
		}
		o.users = append(o.users, n)
	}
	for _, op := range operations {
		if *ops == "" {
			o.operations = append(o.operations, op.name)
		}
	}
	if *ops != "" {
		o.operations = strings.Split(*ops, ",")
	}
	return o, nil
}

// run measures everything and prints a table for each store and number of users.
func (o options) run(out io.Writer) error {
	dir, err := os.MkdirTemp("", "benchmark-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	contestants, err := o.contestants(dir)
	if err != nil {
		return err
	}
	for _, store := range o.stores {
		for _, users := range o.users {
			if err := o.cell(out, dir, contestants, store, users); err != nil {
				return fmt.Errorf("%s, %d users: %w", store, users, err)
			}
		}
	}
	return nil
}

func (o options) contestants(dir string) ([]contestant, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	const all = "memory sqlite postgres"
	program, err := build(o.library, "library", dir)
	if err != nil {
		return nil, err
	}
	out := []contestant{{"limit", self, []string{"serve", "limit"}, all}, {"library", program, nil, all}}
	if o.against != "" {
		tree, err := checkout(o.against, dir)
		if err != nil {
			return nil, err
		}
		if program, err = build(tree, "before", dir); err != nil {
			return nil, err
		}
		out = append(out, contestant{"before", program, nil, all})
	}
	if o.rival {
		out = append(out, contestant{"elimity", self, []string{"serve", "rival"}, "memory"})
	}
	return out, nil
}

// cell starts the servers for a store and a number of users, and measures them.
func (o options) cell(out io.Writer, dir string, contestants []contestant, store string, users int) error {
	seed := filepath.Join(dir, "seed")
	if err := writeSeed(seed, users); err != nil {
		return err
	}
	var sides []*side
	defer func() {
		for _, s := range sides {
			s.stop()
		}
	}()
	for _, c := range contestants {
		if !strings.Contains(c.stores, store) {
			continue
		}
		s, err := c.start(dir, store, seed)
		if err != nil {
			return err
		}
		sides = append(sides, s)
	}
	for _, s := range sides {
		if err := s.wait(o.connections); err != nil {
			return err
		}
	}
	if err := same(sides[:2]); err != nil {
		return err
	}
	heading(out, sides, store, users)
	for i := range operations {
		op := &operations[i]
		if !slices.Contains(o.operations, op.name) {
			continue
		}
		r, err := compare(sides, op, o.rounds, o.slice)
		if err != nil {
			return err
		}
		line(out, sides, r, store)
	}
	fmt.Fprintln(out)
	return nil
}

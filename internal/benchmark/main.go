//go:build linux

// Benchmark compares the CPU of requests to this library with that of a limit: a bare
// net/http handler with one indexed row in the same database (package limit), and with
// github.com/elimity-com/scim in memory (package rival).
//
//	go run ./internal/benchmark [-stores memory,sqlite,postgres,pgbouncer] [-users 1000,100000]
//	    [-ops get,create] [-rounds N] [-slice TIME] [-connections N]
//	    [-library DIR] [-against COMMIT|DIR] [-rival=false] [-brake=false] [-results FILE] [-write docs/performance.md]
//
// The servers run side by side, each a process of its own on its own database. Each
// operation is sent to them in turn, a slice of time each, round after round. The CPU
// is that of the server process, user and system, and on PostgreSQL also that of its
// sessions. A ratio is the median over the rounds of the cost of a request divided by
// that to the limit in the same round.
//
// -against measures another version of this library too: a commit (HEAD~1, a3b276a) or
// the directory of a working tree. PostgreSQL needs a server of this machine, named by
// -postgres or SCIM_TEST_POSTGRES, where databases are made and dropped; pgbouncer is the
// same behind a PgBouncer in transaction mode, which is started.
//
// Beside the operations there are two measurements in -ops: sync, the first
// synchronisation as Entra ID does it, and heap, the memory of a user in memory.
//
// -results adds the results to those of a file. -write puts those of the file, or of this
// run, into the first table of a document and into a plot beside it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/seed5f3efb56/scim/internal/benchmark/limit"
	"github.com/seed5f3efb56/scim/internal/benchmark/rival"
)

func main() {
	var err error
	if len(os.Args) > 2 && os.Args[1] == "serve" {
		err = serve(os.Args[2], os.Args[3:])
	} else {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = run(ctx, os.Args[1:], os.Stdout)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

// serve is the process of the limit or the rival, which this program starts itself.
func serve(what string, args []string) error {
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	addr := f.String("addr", "", "")
	db := f.String("db", "", "")
	seed := f.String("seed", "", "")
	ids := f.String("ids", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	if what == rivalName {
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
	rival, brake       bool
	postgres           string
	syncUsers          int
	results, write     string
	commit             string // of library
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("benchmark", flag.ContinueOnError)
	f.Func("stores", "`list` of memory, sqlite, postgres and pgbouncer (default memory,sqlite)", list(&o.stores))
	f.Func("ops", "`list` of operations (default all): "+strings.Join(everything(), ","), list(&o.operations))
	f.Func("users", "`list` of numbers of users (default 1000)", func(text string) error {
		for _, t := range strings.Split(text, ",") {
			n, err := strconv.Atoi(t)
			if err != nil || n < 8 {
				return fmt.Errorf("%q is not a number of users, at least 8", t)
			}
			o.users = append(o.users, n)
		}
		return nil
	})
	f.IntVar(&o.rounds, "rounds", 5, "`number` of rounds")
	f.DurationVar(&o.slice, "slice", 300*time.Millisecond, "`time` of a slice")
	f.IntVar(&o.connections, "connections", 2, "`number` of connections to each server")
	f.IntVar(&o.syncUsers, "sync-users", 2000, "`number` of users of the first synchronisation")
	f.StringVar(&o.library, "library", ".", "`directory` of the working tree to measure")
	f.StringVar(&o.against, "against", "", "another version to measure: a `commit` or the directory of a working tree")
	f.BoolVar(&o.rival, "rival", true, "measure elimity-com/scim too")
	f.BoolVar(&o.brake, "brake", true, "leave the brake of the library on, as it is by default")
	f.StringVar(&o.postgres, "postgres", "", "`URL` of a PostgreSQL server of this machine (default $SCIM_TEST_POSTGRES)")
	f.StringVar(&o.results, "results", "", "`file` to which the results are added")
	f.StringVar(&o.write, "write", "", "`document` that gets the table of the results")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return o.withDefaults()
}

// list is the function of a flag for a list.
func list(to *[]string) func(string) error {
	return func(text string) error {
		*to = strings.Split(text, ",")
		return nil
	}
}

// everything is what -ops can name.
func everything() []string {
	var out []string
	for _, op := range operations {
		out = append(out, op.name)
	}
	return append(out, syncName, heapName, "none")
}

func (o options) withDefaults() (options, error) {
	if o.postgres == "" {
		o.postgres = os.Getenv("SCIM_TEST_POSTGRES") // not the default of the flag, which is printed and may hold a password
	}
	if o.stores == nil {
		o.stores = []string{inMemory, onSQLite}
	}
	if o.users == nil {
		o.users = []int{1000}
	}
	if o.operations == nil {
		o.operations = everything()
	}
	for _, name := range o.operations {
		if !slices.Contains(everything(), name) {
			return o, fmt.Errorf("-ops: there is no %q", name)
		}
	}
	for _, name := range o.stores {
		if !slices.Contains([]string{inMemory, onSQLite, onPostgres, pooled}, name) {
			return o, fmt.Errorf("-stores: there is no %q", name)
		}
	}
	return o, nil
}

// run measures what the command line names, and prints and writes the results.
// When the context ends it stops the servers and drops their databases.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "benchmark-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var r report
	if o.results != "" {
		if err := r.load(o.results); err != nil {
			return err
		}
	}
	if o.against != "" {
		r.Against = o.against
	}
	if !slices.Equal(o.operations, []string{"none"}) {
		if err := o.measure(ctx, out, dir, &r); err != nil {
			return err
		}
	}
	if o.write != "" {
		return r.write(o.write)
	}
	return nil
}

// measure measures each store with each number of users. Results are saved as they come.
func (o options) measure(ctx context.Context, out io.Writer, dir string, r *report) error {
	o.commit = commitOf(o.library)
	contestants, err := o.contestants(dir)
	if err != nil {
		return err
	}
	for _, store := range o.stores {
		p := place{done: ctx.Done(), dir: dir, store: store, postgres: o.postgres}
		for _, users := range o.users {
			if slices.Equal(o.operations, []string{syncName}) {
				break // it has servers of its own
			}
			if err := o.cell(out, contestants, p, users, r); err != nil {
				return fmt.Errorf("%s, %d users: %w", store, users, err)
			}
		}
		if slices.Contains(o.operations, syncName) && store != inMemory {
			if err := o.sync(out, contestants, p, r); err != nil {
				return fmt.Errorf("%s, first synchronisation: %w", store, err)
			}
		}
	}
	return nil
}

// cell starts the servers for a store and a number of users, and measures them.
func (o options) cell(out io.Writer, contestants []contestant, p place, users int, r *report) error {
	p.seed = filepath.Join(p.dir, "seed")
	if err := writeSeed(p.seed, users); err != nil {
		return err
	}
	sides, err := o.startAll(contestants, p)
	if err != nil {
		return err
	}
	defer stopAll(sides)
	if err := answersAgree(sides); err != nil {
		return err
	}
	heading(out, sides, p.store, users)
	if p.store == inMemory && slices.Contains(o.operations, heapName) {
		if err := o.heap(out, sides, users, r); err != nil {
			return err
		}
	}
	for i := range operations {
		op := &operations[i]
		if !slices.Contains(o.operations, op.name) {
			continue
		}
		result, err := o.row(sides, op, p.store, users)
		if err != nil {
			return err
		}
		line(out, sides, result)
		r.add(result)
		if err := o.save(r); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	return groupsAgree(sides)
}

// save notes the machine, with its load by now, and writes the report to a file if one is
// named.
func (o options) save(r *report) error {
	r.Machine = thisMachine()
	if o.results == "" {
		return nil
	}
	return r.save(o.results)
}

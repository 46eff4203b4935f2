package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"

	"github.com/seed5f3efb56/scim/internal/operator"
)

var outboxDead = &command{
	name: "dead", short: "list events that were given up",
	long: `Lists the entries of the outbox that were given up after too many failures. The exit
code is 1 if there are any.

  scim outbox dead
  scim outbox dead -json`,
	flags: func(f *flag.FlagSet, env environment) action {
		o := addOptions(f, env)
		most := f.Int("n", 100, "the most `entries` to list")
		return func(ctx context.Context, args []string) error {
			if err := noArguments(args); err != nil {
				return err
			}
			if *most < 1 {
				return usagef("-n must be at least 1")
			}
			return o.with(ctx, func(ctx context.Context, on operator.Operator) error {
				all, err := deadEntries(ctx, on, *most)
				if err != nil {
					return err
				}
				if err := o.print(all, func(w io.Writer) { printEntries(w, all) }); err != nil || len(all) == 0 {
					return err
				}
				return errFound
			})
		}
	},
}

var outboxReplay = &command{
	name: "replay", args: "[ID]...", short: "deliver dead events again",
	long: `Makes dead entries of the outbox due again: the service delivers them.

  scim outbox replay 0192b7c4 -reason "the mail server is back"
  scim outbox replay -all -reason "the mail server is back"`,
	flags: func(f *flag.FlagSet, env environment) action {
		o := addOptions(f, env)
		o.addChange(f)
		all := f.Bool("all", false, "all dead entries of the tenant")
		return func(ctx context.Context, ids []string) error {
			if *all == (len(ids) > 0) {
				return usagef("give the IDs of entries, or -all")
			}
			if err := o.checkChange(); err != nil {
				return err
			}
			return o.with(ctx, func(ctx context.Context, on operator.Operator) error {
				n, err := o.replay(ctx, on, ids)
				if err != nil {
					return fmt.Errorf("after %d entries: %w", n, err)
				}
				return o.print(map[string]int{"replayed": n}, func(w io.Writer) { fmt.Fprintf(w, "Due again: %d.\n", n) })
			})
		}
	},
}

// replay replays entries, without ids all that are dead now.
func (o *options) replay(ctx context.Context, on operator.Operator, ids []string) (n int, err error) {
	if len(ids) == 0 {
		dead, err := deadEntries(ctx, on, 1<<30)
		if err != nil {
			return 0, err
		}
		for _, e := range dead {
			ids = append(ids, e.ID)
		}
	}
	for _, id := range ids {
		if err := on.ReplayEntry(ctx, operator.Replay{ID: id, Reason: o.reason}); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// deadEntries returns up to most dead entries.
func deadEntries(ctx context.Context, on operator.Operator, most int) ([]operator.Entry, error) {
	all := []operator.Entry{}
	for len(all) < most {
		p := operator.Page{Count: min(most-len(all), operator.MostEntries)}
		if len(all) > 0 {
			p.After = all[len(all)-1].ID
		}
		page, err := on.DeadEntries(ctx, p)
		if err != nil || len(page) == 0 {
			return all, err
		}
		all = append(all, page...)
	}
	return all, nil
}

func printEntries(w io.Writer, all []operator.Entry) {
	if len(all) == 0 {
		fmt.Fprintln(w, "There are no dead entries.")
		return
	}
	rows := [][]string{{"ID", "QUEUE", "TYPE", "RESOURCE", "CREATED", "ATTEMPTS", "REASON"}}
	for _, e := range all {
		rows = append(rows, []string{e.ID, string(e.Queue), e.Type, e.ResourceID, when(e.Created), strconv.Itoa(e.Attempts), e.Reason})
	}
	table(w, rows)
}

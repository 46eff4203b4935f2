package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strconv"

	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/internal/operator"
)

var statusCommand = &command{
	name: "status", short: "the health of each connection",
	long: `Shows the health of each connection, and what is to be done. The exit code is 1 if one
is failing.

  scim status
  scim status -json | jq '.[] | {connection, level}'`,
	flags: func(f *flag.FlagSet, env environment) action {
		o := addOptions(f, env)
		return func(ctx context.Context, args []string) error {
			if err := noArguments(args); err != nil {
				return err
			}
			return o.with(ctx, func(ctx context.Context, on operator.Operator) error {
				all, err := on.Status(ctx)
				if err != nil {
					return err
				}
				if err := o.print(all, func(w io.Writer) { printStatus(w, all) }); err != nil {
					return err
				}
				for _, s := range all {
					if s.Level == health.LevelFailing {
						return errFound
					}
				}
				return nil
			})
		}
	},
}

func printStatus(w io.Writer, all []health.Status) {
	if len(all) == 0 {
		fmt.Fprintln(w, "There are no connections.")
		return
	}
	rows := [][]string{{"CONNECTION", "HEALTH", "LAST REQUEST", "LAST SUCCESS", "REQUESTS", "ERRORS", "ACTIVE", "INACTIVE", "GROUPS"}}
	for _, s := range all {
		row := []string{
			s.Connection, string(s.Level), when(s.LastRequest), when(s.LastSuccess),
			strconv.FormatInt(s.Requests, 10), strconv.FormatInt(s.Errors, 10), "", "", "",
		}
		if s.Users != nil {
			row[6], row[7] = strconv.Itoa(s.Users.Active), strconv.Itoa(s.Users.Inactive)
		}
		if s.Groups != nil {
			row[8] = strconv.Itoa(*s.Groups)
		}
		rows = append(rows, row)
	}
	table(w, rows)
	for _, s := range all {
		for _, n := range s.Warnings {
			fmt.Fprintf(w, "\n%s, %s: %s\n  %s\n", printable(s.Connection), n.Level, printable(n.Reason), printable(n.Advice))
		}
	}
}

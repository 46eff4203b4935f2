package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"time"

	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/internal/operator"
)

var auditExport = &command{
	name: "export", short: "export audit records",
	long: `Writes audit records, the newest first, as JSON lines or CSV. They have personal data;
the trail notes who took them.

  scim audit export -from 2026-10-01 -to 2026-11-01 -format csv -o october.csv
  scim audit export -type User -id 2819c223 | jq .changes
  scim audit export -connection okta -outcome refused`,
	flags: func(f *flag.FlagSet, env environment) action {
		o := addOptions(f, env)
		o.addActor(f)
		var in operator.Export
		var operation, outcome string
		q := &in.Query
		f.Var((*instant)(&q.From), "from", "the earliest `time`: 2026-10-01 or 2026-10-01T08:00:00Z")
		f.Var((*instant)(&q.To), "to", "the `time` at which the records end")
		f.StringVar(&q.Type, "type", "", "resource `type`")
		f.StringVar(&q.ResourceID, "id", "", "`id` of a resource")
		f.StringVar(&q.Actor, "by", "", "`id` of the token, or the operator, that did it")
		f.StringVar(&q.Connection, "connection", "", "`name` of the connection")
		f.StringVar(&operation, "operation", "", "`operation`, for example patch")
		f.StringVar(&outcome, "outcome", "", "success, refused or failure")
		format := f.String("format", "jsonl", "jsonl or csv")
		file := f.String("o", "", "`file` to write, which must not exist (default the standard output)")
		return func(ctx context.Context, args []string) error {
			if err := noArguments(args); err != nil {
				return err
			}
			switch *format {
			case "jsonl":
			case "csv":
				in.CSV = true
			default:
				return usagef("-format must be jsonl or csv")
			}
			switch q.Operation, q.Outcome = audit.Operation(operation), audit.Outcome(outcome); q.Outcome {
			case "", audit.Success, audit.Refused, audit.Failure:
			default:
				return usagef("-outcome must be success, refused or failure")
			}
			return o.with(ctx, func(ctx context.Context, on operator.Operator) error {
				return writeFile(*file, env.stdout, func(w io.Writer) error { return on.ExportAudit(ctx, w, in) })
			})
		}
	},
}

// writeFile writes to a new file that the user alone can read, or to stdout without a
// name. A file that is not complete is removed.
func writeFile(name string, stdout io.Writer, write func(w io.Writer) error) error {
	if name == "" {
		return write(stdout)
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// instant is a time on the command line, in UTC without a zone.
type instant time.Time

func (i *instant) String() string {
	if i == nil || time.Time(*i).IsZero() {
		return ""
	}
	return time.Time(*i).Format(time.RFC3339)
}

func (i *instant) Set(text string) error {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			*i = instant(t)
			return nil
		}
	}
	return errors.New("want a time such as 2026-10-01 or 2026-10-01T08:00:00Z")
}

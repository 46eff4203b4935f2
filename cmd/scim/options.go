package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/seed5f3efb56/scim/internal/operator"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// options are the flags of every command that works on a service provider.
type options struct {
	env     environment
	db      string
	console string
	tenant  string
	json    bool
	// by, of commands that change something
	actor, reason string
}

// addOptions declares the flags that every command has.
func addOptions(f *flag.FlagSet, env environment) *options {
	o := &options{env: env}
	f.StringVar(&o.db, "db", env.getenv("SCIM_DATABASE"), "`URL` of the database: postgres://, mysql:// or the file of SQLite (default $SCIM_DATABASE)")
	f.StringVar(&o.console, "console", env.getenv("SCIM_CONSOLE"), "`URL` of a running console (default $SCIM_CONSOLE), with a bearer token in $SCIM_CONSOLE_TOKEN")
	f.StringVar(&o.tenant, "tenant", env.getenv("SCIM_TENANT"), "`tenant` (default $SCIM_TENANT, else the single tenant); a console knows the tenant itself")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return o
}

// addChange declares the flags of a command that changes something.
func (o *options) addChange(f *flag.FlagSet) {
	o.addActor(f)
	f.StringVar(&o.reason, "reason", "", "`text` for the audit trail; required")
}

// addActor declares the flag of a command that is noted in the audit trail.
func (o *options) addActor(f *flag.FlagSet) {
	f.StringVar(&o.actor, "actor", o.env.getenv("USER"), "`name` of who does it, for the audit trail (default $USER); a console knows it itself")
}

// checkChange refuses a change without a reason.
func (o *options) checkChange() error {
	if strings.TrimSpace(o.reason) == "" {
		return usagef("-reason is required: the audit trail keeps it")
	}
	if o.console == "" && o.actor == "" {
		return usagef("-actor is required: the audit trail keeps it")
	}
	return nil
}

// with calls fn with the service provider that the flags name.
func (o *options) with(ctx context.Context, fn func(ctx context.Context, on operator.Operator) error) error {
	switch {
	case o.db != "" && o.console != "":
		return usagef("give -db or -console, and not both")
	case o.console != "" && o.tenant != "":
		return usagef("-tenant has no effect with -console: the login of the console decides")
	case o.console != "":
		client, err := operator.NewClient(o.console, o.env.getenv("SCIM_CONSOLE_TOKEN"))
		if err != nil {
			return usagef("-console: %s", err)
		}
		return fn(ctx, client)
	case o.db == "":
		return usagef("give -db or $SCIM_DATABASE, or -console or $SCIM_CONSOLE")
	}
	return o.withDatabase(ctx, fn)
}

func (o *options) withDatabase(ctx context.Context, fn func(ctx context.Context, on operator.Operator) error) (err error) {
	db, err := sqlstore.OpenURL(o.db, sqlstore.KeepKeys())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	local, err := openLocal(ctx, db, o.actor)
	if err != nil {
		return err
	}
	return fn(store.WithTenant(ctx, o.tenant), local)
}

// print prints a value as JSON, or as text.
func (o *options) print(v any, text func(w io.Writer)) error {
	if !o.json {
		text(o.env.stdout)
		return nil
	}
	e := json.NewEncoder(o.env.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// table prints rows in columns; the first row has the names.
func table(w io.Writer, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, row := range rows {
		for i, field := range row {
			row[i] = printable(field)
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	_ = t.Flush()
}

// printable makes a text harmless for a terminal: what a client sent may hold control
// characters.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// when is a time for a table, "" for none.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

// days reads a duration that may have days: 90d, 24h, 30m.
type days time.Duration

func (d *days) String() string {
	if *d == 0 {
		return ""
	}
	if whole := time.Duration(*d) / (24 * time.Hour); time.Duration(*d) == whole*24*time.Hour {
		return fmt.Sprintf("%dd", whole)
	}
	return time.Duration(*d).String()
}

func (d *days) Set(text string) error {
	if n, ok := strings.CutSuffix(text, "d"); ok {
		count, err := strconv.Atoi(n)
		if err != nil || count <= 0 || count > 100_000 {
			return errors.New("want a duration such as 90d, 24h or 30m")
		}
		*d = days(time.Duration(count) * 24 * time.Hour)
		return nil
	}
	v, err := time.ParseDuration(text)
	if err != nil || v <= 0 {
		return errors.New("want a duration such as 90d, 24h or 30m")
	}
	*d = days(v)
	return nil
}

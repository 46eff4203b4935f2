package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/internal/operator"
)

var tokenCreate = &command{
	name: "create", short: "make a token of a connection",
	long: `Makes a bearer token of a connection, beside those that it has. The secret is printed
once and kept nowhere. The connection is created if the tenant has none of that name.

  scim token create -connection okta -reason "first set-up"
  scim token create -tenant acme -connection entra -expires 365d -label 2027 -reason "rotation 2027"
  scim token create -connection report -read-only -types User -reason "weekly report"`,
	flags: func(f *flag.FlagSet, env environment) action {
		o := addOptions(f, env)
		o.addChange(f)
		in, expires := operator.Issue{}, days(365*24*time.Hour)
		f.StringVar(&in.Connection, "connection", "", "`name` of the connection; required")
		f.StringVar(&in.Label, "label", "", "`text` for people")
		f.Var(&expires, "expires", "`time` until the token ends, for example 90d")
		f.BoolVar(&in.ReadOnly, "read-only", false, "refuse every write")
		types := f.String("types", "", "resource `types` that it may touch, for example User,Group (default all)")
		f.StringVar(&in.Client, "client", "", "of a new connection: the `rules` of requests: default, strict, interop, ipsie-al1 or ipsie-al2")
		f.StringVar(&in.Policy, "policy", "", "of a new connection: the `name` of its policy")
		f.StringVar(&in.BaseURL, "base-url", "", "of a new connection: the `URL` under which it reaches the service")
		return func(ctx context.Context, args []string) error {
			if err := noArguments(args); err != nil {
				return err
			}
			if in.Connection == "" {
				return usagef("-connection is required")
			}
			if err := o.checkChange(); err != nil {
				return err
			}
			in.Types, in.Reason, in.Expires = names(*types), o.reason, time.Now().Add(time.Duration(expires))
			return o.issued(ctx, func(ctx context.Context, on operator.Operator) (operator.Issued, error) {
				return on.IssueToken(ctx, in)
			})
		}
	},
}

var tokenRotate = &command{
	name: "rotate", args: "ID", short: "replace a token",
	long: `Makes a token in place of another one, with its scope and connection. The old one is
valid for -overlap more, so that the provider can be changed in between.

  scim token rotate tok_4F2KQ7 -overlap 24h -reason "yearly rotation"
  scim token rotate tok_4F2KQ7 -overlap 0 -reason "it stood in a ticket"`,
	flags: func(f *flag.FlagSet, env environment) action {
		o := addOptions(f, env)
		o.addChange(f)
		in, expires, overlap := operator.Rotation{}, days(365*24*time.Hour), overlapping{days(24 * time.Hour)}
		f.Var(&expires, "expires", "`time` until the new token ends, for example 90d")
		f.Var(&overlap, "overlap", "`time` that the old token stays valid; 0 revokes it at once")
		f.StringVar(&in.Label, "label", "", "`text` for people (default that of the old token)")
		return func(ctx context.Context, args []string) error {
			var err error
			if in.ID, err = oneArgument(args, "the ID of a token"); err != nil {
				return err
			}
			if err := o.checkChange(); err != nil {
				return err
			}
			now := time.Now()
			if in.Reason, in.Expires = o.reason, now.Add(time.Duration(expires)); overlap.days > 0 {
				in.Until = now.Add(time.Duration(overlap.days))
			}
			return o.issued(ctx, func(ctx context.Context, on operator.Operator) (operator.Issued, error) {
				return on.RotateToken(ctx, in)
			})
		}
	},
}

var tokenList = &command{
	name: "list", short: "list tokens",
	long: `Lists the tokens of all connections, without their secrets, which nothing keeps.

  scim token list
  scim token list -json | jq -r '.[] | select(.status == "active") | .id'`,
	flags: func(f *flag.FlagSet, env environment) action {
		o := addOptions(f, env)
		return func(ctx context.Context, args []string) error {
			if err := noArguments(args); err != nil {
				return err
			}
			return o.with(ctx, func(ctx context.Context, on operator.Operator) error {
				all, err := on.ListTokens(ctx)
				if err != nil {
					return err
				}
				return o.print(all, func(w io.Writer) { table(w, tokenRows(all)) })
			})
		}
	},
}

var tokenRevoke = &command{
	name: "revoke", args: "ID", short: "end a token at once",
	long: `Ends a token at once and for good.

  scim token revoke tok_4F2KQ7 -reason "it stood in a ticket"`,
	flags: func(f *flag.FlagSet, env environment) action {
		o := addOptions(f, env)
		o.addChange(f)
		return func(ctx context.Context, args []string) error {
			id, err := oneArgument(args, "the ID of a token")
			if err != nil {
				return err
			}
			if err := o.checkChange(); err != nil {
				return err
			}
			return o.with(ctx, func(ctx context.Context, on operator.Operator) error {
				if err := on.RevokeToken(ctx, operator.Revocation{ID: id, Reason: o.reason}); err != nil {
					return err
				}
				return o.print(map[string]string{"revoked": id}, func(w io.Writer) { fmt.Fprintf(w, "%s is revoked.\n", printable(id)) })
			})
		}
	},
}

// issued prints a new token. Its secret stands alone on the last line.
func (o *options) issued(ctx context.Context, make func(ctx context.Context, on operator.Operator) (operator.Issued, error)) error {
	return o.with(ctx, func(ctx context.Context, on operator.Operator) error {
		made, err := make(ctx, on)
		if err != nil {
			return err
		}
		return o.print(made, func(w io.Writer) {
			table(w, tokenRows([]operator.Token{made.Token}))
			fmt.Fprintf(w, "\nThe bearer token, shown once:\n%s\n", made.Secret)
		})
	})
}

func tokenRows(all []operator.Token) [][]string {
	rows := [][]string{{"ID", "CONNECTION", "LABEL", "STATUS", "SCOPE", "EXPIRES", "LAST USED"}}
	for _, t := range all {
		scope := strings.Join(t.Types, ",")
		if scope == "" {
			scope = "all"
		}
		if t.ReadOnly {
			scope += " (read only)"
		}
		rows = append(rows, []string{t.ID, t.Connection, t.Label, t.Status, scope, when(t.Expires), when(t.LastUsed)})
	}
	return rows
}

// overlapping is days that may be 0.
type overlapping struct{ days }

func (o *overlapping) Set(text string) error {
	if text == "0" {
		o.days = 0
		return nil
	}
	return o.days.Set(text)
}

// names splits a list of names.
func names(text string) []string {
	var out []string
	for _, name := range strings.Split(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

func noArguments(args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}

func oneArgument(args []string, what string) (string, error) {
	if len(args) != 1 || args[0] == "" {
		return "", usagef("want %s", what)
	}
	return args[0], nil
}

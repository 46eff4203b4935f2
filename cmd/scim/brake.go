package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/internal/operator"
)

var brakeRelease = &command{
	name: "release", short: "let a connection go on that the brake stopped",
	long: `Lets a connection go on that the brake stopped, or one person pass. "scim status"
shows what was stopped.

  scim brake release -connection okta -kind leavers -more 400 -reason "the site was closed"
  scim brake release -connection okta -kind leavers -id 2819c223 -reason "she left today"

On a database (-db) the release lasts 24 hours, the default of Config.Brake.Window.`,
	flags: func(f *flag.FlagSet, env environment) action {
		o := addOptions(f, env)
		o.addChange(f)
		in := operator.Release{}
		f.StringVar(&in.Connection, "connection", "", "`name` of the connection; required")
		kind := f.String("kind", "", "`kind` of what was stopped: leavers, memberships or creations; required")
		f.StringVar(&in.Type, "type", "", "resource `type` (default User, for memberships Group)")
		f.Int64Var(&in.More, "more", 0, "how `many` more may pass")
		f.StringVar(&in.ID, "id", "", "the `id` of the only resource that may pass")
		return func(ctx context.Context, args []string) error {
			if err := noArguments(args); err != nil {
				return err
			}
			in.Kind, in.Reason = brake.Kind(*kind), o.reason
			if in.Type == "" && in.Kind == brake.Memberships {
				in.Type = "Group"
			}
			switch {
			case in.Connection == "":
				return usagef("-connection is required")
			case in.Kind != brake.Leavers && in.Kind != brake.Memberships && in.Kind != brake.Creations:
				return usagef("-kind must be leavers, memberships or creations")
			case (in.ID == "") == (in.More <= 0):
				return usagef("give -more or -id")
			}
			if err := o.checkChange(); err != nil {
				return err
			}
			return o.with(ctx, func(ctx context.Context, on operator.Operator) error {
				if err := on.ReleaseBrake(ctx, in); err != nil {
					return err
				}
				return o.print(in, func(w io.Writer) { fmt.Fprintf(w, "The brake is released for %s.\n", printable(in.Connection)) })
			})
		}
	},
}

package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/reconcile/remote"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

var reconcileCommand = &command{
	name: "reconcile", short: "compare a provider with the application, and repair",
	long: `Compares the users and groups of an identity provider with those of the application.
The exit code is 1 if they differ. Nothing is written to either side.

The provider is an export (CSV with a line of names, or JSON lines) or another SCIM
server (-provider, with a bearer token in $SCIM_PROVIDER_TOKEN). The application is its
SCIM endpoint (-scim, with a bearer token in $SCIM_TOKEN) or its database (-db).

  scim reconcile -export people.csv -user-name login -external-id id -scim https://app.example.com/scim/v2
  scim reconcile -provider https://idp.example.com/scim/v2 -db app.db -connection okta -json

A repair is a plan of SCIM requests, which is shown and kept, and applied afterwards. No
plan deletes anything. A resource that changed meanwhile is skipped, and the brake and
the audit trail of the application hold for it.

  scim reconcile -export people.jsonl -scim URL -repair attributes,deactivate,join -plan plan.jsonl
  scim reconcile -apply plan.jsonl -scim https://app.example.com/scim/v2`,
	flags: func(f *flag.FlagSet, env environment) action {
		r := &reconciliation{options: addOptions(f, env)}
		f.StringVar(&r.export, "export", "", "`file` of the provider's users: .csv, or else JSON lines")
		f.StringVar(&r.groups, "groups", "", "`file` of the provider's groups: .csv with one membership in a line, or else JSON lines")
		f.StringVar(&r.provider, "provider", "", "base `URL` of the provider's SCIM server")
		f.StringVar(&r.scim, "scim", "", "base `URL` of the application's SCIM endpoint")
		f.StringVar(&r.compare.Connection, "connection", "", "with -db: the `name` of the provider's connection, where resources have an owner")
		f.StringVar(&r.columns.UserName, "user-name", "userName", "CSV: the `column` of userName")
		f.StringVar(&r.columns.ExternalID, "external-id", "", "CSV: the `column` of externalId")
		f.StringVar(&r.columns.Email, "email", "", "CSV: the `column` of the e-mail address, which matches nobody")
		f.StringVar(&r.columns.Active, "active", "", "CSV: the `column` of the status")
		f.StringVar(&r.columns.ID, "id", "", "CSV: the `column` of the id by which groups name their members")
		f.StringVar(&r.groupColumns.DisplayName, "group-name", "displayName", "CSV of groups: the `column` of displayName")
		f.StringVar(&r.groupColumns.Member, "group-member", "member", "CSV of groups: the `column` of a member")
		f.StringVar(&r.repair, "repair", "", "`what` the plan repairs: "+strings.Join(repairNames(), ","))
		f.StringVar(&r.plan, "plan", "", "`file` for the plan, which must not exist")
		f.StringVar(&r.apply, "apply", "", "`file` of a plan to apply to -scim")
		return r.run
	},
}

// reconciliation is one call of the command.
type reconciliation struct {
	*options
	export, groups, provider, scim, repair, plan, apply string

	columns      reconcile.Columns
	groupColumns reconcile.GroupColumns
	compare      reconcile.CompareOptions
}

func (r *reconciliation) run(ctx context.Context, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	if r.apply != "" {
		return r.applyPlan(ctx)
	}
	repair, err := repairs(r.repair)
	switch {
	case err != nil:
		return err
	case (r.export == "") == (r.provider == ""):
		return usagef("give -export or -provider")
	case r.groups != "" && r.provider != "":
		return usagef("-groups has no effect with -provider, which has groups")
	case r.scim != "" && r.compare.Connection != "":
		return usagef("-connection needs -db: a SCIM endpoint shows no owners")
	case (r.repair == "") != (r.plan == ""):
		return usagef("-repair and -plan belong together")
	}
	return r.withApplication(ctx, func(ctx context.Context, app reconcile.Application) error {
		found, err := r.comparison(ctx, app)
		if err != nil {
			return err
		}
		if r.plan != "" {
			return r.writePlan(found.Plan(repair))
		}
		if err := r.show(found); err != nil || len(found.Mismatches) == 0 {
			return err
		}
		return errFound
	})
}

// text is what WriteText and WriteJSON print.
type text interface {
	WriteText(w io.Writer) error
	WriteJSON(w io.Writer) error
}

func (r *reconciliation) show(t text) error {
	if r.json {
		return t.WriteJSON(r.env.stdout)
	}
	return t.WriteText(r.env.stdout)
}

// withApplication calls fn with the side of the application.
func (r *reconciliation) withApplication(ctx context.Context, fn func(ctx context.Context, app reconcile.Application) error) error {
	if r.scim != "" {
		c, err := r.client()
		if err != nil {
			return err
		}
		return fn(ctx, c.Application())
	}
	if r.db == "" {
		return usagef("give -scim, or -db or $SCIM_DATABASE")
	}
	db, err := sqlstore.OpenURL(r.db, sqlstore.KeepKeys())
	if err != nil {
		return err
	}
	err = db.Check(ctx, sqlstore.Resources)
	if err == nil {
		app := reconcile.Application{Users: db.Store(schema.WithOwner(schema.UserType))}
		app.Groups, _ = db.Store(schema.WithOwner(schema.GroupType)).(store.MemberStore)
		err = fn(store.WithTenant(ctx, r.tenant), app)
	}
	return errors.Join(err, db.Close())
}

// client returns a client of the application's SCIM endpoint.
func (r *reconciliation) client() (*remote.Client, error) {
	secret := r.env.getenv("SCIM_TOKEN")
	if secret == "" {
		return nil, usagef("$SCIM_TOKEN is not set: -scim needs a bearer token")
	}
	return &remote.Client{BaseURL: r.scim, Token: secret}, nil
}

// memory is the soft limit of the memory of a comparison, unless $GOMEMLIMIT has one, in
// bytes: 100,000 users against as many stay below 256 MiB with it, the database included.
const memory = 220 << 20

// comparison reads both sides.
func (r *reconciliation) comparison(ctx context.Context, app reconcile.Application) (*reconcile.Comparison, error) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(memory)
	}
	if r.provider != "" {
		c := &remote.Client{BaseURL: r.provider, Token: r.env.getenv("SCIM_PROVIDER_TOKEN")}
		return reconcile.Compare(ctx, reconcile.Provider{Users: c.Users(ctx), Groups: c.Groups(ctx)}, app, r.compare)
	}
	var p reconcile.Provider
	var found *reconcile.Comparison
	err := withFile(r.export, func(users io.Reader) error {
		if p.Users = reconcile.JSONLines(users); isCSV(r.export) {
			p.Users = reconcile.CSV(users, r.columns)
		}
		return withFile(r.groups, func(groups io.Reader) error {
			switch {
			case groups == nil:
				app.Groups = nil
			case isCSV(r.groups):
				p.Groups = reconcile.GroupCSV(groups, r.groupColumns)
			default:
				p.Groups = reconcile.GroupJSONLines(groups)
			}
			var err error
			found, err = reconcile.Compare(ctx, p, app, r.compare)
			return err
		})
	})
	return found, err
}

func isCSV(name string) bool { return strings.EqualFold(filepath.Ext(name), ".csv") }

// withFile calls fn with a file, with nil without a name.
func withFile(name string, fn func(r io.Reader) error) error {
	if name == "" {
		return fn(nil)
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return fn(file)
}

// writePlan shows a plan and keeps it.
func (r *reconciliation) writePlan(plan *reconcile.Plan) error {
	if err := writeFile(r.plan, nil, plan.WriteJSON); err != nil {
		return err
	}
	return r.show(plan)
}

// applyPlan sends the requests of a plan.
func (r *reconciliation) applyPlan(ctx context.Context) error {
	if r.scim == "" {
		return usagef("-apply needs -scim, the SCIM endpoint of the application")
	}
	c, err := r.client()
	if err != nil {
		return err
	}
	var plan *reconcile.Plan
	err = withFile(r.apply, func(file io.Reader) (err error) {
		plan, err = reconcile.ReadPlan(file)
		return err
	})
	if err != nil {
		return err
	}
	results, err := plan.Apply(ctx, c.Do)
	if results != nil {
		err = errors.Join(err, r.show(results))
	}
	if err == nil && results.Count(reconcile.Applied) < len(results.Results) {
		return errFound
	}
	return err
}

// repairable has the parts of a reconcile.Repair by name.
var repairable = []struct {
	name string
	set  func(r *reconcile.Repair)
}{
	{"create", func(r *reconcile.Repair) { r.Create = true }},
	{"attributes", func(r *reconcile.Repair) { r.Attributes = true }},
	{"clear", func(r *reconcile.Repair) { r.Attributes, r.Clear = true, true }},
	{"reactivate", func(r *reconcile.Repair) { r.Reactivate = true }},
	{"deactivate", func(r *reconcile.Repair) { r.Deactivate = true }},
	{"deactivate-orphans", func(r *reconcile.Repair) { r.DeactivateOrphans = true }},
	{"join", func(r *reconcile.Repair) { r.Join = true }},
	{"leave", func(r *reconcile.Repair) { r.Leave = true }},
}

func repairNames() []string {
	var out []string
	for _, one := range repairable {
		out = append(out, one.name)
	}
	return out
}

func repairs(list string) (reconcile.Repair, error) {
	var r reconcile.Repair
	for _, name := range names(list) {
		i := slices.Index(repairNames(), name)
		if i < 0 {
			return r, usagef("-repair: %q is none of %s", name, strings.Join(repairNames(), ", "))
		}
		repairable[i].set(&r)
	}
	return r, nil
}

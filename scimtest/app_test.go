package scimtest_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// restricted is what the application of these tests declares.
var restricted = scimtest.App{
	Tenant:          strconv.Itoa,
	MembersAreUsers: true, TwoStateActive: true, Filled: []string{"displayName", "name.familyName"},
}

// TestConformanceOfRestrictedApplication runs the kit on an application whose
// tenants are numbers and whose tables keep less than SCIM has.
func TestConformanceOfRestrictedApplication(t *testing.T) {
	t.Parallel()
	scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
		return restrictedApp(t, auth, numbered{memstore.New()}, restricted)
	}, restricted)
}

// restrictedApp returns the handler of an application as app declares it.
func restrictedApp(t *testing.T, auth scim.Authenticator, tx store.Transactor, app scimtest.App) http.Handler {
	db := tx.(interface {
		Store(*schema.ResourceType) store.Store
	})
	users, groups := db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore)
	if app.MembersAreUsers {
		groups = ofUsers{groups, users.(store.Exister)}
	}
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: auth, Tx: tx, Logger: slog.New(slog.DiscardHandler),
		Limits:    scim.Limits{Rate: math.Inf(1)}, // the kit sends thousands of requests at once
		Endpoints: []scim.Endpoint{scim.Users(filling{users, app}), scim.Groups(groups)},
	})
	require.NoError(t, err)
	return h
}

// numbered is a database whose tenants are numbers.
type numbered struct{ *memstore.DB }

func (db numbered) InTx(ctx context.Context, fn func(context.Context) error) error {
	if tenant := store.Tenant(ctx); tenant != "" {
		if _, err := strconv.Atoi(tenant); err != nil {
			return errors.New("the tenant is not a number")
		}
	}
	return db.DB.InTx(ctx, fn)
}

// filling is a store of users in which active and some attributes always have a
// value.
type filling struct {
	store.Store
	app scimtest.App
}

func (s filling) Unwrap() store.Store { return s.Store }

func (s filling) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	return s.Store.Create(ctx, s.fill(c))
}

func (s filling) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	return s.Store.Update(ctx, s.fill(c))
}

// fill completes the resource that is written.
func (s filling) fill(c *store.Change) *store.Change {
	o := c.After.Attributes
	active := schema.UserType.MustResolve("active")[0]
	if s.app.TwoStateActive && !o.Get(active).Assigned() {
		o = o.With(active, schema.Boolean(c.Before == nil || c.Before.Attributes.Get(active).Bool()))
	}
	for _, name := range s.app.Filled {
		o = filled(o, schema.UserType.MustResolve(name))
	}
	done, after := *c, *c.After
	after.Attributes = o
	done.After = &after
	return &done
}

// filled returns o with a value at the path.
func filled(o *schema.Object, path schema.AttrPath) *schema.Object {
	v := o.Get(path[0])
	switch {
	case len(path) > 1:
		v = schema.Complex(filled(v.Object(), path[1:]))
	case !v.Assigned():
		v = schema.String("unknown")
	}
	return o.With(path[0], v)
}

// ofUsers is a store of groups whose members are users.
type ofUsers struct {
	store.MemberStore
	users store.Exister
}

func (s ofUsers) Unwrap() store.Store { return s.MemberStore }

func (s ofUsers) PutMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	if c.Members == nil {
		return s.MemberStore.PutMembers(ctx, c)
	}
	done, delta := *c, *c.Members
	delta.Add = nil
	for _, m := range c.Members.Add {
		if m.Type != "" && m.Type != "User" {
			return nil, schema.MemberDelta{}, &schema.Error{Type: schema.ErrorInvalidValue, Path: "members", Detail: "only users can be members"}
		}
		here, err := s.users.Exists(ctx, []string{m.Value}, store.GetOptions{})
		if err != nil {
			return nil, schema.MemberDelta{}, err
		}
		if len(here) > 0 {
			delta.Add = append(delta.Add, m)
		}
	}
	done.Members = &delta
	return s.MemberStore.PutMembers(ctx, &done)
}

// undeclared, in the environment, makes [TestUntrueDeclarationsFail] run the kit on
// an application without the restrictions that are declared.
const undeclared = "SCIMTEST_UNDECLARED"

func TestUntrueDeclarationsFail(t *testing.T) {
	if os.Getenv(undeclared) != "" {
		untrue := restricted
		untrue.Tenant = func(int) string { return "1" }
		scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
			return restrictedApp(t, auth, memstore.New(), scimtest.App{})
		}, untrue)
		db := memstore.New()
		t.Run("single", func(t *testing.T) {
			scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
				return restrictedApp(t, auth, db, scimtest.App{})
			}, scimtest.App{SingleTenant: true})
		})
		return
	}
	t.Parallel()
	c := exec.Command(os.Args[0], "-test.run=^TestUntrueDeclarationsFail$/^(App|single)$/(Tenant|App|Members|Active|Filled)", "-test.v")
	c.Env = append(os.Environ(), undeclared+"=1")
	out, err := c.CombinedOutput()
	require.Error(t, err)
	for _, name := range []string{"App/Tenant:", "App/MembersAreUsers:", "App/TwoStateActive:", "App/Filled:", "single/App/SingleTenant:"} {
		require.Contains(t, string(out), "--- FAIL: TestUntrueDeclarationsFail/"+name)
	}
}

// withoutTenants demands that no principal has a tenant.
type withoutTenants struct{ scim.Authenticator }

func (w withoutTenants) Authenticate(r *http.Request) (*scim.Principal, error) {
	p, err := w.Authenticator.Authenticate(r)
	if err == nil && p.Tenant != "" {
		return nil, errors.New("the principal has a tenant")
	}
	return p, err
}

func (w withoutTenants) Challenge() string {
	return w.Authenticator.(interface{ Challenge() string }).Challenge()
}

func (w withoutTenants) Schemes() []scim.AuthenticationScheme {
	return w.Authenticator.(interface {
		Schemes() []scim.AuthenticationScheme
	}).Schemes()
}

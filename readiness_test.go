package scim_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/readiness"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// withScheme is an authenticator with another scheme.
type withScheme struct {
	scim.Authenticator
	scheme string
}

func (w withScheme) Schemes() []scim.AuthenticationScheme {
	return []scim.AuthenticationScheme{{Type: w.scheme, Name: w.scheme, Description: w.scheme}}
}

// unfiltered is a store that evaluates no filter.
type unfiltered struct{ store.Store }

func (b unfiltered) Describe() store.Capabilities {
	c := store.Describe(b.Store)
	c.Filter = nil
	return c
}

// usersWithout returns the type of users without some attributes, and a further one.
func usersWithout(t *testing.T, further *schema.Attribute, names ...string) *schema.ResourceType {
	t.Helper()
	s := schema.Schema{ID: schema.UserURI, Name: "User"}
	for _, a := range schema.User.Attributes {
		if !strings.Contains(strings.Join(names, " "), a.Name) {
			s.Attributes = append(s.Attributes, a)
		}
	}
	if further != nil {
		s.Attributes = append(s.Attributes, further)
	}
	made, err := schema.New(s)
	require.NoError(t, err)
	rt, err := schema.NewResourceType(schema.ResourceType{Name: "User", Endpoint: "/Users", Schema: made})
	require.NoError(t, err)
	return rt
}

// Each line of the report follows from the configuration.
func TestReadiness(t *testing.T) {
	t.Parallel()
	users := func(rt *schema.ResourceType) func(c *scim.Config) {
		return func(c *scim.Config) {
			c.Endpoints[0] = scim.Endpoint{Type: rt, Store: memstore.New().Store(rt)}
			c.Outbox = nil
			c.Tx = nil
		}
	}
	tags := &schema.Attribute{Name: "tags", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{{Name: "value"}, {Name: "type"}}}
	none := func(*scim.Config) {}
	expiring := scim.HashToken("x", "secret")
	expiring.Expires = epoch.Add(time.Hour)
	for _, c := range []struct {
		demand    string
		no        func(c *scim.Config)
		yes       func(c *scim.Config)
		otherwise readiness.Status // of yes
	}{
		{"canonicalValues on", users(usersWithout(t, tags)), none, readiness.Fulfilled},
		{"a count of 100", func(c *scim.Config) { c.Limits.MaxResults = 50 }, none, readiness.Fulfilled},
		{"100 results", func(c *scim.Config) { c.Limits.PageSize = 50 }, none, readiness.Fulfilled},
		{"PATCH of every", func(c *scim.Config) { c.Endpoints[1].Without = []scim.OperationKind{scim.OperationPatch} }, none, readiness.Fulfilled},
		{"DELETE deletes", func(c *scim.Config) { c.Endpoints[0].OnDelete = scim.DeactivateOnDelete }, none, readiness.Fulfilled},
		{"a taken unique", func(c *scim.Config) { c.Endpoints[0].OnTwin = scim.RestoreInactive }, none, readiness.Fulfilled},
		{"TLS", func(c *scim.Config) { c.BaseURL = "http://x.example/scim" }, none, readiness.Host},
		{"no HTTP Basic", func(c *scim.Config) { c.Auth = scim.BasicPasswords(scim.HashToken("x", "secret")) }, none, readiness.Fulfilled},
		{"OAuth 2.0", none, func(c *scim.Config) { c.Auth = withScheme{c.Auth, "oauth2"} }, readiness.Fulfilled},
		{"client_credentials", none, func(c *scim.Config) { c.Auth = withScheme{c.Auth, "oauth2"} }, readiness.Host},
		{"access tokens expire", none, func(c *scim.Config) { c.Auth = scim.BearerTokens(expiring) }, readiness.Fulfilled},
		{"access tokens expire", none, func(c *scim.Config) { c.Auth = scim.StoredTokens(memstore.New(), nil) }, readiness.Host},
		{"rate limit", func(c *scim.Config) { c.Limits.Rate, c.Limits.TenantRate = math.Inf(1), math.Inf(1) }, none, readiness.Fulfilled},
		{"at least 25", func(c *scim.Config) { c.Limits.Rate = 20 }, none, readiness.Host},
		{"/Bulk", func(c *scim.Config) { c.WithoutBulk = true }, none, readiness.Fulfilled},
		{"users are deactivated", users(usersWithout(t, nil, "active")), none, readiness.Fulfilled},
		{"users can be read", func(c *scim.Config) { c.Endpoints[0].Without = []scim.OperationKind{scim.OperationDelete} }, none, readiness.Fulfilled},
		{"a deactivation ends", none, func(c *scim.Config) { c.Hooks.Revoke = func(context.Context, *event.Event) error { return nil } }, readiness.Host},
		{"access ends within", none, func(c *scim.Config) { c.Hooks.EndSessions = func(context.Context, *event.Event) error { return nil } }, readiness.Fulfilled},
		{"look-ups of users", users(usersWithout(t, nil, "emails")), none, readiness.Fulfilled},
		{"every write is", none, func(c *scim.Config) { c.Audit = func(context.Context, scim.AuditRecord) {} }, readiness.Fulfilled},
		{"users have", users(usersWithout(t, nil, "displayName")), none, readiness.Fulfilled},
		{"no credentials", users(usersWithout(t, &schema.Attribute{Name: "pin", Mutability: schema.WriteOnly, Returned: schema.ReturnedNever})), none, readiness.Fulfilled},
		{"no credentials", users(usersWithout(t, &schema.Attribute{Name: "keys", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{{Name: "value", Mutability: schema.WriteOnly, Returned: schema.ReturnedNever}}})), none, readiness.Fulfilled},
		{"PATCH of every", func(c *scim.Config) {
			c.Endpoints[1].Without = []scim.OperationKind{scim.OperationPatch, scim.OperationReplace}
		}, func(c *scim.Config) {
			c.Endpoints[1].Without = []scim.OperationKind{scim.OperationCreate, scim.OperationReplace, scim.OperationPatch, scim.OperationDelete}
		}, readiness.Fulfilled},
		{"users are created", func(c *scim.Config) { c.Endpoints[0].Without = []scim.OperationKind{scim.OperationCreate} }, none, readiness.Fulfilled},
		{"groups are created", func(c *scim.Config) { c.Endpoints[1].Without = []scim.OperationKind{scim.OperationCreate} }, none, readiness.Fulfilled},
		{"50 changes", func(c *scim.Config) { c.Limits.Operations = 10 }, none, readiness.Fulfilled},
		{"displayName of groups", none, func(c *scim.Config) { c.Endpoints = c.Endpoints[:1] }, readiness.Fulfilled},
	} {
		require.Equal(t, readiness.NotFulfilled, lineOf(t, c.no, c.demand).Status, c.demand)
		require.Equal(t, c.otherwise, lineOf(t, c.yes, c.demand).Status, c.demand)
	}
	scanned := lineOf(t, func(c *scim.Config) { c.Endpoints[0].Store = unfiltered{c.Endpoints[0].Store} }, "look-ups of users")
	require.Equal(t, readiness.Fulfilled, scanned.Status)
	require.Contains(t, scanned.Remark, `userName eq "x"; externalId eq "x"; emails[value eq "x"]; emails[type eq "work" and value eq "x"]`)
	for _, demand := range []string{"look-ups of users", "look-ups of groups"} {
		require.Empty(t, lineOf(t, none, demand).Remark, "the memory store evaluates them")
	}
}

// lineOf returns the line about a demand in the report of a configuration.
func lineOf(t *testing.T, adjust func(c *scim.Config), demand string) readiness.Line {
	t.Helper()
	w := newWorld(t, func(_ *world, c *scim.Config) { adjust(c) })
	for _, l := range w.h.Readiness() {
		if strings.HasPrefix(l.Demand, demand) {
			return l
		}
	}
	t.Fatalf("no line %q", demand)
	return readiness.Line{}
}

// interopProfileConformant is announced to the clients of the profile alone, and only
// if the configuration fulfils it for them.
func TestInteropProfileIsAnnounced(t *testing.T) {
	t.Parallel()
	for name, c := range profiled(t, nil) {
		want := ""
		if strings.HasPrefix(name, "i") {
			want = "true"
		}
		c.Get("/ServiceProviderConfig").Is(200).Has("interopProfileConformant", want)
	}
	for _, c := range profiled(t, func(c *scim.Config) { c.Endpoints[1].Without = []scim.OperationKind{scim.OperationPatch} }) {
		c.Get("/ServiceProviderConfig").Is(200).Has("interopProfileConformant", "", "patch.supported", "true")
	}
	w := newWorld(t, nil)
	require.NotContains(t, w.as("", "GET", "/ServiceProviderConfig", "").Body.String(), "interopProfileConformant")
}

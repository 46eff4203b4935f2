package scim_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/internal/ownertest"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

func TestOwnershipInMemory(t *testing.T) {
	t.Parallel()
	ownertest.Run(t, func(*testing.T) ownertest.Fixture {
		db := memstore.New(memstore.KeepDeleted)
		return ownertest.Fixture{
			Users: db.Store(schema.WithOwner(schema.UserType)), Groups: db.Store(schema.WithOwner(schema.GroupType)), Tx: db, Revives: true,
		}
	})
}

func TestNewRefusesOwnershipThatNothingKeeps(t *testing.T) {
	t.Parallel()
	always := func(context.Context, scim.Adoption) (bool, error) { return true, nil }
	owned, group := schema.WithOwner(schema.UserType), schema.WithOwner(schema.GroupType)
	named := scim.HashToken("okta", "secret")
	named.Connection = "okta"
	for name, c := range map[string]struct {
		typ    *schema.ResourceType
		policy scim.Policy
		auth   scim.Authenticator
		want   string
	}{
		"a type without an owner":       {schema.UserType, scim.Policy{Ownership: scim.OwnResources}, scim.BearerTokens(named), `needs a store that keeps the owner: make the store and the endpoint with schema.WithOwner`},
		"an unknown policy":             {owned, scim.Policy{Ownership: 7}, scim.BearerTokens(named), "unknown ownership policy"},
		"Adopt without OwnResources":    {owned, scim.Policy{Adopt: always}, scim.BearerTokens(named), "Adopt of User has no effect without Ownership: OwnResources"},
		"Adopt without a unique value":  {group, scim.Policy{Ownership: scim.OwnResources, Adopt: always}, scim.BearerTokens(named), "Adopt of Group needs a unique attribute"},
		"a token without a connection":  {owned, scim.Policy{Ownership: scim.OwnResources}, scim.BearerTokens(scim.HashToken("okta", "secret")), `(token "okta") has no Connection`},
		"a password without connection": {owned, scim.Policy{Ownership: scim.OwnResources}, scim.BasicPasswords(scim.HashToken("okta", "secret")), "set Token.Connection"},
		"all is well":                   {owned, scim.Policy{Ownership: scim.OwnResources, Adopt: always}, scim.BearerTokens(named), ""},
	} {
		db := memstore.New()
		e := scim.Endpoint{Type: c.typ, Store: db.Store(c.typ), Policy: c.policy}
		_, err := scim.New(scim.Config{BaseURL: scimtest.BaseURL, Auth: c.auth, Tx: db, Endpoints: []scim.Endpoint{e}})
		if c.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.want, name)
	}
}

// A principal without a connection sees nothing, rather than what has no owner.
func TestUnnamedPrincipalIsRefused(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := newWorld(t, func(w *world, c *scim.Config) {
		owned := schema.WithOwner(schema.UserType)
		c.Auth = scim.StoredTokens(w.db, nil)
		require.NoError(t, w.db.AddToken(context.Background(), scim.HashToken("okta", "secret")))
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.Endpoints = []scim.Endpoint{{Type: owned, Store: w.db.Store(owned), Policy: scim.Policy{Ownership: scim.OwnResources}}}
	})
	c := scimtest.NewClient(t, w.h, "secret")
	c.Get("/Users").Fails(500, "")
	c.Post("/Users", scimtest.User("ada")).Fails(500, "")
	require.Contains(t, log.String(), `has no Connection, which the ownership policy of User needs`)
	scimtest.NewClient(t, w.h, "").Get("/ServiceProviderConfig").Is(200)
}

// ownerless is a store that does not keep the owner.
type ownerless struct{ store.Store }

func (s ownerless) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	lost := *c
	lost.After = c.After.WithAttributes(c.After.Attributes.WithOwner(""))
	return s.Store.Create(ctx, &lost)
}

func TestResourceWhoseOwnerIsLostIsNotCreated(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := newWorld(t, func(w *world, c *scim.Config) {
		owned := schema.WithOwner(schema.UserType)
		token := scim.HashToken("okta", "secret")
		token.Connection = "okta"
		w.users = w.db.Store(owned)
		c.Auth, c.Logger = scim.BearerTokens(token), slog.New(slog.NewTextHandler(&log, nil))
		c.Endpoints = []scim.Endpoint{{Type: owned, Store: ownerless{w.users}, Policy: scim.Policy{Ownership: scim.OwnResources}}}
	})
	scimtest.NewClient(t, w.h, "secret").Post("/Users", scimtest.User("ada")).Fails(500, "")
	require.Contains(t, log.String(), "the store of User does not keep the owner of a resource")
	page, err := w.users.List(context.Background(), &store.Query{Count: 1})
	require.NoError(t, err)
	require.Empty(t, page.Resources)
}

// Groups that do not exist for a connection are neither shown as indirect nor followed
// upwards, and a filter finds no user by them.
func TestIndirectGroupsOfAConnection(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users, groups := schema.WithOwner(schema.UserType), schema.WithOwner(schema.GroupType)
	own := map[string]scim.Policy{"own": {Ownership: scim.OwnResources}}
	token := func(name, policy string) store.Token {
		k := scim.HashToken(name, name)
		k.Connection, k.Policy = name, policy
		return k
	}
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(token("okta", "own"), token("admin", "")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{
			{Type: users, Store: db.Store(users), Policies: own}, {Type: groups, Store: db.Store(groups), Policies: own},
		},
		IndirectGroups: 5,
	})
	require.NoError(t, err)
	okta, admin := scimtest.NewClient(t, h, "okta"), scimtest.NewClient(t, h, "admin")
	member := func(path string) string { return `"members":[{"value":"` + scimtest.ID(path) + `"}]` }
	user := okta.NewUser("u")
	direct := okta.NewGroup("direct", member(user))
	hidden := admin.NewGroup("hidden", member(direct))
	above := okta.NewGroup("above")
	admin.Patch(above, `{"op":"add","path":"members","value":[{"value":"`+scimtest.ID(hidden)+`"}]}`).Is(204)

	admin.Get(user).Is(200).Has("groups.#", "3", "groups[1].display", `"hidden"`, "groups[2].display", `"above"`)
	okta.Get(user).Is(200).Has("groups.#", "1", "groups[0].display", `"direct"`)
	for path, want := range map[string]int{direct: 1, hidden: 0, above: 0} {
		okta.Filter("/Users", `groups.value eq "`+scimtest.ID(path)+`"`).Total(want)
		admin.Filter("/Users", `groups.value eq "`+scimtest.ID(path)+`"`).Total(1)
	}
}

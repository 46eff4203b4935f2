package roles_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/roles"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// set replaces the grants of a user that come from an attribute, and keeps others.
func (g *grants) set(origin string) func(context.Context, string, []string) error {
	return func(ctx context.Context, user string, values []string) error {
		if err := g.Withdraw(ctx, origin, user, ""); err != nil {
			return err
		}
		for _, role := range values {
			*g = append(*g, grant{user, role, origin})
		}
		return nil
	}
}

// of returns the values that a user has from an attribute.
func (g *grants) of(origin string) func(context.Context, string) ([]string, error) {
	return func(_ context.Context, user string) ([]string, error) {
		var values []string
		for _, row := range *g {
			if row.member == user && row.origin == origin {
				values = append(values, row.role)
			}
		}
		return values, nil
	}
}

// granting returns a client of users whose attributes the mappers turn into grants.
func granting(t *testing.T, policy scim.Policy, mappers ...*roles.UserMapper) *scimtest.Client {
	db := memstore.New(memstore.KeepDeleted)
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{{Type: schema.UserType, Store: db.Store(schema.UserType), Policy: policy}, scim.Groups(db.Store(schema.GroupType))},
		Hooks: scim.Hooks{Before: func(ctx context.Context, e *event.Event) error {
			for _, m := range mappers {
				if err := m.Handle(ctx, e); err != nil {
					return err
				}
			}
			return nil
		}},
	})
	require.NoError(t, err)
	return scimtest.NewClient(t, h, "secret")
}

func TestRolesOfUsers(t *testing.T) {
	t.Parallel()
	table := &grants{}
	c := granting(t, scim.Policy{}, &roles.UserMapper{Set: table.set("scim")}, &roles.UserMapper{Attribute: "entitlements", Set: table.set("entitlements")})
	path := c.NewUser("ann", `"roles":[{"value":"viewer"},{"value":"editor"}]`, `"entitlements":[{"value":"seat"}]`)
	ann := scimtest.ID(path)
	require.Equal(t, []string{"editor", "seat", "viewer"}, table.rolesOf(ann), "POST grants")
	*table = append(*table, grant{ann, "owner", "manual"})

	c.Patch(path, `{"op":"remove","path":"roles[value eq \"viewer\"]"}`).Is(200)
	require.Equal(t, []string{"editor", "owner", "seat"}, table.rolesOf(ann), "PATCH takes back, and keeps what is granted by hand")
	c.Patch(path, `{"op":"add","path":"roles","value":[{"value":"owner"}]}`).Is(200)
	require.Equal(t, []string{"editor", "owner", "owner", "seat"}, table.rolesOf(ann))
	c.Put(path, scimtest.User("ann", `"roles":[{"value":"admin"},{"value":"ADMIN","type":"x"}]`)).Is(200)
	require.Equal(t, []string{"admin", "owner"}, table.rolesOf(ann), "PUT grants what it has, each value once")
	before := slices.Clone(*table)
	c.Patch(path, `{"op":"replace","path":"title","value":"x"}`).Is(200)
	require.Equal(t, before, *table, "another attribute changes no grant")

	c.Patch(path, `{"op":"replace","path":"active","value":false}`).Is(200)
	require.Equal(t, []string{"owner"}, table.rolesOf(ann), "a deactivation takes back")
	c.Patch(path, `{"op":"add","path":"roles","value":[{"value":"viewer"}]}`).Is(200)
	require.Equal(t, []string{"owner"}, table.rolesOf(ann), "an inactive user is granted nothing")
	c.Patch(path, `{"op":"replace","path":"active","value":true}`).Is(200)
	require.Equal(t, []string{"admin", "owner", "viewer"}, table.rolesOf(ann), "a reactivation grants the values of the attribute")
	c.Delete(path).Is(204)
	require.Equal(t, []string{"owner"}, table.rolesOf(ann), "a deletion takes back")

	c.NewGroup("g", `"members":[{"value":"x"}]`)
	inactive := c.NewUser("bob", `"active":false`, `"roles":[{"value":"viewer"}]`)
	require.Empty(t, table.rolesOf(scimtest.ID(inactive)))
}

// The requests by which Entra ID and Okta assign roles to a user.
func TestRolesFromProviders(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]struct {
		ops  string
		want []string
	}{
		"one app role of Entra ID": {
			{`{"op":"Add","path":"roles[primary eq \"True\"].value","value":"Reader"}`, []string{"Reader"}},
			{`{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"Writer"}`, []string{"Writer"}},
			{`{"op":"Replace","path":"active","value":"False"}`, []string{}},
			{`{"op":"Replace","path":"active","value":"True"}`, []string{"Writer"}},
		},
		"several app roles of Entra ID": {
			{`{"op":"Add","path":"roles","value":[{"primary":"False","type":"WindowsAzureActiveDirectoryRole","display":"Reader","value":"Reader"},{"primary":"False","type":"WindowsAzureActiveDirectoryRole","display":"Writer","value":"Writer"}]}`, []string{"Reader", "Writer"}},
			{`{"op":"Remove","path":"roles[value eq \"Reader\"]"}`, []string{"Writer"}},
			{`{"op":"Remove","path":"roles"}`, []string{}},
		},
		"Okta": {
			{`{"op":"replace","value":{"roles":[{"value":"Reader","display":"Reader"},{"value":"Writer"}]}}`, []string{"Reader", "Writer"}},
			{`{"op":"replace","value":{"roles":[{"value":"Reader"}]}}`, []string{"Reader"}},
			{`{"op":"replace","value":{"active":false}}`, []string{}},
		},
	} {
		table := &grants{}
		mapper := &roles.UserMapper{Set: table.set("scim"), Defined: defined(roles.Definition{Value: "Reader"}, roles.Definition{Value: "Writer"})}
		c := granting(t, scim.Policy{}, mapper)
		path := c.NewUser("u")
		for _, step := range steps {
			c.Patch(path, step.ops).Is(200)
			require.Equal(t, step.want, table.rolesOf(scimtest.ID(path)), "%s: %s", name, step.ops)
		}
	}
}

func TestUndefinedRolesAreRefused(t *testing.T) {
	t.Parallel()
	table := &grants{}
	list := []roles.Definition{{Value: "Viewer"}, {Value: "editor"}, {Value: "old", Unsupported: true}}
	c := granting(t, scim.Policy{}, &roles.UserMapper{
		Set: table.set("scim"), Defined: func(context.Context) ([]roles.Definition, error) { return list, nil },
	})
	for _, value := range []string{"nope", "old", strings.Repeat("x", 500)} {
		c.Post("/Users", scimtest.User("x", `"roles":[{"value":"editor"},{"value":"`+value+`"}]`)).Fails(400, "invalidValue")
	}
	c.Get("/Users").Total(0)
	require.Empty(t, *table)

	path := c.NewUser("ann", `"roles":[{"value":"viewer"}]`)
	ann := scimtest.ID(path)
	require.Equal(t, []string{"Viewer"}, table.rolesOf(ann), "in the spelling of the definition")
	c.Patch(path, `{"op":"add","path":"roles","value":[{"value":"nope"}]}`).Fails(400, "invalidValue").Has("detail", `"roles: \"nope\" is not a value that users can be given"`)
	c.Put(path, scimtest.User("ann", `"roles":[{"value":"old"}]`)).Fails(400, "invalidValue")
	require.Equal(t, []string{"Viewer"}, table.rolesOf(ann), "nothing changed")

	list = []roles.Definition{{Value: "editor"}}
	c.Patch(path, `{"op":"add","path":"roles","value":[{"value":"editor"}]}`).Is(200).Has("roles.#", "2")
	require.Equal(t, []string{"editor"}, table.rolesOf(ann), "a value from before stays, and is not granted without a definition")
	c.Patch(path, `{"op":"replace","value":{"active":false,"roles":[{"value":"nope"}]}}`).Is(200)
	require.Empty(t, table.rolesOf(ann), "an undefined role keeps no leaver in")
	c.Patch(path, `{"op":"replace","path":"active","value":true}`).Is(200)
	require.Empty(t, table.rolesOf(ann))
}

func TestRolesOfUsersWhoReturn(t *testing.T) {
	t.Parallel()
	table := &grants{}
	c := granting(t, scim.Policy{OnTwin: scim.RestoreDeleted}, &roles.UserMapper{Set: table.set("scim")})
	path := c.NewUser("ann", `"roles":[{"value":"admin"}]`)
	c.Delete(path).Is(204)
	again := c.Post("/Users", scimtest.User("ann", `"roles":[{"value":"viewer"}]`)).Is(201)
	require.Equal(t, scimtest.ID(path), again.String("id"))
	require.Equal(t, []string{"viewer"}, table.rolesOf(again.String("id")), "those of the POST and not of the tombstone")
}

// Values that a deactivation or a deleted user brings along are neither refused nor
// granted if they are not given to users any more.
func TestUnsupportedRolesOfUsersWhoReturn(t *testing.T) {
	t.Parallel()
	list := []roles.Definition{{Value: "viewer"}, {Value: "old"}, {Value: "root", Unsupported: true}}
	table := &grants{}
	mapper := &roles.UserMapper{
		Set: table.set("scim"), Granted: table.of("scim"), Defined: func(context.Context) ([]roles.Definition, error) { return list, nil },
	}
	c := granting(t, scim.Policy{OnTwin: scim.RestoreDeleted}, mapper)
	path := c.NewUser("ann", `"roles":[{"value":"viewer"}]`)
	ann := scimtest.ID(path)
	c.Patch(path, `{"op":"replace","path":"active","value":false}`, `{"op":"add","path":"roles","value":[{"value":"root"},{"value":"nope"}]}`).Is(200)
	require.Empty(t, table.rolesOf(ann), "a deactivation is not refused")
	c.Patch(path, `{"op":"replace","path":"active","value":true}`).Is(200).Has("roles.#", "3")
	require.Equal(t, []string{"viewer"}, table.rolesOf(ann))
	c.Patch(path, `{"op":"add","path":"roles","value":[{"value":"old"}]}`).Is(200).Has("roles.#", "4")
	require.Equal(t, []string{"old", "viewer"}, table.rolesOf(ann), "nor at a later change of roles")
	require.NoError(t, mapper.Reevaluate(t.Context(), &schema.Resource{Type: schema.UserType, ID: ann, Attributes: stored(t, `"roles":[{"value":"root"},{"value":"viewer"}]`)}))
	require.Equal(t, []string{"viewer"}, table.rolesOf(ann), "nor by Reevaluate")

	c.Patch(path, `{"op":"replace","path":"active","value":false}`).Is(200)
	c.Post("/Users", scimtest.User("ann", `"roles":[{"value":"root"},{"value":"nope"},{"value":"viewer"}]`)).Is(201).Has("id", `"`+ann+`"`)
	require.Equal(t, []string{"viewer"}, table.rolesOf(ann), "an inactive twin")
	c.Delete(path).Is(204)
	c.Post("/Users", scimtest.User("ann", `"roles":[{"value":"root"},{"value":"viewer"}]`)).Is(201).Has("id", `"`+ann+`"`)
	require.Equal(t, []string{"viewer"}, table.rolesOf(ann), "a deleted twin")
	c.Delete(path).Is(204)
	c.Post("/Users", scimtest.User("ann", `"roles":[{"value":"nope"}]`)).Fails(400, "invalidValue")

	bob := c.NewUser("bob", `"roles":[{"value":"old"}]`)
	list[1].Unsupported = true
	c.Patch(bob, `{"op":"add","path":"roles","value":[{"value":"viewer"}]}`).Is(200)
	require.Equal(t, []string{"old", "viewer"}, table.rolesOf(scimtest.ID(bob)), "a user who stays active keeps it")
	mapper.Granted = func(context.Context, string) ([]string, error) {
		return nil, errors.New("the table of grants is locked")
	}
	c.Patch(bob, `{"op":"remove","path":"roles[value eq \"viewer\"]"}`).Fails(500, "")
	mapper.Granted = nil
	c.Patch(bob, `{"op":"remove","path":"roles[value eq \"viewer\"]"}`).Is(200)
	require.Empty(t, table.rolesOf(scimtest.ID(bob)), "nothing says that it was granted")
}

func TestReevaluateUser(t *testing.T) {
	t.Parallel()
	table := &grants{}
	mapper := &roles.UserMapper{Set: table.set("scim")}
	user := &schema.Resource{Type: schema.UserType, ID: "1"}
	require.NoError(t, mapper.Reevaluate(t.Context(), user.WithAttributes(stored(t, `"roles":[{"value":"a"}]`))))
	require.Equal(t, []string{"a"}, table.rolesOf("1"))
	require.NoError(t, mapper.Reevaluate(t.Context(), user.WithAttributes(stored(t, `"active":false,"roles":[{"value":"a"}]`))))
	require.Empty(t, table.rolesOf("1"))
}

// An error of the grants undoes the write.
func TestGrantsFailTogetherWithTheWrite(t *testing.T) {
	t.Parallel()
	var failure error
	c := granting(t, scim.Policy{}, &roles.UserMapper{Set: func(context.Context, string, []string) error { return failure }})
	path := c.NewUser("ann")
	failure = errors.New("the table of grants is locked")
	c.Patch(path, `{"op":"add","path":"roles","value":[{"value":"a"}]}`).Fails(500, "")
	c.Delete(path).Fails(500, "")
	failure = nil
	c.Get(path).Is(200).Has("roles", "")
}

// stored returns the attributes of a user.
func stored(t *testing.T, attributes string) *schema.Object {
	d, err := schema.UserType.Decode(decoded(t, `{"schemas":["`+schema.UserURI+`"],"userName":"u",`+attributes+`}`), schema.Strict())
	require.NoError(t, err)
	return d.Attributes
}

func decoded(t *testing.T, text string) schema.JSONObject {
	v, err := schema.ParseJSON([]byte(text))
	require.NoError(t, err)
	return v.(schema.JSONObject)
}

package scim_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// grant is a row of an application's table: who has which role, and why.
type grant struct{ member, role, origin string }

type grants []grant

func (g *grants) Grant(_ context.Context, group, member, role string) error {
	if row := (grant{member, role, group}); !slices.Contains(*g, row) {
		*g = append(*g, row)
	}
	return nil
}

func (g *grants) Withdraw(_ context.Context, group, member, role string) error {
	*g = slices.DeleteFunc(*g, func(row grant) bool {
		return row.origin == group && (member == "" || row.member == member) && (role == "" || row.role == role)
	})
	return nil
}

func (g *grants) Granted(_ context.Context, group string) ([]string, error) {
	var roles []string
	for _, row := range *g {
		if row.origin == group && !slices.Contains(roles, row.role) {
			roles = append(roles, row.role)
		}
	}
	return roles, nil
}

// rolesOf returns the roles of a member, in order, each as often as it is
// granted.
func (g *grants) rolesOf(member string) []string {
	out := []string{}
	for _, row := range *g {
		if row.member == member {
			out = append(out, row.role)
		}
	}
	slices.Sort(out)
	return out
}

func TestRoles(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	mapping := map[string][]string{"Admins": {"admin"}, "Staff": {"viewer"}}
	table := &grants{}
	roles := &scim.Roles{
		Of: func(_ context.Context, g *schema.Resource) ([]string, error) {
			return mapping[g.Attributes.Get(schema.Group.Attribute("displayName")).Text()], nil
		},
		Grants: table,
		Groups: db.Store(schema.GroupType).(store.MemberStore),
		Tx:     db,
	}
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		Hooks: scim.Hooks{Before: func(ctx context.Context, e *store.Event) error {
			if e.Type != "Group" {
				return nil
			}
			return roles.Handle(ctx, e)
		}},
	})
	require.NoError(t, err)

	ann, bob := made(t, h, "/Users", scimtest.User("ann")), made(t, h, "/Users", scimtest.User("bob"))
	*table = append(*table, grant{ann, "admin", "manual"})
	admins := made(t, h, "/Groups", scimtest.Group("Admins", `"members":[{"value":"`+ann+`"},{"value":"`+bob+`"}]`))
	staff := made(t, h, "/Groups", scimtest.Group("Staff", `"members":[{"value":"`+bob+`"}]`))
	require.Equal(t, []string{"admin", "admin"}, table.rolesOf(ann), "by hand and by the group")
	require.Equal(t, []string{"admin", "viewer"}, table.rolesOf(bob))

	require.Equal(t, 204, send(h, "PATCH", "/Groups/"+admins, scimtest.PatchOp(`{"op":"remove","path":"members[value eq \"`+ann+`\"]"}`)).Code)
	require.Equal(t, []string{"admin"}, table.rolesOf(ann), "what was granted by hand stays")

	mapping["Staff"] = []string{"editor"}
	require.NoError(t, roles.Reevaluate(t.Context(), staff))
	require.Equal(t, []string{"admin", "editor"}, table.rolesOf(bob), "the mapping changed")

	require.Equal(t, 200, send(h, "PATCH", "/Groups/"+staff, scimtest.PatchOp(`{"op":"replace","path":"displayName","value":"Nobody"}`)).Code)
	require.Equal(t, []string{"admin"}, table.rolesOf(bob), "a new name that is not mapped")

	require.Equal(t, 204, send(h, "DELETE", "/Groups/"+admins, "").Code)
	require.Empty(t, table.rolesOf(bob), "deleting a group takes its grants back")

	late := made(t, h, "/Groups", scimtest.Group("Staff", `"members":[{"value":"`+bob+`"}]`))
	require.Equal(t, []string{"editor"}, table.rolesOf(bob))
	require.Equal(t, 204, send(h, "DELETE", "/Users/"+bob, "").Code)
	require.Empty(t, table.rolesOf(bob), "deleting a user ends its memberships")
	granted, err := table.Granted(t.Context(), late)
	require.NoError(t, err)
	require.Empty(t, granted)
}

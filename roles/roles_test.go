package roles_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/roles"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// grant is a row of an application's table: a user, a role and its origin.
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
	mapper := &roles.Mapper{
		Roles: func(_ context.Context, g *schema.Resource) ([]string, error) {
			return mapping[g.Attributes.Get(schema.Group.Attribute("displayName")).Text()], nil
		},
		Grants: table,
		Groups: db.Store(schema.GroupType).(store.MemberStore),
		Tx:     db,
	}
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		Hooks: scim.Hooks{Before: func(ctx context.Context, e *event.Event) error {
			if e.Type != "Group" {
				return nil
			}
			return mapper.Handle(ctx, e)
		}},
	})
	require.NoError(t, err)
	c := scimtest.NewClient(t, h, "secret")

	annPath, bobPath := c.NewUser("ann"), c.NewUser("bob")
	ann, bob := scimtest.ID(annPath), scimtest.ID(bobPath)
	*table = append(*table, grant{ann, "admin", "manual"})
	admins := c.NewGroup("Admins", `"members":[{"value":"`+ann+`"},{"value":"`+bob+`"}]`)
	staff := c.NewGroup("Staff", `"members":[{"value":"`+bob+`"}]`)
	require.Equal(t, []string{"admin", "admin"}, table.rolesOf(ann), "by hand and by the group")
	require.Equal(t, []string{"admin", "viewer"}, table.rolesOf(bob))

	c.Patch(admins, `{"op":"remove","path":"members[value eq \"`+ann+`\"]"}`).Is(204)
	require.Equal(t, []string{"admin"}, table.rolesOf(ann), "a role granted by hand is kept")

	mapping["Staff"] = []string{"editor"}
	require.NoError(t, mapper.Reevaluate(t.Context(), scimtest.ID(staff)))
	require.Equal(t, []string{"admin", "editor"}, table.rolesOf(bob), "the mapping changed")

	c.Patch(staff, `{"op":"replace","path":"displayName","value":"Nobody"}`).Is(200)
	require.Equal(t, []string{"admin"}, table.rolesOf(bob), "a new name that is not mapped")

	c.Delete(admins).Is(204)
	require.Empty(t, table.rolesOf(bob), "deleting a group takes its grants back")

	late := c.NewGroup("Staff", `"members":[{"value":"`+bob+`"}]`)
	require.Equal(t, []string{"editor"}, table.rolesOf(bob))
	c.Delete(bobPath).Is(204)
	require.Empty(t, table.rolesOf(bob), "deleting a user ends its memberships")
	granted, err := table.Granted(t.Context(), scimtest.ID(late))
	require.NoError(t, err)
	require.Empty(t, granted)
}

// slowGrants blocks in every grant until the test releases it.
type slowGrants struct {
	grants
	asked chan struct{}
	goOn  chan struct{}
}

func (g *slowGrants) Grant(ctx context.Context, group, member, role string) error {
	select {
	case g.asked <- struct{}{}:
		<-g.goOn
	default:
	}
	return g.grants.Grant(ctx, group, member, role)
}

// A member that is removed while the roles of a group are evaluated again keeps and
// gets no role of the group.
func TestRolesWhileMembersLeave(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	table := &slowGrants{asked: make(chan struct{}), goOn: make(chan struct{})}
	mapper := &roles.Mapper{
		Roles:  func(context.Context, *schema.Resource) ([]string, error) { return []string{"admin"}, nil },
		Grants: table, Groups: db.Store(schema.GroupType).(store.MemberStore), Tx: db,
	}
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Groups(db.Store(schema.GroupType))},
		Hooks:     scim.Hooks{Before: mapper.Handle},
	})
	require.NoError(t, err)
	c := scimtest.NewClient(t, h, "secret")
	group := c.NewGroup("Admins", `"members":[{"value":"ann"}]`)

	evaluated, left := make(chan error, 1), make(chan int, 1)
	go func() { evaluated <- mapper.Reevaluate(t.Context(), scimtest.ID(group)) }()
	<-table.asked
	go func() {
		left <- c.Patch(group, `{"op":"remove","path":"members"}`).Status
	}()
	select {
	case status := <-left:
		t.Fatalf("the member left in the middle: %d", status)
	case <-time.After(50 * time.Millisecond): // held off: nothing to wait for
	}
	close(table.goOn)
	require.NoError(t, <-evaluated)
	require.Equal(t, http.StatusNoContent, <-left)
	require.Empty(t, table.grants)
}

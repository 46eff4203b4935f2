package scim_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// lockNoting records the type of each resource that a write locks.
type lockNoting struct {
	store.Store
	w    *world
	name string
}

func (s lockNoting) Get(ctx context.Context, id string, o store.GetOptions) (*schema.Resource, error) {
	if o.ForUpdate {
		s.w.note("%s", s.name)
	}
	return s.Store.Get(ctx, id, o)
}

// lockNotingGroups is lockNoting for a store of groups.
type lockNotingGroups struct {
	store.MemberStore
	w *world
}

func (s lockNotingGroups) Get(ctx context.Context, id string, o store.GetOptions) (*schema.Resource, error) {
	return lockNoting{s.MemberStore, s.w, "Group"}.Get(ctx, id, o)
}

// A write that adds members locks them before the group, as a DELETE of a user
// does, however the path names the members.
func TestMembersAreLockedBeforeTheirGroup(t *testing.T) {
	t.Parallel()
	for _, op := range []string{
		`{"op":"add","path":"members","value":[{"value":"%"}]}`,
		`{"op":"add","path":"` + schema.GroupURI + `:members","value":[{"value":"%"}]}`,
		`{"op":"add","value":{"` + schema.GroupURI + `:members":[{"value":"%"}]}}`,
	} {
		w := newWorld(t, func(w *world, c *scim.Config) {
			c.Endpoints = []scim.Endpoint{scim.Users(lockNoting{w.users, w, "User"}), scim.Groups(lockNotingGroups{w.groups, w})}
		})
		user, group := w.user("a"), w.group("g")
		w.noted()
		w.do(204, "PATCH", group, scimtest.PatchOp(strings.ReplaceAll(op, "%", user[len("/Users/"):])))
		require.Equal(t, []string{"User", "Group"}, w.noted()[:2], op)
	}
}

package sqlstore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// A hook may look at another tenant, whose resources may have the same ids.
func TestGroupsReadWithUsersOfTheTenant(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		users, groups := db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore)
		id := user(1).ID
		for _, tenant := range []string{"", "other"} {
			ctx := store.WithTenant(t.Context(), tenant)
			_, err := users.Create(ctx, storetest.Creation(user(1)))
			require.NoError(t, err)
			_, _, err = groups.PutMembers(ctx, storetest.Creation(group("g", "of "+tenant), schema.Member{Value: id}))
			require.NoError(t, err)
		}
		with := groups.(interface {
			WithGroups(context.Context) context.Context
		}).WithGroups(t.Context())
		for _, ctx := range []context.Context{with, store.WithTenant(with, "other")} {
			_, err := users.Get(ctx, id, store.GetOptions{})
			require.NoError(t, err)
		}
		got, err := groups.GroupsOf(with, []string{id})
		require.NoError(t, err)
		require.Equal(t, []store.GroupRef{{ID: "g", Display: "of "}}, got[id])
	})
}

// What is read together with users is what GroupsOf returns by itself, whatever
// characters the texts have.
func TestGroupsReadWithUsers(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		users, groups := db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore)
		ctx := t.Context()
		upper := user(3)
		upper.ID = "Upper"
		for _, u := range []*schema.Resource{user(1), user(2), upper} {
			_, err := users.Create(ctx, storetest.Creation(u))
			require.NoError(t, err)
		}
		for i, display := range []string{"plain", "", "\x00\x03|\x01\x04\x01\x01\x00", "\x01", "é\x03\x04"} {
			g := group(string(rune('z'-i)), display)
			made, err := groups.Create(ctx, storetest.Creation(g))
			require.NoError(t, err)
			_, _, err = groups.PutMembers(ctx, &store.Change{ID: g.ID, Before: made, After: made, Members: &schema.MemberDelta{Add: []schema.Member{{Value: user(1).ID}, {Value: "Upper"}}}})
			require.NoError(t, err)
		}
		ids := []string{user(1).ID, user(2).ID, "Upper"}
		want, err := groups.GroupsOf(ctx, ids)
		require.NoError(t, err)
		require.Len(t, want[user(1).ID], 5)
		reader, ok := groups.(interface {
			WithGroups(context.Context) context.Context
		})
		require.True(t, ok)
		for _, id := range ids {
			with := reader.WithGroups(ctx)
			_, err = users.Get(with, id, store.GetOptions{})
			require.NoError(t, err)
			got, err := groups.GroupsOf(with, []string{id})
			require.NoError(t, err)
			require.Equal(t, want[id], got[id])
		}
		with := reader.WithGroups(ctx)
		_, err = users.List(with, &store.Query{Count: 10})
		require.NoError(t, err)
		got, err := groups.GroupsOf(with, ids)
		require.NoError(t, err)
		require.Equal(t, want["Upper"], got["Upper"])
		require.Equal(t, want[user(1).ID], got[user(1).ID])
	})
}

// A hook that changes groups in the transaction of a request changes its response, and
// an id may be that of a member before its resource exists.
func TestResponseHasGroupsOfItsTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		groups := db.Store(schema.GroupType).(store.MemberStore)
		change := func(ctx context.Context, d schema.MemberDelta) error {
			g, err := groups.Get(ctx, "g", store.GetOptions{ForUpdate: true})
			if err != nil {
				return err
			}
			_, _, err = groups.PutMembers(ctx, &store.Change{ID: "g", Before: g, After: g, Members: &d})
			return err
		}
		ctx := store.WithTenant(t.Context(), "t")
		_, err := groups.Create(ctx, storetest.Creation(group("g", "all")))
		require.NoError(t, err)
		made, join := 0, true
		h := serve(t, db, tenantToken{}, func(c *scim.Config) {
			c.NewID = func() string { made++; return fmt.Sprint("n", made) }
			c.Hooks.Before = func(ctx context.Context, e *event.Event) error {
				switch {
				case e.Kind == event.Created && join:
					return change(ctx, schema.MemberDelta{Add: []schema.Member{{Value: e.ResourceID}}})
				case e.Kind == event.Deactivated:
					return change(ctx, schema.MemberDelta{Remove: []string{e.ResourceID}})
				}
				return nil
			}
		})
		c := scimtest.NewClient(t, h, "t")
		ada := c.Post("/Users", scimtest.User("ada")).Is(201)
		require.Contains(t, ada.Text, `"groups":[`)
		require.NotContains(t, c.Patch("/Users/"+ada.String("id"), `{"op":"replace","path":"active","value":false}`).Is(200).Text, `"groups":[`)
		join = false
		require.NotContains(t, c.Post("/Users", scimtest.User("bob")).Is(201).Text, `"groups":[`)
		for i := range 20 {
			require.NoError(t, change(ctx, schema.MemberDelta{Add: []schema.Member{{Value: fmt.Sprint("n", made+i)}}}))
		}
		require.Contains(t, c.Post("/Users", scimtest.User("eve")).Is(201).Text, `"groups":[`)
	})
}

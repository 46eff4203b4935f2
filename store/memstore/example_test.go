package memstore_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

func Example() {
	db := memstore.New()
	users := db.Store(schema.UserType)
	groups := db.Store(schema.GroupType).(store.MemberStore)

	ctx := store.WithTenant(context.Background(), "acme")
	err := db.InTx(ctx, func(ctx context.Context) error {
		var user, group schema.Builder
		user.Set(schema.User.Attribute("userName"), schema.String("bjensen"))
		_, err := users.Create(ctx, &store.Change{
			ID: "2819c223", After: &schema.Resource{Type: schema.UserType, ID: "2819c223", Attributes: user.Object()},
		})
		if err != nil {
			return err
		}
		group.Set(schema.Group.Attribute("displayName"), schema.String("Tour Guides"))
		_, did, err := groups.PutMembers(ctx, &store.Change{
			ID: "e9e30dba", After: &schema.Resource{Type: schema.GroupType, ID: "e9e30dba", Attributes: group.Object()},
			Members: &schema.MemberDelta{Add: []schema.Member{{Value: "2819c223", Type: "User"}}},
		})
		fmt.Println("joined:", len(did.Add))
		return err
	})
	if err != nil {
		fmt.Println(err)
	}

	refs, _ := groups.GroupsOf(ctx, []string{"2819c223"})
	fmt.Println("member of:", refs["2819c223"][0].Display)
	_, err = users.Get(context.Background(), "2819c223", store.GetOptions{})
	fmt.Println("from another tenant:", errors.Is(err, store.ErrNotFound))
	// Output:
	// joined: 1
	// member of: Tour Guides
	// from another tenant: true
}

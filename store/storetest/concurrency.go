package storetest

import (
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

var concurrency = []test{
	{
		name:     "concurrency/one of many with the same version",
		contract: "Update: ErrVersion if c.IfVersion is not the current version, compared and set in one step.", // V-12
		needs:    needVersions,
		run: func(k *kit) {
			u := k.newUser("a")
			changes := make([]*store.Change, 50)
			for i := range changes {
				changes[i] = k.rename(u, fmt.Sprintf("a-%d", i))
				changes[i].IfVersion = u.Version
			}
			won := k.onlyOne(together(len(changes), func(i int) error {
				_, err := k.Users.Update(k.ctx, changes[i])
				return err
			}), func(err error) bool { return errors.Is(err, store.ErrVersion) })
			k.Equal(k.attributes(changes[won].After), k.attributes(k.get(k.Users, u.ID)), "attributes")
		},
	},
	{
		name:     "concurrency/one of many with the same name",
		contract: "A value taken by another resource is a *UniquenessError, and nothing is stored.",
		run: func(k *kit) {
			rs := make([]*schema.Resource, 20)
			for i := range rs {
				rs[i] = k.user("bjensen")
			}
			k.onlyOne(together(len(rs), func(i int) error {
				_, err := k.Users.Create(k.ctx, Creation(rs[i]))
				return err
			}), func(err error) bool { var u *store.UniquenessError; return errors.As(err, &u) })
			k.Equal(1, k.total(k.Users), "total")
		},
	},
	{
		name:     "concurrency/one of many deletes",
		contract: "Delete: ErrNotFound.",
		run: func(k *kit) {
			u := k.newUser("a")
			k.onlyOne(together(10, func(int) error { return k.Users.Delete(k.ctx, Deletion(u, "")) }),
				func(err error) bool { return errors.Is(err, store.ErrNotFound) })
		},
	},
	{
		name:     "concurrency/no member is lost",
		contract: "PutMembers applies its delta in one atomic step.",
		needs:    needGroups,
		run: func(k *kit) {
			const adding, removing = 200, 20
			us := k.newUsers(adding + removing)
			g := k.newGroup("g", us[adding:]...)
			changes := make([]*store.Change, len(us))
			for i, id := range us {
				changes[i] = k.touch(g)
				changes[i].Members = &schema.MemberDelta{Add: users(id)}
				if i >= adding {
					changes[i].Members = &schema.MemberDelta{Remove: []string{id}}
				}
			}
			for i, err := range together(len(us), func(i int) error {
				_, did, err := k.Groups.PutMembers(k.ctx, changes[i])
				if err == nil && len(did.Add)+len(did.Remove) != 1 {
					return fmt.Errorf("the effect is %+v", did)
				}
				return err
			}) {
				k.NoError(err, "PutMembers %+v", changes[i].Members)
			}
			k.members(g, us[:adding]...)
			k.groupsOf(us[0], g)
		},
	},
	{
		name:     "concurrency/the same member",
		contract: "PutMembers returns the delta that took effect.",
		needs:    needGroups,
		run: func(k *kit) {
			u := k.newUser("u")
			g := k.newGroup("g")
			changes := make([]*store.Change, 20)
			for i := range changes {
				changes[i] = k.touch(g)
				changes[i].Members = &schema.MemberDelta{Add: users(u.ID)}
			}
			errPresent := errors.New("it was a member before")
			k.onlyOne(together(len(changes), func(i int) error {
				_, did, err := k.Groups.PutMembers(k.ctx, changes[i])
				if err == nil && did.Empty() {
					return errPresent
				}
				return err
			}), func(err error) bool { return errors.Is(err, errPresent) })
			k.members(g, u.ID)
		},
	},
	{
		name:     "concurrency/everything at once",
		contract: "Every method may be called concurrently.",
		run: func(k *kit) {
			us := k.newUsers(10)
			rs := make([]*schema.Resource, 40)
			for i := range rs {
				rs[i] = k.user(fmt.Sprintf("new-%d", i))
			}
			for _, err := range together(len(rs), func(i int) error {
				stored, err := k.Users.Create(k.ctx, Creation(rs[i]))
				if err != nil {
					return err
				}
				p, err := k.Users.List(k.ctx, &store.Query{Count: 5, Total: true})
				if err != nil || len(p.Resources) != 5 && p.Next == "" || p.Total < 11 {
					return fmt.Errorf("a List: %w, %d of %d", err, len(p.Resources), p.Total)
				}
				if _, err := k.Users.Get(k.ctx, us[i%10], store.GetOptions{}); err != nil {
					return err
				}
				if i%2 == 0 {
					return k.Users.Delete(k.ctx, Deletion(stored, ""))
				}
				return nil
			}) {
				k.NoError(err)
			}
			k.Equal(10+len(rs)/2, k.total(k.Users), "total")
		},
	},
}

// onlyOne proves that one of several attempts succeeded and the others failed with
// the expected error. It returns the index of the first.
func (k *kit) onlyOne(errs []error, expected func(error) bool) int {
	won := -1
	for i, err := range errs {
		if err != nil {
			k.True(expected(err), "unexpected error: %v", err)
			continue
		}
		k.Equal(-1, won, "two succeed")
		won = i
	}
	k.NotEqual(-1, won, "none of the calls succeeded: %v", errs[0])
	return won
}

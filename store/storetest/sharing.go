package storetest

import (
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

const sharingContract = "Resources handed in and out are shared and must not be modified."

var sharing = []test{
	{
		name:     "sharing/arguments stay as they are",
		contract: sharingContract,
		run: func(k *kit) {
			r := k.user("a")
			before := *r
			stored := k.create(k.Users, r)
			k.Equal(before, *r, "the argument of Create")
			c := k.rename(stored, "b")
			copied, was, will := *c, *c.Before, *c.After
			updated, err := k.Users.Update(k.ctx, c)
			k.NoError(err, "Update")
			k.Equal(copied, *c, "the argument of Update")
			k.Equal(was, *c.Before, "Before in the argument of Update")
			k.Equal(will, *c.After, "After in the argument of Update")
			k.delete(k.Users, updated)
			k.Equal("b", updated.Get(userName).Text(), "a result, after Delete")
		},
	},
	{
		name:     "sharing/results stay as they are",
		contract: sharingContract,
		run: func(k *kit) {
			a := k.newUser("a")
			got := k.get(k.Users, a.ID)
			listed := k.list(k.Users, store.Query{Count: 1}).Resources
			texts := []string{describe(a), describe(got), describe(listed[0])}
			_, err := k.Users.Update(k.ctx, k.rename(a, "b"))
			k.NoError(err, "Update")
			k.newUser("c")
			k.Equal(texts, []string{describe(a), describe(got), describe(listed[0])}, "results of Create, Get and List, after Update")
		},
	},
	{
		name:     "sharing/the caller keeps its header",
		contract: "Stored data do not change with the arguments of a call.",
		run: func(k *kit) {
			r := k.user("a")
			stored := k.create(k.Users, r)
			r.Attributes, r.Version, r.LastModified = nil, "x", k.now()
			k.same(stored, k.get(k.Users, stored.ID), "Get after the argument of Create has changed")
			c := k.rename(stored, "b")
			updated, err := k.Users.Update(k.ctx, c)
			k.NoError(err, "Update")
			want := describe(updated)
			c.After.Attributes, c.After.Version, c.After.LastModified = nil, "x", k.now()
			k.Equal(want, describe(k.get(k.Users, stored.ID)), "Get after the argument of Update has changed")
		},
	},
	{
		name:     "sharing/the query stays as it is",
		contract: "A method does not modify its arguments.",
		run: func(k *kit) {
			k.newUsers(3)
			q := &store.Query{Count: 2, Offset: 1, Total: true}
			before := *q
			_, err := k.Users.List(k.ctx, q)
			k.NoError(err, "List")
			k.Equal(before, *q, "the argument of List")
		},
	},
	{
		name:     "sharing/the caller keeps its slices",
		contract: "Stored data do not change with the arguments of a call.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(4)
			g := k.newGroup("g", us[0])
			d := &schema.MemberDelta{Add: users(us[1], us[2]), Remove: []string{us[0]}}
			text := fmt.Sprint(*d)
			c := k.touch(g)
			c.Members = d
			_, did, err := k.Groups.PutMembers(k.ctx, c)
			k.NoError(err, "PutMembers")
			k.Equal(text, fmt.Sprint(*d), "the delta")
			d.Add[0].Value, d.Add[1].Value, d.Remove[0] = us[3], us[3], us[3]
			k.members(g, us[1], us[2])
			did.Add = append(did.Add[:0], schema.Member{Value: us[3]})
			k.members(g, us[1], us[2])

			asked := []string{us[1], us[2], us[3]}
			_, err = k.Groups.GroupsOf(k.ctx, asked)
			k.NoError(err, "GroupsOf")
			k.Equal(us[1:], asked, "the argument of GroupsOf")
		},
	},
}

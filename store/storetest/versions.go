package storetest

import (
	"fmt"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

var versions = []test{
	{
		name:     "versions/each change makes a new one",
		contract: "Capabilities.Versions: resources have a Version, which changes with every change.", // V-4
		needs:    needVersions,
		run: func(k *kit) {
			r := k.newUser("user")
			seen := map[string]bool{}
			for i := range 12 {
				k.NotEmpty(r.Version, "version")
				k.False(seen[r.Version], "the version %q was used before", r.Version)
				seen[r.Version] = true
				k.Equal(r.Version, k.get(k.Users, r.ID).Version, "Get")
				k.Equal(r.Version, k.list(k.Users, store.Query{Count: 1}).Resources[0].Version, "List")
				k.Equal(r.Version, k.get(k.Users, r.ID).Version, "Get after List")
				updated, err := k.Users.Update(k.ctx, k.rename(r, fmt.Sprintf("user-%d", i)))
				k.NoError(err, "Update")
				r = updated
			}
		},
	},
	{
		name:     "versions/update checks",
		contract: "Update: ErrVersion if c.IfVersion is not \"\" and not the current version. On error nothing changed.", // V-6
		needs:    needVersions,
		run: func(k *kit) {
			old := k.newUser("a")
			c := k.rename(old, "b")
			c.IfVersion = old.Version
			now, err := k.Users.Update(k.ctx, c)
			k.NoError(err, "Update with the current version")
			for _, stale := range []string{old.Version, "x", now.Version + "0", "W/\"" + now.Version + "\""} {
				c := k.rename(now, "c")
				c.IfVersion = stale
				_, err = k.Users.Update(k.ctx, c)
				k.ErrorIs(err, store.ErrVersion, "Update with version %q", stale)
			}
			k.same(now, k.get(k.Users, now.ID), "Get after failed Updates")
			k.newUser("c")
		},
	},
	{
		name:     "versions/delete checks",
		contract: "Delete: ErrVersion as Update.", // V-8
		needs:    needVersions,
		run: func(k *kit) {
			old := k.newUser("a")
			now, err := k.Users.Update(k.ctx, k.rename(old, "b"))
			k.NoError(err, "Update")
			k.ErrorIs(k.Users.Delete(k.ctx, Deletion(now, old.Version)), store.ErrVersion, "Delete with a stale version")
			k.same(now, k.get(k.Users, now.ID), "Get after a failed Delete")
			k.NoError(k.Users.Delete(k.ctx, Deletion(now, now.Version)), "Delete with the current version")
			k.gone(k.Users, now.ID)
		},
	},
	{
		name:     "versions/of groups",
		contract: "PutMembers is Update with c.Members, in one atomic step.",
		needs:    needVersions | needGroups,
		run: func(k *kit) {
			u := k.newUser("u")
			old := k.newGroup("g")
			c := k.touch(old)
			c.IfVersion = old.Version
			c.Members = &schema.MemberDelta{Add: []schema.Member{{Value: u.ID, Type: "User"}}}
			now, _, err := k.Groups.PutMembers(k.ctx, c)
			k.NoError(err, "PutMembers with the current version")
			k.NotEqual(old.Version, now.Version, "the version did not change")
			c = k.touch(now)
			c.IfVersion = old.Version
			c.Members = &schema.MemberDelta{Remove: []string{u.ID}}
			_, _, err = k.Groups.PutMembers(k.ctx, c)
			k.ErrorIs(err, store.ErrVersion, "PutMembers with a stale version")
			k.members(now, u.ID)
			k.same(now, k.get(k.Groups, now.ID), "Get after a failed PutMembers")
		},
	},
}

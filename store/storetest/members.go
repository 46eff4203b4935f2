package storetest

import (
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

var members = []test{
	{
		name:     "members/initial ones",
		contract: "With c.Before nil PutMembers creates the group with c.Members.Add. It returns the group as stored, without members, and the delta that took effect.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(3)
			r := k.group("g")
			g := k.createWith(k.ctx, r, users(us...))
			k.Equal(k.attributes(r), k.attributes(g), "attributes")
			k.True(r.Created.Equal(g.Created), "created: want %s, got %s", r.Created, g.Created)
			k.True(r.LastModified.Equal(g.LastModified), "lastModified: want %s, got %s", r.LastModified, g.LastModified)
			k.same(g, k.get(k.Groups, g.ID), "Get after PutMembers")
			k.False(g.Get(schema.GroupType.Members()).Assigned(), "members in the result of PutMembers")
			k.False(k.get(k.Groups, g.ID).Get(schema.GroupType.Members()).Assigned(), "members in the result of Get")
			listed := k.list(k.Groups, store.Query{Count: 1}).Resources[0]
			k.False(listed.Get(schema.GroupType.Members()).Assigned(), "members in the result of List")
			k.members(g, us...)
			k.groupsOf(us[1], g)
		},
	},
	{
		name:     "members/without members it is create or update",
		contract: "If c.Members is nil or empty, PutMembers is Create or Update and nothing else.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(1)
			for _, d := range []*schema.MemberDelta{nil, {}} {
				c := Creation(k.group("g"))
				c.Members = d
				g, did, err := k.Groups.PutMembers(k.ctx, c)
				k.NoError(err, "PutMembers of a new group")
				k.True(did.Empty(), "the delta that took effect is not empty: %+v", did)
				k.same(g, k.get(k.Groups, g.ID), "Get after PutMembers")
				k.members(g)

				g = k.delta(g, schema.MemberDelta{Add: users(us[0])}, users(us[0]))
				c = k.change(g, attrs{"displayName": "h"})
				c.Members = d
				got, did, err := k.Groups.PutMembers(k.ctx, c)
				k.NoError(err, "PutMembers")
				k.True(did.Empty(), "the delta that took effect is not empty: %+v", did)
				k.Equal(k.attributes(c.After), k.attributes(got), "attributes")
				k.same(got, k.get(k.Groups, g.ID), "Get after PutMembers")
				k.newVersion(g, got)
				k.members(got, us[0])
			}
		},
	},
	{
		name:     "members/adding and removing",
		contract: "PutMembers returns the delta that took effect: Add are the members that were not members before, Remove the ids that were.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(4)
			g := k.newGroup("g", us[0], us[1])
			g = k.delta(g, schema.MemberDelta{Add: users(us[1], us[2]), Remove: []string{us[0], us[3]}},
				users(us[2]), us[0])
			k.members(g, us[1], us[2])
			k.groupsOf(us[0])
			k.groupsOf(us[1], g)
			k.groupsOf(us[2], g)
		},
	},
	{
		name:     "members/no effect, no change",
		contract: "If the delta that took effect is empty and c.After.Attributes is c.Before.Attributes, nothing is written and c.Before is returned.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(2)
			g := k.newGroup("g", us[0])
			for _, d := range []*schema.MemberDelta{
				nil,
				{},
				{Add: users(us[0])},
				{Remove: []string{us[1]}},
				{Add: users(us[0]), Remove: []string{us[1]}},
				{Replace: true, Add: users(us[0])},
			} {
				c := k.touch(g)
				c.Members = d
				got, did, err := k.Groups.PutMembers(k.ctx, c)
				k.NoError(err, "PutMembers %+v", d)
				k.True(did.Empty(), "%+v has the effect %+v", d, did)
				k.same(g, got, "result")
				k.same(g, k.get(k.Groups, g.ID), "Get")
			}
			k.members(g, us[0])
		},
	},
	{
		name:     "members/the rest changes with them",
		contract: "PutMembers is Update with c.Members, in one atomic step.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(2)
			g := k.newGroup("g", us[0])
			c := k.change(g, attrs{"displayName": "h"})
			c.Members = &schema.MemberDelta{Add: users(us[0])}
			got, did, err := k.Groups.PutMembers(k.ctx, c)
			k.NoError(err, "PutMembers")
			k.True(did.Empty(), "the delta that took effect is not empty: %+v", did)
			k.Equal(k.attributes(c.After), k.attributes(got), "attributes, when no member changes")
			k.same(got, k.get(k.Groups, g.ID), "Get")
			k.newVersion(g, got)

			c = k.change(got, attrs{"displayName": "i"})
			c.Members = &schema.MemberDelta{Add: users(us[1])}
			now, _, err := k.Groups.PutMembers(k.ctx, c)
			k.NoError(err, "PutMembers")
			k.Equal(k.attributes(c.After), k.attributes(now), "attributes, when a member changes")
			k.same(now, k.get(k.Groups, g.ID), "Get")
			k.newVersion(got, now)
			k.members(now, us...)
		},
	},
	{
		name:     "members/replace",
		contract: "With Replace the members become exactly Add. Returned by a store, Replace is false.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(4)
			g := k.newGroup("g", us[0], us[1])
			g = k.delta(g, schema.MemberDelta{Replace: true, Add: users(us[1], us[2], us[3])}, users(us[2], us[3]), us[0])
			k.members(g, us[1], us[2], us[3])
			g = k.delta(g, schema.MemberDelta{Replace: true}, nil, us[1], us[2], us[3])
			k.members(g)
			g = k.delta(g, schema.MemberDelta{Replace: true, Add: users(us[0])}, users(us[0]))
			k.members(g, us[0])
			k.groupsOf(us[3])
		},
	},
	{
		name:     "members/an update without them keeps them",
		contract: "Members change by PutMembers, RemoveFromAll and Delete only.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(2)
			g := k.newGroup("g", us...)
			now, err := k.Groups.Update(k.ctx, k.change(g, attrs{"displayName": "h"}))
			k.NoError(err, "Update")
			k.members(now, us...)
			k.groupsOf(us[0], now)
		},
	},
	{
		name:     "members/their type is kept",
		contract: "A member has Value and Type as it was added; Display may be empty.",
		needs:    needGroups | needNesting,
		run: func(k *kit) {
			u, inner := k.newUser("u"), k.newGroup("inner")
			g := k.newGroup("g", u.ID)
			g = k.delta(g, schema.MemberDelta{Add: []schema.Member{{Value: inner.ID, Type: "Group"}}},
				[]schema.Member{{Value: inner.ID, Type: "Group"}})
			types := map[string]string{}
			for m, err := range k.Groups.Members(k.ctx, g.ID) {
				k.NoError(err, "Members")
				types[m.Value] = m.Type
			}
			k.Equal(map[string]string{u.ID: "User", inner.ID: "Group"}, types, "types")
			k.groupsOf(inner.ID, g)
		},
	},
	{
		name:     "members/each once",
		contract: "Members yields the members of the group in any order, each exactly once.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(40)
			k.rand.Shuffle(len(us), func(i, j int) { us[i], us[j] = us[j], us[i] })
			g := k.newGroup("g", us...)
			k.members(g, us...)
			k.members(g, us...)
		},
	},
	{
		name:     "members/change while drawn",
		contract: "Members yields each member that stays throughout exactly once; while it yields it holds no lock that writers need.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(60)
			g := k.newGroup("g", us[:50]...)
			var got []string
			for m, err := range k.Groups.Members(k.ctx, g.ID) {
				k.NoError(err, "Members")
				if got = append(got, m.Value); len(got) == 10 {
					g = k.delta(g, schema.MemberDelta{Add: users(us[50:]...), Remove: us[:25]}, users(us[50:]...), us[:25]...)
				}
			}
			seen := map[string]int{}
			for _, id := range got {
				seen[id]++
				k.Contains(us, id, "an id that was never added as a member")
			}
			for _, id := range us[25:50] {
				k.Equal(1, seen[id], "%s stayed: yielded how often", id)
			}
			k.members(g, us[25:]...)
		},
	},
	{
		name:     "members/drawn in part",
		contract: "Members is drawn while a response is written, and given up when the client goes away.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(20)
			g := k.newGroup("g", us...)
			for range 100 {
				for _, err := range k.Groups.Members(k.ctx, g.ID) {
					k.NoError(err, "Members")
					break
				}
			}
			k.delta(g, schema.MemberDelta{Remove: us[:1]}, nil, us[0])
		},
	},
	{
		name:     "members/of a deleted group",
		contract: "Members: ErrNotFound if there is no such group. Delete removes the resource.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(2)
			g, other := k.newGroup("g", us...), k.newGroup("other", us[0])
			k.delete(k.Groups, g)
			k.noMembers(g.ID)
			k.groupsOf(us[0], other)
			k.groupsOf(us[1])
			k.members(k.newGroup("g"))
		},
	},
	{
		name:     "members/groups of many",
		contract: "GroupsOf returns, for each of the ids, the groups that have it as a direct member.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(5)
			a, inner := k.newGroup("a", us[0], us[1]), k.newGroup("inner", us[2])
			b := k.newGroup("b", us[1], us[2])
			if !k.MembersAreUsers {
				b = k.delta(b, schema.MemberDelta{Add: users(inner.ID)}, users(inner.ID))
			}
			asked := append(slices.Clone(us), b.ID, inner.ID, k.newID())
			got, err := k.Groups.GroupsOf(k.ctx, asked)
			k.NoError(err, "GroupsOf")
			want := map[string][]string{
				us[0]: {a.ID}, us[1]: {a.ID, b.ID}, us[2]: {inner.ID, b.ID},
			}
			if !k.MembersAreUsers {
				want[inner.ID] = []string{b.ID}
			}
			for _, id := range asked {
				k.sameIDs(want[id], refIDs(got[id]), "groups of %s", id)
			}
			again, err := k.Groups.GroupsOf(k.ctx, asked)
			k.NoError(err, "GroupsOf")
			for _, id := range asked {
				k.Equal(refIDs(got[id]), refIDs(again[id]), "in a fixed order")
			}
			none, err := k.Groups.GroupsOf(k.ctx, nil)
			k.NoError(err, "GroupsOf nothing")
			k.Empty(none, "GroupsOf nothing")
		},
	},
	{
		name:     "members/groups have their present name",
		contract: "GroupRef.Display is the group's displayName.",
		needs:    needGroups,
		run: func(k *kit) {
			u := k.newUser("u")
			g := k.newGroup("old", u.ID)
			_, err := k.Groups.Update(k.ctx, k.change(g, attrs{"displayName": "New"}))
			k.NoError(err, "Update")
			got, err := k.Groups.GroupsOf(k.ctx, []string{u.ID})
			k.NoError(err, "GroupsOf")
			k.Equal([]store.GroupRef{{ID: g.ID, Display: "New"}}, got[u.ID], "GroupsOf")
		},
	},
	{
		name:     "members/removed from all groups",
		contract: "RemoveFromAll takes the member c.ID out of every group and returns the ids of those groups. Each of them gets a new version and c.At as LastModified.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(2)
			a, b, c := k.newGroup("a", us...), k.newGroup("b", us[0]), k.newGroup("c", us[1])
			at := k.now()
			got, err := k.Groups.RemoveFromAll(k.ctx, departure(us[0], at))
			k.NoError(err, "RemoveFromAll")
			k.sameIDs([]string{a.ID, b.ID}, got, "groups")
			for _, before := range []*schema.Resource{a, b} {
				now := k.get(k.Groups, before.ID)
				k.newVersion(before, now)
				k.True(at.Equal(now.LastModified), "lastModified: want %s, got %s", at, now.LastModified)
				k.Equal(k.attributes(before), k.attributes(now), "attributes")
			}
			k.same(c, k.get(k.Groups, c.ID), "a group that did not have it")
			k.members(a, us[1])
			k.members(b)
			k.members(c, us[1])
			k.groupsOf(us[0])
			again, err := k.Groups.RemoveFromAll(k.ctx, departure(us[0], k.now()))
			k.NoError(err, "RemoveFromAll again")
			k.Empty(again, "groups, the second time")
		},
	},
	{
		name:     "members/removed with the clock put back",
		contract: "RemoveFromAll: a group gets c.At as LastModified, or a microsecond more than it had where c.At is not later.",
		needs:    needGroups,
		run: func(k *kit) {
			us := k.newUsers(2)
			g := k.newGroup("g", us...)
			for i, at := range []time.Time{g.LastModified.Add(-time.Hour), g.LastModified} {
				before := k.get(k.Groups, g.ID)
				got, err := k.Groups.RemoveFromAll(k.ctx, departure(us[i], at))
				k.NoError(err, "RemoveFromAll")
				k.Equal([]string{g.ID}, got, "groups")
				now := k.get(k.Groups, g.ID)
				k.newVersion(before, now)
				k.modified(before, now, before.LastModified.Add(time.Microsecond))
			}
		},
	},
	{
		name:     "members/many at a time",
		contract: "Methods take any number of members.",
		needs:    needGroups,
		large:    true,
		run: func(k *kit) {
			// More than 999, the least number of parameters a statement may have.
			us := k.newUsers(1300)
			g := k.newGroup("g", us[:1100]...)
			k.members(g, us[:1100]...)
			g = k.delta(g, schema.MemberDelta{Add: users(us...), Remove: nil}, users(us[1100:]...))
			got, err := k.Groups.GroupsOf(k.ctx, us)
			k.NoError(err, "GroupsOf")
			for _, id := range us {
				k.Equal([]string{g.ID}, refIDs(got[id]), "groups of %s", id)
			}
			g = k.delta(g, schema.MemberDelta{Remove: us[:1200]}, nil, us[:1200]...)
			k.members(g, us[1200:]...)
			g = k.delta(g, schema.MemberDelta{Replace: true, Add: users(us[:1250]...)}, users(us[:1200]...), us[1250:]...)
			k.members(g, us[:1250]...)
		},
	},
	{
		name:     "members/a large group",
		contract: "Methods take any number of members; whether an added id belongs to a resource is not asked.",
		needs:    needGroups,
		slow:     true,
		large:    true,
		run: func(k *kit) {
			// More than 65,535 parameters, the most a statement may have.
			strangers := make([]string, 20_000)
			for i := range strangers {
				strangers[i] = k.newID()
			}
			probe := Creation(k.group("probe"), users(strangers[0])...)
			if _, did, err := k.Groups.PutMembers(k.ctx, probe); err != nil || did.Empty() {
				panic(skip("members must exist"))
			}
			g := k.newGroup("g", strangers...)
			k.members(g, strangers...)
			g = k.delta(g, schema.MemberDelta{Remove: strangers[1:]}, nil, strangers[1:]...)
			k.members(g, strangers[0])
		},
	},
}

func users(ids ...string) []schema.Member {
	out := make([]schema.Member, len(ids))
	for i, id := range ids {
		out[i] = schema.Member{Value: id, Type: "User"}
	}
	return out
}

// delta applies a delta and proves its effect, and that the group has moved.
func (k *kit) delta(g *schema.Resource, d schema.MemberDelta, added []schema.Member, removed ...string) *schema.Resource {
	c := k.touch(g)
	c.Members = &d
	now, did, err := k.Groups.PutMembers(k.ctx, c)
	k.NoError(err, "PutMembers")
	k.False(did.Replace, "Replace in the delta that took effect")
	k.sameIDs(values(added), values(did.Add), "Add in the delta that took effect")
	k.sameIDs(removed, did.Remove, "Remove in the delta that took effect")
	k.modified(c.Before, now, c.After.LastModified)
	k.newVersion(g, now)
	k.same(now, k.get(k.Groups, g.ID), "Get after PutMembers")
	return now
}

func (k *kit) newVersion(before, now *schema.Resource) {
	if store.Describe(k.Groups).Versions {
		k.NotEqual(before.Version, now.Version, "the version of the group did not change")
	}
}

// members compares the members of a group, in any order.
func (k *kit) members(g *schema.Resource, want ...string) {
	k.sameIDs(want, k.memberIDs(g.ID), "members")
}

func (k *kit) memberIDs(group string) []string {
	var out []string
	for m, err := range k.Groups.Members(k.ctx, group) {
		k.NoError(err, "Members")
		out = append(out, m.Value)
	}
	return out
}

func values(ms []schema.Member) []string {
	var out []string
	for _, m := range ms {
		out = append(out, m.Value)
	}
	return out
}

// groupsOf proves which groups have a member.
func (k *kit) groupsOf(id string, want ...*schema.Resource) {
	got, err := k.Groups.GroupsOf(k.ctx, []string{id})
	k.NoError(err, "GroupsOf")
	k.sameIDs(ids(want), refIDs(got[id]), "GroupsOf")
}

func refIDs(refs []store.GroupRef) []string {
	out := []string{}
	for _, ref := range refs {
		out = append(out, ref.ID)
	}
	return out
}

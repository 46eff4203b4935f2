package storetest

import (
	"strings"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

var basics = []test{
	{
		name:     "basics/create returns what get returns",
		contract: "Create stores a new resource and returns it as stored.",
		run: func(k *kit) {
			r := k.user("bjensen")
			stored := k.create(k.Users, r)
			k.Equal(k.attributes(r), k.attributes(stored), "attributes")
			k.True(r.Created.Equal(stored.Created), "created: want %s, got %s", r.Created, stored.Created)
			k.True(r.LastModified.Equal(stored.LastModified), "lastModified: want %s, got %s", r.LastModified, stored.LastModified)
			k.same(stored, k.get(k.Users, stored.ID), "Get after Create")
		},
	},
	{
		name:     "basics/update replaces the resource",
		contract: "Update stores c.After in place of c.Before and returns it as stored.",
		run: func(k *kit) {
			r := k.create(k.Users, k.resource(schema.UserType, attrs{"userName": "bjensen", "title": "Guide", "name.givenName": "Barbara"}))
			other := k.newUser("other")
			c := k.change(r, attrs{"userName": "bjensen", "nickName": "Babs", "name.familyName": "Jensen"})
			updated, err := k.Users.Update(k.ctx, c)
			k.NoError(err, "Update")
			k.Equal(r.ID, updated.ID, "id")
			k.Equal(k.attributes(c.After), k.attributes(updated), "attributes")
			k.True(r.Created.Equal(updated.Created), "created: want %s, got %s", r.Created, updated.Created)
			k.modified(r, updated, c.After.LastModified)
			k.same(updated, k.get(k.Users, r.ID), "Get after Update")
			k.same(other, k.get(k.Users, other.ID), "another resource")
		},
	},
	{
		name:     "basics/delete removes the one",
		contract: "Delete removes the resource. ErrNotFound if there is none.",
		run: func(k *kit) {
			a, b := k.newUser("a"), k.newUser("b")
			k.delete(k.Users, a)
			k.gone(k.Users, a.ID)
			k.same(b, k.get(k.Users, b.ID), "another resource")
			p := k.list(k.Users, store.Query{Count: 10, Total: true})
			k.Equal([]string{b.ID}, ids(p.Resources), "List after Delete")
			k.totals(1, p.Total, "Total after Delete")
			k.ErrorIs(k.Users.Delete(k.ctx, Deletion(a, "")), store.ErrNotFound, "a second Delete")
		},
	},
	{
		name:     "basics/update of a deleted resource stores nothing",
		contract: "Update: ErrNotFound if it is gone.",
		run: func(k *kit) {
			a := k.newUser("a")
			k.delete(k.Users, a)
			_, err := k.Users.Update(k.ctx, k.rename(a, "b"))
			k.ErrorIs(err, store.ErrNotFound, "Update")
			k.gone(k.Users, a.ID)
			k.Equal(0, k.total(k.Users), "total")
		},
	},
	{
		name:     "basics/an id that cannot exist is not found",
		contract: "An id that cannot exist in the store (no UUID, no number) is ErrNotFound too.",
		run: func(k *kit) {
			a := k.newUser("a")
			for _, id := range impossible {
				k.notFound(k.Users, a, id)
			}
			k.Equal(1, k.total(k.Users), "total")
		},
	},
	{
		name:     "basics/a group id that cannot exist is not found",
		contract: "An id that cannot exist in the store is ErrNotFound; ids without groups may be missing.",
		needs:    needGroups,
		run: func(k *kit) {
			g := k.newGroup("g")
			for _, id := range impossible {
				k.notFound(k.Groups, g, id)
				k.noMembers(id)
			}
			refs, err := k.Groups.GroupsOf(k.ctx, impossible)
			k.NoError(err, "GroupsOf")
			for id, of := range refs {
				k.Empty(of, "GroupsOf %q", id)
			}
			k.Equal(1, k.total(k.Groups), "total")
		},
	},
	{
		name:     "basics/ids are compared byte for byte",
		contract: "Get returns the resource with that id, compared byte for byte.",
		run: func(k *kit) {
			a := k.newUser("a")
			for _, id := range []string{strings.ToUpper(a.ID), strings.ToLower(a.ID), a.ID + " ", " " + a.ID, a.ID + "\x00", "0" + a.ID, "+" + a.ID, a.ID + ".0"} {
				if id != a.ID {
					k.notFound(k.Users, a, id)
				}
			}
			k.same(a, k.get(k.Users, a.ID), "the resource itself")
		},
	},
	{
		name:     "basics/an id is never used again",
		contract: "A store that makes ids itself must never make one again that it has made, also not after a deletion (RFC 7643 §3.1).", // M-13
		run: func(k *kit) {
			used := map[string]bool{}
			for range 5 {
				r := k.newUser("bjensen")
				k.False(used[r.ID], "the id %s was used before", r.ID)
				used[r.ID] = true
				k.delete(k.Users, r)
			}
		},
	},
	{
		name:     "basics/a user is not a group",
		contract: "Ids are unique across resource types (RFC 7643 §3.1); a Store keeps the resources of one type.", // M-12
		needs:    needGroups,
		run: func(k *kit) {
			u, g := k.newUser("a"), k.newGroup("a")
			k.NotEqual(u.ID, g.ID, "a user and a group have the same id")
			k.gone(k.Groups, u.ID)
			k.gone(k.Users, g.ID)
			k.ErrorIs(k.Groups.Delete(k.ctx, Deletion(u, "")), store.ErrNotFound, "Delete of a user from the groups")
			k.Equal(1, k.total(k.Users), "users")
			k.Equal(1, k.total(k.Groups), "groups")
		},
	},
	{
		name:     "basics/exists returns the existing ids",
		contract: "Exists returns those of the ids that are resources of the store.",
		run: func(k *kit) {
			e, users := k.exister(), k.newUsers(3)
			k.delete(k.Users, k.get(k.Users, users[1]))
			asked := append([]string{k.newID(), users[2], users[0], users[1]}, impossible...)
			for range 1000 { // more than a statement has parameters, in some databases
				asked = append(asked, k.newID())
			}
			got, err := e.Exists(k.ctx, asked, store.GetOptions{})
			k.NoError(err, "Exists")
			k.sameIDs([]string{users[0], users[2]}, got, "Exists")
			none, err := e.Exists(k.ctx, nil, store.GetOptions{})
			k.NoError(err, "Exists of nothing")
			k.Empty(none, "Exists of nothing")
		},
	},
}

// impossible are ids of no resource. A client can send any of them.
var impossible = []string{
	"", " ", "0", "-1", "1e3", "nobody", "00000000-0000-0000-0000-000000000000",
	"9223372036854775807", "9223372036854775808", "123456789012345678901234567890",
	"' OR ''='", "%", "_", "a/b", "\x00", "\xff\xfe", "é", strings.Repeat("x", 10_000),
}

// notFound proves that every method of a Store returns ErrNotFound for an id. like
// is a resource of the type.
func (k *kit) notFound(s store.Store, like *schema.Resource, id string) {
	_, err := s.Get(k.ctx, id, store.GetOptions{})
	k.ErrorIs(err, store.ErrNotFound, "Get %.40q", id)
	c := k.touch(withID(like, id))
	_, err = s.Update(k.ctx, c)
	k.ErrorIs(err, store.ErrNotFound, "Update %.40q", id)
	k.ErrorIs(s.Delete(k.ctx, Deletion(withID(like, id), "")), store.ErrNotFound, "Delete %.40q", id)
	k.ErrorIs(s.Delete(k.ctx, Deletion(withID(like, id), "1")), store.ErrNotFound, "Delete %.40q with a version", id)
}

// noMembers proves the same of the methods of a MemberStore.
func (k *kit) noMembers(id string) {
	n := 0
	for _, err := range k.Groups.Members(k.ctx, id) {
		k.ErrorIs(err, store.ErrNotFound, "Members %.40q", id)
		n++
	}
	k.Equal(1, n, "Members %.40q yields one error", id)
	c := k.touch(withID(k.group("x"), id))
	c.Members = &schema.MemberDelta{Add: []schema.Member{{Value: k.newID(), Type: "User"}}}
	_, _, err := k.Groups.PutMembers(k.ctx, c)
	k.ErrorIs(err, store.ErrNotFound, "PutMembers %.40q", id)
	of, err := k.Groups.RemoveFromAll(k.ctx, departure(id, k.now()))
	k.NoError(err, "RemoveFromAll %.40q", id)
	k.Empty(of, "RemoveFromAll %.40q", id)
}

func withID(r *schema.Resource, id string) *schema.Resource {
	c := *r
	c.ID = id
	return &c
}

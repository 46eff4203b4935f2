package storetest

import (
	"errors"

	"github.com/seed5f3efb56/scim/schema"
)

// declarations prove what a [Fixture] declares about an application's tables.
var declarations = []test{
	{
		name:     "declarations/members are users only",
		contract: "Fixture.MembersAreUsers: a member of another type is a *schema.Error with invalidValue, an id of no user is not added.",
		needs:    needGroups | needUsersOnly,
		run: func(k *kit) {
			u, inner := k.newUser("u"), k.newGroup("inner")
			g := k.newGroup("g", u.ID)
			c := k.touch(g)
			c.Members = &schema.MemberDelta{Add: []schema.Member{{Value: inner.ID, Type: "Group"}}}
			_, _, err := k.Groups.PutMembers(k.ctx, c)
			var refused *schema.Error
			k.True(errors.As(err, &refused) && refused.Type == schema.ErrorInvalidValue, "a group as a member: %v", err)
			k.same(g, k.get(k.Groups, g.ID), "the group")
			k.members(g, u.ID)
			for _, id := range []string{inner.ID, k.newID()} {
				c.Members = &schema.MemberDelta{Add: users(id)}
				_, did, err := k.Groups.PutMembers(k.ctx, c)
				k.True(err != nil || did.Empty(), "an id of no user: %+v", did)
				k.members(g, u.ID)
			}
		},
	},
	{
		name:     "declarations/active is true or false",
		contract: "Fixture.TwoStateActive: active of a user is always true or false.",
		needs:    needTwoState,
		run: func(k *kit) {
			active := schema.UserType.MustResolve("active")
			k.alwaysHas(active, schema.Boolean(false))
		},
	},
	{
		name:     "declarations/attributes that are filled",
		contract: "Fixture.Filled: the attributes have a value also if the change has none.",
		needs:    needFilled,
		run: func(k *kit) {
			for _, name := range k.Filled {
				k.alwaysHas(schema.UserType.MustResolve(name), schema.String("sent"))
			}
		},
	},
	{
		name:     "declarations/an owner is kept",
		contract: "Fixture.Owned: the owner of a resource is kept, changes with an update, and can be none.",
		needs:    needOwned,
		run: func(k *kit) {
			r := k.user("u")
			r.Attributes = r.Attributes.WithOwner("okta")
			r = k.create(k.Users, r)
			k.Equal("okta", r.Owner(), "after Create")
			k.same(r, k.get(k.Users, r.ID), "Get after Create")
			for _, owner := range []string{"entra", ""} {
				c := k.touch(r)
				c.After.Attributes = r.Attributes.WithOwner(owner)
				var err error
				r, err = k.Users.Update(k.ctx, c)
				k.NoError(err, "Update")
				k.Equal(owner, r.Owner(), "after Update")
				k.Equal(owner, k.get(k.Users, r.ID).Owner(), "Get after Update")
			}
		},
	},
}

// alwaysHas proves that an attribute has a value after changes that have none, and
// that it keeps a value that was sent.
func (k *kit) alwaysHas(path schema.AttrPath, sent schema.Value) {
	without := func(r *schema.Resource) *schema.Resource {
		return r.WithAttributes(set(r.Attributes, path, schema.Value{}))
	}
	r := k.create(k.Users, without(k.user(path.String())))
	k.True(valueAt(r.Attributes, path).Assigned(), "%s has no value after Create", path)
	k.same(r, k.get(k.Users, r.ID), "Get after Create")

	c := k.touch(r)
	c.After.Attributes = set(r.Attributes, path, sent)
	r, err := k.Users.Update(k.ctx, c)
	k.NoError(err, "Update")
	k.Equal(sent, valueAt(r.Attributes, path), "the value that was sent")

	c = k.touch(r)
	c.After.Attributes = without(r).Attributes
	r, err = k.Users.Update(k.ctx, c)
	k.NoError(err, "Update")
	k.True(valueAt(r.Attributes, path).Assigned(), "%s has no value after Update", path)
	k.same(r, k.get(k.Users, r.ID), "Get after Update")
}

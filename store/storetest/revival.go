package storetest

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

var revival = []test{
	{
		name:     "revival/the tombstone is what was deleted",
		contract: "Tombstone returns the resource, as it was but for active; a live resource has no tombstone.",
		needs:    needRevival,
		run: func(k *kit) {
			u := k.create(k.Users, k.resource(schema.UserType, attrs{"userName": "Élodie", "title": "Guide", "externalId": "7"}))
			k.noTombstone("Élodie")
			k.delete(k.Users, u)
			for _, name := range []string{"Élodie", "ÉLODIE", "e\u0301lodie"} {
				got := k.tombstone(name)
				k.Equal(u.ID, got.ID, "id")
				active := schema.UserType.MustResolve("active")[0]
				k.Equal(k.attributes(u.With(active, schema.Value{})), k.attributes(got.With(active, schema.Value{})), "attributes but active")
				k.True(u.Created.Equal(got.Created), "created: want %s, got %s", u.Created, got.Created)
			}
			k.noTombstone("Elodie")
			k.gone(k.Users, u.ID)
			k.Equal(0, k.total(k.Users), "total")
		},
	},
	{
		name:     "revival/the id comes back",
		contract: "Revive stores c.After in place of the tombstone, under the same id, with a Version that the id never had.",
		needs:    needRevival,
		run: func(k *kit) {
			a := k.create(k.Users, k.resource(schema.UserType, attrs{"userName": "a", "title": "Guide", "externalId": "7"}))
			versions := map[string]bool{a.Version: true}
			for range 3 {
				k.delete(k.Users, a)
				c := k.change(k.tombstone("a"), attrs{"userName": "A", "nickName": "n"})
				revived, err := k.reviver().Revive(k.ctx, c)
				k.NoError(err, "Revive")
				k.Equal(a.ID, revived.ID, "id")
				k.Equal(k.attributes(c.After), k.attributes(revived), "attributes")
				k.True(a.Created.Equal(revived.Created), "created: want %s, got %s", a.Created, revived.Created)
				k.modified(a, revived, c.After.LastModified)
				k.False(versions[revived.Version] && store.Describe(k.Users).Versions, "the version %s was used before", revived.Version)
				versions[revived.Version] = true
				k.same(revived, k.get(k.Users, a.ID), "Get")
				k.Equal(1, k.total(k.Users), "total")
				k.noTombstone("a")
				k.taken(k.createErr(k.Users, k.user("a")), "userName")
			}
		},
	},
	{
		name:     "revival/the one deleted last",
		contract: "Tombstone returns the resource that was deleted last of those that had the value when they were deleted.",
		needs:    needRevival,
		run: func(k *kit) {
			first := k.newUser("first")
			var last *schema.Resource
			for range 4 {
				last = k.newUser("a")
				k.delete(k.Users, last)
			}
			other := k.newUser("b")
			renamed, err := k.Users.Update(k.ctx, k.rename(other, "c"))
			k.NoError(err, "Update")
			k.delete(k.Users, renamed)
			k.Equal(last.ID, k.tombstone("a").ID, "id")
			k.Equal(other.ID, k.tombstone("c").ID, "id")
			k.noTombstone("b")
			renamed, err = k.Users.Update(k.ctx, k.rename(first, "A"))
			k.NoError(err, "Update")
			k.delete(k.Users, renamed)
			k.Equal(first.ID, k.tombstone("a").ID, "id of the user that was created first and deleted last")
		},
	},
	{
		name:     "revival/an older one",
		contract: "Tombstone: If that one was revived or purged, the older ones are not found.",
		needs:    needRevival,
		run: func(k *kit) {
			for range 2 {
				k.delete(k.Users, k.newUser("a"))
			}
			c := k.rename(k.tombstone("a"), "b")
			revived, err := k.reviver().Revive(k.ctx, c)
			k.NoError(err, "Revive")
			k.noTombstone("a")
			k.delete(k.Users, revived)
			k.noTombstone("a")
			k.Equal(revived.ID, k.tombstone("b").ID, "id")
		},
	},
	{
		name:     "revival/by unique values alone",
		contract: "Any path that is not unique is ErrNotFound: an e-mail address does not bring a resource back.",
		needs:    needRevival,
		run: func(k *kit) {
			u := k.create(k.Users, k.resource(schema.UserType, attrs{
				"userName": "a", "externalId": "7", "displayName": "Babs", "emails": []any{attrs{"value": "b@example.com"}},
			}))
			k.delete(k.Users, u)
			for path, value := range map[string]string{"externalId": "7", "displayName": "Babs", "emails.value": "b@example.com", "id": u.ID} {
				_, err := k.reviver().Tombstone(k.ctx, schema.UserType.MustResolve(path), schema.String(value), store.GetOptions{})
				k.ErrorIs(err, store.ErrNotFound, "Tombstone by %s", path)
			}
			k.noTombstone("")
			_, err := k.reviver().Tombstone(k.ctx, schema.AttrPath{userName}, schema.Value{}, store.GetOptions{})
			k.ErrorIs(err, store.ErrNotFound, "Tombstone by no value")
		},
	},
	{
		name:     "revival/resources that cannot be revived",
		contract: "ErrNotFound (404) if there is no such tombstone; a live resource is not one. ErrVersion (412) if c.IfVersion is not its version.",
		needs:    needRevival,
		run: func(k *kit) {
			live := k.newUser("live")
			for _, id := range append([]string{live.ID, k.newID()}, impossible...) {
				_, err := k.reviver().Revive(k.ctx, k.rename(withID(live, id), "x"))
				k.ErrorIs(err, store.ErrNotFound, "Revive %.40q", id)
			}
			k.same(live, k.get(k.Users, live.ID), "the live one")
			k.delete(k.Users, live)
			dead := k.tombstone("live")
			if store.Describe(k.Users).Versions {
				c := k.touch(dead)
				c.IfVersion = dead.Version + "0"
				_, err := k.reviver().Revive(k.ctx, c)
				k.ErrorIs(err, store.ErrVersion, "Revive another version")
				k.gone(k.Users, live.ID)
			}
			c := k.touch(dead)
			c.IfVersion = dead.Version
			_, err := k.reviver().Revive(k.ctx, c)
			k.NoError(err, "Revive")
			_, err = k.reviver().Revive(k.ctx, c)
			k.ErrorIs(err, store.ErrNotFound, "Revive twice")
		},
	},
	{
		name:     "revival/a value that is taken",
		contract: "*UniquenessError if a live resource has a unique value of c.After. On error nothing changed.",
		needs:    needRevival,
		run: func(k *kit) {
			dead, live := k.newUser("a"), k.newUser("b")
			k.delete(k.Users, dead)
			for _, name := range []string{"b", "B"} {
				_, err := k.reviver().Revive(k.ctx, k.rename(k.tombstone("a"), name))
				k.taken(err, "userName")
			}
			k.gone(k.Users, dead.ID)
			k.same(live, k.get(k.Users, live.ID), "the owner")
			k.Equal(dead.ID, k.tombstone("a").ID, "the tombstone")
		},
	},
	{
		name:     "revival/tenants",
		contract: tenantContract,
		needs:    needRevival | needTenants,
		run: func(k *kit) {
			ours, theirs := k.as("acme"), k.as("globex")
			u, v := ours.newUser("a"), theirs.newUser("a")
			k.NoError(k.Users.Delete(ours.ctx, Deletion(u, "")), "Delete")
			theirs.noTombstone("a")
			_, err := k.reviver().Revive(theirs.ctx, k.touch(u))
			k.ErrorIs(err, store.ErrNotFound, "Revive of a foreign one")
			k.NoError(k.Users.Delete(theirs.ctx, Deletion(v, "")), "Delete")
			k.Equal(u.ID, ours.tombstone("a").ID, "our own")
			k.Equal(v.ID, theirs.tombstone("a").ID, "their own")
		},
	},
	{
		name:     "revival/rollback",
		contract: "InTx rolls back and returns fn's error otherwise.",
		needs:    needRevival | needTx,
		run: func(k *kit) {
			u := k.newUser("a")
			k.delete(k.Users, u)
			before := k.tombstone("a")
			k.ErrorIs(k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				_, err := k.reviver().Revive(ctx, k.rename(before, "b"))
				k.NoError(err, "Revive")
				_, err = k.Users.Get(ctx, u.ID, store.GetOptions{})
				k.NoError(err, "Get within the transaction")
				return errVeto
			}), errVeto, "InTx")
			k.gone(k.Users, u.ID)
			k.same(before, k.tombstone("a"), "the tombstone")
			k.noTombstone("b")
		},
	},
	{
		name:     "revival/one of many revives",
		contract: "With ForUpdate, inside a transaction, no other transaction revives the tombstone until this one ends.",
		needs:    needRevival | needTx,
		run: func(k *kit) {
			u := k.newUser("a")
			k.delete(k.Users, u)
			at := k.now()
			k.onlyOne(together(10, func(int) error {
				return k.Tx.InTx(k.ctx, func(ctx context.Context) error {
					found, err := k.reviver().Tombstone(ctx, schema.AttrPath{userName}, schema.String("a"), store.GetOptions{ForUpdate: true})
					if err != nil {
						return err
					}
					after := *found
					after.LastModified = at
					_, err = k.reviver().Revive(ctx, &store.Change{ID: found.ID, Before: found, After: &after, Cause: event.ByRestore})
					return err
				})
			}), func(err error) bool { return errors.Is(err, store.ErrNotFound) })
			k.Equal(1, k.total(k.Users), "total")
		},
	},
}

func (k *kit) reviver() store.Reviver { return k.Users.(store.Reviver) }

// tombstone returns the tombstone of a userName; the store must have one.
func (k *kit) tombstone(name string) *schema.Resource {
	r, err := k.reviver().Tombstone(k.ctx, schema.AttrPath{userName}, schema.String(name), store.GetOptions{})
	k.NoError(err, "Tombstone of %s", name)
	return r
}

func (k *kit) noTombstone(name string) {
	_, err := k.reviver().Tombstone(k.ctx, schema.AttrPath{userName}, schema.String(name), store.GetOptions{})
	k.ErrorIs(err, store.ErrNotFound, "Tombstone of %s", name)
}

package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

const purgeContract = "Purge forgets for good at most n tombstones of the tenant in the context that were deleted (Change.At) before a time, and returns how many."

// purge calls Purge and compares the number of tombstones. It skips the case if
// the store does not support it.
func (k *kit) purge(before time.Time, n, want int, what string) {
	got, err := k.Users.(store.Purger).Purge(k.ctx, before, n)
	if errors.Is(err, errors.ErrUnsupported) {
		panic(skip("the store does not keep when users were deleted"))
	}
	k.NoError(err, "Purge %s", what)
	k.Equal(want, got, "Purge %s", what)
}

// bury creates a user and deletes it at a time.
func (k *kit) bury(name string, at time.Time) *schema.Resource {
	u := k.newUser(name)
	c := Deletion(u, "")
	c.At = at
	k.NoError(k.Users.Delete(k.ctx, c), "Delete")
	return u
}

var purging = []test{
	{
		name:     "purging/tombstones deleted before",
		contract: purgeContract + " A tombstone that is forgotten cannot be revived.",
		needs:    needRevival | needPurger,
		run: func(k *kit) {
			base := k.now().Add(time.Hour)
			live := k.newUser("live")
			k.purge(base, 10, 0, "without tombstones")
			a := k.bury("a", base)
			dead := k.tombstone("a")
			k.bury("b", base.Add(time.Microsecond))
			k.bury("c", base.Add(time.Second))
			k.purge(base, 10, 0, "at the time of the first deletion")
			k.purge(base.Add(time.Microsecond), 10, 1, "a microsecond later")
			k.noTombstone("a")
			_, err := k.reviver().Revive(k.ctx, k.touch(dead))
			k.ErrorIs(err, store.ErrNotFound, "Revive of a tombstone that is forgotten")
			k.gone(k.Users, a.ID)
			k.tombstone("b")
			k.tombstone("c")
			k.purge(base.Add(time.Hour), 10, 2, "after all deletions")
			k.noTombstone("b")
			k.noTombstone("c")
			k.purge(base.Add(time.Hour), 10, 0, "again")
			k.same(live, k.get(k.Users, live.ID), "the live user")
		},
	},
	{
		name:     "purging/at most n",
		contract: purgeContract + " Fewer than n is the end.",
		needs:    needRevival | needPurger,
		run: func(k *kit) {
			at := k.now().Add(time.Hour)
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				k.bury(name, at)
			}
			later := at.Add(time.Second)
			k.purge(later, 0, 0, "of none")
			k.purge(later, 2, 2, "the first two")
			k.purge(later, 2, 2, "the next two")
			k.purge(later, 2, 1, "the last")
			k.purge(later, 2, 0, "when all are forgotten")
		},
	},
	{
		name:     "purging/a later tombstone of the same name stays",
		contract: purgeContract,
		needs:    needRevival | needPurger,
		run: func(k *kit) {
			base := k.now().Add(time.Hour)
			k.bury("a", base)
			last := k.bury("a", base.Add(time.Minute))
			_, err := k.Users.(store.Purger).Purge(k.ctx, base.Add(time.Second), 10)
			if errors.Is(err, errors.ErrUnsupported) {
				panic(skip("the store does not keep when users were deleted"))
			}
			k.NoError(err, "Purge")
			k.Equal(last.ID, k.tombstone("a").ID, "id of the tombstone")
		},
	},
	{
		name:     "purging/a revived resource stays",
		contract: "Purge forgets tombstones; a live resource is not one.",
		needs:    needRevival | needPurger,
		run: func(k *kit) {
			at := k.now().Add(time.Hour)
			k.bury("a", at)
			revived, err := k.reviver().Revive(k.ctx, k.touch(k.tombstone("a")))
			k.NoError(err, "Revive")
			k.purge(at.Add(time.Hour), 10, 0, "after the revival")
			k.same(revived, k.get(k.Users, revived.ID), "the revived user")
		},
	},
	{
		name:     "purging/tenants",
		contract: tenantContract,
		needs:    needRevival | needPurger | needTenants,
		run: func(k *kit) {
			at := k.now().Add(time.Hour)
			ours, theirs := k.as("acme"), k.as("globex")
			ours.bury("a", at)
			theirs.bury("a", at)
			ours.purge(at.Add(time.Hour), 10, 1, "of one tenant")
			ours.noTombstone("a")
			theirs.tombstone("a")
		},
	},
	{
		name:     "purging/rollback",
		contract: "Purge is part of the transaction of the context.",
		needs:    needRevival | needPurger | needTx,
		run: func(k *kit) {
			at := k.now().Add(time.Hour)
			k.bury("a", at)
			err := k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				within := *k
				within.ctx = ctx
				within.purge(at.Add(time.Hour), 10, 1, "within the transaction")
				within.noTombstone("a")
				return errVeto
			})
			k.ErrorIs(err, errVeto, "InTx")
			k.tombstone("a")
		},
	},
}

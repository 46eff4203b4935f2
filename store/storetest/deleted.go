package storetest

import (
	"context"
	"errors"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

const deletedContract = "FindDeleted reports whether the tenant has a tombstone that had the value v of the attribute p, compared as the filter p eq v compares it, when it was deleted."

// findsDeleted compares the result of FindDeleted. Paths by which the store does
// not find tombstones are left out.
func (k *kit) findsDeleted(want bool, path, value string) {
	finder, _ := store.As[store.DeletedFinder](k.Users)
	got, err := finder.FindDeleted(k.ctx, schema.UserType.MustResolve(path), schema.String(value))
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	k.NoError(err, "FindDeleted by %s", path)
	k.Equal(want, got, "FindDeleted by %s %q", path, value)
}

// leaver creates a user with an externalId.
func (k *kit) leaver(name, externalID string) *schema.Resource {
	return k.create(k.Users, k.resource(schema.UserType, attrs{"userName": name, "externalId": externalID}))
}

var findingDeleted = []test{
	{
		name:     "finding deleted/by each key",
		contract: deletedContract,
		needs:    needFinder,
		run: func(k *kit) {
			u := k.leaver("Élodie", "7a")
			k.leaver("stays", "8")
			keys := [][2]string{{"id", u.ID}, {"userName", "Élodie"}, {"userName", "e\u0301LODIE"}, {"externalId", "7a"}}
			for _, key := range keys {
				k.findsDeleted(false, key[0], key[1])
			}
			k.delete(k.Users, u)
			for _, key := range keys {
				k.findsDeleted(true, key[0], key[1])
			}
			for _, key := range [][2]string{{"id", "7a"}, {"userName", "Elodie"}, {"userName", "stays"}, {"externalId", "7A"}, {"externalId", "8"}, {"externalId", ""}} {
				k.findsDeleted(false, key[0], key[1])
			}
			for _, id := range impossible {
				k.findsDeleted(false, "id", id)
			}
		},
	},
	{
		name:     "finding deleted/any of several",
		contract: deletedContract + " Unlike Reviver.Tombstone it finds any of several tombstones.",
		needs:    needFinder,
		run: func(k *kit) {
			first := k.leaver("a", "1")
			k.delete(k.Users, first)
			k.delete(k.Users, k.leaver("A", "2"))
			k.leaver("a", "3")
			for _, key := range [][2]string{{"id", first.ID}, {"userName", "a"}, {"externalId", "1"}, {"externalId", "2"}} {
				k.findsDeleted(true, key[0], key[1])
			}
			k.findsDeleted(false, "externalId", "3")
		},
	},
	{
		name:     "finding deleted/a revived resource",
		contract: "A tombstone that was revived or purged is not found.",
		needs:    needFinder | needRevival,
		run: func(k *kit) {
			u := k.leaver("a", "1")
			k.delete(k.Users, u)
			k.findsDeleted(true, "id", u.ID)
			_, err := k.reviver().Revive(k.ctx, k.touch(k.tombstone("a")))
			k.NoError(err, "Revive")
			k.findsDeleted(false, "id", u.ID)
			k.findsDeleted(false, "userName", "a")
			k.findsDeleted(false, "externalId", "1")
		},
	},
	{
		name:     "finding deleted/tenants",
		contract: tenantContract,
		needs:    needFinder | needTenants,
		run: func(k *kit) {
			ours, theirs := k.as("acme"), k.as("globex")
			u := ours.leaver("a", "1")
			ours.delete(ours.Users, u)
			for _, key := range [][2]string{{"id", u.ID}, {"userName", "a"}, {"externalId", "1"}} {
				ours.findsDeleted(true, key[0], key[1])
				theirs.findsDeleted(false, key[0], key[1])
			}
		},
	},
	{
		name:     "finding deleted/rollback",
		contract: "Inside Transactor.InTx every method takes part in the transaction of the context.",
		needs:    needFinder | needTx,
		run: func(k *kit) {
			u := k.leaver("a", "1")
			err := k.Tx.InTx(k.ctx, func(ctx context.Context) error {
				within := *k
				within.ctx = ctx
				within.delete(k.Users, u)
				within.findsDeleted(true, "id", u.ID)
				return errVeto
			})
			k.ErrorIs(err, errVeto, "InTx")
			k.findsDeleted(false, "id", u.ID)
			k.findsDeleted(false, "externalId", "1")
		},
	},
}

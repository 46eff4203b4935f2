package storetest

import (
	"testing"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// The kit holds for stores of types with an owner.
func TestOwnedStoresPass(t *testing.T) {
	t.Parallel()
	Run(t, func(*testing.T) Fixture {
		db := memstore.New()
		return Fixture{
			Users:  db.Store(schema.WithOwner(schema.UserType)),
			Groups: db.Store(schema.WithOwner(schema.GroupType)).(store.MemberStore),
			Tx:     db, Owned: true,
		}
	})
}

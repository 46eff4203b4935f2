package memstore_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Fixture { return fixture(memstore.New()) })
}

func TestConformanceOfKeepDeleted(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Fixture { return fixture(memstore.New(memstore.KeepDeleted)) })
}

func fixture(db *memstore.DB) storetest.Fixture {
	return storetest.Fixture{
		Users:  db.Store(schema.UserType),
		Groups: db.Store(schema.GroupType).(store.MemberStore),
		Things: db.Store(storetest.ThingType),
		Tx:     db,
	}
}

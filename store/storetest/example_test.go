package storetest_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// The body of a test of a store.
func ExampleRun() {
	_ = func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Fixture {
			db := memstore.New()
			return storetest.Fixture{
				Users:  db.Store(schema.UserType),
				Groups: db.Store(schema.GroupType).(store.MemberStore),
				Tx:     db,
			}
		})
	}
}

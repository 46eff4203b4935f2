package sqlstore_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

func fixture(db *sqlstore.DB) storetest.Fixture {
	return storetest.Fixture{
		Users:  db.Store(schema.UserType),
		Groups: db.Store(schema.GroupType).(store.MemberStore),
		Things: db.Store(storetest.ThingType),
		Tx:     db,
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name string
		make func(t testing.TB) database
	}{{"SQLite", sqlite}, {"PostgreSQL", postgreSQL}, {"MariaDB", mariaDB}} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			x.make(t) // skips as a whole
			storetest.Run(t, func(t *testing.T) storetest.Fixture { return fixture(x.make(t).store(t)) })
		})
	}
}

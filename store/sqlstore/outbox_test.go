package sqlstore_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/health/figures"
	"github.com/seed5f3efb56/scim/internal/figurestest"
	"github.com/seed5f3efb56/scim/internal/sqltest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/storetest"
)

func TestOutbox(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, make func(t testing.TB) database) {
		storetest.RunOutbox(t, func(t *testing.T) storetest.OutboxFixture {
			db := make(t).store(t)
			return storetest.OutboxFixture{Outbox: db, Tx: db}
		})
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, make func(t testing.TB) database) {
		storetest.RunTokens(t, func(t *testing.T) store.Tokens { return make(t).store(t) })
	})
}

func TestCounters(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, make func(t testing.TB) database) {
		storetest.RunCounters(t, func(t *testing.T) storetest.CountersFixture {
			db := make(t).store(t)
			return storetest.CountersFixture{Counters: db, Tx: db}
		})
	})
}

func TestConnections(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, make func(t testing.TB) database) {
		storetest.RunConnections(t, func(t *testing.T) storetest.ConnectionsFixture {
			db := make(t).store(t)
			return storetest.ConnectionsFixture{Connections: db, Tx: db}
		})
	})
}

func TestFigures(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, make func(t testing.TB) database) {
		figurestest.Run(t, func(t *testing.T) (figures.Store, store.Transactor) {
			db := make(t).store(t)
			return db, db
		})
	})
}

func TestAuditTrail(t *testing.T) {
	t.Parallel()
	forEach(t, func(t *testing.T, make func(t testing.TB) database) {
		storetest.RunAudit(t, func(t *testing.T) storetest.AuditFixture {
			db := make(t).store(t)
			return storetest.AuditFixture{Trail: db, Tx: db, Records: db.AllRecords, Reader: db}
		})
	})
}

// forEach runs a test for each available kind of database, with a function that
// makes empty ones.
func forEach(t *testing.T, test func(t *testing.T, make func(t testing.TB) database)) {
	for _, x := range []struct {
		name, variable string
		make           func(t testing.TB) database
	}{{"SQLite", "", sqlite}, {"PostgreSQL", "SCIM_TEST_POSTGRES", postgreSQL}, {"MariaDB", "SCIM_TEST_MARIADB", mariaDB}} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			if x.variable != "" {
				sqltest.Server(t, x.variable) // skips as a whole
			}
			test(t, x.make)
		})
	}
}

package memstore_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/health/figures"
	"github.com/seed5f3efb56/scim/internal/figurestest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

func TestOutbox(t *testing.T) {
	t.Parallel()
	storetest.RunOutbox(t, func(*testing.T) storetest.OutboxFixture {
		db := memstore.New()
		return storetest.OutboxFixture{Outbox: db, Tx: db}
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	storetest.RunTokens(t, func(*testing.T) store.Tokens { return memstore.New() })
}

func TestCounters(t *testing.T) {
	t.Parallel()
	storetest.RunCounters(t, func(*testing.T) storetest.CountersFixture {
		db := memstore.New()
		return storetest.CountersFixture{Counters: db, Tx: db}
	})
}

func TestConnections(t *testing.T) {
	t.Parallel()
	storetest.RunConnections(t, func(*testing.T) storetest.ConnectionsFixture {
		db := memstore.New()
		return storetest.ConnectionsFixture{Connections: db, Tx: db}
	})
}

func TestFigures(t *testing.T) {
	t.Parallel()
	figurestest.Run(t, func(*testing.T) (figures.Store, store.Transactor) {
		db := memstore.New()
		return db, db
	})
}

func TestAuditTrail(t *testing.T) {
	t.Parallel()
	storetest.RunAudit(t, func(*testing.T) storetest.AuditFixture {
		db := memstore.New()
		return storetest.AuditFixture{Trail: db, Tx: db, Records: db.AllRecords, Reader: db}
	})
}

package main

import (
	"context"
	"math"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/storetest"
)

func openNew(t *testing.T) *database {
	db, err := open(filepath.Join(t.TempDir(), "people.bolt"))
	require.NoError(t, err)
	db.bolt.NoSync = true // the file does not outlive the test
	t.Cleanup(func() { require.NoError(t, db.close()) })
	return db
}

func TestKitForStores(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		db := openNew(t)
		return storetest.Fixture{
			Users: db.users(), Groups: db.groups(), Things: keeper{db.resources(storetest.ThingType)}, Tx: db,
		}
	})
}

func TestKitForOutboxes(t *testing.T) {
	t.Parallel()
	storetest.RunOutbox(t, func(t *testing.T) storetest.OutboxFixture {
		db := openNew(t)
		return storetest.OutboxFixture{Outbox: db, Tx: db}
	})
}

func TestKitForTokens(t *testing.T) {
	t.Parallel()
	storetest.RunTokens(t, func(t *testing.T) store.Tokens { return openNew(t) })
}

func TestKitForCounters(t *testing.T) {
	t.Parallel()
	storetest.RunCounters(t, func(t *testing.T) storetest.CountersFixture {
		db := openNew(t)
		return storetest.CountersFixture{Counters: db, Tx: db}
	})
}

func TestKitForAuditTrails(t *testing.T) {
	t.Parallel()
	storetest.RunAudit(t, func(t *testing.T) storetest.AuditFixture {
		db := openNew(t)
		return storetest.AuditFixture{Trail: db, Tx: db, Records: db.records}
	})
}

// records reads the whole audit trail.
func (db *database) records(ctx context.Context) (out []store.Record, err error) {
	err = db.read(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(bucketAudit).ForEach(func(_, value []byte) error {
			p, _ := partsOf(value)
			at, err := time.Parse(time.RFC3339Nano, p[3])
			out = append(out, store.Record{
				ID: p[0], Tenant: p[1], Actor: p[2], Time: at, Operation: p[4], Type: p[5], ResourceID: p[6], Outcome: p[7], Connection: p[8], Payload: []byte(p[9]),
			})
			return err
		})
	})
	return out, err
}

func TestKitForHandlers(t *testing.T) {
	t.Parallel()
	scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
		db := openNew(t)
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: auth, Tx: db, Outbox: db,
			Limits:    scim.Limits{Rate: math.Inf(1)}, // the kit sends thousands of requests at once
			Endpoints: []scim.Endpoint{scim.Users(db.users()), scim.Groups(db.groups())},
		})
		require.NoError(t, err)
		return h
	})
}

// What was committed is there after the file was closed and opened again.
func TestFileOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "people.bolt")
	db, err := open(name)
	require.NoError(t, err)
	ctx := store.WithTenant(t.Context(), "acme")
	h, err := newHandler(db, scim.InsecureNoAuthentication(), "https://example.com/scim/v2")
	require.NoError(t, err)
	require.NotNil(t, h)
	require.NoError(t, db.Append(ctx, []store.Entry{{ID: "1", Queue: store.QueueEvent, Tenant: "acme", Type: "User", ResourceID: "7"}}))
	_, err = open(name)
	require.Error(t, err, "one process at a time has the file")
	require.NoError(t, db.close())

	db, err = open(name)
	require.NoError(t, err)
	defer db.close()
	pending, err := db.Pending(ctx, store.QueueEvent, "User", "7")
	require.NoError(t, err)
	require.Len(t, pending, 1)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(context.Background(), nil, "secret"), "usage")
	require.ErrorContains(t, run(context.Background(), []string{"people.bolt"}, ""), "usage")
	require.Error(t, run(context.Background(), []string{t.TempDir()}, "secret"), "a directory")
}

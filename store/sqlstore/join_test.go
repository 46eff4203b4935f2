package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// hostOf is an application's use of a pool of connections.
func hostOf(t testing.TB, d database, pool *sql.DB) *sqlquery.DB {
	host, err := sqlquery.New(pool, map[sqlstore.Dialect]sqlquery.Dialect{
		sqlstore.SQLite: sqlquery.SQLite, sqlstore.PostgreSQL: sqlquery.PostgreSQL, sqlstore.MariaDB: sqlquery.MySQL,
	}[d.dialect])
	require.NoError(t, err)
	return host
}

// beside opens an application's database that has the outbox too.
func beside(t testing.TB, d database) (*sqlquery.DB, *sqlstore.DB) {
	if d.dialect == sqlstore.SQLite {
		d.dsn += "&_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	}
	pool := d.open(t)
	host := hostOf(t, d, pool)
	db, err := sqlstore.New(pool, d.dialect)
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context()))
	return host, db
}

func TestOutboxInTransactionsOfTheApplication(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		storetest.RunOutbox(t, func(t *testing.T) storetest.OutboxFixture {
			d := map[sqlstore.Dialect]func(testing.TB) database{
				sqlstore.SQLite: sqlite, sqlstore.PostgreSQL: postgreSQL, sqlstore.MariaDB: mariaDB,
			}[d.dialect](t)
			host, db := beside(t, d)
			return storetest.OutboxFixture{Outbox: db, Tx: host}
		})
	})
}

func TestTransactionsOfOtherDatabasesAreNotJoined(t *testing.T) {
	t.Parallel()
	host, _ := beside(t, sqlite(t))
	_, other := beside(t, sqlite(t))
	ctx := t.Context()
	boom := errors.New("boom")
	err := host.InTx(ctx, func(ctx context.Context) error {
		require.NoError(t, other.Append(ctx, []store.Entry{{ID: "1", Queue: store.QueueRevoke, Type: "User", ResourceID: "u1", Payload: []byte("{}")}}))
		return boom
	})
	require.ErrorIs(t, err, boom)
	pending, err := other.Pending(ctx, store.QueueRevoke, "User", "u1")
	require.NoError(t, err)
	require.Len(t, pending, 1, "rolled back with a transaction of another database")
}

// After a failed statement every call in the joined transaction fails: MariaDB may
// have rolled back already.
func TestCallsFailAfterAFailureInAJoinedTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		host, db := beside(t, d)
		users := db.Store(schema.UserType)
		entry := []store.Entry{{ID: "1", Queue: store.QueueRevoke, Type: "User", ResourceID: "u1", Payload: []byte("{}")}}
		require.NoError(t, db.Append(t.Context(), entry))
		for n, fails := range []bool{false, true} {
			err := host.InTx(t.Context(), func(ctx context.Context) error {
				return db.InTx(ctx, func(ctx context.Context) error {
					var first error
					if fails {
						first = db.Append(ctx, entry)
						require.Error(t, first, "the same ID again")
					}
					_, err := users.Create(ctx, storetest.Creation(user(n)))
					require.Equal(t, fails, err != nil, "%v", err)
					require.ErrorIs(t, first, err)
					return err
				})
			})
			require.Equal(t, fails, err != nil, "%v", err)
		}
		require.Equal(t, 1, count(t, db))
	})
}

// A type without resources needs no keys, although its store was made after
// Migrate.
func TestFirstWriteJoinsTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		host, db := beside(t, d)
		users := db.Store(schema.UserType)
		require.NoError(t, host.InTx(t.Context(), func(ctx context.Context) error {
			page, err := users.List(ctx, &store.Query{Total: true})
			require.NoError(t, err)
			require.Zero(t, page.Total)
			return nil
		}))
		boom := errors.New("boom")
		for _, want := range []error{boom, nil} {
			err := host.InTx(t.Context(), func(ctx context.Context) error {
				u, err := users.Create(ctx, storetest.Creation(user(1)))
				require.NoError(t, err)
				_, err = users.Update(ctx, &store.Change{ID: u.ID, Before: u, After: u})
				require.NoError(t, err)
				return want
			})
			require.ErrorIs(t, err, want)
		}
		require.Equal(t, 1, count(t, db))
	})
}

func TestConcurrentFirstWritesJoinTransactions(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		const processes = 4
		var wg sync.WaitGroup
		errs := make([]error, processes)
		for n := range processes {
			host, db := beside(t, d)
			users := db.Store(schema.UserType)
			inTx := host.InTx
			if n == 0 {
				inTx = db.InTx // which makes the keys first
			}
			wg.Go(func() {
				errs[n] = inTx(t.Context(), func(ctx context.Context) error {
					_, err := users.Create(ctx, storetest.Creation(user(n)))
					return err
				})
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Equal(t, processes, count(t, d.store(t)))
	})
}

func TestFirstPOSTJoinsTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		host, db := beside(t, d)
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Logger: slog.New(slog.DiscardHandler), Tx: host,
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		})
		require.NoError(t, err)
		c := scimtest.NewClient(t, h, "")
		c.Get(c.NewUser("a")).Is(http.StatusOK)
	})
}

// Rebuilding keys waits for all other writers, so it must not run in a transaction
// that has begun to write.
func TestJoinedTransactionDoesNotRebuildKeys(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		_, err := d.store(t).Store(schema.UserType).Create(t.Context(), storetest.Creation(user(1)))
		require.NoError(t, err)
		_, err = d.open(t).Exec("UPDATE scim_type SET rule = 'fold 1'")
		require.NoError(t, err)
		host, db := beside(t, d)
		users := db.Store(schema.UserType)
		create := func(ctx context.Context) error { _, err := users.Create(ctx, storetest.Creation(user(2))); return err }
		find := func(ctx context.Context) error { _, err := users.List(ctx, &store.Query{Total: true}); return err }
		for _, call := range []func(context.Context) error{create, find} {
			err = host.InTx(t.Context(), call)
			require.ErrorIs(t, err, store.ErrUnavailable)
			require.ErrorContains(t, err, "call Migrate after Store")
		}
		require.NoError(t, db.Migrate(t.Context()))
		require.NoError(t, host.InTx(t.Context(), create))
	})
}

// A failed call prevents the commit of the joined transaction, also if the function
// returns nil.
func TestFailureInJoinedTransactionPreventsCommit(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		host, db := beside(t, d)
		entry := func(id string) []store.Entry {
			return []store.Entry{{ID: id, Queue: store.QueueRevoke, Type: "User", ResourceID: "u1", Payload: []byte("{}")}}
		}
		require.NoError(t, db.Append(t.Context(), entry("1")))
		err := host.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, db.Append(ctx, entry("2")))
			require.Error(t, db.Append(ctx, entry("1")), "the same ID again")
			return nil
		})
		require.Error(t, err)
		pending, err := db.Pending(t.Context(), store.QueueRevoke, "User", "u1")
		require.NoError(t, err)
		require.Len(t, pending, 1)
	})
}

// Tx of both packages returns the transaction of InTx, also if InTx joined one.
func TestTxReturnsJoinedTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		host, db := beside(t, d)
		require.NoError(t, host.InTx(t.Context(), func(ctx context.Context) error {
			began, _ := sqlquery.Tx(ctx)
			_, ok := sqlstore.Tx(ctx)
			require.False(t, ok, "sqlstore takes no part in it yet")
			return db.InTx(ctx, func(ctx context.Context) error {
				joined, _ := sqlstore.Tx(ctx)
				require.Same(t, began, joined)
				return nil
			})
		}))
	})
}

func TestWriteInTransactionOfTheApplication(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		pool := d.open(t)
		db, err := sqlstore.New(pool, d.dialect)
		require.NoError(t, err)
		require.NoError(t, db.Migrate(t.Context()))
		host := hostOf(t, d, pool)
		entry := []store.Entry{{ID: "1", Queue: store.QueueEvent, Type: "User", ResourceID: "u1", Payload: []byte("{}")}}
		tx, err := pool.BeginTx(t.Context(), &sql.TxOptions{})
		require.NoError(t, err)
		defer tx.Rollback()
		require.NoError(t, db.Append(host.WithTx(t.Context(), tx), entry))
		require.NoError(t, tx.Rollback())
		pending, err := db.Pending(t.Context(), store.QueueEvent, "User", "u1")
		require.NoError(t, err)
		require.Empty(t, pending)
	})
}

// A store on another database must not write into the transaction.
func TestTransactionOfAnotherDatabaseIsNotUsed(t *testing.T) {
	t.Parallel()
	a, b := sqlite(t), sqlite(t)
	pool := a.open(t)
	host := hostOf(t, a, pool)
	here, there := a.store(t), b.store(t)
	tx, err := pool.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback()
	_, err = there.Store(schema.UserType).Create(host.WithTx(t.Context(), tx), storetest.Creation(user(1)))
	require.NoError(t, err)
	require.NoError(t, tx.Commit())
	require.Equal(t, 0, count(t, here))
	require.Equal(t, 1, count(t, there))
}

package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

func TestTwoHandlesShareOneDatabase(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		a, b := d.store(t).Store(schema.UserType), d.store(t).Store(schema.UserType)
		u, err := a.Create(t.Context(), storetest.Creation(user(1)))
		require.NoError(t, err)
		_, err = b.Create(t.Context(), storetest.Creation(resource(schema.UserType, "other", user(1).Attributes)))
		var taken *store.UniquenessError
		require.ErrorAs(t, err, &taken)
		require.Equal(t, "userName", taken.Path)
		_, err = b.Update(t.Context(), &store.Change{ID: u.ID, Before: u, After: u, IfVersion: u.Version})
		require.NoError(t, err)
		_, err = a.Update(t.Context(), &store.Change{ID: u.ID, Before: u, After: u, IfVersion: u.Version})
		require.ErrorIs(t, err, store.ErrVersion)
	})
}

// Two processes increment one value, which each reads in its transaction.
func TestTwoHandlesLoseNoUpdate(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		const each = 15
		handles := []*sqlstore.DB{d.store(t), d.store(t)}
		_, err := handles[0].Store(schema.UserType).Create(t.Context(), storetest.Creation(user(1)))
		require.NoError(t, err)
		title := schema.UserType.MustResolve("title").Last()
		var wg sync.WaitGroup
		errs := make(chan error, len(handles)*each)
		for _, db := range handles {
			users := db.Store(schema.UserType)
			wg.Go(func() {
				for range each {
					errs <- db.InTx(t.Context(), func(ctx context.Context) error {
						u, err := users.Get(ctx, user(1).ID, store.GetOptions{ForUpdate: true})
						if err != nil {
							return err
						}
						_, err = users.Update(ctx, &store.Change{ID: u.ID, Before: u, After: u.With(title, schema.String(u.Get(title).Text()+"x"))})
						return err
					})
				}
			})
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		u, err := handles[0].Store(schema.UserType).Get(t.Context(), user(1).ID, store.GetOptions{})
		require.NoError(t, err)
		require.Len(t, u.Get(title).Text(), len(handles)*each)
	})
}

func TestApplicationStatementsShareTheTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db, pool := d.store(t), d.open(t)
		users := db.Store(schema.UserType)
		_, err := pool.Exec("CREATE TABLE seat (n INTEGER)")
		require.NoError(t, err)
		_, ok := sqlstore.Tx(t.Context())
		require.False(t, ok)

		veto := errors.New("no seat left")
		for _, want := range []error{veto, nil} {
			err := db.InTx(t.Context(), func(ctx context.Context) error {
				if _, err := users.Create(ctx, storetest.Creation(user(1))); err != nil {
					return err
				}
				tx, ok := sqlstore.Tx(ctx)
				require.True(t, ok)
				if _, err := tx.ExecContext(ctx, "INSERT INTO seat (n) VALUES (1)"); err != nil {
					return err
				}
				return want
			})
			require.ErrorIs(t, err, want)
		}
		var seats int
		require.NoError(t, pool.QueryRow("SELECT COUNT(*) FROM seat").Scan(&seats))
		require.Equal(t, 1, seats)
		require.Equal(t, 1, count(t, db))
	})
}

// A caller may commit after a failed Create or Update, which must not have written
// anything.
func TestRefusedWriteInTransactionHasNoEffect(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		users := db.Store(schema.UserType)
		_, err := users.Create(t.Context(), storetest.Creation(user(1)))
		require.NoError(t, err)
		second, err := users.Create(t.Context(), storetest.Creation(user(2)))
		require.NoError(t, err)
		var taken *store.UniquenessError
		err = db.InTx(t.Context(), func(ctx context.Context) error {
			_, err := users.Create(ctx, storetest.Creation(resource(schema.UserType, "twin", user(1).Attributes)))
			require.ErrorAs(t, err, &taken)
			_, err = users.Update(ctx, &store.Change{ID: second.ID, Before: second, After: second.WithAttributes(user(1).Attributes)})
			require.ErrorAs(t, err, &taken)
			_, err = users.Create(ctx, storetest.Creation(user(1)))
			require.ErrorAs(t, err, &taken)
			require.Equal(t, "id", taken.Path)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 2, count(t, db))
		_, err = users.Get(t.Context(), "twin", store.GetOptions{})
		require.ErrorIs(t, err, store.ErrNotFound)
		got, err := users.Get(t.Context(), second.ID, store.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, second.Version, got.Version)
		_, err = users.Create(t.Context(), storetest.Creation(resource(schema.UserType, "third", user(3).Attributes)))
		require.NoError(t, err)
	})
}

// After a failed statement the transaction ends in an error, even if its function
// returns nil.
func TestFailedStatementPreventsCommit(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		users := db.Store(schema.UserType)
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			_, err := users.Create(ctx, storetest.Creation(user(1)))
			require.NoError(t, err)
			short, cancel := context.WithCancel(ctx)
			cancel()
			_, err = users.Get(short, user(1).ID, store.GetOptions{})
			require.ErrorIs(t, err, context.Canceled)
			_, err = users.Get(ctx, user(1).ID, store.GetOptions{})
			require.ErrorIs(t, err, context.Canceled, "the transaction is over")
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 0, count(t, db))
	})
}

func TestEveryCallEndsWithItsContext(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		users, groups := db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore)
		require.NoError(t, db.Migrate(t.Context()))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		u, g := user(1), group("g", "G")
		for name, call := range map[string]func() error{
			"Get":    func() error { _, err := users.Get(ctx, "x", store.GetOptions{}); return err },
			"List":   func() error { _, err := users.List(ctx, &store.Query{Count: 1, Total: true}); return err },
			"Create": func() error { _, err := users.Create(ctx, storetest.Creation(u)); return err },
			"Update": func() error { _, err := users.Update(ctx, &store.Change{ID: u.ID, Before: u, After: u}); return err },
			"Delete": func() error { return users.Delete(ctx, &store.Change{ID: "x"}) },
			"Exists": func() error {
				_, err := users.(store.Exister).Exists(ctx, []string{"x"}, store.GetOptions{})
				return err
			},
			"Groups": func() error { _, err := groups.GroupsOf(ctx, []string{"x"}); return err },
			"Remove": func() error {
				_, err := groups.RemoveFromAll(ctx, &store.Change{ID: "x", At: start, Cause: event.ByMembers})
				return err
			},
			"InTx":    func() error { return db.InTx(ctx, func(context.Context) error { return nil }) },
			"Migrate": func() error { return db.Migrate(ctx) },
			"Members": func() error {
				for _, err := range groups.Members(ctx, "g") {
					return err
				}
				return nil
			},
			"PutMembers": func() error {
				_, _, err := groups.PutMembers(ctx, &store.Change{ID: g.ID, Before: g, After: g, Members: &schema.MemberDelta{Remove: []string{"x"}}})
				return err
			},
		} {
			require.ErrorIs(t, call(), context.Canceled, name)
		}
	})
}

// A writer stops waiting for another writer when its context ends.
func TestWaitForWriterEndsWithContext(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		users := db.Store(schema.UserType)
		u, err := users.Create(t.Context(), storetest.Creation(user(1)))
		require.NoError(t, err)
		err = db.InTx(t.Context(), func(ctx context.Context) error {
			_, err := users.Update(ctx, &store.Change{ID: u.ID, Before: u, After: u})
			require.NoError(t, err)
			short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			// The first writer goes on only after this call: nothing but the context ends it.
			_, err = users.Update(short, &store.Change{ID: u.ID, Before: u, After: u})
			require.ErrorIs(t, err, context.DeadlineExceeded)
			_, err = users.Get(t.Context(), u.ID, store.GetOptions{})
			require.NoError(t, err, "a reader does not wait")
			return nil
		})
		require.NoError(t, err)
	})
}

// killOwnConnection ends the connection of the transaction in ctx from another
// connection.
func killOwnConnection(t *testing.T, d database, ctx context.Context, pool *sql.DB) {
	tx, _ := sqlstore.Tx(ctx)
	var id int64
	if d.dialect == sqlstore.PostgreSQL {
		require.NoError(t, tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&id))
		_, err := pool.Exec("SELECT pg_terminate_backend($1, 5000)", id)
		require.NoError(t, err)
		return
	}
	require.NoError(t, tx.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&id))
	_, err := pool.Exec("KILL ?", id)
	require.NoError(t, err)
}

func TestLostConnectionRetriesTransactionBeforeCommitOnly(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, d database) {
		db, pool := d.store(t), d.open(t)
		users := db.Store(schema.UserType)
		runs := 0
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			if runs++; runs == 1 {
				killOwnConnection(t, d, ctx, pool)
			}
			_, err := users.Create(ctx, storetest.Creation(user(1)))
			return err
		})
		require.NoError(t, err)
		require.Equal(t, 2, runs)

		runs = 0
		err = db.InTx(t.Context(), func(ctx context.Context) error {
			runs++
			_, err := users.Create(ctx, storetest.Creation(user(2)))
			killOwnConnection(t, d, ctx, pool)
			return err
		})
		require.ErrorIs(t, err, store.ErrUnavailable)
		require.Equal(t, 1, runs, "the outcome of the commit is unknown")
	})
}

func TestDeadlockRetriesTransaction(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, d database) {
		db := d.store(t)
		users := db.Store(schema.UserType)
		for n := range 2 {
			_, err := users.Create(t.Context(), storetest.Creation(user(n)))
			require.NoError(t, err)
		}
		var both, wg sync.WaitGroup
		both.Add(2)
		errs, runs := make([]error, 2), make([]int, 2)
		for n := range 2 {
			wg.Go(func() {
				errs[n] = db.InTx(t.Context(), func(ctx context.Context) error {
					runs[n]++
					for i, which := range []int{n, 1 - n} {
						u, err := users.Get(ctx, user(which).ID, store.GetOptions{ForUpdate: true})
						if err != nil {
							return err
						}
						if i == 0 && runs[n] == 1 {
							both.Done()
							both.Wait()
						}
						if _, err := users.Update(ctx, &store.Change{ID: u.ID, Before: u, After: u}); err != nil {
							return err
						}
					}
					return nil
				})
			})
		}
		wg.Wait()
		require.NoError(t, errs[0])
		require.NoError(t, errs[1])
		require.GreaterOrEqual(t, runs[0]+runs[1], 3, "one of them ran again; on a busy machine it may meet the other once more")
		u, err := users.Get(t.Context(), user(0).ID, store.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, "3", u.Version)
	})
}

// Errors of the function are not treated as errors of the database.
func TestFunctionErrorsAreReturnedUnchanged(t *testing.T) {
	t.Parallel()
	db := sqlite(t).store(t)
	for _, want := range []error{io.EOF, store.ErrVersion, errors.New("x")} {
		runs := 0
		err := db.InTx(t.Context(), func(context.Context) error { runs++; return want })
		require.Equal(t, want, err)
		require.Equal(t, 1, runs)
	}
}

// A connection that is lost during a statement of the application retries the
// transaction, too.
func TestLostConnectionOfApplicationStatementRetriesTransaction(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, d database) {
		db, pool := d.store(t), d.open(t)
		runs := 0
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			if runs++; runs == 1 {
				killOwnConnection(t, d, ctx, pool)
			}
			tx, _ := sqlstore.Tx(ctx)
			_, _ = tx.ExecContext(ctx, "DELETE FROM scim_token") // which may still hear the reason
			_, err := tx.ExecContext(ctx, "DELETE FROM scim_token")
			return err
		})
		require.NoError(t, err)
		require.Equal(t, 2, runs)
	})
}

// The end of a context that the function made does not retry the transaction.
func TestEndedInnerContextDoesNotRetry(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		users := db.Store(schema.UserType)
		runs := 0
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			runs++
			short, cancel := context.WithDeadline(ctx, time.Now())
			defer cancel()
			_, err := users.Get(short, "x", store.GetOptions{})
			return err
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, store.ErrUnavailable)
		require.Equal(t, 1, runs)
	})
}

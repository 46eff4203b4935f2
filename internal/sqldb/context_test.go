package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

func TestPackagesOnOneDatabaseShareATransaction(t *testing.T) {
	t.Parallel()
	one, two := new(fake), new(fake)
	db, pool := one.open(t, sqldb.PostgreSQL)
	other, otherPool := two.open(t, sqldb.PostgreSQL)
	second := sqldb.New("second", pool, sqldb.PostgreSQL)
	_, ok := sqldb.PackageTx(t.Context(), "pkg")
	require.False(t, ok)

	require.NoError(t, db.Write(t.Context(), sqldb.BeginOptions{}, func(ctx context.Context) error {
		tx, ok := sqldb.PackageTx(ctx, "pkg")
		require.True(t, ok)
		require.True(t, second.InTransaction(ctx), "another package, the same database")
		require.False(t, other.InTransaction(ctx), "another database")
		require.False(t, db.InTransaction(t.Context()))
		_, ok = sqldb.PackageTx(ctx, "second")
		require.False(t, ok, "the package has not joined yet")
		_, ok = second.Join(t.Context())
		require.False(t, ok, "there is no transaction")
		_, ok = other.Join(ctx)
		require.False(t, ok, "there is no transaction on the other database")
		joining, ok := second.Join(ctx)
		require.True(t, ok)
		joined, _ := sqldb.PackageTx(joining, "second")
		require.Same(t, tx, joined)
		again, _ := second.Join(joining)
		require.Equal(t, joining, again, "joining twice changes nothing")
		on, _ := sqldb.DatabaseTx(ctx, pool)
		require.Same(t, tx, on)
		_, ok = sqldb.DatabaseTx(ctx, otherPool)
		require.False(t, ok)

		return other.Write(ctx, sqldb.BeginOptions{}, func(ctx context.Context) error {
			inner, _ := sqldb.PackageTx(ctx, "pkg")
			require.NotSame(t, tx, inner)
			outer, ok := db.Join(ctx)
			require.True(t, ok)
			back, _ := sqldb.PackageTx(outer, "pkg")
			require.Same(t, tx, back, "the transaction that was joined last")
			on, _ := sqldb.DatabaseTx(ctx, pool)
			require.Same(t, tx, on, "the outer one is still there")
			on, _ = sqldb.DatabaseTx(ctx, otherPool)
			require.Same(t, inner, on)
			return nil
		})
	}))
}

func TestAdoptedTransaction(t *testing.T) {
	t.Parallel()
	f := new(fake)
	db, pool := f.open(t, sqldb.PostgreSQL)
	tx, err := pool.Begin()
	require.NoError(t, err)
	ctx := db.Adopt(t.Context(), tx)
	got, _ := sqldb.PackageTx(ctx, "pkg")
	require.Same(t, tx, got)
	got, _ = sqldb.DatabaseTx(ctx, pool)
	require.Same(t, tx, got)
	_, ok := sqldb.DatabaseTx(ctx, new(sql.DB))
	require.False(t, ok, "another database")
	_, err = db.Exec(ctx, "x")
	require.NoError(t, err)
	require.NoError(t, tx.Rollback())
	require.Equal(t, []string{"BEGIN", "x", "ROLLBACK"}, f.done())
}

func TestFailureOfOnePackageEndsTheSharedTransaction(t *testing.T) {
	t.Parallel()
	f := &fake{fails: map[string]error{"x": pgError{"42601"}}}
	db, pool := f.open(t, sqldb.PostgreSQL)
	second := sqldb.New("second", pool, sqldb.PostgreSQL)
	err := db.Write(t.Context(), sqldb.BeginOptions{}, func(ctx context.Context) error {
		_, err := second.Exec(ctx, "x")
		require.ErrorContains(t, err, "second: ")
		_, err = db.Exec(ctx, "y")
		require.Error(t, err)
		return nil
	})
	require.ErrorIs(t, err, pgError{"42601"})
	require.Equal(t, []string{"BEGIN READ COMMITTED", "x", "ROLLBACK"}, f.done())
}

func TestStatementsOutsideOfTransactionsUseTheReader(t *testing.T) {
	t.Parallel()
	reading, writing := new(fake), new(fake)
	db, _ := writing.open(t, sqldb.SQLite)
	_, db.Reader = reading.open(t, sqldb.SQLite)
	var n int
	read := func(scan func(...any) error) error { return scan(&n) }
	require.NoError(t, db.Query(t.Context(), "SELECT", nil, read))
	require.Equal(t, 7, n)
	require.Empty(t, writing.done())
	require.Equal(t, []string{"SELECT"}, reading.done())
	require.NoError(t, db.Write(t.Context(), sqldb.BeginOptions{}, func(ctx context.Context) error { return db.Query(ctx, "SELECT", nil, read) }))
	require.Equal(t, []string{"BEGIN", "SELECT", "COMMIT"}, writing.done())
	require.Empty(t, reading.done())

	boom := errors.New("boom")
	err := db.Query(t.Context(), "SELECT", nil, func(func(...any) error) error { return boom })
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "pkg: ")
}

// After an ALTER TABLE each prepared statement fails once on each pooled
// connection. A read outside of a transaction runs again.
func TestReadsRunAgainAfterAStalePlan(t *testing.T) {
	t.Parallel()
	stale := stalePlan{pgError{"0A000"}}
	f := &fake{fails: map[string]error{"SELECT": stale}}
	db, _ := f.open(t, sqldb.PostgreSQL)
	var n int
	rows := 0
	read := func(scan func(...any) error) error { rows++; return scan(&n) }
	f.failTimes("SELECT", stale, 3)
	require.NoError(t, db.Query(t.Context(), "SELECT", nil, read))
	require.Equal(t, 1, rows)
	require.Len(t, f.done(), 4)

	f.fail("SELECT", stale)
	require.ErrorIs(t, db.Query(t.Context(), "SELECT", nil, read), stale, "after ten attempts the error is returned")
	require.Len(t, f.done(), 10)

	f.failTimes("SELECT", stale, 1)
	runs := 0
	require.NoError(t, db.Write(t.Context(), sqldb.BeginOptions{}, func(ctx context.Context) error {
		runs++
		return db.Query(ctx, "SELECT", nil, read)
	}))
	require.Equal(t, 2, runs, "the whole transaction runs again")

	f.fail("SELECT", pgError{"42P01"})
	require.Error(t, db.Query(t.Context(), "SELECT", nil, read))
	f.done()
	require.Error(t, db.Query(t.Context(), "SELECT", nil, read))
	require.Len(t, f.done(), 1, "after another error nothing runs again")
}

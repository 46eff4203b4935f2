package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

// prepareByStatement makes a statement of the tenant the preparation.
func prepareByStatement(ctx context.Context, tx *sql.Tx, tenant string) error {
	_, err := tx.ExecContext(ctx, "tenant "+tenant)
	return err
}

func nothing(func(...any) error) error { return nil }

func TestPrepareRunsBeforeTheFirstStatement(t *testing.T) {
	t.Parallel()
	f := new(fake)
	db, pool := f.open(t, sqldb.PostgreSQL)
	db.Prepare = prepareByStatement
	acme, globex := store.WithTenant(t.Context(), "acme"), store.WithTenant(t.Context(), "globex")
	const begin, shortRead = "BEGIN READ COMMITTED", "BEGIN READ COMMITTED, rolled back by the end of the context"

	require.NoError(t, db.Query(acme, "SELECT", nil, nothing))
	require.Equal(t, []string{shortRead, "tenant acme", "SELECT", "ROLLBACK"}, f.done(), "a read outside of a transaction")

	_, err := db.Exec(acme, "DELETE")
	require.NoError(t, err)
	require.Equal(t, []string{begin, "tenant acme", "DELETE", "COMMIT"}, f.done(), "a write outside of a transaction")

	_, err = db.ColumnTypes(acme, "SELECT")
	require.NoError(t, err)
	require.Equal(t, []string{shortRead, "tenant acme", "SELECT", "ROLLBACK"}, f.done(), "types of columns")

	require.NoError(t, db.Write(acme, sqldb.BeginOptions{}, func(ctx context.Context) error {
		require.Equal(t, []string{begin, "tenant acme"}, f.done(), "statements of the application too")
		require.NoError(t, db.Query(ctx, "SELECT", nil, nothing))
		require.NoError(t, db.Query(store.WithTenant(ctx, "globex"), "SELECT", nil, nothing))
		return db.Query(ctx, "SELECT", nil, nothing)
	}))
	require.Equal(t, []string{"SELECT", "tenant globex", "SELECT", "tenant acme", "SELECT", "COMMIT"}, f.done(), "once for each change of the tenant")

	other := sqldb.New("other", pool, sqldb.PostgreSQL)
	require.NoError(t, other.Write(acme, sqldb.BeginOptions{}, func(ctx context.Context) error {
		require.NoError(t, other.Query(ctx, "SELECT", nil, nothing))
		require.NoError(t, db.Ready(ctx))
		return db.Query(ctx, "SELECT", nil, nothing)
	}))
	require.Equal(t, []string{begin, "SELECT", "tenant acme", "SELECT", "COMMIT"}, f.done(), "a transaction that another package began")

	tx, err := pool.Begin()
	require.NoError(t, err)
	f.done()
	require.NoError(t, db.Query(db.Adopt(globex, tx), "SELECT", nil, nothing))
	require.NoError(t, tx.Rollback())
	require.Equal(t, []string{"tenant globex", "SELECT", "ROLLBACK"}, f.done(), "a transaction of the application")
	require.NoError(t, db.Ready(t.Context()), "without a transaction there is nothing to prepare")
	require.Empty(t, f.done())
}

func TestErrorOfPrepareEndsTheTransaction(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for _, c := range []struct {
		name        string
		err         error
		unavailable bool
		runs        int
	}{
		{"an error of the function", boom, false, 1},
		{"a server that cannot answer", pgError{"53300"}, true, 1},
		{"a conflict", pgError{"40001"}, true, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := new(fake)
			db, _ := f.open(t, sqldb.PostgreSQL)
			runs := 0
			db.Prepare = func(context.Context, *sql.Tx, string) error { runs++; return c.err }
			err := db.Query(t.Context(), "SELECT", nil, nothing)
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.unavailable, errors.Is(err, store.ErrUnavailable))
			require.Equal(t, 1, runs)
			err = db.Write(t.Context(), sqldb.BeginOptions{}, func(context.Context) error {
				t.Error("the function ran in a transaction that is not prepared")
				return nil
			})
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.unavailable, errors.Is(err, store.ErrUnavailable))
			require.Equal(t, 1+c.runs, runs)
			require.NotContains(t, f.done(), "SELECT")
		})
	}
}

// A function that uses the DB does not run without end: its statements run in the
// transaction as it is.
func TestPrepareThatUsesTheDatabaseRunsOnce(t *testing.T) {
	t.Parallel()
	f := new(fake)
	db, _ := f.open(t, sqldb.PostgreSQL)
	db.Prepare = func(ctx context.Context, tx *sql.Tx, tenant string) error {
		return db.Query(db.Adopt(ctx, tx), "SELECT 1", nil, nothing)
	}
	err := db.Write(t.Context(), sqldb.BeginOptions{}, func(ctx context.Context) error { return db.Query(ctx, "SELECT 2", nil, nothing) })
	require.NoError(t, err)
}

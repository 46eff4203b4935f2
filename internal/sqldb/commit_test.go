package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

// A commit that the database refused may run again. After any other error of
// COMMIT its outcome is unknown and nothing runs again.
func TestFailedCommit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		kind    *sqldb.Database
		err     error
		runs    int
		refused bool
		want    error // store.ErrUnavailable or nil
	}{
		{"serialization failure", sqldb.PostgreSQL, pgError{"40001"}, 10, true, store.ErrUnavailable},
		{"deadlock", sqldb.PostgreSQL, pgError{"40P01"}, 10, true, store.ErrUnavailable},
		{"deferred unique constraint", sqldb.PostgreSQL, pgError{"23505"}, 1, true, nil},
		{"deferred foreign key", sqldb.PostgreSQL, pgError{"23503"}, 2, true, nil},
		{"deferred trigger", sqldb.PostgreSQL, pgError{"P0001"}, 1, true, nil},
		{"a failure that was hidden, pgx", sqldb.PostgreSQL, errors.New("commit unexpectedly resulted in rollback"), 1, true, nil},
		{"completion unknown", sqldb.PostgreSQL, pgError{"40003"}, 1, false, store.ErrUnavailable},
		{"terminated, perhaps waiting for a standby", sqldb.PostgreSQL, pgError{"57P01"}, 1, false, store.ErrUnavailable},
		{"disk full", sqldb.PostgreSQL, pgError{"53100"}, 1, false, store.ErrUnavailable},
		{"connection failure", sqldb.PostgreSQL, pgError{"08006"}, 1, false, store.ErrUnavailable},
		{"odd state", sqldb.PostgreSQL, pgError{""}, 1, false, store.ErrUnavailable},
		{"end of file", sqldb.PostgreSQL, io.EOF, 1, false, store.ErrUnavailable},
		{"anything else", sqldb.PostgreSQL, errors.New("x"), 1, false, store.ErrUnavailable},

		{"conflict in a cluster", sqldb.MySQL, &mysqlErr{1213}, 10, true, store.ErrUnavailable},
		{"lock wait timeout", sqldb.MySQL, &mysqlErr{1205}, 10, true, store.ErrUnavailable},
		{"unique", sqldb.MySQL, &mysqlErr{1062}, 1, true, nil},
		{"foreign key", sqldb.MySQL, &mysqlErr{1452}, 2, true, nil},
		{"error during COMMIT", sqldb.MySQL, &mysqlErr{1180}, 1, false, store.ErrUnavailable},
		{"killed", sqldb.MySQL, &mysqlErr{1927}, 1, false, store.ErrUnavailable},
		{"cancelled", sqldb.MySQL, &mysqlErr{1317}, 1, false, store.ErrUnavailable},
		{"lost", sqldb.MySQL, errors.New("invalid connection"), 1, false, store.ErrUnavailable},

		{"busy", sqldb.SQLite, &moderncErr{5}, 10, true, store.ErrUnavailable},
		{"deferred foreign key", sqldb.SQLite, &moderncErr{787}, 1, true, nil},
		{"deferred foreign key, mattn", sqldb.SQLite, mattnError{19, 787}, 1, true, nil},
		{"disk failing", sqldb.SQLite, &moderncErr{10}, 1, false, store.ErrUnavailable},
		{"disk full", sqldb.SQLite, &moderncErr{13}, 1, false, store.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{fails: map[string]error{"COMMIT": c.err}}
			db, _ := f.open(t, c.kind)
			runs := 0
			err := db.Write(t.Context(), sqldb.BeginOptions{}, func(context.Context) error { runs++; return nil })
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.refused, errors.Is(err, sqldb.ErrRefused), "%v", err)
			require.Equal(t, c.want != nil, errors.Is(err, store.ErrUnavailable), "%v", err)
			require.Equal(t, c.runs, runs)
			require.Equal(t, c.runs, count(f.done(), "ROLLBACK"), "no transaction stays open")
		})
	}
}

// A statement that is a whole write is a commit too: where the database may have carried
// it out, nothing may write again.
func TestStatementThatIsUndone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		kind *sqldb.Database
		err  error
		want bool
	}{
		{"unique", sqldb.PostgreSQL, pgError{"23505"}, true},
		{"deadlock", sqldb.PostgreSQL, pgError{"40P01"}, true},
		{"stale plan", sqldb.PostgreSQL, stalePlan{pgError{"0A000"}}, true},
		{"terminated, perhaps waiting for a standby", sqldb.PostgreSQL, pgError{"57P01"}, false},
		{"connection failure", sqldb.PostgreSQL, pgError{"08006"}, false},
		{"foreign key", sqldb.PostgreSQL, pgError{"23503"}, false},
		{"unique", sqldb.MySQL, &mysqlErr{1062}, true},
		{"deadlock", sqldb.MySQL, &mysqlErr{1213}, true},
		{"killed", sqldb.MySQL, &mysqlErr{1927}, false},
		{"server shuts down", sqldb.MySQL, &mysqlErr{1053}, false},
		{"busy", sqldb.SQLite, &moderncErr{5}, true},
		{"unique", sqldb.SQLite, &moderncErr{2067}, true},
		{"disk failing", sqldb.SQLite, &moderncErr{10}, false},
	} {
		db, _ := (&fake{}).open(t, c.kind)
		require.Equal(t, c.want, db.Undone(fmt.Errorf("wrapped: %w", c.err)), "%s: %v", c.name, c.err)
	}
}

func count(did []string, what string) int {
	return len(did) - len(slices.DeleteFunc(slices.Clone(did), func(d string) bool { return d == what }))
}

func TestCommitRefusedByAConflictRunsAgain(t *testing.T) {
	t.Parallel()
	f := &fake{fails: map[string]error{"COMMIT": &moderncErr{5}}}
	db, _ := f.open(t, sqldb.SQLite)
	runs := 0
	require.NoError(t, db.Write(t.Context(), sqldb.BeginOptions{}, func(context.Context) error {
		if runs++; runs == 3 {
			f.fail("COMMIT", nil)
		}
		return nil
	}))
	require.Equal(t, 3, runs)
}

// Otherwise the pool would hand out a connection with an open transaction.
func TestConnectionIsClosedIfRollbackFails(t *testing.T) {
	t.Parallel()
	for _, rollback := range []error{nil, errors.New("no transaction is active")} {
		f := &fake{fails: map[string]error{"COMMIT": &moderncErr{787}, "ROLLBACK": rollback}}
		db, pool := f.open(t, sqldb.SQLite)
		require.Error(t, db.Write(t.Context(), sqldb.BeginOptions{}, func(context.Context) error { return nil }))
		require.Equal(t, rollback == nil, pool.Stats().OpenConnections == 1)
	}
}

func TestTableOfAnError(t *testing.T) {
	t.Parallel()
	name, ok := sqldb.Table(fmt.Errorf("b: %w", pgxError{TableName: "users"}))
	require.True(t, ok)
	require.Equal(t, "users", name)
	name, _ = sqldb.Table(errors.Join(errors.New("x"), &pqError{Table: "teams"}))
	require.Equal(t, "teams", name)
	for _, err := range []error{nil, errors.New("x"), &mysqlErr{1062}} {
		_, ok = sqldb.Table(err)
		require.False(t, ok)
	}
}

type (
	pgxError struct{ TableName string }
	pqError  struct{ Table string }
)

func (pgxError) Error() string { return "pgx" }
func (*pqError) Error() string { return "pq" }

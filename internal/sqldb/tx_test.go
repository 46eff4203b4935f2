package sqldb_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

func TestStatementsOfATransaction(t *testing.T) {
	t.Parallel()
	f := new(fake)
	for _, c := range []struct {
		name  string
		kind  *sqldb.Database
		begin sqldb.BeginOptions
		err   error
		want  []string
	}{
		{"plain", sqldb.PostgreSQL, sqldb.BeginOptions{}, nil, []string{"BEGIN READ COMMITTED", "x", "COMMIT"}},
		{"SQLite has one isolation level", sqldb.SQLite, sqldb.BeginOptions{}, nil, []string{"BEGIN", "x", "COMMIT"}},
		{"extra statements", sqldb.MySQL, sqldb.BeginOptions{Statement: "lock", After: "unlock"}, nil, []string{"BEGIN READ COMMITTED", "lock", "x", "COMMIT", "unlock"}},
		{"After runs after a failure too", sqldb.MySQL, sqldb.BeginOptions{After: "unlock"}, errors.New("veto"), []string{"BEGIN READ COMMITTED", "x", "ROLLBACK", "unlock"}},
	} {
		db, _ := f.open(t, c.kind)
		err := db.Write(t.Context(), c.begin, func(ctx context.Context) error {
			require.True(t, db.InTransaction(ctx))
			_, err := db.Exec(ctx, "x")
			require.NoError(t, err)
			return c.err
		})
		require.Equal(t, c.err, err, c.name)
		require.Equal(t, c.want, f.done(), c.name)
	}
}

func TestWriteRunsTheFunctionAgain(t *testing.T) {
	t.Parallel()
	var (
		deadlock = pgError{"40P01"}
		boom     = errors.New("boom")
		reset    = &net.OpError{Op: "read", Err: errors.New("reset")}
	)
	passing := func(ctx context.Context, db *sqldb.DB) error { _, err := db.Exec(ctx, "x"); return err }
	hiding := func(ctx context.Context, db *sqldb.DB) error { _, _ = db.Exec(ctx, "x"); return nil }
	renaming := func(ctx context.Context, db *sqldb.DB) error { _, _ = db.Exec(ctx, "x"); return boom }
	host := func(ctx context.Context, _ *sqldb.DB) error {
		tx, _ := sqldb.PackageTx(ctx, "pkg")
		_, err := tx.ExecContext(ctx, "x")
		return err
	}
	returning := func(err error) func(context.Context, *sqldb.DB) error {
		return func(context.Context, *sqldb.DB) error { return err }
	}
	impatient := func(ctx context.Context, db *sqldb.DB) error {
		short, cancel := context.WithDeadline(ctx, time.Now())
		defer cancel()
		_, err := db.Exec(short, "x")
		return err
	}
	for _, c := range []struct {
		name        string
		meets       error // error of the statement x
		lost        bool  // whether the transaction's connection is lost
		fn          func(context.Context, *sqldb.DB) error
		runs        int
		want        error
		unavailable bool
	}{
		{"a conflict", deadlock, false, passing, 10, deadlock, true},
		{"a conflict whose error fn drops", deadlock, false, hiding, 10, deadlock, true},
		{"a conflict for which fn returns another error", deadlock, false, renaming, 10, boom, false},
		{"a conflict of the application's statement", deadlock, false, host, 10, deadlock, true},
		{"a lost connection", io.ErrUnexpectedEOF, true, passing, 10, io.ErrUnexpectedEOF, true},
		{"a lost connection of the application's statement", reset, true, host, 10, reset, true},
		{"a statement that was not sent", unsentErr{true}, true, host, 10, unsentErr{true}, true},
		{"an error of another connection", nil, false, returning(reset), 1, reset, false},
		{"an end of file of something else", nil, false, returning(io.EOF), 1, io.EOF, false},
		{"a foreign key", pgError{"23503"}, false, passing, 2, pgError{"23503"}, false},
		{"a server that cannot answer", pgError{"53100"}, false, passing, 1, pgError{"53100"}, true},
		{"a syntax error", pgError{"42601"}, false, passing, 1, pgError{"42601"}, false},
		{"a syntax error whose error fn drops", pgError{"42601"}, false, hiding, 1, pgError{"42601"}, false},
		{"an error of the function", nil, false, returning(store.ErrVersion), 1, store.ErrVersion, false},
		{"the end of a context made by fn", nil, false, impatient, 1, context.DeadlineExceeded, false},
		{"the end of a context made by the application", nil, true, returning(context.DeadlineExceeded), 1, context.DeadlineExceeded, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := new(fake)
			db, _ := f.open(t, sqldb.PostgreSQL)
			runs := 0
			run := func(ends int) error {
				f.fail("x", c.meets)
				if c.lost {
					f.fail("ROLLBACK", unsentErr{true})
				}
				runs = 0
				return db.Write(t.Context(), sqldb.BeginOptions{}, func(ctx context.Context) error {
					if runs++; runs == ends { // from here on x succeeds
						f.fail("x", nil)
						return nil
					}
					return c.fn(ctx, db)
				})
			}
			err := run(-1)
			require.ErrorIs(t, err, c.want)
			require.Equal(t, c.unavailable, errors.Is(err, store.ErrUnavailable), "%v", err)
			require.NotContains(t, f.done(), "COMMIT")
			require.Equal(t, c.runs, runs, "the number of attempts")
			if c.runs == 1 {
				return
			}
			require.NoError(t, run(2))
			require.Equal(t, 2, runs)
		})
	}
}

// A foreign key is a reason for one more attempt, regardless of the attempts
// made for conflicts.
func TestForeignKeyAfterConflicts(t *testing.T) {
	t.Parallel()
	f := &fake{fails: map[string]error{"lost": pgError{"40001"}, "dangling": pgError{"23503"}}}
	db, _ := f.open(t, sqldb.PostgreSQL)
	runs := 0
	err := db.Write(t.Context(), sqldb.BeginOptions{}, func(ctx context.Context) error {
		meets := []string{"lost", "lost", "dangling", "lost", "dangling", "fine"}[runs]
		runs++
		_, err := db.Exec(ctx, meets)
		return err
	})
	require.ErrorIs(t, err, pgError{"23503"})
	require.Equal(t, 5, runs)
}

func TestWriteTriesToBeginAgain(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"connect", "BEGIN READ COMMITTED", "lock"} {
		f := &fake{fails: map[string]error{step: pgError{"57P01"}}}
		db, _ := f.open(t, sqldb.PostgreSQL)
		runs := 0
		err := db.Write(t.Context(), sqldb.BeginOptions{Statement: "lock"}, func(context.Context) error { runs++; return nil })
		require.ErrorIs(t, err, store.ErrUnavailable, step)
		require.Zero(t, runs, step)
		f.mu.Lock()
		did := len(f.did)
		f.mu.Unlock()
		require.GreaterOrEqual(t, did, 10, step)
	}
}

func TestStatementsAfterAFailureFail(t *testing.T) {
	t.Parallel()
	f := &fake{fails: map[string]error{"x": pgError{"42601"}}}
	db, _ := f.open(t, sqldb.PostgreSQL)
	err := db.Write(t.Context(), sqldb.BeginOptions{}, func(ctx context.Context) error {
		_, first := db.Exec(ctx, "x")
		_, second := db.Exec(ctx, "y")
		require.Equal(t, first, second)
		require.Equal(t, first, db.Query(ctx, "z", nil, nil))
		return nil
	})
	require.ErrorIs(t, err, pgError{"42601"})
	require.Equal(t, []string{"BEGIN READ COMMITTED", "x", "ROLLBACK"}, f.done())
}

// The end of the context ends statements. The rollback comes when the function
// returns, not at any other moment.
func TestRollbackAfterTheEndOfTheContext(t *testing.T) {
	t.Parallel()
	f := new(fake)
	db, _ := f.open(t, sqldb.PostgreSQL)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Write(ctx, sqldb.BeginOptions{}, func(ctx context.Context) error {
		cancel()
		require.ErrorIs(t, db.Query(ctx, "x", nil, nil), context.Canceled)
		tx, _ := sqldb.PackageTx(ctx, "pkg")
		_, err := tx.Exec("y") // with another context
		require.NoError(t, err, "the transaction is still open")
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"BEGIN READ COMMITTED", "y", "ROLLBACK"}, f.done())

	err = db.Write(ctx, sqldb.BeginOptions{}, func(context.Context) error { t.Error("fn runs after the end of the context"); return nil })
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, db.Query(ctx, "x", nil, nil), context.Canceled)
	require.Empty(t, f.done())
}

// When a context ends drivers return errors of many kinds.
func TestErrorOfAnEndedContext(t *testing.T) {
	t.Parallel()
	db, _ := new(fake).open(t, sqldb.PostgreSQL)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, shown := range []error{pgError{"57014"}, io.EOF, unsentErr{true}} {
		err := db.Report(ctx, shown)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, store.ErrUnavailable)
	}
}

func TestTransactionsOfOneWriterQueue(t *testing.T) {
	t.Parallel()
	for kind, waits := range map[*sqldb.Database]bool{sqldb.SQLite: true, sqldb.PostgreSQL: false} {
		db, _ := new(fake).open(t, kind)
		require.NoError(t, db.Write(t.Context(), sqldb.BeginOptions{}, func(context.Context) error {
			short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			ran := false
			err := db.Write(short, sqldb.BeginOptions{}, func(context.Context) error { ran = true; return nil })
			require.Equal(t, !waits, ran)
			if waits {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			return nil
		}))
		require.NoError(t, db.Write(t.Context(), sqldb.BeginOptions{}, func(context.Context) error { return nil }), "the queue goes on after a timeout")
	}
}

func TestPingTriesAgain(t *testing.T) {
	t.Parallel()
	f := &fake{fails: map[string]error{"connect": &moderncErr{5}}}
	db, _ := f.open(t, sqldb.SQLite)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.Error(t, db.Ping(ctx))
	f.mu.Lock()
	require.Greater(t, len(f.did), 1)
	f.mu.Unlock()
	f.fail("connect", errors.New("not a database"))
	require.ErrorContains(t, db.Ping(t.Context()), "not a database")
	f.fail("connect", nil)
	require.NoError(t, db.Ping(t.Context()))
}

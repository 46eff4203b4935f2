package sqlstore_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

func TestOpenSQLiteRejectsInvalidArguments(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() (*sqlstore.DB, error){
		"no path":        func() (*sqlstore.DB, error) { return sqlstore.OpenSQLite("sqlite", "") },
		"in memory":      func() (*sqlstore.DB, error) { return sqlstore.OpenSQLite("sqlite", ":memory:") },
		"in memory, URI": func() (*sqlstore.DB, error) { return sqlstore.OpenSQLite("sqlite", "file::memory:?cache=shared") },
		"no driver": func() (*sqlstore.DB, error) {
			return sqlstore.OpenSQLite("no such driver", filepath.Join(t.TempDir(), "x"))
		},
		"no directory": func() (*sqlstore.DB, error) {
			return sqlstore.OpenSQLite("sqlite", filepath.Join(t.TempDir(), "no", "x"))
		},
		"no database":   func() (*sqlstore.DB, error) { return sqlstore.New(nil, sqlstore.SQLite) },
		"no dialect":    func() (*sqlstore.DB, error) { return sqlstore.New(new(sql.DB), sqlstore.Dialect{}) },
		"not an SQLite": func() (*sqlstore.DB, error) { return sqlstore.OpenSQLite("sqlite", textFile(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open()
			require.Error(t, err)
		})
	}
}

func textFile(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("text "), 100), 0o600))
	return path
}

func TestSQLiteFileIsPrivateAndAtThePath(t *testing.T) {
	t.Parallel()
	d := sqlite(t)
	db := d.store(t)
	_, err := db.Store(schema.UserType).Create(t.Context(), storetest.Creation(user(1)))
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(d.path), "*"))
	require.NoError(t, err)
	require.Contains(t, files, d.path)
	require.Len(t, files, 3, "database, WAL and its index")
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), file)
	}
}

func TestSQLiteConnectionsAreSetUp(t *testing.T) {
	t.Parallel()
	db := sqlite(t).store(t)
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
			var got string
			require.NoError(t, tx.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&got))
			require.Equal(t, want, got, pragma)
		}
		return nil
	}))
}

// A deferred transaction that reads first may fail when it writes.
func TestTransactionHoldsWriteLockFromItsFirstStatement(t *testing.T) {
	t.Parallel()
	d := sqlite(t)
	db, other := d.store(t), d.open(t)
	users := db.Store(schema.UserType)
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		_, err := users.Get(ctx, "x", store.GetOptions{})
		require.ErrorIs(t, err, store.ErrNotFound)
		conn, err := other.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		_, err = conn.ExecContext(t.Context(), "PRAGMA busy_timeout=0")
		require.NoError(t, err)
		_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
		require.ErrorContains(t, err, "locked")
		return nil
	}))
}

// A statement that the application prepared before the transaction is part of it:
// database/sql runs the one that the connection has already.
func TestTransactionHasPreparedStatementsOfTheApplication(t *testing.T) {
	t.Parallel()
	db := sqlite(t).store(t)
	pool := db.Database().(*sql.DB)
	_, err := pool.ExecContext(t.Context(), "CREATE TABLE app (name TEXT)")
	require.NoError(t, err)
	insert, err := pool.PrepareContext(t.Context(), "INSERT INTO app VALUES (?)")
	require.NoError(t, err)
	defer insert.Close()
	names, err := pool.PrepareContext(t.Context(), "SELECT COUNT(*) FROM app")
	require.NoError(t, err)
	defer names.Close()
	failed := errors.New("the application gives up")
	err = db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		_, err := tx.StmtContext(ctx, insert).ExecContext(ctx, "x")
		require.NoError(t, err)
		return failed
	})
	require.ErrorIs(t, err, failed)
	n := -1
	require.NoError(t, names.QueryRowContext(t.Context()).Scan(&n))
	require.Zero(t, n, "rolled back")
}

// A database opened by the application works too, with one pool for all.
func TestSQLiteOpenedByTheApplication(t *testing.T) {
	t.Parallel()
	d := sqlite(t)
	pool, err := sql.Open("sqlite", d.dsn+"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	require.NoError(t, err)
	defer pool.Close()
	db, err := sqlstore.New(pool, sqlstore.SQLite)
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context()))
	_, err = db.Store(schema.UserType).Create(t.Context(), storetest.Creation(user(1)))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.NoError(t, pool.PingContext(t.Context()), "Close leaves it open")
	require.Equal(t, 1, count(t, db))
}

func TestWeakSettingsAreReported(t *testing.T) {
	t.Parallel()
	d := sqlite(t)
	var log bytes.Buffer
	pool, err := sql.Open("sqlite", d.dsn+"&_pragma=synchronous(NORMAL)")
	require.NoError(t, err)
	defer pool.Close()
	db, err := sqlstore.New(pool, sqlstore.SQLite, sqlstore.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context()))
	require.Contains(t, log.String(), "synchronous")
	require.Contains(t, log.String(), "journal_mode")
	log.Reset()
	d.store(t, sqlstore.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	require.Empty(t, log.String())
}

// An acknowledged write survives a kill of the process.
func TestKillLosesNoAcknowledgedWrite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "scim.db")
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperCreatesUntilKilled$")
	cmd.Env = append(os.Environ(), "SCIM_TEST_HELPER="+path)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	var last string
	for range 20 {
		require.True(t, lines.Scan(), "%v", lines.Err())
		last = lines.Text()
	}
	require.NoError(t, cmd.Process.Kill())
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "id ") {
			last = lines.Text()
		}
	}
	_ = cmd.Wait()

	db, err := sqlstore.OpenSQLite("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.Migrate(t.Context()))
	users := db.Store(schema.UserType)
	_, err = users.Get(t.Context(), strings.TrimPrefix(last, "id "), store.GetOptions{})
	require.NoError(t, err, last)
	require.GreaterOrEqual(t, count(t, db), 20)
}

func TestHelperCreatesUntilKilled(t *testing.T) {
	path := os.Getenv("SCIM_TEST_HELPER")
	if path == "" {
		t.Skip("only as a process of its own")
	}
	db, err := sqlstore.OpenSQLite("sqlite", path)
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context()))
	users := db.Store(schema.UserType)
	for n := 0; ; n++ {
		u, err := users.Create(t.Context(), storetest.Creation(user(n)))
		require.NoError(t, err)
		fmt.Println("id " + u.ID)
	}
}

// A list with a row that violates the schema must not fail.
func TestInvalidRowIsReturnedAndLogged(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		var log bytes.Buffer
		db := d.store(t, sqlstore.Logger(slog.New(slog.NewTextHandler(&log, nil))))
		users := db.Store(schema.UserType)
		for n := range 3 {
			_, err := users.Create(t.Context(), storetest.Creation(user(n)))
			require.NoError(t, err)
		}
		pool := d.open(t)
		for n, body := range []string{`{"userName":"a","active":{"x":"secret"},"gone":1}`, `not JSON`} {
			_, err := pool.Exec(fmt.Sprintf("UPDATE scim_resource SET body = '%s' WHERE id = '%s'", body, user(n).ID))
			require.NoError(t, err)
		}
		page, err := users.List(t.Context(), &store.Query{Count: 10, Total: true})
		require.NoError(t, err)
		require.Equal(t, 3, page.Total)
		require.Len(t, page.Resources, 3)
		require.Equal(t, "a", page.Resources[0].Get(schema.UserType.MustResolve("userName").Last()).Text())
		require.Equal(t, 2, strings.Count(log.String(), "does not fit"), log.String())
		require.Contains(t, log.String(), user(0).ID)
		require.NotContains(t, log.String(), "secret")
	})
}

// A body is returned as it is stored only if the process that wrote the row said what
// form it has: an older release counts up the version alone.
func TestBodyOfAnotherRelease(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		var log bytes.Buffer
		db := d.store(t, sqlstore.Logger(slog.New(slog.NewTextHandler(&log, nil))))
		users := db.Store(schema.UserType)
		made, err := users.Create(t.Context(), storetest.Creation(user(0)))
		require.NoError(t, err)
		pool := d.open(t)
		format := func() (n int64) {
			require.NoError(t, pool.QueryRow("SELECT body_format - version FROM scim_resource").Scan(&n))
			return n
		}
		require.Equal(t, schema.UserType.StoredFormat(), format())

		_, err = pool.Exec(`UPDATE scim_resource SET version = version + 1, body = '{"userName":"a","active":"gone"}'`)
		require.NoError(t, err)
		require.NotEqual(t, schema.UserType.StoredFormat(), format())
		read, err := users.Get(t.Context(), made.ID, store.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, `{"userName":"a"}`, string(read.Attributes.AppendJSON(nil)))
		require.Equal(t, 1, strings.Count(log.String(), "does not fit"), log.String())

		_, err = users.Update(t.Context(), &store.Change{ID: read.ID, After: read, Before: read})
		require.NoError(t, err)
		require.Equal(t, schema.UserType.StoredFormat(), format())
	})
}

// Only the transactions of DeferSync are committed without waiting for the disk.
func TestDeferredTransactions(t *testing.T) {
	t.Parallel()
	db := sqlite(t).store(t)
	deferred, sync := db.DeferSync(t.Context())
	for i, c := range []struct {
		ctx         context.Context
		synchronous int
	}{{t.Context(), 2}, {deferred, 1}, {t.Context(), 2}} {
		require.NoError(t, db.InTx(c.ctx, func(ctx context.Context) error {
			tx, ok := sqlstore.Tx(ctx)
			require.True(t, ok)
			var synchronous int
			require.NoError(t, tx.QueryRow("PRAGMA synchronous").Scan(&synchronous))
			require.Equal(t, c.synchronous, synchronous)
			made, err := db.Store(schema.UserType).Create(ctx, storetest.Creation(user(i)))
			if err == nil {
				_, err = db.Store(schema.UserType).Get(ctx, made.ID, store.GetOptions{}) // the same transaction
			}
			return err
		}))
		require.NoError(t, sync())
	}
	page, err := db.Store(schema.UserType).List(t.Context(), &store.Query{Count: 10, Total: true})
	require.NoError(t, err)
	require.Equal(t, 3, page.Total)
	require.NoError(t, db.Close())
	require.ErrorIs(t, sync(), store.ErrUnavailable)
}

// A database that the application opened puts each commit on disk.
func TestOtherDatabasesDeferNothing(t *testing.T) {
	t.Parallel()
	db, err := sqlstore.New(new(sql.DB), sqlstore.SQLite)
	require.NoError(t, err)
	ctx, sync := db.DeferSync(t.Context())
	require.Equal(t, t.Context(), ctx)
	require.NoError(t, sync())
}

// The connection of deferred transactions keeps its statements: one that is in use is
// not used a second time, one that failed works again, and their number is bounded.
func TestDeferredTransactionsKeepStatements(t *testing.T) {
	t.Parallel()
	db := sqlite(t).store(t)
	ctx, sync := db.DeferSync(t.Context())
	users := db.Store(schema.UserType)
	for range 2 {
		require.NoError(t, db.InTx(ctx, func(ctx context.Context) error {
			tx, _ := sqlstore.Tx(ctx)
			const numbers = "SELECT column1 FROM (VALUES (1), (2), (3)) WHERE column1 >= ?"
			sum := func(read func(int)) {
				rows, err := tx.QueryContext(ctx, numbers, 1)
				require.NoError(t, err)
				defer rows.Close()
				for rows.Next() {
					var n int
					require.NoError(t, rows.Scan(&n))
					read(n)
				}
				require.NoError(t, rows.Err())
			}
			total := 0
			sum(func(n int) { sum(func(m int) { total += n * m }) })
			require.Equal(t, 36, total)
			for i := range 150 {
				var n int
				require.NoError(t, tx.QueryRowContext(ctx, fmt.Sprintf("SELECT %d + ?", i), 1).Scan(&n))
				require.Equal(t, i+1, n)
			}
			_, err := tx.ExecContext(ctx, "SELECT 1; SELECT 2")
			return err
		}))
	}
	for i := range 3 {
		_, err := users.Create(ctx, storetest.Creation(user(i)))
		require.NoError(t, err)
		var taken *store.UniquenessError
		other := user(i)
		other.ID += "x"
		_, err = users.Create(ctx, storetest.Creation(other))
		require.ErrorAs(t, err, &taken)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err := users.Create(gone, storetest.Creation(user(9)))
	require.Error(t, err)
	_, err = users.Create(ctx, storetest.Creation(user(10)))
	require.NoError(t, err)
	require.NoError(t, sync())
}

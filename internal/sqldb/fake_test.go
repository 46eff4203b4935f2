package sqldb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// fake is a driver that records the statements it is given.
type fake struct {
	mu  sync.Mutex
	did []string
	// fails has the errors of "connect", "BEGIN", "COMMIT", "ROLLBACK" and
	// statements.
	fails map[string]error
	times map[string]int // the number of failures still to come; absent: no bound
}

// open returns a DB on the fake, as if it were a kind of database.
func (f *fake) open(t *testing.T, kind *sqldb.Database) (*sqldb.DB, *sql.DB) {
	pool := sql.OpenDB(f)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return sqldb.New("pkg", pool, kind), pool
}

func (f *fake) do(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.did = append(f.did, what)
	if left, counted := f.times[what]; counted {
		if left == 0 {
			return nil
		}
		f.times[what]--
	}
	return f.fails[what]
}

// failTimes makes a statement fail the next n times.
func (f *fake) failTimes(what string, err error, n int) {
	f.fail(what, err)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.times = map[string]int{what: n}
}

// done returns the recorded statements and clears the record.
func (f *fake) done() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	did := slices.DeleteFunc(f.did, func(what string) bool { return what == "connect" })
	f.did = nil
	return did
}

// fail makes a statement fail from now on; with a nil error it succeeds again.
func (f *fake) fail(what string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails == nil {
		f.fails = map[string]error{}
	}
	f.fails[what] = err
	delete(f.times, what)
}

func (f *fake) Driver() driver.Driver { return nil }

func (f *fake) Connect(context.Context) (driver.Conn, error) {
	if err := f.do("connect"); err != nil {
		return nil, err
	}
	return fakeConn{f}, nil
}

type fakeConn struct{ *fake }

func (fakeConn) Prepare(string) (driver.Stmt, error) { panic("not used") }
func (fakeConn) Close() error                        { return nil }
func (fakeConn) Begin() (driver.Tx, error)           { panic("not used") }
func (c fakeConn) Commit() error                     { return c.do("COMMIT") }
func (c fakeConn) Rollback() error                   { return c.do("ROLLBACK") }

func (c fakeConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	what := "BEGIN"
	if o.Isolation == driver.IsolationLevel(sql.LevelReadCommitted) {
		what += " READ COMMITTED"
	}
	if ctx.Done() != nil {
		what += ", rolled back by the end of the context"
	}
	return c, c.do(what)
}

func (c fakeConn) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), c.do(query)
}

func (c fakeConn) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	return &fakeRows{}, c.do(query)
}

// fakeRows is a result of one row, the number 7.
type fakeRows struct{ read bool }

func (*fakeRows) Columns() []string { return []string{"n"} }
func (*fakeRows) Close() error      { return nil }

func (r *fakeRows) Next(dest []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read, dest[0] = true, int64(7)
	return nil
}

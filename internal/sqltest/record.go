package sqltest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Recorder is a driver that records the statements of another one, also those that are
// prepared, and BEGIN and COMMIT.
type Recorder struct {
	driver.Driver
	Before func(query string) // is called before a prepared query

	mutex sync.Mutex
	seen  []string
}

var recorders atomic.Int32

// Record returns a recorder of the statements of a driver, and the name under which it
// is registered.
func Record(t testing.TB, driver string) (*Recorder, string) {
	plain, err := sql.Open(driver, "")
	require.NoError(t, err)
	defer plain.Close()
	r, name := &Recorder{Driver: plain.Driver()}, fmt.Sprintf("recorded %s %d", driver, recorders.Add(1))
	sql.Register(name, r)
	return r, name
}

// Open implements driver.Driver.
func (r *Recorder) Open(dsn string) (driver.Conn, error) {
	conn, err := r.Driver.Open(dsn)
	recorded := &recordedConn{conn, r}
	if checker, ok := conn.(driver.NamedValueChecker); ok {
		return checkedConn{recorded, checker}, err
	}
	return recorded, err
}

// record records a statement that ran.
func (r *Recorder) record(query string, err error) {
	if errors.Is(err, driver.ErrSkip) {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.seen = append(r.seen, query)
}

// Statements returns the statements that an action runs.
func (r *Recorder) Statements(action func()) []string {
	r.mutex.Lock()
	r.seen = nil
	r.mutex.Unlock()
	action()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.seen
}

type recordedConn struct {
	driver.Conn
	recorder *Recorder
}

func (c *recordedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	c.recorder.record(query, err)
	return result, err
}

func (c *recordedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
	c.recorder.record(query, err)
	return rows, err
}

func (c *recordedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	return &recordedStmt{s, c.recorder, query}, err
}

func (c *recordedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	c.recorder.record("BEGIN", err)
	return &recordedTx{tx, c.recorder}, err
}

func (c *recordedConn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

// checkedConn is a recordedConn of a driver that checks the arguments.
type checkedConn struct {
	*recordedConn
	driver.NamedValueChecker
}

type recordedTx struct {
	driver.Tx
	recorder *Recorder
}

func (t *recordedTx) Commit() error {
	err := t.Tx.Commit()
	t.recorder.record("COMMIT", err)
	return err
}

type recordedStmt struct {
	driver.Stmt
	recorder *Recorder
	query    string
}

func (s *recordedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.recorder.record(s.query, nil)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s *recordedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.recorder.record(s.query, nil)
	if s.recorder.Before != nil {
		s.recorder.Before(s.query)
	}
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

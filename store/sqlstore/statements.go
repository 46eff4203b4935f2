package sqlstore

import (
	"context"
	"database/sql/driver"
	"strings"
)

// A connection keeps up to maxStatements statements of up to maxStatementText bytes,
// some 10 kB each. The texts that depend on a filter or on a number of rows are many
// more: where there is no room, any statement makes way.
const (
	maxStatements    = 100
	maxStatementText = 2000
)

// fullConn has the methods of a connection that statementConn needs.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

// statement has the methods of a prepared statement that statementConn needs.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// statementConn is a connection that keeps its statements prepared: to parse them is
// half of a look-up. SQLite itself prepares them anew after a change of the tables. It
// is used by one goroutine at a time.
type statementConn struct {
	fullConn
	idle   map[string]statement // prepared and not in use, by text
	begins bool                 // the next statement begins a transaction
}

// keepStatements wraps a connection, unless it lacks what that needs.
func keepStatements(c driver.Conn) driver.Conn {
	full, ok := c.(fullConn)
	if !ok {
		return c
	}
	if _, ok := c.(driver.NamedValueChecker); ok {
		return c
	}
	return &statementConn{fullConn: full, idle: map[string]statement{}}
}

// take returns a prepared statement, nil if the driver has none that can be kept.
func (c *statementConn) take(ctx context.Context, query string) (statement, error) {
	if s, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return s, nil
	}
	if len(query) > maxStatementText || strings.Contains(query, ";") {
		return nil, nil
	}
	prepared, err := c.fullConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if s, ok := prepared.(statement); ok {
		return s, nil
	}
	return nil, prepared.Close()
}

// put keeps a statement that is not in use any more.
func (c *statementConn) put(query string, s statement) error {
	if _, doubled := c.idle[query]; doubled {
		return s.Close()
	}
	var err error
	if len(c.idle) == maxStatements {
		for text, other := range c.idle {
			delete(c.idle, text)
			err = other.Close()
			break
		}
	}
	c.idle[query] = s
	return err
}

// BeginTx implements driver.ConnBeginTx. The first statement of the transaction begins
// it, with the context of that statement, which ends the wait for another process.
// IMMEDIATE takes the write lock before the first read: a transaction that reads first
// fails if another one writes between its first read and its first write.
func (c *statementConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o != (driver.TxOptions{}) {
		return c.fullConn.BeginTx(ctx, o)
	}
	c.begins = true
	return statementTx{c}, nil
}

// begin begins the transaction before its first statement.
func (c *statementConn) begin(ctx context.Context) error {
	if !c.begins {
		return nil
	}
	if _, err := c.exec(ctx, "BEGIN IMMEDIATE", nil); err != nil {
		// It may have begun: a driver that sees the context end then returns its error.
		_, _ = c.exec(context.Background(), "ROLLBACK", nil)
		return err
	}
	c.begins = false
	return nil
}

// statementTx is a transaction of a statementConn.
type statementTx struct{ c *statementConn }

// Commit implements driver.Tx.
func (t statementTx) Commit() error {
	if t.c.begins {
		t.c.begins = false
		return nil
	}
	_, err := t.c.exec(context.Background(), "COMMIT", nil)
	if err != nil {
		t.Rollback() // else the transaction stays open where the commit was refused
	}
	return err
}

// Rollback implements driver.Tx.
func (t statementTx) Rollback() error {
	if t.c.begins {
		t.c.begins = false
		return nil
	}
	_, err := t.c.exec(context.Background(), "ROLLBACK", nil)
	return err
}

// PrepareContext implements driver.ConnPrepareContext. The statement may be prepared
// outside of a transaction and run in one (sql.Tx.StmtContext).
func (c *statementConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	prepared, err := c.fullConn.PrepareContext(ctx, query)
	if s, ok := prepared.(statement); ok && err == nil {
		return &beginningStatement{s, c}, nil
	}
	return prepared, err
}

// beginningStatement is a statement of the application, which begins a transaction as
// the other statements of the connection do.
type beginningStatement struct {
	statement
	c *statementConn
}

// ExecContext implements driver.StmtExecContext.
func (s *beginningStatement) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.c.begin(ctx); err != nil {
		return nil, err
	}
	return s.statement.ExecContext(ctx, args)
}

// QueryContext implements driver.StmtQueryContext.
func (s *beginningStatement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.c.begin(ctx); err != nil {
		return nil, err
	}
	return s.statement.QueryContext(ctx, args)
}

// CheckNamedValue implements driver.NamedValueChecker.
func (s *beginningStatement) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := s.statement.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// ExecContext implements driver.ExecerContext.
func (c *statementConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c.exec(ctx, query, args)
}

func (c *statementConn) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.fullConn.ExecContext(ctx, query, args)
	}
	result, err := s.ExecContext(ctx, args)
	if closeErr := c.put(query, s); err == nil {
		err = closeErr
	}
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *statementConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.fullConn.QueryContext(ctx, query, args)
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		c.put(query, s)
		return nil, err
	}
	return &statementRows{rows, func() error { return c.put(query, s) }}, nil
}

// statementRows is a result that returns its statement when it is closed.
type statementRows struct {
	driver.Rows
	put func() error
}

// Close implements driver.Rows.
func (r *statementRows) Close() error {
	err := r.Rows.Close()
	if putErr := r.put(); err == nil {
		err = putErr
	}
	return err
}

// Close implements driver.Conn.
func (c *statementConn) Close() error {
	for _, s := range c.idle {
		s.Close()
	}
	return c.fullConn.Close()
}

// Ping implements driver.Pinger.
func (c *statementConn) Ping(ctx context.Context) error {
	if p, ok := c.fullConn.(driver.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}

// ResetSession implements driver.SessionResetter.
func (c *statementConn) ResetSession(ctx context.Context) error {
	if r, ok := c.fullConn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

// IsValid implements driver.Validator.
func (c *statementConn) IsValid() bool {
	v, ok := c.fullConn.(driver.Validator)
	return !ok || v.IsValid()
}

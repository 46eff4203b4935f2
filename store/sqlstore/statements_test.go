package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// lateConn is a connection whose context ends, with late, after a statement ran and
// before the driver returns.
type lateConn struct {
	driver.Conn
	late  bool
	begun bool
}

func (c *lateConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return nil, driver.ErrSkip
}

func (c *lateConn) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return unkeptStmt{}, nil
}

func (c *lateConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return nil, driver.ErrSkip
}

func (c *lateConn) ExecContext(ctx context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	begin := query == "BEGIN IMMEDIATE"
	if (begin || query == "ROLLBACK") && begin == c.begun {
		return nil, errors.New("in a transaction already, or in none")
	}
	if begin || query == "ROLLBACK" {
		c.begun = begin
	}
	if c.late && ctx.Done() != nil {
		return nil, context.Canceled
	}
	return driver.ResultNoRows, nil
}

// unkeptStmt is a statement that cannot be kept prepared.
type unkeptStmt struct{ driver.Stmt }

func (unkeptStmt) Close() error { return nil }

// The context of a first statement may end after BEGIN ran: the connection is not left
// in the transaction, which would make all later ones fail.
func TestTransactionThatBeganAsItsContextEndedIsRolledBack(t *testing.T) {
	conn := &lateConn{late: true}
	kept := sqlstore.KeepStatements(conn)
	write := func() error {
		tx, err := kept.(driver.ConnBeginTx).BeginTx(t.Context(), driver.TxOptions{})
		require.NoError(t, err)
		_, err = kept.(driver.ExecerContext).ExecContext(t.Context(), "DELETE FROM scim_token", nil)
		require.NoError(t, tx.Rollback())
		return err
	}
	require.ErrorIs(t, write(), context.Canceled)
	require.False(t, conn.begun)
	conn.late = false
	require.NoError(t, write())
	require.False(t, conn.begun)
}

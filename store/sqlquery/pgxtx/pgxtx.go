// Package pgxtx gives hooks the transaction of a write as a [pgx.Tx], for
// applications that use pgx or sqlc with pgx. It is a module of its own, so that
// the library requires no driver.
//
// Such an application keeps its one pool; the library uses it by
//
//	db, err := sqlquery.New(stdlib.OpenDBFromPool(pool), sqlquery.PostgreSQL)
package pgxtx

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// ErrOwner is the error of Commit and Rollback of the transaction of a write. The
// library commits it, or rolls it back after an error of the hook.
var ErrOwner = errors.New("pgxtx: the library ends this transaction: return nil to commit it, or an error to roll it back")

// From returns the innermost transaction of a context, begun by InTx of a
// sqlquery.DB or a sqlstore.DB; hooks get such a context. Statements in it are
// committed with the write or not at all. Begin makes a savepoint, as in pgx. Commit
// and Rollback return [ErrOwner].
//
// From reports false if the context has no transaction, if the application began it
// (sqlquery.DB.WithTx; then it has it already), or if the driver is not pgx.
//
// The transaction is for one goroutine and valid until the hook returns. Rows must
// be closed before the hook returns. The hook returns errors of statements: the
// library runs the write again after a conflict, and PostgreSQL refuses every later
// statement.
func From(ctx context.Context) (pgx.Tx, bool) {
	conn, ok := sqldb.Conn(ctx)
	if !ok {
		return nil, false
	}
	var t *transaction
	err := conn.Raw(func(driverConn any) error {
		if c, ok := driverConn.(*stdlib.Conn); ok {
			t = &transaction{conn: c.Conn()}
		}
		return nil
	})
	if err != nil || t == nil {
		return nil, false
	}
	return t, true
}

// transaction is a transaction that has begun on a connection. depth is the number
// of savepoints around it.
type transaction struct {
	conn  *pgx.Conn
	depth int
}

func (t *transaction) Commit(context.Context) error   { return ErrOwner }
func (t *transaction) Rollback(context.Context) error { return ErrOwner }
func (t *transaction) Conn() *pgx.Conn                { return t.conn }

// Begin makes a savepoint. Commit of the result releases it, Rollback returns to
// it.
func (t *transaction) Begin(ctx context.Context) (pgx.Tx, error) {
	s := &savepoint{transaction: transaction{t.conn, t.depth + 1}}
	if _, err := t.conn.Exec(ctx, "SAVEPOINT "+s.name()); err != nil {
		return nil, err
	}
	return s, nil
}

func (t *transaction) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.conn.Exec(ctx, sql, args...)
}

func (t *transaction) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, sql, args...)
}

func (t *transaction) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, sql, args...)
}

func (t *transaction) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return t.conn.Prepare(ctx, name, sql)
}

func (t *transaction) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.conn.CopyFrom(ctx, table, columns, rows)
}

func (t *transaction) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}

// LargeObjects returns the large objects of the transaction. Only a transaction that
// pgx has begun has them; an empty statement takes the place of BEGIN.
func (t *transaction) LargeObjects() pgx.LargeObjects {
	tx, err := t.conn.BeginTx(context.Background(), pgx.TxOptions{BeginQuery: ";"})
	if err != nil { // the connection is lost, and closed
		return pgx.LargeObjects{}
	}
	return tx.LargeObjects()
}

// savepoint is a pseudo nested transaction.
type savepoint struct {
	transaction
	ended bool
}

func (s *savepoint) name() string { return "scim_" + strconv.Itoa(s.depth) }

func (s *savepoint) Commit(ctx context.Context) error { return s.end(ctx, "RELEASE SAVEPOINT ") }

func (s *savepoint) Rollback(ctx context.Context) error {
	return s.end(ctx, "ROLLBACK TO SAVEPOINT ")
}

func (s *savepoint) end(ctx context.Context, statement string) error {
	if s.ended {
		return pgx.ErrTxClosed
	}
	s.ended = true
	_, err := s.conn.Exec(ctx, statement+s.name())
	return err
}

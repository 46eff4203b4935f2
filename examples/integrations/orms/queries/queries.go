// Package queries has the form of the code that sqlc generates.
package queries

import (
	"context"
	"database/sql"
)

// DBTX is a *sql.DB or a *sql.Tx.
type DBTX interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// New returns the queries of a database or a transaction.
func New(db DBTX) *Queries { return &Queries{db: db} }

// Queries are the statements of the application.
type Queries struct{ db DBTX }

const endSessions = `DELETE FROM sessions WHERE account_id = ?`

// EndSessions deletes the sessions of an account.
func (q *Queries) EndSessions(ctx context.Context, accountID int64) error {
	_, err := q.db.ExecContext(ctx, endSessions, accountID)
	return err
}

package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// packageName is the prefix of errors, and identifies this package's
// transactions.
const packageName = "sqlstore"

// Tx returns the transaction that [DB.InTx] began or joined, for statements of
// the application that belong to the same write. The caller must not commit it
// or roll it back. If a statement fails, the function of InTx must return its
// error.
func Tx(ctx context.Context) (*sql.Tx, bool) { return sqldb.PackageTx(ctx, packageName) }

// InTx implements [store.Transactor]. fn runs again, in a new transaction,
// after a conflict or a connection lost before the commit, and once after a
// violation of a foreign key. If the database refuses the commit, because of a
// deferred constraint of the application's tables, the error is unknown (500).
// After any other error of the commit its outcome is unknown: fn does not run
// again and the error is store.ErrUnavailable (503).
//
// InTx joins a transaction on the same *sql.DB, also one of a sqlquery.DB, so
// that an outbox here takes part in writes there. Keys are not rebuilt in a
// joined transaction: while they must be rebuilt InTx returns
// store.ErrUnavailable (503), until [DB.Migrate] or a call outside of
// transactions has rebuilt them for all types.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if ctx, ok := db.sql.Join(ctx); ok {
		if err := db.prepareWithin(ctx, true); err != nil {
			return err
		}
		return fn(ctx)
	}
	if err := db.prepare(ctx); err != nil {
		return err
	}
	return db.sql.Write(ctx, sqldb.BeginOptions{Statement: db.startWrite}, fn)
}

// exec runs a statement and returns the number of rows that it changed.
func (db *DB) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := db.sql.Exec(ctx, db.d.bind(query), args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return n, db.sql.Report(ctx, err)
}

// query runs a statement and calls row for each row of its result.
func (db *DB) query(ctx context.Context, query string, args []any, row func(scan func(...any) error) error) error {
	return db.sql.Query(ctx, db.d.bind(query), args, row)
}

var errNoRow = errors.New("sqlstore: no row")

// one reads the single row of a result into dest; errNoRow if there is none.
func (db *DB) one(ctx context.Context, query string, args []any, dest ...any) error {
	found := false
	err := db.query(ctx, query, args, func(scan func(...any) error) error {
		found = true
		return scan(dest...)
	})
	if err == nil && !found {
		return errNoRow
	}
	return err
}

package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// packageName names this package in errors, and its transactions.
const packageName = "sqlstore"

// Tx returns the transaction of a context that [DB.InTx] made, for statements
// of the application which belong to the same write: the one that it began or
// joined. It is committed or rolled back by who began it, and a statement that
// fails must make InTx's function return that error.
func Tx(ctx context.Context) (*sql.Tx, bool) { return sqldb.PackageTx(ctx, packageName) }

// InTx implements [store.Transactor]. fn runs again, in a new transaction,
// after a conflict or a connection lost before the commit, and once after a
// violation of a foreign key. A commit that the database refused, for deferred
// constraints of the application's tables, is an unknown error (500). One that
// failed otherwise may have taken place or not: that is store.ErrUnavailable
// (503) at once.
//
// A transaction on the same *sql.DB is joined, also one of a sqlquery.DB, so that
// an outbox here belongs to writes there. Keys are not rebuilt in it: until
// [DB.Migrate], or a call outside of transactions, has done so for all types it
// returns store.ErrUnavailable (503).
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
	return db.sql.Write(ctx, sqldb.BeginOptions{Statement: db.d.startWrite}, fn)
}

// exec runs a statement and returns the number of rows it concerned.
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

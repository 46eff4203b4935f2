package sqlquery

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// packageName is the prefix of errors, and identifies this package's
// transactions.
const packageName = "sqlquery"

// Tx returns the transaction of a context, for statements of the application
// that belong to the same write. A [DB] began it, joined it in InTx, or got it in
// [DB.WithTx]. The caller must not commit it or roll it back. If a statement
// fails, the function of InTx must return its error.
func Tx(ctx context.Context) (*sql.Tx, bool) { return sqldb.PackageTx(ctx, packageName) }

// TxOn returns the transaction of a context on one database, whichever package
// began it, a sqlstore.DB for example. It reports false if the context has only
// transactions on other databases.
func TxOn(ctx context.Context, db *sql.DB) (*sql.Tx, bool) { return sqldb.DatabaseTx(ctx, db) }

// WithTx returns a context whose calls run in tx, a transaction on the database
// given to [New]. The application began it and ends it. Every store on the same
// *sql.DB joins it, and no other store. With SQLite begin it with a write (BEGIN
// IMMEDIATE); otherwise it fails if another transaction writes between its first
// read and its first write.
func (db *DB) WithTx(ctx context.Context, tx *sql.Tx) context.Context { return db.sql.Adopt(ctx, tx) }

// InTx implements [store.Transactor]. fn runs again, in a new transaction,
// after a conflict or a connection lost before the commit, and once after a
// violation of a foreign key. If the database refuses the commit the error is
// that of a statement, for example [*store.UniquenessError] (409). After any
// other error of the commit its outcome is unknown: fn does not run again and
// the error is store.ErrUnavailable (503).
//
// InTx joins a transaction on the same *sql.DB, also one of a sqlstore.DB.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if ctx, ok := db.sql.Join(ctx); ok {
		if err := db.sql.Ready(ctx); err != nil {
			return err
		}
		return fn(ctx)
	}
	err := db.sql.Write(ctx, sqldb.BeginOptions{Statement: db.startWrite()}, func(ctx context.Context) error { return fn(db.withHeld(ctx)) })
	if errors.Is(err, sqldb.ErrRefused) {
		return db.refused(err)
	}
	return err
}

// refused converts the error of a deferred constraint, which the database
// reports at the commit, to the error of a statement on the table.
func (db *DB) refused(err error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	name, ok := sqldb.Table(err)
	i := slices.IndexFunc(db.tables, func(r registered) bool {
		return ok && r.name[strings.LastIndex(r.name, ".")+1:] == name
	})
	if i < 0 {
		return err
	}
	return db.tables[i].refused(err)
}

// startWrite returns a statement that takes SQLite's write lock before the
// first read, as BEGIN IMMEDIATE does. Otherwise a transaction that reads first
// fails if another transaction writes between its first read and first write.
func (db *DB) startWrite() string {
	db.mu.Lock()
	defer db.mu.Unlock()
	if !db.d.kind.OneWriter || len(db.tables) == 0 {
		return ""
	}
	return "DELETE FROM " + db.d.ident(db.tables[0].name) + " WHERE 1 = 0"
}

// exec runs a statement that writes, within a transaction.
func (db *DB) exec(ctx context.Context, s *statement) (sql.Result, error) {
	return db.sql.Exec(ctx, s.String(), s.args...)
}

// query runs a statement and calls row for each row of its result.
func (db *DB) query(ctx context.Context, s *statement, row func(scan func(...any) error) error) error {
	return db.sql.Query(ctx, s.String(), s.args, row)
}

package sqlquery

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// packageName names this package in errors, and its transactions.
const packageName = "sqlquery"

// Tx returns the transaction of a context, for statements of the application
// that belong to the same write: the one that a [DB] began, joined in InTx, or
// was given ([DB.WithTx]). It is committed or rolled back by who began it, and
// a statement that fails must make the function of InTx return that error.
func Tx(ctx context.Context) (*sql.Tx, bool) { return sqldb.PackageTx(ctx, packageName) }

// TxOn is [Tx] for those who share a database with a [DB] and may work on
// nothing else: it reports false for the transaction of another database, and
// returns one that a sqlstore.DB began on this one.
func TxOn(ctx context.Context, db *sql.DB) (*sql.Tx, bool) { return sqldb.DatabaseTx(ctx, db) }

// WithTx returns a context whose calls are part of a transaction that the
// application began on the database given to [New], and ends. It is joined by
// all who were given the same *sql.DB, and by nobody else. With SQLite it
// begins with a write (BEGIN IMMEDIATE): otherwise it fails as soon as another
// one wrote in between.
func (db *DB) WithTx(ctx context.Context, tx *sql.Tx) context.Context { return db.sql.Adopt(ctx, tx) }

// InTx implements [store.Transactor]. fn runs again, in a new transaction,
// after a conflict or a connection lost before the commit, and once after a
// violation of a foreign key. A commit that the database refused is what a
// statement would be, a [*store.UniquenessError] (409) for example. One that
// failed otherwise may have taken place or not: that is store.ErrUnavailable
// (503) at once.
//
// A transaction on the same *sql.DB is joined, also one of a sqlstore.DB.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if ctx, ok := db.sql.Join(ctx); ok {
		return fn(ctx)
	}
	err := db.sql.Write(ctx, sqldb.BeginOptions{Statement: db.startWrite()}, fn)
	if errors.Is(err, sqldb.ErrRefused) {
		return db.refused(err)
	}
	return err
}

// refused makes what a deferred constraint of one of the tables says at the
// commit the error that it is in a statement.
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

// startWrite takes SQLite's write lock before anything is read, as BEGIN
// IMMEDIATE does. A transaction that has read and writes later fails whenever
// another one wrote in between.
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

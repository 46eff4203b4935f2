package sqldb

import (
	"context"
	"database/sql"
)

// transaction is a *sql.Tx carried by a context. After the first failed
// statement every other statement fails with the same error: MariaDB rolls back
// a transaction that lost a deadlock and would run the statements that follow
// outside of a transaction.
type transaction struct {
	tx     *sql.Tx
	conn   *sql.Conn // of tx, if this package began it
	writer *sql.DB   // the database of tx
	failed error     // the first error of a statement
	cause  Fault     // of failed, if running the function again may help, else None

	prepared preparation // the last one
	notes    map[any]any // see DB.Notes
	begun    bool        // a statement of DB.Exec ran
}

// part is the participation of a package in a transaction that the package
// began, joined or was given. Parts in one context form a list.
type part struct {
	*transaction
	pkg   string
	outer *part // the part that was innermost before
}

type partKey struct{}

func innermost(ctx context.Context) *part {
	p, _ := ctx.Value(partKey{}).(*part)
	return p
}

// addPart returns a context in which the package takes part in the transaction.
func (t *transaction) addPart(ctx context.Context, pkg string) context.Context {
	return context.WithValue(ctx, partKey{}, &part{t, pkg, innermost(ctx)})
}

// databaseTransaction returns the innermost transaction on a database, or nil.
func databaseTransaction(ctx context.Context, db *sql.DB) *transaction {
	for p := innermost(ctx); p != nil; p = p.outer {
		if p.writer == db {
			return p.transaction
		}
	}
	return nil
}

// packageTransaction returns the innermost transaction that a package takes
// part in, or nil.
func packageTransaction(ctx context.Context, pkg string) *transaction {
	for p := innermost(ctx); p != nil; p = p.outer {
		if p.pkg == pkg {
			return p.transaction
		}
	}
	return nil
}

// transaction returns the transaction in which statements of db run, or nil. It
// may have been begun by another package: two packages on one database share
// one write.
func (db *DB) transaction(ctx context.Context) *transaction {
	return databaseTransaction(ctx, db.writer)
}

// InTransaction reports whether statements with the context run in a
// transaction on the database of db.
func (db *DB) InTransaction(ctx context.Context) bool { return db.transaction(ctx) != nil }

// Notes returns what packages note of the transaction of the context, under keys of
// types of their own; nil without a transaction. A transaction that runs again begins
// without notes.
func (db *DB) Notes(ctx context.Context) map[any]any {
	t := db.transaction(ctx)
	if t == nil {
		return nil
	}
	if t.notes == nil {
		t.notes = map[any]any{}
	}
	return t.notes
}

// Join returns a context in which the package takes part in the transaction on
// its database, so that [PackageTx] returns it. It reports false if the context
// has no such transaction.
func (db *DB) Join(ctx context.Context) (context.Context, bool) {
	switch t := db.transaction(ctx); t {
	case nil:
		return ctx, false
	case packageTransaction(ctx, db.pkg):
		return ctx, true
	default:
		return t.addPart(ctx, db.pkg), true
	}
}

// Adopt returns a context whose statements run in tx, a transaction on the
// database of db. The application began it and ends it.
func (db *DB) Adopt(ctx context.Context, tx *sql.Tx) context.Context {
	return (&transaction{tx: tx, writer: db.writer}).addPart(ctx, db.pkg)
}

// DatabaseTx returns the innermost transaction on a database.
func DatabaseTx(ctx context.Context, db *sql.DB) (*sql.Tx, bool) {
	return databaseTransaction(ctx, db).sql()
}

// PackageTx returns the innermost transaction that a package began, joined or
// was given, on any database.
func PackageTx(ctx context.Context, pkg string) (*sql.Tx, bool) {
	return packageTransaction(ctx, pkg).sql()
}

// Conn returns the connection of the innermost transaction, if this package began
// it. It is valid as long as the transaction.
func Conn(ctx context.Context) (*sql.Conn, bool) {
	p := innermost(ctx)
	if p == nil || p.conn == nil {
		return nil, false
	}
	return p.conn, true
}

func (t *transaction) sql() (*sql.Tx, bool) {
	if t == nil {
		return nil, false
	}
	return t.tx, true
}

package sqldb

import (
	"context"
	"database/sql"
)

// transaction is a *sql.Tx within a context. The first failure of the database
// makes it useless: MariaDB undoes a transaction that lost a deadlock and goes
// on without one, so that what follows would be committed by itself.
type transaction struct {
	tx     *sql.Tx
	writer *sql.DB      // nil if the application began it, on whatever database
	by     string       // the package that began it, or was given it
	outer  *transaction // what the context was part of before
	failed error
	again  bool // failed for a reason to run the function again
}

type txKey struct{}

func innermost(ctx context.Context) *transaction {
	t, _ := ctx.Value(txKey{}).(*transaction)
	return t
}

func (t *transaction) in(ctx context.Context) context.Context {
	t.outer = innermost(ctx)
	return context.WithValue(ctx, txKey{}, t)
}

// on returns the innermost transaction of a context on a database. One that the
// application began is taken to be on it.
func on(ctx context.Context, db *sql.DB) *transaction {
	t := innermost(ctx)
	for t != nil && t.writer != nil && t.writer != db {
		t = t.outer
	}
	return t
}

// transaction returns what statements of db are part of. Who began it does not
// matter: two packages that work on one database take part in one write.
func (db *DB) transaction(ctx context.Context) *transaction { return on(ctx, db.writer) }

// Within reports whether statements with that context are part of a
// transaction.
func (db *DB) Within(ctx context.Context) bool { return db.transaction(ctx) != nil }

// With returns a context whose statements are part of a transaction that the
// application began and ends, given to a package.
func With(ctx context.Context, by string, tx *sql.Tx) context.Context {
	return (&transaction{tx: tx, by: by}).in(ctx)
}

// On returns the transaction that statements on a database are part of.
func On(ctx context.Context, db *sql.DB) (*sql.Tx, bool) { return on(ctx, db).sql() }

// By returns the innermost transaction that a package began or was given, on
// whatever database.
func By(ctx context.Context, by string) (*sql.Tx, bool) {
	t := innermost(ctx)
	for t != nil && t.by != by {
		t = t.outer
	}
	return t.sql()
}

func (t *transaction) sql() (*sql.Tx, bool) {
	if t == nil {
		return nil, false
	}
	return t.tx, true
}

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
	writer *sql.DB // the database it is on
	failed error
	cause  Fault // of the failure, if it is a reason to run the function again
}

// part is a package's part in a transaction: it began it, joined it, or was
// given it.
type part struct {
	*transaction
	by    string
	outer *part // what the context was part of before
}

type partKey struct{}

func innermost(ctx context.Context) *part {
	p, _ := ctx.Value(partKey{}).(*part)
	return p
}

// in returns a context in which a package takes part in the transaction.
func (t *transaction) in(ctx context.Context, by string) context.Context {
	return context.WithValue(ctx, partKey{}, &part{t, by, innermost(ctx)})
}

// on returns the innermost transaction of a context on a database.
func on(ctx context.Context, db *sql.DB) *transaction {
	for p := innermost(ctx); p != nil; p = p.outer {
		if p.writer == db {
			return p.transaction
		}
	}
	return nil
}

// of returns the innermost transaction that a package takes part in.
func of(ctx context.Context, by string) *transaction {
	for p := innermost(ctx); p != nil; p = p.outer {
		if p.by == by {
			return p.transaction
		}
	}
	return nil
}

// transaction returns what statements of db are part of. Who began it does not
// matter: two packages that work on one database take part in one write.
func (db *DB) transaction(ctx context.Context) *transaction { return on(ctx, db.writer) }

// Within reports whether statements with that context are part of a
// transaction.
func (db *DB) Within(ctx context.Context) bool { return db.transaction(ctx) != nil }

// Join makes the package take part in the transaction on its database, if the
// context has one: [By] returns it.
func (db *DB) Join(ctx context.Context) (context.Context, bool) {
	switch t := db.transaction(ctx); t {
	case nil:
		return ctx, false
	case of(ctx, db.by):
		return ctx, true
	default:
		return t.in(ctx, db.by), true
	}
}

// With returns a context whose statements are part of a transaction on the
// database that the application began and ends.
func (db *DB) With(ctx context.Context, tx *sql.Tx) context.Context {
	return (&transaction{tx: tx, writer: db.writer}).in(ctx, db.by)
}

// On returns the transaction that statements on a database are part of.
func On(ctx context.Context, db *sql.DB) (*sql.Tx, bool) { return on(ctx, db).sql() }

// By returns the innermost transaction that a package began, joined or was
// given, on whatever database.
func By(ctx context.Context, by string) (*sql.Tx, bool) { return of(ctx, by).sql() }

func (t *transaction) sql() (*sql.Tx, bool) {
	if t == nil {
		return nil, false
	}
	return t.tx, true
}

package sqldb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/seed5f3efb56/scim/store"
)

// preparation is a run of DB.Prepare.
type preparation struct {
	db     *DB
	tenant string
}

// preparing is the key, in the context that Prepare gets, of its DB: statements of
// Prepare on the DB are not prepared.
type preparing struct{ db *DB }

func (db *DB) inPrepare(ctx context.Context) bool { return ctx.Value(preparing{db}) != nil }

// prepares reports whether a statement must begin a transaction of its own, so
// that Prepare can run before it.
func (db *DB) prepares(ctx context.Context) bool {
	return db.Prepare != nil && !db.InTransaction(ctx) && !db.inPrepare(ctx)
}

// Ready prepares the transaction of the context for the tenant, for statements
// of the application. Those of the DB prepare it themselves.
func (db *DB) Ready(ctx context.Context) error {
	t := db.transaction(ctx)
	if t == nil {
		return nil
	}
	return db.prepare(ctx, t)
}

// prepare prepares a transaction unless the last preparation was the same. It
// returns the error of a transaction that has failed.
func (db *DB) prepare(ctx context.Context, t *transaction) error {
	p := preparation{db, store.Tenant(ctx)}
	if db.Prepare == nil || t.failed != nil || t.prepared == p || db.inPrepare(ctx) {
		return t.failed
	}
	if err := db.Prepare(context.WithValue(ctx, preparing{db}, true), t.tx, p.tenant); err != nil {
		return db.Report(ctx, fmt.Errorf("prepare the transaction for the tenant: %w", err))
	}
	t.prepared = p
	return nil
}

// read runs fn, which only reads, in a transaction of its own.
func (db *DB) read(ctx context.Context, fn func(ctx context.Context) error) error {
	tx, err := db.Reader.BeginTx(ctx, &sql.TxOptions{Isolation: db.kind.isolation, ReadOnly: true})
	if err != nil {
		return db.Report(ctx, err)
	}
	defer tx.Rollback()
	t := &transaction{tx: tx, writer: db.writer}
	return fn(t.addPart(ctx, db.pkg))
}

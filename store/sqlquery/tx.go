package sqlquery

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

// InTx runs its function again after a conflict, this often and this long.
const (
	attempts = 10
	patience = 5 * time.Second
)

// transaction is a *sql.Tx within a context. The first failure of the database
// makes it useless: MariaDB undoes a transaction that lost a deadlock and goes
// on without one, so that what follows would be committed by itself.
type transaction struct {
	db     *DB // nil if the application began it
	tx     *sql.Tx
	failed error
}

type txKey struct{}

// transaction returns what statements of db are part of.
func (db *DB) transaction(ctx context.Context) *transaction {
	t, _ := ctx.Value(txKey{}).(*transaction)
	if t == nil || t.db != nil && t.db != db {
		return nil
	}
	return t
}

// Tx returns the transaction of a context, for statements of the application
// that belong to the same write. It is committed or rolled back by who began
// it, and a statement that fails must make the function of InTx return that
// error.
func Tx(ctx context.Context) (*sql.Tx, bool) {
	t, ok := ctx.Value(txKey{}).(*transaction)
	if !ok {
		return nil, false
	}
	return t.tx, true
}

// TxOn is [Tx] for those who share a database with a [DB] and may work on
// nothing else: it reports false for the transaction of another database. One
// that the application began ([WithTx]) is taken to be on db.
func TxOn(ctx context.Context, db *sql.DB) (*sql.Tx, bool) {
	t, ok := ctx.Value(txKey{}).(*transaction)
	if !ok || t.db != nil && t.db.writer != db {
		return nil, false
	}
	return t.tx, true
}

// WithTx returns a context whose calls are part of a transaction that the
// application began and ends. With SQLite it begins with a write (BEGIN
// IMMEDIATE): otherwise it fails as soon as another one wrote in between.
func WithTx(ctx context.Context, tx *sql.Tx) context.Context {
	return context.WithValue(ctx, txKey{}, &transaction{tx: tx})
}

// InTx implements [store.Transactor]. fn runs again, in a new transaction,
// after a conflict or a connection lost before the commit. A commit that
// fails may have taken place or not: that is store.ErrUnavailable at once.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if db.transaction(ctx) != nil {
		return fn(ctx)
	}
	start := time.Now()
	for attempt := 1; ; attempt++ {
		again, err := db.attempt(ctx, fn)
		if err == nil || !again {
			return err
		}
		if attempt == attempts || time.Since(start) > patience || pause(ctx, attempt) != nil {
			return wrap(ctx, err)
		}
	}
}

// pause waits a little longer each time, and not the same for all.
func pause(ctx context.Context, attempt int) error {
	t := time.NewTimer(time.Duration(1+rand.IntN(2<<min(attempt, 6))) * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt runs fn in one transaction. again reports that nothing was committed
// and that another attempt may succeed.
func (db *DB) attempt(ctx context.Context, fn func(ctx context.Context) error) (again bool, err error) {
	if err := db.acquire(ctx); err != nil {
		return false, err
	}
	defer db.release()
	if err := ctx.Err(); err != nil {
		return false, wrap(ctx, err)
	}
	// The end of ctx must not roll back on its own: whether the commit took
	// place would then be anybody's guess. Statements end with ctx.
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return mayRunAgain(ctx, err), wrap(ctx, err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{Isolation: db.d.isolation})
	if err != nil {
		return mayRunAgain(ctx, err), wrap(ctx, err)
	}
	defer tx.Rollback()

	t := &transaction{db: db, tx: tx}
	inner := context.WithValue(ctx, txKey{}, t)
	if err = db.beginWrite(inner); err == nil {
		err = fn(inner)
	}
	if err == nil {
		err = t.failed
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return mayRunAgain(ctx, err), err
	}
	if err := tx.Commit(); err != nil {
		return false, fmt.Errorf("%w: sqlquery: commit: %w", store.ErrUnavailable, err)
	}
	return false, nil
}

// beginWrite takes SQLite's write lock before anything is read, as BEGIN
// IMMEDIATE does. A transaction that has read and writes later fails whenever
// another one wrote in between.
func (db *DB) beginWrite(ctx context.Context) error {
	db.mu.Lock()
	tables := db.tables
	db.mu.Unlock()
	if !db.d.oneWriter || len(tables) == 0 {
		return nil
	}
	_, err := db.exec(ctx, db.d.statement("DELETE FROM ", db.d.ident(tables[0].name), " WHERE 1 = 0"))
	return err
}

func mayRunAgain(ctx context.Context, err error) bool {
	return ctx.Err() == nil && faultOf(err) == faultAgain
}

// acquire queues for the right to write, where only one may.
func (db *DB) acquire(ctx context.Context) error {
	if !db.d.oneWriter {
		return nil
	}
	select {
	case db.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return wrap(ctx, ctx.Err())
	}
}

func (db *DB) release() {
	if db.d.oneWriter {
		<-db.turn
	}
}

package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlquery"
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
	db     *DB
	tx     *sql.Tx
	failed error
}

type txKey struct{ db *DB }

// transaction returns what statements of db are part of: a transaction of its
// own, or of a sqlquery.DB that was made with the same *sql.DB.
func (db *DB) transaction(ctx context.Context) *transaction {
	if t, ok := ctx.Value(txKey{db}).(*transaction); ok {
		return t
	}
	if tx, ok := sqlquery.TxOn(ctx, db.writer); ok {
		return &transaction{db: db, tx: tx}
	}
	return nil
}

type anyTxKey struct{}

// Tx returns the transaction of a context that [DB.InTx] made, for statements
// of the application which belong to the same write. It is committed or rolled
// back by InTx alone, and a statement that fails must make InTx's function
// return that error.
func Tx(ctx context.Context) (*sql.Tx, bool) {
	t, ok := ctx.Value(anyTxKey{}).(*transaction)
	if !ok {
		return nil, false
	}
	return t.tx, true
}

// InTx implements [store.Transactor]. fn runs again, in a new transaction,
// after a conflict or a connection lost before the commit. A commit that
// fails may have taken place or not: that is store.ErrUnavailable at once.
//
// A transaction of a sqlquery.DB that was made with the same *sql.DB is joined,
// as one of db itself, so that an outbox here belongs to writes there.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if t := db.transaction(ctx); t != nil {
		return fn(context.WithValue(ctx, txKey{db}, t))
	}
	if err := db.prepare(ctx); err != nil {
		return err
	}
	return db.write(ctx, begin{statement: db.d.startWrite}, fn)
}

// begin is how a transaction starts.
type begin struct {
	statement string // first in the transaction
	after     string // when it has ended
}

func (db *DB) write(ctx context.Context, b begin, fn func(ctx context.Context) error) error {
	start := time.Now()
	for attempt := 1; ; attempt++ {
		again, err := db.attempt(ctx, b, fn)
		if err == nil || !again {
			return err
		}
		if attempt == attempts || time.Since(start) > patience || pause(ctx, attempt) != nil {
			return db.wrap(ctx, err)
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
func (db *DB) attempt(ctx context.Context, b begin, fn func(ctx context.Context) error) (again bool, err error) {
	if err := db.acquire(ctx); err != nil {
		return false, err
	}
	defer db.release()
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return db.again(ctx, err), db.wrap(ctx, err)
	}
	defer conn.Close()
	// The end of ctx must not roll back on its own: whether the commit took
	// place would then be anybody's guess. Statements end with ctx.
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{Isolation: db.d.isolation})
	if err != nil {
		return db.again(ctx, err), db.wrap(ctx, err)
	}
	if b.after != "" {
		defer conn.ExecContext(context.WithoutCancel(ctx), b.after)
	}
	defer tx.Rollback()

	t := &transaction{db: db, tx: tx}
	inner := context.WithValue(context.WithValue(ctx, txKey{db}, t), anyTxKey{}, t)
	if b.statement != "" {
		if _, err := db.exec(inner, b.statement); err != nil {
			return db.again(ctx, err), err
		}
	}
	err = fn(inner)
	if err == nil {
		err = t.failed
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return t.again(ctx, err), err
	}
	return false, db.commit(tx)
}

func (db *DB) again(ctx context.Context, err error) bool {
	return ctx.Err() == nil && db.fault(err) == faultAgain
}

// again reports whether an error that ended the transaction's function is the
// database's, and a reason to run it again. A broken network connection is
// that only where a statement of this package saw it: the function may have
// others.
func (t *transaction) again(ctx context.Context, err error) bool {
	if t.failed != nil {
		return t.db.again(ctx, t.failed)
	}
	return ctx.Err() == nil && t.db.d.fault(err) == faultAgain
}

func (db *DB) commit(tx *sql.Tx) error {
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%w: sqlstore: commit: %w", store.ErrUnavailable, err)
	}
	return nil
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
		return fmt.Errorf("sqlstore: %w", ctx.Err())
	}
}

func (db *DB) release() {
	if db.d.oneWriter {
		<-db.turn
	}
}

// querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// use returns what statements with that context go to.
func (db *DB) use(ctx context.Context) (querier, error) {
	t := db.transaction(ctx)
	if t == nil {
		return db.reader, nil
	}
	return t.tx, t.failed
}

// done is called with every error of a statement.
func (db *DB) done(ctx context.Context, err error) error {
	err = db.wrap(ctx, err)
	if t := db.transaction(ctx); t != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

// exec runs a statement and returns the number of rows it concerned.
func (db *DB) exec(ctx context.Context, query string, args ...any) (int64, error) {
	q, err := db.use(ctx)
	if err != nil {
		return 0, err
	}
	result, err := q.ExecContext(ctx, db.d.bind(query), args...)
	if err != nil {
		return 0, db.done(ctx, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, db.done(ctx, err)
	}
	return n, nil
}

// query runs a statement and calls row for each row of its result.
func (db *DB) query(ctx context.Context, query string, args []any, row func(scan func(...any) error) error) error {
	q, err := db.use(ctx)
	if err != nil {
		return err
	}
	result, err := q.QueryContext(ctx, db.d.bind(query), args...)
	if err != nil {
		return db.done(ctx, err)
	}
	defer result.Close()
	for result.Next() {
		if err := row(result.Scan); err != nil {
			return db.done(ctx, err)
		}
	}
	if err := result.Err(); err != nil {
		return db.done(ctx, err)
	}
	return nil
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

package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// These bound how often the function of a transaction runs, and for how long a
// new attempt is made.
const (
	maxAttempts = 10
	retryPeriod = 5 * time.Second
)

// BeginOptions are extra statements of a transaction; empty ones are skipped.
type BeginOptions struct {
	Statement string // runs first in the transaction
	After     string // runs on the same connection after the end of the transaction
}

// Write runs fn in a new transaction, even if the context has one already. fn
// runs again in another transaction after a conflict, which COMMIT may report
// too, after a connection lost before the commit, and once after a [Reference].
// If the database refused the commit for another reason the error is
// [ErrRefused]. If COMMIT failed in any other way its outcome is unknown: fn
// does not run again and the error is store.ErrUnavailable. Other errors of fn
// are returned unchanged.
func (db *DB) Write(ctx context.Context, b BeginOptions, fn func(ctx context.Context) error) error {
	start, references := time.Now(), 0
	for attempt := 1; ; attempt++ {
		cause, err := db.attempt(ctx, b, fn)
		if cause == Reference {
			references++
		}
		if cause == None || references > 1 || attempt == maxAttempts || time.Since(start) > retryPeriod || pause(ctx, attempt) != nil {
			return err
		}
	}
}

// pause waits before another attempt: a random time with a bound that doubles
// with each attempt, up to 128 ms.
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

// attempt runs fn in one transaction. A cause other than None means that nothing
// was committed and that another attempt may succeed.
func (db *DB) attempt(ctx context.Context, b BeginOptions, fn func(ctx context.Context) error) (cause Fault, err error) {
	if err := db.acquire(ctx); err != nil {
		return None, err
	}
	defer db.release()
	conn, err := db.connections(ctx).Conn(ctx)
	if err != nil {
		return db.rerun(ctx, err), db.wrap(ctx, err)
	}
	defer conn.Close()
	// database/sql would roll back when ctx ends, perhaps during COMMIT, whose
	// outcome would then be unknown. Statements still end with ctx.
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{Isolation: db.kind.isolation})
	if err != nil {
		return db.rerun(ctx, err), db.wrap(ctx, err)
	}
	if b.After != "" {
		defer conn.ExecContext(context.WithoutCancel(ctx), b.After)
	}
	defer tx.Rollback()

	t := &transaction{tx: tx, conn: conn, writer: db.writer}
	if err := db.run(t.addPart(ctx, db.pkg), t, b.Statement, fn); err != nil {
		return db.afterFailure(ctx, t, err)
	}
	if err := tx.Commit(); err != nil {
		return db.afterCommit(ctx, conn, err)
	}
	return None, nil
}

// run prepares the transaction and runs the first statement and fn. It returns
// an error if one of them, a statement of fn or the context failed.
func (db *DB) run(ctx context.Context, t *transaction, first string, fn func(ctx context.Context) error) error {
	if err := db.prepare(ctx, t); err != nil {
		return err
	}
	if first != "" {
		if _, err := db.Exec(ctx, first); err != nil {
			return err
		}
	}
	if err := fn(ctx); err != nil {
		return err
	}
	if t.failed != nil {
		return t.failed
	}
	return ctx.Err()
}

// afterFailure returns the cause of an error that ended the function of a
// transaction. Statements of the application do not go through Report.
func (db *DB) afterFailure(ctx context.Context, t *transaction, err error) (cause Fault, _ error) {
	if ctx.Err() != nil {
		return None, err
	}
	if t.failed != nil {
		return t.cause, err
	}
	if cause = db.ownFault(t, err); cause != None {
		err = db.wrap(ctx, err)
	}
	return cause, err
}

// ownFault returns the cause of an error that was not reported, or None. A lost
// connection is a cause only if it is the transaction's: the function may use
// other connections.
func (db *DB) ownFault(t *transaction, err error) Fault {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return None // the context is one that the function made
	}
	if cause := db.kind.fault(err).rerun(); cause != None {
		return cause
	}
	if db.kind.connectionLost(err) && db.Fault(t.tx.Rollback()) == Again {
		return Again
	}
	return None
}

// rerun returns the fault of a statement's error if the transaction may succeed
// when it runs again, else None.
func (db *DB) rerun(ctx context.Context, err error) Fault {
	if ctx.Err() != nil {
		return None
	}
	return db.Fault(err).rerun()
}

// acquire waits until no other transaction runs, if the database has one writer.
func (db *DB) acquire(ctx context.Context) error {
	if !db.kind.OneWriter {
		return nil
	}
	select {
	case db.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", db.pkg, ctx.Err())
	}
}

func (db *DB) release() {
	if db.kind.OneWriter {
		<-db.turn
	}
}

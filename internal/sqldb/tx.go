package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// A transaction's function runs again after a conflict, this often and this
// long.
const (
	attempts = 10
	patience = 5 * time.Second
)

// Begin is how a transaction begins. Empty texts are no statements.
type Begin struct {
	Statement string // first in the transaction
	After     string // when it has ended
}

// Write runs fn in a new transaction, also where the context is part of one.
// fn runs again, in another transaction, after a conflict, also one found by
// COMMIT, or a connection lost before the commit, and once after a [Reference].
// A commit that the database refused otherwise is an [ErrRefused]. Any other
// that failed may have taken place or not: nothing runs again, and it is
// store.ErrUnavailable at once. Other errors of fn are returned as they are.
func (db *DB) Write(ctx context.Context, b Begin, fn func(ctx context.Context) error) error {
	start, references := time.Now(), 0
	for attempt := 1; ; attempt++ {
		cause, err := db.attempt(ctx, b, fn)
		if cause == Reference {
			references++
		}
		if cause == None || references > 1 || attempt == attempts || time.Since(start) > patience || pause(ctx, attempt) != nil {
			return err
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

// attempt runs fn in one transaction. A cause other than None says that nothing
// was committed and that another attempt may succeed.
func (db *DB) attempt(ctx context.Context, b Begin, fn func(ctx context.Context) error) (cause Fault, err error) {
	if err := db.acquire(ctx); err != nil {
		return None, err
	}
	defer db.release()
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return db.rerun(ctx, err), db.wrap(ctx, err)
	}
	defer conn.Close()
	// The end of ctx must not roll back on its own: whether the commit took
	// place would then be anybody's guess. Statements end with ctx.
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{Isolation: db.kind.isolation})
	if err != nil {
		return db.rerun(ctx, err), db.wrap(ctx, err)
	}
	if b.After != "" {
		defer conn.ExecContext(context.WithoutCancel(ctx), b.After)
	}
	defer tx.Rollback()

	t := &transaction{tx: tx, writer: db.writer}
	if err := db.run(t.in(ctx, db.by), t, b.Statement, fn); err != nil {
		return db.afterFailure(ctx, t, err)
	}
	if err := tx.Commit(); err != nil {
		return db.afterCommit(ctx, conn, err)
	}
	return None, nil
}

// run returns an error unless everything in the transaction went well.
func (db *DB) run(ctx context.Context, t *transaction, first string, fn func(ctx context.Context) error) error {
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

// afterFailure decides about an error that ended a transaction's function. It
// may come from statements of the application, which Done has not seen.
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

// ownFault tells whether an error that Done has not seen is a reason to run the
// function again. A broken network connection is one only if it is the
// transaction's: the function may have others.
func (db *DB) ownFault(t *transaction, err error) Fault {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return None // of a context that the function made
	}
	if cause := db.kind.fault(err).rerun(); cause != None {
		return cause
	}
	if db.kind.connectionLost(err) && db.Fault(t.tx.Rollback()) == Again {
		return Again
	}
	return None
}

// rerun tells whether a statement's error is a reason to run a function again.
func (db *DB) rerun(ctx context.Context, err error) Fault {
	if ctx.Err() != nil {
		return None
	}
	return db.Fault(err).rerun()
}

// acquire queues for the right to write, where only one may.
func (db *DB) acquire(ctx context.Context) error {
	if !db.kind.OneWriter {
		return nil
	}
	select {
	case db.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", db.by, ctx.Err())
	}
}

func (db *DB) release() {
	if db.kind.OneWriter {
		<-db.turn
	}
}

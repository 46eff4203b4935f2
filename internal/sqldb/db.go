package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Batch is the largest number of rows or ids in one statement. It bounds the
// statements that the database parses. With a dozen arguments for each row the
// number of arguments is below the limit of every database.
const Batch = 500

// DB is an open database, used by one package. It is safe for concurrent use
// after its fields are set. Make one with [New].
type DB struct {
	// Reader runs the statements outside of transactions.
	Reader *sql.DB
	// Prepare, if not nil, prepares a transaction for the tenant of the context.
	// It runs before the first statement of each transaction, and again before a
	// statement of another tenant. Statements outside of transactions then run in
	// a transaction of their own. Set it before the DB is used.
	Prepare func(ctx context.Context, tx *sql.Tx, tenant string) error

	// Deferred, if not nil, are connections to the database of the writer whose
	// transactions reach the disk later: those of a context that [DB.Defer] returned.
	Deferred *sql.DB

	writer *sql.DB
	kind   *Database
	pkg    string
	turn   chan struct{} // holds an element while a transaction of a OneWriter runs
}

// New returns a DB for an open database. The name of the package that uses it is
// the prefix of error texts, and identifies its transactions for [PackageTx].
func New(pkg string, db *sql.DB, kind *Database) *DB {
	return &DB{Reader: db, writer: db, kind: kind, pkg: pkg, turn: make(chan struct{}, 1)}
}

// Database returns the pool of connections that transactions use. Packages with
// the same pool can share transactions.
func (db *DB) Database() *sql.DB { return db.writer }

// deferring is the key, in a context of Defer, of its DB.
type deferring struct{ db *DB }

// Defer returns a context whose transactions use Deferred.
func (db *DB) Defer(ctx context.Context) context.Context {
	return context.WithValue(ctx, deferring{db}, true)
}

// connections returns the pool for a new transaction.
func (db *DB) connections(ctx context.Context) *sql.DB {
	if db.Deferred != nil && ctx.Value(deferring{db}) != nil {
		return db.Deferred
	}
	return db.writer
}

// Ping connects. After an error that may be temporary it tries again until the
// context ends. The error is the driver's.
func (db *DB) Ping(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		err := db.writer.PingContext(ctx)
		if db.rerun(ctx, err) == None || pause(ctx, attempt) != nil {
			return err
		}
	}
}

// Check fails if the database is not of the kind that the dialect says, or if
// its settings let it store a value other than the one it is given. The error
// names the remedy. Stores call it when they are opened.
func (db *DB) Check(ctx context.Context) error {
	_, err := db.Reader.ExecContext(ctx, db.kind.probe)
	switch f := db.Fault(err); {
	case err == nil:
	case ctx.Err() != nil, f == Again, f == Unavailable:
		return db.wrap(ctx, err)
	default:
		return fmt.Errorf("%s: the database is not %s, which the dialect says it is: %w", db.pkg, db.kind.name, err)
	}
	if db.kind.strict == nil {
		return nil
	}
	return db.kind.strict(ctx, db)
}

// ColumnTypes runs a query and returns the type names of its columns, as the
// driver gives them but in upper case; "" for a type unknown to the driver.
func (db *DB) ColumnTypes(ctx context.Context, query string) (names []string, err error) {
	if db.prepares(ctx) {
		err = db.read(ctx, func(ctx context.Context) error {
			names, err = db.ColumnTypes(ctx, query)
			return err
		})
		return names, err
	}
	q, err := db.target(ctx)
	if err != nil {
		return nil, err
	}
	result, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, db.Report(ctx, err)
	}
	defer result.Close()
	types, err := result.ColumnTypes()
	if err != nil {
		return nil, db.Report(ctx, err)
	}
	names = make([]string, len(types))
	for i, t := range types {
		names[i] = strings.ToUpper(t.DatabaseTypeName())
	}
	return names, nil
}

// querier has the methods that *sql.DB and *sql.Tx have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// target returns the transaction of the context, prepared for the tenant, or the
// Reader. The error is that of a transaction that has failed.
func (db *DB) target(ctx context.Context) (querier, error) {
	t := db.transaction(ctx)
	if t == nil {
		return db.Reader, nil
	}
	return t.tx, db.prepare(ctx, t)
}

// Exec runs a statement, in the transaction of the context if there is one.
//
// An error of Exec or Query is the context's own error if the context has ended,
// store.ErrUnavailable (503) if the request may succeed later, else it is
// unknown (500). [DB.Fault] classifies it. After an error in a transaction
// every other statement of the transaction fails with the same error.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	if db.prepares(ctx) {
		err = db.Write(ctx, BeginOptions{}, func(ctx context.Context) error {
			result, err = db.Exec(ctx, query, args...)
			return err
		})
		return result, err
	}
	q, err := db.target(ctx)
	if err != nil {
		return nil, err
	}
	result, err = q.ExecContext(db.unwatched(ctx), query, args...)
	if err != nil {
		return nil, db.Report(ctx, err)
	}
	return result, nil
}

// unwatched returns the context for a statement that changes rows in a transaction. In
// a file, whose lock the transaction has since its first statement, each takes less
// time than a goroutine that would end it: it only does not begin after the context has
// ended.
func (db *DB) unwatched(ctx context.Context) context.Context {
	t := db.transaction(ctx)
	if t == nil || !db.kind.OneWriter || ctx.Err() != nil {
		return ctx
	}
	if !t.begun {
		t.begun = true
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// ExecAlone runs a statement that is a whole write, outside of transactions. Its errors
// are those of Exec; after a lost connection the outcome is unknown.
func (db *DB) ExecAlone(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if db.Prepare != nil {
		return db.Exec(ctx, query, args...)
	}
	if err := db.acquire(ctx); err != nil {
		return nil, err
	}
	defer db.release()
	result, err := db.connections(ctx).ExecContext(ctx, query, args...)
	return result, db.Report(ctx, err)
}

// Undone reports whether the database refused a statement that is a whole write, for a
// conflict or a value that a unique index already has: nothing is changed. A server that
// goes down may have carried the statement out before it reported, as with COMMIT.
func (db *DB) Undone(err error) bool {
	f := db.kind.fault(err)
	return (f == Again || f == Unique) && db.kind.refused(err)
}

// QueryBrief is Query for a statement that finds few rows by their keys. On a database
// in a file it takes less time than a goroutine that would end it with the context:
// there only the wait for a connection ends with the context.
func (db *DB) QueryBrief(ctx context.Context, query string, args []any, row func(scan func(...any) error) error) error {
	if !db.kind.OneWriter || ctx.Done() == nil || db.Prepare != nil || db.InTransaction(ctx) {
		return db.Query(ctx, query, args, row)
	}
	conn, err := db.Reader.Conn(ctx)
	if err != nil {
		return db.Report(ctx, err)
	}
	defer conn.Close()
	return db.Report(ctx, rows(context.WithoutCancel(ctx), conn, query, args, row))
}

// ErrStop, returned by the function that Query calls, ends the result early. It is
// not an error.
var ErrStop = errors.New("sqldb: no more rows")

// Query runs a statement as [DB.Exec] does and calls row for each row of the
// result. An error of row counts as an error of the statement. Outside of a
// transaction the statement runs again if a table changed after the driver had
// prepared it, which fails once for each pooled connection.
func (db *DB) Query(ctx context.Context, query string, args []any, row func(scan func(...any) error) error) error {
	began := false
	first := func(scan func(...any) error) error { began = true; return row(scan) }
	for attempt := 1; ; attempt++ {
		err := db.query(ctx, query, args, first)
		if err == nil || began || db.InTransaction(ctx) || attempt == maxAttempts || !postgresStalePlan(err) {
			return err
		}
	}
}

// query is Query without the second run.
func (db *DB) query(ctx context.Context, query string, args []any, row func(scan func(...any) error) error) error {
	if db.prepares(ctx) {
		return db.read(ctx, func(ctx context.Context) error { return db.query(ctx, query, args, row) })
	}
	q, err := db.target(ctx)
	if err != nil {
		return err
	}
	return db.Report(ctx, rows(ctx, q, query, args, row))
}

// rows runs a statement and calls row for each row of its result.
func rows(ctx context.Context, q querier, query string, args []any, row func(scan func(...any) error) error) error {
	result, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer result.Close()
	for result.Next() {
		err := row(result.Scan)
		if err == ErrStop {
			return result.Close()
		}
		if err != nil {
			return err
		}
	}
	return result.Err()
}

// Report records an error of a statement in the transaction of the context and
// returns it in the form described at [DB.Exec]; nil stays nil. Exec and Query
// report their own errors. Callers report errors found later, for example by
// RowsAffected.
func (db *DB) Report(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	cause := db.rerun(ctx, err)
	err = db.wrap(ctx, err)
	if t := db.transaction(ctx); t != nil && t.failed == nil {
		t.failed, t.cause = err, cause
	}
	return err
}

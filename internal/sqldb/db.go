package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Batch is the number of rows or ids in one statement. It bounds the texts that
// the database parses, and with a dozen arguments a row stays far below the
// limits of every database.
const Batch = 500

// DB is an open database as one package uses it. It is safe for concurrent use
// once Reader is set. Make one with [New].
type DB struct {
	// Reader is where statements outside of transactions go.
	Reader *sql.DB

	writer *sql.DB
	kind   *Database
	by     string
	turn   chan struct{} // held by the one transaction, where only one may run
}

// New returns the use of an open database by a package, whose name begins the
// texts of errors and says whose transactions are its own, see [By].
func New(by string, db *sql.DB, kind *Database) *DB {
	return &DB{Reader: db, writer: db, kind: kind, by: by, turn: make(chan struct{}, 1)}
}

// Database returns the pool of connections that transactions use: what works on
// the same one takes part in the same transactions.
func (db *DB) Database() *sql.DB { return db.writer }

// Ping connects, again and again until the context ends where another try may
// succeed. The error is the driver's.
func (db *DB) Ping(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		err := db.writer.PingContext(ctx)
		if db.rerun(ctx, err) == None || pause(ctx, attempt) != nil {
			return err
		}
	}
}

// Check fails if the database is not of the kind that the dialect says, or if it
// is set to store another value than the one it is given; the error says what to
// do. Stores call it when they are opened.
func (db *DB) Check(ctx context.Context) error {
	_, err := db.Reader.ExecContext(ctx, db.kind.probe)
	switch f := db.Fault(err); {
	case err == nil:
	case ctx.Err() != nil, f == Again, f == Unavailable:
		return db.wrap(ctx, err)
	default:
		return fmt.Errorf("%s: the database does not answer as %s: is that its dialect? (%w)", db.by, db.kind.name, err)
	}
	if db.kind.strict == nil {
		return nil
	}
	return db.kind.strict(ctx, db)
}

// ColumnTypes returns the names of the types of a query's columns, as the driver
// names them, in upper case; "" where it does not know one. The query runs.
func (db *DB) ColumnTypes(ctx context.Context, query string) ([]string, error) {
	q, err := db.use(ctx)
	if err != nil {
		return nil, err
	}
	result, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, db.Done(ctx, err)
	}
	defer result.Close()
	types, err := result.ColumnTypes()
	if err != nil {
		return nil, db.Done(ctx, err)
	}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = strings.ToUpper(t.DatabaseTypeName())
	}
	return names, nil
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
		return db.Reader, nil
	}
	return t.tx, t.failed
}

// Exec runs a statement, within the transaction of the context if there is one.
// Errors of Exec and Query are those of the context if it has ended,
// store.ErrUnavailable (503) where trying again later makes sense, else unknown
// (500). [DB.Fault] reads what they mean. The first one is the transaction's
// end: whatever follows in it fails with the same error.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	q, err := db.use(ctx)
	if err != nil {
		return nil, err
	}
	result, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return nil, db.Done(ctx, err)
	}
	return result, nil
}

// Query is [DB.Exec] for a statement with a result: it calls row for each row of
// it. An error of row is an error of the statement. A read outside of a
// transaction runs again if a table changed after the driver had prepared the
// statement, which fails once for each pooled connection.
func (db *DB) Query(ctx context.Context, query string, args []any, row func(scan func(...any) error) error) error {
	q, err := db.use(ctx)
	if err != nil {
		return err
	}
	began := false
	first := func(scan func(...any) error) error { began = true; return row(scan) }
	for attempt := 1; ; attempt++ {
		err = rows(ctx, q, query, args, first)
		if err == nil || began || db.Within(ctx) || attempt == attempts || !postgresStalePlan(err) {
			return db.Done(ctx, err)
		}
	}
}

// rows runs a statement and calls row for each row of its result.
func rows(ctx context.Context, q querier, query string, args []any, row func(scan func(...any) error) error) error {
	result, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer result.Close()
	for result.Next() {
		if err := row(result.Scan); err != nil {
			return err
		}
	}
	return result.Err()
}

// Done tells of an error of a statement, nil if there was none, that Exec and
// Query do not see; they call it with theirs. It returns the error as they do.
func (db *DB) Done(ctx context.Context, err error) error {
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

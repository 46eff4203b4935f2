package sqlquery

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/seed5f3efb56/scim/store"
)

// DB is a database of the application: the [store.Transactor] of all tables in
// it. It is safe for concurrent use. Make one with [New].
type DB struct {
	d      *dialect
	writer *sql.DB
	reader *sql.DB
	turn   chan struct{} // held by the one transaction, where only one may run

	mu     sync.Mutex
	tables []registered
}

// registered is a table with the ids it hands out.
type registered struct {
	name     string
	prefix   string
	integers bool
}

var _ store.Transactor = (*DB)(nil)

// Option changes how a [DB] works.
type Option func(*DB)

// Reader sets a pool of connections of its own for reading outside of
// transactions, for example one that SQLite may not write on.
func Reader(db *sql.DB) Option { return func(d *DB) { d.reader = db } }

// New returns the tables' side of an open database, which stays the caller's to
// close.
func New(db *sql.DB, d Dialect, options ...Option) (*DB, error) {
	if db == nil || d.dialect == nil {
		return nil, errors.New("sqlquery: New needs a database and a dialect")
	}
	s := &DB{d: d.dialect, writer: db, reader: db, turn: make(chan struct{}, 1)}
	for _, o := range options {
		o(s)
	}
	return s, nil
}

// register adds a table, unless its ids could be those of another one: ids are
// unique across resource types (RFC 7643 §3.1).
func (db *DB) register(r registered) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, o := range db.tables {
		if o.name != r.name && o.integers && r.integers && coincide(o.prefix, r.prefix) {
			return fmt.Errorf("sqlquery: the ids of %s and %s can be the same: give them different prefixes (scim:\"id,prefix=u\")", o.name, r.name)
		}
	}
	db.tables = append(db.tables, r)
	return nil
}

// coincide reports whether a number behind one prefix can be a number behind
// the other.
func coincide(p, q string) bool {
	if len(p) > len(q) {
		p, q = q, p
	}
	rest, ok := strings.CutPrefix(q, p)
	return ok && strings.Trim(rest, "-0123456789") == ""
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
		return db.reader, ctx.Err()
	}
	return t.tx, t.failed
}

// done is called with every error of a statement.
func (db *DB) done(ctx context.Context, err error) error {
	err = wrap(ctx, err)
	if t := db.transaction(ctx); t != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

// exec runs a statement that writes, within a transaction.
func (db *DB) exec(ctx context.Context, s *statement) (sql.Result, error) {
	q, err := db.use(ctx)
	if err != nil {
		return nil, err
	}
	result, err := q.ExecContext(ctx, s.String(), s.args...)
	if err != nil {
		return nil, db.done(ctx, err)
	}
	return result, nil
}

// query runs a statement and calls row for each row of its result.
func (db *DB) query(ctx context.Context, s *statement, row func(scan func(...any) error) error) error {
	q, err := db.use(ctx)
	if err != nil {
		return err
	}
	result, err := q.QueryContext(ctx, s.String(), s.args...)
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

// batch is the number of rows or ids in one statement, far below the limits of
// every database.
const batch = 500

// batches cuts a slice.
func batches[E any](all []E, do func([]E) error) error {
	for start := 0; start < len(all); start += batch {
		if err := do(all[start:min(start+batch, len(all))]); err != nil {
			return err
		}
	}
	return nil
}

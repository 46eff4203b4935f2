package sqlquery

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

// DB is a database of the application and the [store.Transactor] of its tables.
// It is safe for concurrent use. Make one with [New].
type DB struct {
	d   *dialect
	sql *sqldb.DB

	mu     sync.Mutex
	tables []registered
}

// registered is a table of the DB. refused converts errors of a commit.
type registered struct {
	name     string
	prefix   string
	integers bool
	refused  func(error) error
}

var _ store.Transactor = (*DB)(nil)

// New returns a DB for an open database. The caller closes the database.
func New(db *sql.DB, d Dialect, options ...Option) (*DB, error) {
	if db == nil || d.dialect == nil {
		return nil, errors.New("sqlquery: New needs a database and a dialect")
	}
	made := &DB{d: d.dialect, sql: sqldb.New(packageName, db, d.kind)}
	for _, o := range options {
		o(made)
	}
	if made.sql.Prepare != nil && d == SQLite {
		return nil, errors.New("sqlquery: SQLite has no row-level security: Prepare is for PostgreSQL and MySQL")
	}
	return made, nil
}

// Database implements scim.Located.
func (db *DB) Database() any { return db.sql.Database() }

// register adds a table. It fails if the table could have an id that another
// table has: ids are unique across resource types (RFC 7643 §3.1).
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

// coincide reports whether an integer after one prefix can be equal to an
// integer after the other prefix.
func coincide(p, q string) bool {
	if len(p) > len(q) {
		p, q = q, p
	}
	rest, ok := strings.CutPrefix(q, p)
	return ok && strings.Trim(rest, "-0123456789") == ""
}

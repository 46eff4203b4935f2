package sqlstore

import (
	"database/sql"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// DB keeps the resources of any number of types in one database. It is safe
// for concurrent use. Make one with [New] or [OpenSQLite].
type DB struct {
	d     *dialect
	sql   *sqldb.DB
	owned []*sql.DB // what Close closes
	log   *slog.Logger
	extra []string    // paths that Index named
	wal   string      // the file that DeferSync syncs, "" if it defers nothing
	known *tokenCache // nil: none

	startWrite string       // what a transaction begins with, so that it is a writer
	unswept    atomic.Int32 // how many writes do not look for rows to sweep

	keepKeys bool
	mu       sync.Mutex
	tables   []*table
	pending  atomic.Int32  // tables whose keys have not been checked yet
	checking chan struct{} // held while keys are checked
}

var (
	_ store.Transactor = (*DB)(nil)
	_ store.Syncer     = (*DB)(nil)
)

// Option changes how a [DB] works.
type Option func(*DB)

// Logger sets the logger for stored resources that cannot be read completely;
// they do not fail the request. The default is slog.Default().
func Logger(l *slog.Logger) Option { return func(db *DB) { db.log = l } }

// Index adds attribute paths to those that are looked up and sorted by index,
// for every resource type that has them: paths of strings as
// schema.ResourceType.Resolve reads them, for example "name.familyName". The
// keys of resources stored before are made by [DB.Migrate].
func Index(paths ...string) Option {
	return func(db *DB) { db.extra = append(db.extra, paths...) }
}

// KeepKeys leaves the keys of all resources as they are: for a program beside the one
// that serves them, which may index other paths or have other types. Its stores answer
// no filter and no order themselves, and rebuild nothing, which would make the writes of
// the other program fail. A write fails (503) where the other program makes keys in
// another way.
func KeepKeys() Option { return func(db *DB) { db.keepKeys = true } }

// New returns a store in an open database, which the caller closes. [DB.Migrate]
// creates the tables.
func New(db *sql.DB, d Dialect, options ...Option) (*DB, error) {
	if db == nil || d.dialect == nil {
		return nil, errors.New("sqlstore: New needs a database and a dialect")
	}
	s := &DB{
		d: d.dialect, sql: sqldb.New(packageName, db, d.kind), log: slog.Default(), checking: make(chan struct{}, 1),
		startWrite: d.startWrite,
	}
	for _, o := range options {
		o(s)
	}
	return s, nil
}

// Close closes what [OpenSQLite] opened. A database given to [New] is left
// open.
func (db *DB) Close() error {
	errs := []error{db.known.close()}
	for _, o := range db.owned {
		errs = append(errs, o.Close())
	}
	return errors.Join(errs...)
}

// Database implements scim.Located.
func (db *DB) Database() any { return db.sql.Database() }

// Store returns the store of one resource type. For a type with a members
// attribute it is a [store.MemberStore]. Types are told apart by their name.
func (db *DB) Store(t *schema.ResourceType) store.Store {
	db.mu.Lock()
	defer db.mu.Unlock()
	i := slices.IndexFunc(db.tables, func(s *table) bool { return s.t == t })
	if i < 0 {
		i = len(db.tables)
		db.tables = append(db.tables, newTable(db, t))
		if !db.keepKeys {
			db.pending.Add(1)
		}
	}
	if t.Members() != nil {
		return &groups{db.tables[i]}
	}
	return db.tables[i]
}

// unprepared returns the tables whose keys have not been checked yet.
func (db *DB) unprepared() []*table {
	db.mu.Lock()
	defer db.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(db.tables), func(t *table) bool { return t.prepared.Load() })
}

package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// SQLite is the dialect of SQLite 3.37 or newer. [OpenSQLite] opens a database
// the way this package needs it; with [New] that is the caller's part: a
// file in WAL mode, with synchronous=FULL (else a power cut may undo what was
// acknowledged) and a busy_timeout on every connection.
var SQLite = Dialect{&dialect{
	name: "sqlite",
	kind: sqldb.SQLite,
	// A statement that writes, first in a transaction, takes the write lock
	// before anything was read, as BEGIN IMMEDIATE does. A transaction that
	// has read and writes later fails whenever another wrote in between.
	startWrite: "DELETE FROM scim_type WHERE 0",
	insert:     "INSERT INTO ",
	onTaken:    " ON CONFLICT DO NOTHING",
	holding:    " ON CONFLICT DO NOTHING",
	adding:     " ON CONFLICT (tenant, type, shard) DO UPDATE SET n = scim_count.n + excluded.n",
	counting:   " ON CONFLICT DO NOTHING",
	shard:      "0", // there is one writer
	concat:     pipes,
	contains:   func(text string) string { return "instr(" + text + ", ?) > 0" },
	ends:       func(text string, n int) string { return "substr(" + text + ", " + strconv.Itoa(-n) + ")" },
	length:     utf8.RuneCountInString,
	members:    membersList,
	among:      in,
	rowCompare: rowComparison,
	sortedTail: func(tail string) string { return tail },
	weak:       weakSQLite,
}}

// weakSQLite looks at a connection that the host has opened.
func weakSQLite(ctx context.Context, db *DB) {
	var synchronous int
	var mode string
	if db.one(ctx, "PRAGMA synchronous", nil, &synchronous) == nil && synchronous < 2 {
		db.log.Warn("sqlstore: synchronous is not FULL: a power cut may undo what was acknowledged")
	}
	if db.one(ctx, "PRAGMA journal_mode", nil, &mode) == nil && mode != "wal" {
		db.log.Warn("sqlstore: journal_mode is not WAL: readers and writers wait for each other", "journal_mode", mode)
	}
}

// busyTimeout is how long a connection waits for another process.
const busyTimeout = 5 * time.Second

var sqlitePragmas = []string{
	"PRAGMA busy_timeout=" + strconv.Itoa(int(busyTimeout.Milliseconds())),
	"PRAGMA synchronous=FULL",
	"PRAGMA foreign_keys=ON",
}

// OpenSQLite opens, or creates, the database file at path with a driver that
// the program has imported: "sqlite" is that of modernc.org/sqlite. Writing is
// done on one connection, so that transactions queue in Go, where waiting ends
// with the context; reading on a pool of its own, which never waits for a
// writer (WAL). A transaction acknowledged is on disk (synchronous=FULL).
// Other processes may use the same file.
//
// The tables are made by [DB.Migrate].
func OpenSQLite(driverName, path string, options ...Option) (*DB, error) {
	if path == "" || strings.Contains(path, ":memory:") {
		return nil, errors.New("sqlstore: SQLite needs a file: a database in memory cannot be shared by connections")
	}
	if err := private(path); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	opener, err := sql.Open(driverName, "")
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	defer opener.Close()
	c := sqliteConnector{opener.Driver(), "file:" + escapePath(path), append(sqlitePragmas, "PRAGMA journal_mode=WAL")}
	writer := sql.OpenDB(c)
	writer.SetMaxOpenConns(1)
	db, err := New(writer, SQLite, options...)
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	if err := db.ping(); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlstore: opening %s: %w", path, err), writer.Close())
	}
	c.pragmas = append(sqlitePragmas, "PRAGMA query_only=ON")
	reader := sql.OpenDB(c)
	readers := max(4, runtime.GOMAXPROCS(0))
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	db.sql.Reader = reader
	db.owned = []*sql.DB{reader, writer}
	return db, nil
}

// private makes the file if there is none, so that nobody else can read it:
// SQLite itself would leave that to the umask. The files beside it get the
// same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// escapePath makes a file name the path of an SQLite URI, in which ?, # and %
// have a meaning.
func escapePath(path string) string {
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		path = "/" + path
	}
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// ping waits for a process that is switching the same file to WAL, for which
// SQLite does not use the busy timeout.
func (db *DB) ping() error {
	ctx, cancel := context.WithTimeout(context.Background(), busyTimeout)
	defer cancel()
	return db.sql.Ping(ctx)
}

// sqliteConnector opens connections and sets them up, whatever the driver.
type sqliteConnector struct {
	driver  driver.Driver
	dsn     string
	pragmas []string
}

func (c sqliteConnector) Driver() driver.Driver { return c.driver }

func (c sqliteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	execer, ok := conn.(driver.ExecerContext)
	if !ok {
		return nil, errors.Join(errors.New("sqlstore: the driver cannot execute statements directly"), conn.Close())
	}
	for _, pragma := range c.pragmas {
		if _, err := execer.ExecContext(ctx, pragma, nil); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

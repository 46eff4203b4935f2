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
	"github.com/seed5f3efb56/scim/store"
)

// SQLite is the dialect of SQLite 3.37 or newer. [OpenSQLite] sets the database
// up as this package needs it. With [New] the caller does: a file in WAL mode,
// with synchronous=FULL (otherwise a power cut may undo writes that were
// acknowledged) and a busy_timeout on every connection.
var SQLite = Dialect{&dialect{
	name: "sqlite",
	kind: sqldb.SQLite,
	// A first statement that writes takes the write lock before the first read, as
	// statementConn.BeginTx does.
	startWrite: "DELETE FROM scim_migration WHERE 0",
	hasTable:   "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?",
	// SQLite prepares a statement anew whenever a plain parameter of LIMIT gets a value.
	limit:    " LIMIT 0 + ?",
	offset:   " OFFSET 0 + ?",
	insert:   "INSERT INTO ",
	onTaken:  " ON CONFLICT DO NOTHING",
	holding:  " ON CONFLICT DO NOTHING",
	adding:   " ON CONFLICT (tenant, type, shard) DO UPDATE SET n = scim_count.n + excluded.n",
	counting: onConflictCounting,
	shard:    "0", // there is one writer
	byKey: func(condition string) string {
		return " FROM scim_key k JOIN scim_resource r ON r.seq = k.seq WHERE " + condition + " ORDER BY k.seq"
	},
	joinText:   func(id, display string) string { return "group_concat(" + joinedText(id, display, "char") + ", '')" },
	concat:     pipes,
	contains:   func(text string) string { return "instr(" + text + ", ?) > 0" },
	ends:       func(text string, n int) string { return "substr(" + text + ", " + strconv.Itoa(-n) + ")" },
	length:     utf8.RuneCountInString,
	memberRows: 50,

	leaveAtOnce: 20_000,
	sweep:       200,
	stays: " AND COALESCE((SELECT l.first FROM scim_left l WHERE l.grp = m.grp AND l.last >= m.ord" +
		" ORDER BY l.last LIMIT 1) > m.ord, TRUE)",

	members:    membersList,
	addMembers: func(n int) string { return addMissing("?", n) },
	among:      inQuery,
	rowCompare: rowComparison,
	sortedTail: func(tail string) string { return tail },
	head:       substrHead,
	weak:       weakSQLite,
}}

// weakSQLite warns about settings of a connection that the application opened.
func weakSQLite(ctx context.Context, db *DB) {
	var synchronous int
	var mode string
	if db.one(ctx, "PRAGMA synchronous", nil, &synchronous) == nil && synchronous < 2 {
		db.log.Warn("sqlstore: synchronous is not FULL: a power cut may undo writes that were acknowledged")
	}
	if db.one(ctx, "PRAGMA journal_mode", nil, &mode) == nil && mode != "wal" {
		db.log.Warn("sqlstore: journal_mode is not WAL: readers and writers wait for each other", "journal_mode", mode)
	}
}

// busyTimeout is the longest time that a connection waits for another process.
const busyTimeout = 5 * time.Second

var sqlitePragmas = []string{
	"PRAGMA busy_timeout=" + strconv.Itoa(int(busyTimeout.Milliseconds())),
	"PRAGMA synchronous=FULL",
	"PRAGMA foreign_keys=ON",
}

// OpenSQLite opens, or creates, the database file at path with a driver that
// the program has imported: "sqlite" is that of modernc.org/sqlite. Writes use one
// connection, so that transactions queue in Go, where waiting ends with the
// context. Reads use a separate pool and never wait for a writer (WAL). An
// acknowledged transaction is on disk (synchronous=FULL; [DB.DeferSync]). Other
// processes may use the same file.
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
	c := sqliteConnector{driver: opener.Driver(), dsn: "file:" + escapePath(path), pragmas: append(sqlitePragmas[:len(sqlitePragmas):len(sqlitePragmas)], "PRAGMA journal_mode=WAL")}
	writer := sql.OpenDB(c)
	writer.SetMaxOpenConns(1)
	db, err := New(writer, SQLite, options...)
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	if err := db.ping(); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlstore: opening %s: %w", path, err), writer.Close())
	}
	if db.beginsImmediate() {
		db.startWrite = ""
	}
	c.pragmas = append(sqlitePragmas[:len(sqlitePragmas):len(sqlitePragmas)], "PRAGMA query_only=ON")
	reader := sql.OpenDB(c)
	readers := max(4, runtime.GOMAXPROCS(0))
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	db.sql.Reader = reader
	db.owned = []*sql.DB{reader, writer}
	db.deferCommits(c)
	// It does not wait for locks, since a request can read the token instead.
	c.pragmas = []string{"PRAGMA busy_timeout=0", "PRAGMA query_only=ON"}
	db.known, _ = newTokenCache(c) // with another driver each token is read
	return db, nil
}

// beginsImmediate reports whether transactions of the writer take the write lock
// themselves.
func (db *DB) beginsImmediate() (immediate bool) {
	conn, err := db.sql.Database().Conn(context.Background())
	if err != nil {
		return false
	}
	defer conn.Close()
	err = conn.Raw(func(c any) error { _, immediate = c.(*statementConn); return nil })
	return immediate && err == nil
}

// deferCommits opens the connection for the transactions of [DB.DeferSync], in WAL
// mode: elsewhere, on some file systems of networks, NORMAL may damage the file.
func (db *DB) deferCommits(c sqliteConnector) {
	ctx := context.Background()
	var mode, file string // the file without symbolic links, where the journal is
	if db.one(ctx, "PRAGMA journal_mode", nil, &mode) != nil || mode != "wal" ||
		db.one(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'", nil, &file) != nil || file == "" {
		return
	}
	c.pragmas = append(sqlitePragmas[:len(sqlitePragmas):len(sqlitePragmas)], "PRAGMA synchronous=NORMAL")
	later := sql.OpenDB(c)
	later.SetMaxOpenConns(1)
	db.sql.Deferred = later
	db.owned = append(db.owned, later)
	db.wal = file + "-wal"
}

// DeferSync implements [store.Syncer]. A database of [OpenSQLite] writes the
// transactions of the context to its journal (WAL) as always, and sync has the
// system put the journal on disk. Other databases put each commit on disk.
func (db *DB) DeferSync(ctx context.Context) (context.Context, func() error) {
	if db.wal == "" {
		return ctx, func() error { return nil }
	}
	return db.sql.Defer(ctx), db.syncWAL
}

// syncWAL puts on disk what the journal has. What a checkpoint has moved from it to
// the database is on disk already. The journal exists as long as a connection does,
// and no lock of SQLite is on it, which closing a file would release.
func (db *DB) syncWAL() error {
	f, err := os.OpenFile(db.wal, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%w: sqlstore: %w", store.ErrUnavailable, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("%w: sqlstore: %w", store.ErrUnavailable, err)
	}
	return nil
}

// private creates the file, if it does not exist, readable by its owner only.
// SQLite itself would use the umask. The files of the journal get the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// escapePath converts a file name to the path of an SQLite URI, in which ?, #
// and % have a meaning.
func escapePath(path string) string {
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		path = "/" + path
	}
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// ping waits until no other process switches the file to WAL. SQLite does not
// use the busy timeout for that.
func (db *DB) ping() error {
	ctx, cancel := context.WithTimeout(context.Background(), busyTimeout)
	defer cancel()
	return db.sql.Ping(ctx)
}

// sqliteConnector opens connections with any driver and runs the pragmas.
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
	return keepStatements(conn), nil
}

package sqldb

import (
	"context"
	"database/sql"
)

// Database is what a kind of database needs of this package: one of [SQLite],
// [PostgreSQL] and [MySQL], which are immutable.
type Database struct {
	name      string
	probe     string // a statement that only this kind of database understands
	Numbered  bool   // arguments are $1, $2, … instead of ?
	OneWriter bool   // one transaction at a time: they queue for it in Go
	isolation sql.IsolationLevel
	fault     func(error) Fault // what the database itself says
	// refused reports that an error of COMMIT says that it did not take place.
	refused func(error) bool
	// connectionLost reports that the connection is gone or was never made.
	connectionLost func(error) bool
	hint           func(error) string // what to do about an error, or ""; may be nil
	// strict fails if connections store a value other than the one they were
	// given; may be nil.
	strict func(context.Context, *DB) error
}

// SQLite has one isolation level.
var SQLite = &Database{
	name: "SQLite", probe: "SELECT sqlite_version()", OneWriter: true,
	fault: sqliteFault, refused: sqliteRefused, connectionLost: poolConnectionLost,
}

// PostgreSQL is any database that speaks like it.
var PostgreSQL = &Database{
	name: "PostgreSQL", probe: "SELECT current_setting('server_version_num')", Numbered: true, isolation: sql.LevelReadCommitted,
	fault: postgresFault, refused: postgresRefused, connectionLost: serverConnectionLost, hint: postgresHint,
}

// MySQL is MariaDB too.
var MySQL = &Database{
	name: "MariaDB or MySQL", probe: "SELECT @@version_comment", isolation: sql.LevelReadCommitted,
	fault: mysqlFault, refused: mysqlRefused, connectionLost: serverConnectionLost, strict: mysqlStrict,
}

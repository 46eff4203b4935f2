package sqldb

import (
	"context"
	"database/sql"
)

// Database describes a kind of database: one of [SQLite], [PostgreSQL] and
// [MySQL], which are immutable.
type Database struct {
	name string
	// probe is a statement that no other kind of database understands.
	probe     string
	Numbered  bool // placeholders are $1, $2, … instead of ?
	OneWriter bool // only one transaction runs at a time; others queue in Go
	isolation sql.IsolationLevel
	// fault classifies an error by the code that the database sent.
	fault func(error) Fault
	// refused reports whether an error of COMMIT means that nothing was
	// committed.
	refused func(error) bool
	// connectionLost reports whether the connection failed or could not be made.
	connectionLost func(error) bool
	// hint returns advice for the operator that is appended to the error, or "".
	// It may be nil.
	hint func(error) string
	// strict fails if connections may store a value other than the one they are
	// given. It may be nil.
	strict func(context.Context, *DB) error
}

// SQLite has one isolation level and one writer.
var SQLite = &Database{
	name: "SQLite", probe: "SELECT sqlite_version()", OneWriter: true,
	fault: sqliteFault, refused: sqliteRefused, connectionLost: poolConnectionLost,
}

// PostgreSQL is PostgreSQL and databases with its protocol.
var PostgreSQL = &Database{
	name: "PostgreSQL", probe: "SELECT current_setting('server_version_num')", Numbered: true, isolation: sql.LevelReadCommitted,
	fault: postgresFault, refused: postgresRefused, connectionLost: serverConnectionLost, hint: postgresHint,
}

// MySQL is MySQL and MariaDB.
var MySQL = &Database{
	name: "MariaDB or MySQL", probe: "SELECT @@version_comment", isolation: sql.LevelReadCommitted,
	fault: mysqlFault, refused: mysqlRefused, connectionLost: serverConnectionLost, strict: mysqlStrict,
}

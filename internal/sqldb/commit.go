package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/seed5f3efb56/scim/store"
)

// ErrRefused is wrapped by an error of COMMIT after which nothing was committed:
// a deferred constraint or a conflict. [DB.Fault] tells which.
var ErrRefused = errors.New("commit refused")

// afterCommit returns the cause of an error of COMMIT. If the database refused
// the commit the error is treated as that of a statement. Otherwise the outcome
// of the commit is unknown.
func (db *DB) afterCommit(ctx context.Context, conn *sql.Conn, err error) (cause Fault, _ error) {
	endTransaction(ctx, conn)
	if !db.kind.refused(err) {
		return None, fmt.Errorf("%w: %s: commit: %w", store.ErrUnavailable, db.pkg, err)
	}
	return db.rerun(ctx, err), db.wrap(ctx, fmt.Errorf("%w: %w", ErrRefused, err))
}

// endTransaction ends the transaction of a connection whose COMMIT failed:
// SQLite keeps it open, not every driver ends it, and database/sql believes that
// it has ended. If ROLLBACK fails the connection is closed.
func endTransaction(ctx context.Context, conn *sql.Conn) {
	if _, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// postgresRefused accepts every SQLSTATE as a refusal except those of a server
// that shuts down or fails, which may have committed before it reported. pgx
// reports a COMMIT that was answered by ROLLBACK without a SQLSTATE.
func postgresRefused(err error) bool {
	var coded interface{ SQLState() string }
	if !errors.As(err, &coded) {
		return strings.Contains(err.Error(), "commit unexpectedly resulted in rollback")
	}
	state := coded.SQLState()
	if len(state) != 5 || state == "40003" { // completion unknown
		return false
	}
	switch state[:2] {
	case "08", "53", "57", "58", "F0", "XX": // connection, resources, operator, system, internal errors
		return false
	}
	return true
}

// mysqlRefused accepts conflicts, which a Galera cluster reports at COMMIT, and
// the errors of constraints.
func mysqlRefused(err error) bool {
	number, _ := mysqlNumber(err)
	switch number {
	case 1020, 1205, 1213, 1412, 3572:
		return true
	}
	f := mysqlFault(err)
	return f == Reference || f == Unique || f == Value || f == NotNull
}

// sqliteRefused accepts locks and constraints. After an error of the disk the
// transaction may have been written.
func sqliteRefused(err error) bool {
	code, _ := sqliteCode(err)
	switch code & 0xff {
	case 5, 6, 19: // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_CONSTRAINT
		return true
	}
	return false
}

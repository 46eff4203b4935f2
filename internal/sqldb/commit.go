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

// ErrRefused is within an error of COMMIT that says that it did not take place:
// constraints that were deferred, conflicts. [DB.Fault] reads which.
var ErrRefused = errors.New("commit refused")

// afterCommit decides about an error of COMMIT. One that the database gave for
// a refusal is like a statement's. After any other nobody knows whether the
// commit took place.
func (db *DB) afterCommit(ctx context.Context, conn *sql.Conn, err error) (cause Fault, _ error) {
	leave(ctx, conn)
	if !db.kind.refused(err) {
		return None, fmt.Errorf("%w: %s: commit: %w", store.ErrUnavailable, db.by, err)
	}
	return db.rerun(ctx, err), db.wrap(ctx, fmt.Errorf("%w: %w", ErrRefused, err))
}

// leave makes sure that a connection whose commit failed has no open
// transaction: SQLite keeps it, not every driver ends it, and database/sql takes
// it to be over. Where ROLLBACK finds none or fails the connection is closed.
func leave(ctx context.Context, conn *sql.Conn) {
	if _, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// postgresRefused takes each SQLSTATE for a refusal but those of a server that
// goes down or breaks, which may have committed before it said so. pgx tells of
// a COMMIT that was answered by ROLLBACK in words only.
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

// mysqlRefused knows conflicts, those of a Galera cluster too, and what a
// statement could have failed with as well.
func mysqlRefused(err error) bool {
	number, _ := mysqlNumber(err)
	switch number {
	case 1020, 1205, 1213, 1412, 3572:
		return true
	}
	f := mysqlFault(err)
	return f == Reference || f == Unique || f == Value || f == NotNull
}

// sqliteRefused: a disk that fails may have kept what was written.
func sqliteRefused(err error) bool {
	code, _ := sqliteCode(err)
	switch code & 0xff {
	case 5, 6, 19: // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_CONSTRAINT
		return true
	}
	return false
}

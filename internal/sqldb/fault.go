package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/seed5f3efb56/scim/store"
)

// Fault is the meaning of a driver's error.
type Fault uint8

const (
	// None is no error, or one without a meaning to this package.
	None Fault = iota
	// Again is a conflict or a lost connection: nothing was changed, and the
	// transaction may succeed if it runs again at once.
	Again
	// Unavailable is a database that cannot answer now.
	Unavailable
	// Reference is a violated foreign key. The transaction may succeed if it
	// runs again and reads the rows as they are now. Once is enough: waiting
	// does not help.
	Reference
	// Unique is a value that a unique index already has.
	Unique
	// Value is a value that does not fit its column, or violates a CHECK.
	Value
	// NotNull is a missing value for a column that cannot be NULL.
	NotNull
)

// rerun returns the fault if a transaction that runs again may succeed, else
// None.
func (f Fault) rerun() Fault {
	if f == Again || f == Reference {
		return f
	}
	return None
}

// Fault classifies an error, which may be wrapped.
func (db *DB) Fault(err error) Fault {
	if f := db.kind.fault(err); f != None {
		return f
	}
	if err != nil && db.kind.connectionLost(err) {
		return Again
	}
	return None
}

// poolConnectionLost reports whether database/sql or the driver closed the
// connection. A database in a file loses a connection in no other way.
func poolConnectionLost(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

// serverConnectionLost reports whether the connection to a server failed or
// could not be made. That an error implements net.Error proves nothing: some
// drivers implement it for errors of every kind.
func serverConnectionLost(err error) bool {
	var network *net.OpError
	switch {
	case poolConnectionLost(err), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network):
		return true
	}
	// mysql.ErrInvalidConn has neither a type nor a code.
	return strings.Contains(err.Error(), "invalid connection")
}

// wrap returns a driver's error in the form described at [DB.Exec]. nil and
// store.ErrUnavailable stay as they are.
func (db *DB) wrap(ctx context.Context, err error) error {
	switch f := db.Fault(err); {
	case err == nil, errors.Is(err, store.ErrUnavailable):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", db.pkg, ctx.Err())
	case f == Again, f == Unavailable:
		return fmt.Errorf("%w: %s: %w", store.ErrUnavailable, db.pkg, err)
	}
	if db.kind.hint != nil {
		if hint := db.kind.hint(err); hint != "" {
			return fmt.Errorf("%s: %w (%s)", db.pkg, err, hint)
		}
	}
	return fmt.Errorf("%s: %w", db.pkg, err)
}

// find calls read for an error and the errors that it wraps, in the order of
// errors.As, until read returns true. read looks at errors whose types belong
// to drivers, which this package does not import.
func find[T any](err error, read func(error) (T, bool)) (found T, ok bool) {
	if err == nil {
		return found, false
	}
	if found, ok = read(err); ok {
		return found, true
	}
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		return find(wrapper.Unwrap(), read)
	case interface{ Unwrap() []error }:
		for _, e := range wrapper.Unwrap() {
			if found, ok = find(e, read); ok {
				return found, true
			}
		}
	}
	return found, false
}

// field returns the value of an integer field of an error.
func field(err error, name string) (int, bool) {
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return 0, false
	}
	return number(v.FieldByName(name))
}

// number returns the value of an integer of any Go type.
func number(v reflect.Value) (int, bool) {
	switch {
	case !v.IsValid():
		return 0, false
	case v.CanInt():
		return int(v.Int()), true
	case v.CanUint():
		return int(v.Uint()), true
	}
	return 0, false
}

// Table returns the name of the table in a driver's error: the field TableName
// of pgx or Table of lib/pq.
func Table(err error) (name string, ok bool) { return textField(err, "TableName", "Table") }

// violatedCheck has the texts of errors about a CHECK: of MySQL, MariaDB and
// SQLite, which names the constraint, or has its expression.
var violatedCheck = regexp.MustCompile("Check constraint '([^']+)'|CONSTRAINT `([^`]+)` failed|CHECK constraint failed: (.*?)(?: \\(275\\))?$")

// CheckName returns the name of the CHECK that an error reports as violated; in
// SQLite the expression of one without a name.
func CheckName(err error) (name string, ok bool) {
	if sqlState(err) == "23514" {
		name, _ = textField(err, "ConstraintName", "Constraint")
		return name, true
	}
	number, _ := mysqlNumber(err)
	code, _ := sqliteCode(err)
	if number != 3819 && number != 4025 && code != 275 {
		return "", false
	}
	if m := violatedCheck.FindStringSubmatch(err.Error()); m != nil {
		name = m[1] + m[2] + m[3]
	}
	return name, true
}

// textField returns the first of the fields that a driver's error has.
func textField(err error, fields ...string) (text string, ok bool) {
	return find(err, func(err error) (string, bool) {
		v := reflect.Indirect(reflect.ValueOf(err))
		if v.Kind() != reflect.Struct {
			return "", false
		}
		for _, field := range fields {
			if f := v.FieldByName(field); f.IsValid() && f.Kind() == reflect.String {
				return f.String(), true
			}
		}
		return "", false
	})
}

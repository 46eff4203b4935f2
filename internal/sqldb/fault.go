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
	"strings"

	"github.com/seed5f3efb56/scim/store"
)

// Fault is what an error of a driver means.
type Fault uint8

const (
	None        Fault = iota
	Again             // undone; running it again at once may succeed
	Unavailable       // the database cannot answer now
	// Reference is a foreign key: the application deleted what a new row refers
	// to, or refers to what is deleted. Running it again finds what is there
	// now; once, as waiting longer will not help.
	Reference
	Unique  // a unique index has the value
	Value   // a value does not fit its column, or breaks a CHECK of the application
	NotNull // a column that cannot be NULL got no value
)

// rerun returns the fault if running a transaction again may succeed, else
// None.
func (f Fault) rerun() Fault {
	if f == Again || f == Reference {
		return f
	}
	return None
}

// Fault classifies an error, also within wrapped ones.
func (db *DB) Fault(err error) Fault {
	if f := db.kind.fault(err); f != None {
		return f
	}
	if err != nil && db.kind.connectionLost(err) {
		return Again
	}
	return None
}

// poolConnectionLost reports whether database/sql or a driver gave a connection
// up. A database in a file has no other way to lose one.
func poolConnectionLost(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

// serverConnectionLost reports whether the connection to a server failed or
// could not be made. An error that merely satisfies net.Error does not count:
// drivers do that for errors which have nothing to do with a network.
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

// wrap makes an error of a driver one of the package: a context's own error if
// the context has ended, a store.ErrUnavailable where trying again later makes
// sense, else an unknown failure. nil and store.ErrUnavailable stay as they are.
func (db *DB) wrap(ctx context.Context, err error) error {
	switch f := db.Fault(err); {
	case err == nil, errors.Is(err, store.ErrUnavailable):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", db.by, ctx.Err())
	case f == Again, f == Unavailable:
		return fmt.Errorf("%w: %s: %w", store.ErrUnavailable, db.by, err)
	}
	if db.kind.hint != nil {
		if hint := db.kind.hint(err); hint != "" {
			return fmt.Errorf("%s: %w (%s)", db.by, err, hint)
		}
	}
	return fmt.Errorf("%s: %w", db.by, err)
}

// find reads what an error of a driver has where only its own type could be
// asked for. It walks through wrapped errors, as errors.As does.
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

// field returns a field of an error that is an integer.
func field(err error, name string) (int, bool) {
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return 0, false
	}
	return number(v.FieldByName(name))
}

// number returns the value of an integer of any type.
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

// Table returns the table that a driver's error names: pgx in a field
// TableName, lib/pq in Table.
func Table(err error) (name string, ok bool) {
	return find(err, func(err error) (string, bool) {
		v := reflect.Indirect(reflect.ValueOf(err))
		if v.Kind() != reflect.Struct {
			return "", false
		}
		for _, field := range []string{"TableName", "Table"} {
			if f := v.FieldByName(field); f.IsValid() && f.Kind() == reflect.String {
				return f.String(), true
			}
		}
		return "", false
	})
}

package sqlquery

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"

	"github.com/seed5f3efb56/scim/store"
)

// fault is what an error of a driver means.
type fault uint8

const (
	faultNone        fault = iota
	faultAgain             // undone; running it again at once may succeed
	faultUnavailable       // the database cannot answer now
	faultUnique            // a unique index has the value
	faultValue             // a value does not fit its column
)

// faultOf classifies an error, also within wrapped ones.
func faultOf(err error) fault {
	var unsent interface{ SafeToRetry() bool } // pgx: "conn closed" and others that nothing was sent of
	if errors.As(err, &unsent) && unsent.SafeToRetry() {
		return faultAgain
	}
	var state interface{ SQLState() string } // pgx, lib/pq
	if errors.As(err, &state) {
		return postgresFault(state.SQLState())
	}
	var network net.Error
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return faultAgain
	}
	if f := numberedFault(err); f != faultNone {
		return f
	}
	if err != nil && strings.Contains(err.Error(), "invalid connection") {
		return faultAgain // mysql.ErrInvalidConn has neither a type nor a code
	}
	return faultNone
}

func postgresFault(state string) fault {
	switch state {
	case "40001", "40P01", "55P03", "57P01", "57P02": // serialization, deadlock, lock, shutdown
		return faultAgain
	case "23503": // the application deleted what a new row refers to
		return faultAgain
	case "23505":
		return faultUnique
	case "22001", "22003", "22007", "22008", "54000": // too long, out of range, no date, index row too large
		return faultValue
	}
	switch {
	case strings.HasPrefix(state, "08"):
		return faultAgain
	case strings.HasPrefix(state, "53"), strings.HasPrefix(state, "57"), strings.HasPrefix(state, "58"):
		return faultUnavailable
	}
	return faultNone
}

// numberedFault walks through wrapped errors, as errors.As does.
func numberedFault(err error) fault {
	if err == nil {
		return faultNone
	}
	if f := codeFault(err); f != faultNone {
		return f
	}
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		return numberedFault(wrapper.Unwrap())
	case interface{ Unwrap() []error }:
		for _, e := range wrapper.Unwrap() {
			if f := numberedFault(e); f != faultNone {
				return f
			}
		}
	}
	return faultNone
}

// codeFault reads the number in the errors of the other drivers, which this
// package does not import: a method Code (modernc.org/sqlite), a field
// ExtendedCode (mattn/go-sqlite3) or Number (go-sql-driver/mysql).
func codeFault(err error) fault {
	if coded, ok := err.(interface{ Code() int }); ok {
		return sqliteFault(coded.Code())
	}
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return faultNone
	}
	if f := v.FieldByName("ExtendedCode"); f.IsValid() && f.CanInt() {
		return sqliteFault(int(f.Int()))
	}
	if f := v.FieldByName("Number"); f.IsValid() && f.CanUint() {
		return mysqlFault(f.Uint())
	}
	return faultNone
}

func sqliteFault(code int) fault {
	switch code {
	case 2067, 1555, 2579: // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY, _ROWID
		return faultUnique
	}
	switch code & 0xff {
	case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
		return faultAgain
	case 8, 10, 13, 14: // SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
		return faultUnavailable
	case 18: // SQLITE_TOOBIG
		return faultValue
	}
	return faultNone
}

func mysqlFault(number uint64) fault {
	switch number {
	case 1205, 1213, 1020: // lock wait timeout, deadlock, record has changed
		return faultAgain
	case 1451, 1452: // a row is referred to, or refers to what the application deleted
		return faultAgain
	case 1062, 1586:
		return faultUnique
	case 1406, 1264, 1292, 1366: // too long, out of range, no date, not of the character set
		return faultValue
	case 1040, 1053, 1290, 3024: // too many connections, shutdown, read only
		return faultUnavailable
	}
	return faultNone
}

// wrap makes an error of a driver one of this package: a context's own error
// if the context has ended, a store.ErrUnavailable where trying again later
// makes sense, else an unknown failure.
func wrap(ctx context.Context, err error) error {
	switch f := faultOf(err); {
	case err == nil, errors.Is(err, store.ErrUnavailable):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("sqlquery: %w", ctx.Err())
	case f == faultAgain, f == faultUnavailable:
		return fmt.Errorf("%w: sqlquery: %w", store.ErrUnavailable, err)
	}
	return fmt.Errorf("sqlquery: %w", err)
}

package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/seed5f3efb56/scim/store"
)

// fault is what an error of a driver means to a transaction.
type fault uint8

const (
	faultNone        fault = iota
	faultAgain             // undone; running it again at once may succeed
	faultUnavailable       // the database cannot answer now
)

// fault classifies an error, also within wrapped ones.
func (db *DB) fault(err error) fault {
	if f := db.d.fault(err); f != faultNone {
		return f
	}
	if lostConnection(err) {
		return faultAgain
	}
	return faultNone
}

func lostConnection(err error) bool {
	var network net.Error
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return true
	}
	// mysql.ErrInvalidConn has neither a type nor a code.
	return strings.Contains(err.Error(), "invalid connection")
}

// wrap makes an error of a driver one of this package: a context's own error
// if the context has ended, a store.ErrUnavailable where trying again later
// makes sense, else an unknown failure. nil and errors of package store stay
// as they are.
func (db *DB) wrap(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, store.ErrUnavailable):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("sqlstore: %w", ctx.Err())
	case db.fault(err) != faultNone:
		return fmt.Errorf("%w: sqlstore: %w", store.ErrUnavailable, err)
	}
	return fmt.Errorf("sqlstore: %w", err)
}

package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/store"
)

type codeError int

func (c codeError) Error() string { return "code" }
func (c codeError) Code() int     { return int(c) }

// unused is what pgx says of a connection that is not open, as it does of one
// that a restart of the server has closed ("conn closed").
func unused() error {
	_, err := new(pgconn.PgConn).Prepare(context.Background(), "", "", nil)
	return err
}

func TestFaults(t *testing.T) {
	t.Parallel()
	state := func(code string) error { return &pgconn.PgError{Code: code} }
	number := func(n uint16) error {
		return &mysql.MySQLError{Number: n, SQLState: [5]byte{'4', '0', '0', '0', '1'}, Message: "Error 1213 in the text"}
	}
	for _, tt := range []struct {
		name string
		d    Dialect
		err  error
		want fault
	}{
		{"SQLite busy", SQLite, codeError(5), faultAgain},
		{"SQLite busy snapshot", SQLite, codeError(5 | 2<<8), faultAgain},
		{"SQLite locked", SQLite, codeError(6), faultAgain},
		{"SQLite disk full", SQLite, codeError(13), faultUnavailable},
		{"SQLite constraint", SQLite, codeError(19 | 8<<8), faultNone},
		{"PostgreSQL serialization", PostgreSQL, state("40001"), faultAgain},
		{"PostgreSQL deadlock", PostgreSQL, state("40P01"), faultAgain},
		{"PostgreSQL terminated", PostgreSQL, state("57P01"), faultAgain},
		{"PostgreSQL starting up", PostgreSQL, state("57P03"), faultUnavailable},
		{"PostgreSQL too many connections", PostgreSQL, state("53300"), faultUnavailable},
		{"PostgreSQL standby", PostgreSQL, state("25006"), faultUnavailable},
		{"PostgreSQL unique violation", PostgreSQL, state("23505"), faultNone},
		{"PostgreSQL syntax", PostgreSQL, state("42601"), faultNone},
		{"PostgreSQL odd state", PostgreSQL, state(""), faultNone},
		{"MariaDB deadlock", MariaDB, number(1213), faultAgain},
		{"MariaDB lock wait", MariaDB, number(1205), faultAgain},
		{"MariaDB too many connections", MariaDB, number(1040), faultUnavailable},
		{"MariaDB duplicate", MariaDB, number(1062), faultNone},
		{"MariaDB without a state", MariaDB, &mysql.MySQLError{Number: 1213, Message: "x"}, faultAgain},
		{"MariaDB connection", MariaDB, mysql.ErrInvalidConn, faultAgain},
		{"PostgreSQL connection found closed", PostgreSQL, unused(), faultAgain},
		{"bad connection", PostgreSQL, driver.ErrBadConn, faultAgain},
		{"closed connection", PostgreSQL, sql.ErrConnDone, faultAgain},
		{"end of file", PostgreSQL, io.ErrUnexpectedEOF, faultAgain},
		{"network", PostgreSQL, &net.OpError{Op: "read", Err: errors.New("reset")}, faultAgain},
		{"anything else", MariaDB, errors.New("Error of another kind"), faultNone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db, err := New(new(sql.DB), tt.d)
			require.NoError(t, err)
			require.Equal(t, tt.want, db.fault(fmt.Errorf("while testing: %w", tt.err)))
			wrapped := db.wrap(t.Context(), tt.err)
			require.ErrorIs(t, wrapped, tt.err)
			require.Equal(t, tt.want != faultNone, errors.Is(wrapped, store.ErrUnavailable))
		})
	}
}

// The end of a context shows in many ways, of which only one is kept.
func TestTheContextsErrorComesFirst(t *testing.T) {
	t.Parallel()
	db, err := New(new(sql.DB), PostgreSQL)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = db.wrap(ctx, driver.ErrBadConn)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, store.ErrUnavailable)
}

package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// unused returns the error of pgx for a connection that is not open; it is the same
// for a connection that a restart of the server has closed ("conn closed").
func unused() error {
	_, err := new(pgconn.PgConn).Prepare(context.Background(), "", "", nil)
	return err
}

// twice returns the error of modernc.org/sqlite for a duplicate value.
func twice(t *testing.T) error {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db"))
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("CREATE TABLE x (y PRIMARY KEY); INSERT INTO x VALUES (1); INSERT INTO x VALUES (1)")
	return err
}

// The errors of real drivers are classified; package sqldb tests the meaning of
// each code.
func TestDriverErrorsAreClassified(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		d    Dialect
		err  error
		want sqldb.Fault
	}{
		{"SQLite", SQLite, twice(t), sqldb.Unique},
		{"PostgreSQL", PostgreSQL, &pgconn.PgError{Code: "23505"}, sqldb.Unique},
		{"PostgreSQL, connection found closed", PostgreSQL, unused(), sqldb.Again},
		{"MariaDB", MariaDB, &mysql.MySQLError{Number: 1062, SQLState: [5]byte{'2', '3', '0', '0', '0'}, Message: "Error 1213 in the text"}, sqldb.Unique},
		{"MariaDB, connection", MariaDB, mysql.ErrInvalidConn, sqldb.Again},
		{"network", PostgreSQL, &net.OpError{Op: "read", Err: errors.New("reset")}, sqldb.Again},
		{"anything else", MariaDB, errors.New("Error 1213"), sqldb.None},
	} {
		db, err := New(new(sql.DB), tt.d)
		require.NoError(t, err)
		require.Equal(t, tt.want, db.sql.Fault(fmt.Errorf("while testing: %w", tt.err)), "%s: %v", tt.name, tt.err)
	}
}

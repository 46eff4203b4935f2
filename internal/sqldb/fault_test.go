package sqldb_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqldb"
	"github.com/seed5f3efb56/scim/store"
)

// Errors in the form that the drivers give them.
type (
	pgError    struct{ state string }
	unsentErr  struct{ safe bool } // pgx: "conn closed"
	moderncErr struct{ code int }
	mattnError struct{ Code, ExtendedCode int }
	mysqlErr   struct{ Number uint16 }

	// ncruces/go-sqlite3 has its own types for the two codes and returns them as
	// bare errors too. All of its errors implement net.Error.
	ncrucesCode     uint8
	ncrucesExtended uint16
	ncrucesErr      struct{ code ncrucesExtended }
)

func (e *ncrucesErr) Error() string                 { return "ncruces" }
func (e *ncrucesErr) Code() ncrucesCode             { return ncrucesCode(e.code) }
func (e *ncrucesErr) ExtendedCode() ncrucesExtended { return e.code }
func (*ncrucesErr) Timeout() bool                   { return false }
func (*ncrucesErr) Temporary() bool                 { return false }
func (ncrucesCode) Error() string                   { return "ncruces code" }
func (c ncrucesCode) ExtendedCode() ncrucesExtended { return ncrucesExtended(c) }
func (ncrucesCode) Timeout() bool                   { return false }
func (ncrucesCode) Temporary() bool                 { return true }
func (ncrucesExtended) Error() string               { return "ncruces extended code" }
func (c ncrucesExtended) Code() ncrucesCode         { return ncrucesCode(c) }
func (ncrucesExtended) Timeout() bool               { return false }
func (ncrucesExtended) Temporary() bool             { return true }

// accidental implements net.Error although it is not an error of a connection.
type accidental struct{}

func (accidental) Error() string   { return "accidental" }
func (accidental) Timeout() bool   { return false }
func (accidental) Temporary() bool { return false }

// remoteErr has a method Code with another meaning, as in gRPC clients.
type remoteErr struct{ code uint32 }

func (*remoteErr) Error() string  { return "remote" }
func (e *remoteErr) Code() uint32 { return e.code }

// stalePlan is PostgreSQL's error for a prepared statement whose table has
// changed.
type stalePlan struct{ pgError }

func (stalePlan) Error() string {
	return "ERROR: cached plan must not change result type (SQLSTATE 0A000)"
}

func (e pgError) Error() string       { return "pg " + e.state }
func (e pgError) SQLState() string    { return e.state }
func (unsentErr) Error() string       { return "conn closed" }
func (e unsentErr) SafeToRetry() bool { return e.safe }
func (*moderncErr) Error() string     { return "modernc" }
func (e *moderncErr) Code() int       { return e.code }
func (mattnError) Error() string      { return "mattn" }
func (*mysqlErr) Error() string       { return "mysql" }

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		kind *sqldb.Database
		err  error
		want sqldb.Fault
	}{
		{"serialization failure", sqldb.PostgreSQL, pgError{"40001"}, sqldb.Again},
		{"deadlock", sqldb.PostgreSQL, pgError{"40P01"}, sqldb.Again},
		{"completion unknown", sqldb.PostgreSQL, pgError{"40003"}, sqldb.Unavailable},
		{"lock timeout", sqldb.PostgreSQL, pgError{"55P03"}, sqldb.Again},
		{"connection failure", sqldb.PostgreSQL, pgError{"08006"}, sqldb.Again},
		{"terminated by an administrator", sqldb.PostgreSQL, pgError{"57P01"}, sqldb.Again},
		{"crash of another backend", sqldb.PostgreSQL, pgError{"57P02"}, sqldb.Again},
		{"idle session ended", sqldb.PostgreSQL, pgError{"57P05"}, sqldb.Again},
		{"starting up", sqldb.PostgreSQL, pgError{"57P03"}, sqldb.Unavailable},
		{"statement timeout", sqldb.PostgreSQL, pgError{"57014"}, sqldb.Unavailable},
		{"idle in a transaction for too long", sqldb.PostgreSQL, pgError{"25P03"}, sqldb.Unavailable},
		{"transaction timeout", sqldb.PostgreSQL, pgError{"25P04"}, sqldb.Unavailable},
		{"a standby", sqldb.PostgreSQL, pgError{"25006"}, sqldb.Unavailable},
		{"too many connections", sqldb.PostgreSQL, pgError{"53300"}, sqldb.Unavailable},
		{"disk full", sqldb.PostgreSQL, pgError{"53100"}, sqldb.Unavailable},
		{"disk failing", sqldb.PostgreSQL, pgError{"58030"}, sqldb.Unavailable},
		{"a statement after one that failed", sqldb.PostgreSQL, pgError{"25P02"}, sqldb.None},
		{"foreign key", sqldb.PostgreSQL, pgError{"23503"}, sqldb.Reference},
		{"ON DELETE RESTRICT", sqldb.PostgreSQL, pgError{"23001"}, sqldb.Reference},
		{"unique", sqldb.PostgreSQL, pgError{"23505"}, sqldb.Unique},
		{"too long", sqldb.PostgreSQL, pgError{"22001"}, sqldb.Value},
		{"out of range", sqldb.PostgreSQL, pgError{"22003"}, sqldb.Value},
		{"not in an enumeration", sqldb.PostgreSQL, pgError{"22P02"}, sqldb.Value},
		{"too long for an index", sqldb.PostgreSQL, pgError{"54000"}, sqldb.Value},
		{"CHECK", sqldb.PostgreSQL, pgError{"23514"}, sqldb.Value},
		{"NOT NULL", sqldb.PostgreSQL, pgError{"23502"}, sqldb.NotNull},
		{"a cached plan of a table that changed", sqldb.PostgreSQL, stalePlan{pgError{"0A000"}}, sqldb.Again},
		{"anything else that is not supported", sqldb.PostgreSQL, pgError{"0A000"}, sqldb.None},
		{"no such table", sqldb.PostgreSQL, pgError{"42P01"}, sqldb.None},
		{"odd state", sqldb.PostgreSQL, pgError{""}, sqldb.None},
		{"not sent", sqldb.PostgreSQL, unsentErr{true}, sqldb.Again},
		{"perhaps sent", sqldb.PostgreSQL, unsentErr{false}, sqldb.None},

		{"lock wait timeout", sqldb.MySQL, &mysqlErr{1205}, sqldb.Again},
		{"deadlock", sqldb.MySQL, &mysqlErr{1213}, sqldb.Again},
		{"record has changed", sqldb.MySQL, &mysqlErr{1020}, sqldb.Again},
		{"table has changed", sqldb.MySQL, &mysqlErr{1412}, sqldb.Again},
		{"lock not available", sqldb.MySQL, &mysqlErr{3572}, sqldb.Again},
		{"shutting down", sqldb.MySQL, &mysqlErr{1053}, sqldb.Again},
		{"connection killed, MariaDB", sqldb.MySQL, &mysqlErr{1927}, sqldb.Again},
		{"gone", sqldb.MySQL, &mysqlErr{2006}, sqldb.Again},
		{"lost", sqldb.MySQL, &mysqlErr{2013}, sqldb.Again},
		{"session killed, MySQL", sqldb.MySQL, &mysqlErr{3169}, sqldb.Again},
		{"idle for too long", sqldb.MySQL, &mysqlErr{4031}, sqldb.Again},
		{"too many connections", sqldb.MySQL, &mysqlErr{1040}, sqldb.Unavailable},
		{"too many connections of the user", sqldb.MySQL, &mysqlErr{1203}, sqldb.Unavailable},
		{"disk full", sqldb.MySQL, &mysqlErr{1021}, sqldb.Unavailable},
		{"table full", sqldb.MySQL, &mysqlErr{1114}, sqldb.Unavailable},
		{"read-only", sqldb.MySQL, &mysqlErr{1290}, sqldb.Unavailable},
		{"read-only session", sqldb.MySQL, &mysqlErr{1792}, sqldb.Unavailable},
		{"read-only mode", sqldb.MySQL, &mysqlErr{1836}, sqldb.Unavailable},
		{"Galera node not ready", sqldb.MySQL, &mysqlErr{1047}, sqldb.Unavailable},
		{"query killed", sqldb.MySQL, &mysqlErr{1317}, sqldb.Unavailable},
		{"statement timeout, MariaDB", sqldb.MySQL, &mysqlErr{1969}, sqldb.Unavailable},
		{"statement timeout, MySQL", sqldb.MySQL, &mysqlErr{3024}, sqldb.Unavailable},
		{"referred to", sqldb.MySQL, &mysqlErr{1451}, sqldb.Reference},
		{"refers to nothing", sqldb.MySQL, &mysqlErr{1452}, sqldb.Reference},
		{"unique", sqldb.MySQL, &mysqlErr{1062}, sqldb.Unique},
		{"too long", sqldb.MySQL, &mysqlErr{1406}, sqldb.Value},
		{"not in an enumeration", sqldb.MySQL, &mysqlErr{1265}, sqldb.Value},
		{"CHECK, MariaDB", sqldb.MySQL, &mysqlErr{4025}, sqldb.Value},
		{"CHECK, MySQL", sqldb.MySQL, &mysqlErr{3819}, sqldb.Value},
		{"NOT NULL", sqldb.MySQL, &mysqlErr{1048}, sqldb.NotNull},
		{"no DEFAULT", sqldb.MySQL, &mysqlErr{1364}, sqldb.NotNull},
		{"larger than max_allowed_packet", sqldb.MySQL, &mysqlErr{1153}, sqldb.Value},
		{"no such table", sqldb.MySQL, &mysqlErr{1146}, sqldb.None},
		{"mysql.ErrInvalidConn", sqldb.MySQL, errors.New("invalid connection"), sqldb.Again},

		{"busy", sqldb.SQLite, &moderncErr{5}, sqldb.Again},
		{"busy snapshot", sqldb.SQLite, &moderncErr{517}, sqldb.Again},
		{"locked", sqldb.SQLite, &moderncErr{6}, sqldb.Again},
		{"locking protocol", sqldb.SQLite, &moderncErr{15}, sqldb.Again},
		{"out of memory", sqldb.SQLite, &moderncErr{7}, sqldb.Unavailable},
		{"read-only", sqldb.SQLite, &moderncErr{8}, sqldb.Unavailable},
		{"interrupted", sqldb.SQLite, &moderncErr{9}, sqldb.Unavailable},
		{"disk failing", sqldb.SQLite, &moderncErr{10 | 3<<8}, sqldb.Unavailable},
		{"disk full", sqldb.SQLite, &moderncErr{13}, sqldb.Unavailable},
		{"too big", sqldb.SQLite, &moderncErr{18}, sqldb.Value},
		{"unique", sqldb.SQLite, &moderncErr{2067}, sqldb.Unique},
		{"primary key", sqldb.SQLite, &moderncErr{1555}, sqldb.Unique},
		{"foreign key", sqldb.SQLite, &moderncErr{787}, sqldb.None},
		{"corrupt", sqldb.SQLite, &moderncErr{11}, sqldb.None},
		{"unique, mattn", sqldb.SQLite, mattnError{19, 2067}, sqldb.Unique},
		{"busy, mattn", sqldb.SQLite, mattnError{5, 5}, sqldb.Again},

		{"CHECK", sqldb.SQLite, &moderncErr{275}, sqldb.Value},
		{"NOT NULL", sqldb.SQLite, &moderncErr{1299}, sqldb.NotNull},
		{"unique, ncruces", sqldb.SQLite, &ncrucesErr{2067}, sqldb.Unique},
		{"CHECK, ncruces", sqldb.SQLite, &ncrucesErr{275}, sqldb.Value},
		{"foreign key, ncruces", sqldb.SQLite, &ncrucesErr{787}, sqldb.None},
		{"busy, ncruces", sqldb.SQLite, &ncrucesErr{5}, sqldb.Again},
		{"busy, a bare code of ncruces", sqldb.SQLite, ncrucesCode(5), sqldb.Again},
		{"unique, a bare extended code of ncruces", sqldb.SQLite, ncrucesExtended(2067), sqldb.Unique},
		{"a syntax error, ncruces", sqldb.SQLite, &ncrucesErr{1}, sqldb.None},
		{"network, where there is none", sqldb.SQLite, &net.OpError{Op: "read", Err: errors.New("reset")}, sqldb.None},
		{"a code of a remote call", sqldb.SQLite, &remoteErr{5}, sqldb.None},
		{"an errno is no code", sqldb.SQLite, syscall.Errno(5), sqldb.None},
		{"bad connection, SQLite", sqldb.SQLite, driver.ErrBadConn, sqldb.Again},
		{"closed connection, SQLite", sqldb.SQLite, sql.ErrConnDone, sqldb.Again},

		{"net.Error by accident, PostgreSQL", sqldb.PostgreSQL, accidental{}, sqldb.None},
		{"net.Error by accident, MySQL", sqldb.MySQL, accidental{}, sqldb.None},
		{"bad connection", sqldb.PostgreSQL, driver.ErrBadConn, sqldb.Again},
		{"closed connection", sqldb.MySQL, sql.ErrConnDone, sqldb.Again},
		{"end of file", sqldb.PostgreSQL, io.ErrUnexpectedEOF, sqldb.Again},
		{"network", sqldb.MySQL, &net.OpError{Op: "read", Err: errors.New("reset")}, sqldb.Again},
		{"a code of another kind of database", sqldb.PostgreSQL, &moderncErr{5}, sqldb.None},
		{"anything else", sqldb.MySQL, errors.New("Error of another kind"), sqldb.None},
		{"no error", sqldb.SQLite, nil, sqldb.None},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := sqldb.New("pkg", new(sql.DB), c.kind)
			require.Equal(t, c.want, db.Fault(c.err), "%#v", c.err)
			if c.err == nil {
				return
			}
			require.Equal(t, c.want, db.Fault(fmt.Errorf("%w: b: %w", store.ErrNotFound, c.err)), "wrapped")
			done := db.Report(t.Context(), c.err)
			require.ErrorIs(t, done, c.err)
			require.Equal(t, c.want == sqldb.Again || c.want == sqldb.Unavailable, errors.Is(done, store.ErrUnavailable))
		})
	}
}

// With a pooler in transaction mode prepared statements get lost. The error
// names the setting of pgx that helps.
func TestPoolerHint(t *testing.T) {
	t.Parallel()
	db := sqldb.New("pkg", new(sql.DB), sqldb.PostgreSQL)
	for _, state := range []string{"26000", "42P05"} {
		require.ErrorContains(t, db.Report(t.Context(), pgError{state}), "default_query_exec_mode=exec")
	}
	require.NotContains(t, db.Report(t.Context(), pgError{"42P01"}).Error(), "default_query_exec_mode")
	mysql := sqldb.New("pkg", new(sql.DB), sqldb.MySQL)
	require.NotContains(t, mysql.Report(t.Context(), pgError{"26000"}).Error(), "default_query_exec_mode")
}

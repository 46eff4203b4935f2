package sqldb

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// postgresFault reads the SQLSTATE, for which pgx and lib/pq have a method, and
// the method by which pgx marks statements that it did not send ("conn closed").
func postgresFault(err error) Fault {
	var unsent interface{ SafeToRetry() bool }
	if errors.As(err, &unsent) && unsent.SafeToRetry() {
		return Again
	}
	if postgresStalePlan(err) {
		return Again
	}
	return stateFault(sqlState(err))
}

// sqlState returns the SQLSTATE of an error, or "".
func sqlState(err error) string {
	var coded interface{ SQLState() string }
	if !errors.As(err, &coded) {
		return ""
	}
	return coded.SQLState()
}

// postgresStalePlan reports whether a table changed after the driver had
// prepared the statement ("cached plan must not change result type").
func postgresStalePlan(err error) bool {
	return sqlState(err) == "0A000" && strings.Contains(err.Error(), "cached plan")
}

// postgresHint names the setting to use with a connection pooler: pgx prepares
// statements by default, and a pooler in transaction mode may run the next
// transaction on a connection where they were not prepared.
func postgresHint(err error) string {
	switch sqlState(err) {
	case "26000", "42P05": // prepared statement missing, or present already
		return "with a pooler in transaction mode set default_query_exec_mode=exec"
	}
	return ""
}

// stateFault classifies the SQLSTATEs of appendix A of PostgreSQL's manual.
func stateFault(state string) Fault {
	switch state {
	case "40001", "40P01", "55P03": // serialization failure, deadlock, lock not available
		return Again
	case "57P01", "57P02", "57P05": // server shuts down or crashed, idle session ended
		return Again
	case "25006", "25P03", "25P04", "40003": // read-only, transaction timeouts, completion unknown
		return Unavailable
	case "23503", "23001":
		return Reference
	case "23505":
		return Unique
	case "22001", "22003", "22007", "22008", "22021", "22P02", "22P05", "54000", "23514": // too long, out of range, invalid date, wrong encoding, wrong type, index row too large, CHECK
		return Value
	case "23502":
		return NotNull
	}
	switch {
	case strings.HasPrefix(state, "08"): // connection
		return Again
	case strings.HasPrefix(state, "53"), strings.HasPrefix(state, "57"), strings.HasPrefix(state, "58"): // resources; starting, timeout; disk
		return Unavailable
	}
	return None
}

// mysqlNumber reads the field Number of go-sql-driver/mysql.
func mysqlNumber(err error) (int, bool) {
	return find(err, func(err error) (int, bool) { return field(err, "Number") })
}

// mysqlStrict fails unless the server refuses values that do not fit. Without a
// strict sql_mode it cuts them off and reports success, and a userName that was
// cut off is never found again.
func mysqlStrict(ctx context.Context, db *DB) error {
	var mode string
	err := db.Query(ctx, "SELECT @@SESSION.sql_mode", nil, func(scan func(...any) error) error { return scan(&mode) })
	if err != nil {
		return err
	}
	if strings.Contains(mode, "STRICT_TRANS_TABLES") || strings.Contains(mode, "STRICT_ALL_TABLES") {
		return nil
	}
	return fmt.Errorf("%s: sql_mode %q is not strict: values that are too long would be cut off without an error;"+
		" set sql_mode on the server, or in the DSN (go-sql-driver: sql_mode=%%27STRICT_TRANS_TABLES%%27)", db.pkg, mode)
}

func mysqlFault(err error) Fault {
	number, _ := mysqlNumber(err)
	switch number {
	case 1020, 1205, 1213, 1412, 3572: // record has changed, lock wait timeout, deadlock, table has changed, lock not available
		return Again
	case 1053, 1927, 2006, 2013, 3169, 4031: // shutdown, connection killed, gone, lost, killed, idle for too long
		return Again
	case 1040, 1203, 1226, 1021, 1114, 1037, 1038, 1041, 1135: // no more connections, disk, memory or threads
		return Unavailable
	case 1290, 1792, 1836, 1047: // read-only; a Galera node that is not ready
		return Unavailable
	case 1317, 1969, 3024: // cancelled by KILL or a timeout
		return Unavailable
	case 1216, 1217, 1451, 1452:
		return Reference
	case 1062, 1586:
		return Unique
	case 1406, 1264, 1265, 1292, 1366, 1153, 3819, 4025: // too long, out of range, truncated, invalid date, wrong character set, larger than a packet, CHECK (MySQL, MariaDB)
		return Value
	case 1048, 1364: // NULL; neither value nor DEFAULT
		return NotNull
	}
	return None
}

// sqliteCode returns the extended result code. Errors of modernc.org/sqlite have
// a method Code, those of mattn/go-sqlite3 a field ExtendedCode, those of
// ncruces/go-sqlite3 a method ExtendedCode with a type of that package; some of
// the latter are the bare number.
func sqliteCode(err error) (int, bool) {
	return find(err, func(err error) (int, bool) {
		if coded, ok := err.(interface{ Code() int }); ok {
			return coded.Code(), true
		}
		v := reflect.ValueOf(err)
		extended := v.MethodByName("ExtendedCode")
		switch {
		case v.Kind() == reflect.Uint16 && v.MethodByName("Code").IsValid(), extended.IsValid() && v.CanUint():
			return number(v)
		case extended.IsValid():
			return result(extended)
		}
		return field(err, "ExtendedCode")
	})
}

// result calls a method without parameters that returns one integer.
func result(method reflect.Value) (int, bool) {
	if t := method.Type(); t.NumIn() != 0 || t.NumOut() != 1 {
		return 0, false
	}
	return number(method.Call(nil)[0])
}

func sqliteFault(err error) Fault {
	code, _ := sqliteCode(err)
	switch code {
	case 2067, 1555, 2579: // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY, _ROWID
		return Unique
	case 275: // SQLITE_CONSTRAINT_CHECK
		return Value
	case 1299: // SQLITE_CONSTRAINT_NOTNULL
		return NotNull
	}
	// A foreign key (787) is not a race, since SQLite has one writer.
	switch code & 0xff {
	case 5, 6, 15: // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL
		return Again
	case 7, 8, 9, 10, 13, 14: // SQLITE_NOMEM, SQLITE_READONLY, SQLITE_INTERRUPT, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN
		return Unavailable
	case 18: // SQLITE_TOOBIG
		return Value
	}
	return None
}

package sqldb

import (
	"errors"
	"strings"
)

// postgresFault reads the SQLSTATE, which pgx and lib/pq have in a method, and
// what pgx says of statements that it did not send ("conn closed").
func postgresFault(err error) Fault {
	var unsent interface{ SafeToRetry() bool }
	if errors.As(err, &unsent) && unsent.SafeToRetry() {
		return Again
	}
	var coded interface{ SQLState() string }
	if !errors.As(err, &coded) {
		return None
	}
	return stateFault(coded.SQLState())
}

// stateFault knows the codes of PostgreSQL's appendix A.
func stateFault(state string) Fault {
	switch state {
	case "40001", "40P01", "55P03": // serialization failure, deadlock, lock not available
		return Again
	case "57P01", "57P02", "57P05": // the server goes down, or ended an idle session
		return Again
	case "25006", "25P03", "25P04", "40003": // read-only, transaction timeouts, completion unknown
		return Unavailable
	case "23503", "23001":
		return Reference
	case "23505":
		return Unique
	case "22001", "22003", "22007", "22008", "22021", "22P02", "22P05", "54000": // too long, out of range, no date, not of the encoding, not of the type, index row too large
		return Value
	}
	switch {
	case strings.HasPrefix(state, "08"): // connection
		return Again
	case strings.HasPrefix(state, "53"), strings.HasPrefix(state, "57"), strings.HasPrefix(state, "58"): // resources; starting, cancelled by a timeout; disk
		return Unavailable
	}
	return None
}

// mysqlNumber reads the field Number of go-sql-driver/mysql.
func mysqlNumber(err error) (int, bool) {
	return find(err, func(err error) (int, bool) { return field(err, "Number") })
}

func mysqlFault(err error) Fault {
	number, _ := mysqlNumber(err)
	switch number {
	case 1020, 1205, 1213, 1412, 3572: // record has changed, lock wait timeout, deadlock, table has changed, lock not available
		return Again
	case 1053, 1927, 2006, 2013, 3169, 4031: // shutting down, killed, gone, lost, killed, idle for too long
		return Again
	case 1040, 1203, 1226, 1021, 1114, 1037, 1038, 1041, 1135: // too many connections, disk, memory or threads used up
		return Unavailable
	case 1290, 1792, 1836, 1047: // read-only; a Galera node that is not ready
		return Unavailable
	case 1317, 1969, 3024: // cancelled, by somebody or a timeout
		return Unavailable
	case 1216, 1217, 1451, 1452:
		return Reference
	case 1062, 1586:
		return Unique
	case 1406, 1264, 1265, 1292, 1366: // too long, out of range, not in the list, no date, not of the character set
		return Value
	}
	return None
}

// sqliteCode reads the result code: a method Code (modernc.org/sqlite) or a
// field ExtendedCode (mattn/go-sqlite3).
func sqliteCode(err error) (int, bool) {
	return find(err, func(err error) (int, bool) {
		if coded, ok := err.(interface{ Code() int }); ok {
			return coded.Code(), true
		}
		return field(err, "ExtendedCode")
	})
}

func sqliteFault(err error) Fault {
	code, _ := sqliteCode(err)
	switch code {
	case 2067, 1555, 2579: // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY, _ROWID
		return Unique
	}
	// A foreign key (787) is no race: there is one writer.
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

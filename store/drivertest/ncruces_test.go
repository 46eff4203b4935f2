//go:build !mattn

package drivertest

import _ "github.com/ncruces/go-sqlite3/driver"

const (
	sqliteName   = "ncruces"
	sqliteParams = "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(ON)&_pragma=synchronous(OFF)"
)

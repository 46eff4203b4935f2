//go:build mattn

package drivertest

import _ "github.com/mattn/go-sqlite3"

// This driver ignores _pragma in silence.
const (
	sqliteName   = "mattn"
	sqliteParams = "?_busy_timeout=5000&_journal_mode=WAL&_foreign_keys=on&_synchronous=0"
)

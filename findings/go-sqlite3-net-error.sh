#!/usr/bin/env bash
# Software: github.com/ncruces/go-sqlite3 0.37.0 (Go, SQLite without cgo).
#
# Expected: an error of SQLite about a constraint or a missing table does not
# satisfy net.Error. The documentation of package net says that net.Error
# represents a network error, and SQLite has no network. The documentation of
# sqlite3.Error does not mention net.Error.
#
# Observed: sqlite3.Error has the methods Timeout and Temporary. With Error they
# are the three methods of net.Error, so errors.As(err, &netError) is true for
# each error of SQLite. Timeout and Temporary both return false for these two.
#
# Why it matters: code that serves several databases often takes a net.Error for
# a lost connection. With this driver such code reports a duplicate key as an
# outage, or repeats a statement that can never succeed. The driver's errors have
# to be asked for first.
#
# Output seen:
#   duplicate key: sqlite3: constraint failed: UNIQUE constraint failed: t.name
#     net.Error: true, timeout: false, temporary: false
#   missing table: sqlite3: SQL logic error: no such table: absent
#     net.Error: true, timeout: false, temporary: false
#
# Needs Go 1.26 or later and a module proxy.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
export GOMODCACHE=$tmp/modules GOFLAGS='-mod=mod -modcacherw -trimpath' GOWORK=off

cat >main.go <<'GO'
package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"

	_ "github.com/ncruces/go-sqlite3/driver"
)

func main() {
	db, err := sql.Open("sqlite3", "file:finding?mode=memory")
	check(err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE t (name TEXT UNIQUE)`)
	check(err)
	_, err = db.Exec(`INSERT INTO t VALUES ('a')`)
	check(err)

	_, duplicate := db.Exec(`INSERT INTO t VALUES ('a')`)
	_, missing := db.Exec(`INSERT INTO absent VALUES ('a')`)
	first := report("duplicate key", duplicate)
	second := report("missing table", missing)
	if !first || !second {
		fmt.Println("the observation has changed")
		os.Exit(1)
	}
}

// report prints what err says about itself and whether it is a net.Error that
// is neither a timeout nor temporary.
func report(name string, err error) bool {
	fmt.Printf("%s: %v\n", name, err)
	var network net.Error
	if !errors.As(err, &network) {
		fmt.Println("  net.Error: false")
		return false
	}
	fmt.Printf("  net.Error: true, timeout: %t, temporary: %t\n", network.Timeout(), network.Temporary())
	return !network.Timeout() && !network.Temporary()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO

go mod init finding 2>/dev/null
go get github.com/ncruces/go-sqlite3@v0.37.0 >get.log 2>&1 || { cat get.log >&2; exit 1; }
go run .

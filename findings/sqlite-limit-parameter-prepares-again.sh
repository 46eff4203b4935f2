#!/usr/bin/env bash
# Software: SQLite 3.53.4, in modernc.org/sqlite 1.58.0 (Go, SQLite without cgo).
#
# Expected: a prepared statement is compiled once and then only bound and stepped. The
# documentation of sqlite3_prepare_v2 names one exception: a value bound to a parameter
# of the WHERE clause, where it may change the plan. LIMIT is not mentioned, and
# SQLite 3.40.1 compiles such a statement once.
#
# Observed: a statement with "LIMIT ?" is compiled again in every execution, also when
# the same value is bound each time and no other one was ever bound. A parameter
# of OFFSET, or one within an expression ("LIMIT (? + 0)"), does not do that.
#
# Why it matters: LIMIT with a parameter is the usual way to read pages, and statements
# are prepared to save the compilation, which these pay for in each execution.
# Nothing shows it but a profile or SQLITE_STMTSTATUS_REPREPARE. Write the number into
# the text, or "LIMIT (? + 0)".
#
# Output seen:
#   SQLite 3.53.4
#   compiled again in 0 of 10 executions: SELECT b FROM t WHERE a > ? ORDER BY a LIMIT 3
#   compiled again in 10 of 10 executions: SELECT b FROM t WHERE a > 5 ORDER BY a LIMIT ?
#   compiled again in 0 of 10 executions: SELECT b FROM t WHERE a > 5 ORDER BY a LIMIT (? + 0)
#   compiled again in 0 of 10 executions: SELECT b FROM t ORDER BY a LIMIT 3 OFFSET ?
#
# Needs Go 1.25 or later and a module proxy.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
export GOMODCACHE=$tmp/modules GOFLAGS='-mod=mod -modcacherw -trimpath' GOWORK=off

cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

const executions = 10

var (
	tls = libc.NewTLS()
	db  uintptr
)

func main() {
	fmt.Println("SQLite", libc.GoString(sqlite3.Xsqlite3_libversion(tls)))
	out := libc.Xmalloc(tls, 8)
	check(sqlite3.Xsqlite3_open(tls, text(":memory:"), out))
	db = *(*uintptr)(unsafe.Pointer(out))
	for _, s := range []string{
		"CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)",
		"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100) INSERT INTO t SELECT x, 'row ' || x FROM n",
	} {
		check(sqlite3.Xsqlite3_exec(tls, db, text(s), 0, 0, 0))
	}
	same := true
	for _, c := range []struct {
		want      int32
		statement string
	}{
		{0, "SELECT b FROM t WHERE a > ? ORDER BY a LIMIT 3"},
		{executions, "SELECT b FROM t WHERE a > 5 ORDER BY a LIMIT ?"},
		{0, "SELECT b FROM t WHERE a > 5 ORDER BY a LIMIT (? + 0)"},
		{0, "SELECT b FROM t ORDER BY a LIMIT 3 OFFSET ?"},
	} {
		n := compiledAgain(c.statement)
		fmt.Printf("compiled again in %d of %d executions: %s\n", n, executions, c.statement)
		same = same && n == c.want
	}
	if !same {
		fmt.Println("the observation has changed")
		os.Exit(1)
	}
}

// compiledAgain prepares a statement, executes it with the value 3 and returns how
// often SQLite prepared it anew.
func compiledAgain(statement string) int32 {
	out := libc.Xmalloc(tls, 8)
	check(sqlite3.Xsqlite3_prepare_v2(tls, db, text(statement), -1, out, 0))
	s := *(*uintptr)(unsafe.Pointer(out))
	defer sqlite3.Xsqlite3_finalize(tls, s)
	for range executions {
		check(sqlite3.Xsqlite3_bind_int64(tls, s, 1, 3))
		for sqlite3.Xsqlite3_step(tls, s) == sqlite3.SQLITE_ROW {
		}
		check(sqlite3.Xsqlite3_reset(tls, s))
	}
	return sqlite3.Xsqlite3_stmt_status(tls, s, sqlite3.SQLITE_STMTSTATUS_REPREPARE, 0)
}

func text(s string) uintptr {
	c, err := libc.CString(s)
	if err != nil {
		panic(err)
	}
	return c
}

func check(code int32) {
	if code != sqlite3.SQLITE_OK {
		panic(fmt.Sprint("SQLite error ", code))
	}
}
GO
go mod init finding 2>/dev/null
go get modernc.org/sqlite@v1.58.0 >get.log 2>&1 || { cat get.log >&2; exit 1; }
go run .

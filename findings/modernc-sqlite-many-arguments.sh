#!/usr/bin/env bash
# Software: modernc.org/sqlite 1.58.0 (Go, SQLite without cgo).
#
# Expected: the same rows cost less in few large statements than in many small
# ones, as with other drivers, since each statement has a fixed cost. SQLite
# allows 32,766 arguments of a statement.
#
# Observed: the cost of a statement grows with the square of the number of its
# arguments. For each parameter the driver searches the list of all arguments for
# the one with that ordinal (conn.bind), so that 9,000 arguments mean 40 million
# comparisons. Rows that are inserted 3,000 to a statement cost more than ten times what
# they cost 30 to a statement.
#
# Why it matters: to collect rows into one statement is the usual advice for fast
# writes, and here it makes them slow, the more the larger the batch. A server that
# wrote 3,500 arguments to a statement spent 44 % of the CPU of a large write there.
#
# Output seen (times differ, the ratio stays):
#   9000 rows of 3 columns, 30 to a statement: 12 ms
#   9000 rows of 3 columns, 3000 to a statement: 217 ms
#   a large statement costs more than twice as much for the same rows: true
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
	"database/sql"
	"fmt"
	"os"
	"strings"
	"time"

	_ "modernc.org/sqlite"
)

const rows = 9000

func main() {
	small, large := insert(30), insert(3000)
	fmt.Printf("%d rows of 3 columns, 30 to a statement: %d ms\n", rows, small.Milliseconds())
	fmt.Printf("%d rows of 3 columns, 3000 to a statement: %d ms\n", rows, large.Milliseconds())
	twice := large > 2*small
	fmt.Println("a large statement costs more than twice as much for the same rows:", twice)
	if !twice {
		fmt.Println("the observation has changed")
		os.Exit(1)
	}
}

// insert returns the shortest of five times in which the rows were inserted in one
// transaction, n to a statement.
func insert(n int) time.Duration {
	best := time.Hour
	for range 5 {
		db, err := sql.Open("sqlite", ":memory:")
		check(err)
		db.SetMaxOpenConns(1)
		_, err = db.Exec(`CREATE TABLE t (a INTEGER, b INTEGER, c INTEGER)`)
		check(err)
		statement := "INSERT INTO t VALUES " + strings.TrimSuffix(strings.Repeat("(?,?,?),", n), ",")
		args := make([]any, 3*n)
		for i := range args {
			args[i] = i
		}
		begin := time.Now()
		tx, err := db.Begin()
		check(err)
		for range rows / n {
			_, err = tx.Exec(statement, args...)
			check(err)
		}
		check(tx.Commit())
		best = min(best, time.Since(begin))
		check(db.Close())
	}
	return best
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO

go mod init finding 2>/dev/null
go get modernc.org/sqlite@v1.58.0 >get.log 2>&1 || { cat get.log >&2; exit 1; }
go run .

#!/usr/bin/env bash
# Software: github.com/jackc/pgx/v5 5.9.2 through database/sql, with PostgreSQL
# from Debian (seen with 15).
#
# Expected: a []byte argument for a column of type text is stored as the same
# text in every execution mode, or is refused. The documentation of
# QueryExecModeExec says that a change of mode could change the behaviour of a
# query for types of the user, and that this should not occur with types that pgx
# supports directly. []byte is such a type.
#
# Observed: the three modes that ask the server for the parameter types store the
# text. The modes exec and simple_protocol take each []byte for a bytea and store
# its hexadecimal form as the text. The statement succeeds in all five modes. Of
# the descriptions of the modes only that of simple_protocol mentions []byte.
#
# Why it matters: the documentation of ConnConfig.DefaultQueryExecMode names these
# two modes for PgBouncer, and default_query_exec_mode in the connection string is
# enough to set one. A program that passes names or JSON as []byte then writes
# other data into the same table without an error. The argument has to be a string.
#
# Output seen:
#   cache_statement  stored abc
#   cache_describe   stored abc
#   describe_exec    stored abc
#   exec             stored \x616263
#   simple_protocol  stored \x616263
#
# Needs Go 1.25 or later, a module proxy and Debian's package postgresql. The
# server listens on a socket in the temporary folder. When root starts the
# script, the server runs as user postgres.
set -euo pipefail
tmp=$(mktemp -d)
chmod 755 "$tmp"
mkdir "$tmp/pg"
bin=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)")

as_server() {
	if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
cleanup() {
	cd /
	as_server "$bin/pg_ctl" -D "$tmp/pg/data" -m immediate stop >/dev/null 2>&1 || true
	rm -rf "$tmp"
}
trap cleanup EXIT
cd "$tmp"
[ "$(id -u)" != 0 ] || chown postgres "$tmp/pg"
as_server "$bin/initdb" -D "$tmp/pg/data" -U postgres -A trust -E UTF8 --locale=C >"$tmp/initdb.log" 2>&1
as_server "$bin/pg_ctl" -D "$tmp/pg/data" -w -l "$tmp/pg/log" \
	-o "-c listen_addresses= -c unix_socket_directories=$tmp/pg -c fsync=off" start >/dev/null

export GOMODCACHE=$tmp/modules GOFLAGS='-mod=mod -modcacherw -trimpath' GOWORK=off
mkdir go && cd go
cat >main.go <<'GO'
package main

import (
	"database/sql"
	"fmt"
	"os"

	_ "github.com/jackc/pgx/v5/stdlib"
)

func main() {
	changed := false
	for _, c := range []struct{ mode, want string }{
		{"cache_statement", "abc"},
		{"cache_describe", "abc"},
		{"describe_exec", "abc"},
		{"exec", `\x616263`},
		{"simple_protocol", `\x616263`},
	} {
		got := store(os.Args[1] + " default_query_exec_mode=" + c.mode)
		fmt.Printf("%-16s stored %s\n", c.mode, got)
		changed = changed || got != c.want
	}
	if changed {
		fmt.Println("the observation has changed")
		os.Exit(1)
	}
}

// store writes []byte("abc") into a column of type text and returns the text
// that the column then has.
func store(dsn string) (got string) {
	db, err := sql.Open("pgx", dsn)
	check(err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TEMPORARY TABLE t (v text)`)
	check(err)
	_, err = db.Exec(`INSERT INTO t VALUES ($1)`, []byte("abc"))
	check(err)
	check(db.QueryRow(`SELECT v FROM t`).Scan(&got))
	return got
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
go mod init finding 2>/dev/null
go get github.com/jackc/pgx/v5/stdlib@v5.9.2 >get.log 2>&1 || { cat get.log >&2; exit 1; }
go run . "host=$tmp/pg user=postgres dbname=postgres"

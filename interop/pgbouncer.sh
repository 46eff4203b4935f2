#!/usr/bin/env bash
# Plays flows against the quickstart on PostgreSQL behind PgBouncer in
# transaction mode, after the test of row-level security with two tenants.
#
#   SCIM_TEST_POSTGRES=postgres://user@host:port/database interop/pgbouncer.sh PLAYER FLOWS...
#
# PLAYER is a Python program that is called with the base URL, the bearer token
# and FLOWS. In transaction mode a prepared statement belongs to a server
# connection that the next transaction may not get, so the driver is told to
# prepare none: default_query_exec_mode=exec. The pooler hands out its four
# server connections in turn, so that no two transactions in a row share one.
# Started by root it runs as user postgres, because it refuses to run as root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${SCIM_TEST_POSTGRES:?is not set}"
tmp=$(mktemp -d)
chmod 755 "$tmp"
name=scim_pgbouncer_$$
server=

cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	[ ! -s "$tmp/run/pid" ] || kill "$(cat "$tmp/run/pid")" 2>/dev/null || true
	wait 2>/dev/null || true
	psql -q "$SCIM_TEST_POSTGRES" -c "DROP DATABASE IF EXISTS $name WITH (FORCE)" || true
	rm -rf "$tmp"
}
trap cleanup EXIT

# wait_for COMMAND... waits until the command succeeds, at most 10 seconds.
wait_for() {
	for _ in $(seq 100); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	printf 'pgbouncer: not ready: %s\n' "$*" >&2
	cat "$tmp"/*log "$tmp"/run/*log >&2 || true
	exit 1
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# as_pooler COMMAND... runs a command as a user that PgBouncer accepts.
as_pooler() {
	if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

psql -q "$SCIM_TEST_POSTGRES" -c "CREATE DATABASE $name"
mkdir "$tmp/run"
[ "$(id -u)" != 0 ] || chown postgres "$tmp/run"
port=$(free_port)
python3 - "$SCIM_TEST_POSTGRES" "$name" "$port" "$tmp/run" >"$tmp/ini" <<'INI'
import sys
from urllib.parse import unquote, urlsplit

url, name, port, run = urlsplit(sys.argv[1]), *sys.argv[2:]
server = f"host={url.hostname} port={url.port or 5432} dbname={name} user={unquote(url.username or 'postgres')}"
if url.password:
    server += f" password={unquote(url.password)}"
print(f"""[databases]
scim = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
min_pool_size = 4
server_round_robin = 1
query_wait_timeout = 5
pidfile = {run}/pid
logfile = {run}/log""")
INI
as_pooler pgbouncer -q -d "$tmp/ini"
pooled=postgres://postgres@127.0.0.1:$port/scim
wait_for psql "$pooled" -c 'SELECT 1'

scratch=${SCIM_TEST_POSTGRES%%\?*}
(cd "$here/../store/sqlquery/sqlquerytest" && SCIM_TEST_POSTGRES="${scratch%/*}/$name?sslmode=disable" \
	SCIM_TEST_PGBOUNCER="$pooled?sslmode=disable&default_query_exec_mode=exec" go test -count=1 -tags pgbouncer -run TestRowLevelSecurityBehindAPooler .)

(cd "$here/.." && go build -o "$tmp/quickstart" ./examples/quickstart)
addr=127.0.0.1:$(free_port)
"$tmp/quickstart" -addr "$addr" -token interop -db "$pooled?sslmode=disable&default_query_exec_mode=exec" 2>"$tmp/log" &
server=$!
wait_for grep 'listening on' "$tmp/log"
failed=0
python3 "$1" "http://$addr/scim/v2" interop "${@:2}" || failed=1
[ "$failed" = 0 ] || cat "$tmp/log" >&2
kill -TERM "$server"
wait "$server" || failed=1
server=
exit "$failed"

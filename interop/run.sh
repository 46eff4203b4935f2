#!/usr/bin/env bash
# Runs outside SCIM clients against the quickstart.
#
#   interop/run.sh [scim-sdk] [unboundid] [connid] [scim2-client] [scim2-tester]
#
# Without a name it runs them all. The Java clients need javac, mvn and Maven
# Central, the Python ones python3 (3.11 or later) with venv, and PyPI. What
# cannot be had is named and left out; with CI=true it is a failure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONDONTWRITEBYTECODE=1
tmp=$(mktemp -d)
server=
failed=()
skipped=()

cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$tmp"
}
trap cleanup EXIT

java=()
python=()
[ $# -gt 0 ] || set -- scim-sdk unboundid connid scim2-client scim2-tester
for client in "$@"; do
	case $client in
	scim-sdk | unboundid | connid) java+=("$client") ;;
	scim2-client | scim2-tester) python+=("$client") ;;
	*)
		printf 'interop: there is no client %s\n' "$client" >&2
		exit 2
		;;
	esac
done

# missing REASON CLIENT... names clients that cannot run, and why.
missing() {
	printf 'interop: %s; not run: %s\n' "$1" "${*:2}" >&2
	skipped+=("${@:2}")
}

# start starts a quickstart with an empty database and sets base.
start() {
	local port
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	base=http://127.0.0.1:$port/scim/v2
	"$tmp/quickstart" -addr "127.0.0.1:$port" -db memory -token interop >"$tmp/log" 2>&1 &
	server=$!
	for _ in $(seq 100); do
		! grep -q 'listening on' "$tmp/log" || return 0
		sleep 0.1
	done
	printf 'interop: the quickstart does not start: %s\n' "$(cat "$tmp/log")" >&2
	exit 1
}

# stop stops the quickstart, which has to end cleanly.
stop() {
	kill -TERM "$server"
	wait "$server" || failed+=("quickstart's shutdown")
	server=
}

# run CLIENT COMMAND... runs a client against a quickstart of its own.
run() {
	printf '\n-- %s\n' "$1"
	start
	if ! timeout 120 "${@:2}" "$base" interop; then
		failed+=("$1")
		cat "$tmp/log"
	fi
	stop
}

run_java() {
	local client classes
	if ! command -v javac >/dev/null || ! command -v mvn >/dev/null; then
		missing "javac or mvn is not installed" "${java[@]}"
		return
	fi
	if ! mvn -B -q -f "$here/java/pom.xml" -pl "$(IFS=,; printf '%s' "${java[*]}")" \
		dependency:build-classpath -Dinterop.out="$tmp" >"$tmp/mvn" 2>&1; then
		tail -n 5 "$tmp/mvn" >&2
		missing "Maven Central does not answer, or a dependency is missing" "${java[@]}"
		return
	fi
	for client in "${java[@]}"; do
		classes=$tmp/$client:$(cat "$tmp/$client.classpath")
		javac -nowarn -d "$tmp/$client" -cp "$classes" "$here/java/common/Steps.java" "$here/java/$client/Client.java"
		run "$client" java -Dinterop.faults="$here/known-faults.txt" -cp "$classes" Client
	done
}

run_python() {
	local client
	if ! python3 -m venv "$tmp/venv" >"$tmp/venv.log" 2>&1; then
		missing "python3 has no venv" "${python[@]}"
		return
	fi
	if ! "$tmp/venv/bin/pip" install -q --disable-pip-version-check -r "$here/python/requirements.txt" >"$tmp/pip" 2>&1; then
		tail -n 5 "$tmp/pip" >&2
		missing "PyPI does not answer, or a dependency is missing" "${python[@]}"
		return
	fi
	for client in "${python[@]}"; do
		run "$client" "$tmp/venv/bin/python" "$here/python/${client//-/_}_run.py"
	done
}

(cd "$here/.." && go build -o "$tmp/quickstart" ./examples/quickstart)
[ ${#java[@]} -eq 0 ] || run_java
[ ${#python[@]} -eq 0 ] || run_python
[ "${CI:-}" != true ] || failed+=("${skipped[@]}")
if [ ${#failed[@]} -gt 0 ]; then
	printf '\ninterop: failed: %s\n' "${failed[*]}" >&2
	exit 1
fi
printf '\ninterop: %d clients passed, %d not run\n' "$(($# - ${#skipped[@]}))" ${#skipped[@]}

package sqlstore

import (
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/filter"
)

// PostgreSQL is the dialect of PostgreSQL 13 or newer, with a database in
// UTF-8. The tables are made in the first schema of the search path.
var PostgreSQL = Dialect{&dialect{
	name:       "postgresql",
	isolation:  sql.LevelReadCommitted,
	lock:       "SELECT pg_advisory_xact_lock(7643764420100902)", // any number, always the same
	numbered:   true,
	forUpdate:  " FOR UPDATE",
	forShare:   " FOR KEY SHARE",
	ruleShare:  " FOR SHARE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	holding:    " ON CONFLICT (line) DO UPDATE SET queue = excluded.queue",
	adding:     " ON CONFLICT (tenant, type, shard) DO UPDATE SET n = scim_count.n + excluded.n",
	shard:      "pg_backend_pid() % 64",
	ofGroup:    " OF r",
	insert:     "INSERT INTO ",
	onTaken:    " ON CONFLICT DO NOTHING",
	concat:     pipes,
	contains:   func(text string) string { return "strpos(" + text + ", ?) > 0" },
	ends:       func(text string, n int) string { return "right(" + text + ", " + strconv.Itoa(n) + ")" },
	length:     utf8.RuneCountInString,
	members:    membersEach,
	among:      inArray,
	fault:      postgresFault,
}}

// membersEach looks up one id after the other. Asked for a list of them in a
// table it has no statistics of yet, the planner reads the whole group; OFFSET
// keeps it from making a list of this.
func membersEach(n int) string {
	return "SELECT m.ord, m.member FROM (VALUES (?::text)" + strings.Repeat(", (?)", n-1) + ") v (folded)," +
		" LATERAL (SELECT ord, member FROM scim_member WHERE folded = v.folded AND grp = ? OFFSET 0) m"
}

// postgresFault reads the SQLSTATE, which pgx and lib/pq have in a method, and
// what pgx says of statements that it did not send ("conn closed").
func postgresFault(err error) fault {
	var unsent interface{ SafeToRetry() bool }
	if errors.As(err, &unsent) && unsent.SafeToRetry() {
		return faultAgain
	}
	var coded interface{ SQLState() string }
	if !errors.As(err, &coded) {
		return faultNone
	}
	state := coded.SQLState()
	switch {
	case state == "40001", state == "40P01", state == "55P03": // serialization, deadlock, lock not available
		return faultAgain
	case len(state) == 5 && state[:2] == "08", state == "57P01", state == "57P02": // connection lost, server going down
		return faultAgain
	case state == "57P03", state == "25006", len(state) == 5 && state[:2] == "53": // starting up, read-only standby, out of resources
		return faultUnavailable
	}
	return faultNone
}

// inArray makes one look-up after the other of what eq selects, and a hash
// table of what other operators select. Left to itself the planner makes a join
// of either, and without statistics of a new table a nested loop, which reads
// all keys for each resource.
func inArray(op filter.Op, query string, args []any) clause {
	within := "(r.seq IN (" + query + "))"
	c := clause{within + " IS TRUE", within + " IS NOT TRUE", args}
	if op == filter.EQ {
		c.sql = "r.seq = ANY (ARRAY(" + query + "))"
	}
	return c
}

package sqlstore

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// PostgreSQL is the dialect of PostgreSQL 13 or newer, with a database in
// UTF-8. The tables are made in the first schema of the search path.
var PostgreSQL = Dialect{&dialect{
	name:       "postgresql",
	kind:       sqldb.PostgreSQL,
	lock:       "SELECT pg_advisory_xact_lock(7643764420100902)", // any number, always the same
	hasTable:   "SELECT COUNT(*) FROM (SELECT to_regclass(?::text) AS found) t WHERE found IS NOT NULL",
	forUpdate:  " FOR UPDATE",
	forShare:   " FOR KEY SHARE",
	ruleShare:  " FOR SHARE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	holding:    " ON CONFLICT (line) DO UPDATE SET queue = excluded.queue",
	adding:     " ON CONFLICT (tenant, type, shard) DO UPDATE SET n = scim_count.n + excluded.n",
	counting:   onConflictCounting,
	shard:      "pg_backend_pid() % 64",
	ofGroup:    " OF r",
	limit:      " LIMIT ?",
	offset:     " OFFSET ?",
	insert:     "INSERT INTO ",
	onTaken:    " ON CONFLICT DO NOTHING",
	byKey: func(condition string) string { // a join is read in the order of all resources
		return " FROM scim_resource r WHERE r.seq = ANY (ARRAY(SELECT k.seq FROM scim_key k WHERE " + condition + ")) ORDER BY r.seq"
	},
	createAtOnce: createAtOnce,
	joinText: func(id, display string) string {
		return "string_agg(" + joinedText(id, display, "chr") + ", '' ORDER BY m.grp)"
	},
	fence:      " OFFSET 0",
	concat:     pipes,
	contains:   func(text string) string { return "strpos(" + text + ", ?) > 0" },
	ends:       func(text string, n int) string { return "right(" + text + ", " + strconv.Itoa(n) + ")" },
	length:     utf8.RuneCountInString,
	memberRows: sqldb.Batch,
	members:    membersEach,
	addMembers: func(n int) string { return addMissing("?::bigint", n) },
	among:      inArray,
	rowCompare: rowComparison,
	sortedTail: func(tail string) string { return tail },
	head:       substrHead,
}}

// membersEach returns a query that looks up each id separately. With a list of
// ids and a table without statistics the planner reads the whole group. OFFSET
// keeps the planner from changing the query to use a list. Comparisons of rows keep it
// from the primary key, whose first column is grp: where statistics say that groups
// are small it would read the group for each id.
func membersEach(n int) string {
	return "SELECT m.ord, m.member FROM (VALUES (?::text)" + strings.Repeat(", (?)", n-1) + ") v (folded), (VALUES (?::bigint)) g (grp)," +
		" LATERAL (SELECT ord, member FROM scim_member WHERE (folded, grp) >= (v.folded, g.grp) AND (folded, grp) <= (v.folded, g.grp) OFFSET 0) m"
}

// createAtOnce is dialect.createAtOnce. A value that is taken violates the primary key of
// scim_unique, which undoes all of the statement.
func createAtOnce(d *dialect, uniques, keys int, columns string) string {
	var b strings.Builder
	b.WriteString("WITH r AS (INSERT INTO scim_resource (tenant, type, id, version, created, last_modified, display, body_format, body)" +
		" SELECT ?, ?, ?, 1, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM scim_deleted WHERE tenant = ? AND type = ? AND id = ?)" +
		" AND " + d.sameRule() + " ON CONFLICT DO NOTHING RETURNING seq, tenant, type)")
	if uniques > 0 {
		b.WriteString(", u AS (INSERT INTO scim_unique (tenant, type, path, ukey, seq) SELECT r.tenant, r.type, v.path, v.ukey, r.seq" +
			" FROM r, (VALUES " + rows(uniques, 2) + ") v (path, ukey))")
	}
	if keys > 0 {
		const key = "(?, ?::integer, ?::smallint, ?, ?, ?)"
		b.WriteString(", k AS (INSERT INTO scim_key (seq, path, ord, tenant, type, absent, head, tail, kind)" +
			" SELECT r.seq, v.path, v.ord, r.tenant, r.type, v.absent, v.head, v.tail, v.kind" +
			" FROM r, (VALUES " + key + strings.Repeat(", "+key, keys-1) + ") v (path, ord, absent, head, tail, kind))")
	}
	b.WriteString(", c AS (INSERT INTO scim_count (tenant, type, shard, n) SELECT r.tenant, r.type, " + d.shard + ", 1 FROM r" + d.adding + ")" +
		" SELECT " + columns + " FROM r")
	return b.String()
}

// inArray returns a condition that the planner executes as separate look-ups for
// eq and as a hash table for other operators. A plain IN becomes a join, and for
// a table without statistics a nested loop, which reads all keys for each
// resource.
func inArray(op filter.Op, query string, args []any) clause {
	within := "(r.seq IN (" + query + "))"
	c := clause{within + " IS TRUE", within + " IS NOT TRUE", args}
	if op == filter.EQ {
		c.sql = "r.seq = ANY (ARRAY(" + query + "))"
	}
	return c
}

package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// Dialect is one of [SQLite], [PostgreSQL] and [MariaDB].
type Dialect struct{ *dialect }

// dialect is everything in which the databases differ. Statements are written
// with ? for arguments and are otherwise common to all.
type dialect struct {
	name       string
	kind       *sqldb.Database
	startWrite string // makes a transaction a writer from its start
	lock       string // keeps other processes from migrating
	unlock     string // after the transaction, if it does not end with it
	hasTable   string // query of the number of tables with a name

	// weak warns of settings of the database that break a promise.
	weak func(ctx context.Context, db *DB)

	dual      string // FROM clause of a SELECT from nothing
	forUpdate string // " FOR UPDATE"
	forShare  string // keeps rows from being deleted
	ruleShare string // keeps a row from being changed
	// skipLocked is forUpdate that leaves out rows which are locked.
	skipLocked string
	holding    string // end of an INSERT into scim_line: lock a row that exists
	adding     string // end of an INSERT into scim_count: add to a row that exists
	counting   string // end of an INSERT into scim_counter: count in a row that exists
	shard      string // the row of scim_count that a connection adds to
	ofGroup    string // restricts forUpdate to the alias r
	limit      string // " LIMIT ?"
	offset     string // " OFFSET ?"
	insert     string // begin of an INSERT that skips rows that exist …
	onTaken    string // … and its end

	// byKey is the end of a statement that selects, in order, the rows r of scim_resource
	// with a key k for which a condition holds; nil if the statement is that of any filter.
	byKey func(condition string) string
	// createAtOnce is the statement that creates a resource with its rows of scim_unique
	// and scim_key, as many as the arguments say, and counts it; nil if there is none. It
	// selects the columns if it did.
	createAtOnce func(d *dialect, uniques, keys int, columns string) string
	// joinText is an aggregate of an id and a display as learn reads it; nil if the
	// database bounds its length.
	joinText func(id, display string) string
	// groupsOfID and groupsOfRow are the groupsColumn of a resource whose folded id, id
	// and tenant are arguments, and of that of the row r, whose folded id is its id.
	groupsOfID, groupsOfRow string

	fence string // keeps the planner from choosing another index for a subquery

	concat   func(a, b string) string        // two texts as one
	contains func(text string) string        // condition: text contains ?
	ends     func(text string, n int) string // the end of text, as long as a literal
	length   func(literal string) int        // length of a literal in the unit of ends
	// memberRows is the number of members in one INSERT: few for SQLite, since
	// modernc.org/sqlite looks for each argument of a statement among all of them.
	memberRows int
	// leaveAtOnce is the number of members up to which a write removes the rows of
	// members that leave; 0 is all. Of others each later write removes sweep rows.
	leaveAtOnce, sweep int
	// stays is the condition, with AND, that the row m of scim_member counts; ""
	// if all do.
	stays   string
	members func(n int) string // query of the members of a group with one of n folded ids
	// addMembers is the statement that adds those of n members that are not there, with
	// RETURNING; nil if the database has none. Its arguments are the group and, of each
	// member, those of memberArgs.
	addMembers func(n int) string
	// among returns the condition that r.seq is in the result of a query, which
	// selects by op.
	among func(op filter.Op, query string, args []any) clause
	// rowCompare compares columns, as one row, with arguments by " > " or " < ".
	rowCompare func(columns []string, op string, args []any) clause
	sortedTail func(tail string) string   // the part of a key's tail that ORDER BY uses
	head       func(column string) string // the part of a column of scim_audit that an index has
}

// bind replaces each ? by the placeholder of the database.
func (d *dialect) bind(query string) string {
	if !d.kind.Numbered {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 16)
	n := 0
	for {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = after
	}
}

// sameRule returns the condition that the keys of a type are made by a rule.
func (d *dialect) sameRule() string {
	return "EXISTS (SELECT 1 FROM scim_type WHERE type = ? AND rule = ?" + d.ruleShare + ")"
}

// list returns n placeholders: "(?, ?, ?)".
func list(n int) string {
	return "(" + strings.Repeat("?, ", n-1) + "?)"
}

// rows returns the placeholders of n rows with the same number of columns.
func rows(n, columns int) string {
	row := list(columns)
	return strings.Repeat(row+", ", n-1) + row
}

// joinedText is the argument of an aggregate of dialect.joinText.
func joinedText(id, display, char string) string {
	return fmt.Sprintf("%s || %[3]s(1) || %[3]s(%[4]d) || %[2]s || %[3]s(1) || %[3]s(%[5]d)", id, display, char, endOfID, endOfDisplay)
}

func pipes(a, b string) string { return a + " || " + b }

func substrHead(column string) string { return "substr(" + column + ", 1, 128)" }

func inQuery(_ filter.Op, query string, args []any) clause {
	return condition("r.seq IN ("+query+")", args...)
}

// addMissing is dialect.addMembers of PostgreSQL and SQLite. The places of the members
// come after the last one.
func addMissing(grp string, n int) string {
	var b strings.Builder
	b.WriteString("WITH v (n, folded, member, type, kind, display) AS (VALUES ")
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "(%d, ?, ?, ?, ?, ?)", i+1)
	}
	b.WriteString("), g (grp) AS (VALUES (" + grp + ")) INSERT INTO scim_member (grp, ord, folded, member, type, kind, display)" +
		" SELECT g.grp, (SELECT COALESCE(MAX(m.ord), 0) FROM scim_member m WHERE m.grp = g.grp) + v.n, v.folded, v.member, v.type, v.kind, v.display" +
		" FROM v CROSS JOIN g WHERE 1 = 1 ON CONFLICT (folded, grp, member) DO NOTHING RETURNING member")
	return b.String()
}

func membersList(n int) string {
	return "SELECT ord, member FROM scim_member WHERE folded IN " + list(n) + " AND grp = ?"
}

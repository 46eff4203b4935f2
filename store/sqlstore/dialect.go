package sqlstore

import (
	"context"
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

	// weak warns of settings of the database that break a promise.
	weak func(ctx context.Context, db *DB)

	dual      string // FROM clause of a SELECT from nothing
	forUpdate string // " FOR UPDATE"
	forShare  string // keeps rows from being deleted
	ruleShare string // keeps a row from being changed
	// skipLocked is forUpdate that leaves out rows which are locked.
	skipLocked string
	holding    string // end of an INSERT into scim_line: lock the row that is there
	adding     string // end of an INSERT into scim_count: add to the row that is there
	counting   string // end of an INSERT into scim_counter: lock the row that is there
	shard      string // the row of scim_count that a connection adds to
	ofGroup    string // restricts forUpdate to alias g
	insert     string // INSERT that leaves rows out which are there already …
	onTaken    string // … and its end

	concat   func(a, b string) string        // two texts as one
	contains func(text string) string        // condition: text contains ?
	ends     func(text string, n int) string // the end of text, as long as a literal
	length   func(literal string) int        // what ends counts
	members  func(n int) string              // places of those with one of n folded ids, in one group
	// among is the condition that r.seq is one of those a query selects by op.
	among func(op filter.Op, query string, args []any) clause
	// rowCompare compares columns, as one row, with arguments by " > " or " < ".
	rowCompare func(columns []string, op string, args []any) clause
	sortedTail func(tail string) string // what is sorted by of the end of a key
}

// bind writes the arguments' places as the database wants them.
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

// sameRule is the condition that keys of a type are made by a rule.
func (d *dialect) sameRule() string {
	return "EXISTS (SELECT 1 FROM scim_type WHERE type = ? AND rule = ?" + d.ruleShare + ")"
}

// list returns n places for arguments: "(?, ?, ?)".
func list(n int) string {
	return "(" + strings.Repeat("?, ", n-1) + "?)"
}

// rows returns the places for n rows of as many columns each.
func rows(n, columns int) string {
	row := list(columns)
	return strings.Repeat(row+", ", n-1) + row
}

func pipes(a, b string) string { return a + " || " + b }

func in(_ filter.Op, query string, args []any) clause {
	return condition("r.seq IN ("+query+")", args...)
}

func membersList(n int) string {
	return "SELECT ord, member FROM scim_member WHERE folded IN " + list(n) + " AND grp = ?"
}

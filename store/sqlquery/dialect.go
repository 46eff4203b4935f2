package sqlquery

import (
	"context"
	"strings"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// Dialect is one of [SQLite], [PostgreSQL] and [MySQL].
type Dialect struct{ *dialect }

// dialect is everything in which the databases differ.
type dialect struct {
	name      string
	kind      *sqldb.Database
	returning bool // INSERT … RETURNING instead of LastInsertId
	times     bool // time columns compare as instants
	escapes   bool // text has no U+0000, see sqldb.Escape
	quote     string
	forUpdate string
	forShare  string                                                                     // keeps rows from being changed or deleted
	onTaken   func(column string) string                                                 // end of an INSERT that leaves out rows which are there
	defaults  func(ctx context.Context, db *DB, table string) (map[string]string, error) // by column, where UPDATE has no DEFAULT

	// Conditions on text, byte by byte. Each writes x OP literal.
	equal     func(s *statement, x, literal string)
	compare   func(s *statement, x, op, literal string)
	contains  func(s *statement, x, literal string)
	starts    func(s *statement, x, literal string)
	ends      func(s *statement, x, literal string)
	notEmpty  func(x string) string
	bytes     func(x string) string                     // x as an ORDER BY needs it
	sorted    func(s *statement, x, op, literal string) // compares as bytes does
	nullsLast bool                                      // NULL is sorted after all values, without DESC
	rows      bool                                      // (a, b) > (?, ?) is found in an index
}

// ident quotes an identifier; dots separate schema and table.
func (d *dialect) ident(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = d.quote + strings.ReplaceAll(p, d.quote, d.quote+d.quote) + d.quote
	}
	return strings.Join(parts, ".")
}

// likeEscape escapes in patterns. It is not the backslash, which MySQL may
// read twice.
const likeEscape = `|`

var likeLiteral = strings.NewReplacer("|", "||", "%", "|%", "_", "|_")

// text returns a string as the database keeps it.
func (d *dialect) text(s string) string {
	if !d.escapes || !strings.ContainsAny(s, "\x00\x01") {
		return s
	}
	return sqldb.Escape(s)
}

// searchable reports whether a part of a text can be searched for: not what
// may be a part of an escape.
func (d *dialect) searchable(literal string) bool {
	return !d.escapes || sqldb.Searchable(literal)
}

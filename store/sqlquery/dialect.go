package sqlquery

import (
	"context"
	"strings"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// Dialect is one of [SQLite], [PostgreSQL] and [MySQL].
type Dialect struct{ *dialect }

// dialect has the differences between the databases.
type dialect struct {
	name        string
	kind        *sqldb.Database
	returning   bool // INSERT … RETURNING is used instead of LastInsertId
	times       bool // columns of times can be compared in SQL
	oneByOne    bool // members are looked up one by one, see [GroupTable.each]
	escapes     bool // the database refuses U+0000 in text, see sqldb.Escape
	quote       string
	forUpdate   string
	forShare    string                     // locks rows against changes and deletion
	onTaken     func(column string) string // end of an INSERT that skips rows that exist
	catalogue   func(ctx context.Context, db *DB, table string) (*catalogue, error)
	guard       func(d *dialect, g keyGuard) []string // see Table.KeyGuard
	serial      string                                // the type of an id that the database assigns
	setsDefault bool                                  // UPDATE … SET column = DEFAULT
	partial     bool                                  // indexes can have a WHERE clause

	// Conditions on text, byte by byte. Each writes x OP literal.
	equal    func(s *statement, x, literal string)
	compare  func(s *statement, x, op, literal string)
	contains func(s *statement, x, literal string)
	starts   func(s *statement, x, literal string)
	ends     func(s *statement, x, literal string)
	notEmpty func(x string) string
	// exact returns an expression of a text that is equal to others of its kind byte
	// by byte, whatever the collation. A column may have an enumerated type.
	exact     func(x string) string
	bytes     func(x string) string                     // the expression that ORDER BY uses for x
	sorted    func(s *statement, x, op, literal string) // compares in the order of bytes
	nullsLast bool                                      // an ascending ORDER BY puts NULL last
	rows      bool                                      // (a, b) > (?, ?) uses an index
}

// ident quotes an identifier. Dots separate the names of schema, table and
// column.
func (d *dialect) ident(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = d.quote + strings.ReplaceAll(p, d.quote, d.quote+d.quote) + d.quote
	}
	return strings.Join(parts, ".")
}

// likeEscape is the escape character in LIKE patterns. MySQL may interpret a
// backslash twice.
const likeEscape = `|`

var likeLiteral = strings.NewReplacer("|", "||", "%", "|%", "_", "|_")

// text returns the form in which the database keeps a string.
func (d *dialect) text(s string) string {
	if !d.escapes || !strings.ContainsAny(s, "\x00\x01") {
		return s
	}
	return sqldb.Escape(s)
}

// searchable reports whether the database can search for a part of a text, see
// sqldb.Searchable.
func (d *dialect) searchable(literal string) bool {
	return !d.escapes || sqldb.Searchable(literal)
}

package sqlquery

import (
	"context"
	"strconv"
	"strings"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// SQLite is the dialect of SQLite 3.35 or newer. Use WAL mode, a busy_timeout
// on every connection, and synchronous=FULL unless a power cut may undo writes
// that were acknowledged. SQL does not compare columns of times, since each
// driver writes times in another format; it compares integers with the tag
// option unit.
var SQLite = Dialect{&dialect{
	name:     "sqlite",
	kind:     sqldb.SQLite,
	quote:    `"`,
	onTaken:  func(string) string { return " ON CONFLICT DO NOTHING" },
	defaults: sqliteDefaults,
	equal:    func(s *statement, x, literal string) { s.add(x, " COLLATE BINARY = ").arg(literal) },
	compare:  func(s *statement, x, op, literal string) { s.add(x, " COLLATE BINARY ", op, " ").arg(literal) },
	contains: func(s *statement, x, literal string) {
		s.add("instr(CAST(", x, " AS BLOB), CAST(").arg(literal).add(" AS BLOB)) > 0")
	},
	// substr of an empty BLOB is NULL.
	starts: func(s *statement, x, literal string) {
		// The first condition uses the index and may match more rows.
		s.add("(", x, " COLLATE BINARY >= ").arg(literal)
		s.add(" AND COALESCE(substr(CAST(", x, " AS BLOB), 1, ", strconv.Itoa(len(literal)), "), x'') = CAST(").arg(literal).add(" AS BLOB))")
	},
	ends: func(s *statement, x, literal string) {
		s.add("COALESCE(substr(CAST(", x, " AS BLOB), ", strconv.Itoa(-len(literal)), "), x'') = CAST(").arg(literal).add(" AS BLOB)")
	},
	exact:    func(x string) string { return x + " COLLATE BINARY" },
	notEmpty: func(x string) string { return x + " <> ''" },
	bytes:    func(x string) string { return x + " COLLATE BINARY" },
	sorted:   func(s *statement, x, op, literal string) { s.add(x, " COLLATE BINARY ", op, " ").arg(literal) },
	rows:     true,
}}

// sqliteDefaults returns the DEFAULT expressions of a table, by column name in
// lower case. Generated columns are not among them.
func sqliteDefaults(ctx context.Context, db *DB, table string) (map[string]string, error) {
	out := map[string]string{}
	schemaName, name := "main", table
	if i := strings.LastIndexByte(table, '.'); i >= 0 {
		schemaName, name = table[:i], table[i+1:]
	}
	s := db.d.statement("SELECT name, COALESCE(dflt_value, 'NULL') FROM pragma_table_info(").arg(name).add(", ").arg(schemaName).add(")")
	err := db.query(ctx, s, func(scan func(...any) error) error {
		var column, value string
		err := scan(&column, &value)
		out[strings.ToLower(column)] = "(" + value + ")"
		return err
	})
	return out, err
}

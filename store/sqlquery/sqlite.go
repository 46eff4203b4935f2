package sqlquery

import (
	"strconv"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// SQLite is the dialect of SQLite 3.35 or newer. Use WAL mode, a busy_timeout
// on every connection, and synchronous=FULL unless a power cut may undo writes
// that were acknowledged. SQL does not compare columns of times, since each
// driver writes times in another format; it compares integers with the tag
// option unit.
var SQLite = Dialect{&dialect{
	name:      "sqlite",
	kind:      sqldb.SQLite,
	quote:     `"`,
	onTaken:   func(string) string { return " ON CONFLICT DO NOTHING" },
	catalogue: sqliteCatalogue,
	guard:     sqliteGuard,
	serial:    "INTEGER PRIMARY KEY AUTOINCREMENT",
	partial:   true,
	equal:     func(s *statement, x, literal string) { s.add(x, " COLLATE BINARY = ").arg(literal) },
	compare:   func(s *statement, x, op, literal string) { s.add(x, " COLLATE BINARY ", op, " ").arg(literal) },
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

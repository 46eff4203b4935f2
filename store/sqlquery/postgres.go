package sqlquery

import "github.com/seed5f3efb56/scim/internal/sqldb"

// PostgreSQL is the dialect of PostgreSQL 12 or newer and of databases with its
// protocol. Columns that are compared for equality need a deterministic
// collation, which is the default. A column whose attribute is not caseExact may
// be citext, its key column may not. PostgreSQL refuses U+0000 in text: U+0000 is
// stored as U+0001 U+0001, and U+0001 as U+0001 U+0002.
var PostgreSQL = Dialect{&dialect{
	name:        "postgres",
	kind:        sqldb.PostgreSQL,
	catalogue:   postgresCatalogue,
	guard:       postgresGuard,
	setsDefault: true,
	partial:     true,
	returning:   true,
	times:       true,
	escapes:     true,
	quote:       `"`,
	forUpdate:   " FOR UPDATE",
	forShare:    " FOR SHARE",
	oneByOne:    true,
	onTaken:     func(string) string { return " ON CONFLICT DO NOTHING" },
	// With COLLATE "C" an index on the column would not be used.
	equal:     func(s *statement, x, literal string) { s.add(x, " = ").arg(literal) },
	compare:   func(s *statement, x, op, literal string) { s.add(x, ` COLLATE "C" `, op, " ").arg(literal) },
	contains:  func(s *statement, x, literal string) { postgresLike(s, x, "%"+likeLiteral.Replace(literal)+"%") },
	starts:    func(s *statement, x, literal string) { postgresLike(s, x, likeLiteral.Replace(literal)+"%") },
	ends:      func(s *statement, x, literal string) { postgresLike(s, x, "%"+likeLiteral.Replace(literal)) },
	exact:     func(x string) string { return "CAST(" + x + " AS TEXT)" },
	notEmpty:  func(x string) string { return x + " <> ''" },
	bytes:     func(x string) string { return x + ` COLLATE "C"` },
	sorted:    func(s *statement, x, op, literal string) { s.add(x, ` COLLATE "C" `, op, " ").arg(literal) },
	rows:      true,
	nullsLast: true,
}}

func postgresLike(s *statement, x, pattern string) {
	s.add(x, ` COLLATE "C" LIKE `).arg(pattern).add(` ESCAPE '` + likeEscape + `'`)
}

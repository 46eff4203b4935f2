package sqlquery

import "github.com/seed5f3efb56/scim/internal/sqldb"

// MySQL is the dialect of MariaDB 10.6 and MySQL 8, or newer, with InnoDB.
// Whatever the collation of a column, text is compared byte by byte; with a
// binary collation (utf8mb4_nopad_bin, utf8mb4_0900_bin) the index finds no
// more than that. Columns of times need DATETIME(6) or TIMESTAMP(6) to keep
// what the library writes.
var MySQL = Dialect{&dialect{
	name:      "mysql",
	kind:      sqldb.MySQL,
	times:     true,
	quote:     "`",
	forUpdate: " FOR UPDATE",
	forShare:  " LOCK IN SHARE MODE", // MariaDB has no FOR SHARE
	onTaken:   func(column string) string { return " ON DUPLICATE KEY UPDATE " + column + " = " + column },
	equal: func(s *statement, x, literal string) {
		// The first condition is for the index, and finds too much.
		s.add("(", x, " = ").arg(literal).add(" AND ", mysqlBytes(x), " = ", mysqlLiteral(s, literal), ")")
	},
	compare: func(s *statement, x, op, literal string) {
		s.add(mysqlBytes(x), " ", op, " ", mysqlLiteral(s, literal))
	},
	contains: func(s *statement, x, literal string) { mysqlLike(s, x, "%"+likeLiteral.Replace(literal)+"%") },
	starts:   func(s *statement, x, literal string) { mysqlLike(s, x, likeLiteral.Replace(literal)+"%") },
	ends:     func(s *statement, x, literal string) { mysqlLike(s, x, "%"+likeLiteral.Replace(literal)) },
	notEmpty: func(x string) string { return "LENGTH(" + x + ") > 0" }, // ' ' = '' with most collations
	bytes:    mysqlSorted,
	sorted: func(s *statement, x, op, literal string) {
		s.args = append(s.args, literal)
		s.add(mysqlSorted(x), " ", op, " ", mysqlSorted("?"))
	},
}}

// mysqlBytes returns text as its UTF-8 bytes, whatever its character set.
func mysqlBytes(x string) string { return "CAST(CONVERT(" + x + " USING utf8mb4) AS BINARY)" }

// mysqlSorted returns what is sorted by of a text: its first 250 characters,
// which are less than max_sort_length, beyond which MySQL sorts as equal what
// differs, and pages by keys would lose it.
func mysqlSorted(x string) string {
	return "CAST(LEFT(CONVERT(" + x + " USING utf8mb4), 250) AS BINARY)"
}

// mysqlLiteral adds an argument, and returns the expression in which it stands.
func mysqlLiteral(s *statement, literal string) string {
	s.args = append(s.args, literal)
	return mysqlBytes("?")
}

func mysqlLike(s *statement, x, pattern string) {
	s.add(mysqlBytes(x), " LIKE ", mysqlLiteral(s, pattern), " ESCAPE '"+likeEscape+"'")
}

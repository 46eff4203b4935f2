package sqlquery

import "github.com/seed5f3efb56/scim/internal/sqldb"

// MySQL is the dialect of MariaDB 10.6, MySQL 8 and newer versions, with InnoDB.
// Text is compared byte by byte, with any collation of the column; with a binary
// collation (utf8mb4_nopad_bin, utf8mb4_0900_bin) the index selects exactly the
// matching rows. Columns of times need DATETIME(6) or TIMESTAMP(6) to keep
// microseconds.
var MySQL = Dialect{&dialect{
	name:        "mysql",
	kind:        sqldb.MySQL,
	catalogue:   mysqlCatalogue,
	guard:       mysqlGuard,
	serial:      "AUTO_INCREMENT",
	setsDefault: true,
	times:       true,
	quote:       "`",
	forUpdate:   " FOR UPDATE",
	forShare:    " LOCK IN SHARE MODE", // MariaDB has no FOR SHARE
	onTaken:     func(column string) string { return " ON DUPLICATE KEY UPDATE " + column + " = " + column },
	equal: func(s *statement, x, literal string) {
		// The first condition uses the index and may match more rows.
		s.add("(", x, " = ").arg(literal).add(" AND ", mysqlBytes(x), " = ", mysqlLiteral(s, literal), ")")
	},
	compare: func(s *statement, x, op, literal string) {
		s.add(mysqlBytes(x), " ", op, " ", mysqlLiteral(s, literal))
	},
	contains: func(s *statement, x, literal string) { mysqlLike(s, x, "%"+likeLiteral.Replace(literal)+"%") },
	starts:   func(s *statement, x, literal string) { mysqlLike(s, x, likeLiteral.Replace(literal)+"%") },
	ends:     func(s *statement, x, literal string) { mysqlLike(s, x, "%"+likeLiteral.Replace(literal)) },
	exact:    mysqlBytes,
	notEmpty: func(x string) string { return "LENGTH(" + x + ") > 0" }, // ' ' = '' with most collations
	bytes:    mysqlSorted,
	sorted: func(s *statement, x, op, literal string) {
		s.args = append(s.args, literal)
		s.add(mysqlSorted(x), " ", op, " ", mysqlSorted("?"))
	},
}}

// mysqlBytes returns the expression of a text's UTF-8 bytes, for any character
// set of the column.
func mysqlBytes(x string) string { return "CAST(CONVERT(" + x + " USING utf8mb4) AS BINARY)" }

// mysqlSorted returns the expression that text is sorted by: its first 250
// characters. They are shorter than max_sort_length. MySQL treats texts that
// differ only beyond max_sort_length as equal, and paging would skip rows.
func mysqlSorted(x string) string {
	return "CAST(LEFT(CONVERT(" + x + " USING utf8mb4), 250) AS BINARY)"
}

// mysqlLiteral adds an argument and returns the expression of its bytes.
func mysqlLiteral(s *statement, literal string) string {
	s.args = append(s.args, literal)
	return mysqlBytes("?")
}

func mysqlLike(s *statement, x, pattern string) {
	s.add(mysqlBytes(x), " LIKE ", mysqlLiteral(s, pattern), " ESCAPE '"+likeEscape+"'")
}

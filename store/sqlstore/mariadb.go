package sqlstore

import (
	"strconv"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// MariaDB is the dialect of MariaDB 10.5 or newer, with InnoDB. MySQL lacks
// INSERT … RETURNING and is not supported. The outbox needs SKIP LOCKED, which
// MariaDB 10.6 brought.
//
// Values that are equal in their first 128 characters and in the 1,000 bytes
// after those are sorted as equal. Filters compare all of the value.
var MariaDB = Dialect{&dialect{
	name:       "mariadb",
	kind:       sqldb.MySQL,
	lock:       "SELECT GET_LOCK(CONCAT('scim.', DATABASE()), 86400)",
	unlock:     "SELECT RELEASE_LOCK(CONCAT('scim.', DATABASE()))",
	hasTable:   "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?",
	dual:       " FROM DUAL",
	forUpdate:  " FOR UPDATE",
	forShare:   " LOCK IN SHARE MODE",
	ruleShare:  " LOCK IN SHARE MODE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	holding:    " ON DUPLICATE KEY UPDATE queue = VALUES(queue)",
	adding:     " ON DUPLICATE KEY UPDATE n = n + VALUES(n)",
	counting:   " ON DUPLICATE KEY UPDATE" + countingOver("", func(column string) string { return "VALUES(" + column + ")" }),
	shard:      "CONNECTION_ID() % 64",
	limit:      " LIMIT ?",
	offset:     " OFFSET ?",
	insert:     "INSERT IGNORE INTO ",
	concat:     func(a, b string) string { return "CONCAT(" + a + ", " + b + ")" },
	contains:   func(text string) string { return "LOCATE(?, " + text + ") > 0" },
	ends:       func(text string, n int) string { return "RIGHT(" + text + ", " + strconv.Itoa(n) + ")" },
	length:     func(literal string) int { return len(literal) }, // columns are binary
	memberRows: sqldb.Batch,
	members:    membersList,
	among:      inQuery,
	rowCompare: columnComparison,
	sortedTail: func(tail string) string { return tail + "_sorted" }, // which an index has
	head:       func(column string) string { return column + "_head" },
}}

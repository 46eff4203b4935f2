// Package sqlstore is a complete store on database/sql for applications which
// have no tables for users and groups of their own: SQLite, PostgreSQL and
// MariaDB. An application with such tables wants package sqlquery instead.
//
//	import _ "modernc.org/sqlite"
//
//	db, err := sqlstore.OpenSQLite("sqlite", "scim.db")
//	…
//	users, groups := db.Store(schema.UserType), db.Store(schema.GroupType)
//	err = db.Migrate(ctx)
//
// [DB] is a [store.Transactor], a [store.Outbox] and a [store.Tokens], and has the
// optional [store.Counters], [store.AuditTrail] (an audit.Reader) and [store.Backlogs];
// [DB.Store] returns a [store.Store] which is also a [store.Describer] and a
// [store.Exister], and a [store.MemberStore] for a type with members. [Tx]
// returns the transaction for statements of the application. The application
// chooses and imports the driver.
//
// # Storage
//
// A resource is one row of scim_resource with its attributes as JSON text. By
// index, each within its tenant: id, userName, externalId, emails.value (alone
// or together with emails.type), displayName, the attributes that the
// schema declares unique, those that [Index] adds, and the members of groups in
// both directions. Keys
// are the [schema.FoldKey] of a value in a binary collation, so that SQL selects
// exactly what filter.Filter.Match accepts. Every comparison on an indexed path
// runs in SQL. A filter on another attribute is matched within this package: it reads
// the rows that the other conditions select, 4 to 10 µs each, and decodes what the filter
// compares, within scim.Limits.Work. The library evaluates filters on groups, members
// (but for their ids), $ref and meta.location. Resources are listed in the order of
// their creation.
//
// scim_count has the number of resources of a type, updated in the transaction
// that creates or deletes one. The first page of a list with its total therefore
// costs the same for any number of resources. The update is 5 % of the cost of
// creating a resource (MariaDB: 15 %).
//
// The version is a counter in the row, moved by the statement that writes it.
// An id is never used twice: the ids of deleted resources are kept in
// scim_deleted. Nothing else of them is kept, so that they cannot be revived
// (scim.RestoreDeleted needs a store with tombstones). Each member is a row, in
// the order of joining; the cost of a change of members does not depend on the
// size of the group. On SQLite the rows of more than 20,000 members that leave at
// once, or whose group is deleted, no longer count and are removed by later
// writes, 200 by each.
//
// The outbox is claimed by lines: a line is the entries of one queue about one
// resource. The cost of a claim depends neither on the number of waiting entries
// nor on the number for one resource. A token is found by the SHA-256 of its
// secret; the secret is not stored. [OpenSQLite] keeps tokens in memory as long as no
// other connection, of this process or another, has written to the file.
//
// The tables begin with scim_ and are found by the connection's default schema
// or database.
package sqlstore

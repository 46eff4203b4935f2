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
// [DB] is a [store.Transactor], a [store.Outbox] and a [store.Tokens];
// [DB.Store] returns a [store.Store] which is also a [store.Describer] and a
// [store.Exister], and a [store.MemberStore] for a type with members. [Tx] is
// the way to the application's own statements in the same transaction. Drivers
// are the application's choice and are not imported here.
//
// # What is stored how
//
// A resource is one row of scim_resource with its attributes as JSON text. By
// index, each within its tenant: id, userName, externalId, emails.value (alone
// or together with emails.type), displayName, what the schema declares unique,
// what [Index] adds, and the members of groups in both directions. Keys
// are what [schema.FoldKey] makes of a value, kept in binary collation, so that
// SQL answers exactly as filter.Filter.Match would; every comparison on an
// indexed path is answered in SQL and everything else is left to the library.
// Resources are listed in the order of their creation.
//
// How many there are of a type is kept in scim_count, in the transaction that
// creates or deletes one, so that the first page of a list with its total costs
// the same however many follow. It is one statement more, 5 % (MariaDB: 15 %) of
// what creating a resource costs.
//
// The version is a counter in the row, moved by the statement that writes it.
// An id is never used twice: deleted ones are kept, ids alone, in
// scim_deleted, so that nothing deleted can be revived (scim.RestoreDeleted is
// for stores with tombstones). Members are rows of their own, in the order of joining; what a
// change of members costs does not depend on the size of the group.
//
// The outbox is claimed line by line, a line being the entries of one queue
// about one resource, so that what a claim costs depends neither on how much is
// waiting nor on how much of it for the same resource. A token is found by the
// SHA-256 of its secret; the secret is nowhere.
//
// The tables begin with scim_ and are found by the connection's default schema
// or database.
package sqlstore

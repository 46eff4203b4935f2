// Package sqlquery serves SCIM from the tables that an application already has,
// on database/sql: PostgreSQL, SQLite, MariaDB and MySQL. It imports no driver.
//
//	type User struct {
//		ID        int64     `scim:"id,prefix=u" db:"id"`
//		Email     string    `scim:"userName" db:"email"`
//		EmailKey  string    `scim:"userName,key" db:"email_key"`
//		Disabled  bool      `scim:"active,not" db:"disabled"`
//		Version   int64     `scim:"meta.version" db:"scim_version"`
//		UpdatedAt time.Time `scim:"meta.lastModified" db:"updated_at"`
//		Rest      string    `scim:",rest" db:"scim_rest"`
//	}
//
//	db, err := sqlquery.New(pool, sqlquery.PostgreSQL)
//	users, err := sqlquery.NewTable(ctx, db, "users", schema.UserType, sqlquery.Options[User]{})
//	teams, err := sqlquery.NewGroupTable(ctx, db, "teams", schema.GroupType,
//		sqlquery.Members{Table: "team_members", Group: "team_id", Member: "user_id", Of: users},
//		sqlquery.Options[Team]{})
//
// users and teams are stores for scim.Endpoint, with Type() as the endpoint's
// type, and db is scim.Config.Tx. The tags are described at [Typed].
//
// # What the table needs
//
//   - A key column for each value that is looked up without regard to case,
//     at least for userName, with a unique index; see [Table]. Options.EnsureKeys
//     fills it. Statements of the application that write such a value write its
//     schema.FoldKey too, and look rows up by it; [Table.KeyGuard] is SQL that
//     refuses those that forget it.
//   - An integer for meta.version. Without it ETags are off, and two writers
//     without transactions may overwrite each other's changes.
//   - A rest column, unless attributes without a column need not be kept.
//   - Integer keys that are never assigned again. SQLite needs AUTOINCREMENT,
//     which NewTable checks.
//   - In MariaDB and MySQL utf8mb4, and binary collations for ids, tenants,
//     members and keys, so that a unique index takes no two values for one.
//
// # Filters
//
// RFC 7644 §3.4.2.2 filters become conditions with bound arguments that are
// true for exactly the resources that filter.Filter.Match accepts; see
// [Translator], which an application with stores of its own can use alone. What
// SQL cannot say exactly is not declared, and package scim matches it over a
// bounded number of rows: text without a key column, decimals, times beyond
// microseconds, elements of lists beside a rest column unless a [ListTable]
// has them. Orders are the same: without an index on the terms of
// [Translator.OrderBy], after the columns that select the rows of a tenant, the database
// sorts all rows for each page. For a required attribute the first term is the column,
// or its key column, in the order of bytes (COLLATE "C" on PostgreSQL), and the last is
// the tie; for another one a CASE expression comes first, which needs an index on
// expressions. An offset costs the rows that it skips.
//
// # Transactions
//
// [DB.InTx] runs a write of the library; [Tx] gives the application the
// transaction in a hook, and [DB.WithTx] makes the library part of the
// application's own. PostgreSQL and MariaDB lock rows in READ COMMITTED. SQLite
// has one writer: transactions queue in Go, where waiting ends with the
// context, and take the write lock before they read.
package sqlquery

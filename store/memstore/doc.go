// Package memstore keeps resources in memory: all of the contract of package
// store, with indexes, transactions and tenants, for tests and demonstrations,
// and as an example of a complete store. The data ends with the process.
//
//	db := memstore.New()
//	users := db.Store(schema.UserType)
//	groups := db.Store(schema.GroupType) // also a store.MemberStore
//
// # How it works
//
// All data hangs from one pointer to a state that never changes: resources by number,
// which is the order of creation (file rows.go), indexes from the hash of a value to
// numbers (file postings.go), the members of a group by number (file roster.go), and
// sorted maps for the rest (file tree.go). Their put and delete return a new one that
// shares the unchanged part. The rest follows from that:
//
//   - Readers take the pointer and have a consistent view of one moment, for as
//     long as they like, without a lock. They never wait for writers.
//   - A transaction works on its own state. Commit replaces the pointer, rollback
//     drops the new state.
//   - There is one transaction at a time (a second InTx waits for the first or
//     for its context), so nothing ever conflicts and GetOptions.ForUpdate has
//     nothing to do.
//   - The cost of a write grows with the logarithm of the stored data.
//
// An id is used as it is given and never a second time, for any type. Of a deleted
// resource only the id is kept, unless [KeepDeleted] is set. Lists are in order of
// creation, members in order of joining. A version counts the changes of its resource.
//
// Equality is answered by index for id, the attributes with uniqueness,
// externalId, userName, displayName, emails.value and the members of groups,
// anywhere in a conjunction, and in a disjunction if every side has one; other
// filters look at every resource of the tenant. A list that is sorted by an attribute, of
// 1,000 resources or more and without a filter, makes an order of them, which takes 5 µs
// and about 200 bytes for each. The six orders that were asked for last are kept: a later
// page costs what a page costs, and what has changed in between (file order.go). One that
// was not asked for during 2,000 commits, at most 4,000, is dropped.
//
// Within InTx, do not call a store with a context from outside: the call waits for
// the transaction, which waits for the call.
package memstore

// Package memstore keeps resources in memory: all of the contract of package
// store, with indexes, transactions and tenants, for tests, demonstrations and
// as a store written to be read. Nothing survives the process.
//
//	db := memstore.New()
//	users := db.Store(schema.UserType)
//	groups := db.Store(schema.GroupType) // also a store.MemberStore
//
// # How it works
//
// All data hangs from one pointer to a state that never changes: sorted maps
// (file tree.go) whose put and delete return a new map and share what did not
// change. From that follows the rest:
//
//   - Readers take the pointer and have a consistent view of one moment, for as
//     long as they like, without a lock. They never wait for writers.
//   - A transaction works on its own state. To commit is to put the new
//     pointer in place of the old one, to roll back is to forget it.
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
// filters look at every resource of the tenant.
//
// Do not call a store with a context from outside InTx within it: it would
// wait for the transaction that waits for it.
package memstore

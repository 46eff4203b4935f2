// Package storetest is the conformance kit that every store must pass. Call
// [Run] from a test of the store:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Fixture {
//			db := open(t) // empty
//			return storetest.Fixture{Users: db.Users(), Groups: db.Groups(), Tx: db}
//		})
//	}
//
// Each case starts from empty stores and proves one sentence of the contract
// in package store, which it prints when it fails. Cases of abilities that a store
// does not declare are skipped. A case that makes no progress for 15 seconds fails
// with the stacks of all goroutines; the most frequent reason is a lock that is
// held while members are yielded. The kit is deterministic: its data and its
// random filters come from fixed seeds.
//
// [RunOutbox], [RunTokens], [RunCounters], [RunAudit] and [RunConnections] do the same
// for a [store.Outbox], a [store.Tokens], a [store.Counters], a [store.AuditTrail] and a
// [connection.Store].
//
// The kit itself is tested against stores that are broken on purpose.
package storetest

// Kvstore is a SCIM service provider on a key-value database (bbolt): the long
// example of a store by hand, for a place that is not SQL. It implements every
// interface of package store.
//
//	SCIM_TOKEN=secret go run ./examples/kvstore people.bolt
//
// A key-value database offers ordered keys, ranges and transactions; the store
// builds look-ups, lists and groups on them. Each file has one topic:
//
//	keys.go        keys of several parts, whose order is the order of the parts
//	database.go    the file, the buckets, and one transaction for a whole write
//	index.go       look-ups, uniqueness and order by a value
//	resources.go   store.Store, store.Exister
//	list.go        pages, positions, filters and sorting from an index
//	groups.go      store.MemberStore: members in both directions
//	tombstones.go  store.Reviver, store.DeletedFinder, store.Purger
//	outbox.go      store.Outbox, store.Backlogs
//	tokens.go      store.Tokens
//	extras.go      store.Counters, store.AuditTrail
package main

// Package brake stops a connection that ends the access of unusually many people,
// or creates unusually many, within a short time: a provider whose scope was changed
// by mistake, or a token in wrong hands.
//
// What is beyond a bound is answered 503 with Retry-After, so that the provider
// tries again later, until an operator releases the brake (scim.Handler.ReleaseBrake)
// or the window ends. Everything else of the connection goes on: reads, changes of
// attributes, reactivations, new members.
//
// Deactivations, deletions and memberships are counted in the transaction of the
// write, by a store.Counters, so that processes share the count, and neither a crash
// nor a write that fails makes it wrong. Creations are counted in each process.
package brake

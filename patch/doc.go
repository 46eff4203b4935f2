// Package patch applies PATCH operations (RFC 7644 §3.5.2) to a resource: in
// order, on a copy, all or nothing. [Parse] reads a PatchOp message,
// [Patcher.Apply] carries it out.
//
// An operation takes four steps: its path becomes a target (target.go), the
// values that the target selects are located, the value of the operation is decoded
// once into an edit (edit.go), and the edit is applied to each value, under the
// rules for required and immutable attributes (guard.go). add, remove and
// replace differ only in how an edit is combined with the old value.
//
// Members of a group are never loaded: operations on them are composed into
// one schema.MemberDelta (memberset.go). Only a filter on more than their ids,
// or a change of an immutable sub-attribute, makes them be read. Secrets are split off
// and returned apart.
//
// Departures from the RFC for the sake of an identity provider are switched by
// schema.Profile. Those that need code of their own are in the files leniency_*.go:
//
//   - leniency_values.go: a string or a list of one where an object or a single
//     value belongs
//   - leniency_create.go: a value path without match creates the value
//   - leniency_remove.go: remove with a value
//
// Left out: whether the result as a whole is valid, which
// schema.ResourceType.Validate says, and everything that needs other resources.
package patch

// Package patch applies PATCH operations (RFC 7644 §3.5.2) to a resource: in
// order, on a copy, all or nothing. [Parse] reads a PatchOp message,
// [Patcher.Apply] carries it out.
//
// An operation takes four steps: its path becomes a target (target.go), the
// values that the target selects are located, what the client sent is decoded
// once into an edit (edit.go), and the edit is applied to each value, under the
// rules for required and immutable attributes (guard.go). add, remove and
// replace differ only in how an edit meets what is there.
//
// Members of a group are never loaded: operations on them are composed into
// one schema.MemberDelta (memberset.go). Only a filter on more than their ids,
// or a change of what may not change, makes them be read. Secrets are split off
// and returned apart.
//
// What departs from the RFC for the sake of an identity provider is switched
// by schema.Profile and lives in the files leniency_*.go:
//
//   - leniency_values.go: a string or a list of one where an object or a single
//     value belongs
//   - leniency_create.go: a value path without match creates the value
//   - leniency_remove.go: remove with a list of values
//
// Left out: whether the result as a whole is valid, which
// schema.ResourceType.Validate says, and everything that needs other resources.
package patch

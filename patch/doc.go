// Package patch applies PATCH operations (RFC 7644 §3.5.2) to a resource: in
// order, on a copy, all or nothing. Members of a group are not loaded for it;
// operations on them become one schema.MemberDelta.
//
// Each operation is resolved (path to attributes), located (which values) and
// only then applied. What departs from the RFC for the sake of an identity
// provider is switched by schema.Profile and lives in files named leniency*.go.
package patch

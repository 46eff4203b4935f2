// Package schema is RFC 7643 in Go: schemas, attributes and their
// characteristics, resource types, and the value tree in which resources are
// kept.
//
// # The value tree
//
// A [Resource] is a header (id, version, times) and an [Object]: fields bound
// to the [Attribute] that defines them. Names are resolved once, when a body
// is decoded; from then on nothing compares names. Values are typed, never
// null and never an empty list, because unassigned, null and the empty list
// are one state (RFC 7643 §2.5). Objects and values are immutable: a change
// makes a new object that shares the unchanged parts, so a store may keep the
// pointer it was given and hand the same one out again.
//
// An extension is one complex attribute of the root object whose name is the
// schema URI, so that a path is always a list of attributes (see [AttrPath]).
//
// # Contents
//
//   - [Schema], [Attribute], [ResourceType]: definitions, checked when built
//   - [Value], [Object], [Resource]: the tree; [Member], [MemberDelta]: group members
//   - [ParseJSON]: strict, bounded JSON; [ResourceType.Decode]: request body to tree
//     and [Secrets]; [ResourceType.Validate], [ResourceType.Carry]: the checks of
//     a write and the values that it keeps; [ResourceType.DecodeStored]: a store's JSON to tree
//   - [Profile]: the departures from the RFCs that a client may make; [Bounds]: the
//     sizes of what clients store
//   - [FoldKey], [Compare], [Equal]: the one fold rule, the one order, the one equality
//   - [Error]: a mistake of a client, in the words of the RFC; no HTTP status
//
// The package has no clock, logger, context or global state besides the core
// schemas. Left out: anything that needs other resources (uniqueness,
// references), which belongs to stores and to package scim.
package schema

// Package store is the contract between package scim and the application's
// database: [Store] for one resource type, [MemberStore] for groups,
// [Transactor] for both together.
//
// A first store needs five methods and nothing else: the library then filters,
// sorts and pages what List returns, within bounds. What a store can do better
// it declares ([Describer]); a store is only ever asked what it declared, so a
// filter is never dropped and never widened. Package storetest has the
// conformance kit that every store must pass; package memstore is a complete
// store written to be read.
//
// A store never applies a PATCH and never sees HTTP: the library reads the
// resource, makes the new one, and hands over before and after ([Change]).
//
// # Tenants
//
// Every call is for the tenant in its context and sees nothing else: a foreign
// id is ErrNotFound, a foreign userName is free. [Tenant] returns "" where an
// application has no tenancy.
//
// # Keys and case
//
// Values which RFC 7643 compares without case are compared by schema.FoldKey,
// which goes beyond SQL's lower(): keep it in a column of its own with a
// binary collation. A store returns the spelling that the client sent.
package store

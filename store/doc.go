// Package store is the contract between package scim and the application's
// database: [Store] for one resource type, [MemberStore] for groups,
// [Transactor] for both together.
//
// A first store needs the five methods of [Store], and either transactions
// ([Transactor]) or versions (Capabilities.Versions), so that concurrent writes
// do not overwrite each other. The library then filters, sorts and pages the
// resources that List returns, within bounds. A store declares the filters and
// orders that it answers itself ([Describer]) and is asked for no others, so a
// filter is never dropped and never widened. Package storetest has the
// conformance kit that every store must pass; package memstore is a complete
// store written to be read.
//
// A store never applies a PATCH and never sees HTTP: the library reads the
// resource, makes the new one, and gives the store both ([Change]).
//
// # Tenants
//
// Every call is about the tenant in its context alone: the id of another tenant's
// resource is ErrNotFound, and its userName may be used again. [Tenant] returns ""
// in an application without tenants.
//
// # Keys and case
//
// Values that RFC 7643 compares without case are compared by schema.FoldKey,
// which folds more than SQL's lower(): keep the key in a separate column with a
// binary collation. A store returns the spelling that the client sent.
package store

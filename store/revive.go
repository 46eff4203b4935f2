package store

import (
	"context"
	"time"

	"github.com/seed5f3efb56/scim/schema"
)

// Reviver is a [Store] that keeps deleted resources as tombstones and can revive
// them, if it declares Capabilities.Revives. No other method returns a tombstone,
// and a tombstone does not keep its unique values from other resources.
type Reviver interface {
	Store

	// Tombstone returns the resource that was deleted last of those that had the
	// value v of the attribute p when they were deleted, or ErrNotFound. It is as
	// it was, except that active may be false. When that one has been revived or purged, older ones are not
	// found: the value may have belonged to another person. p is one of
	// schema.ResourceType.Unique; values are compared as Create compares them. A
	// path by which the store does not find tombstones is ErrNotFound too, and so
	// is a path that is not unique: an e-mail address does not bring a resource
	// back. With ForUpdate, inside a transaction, no other transaction revives the
	// tombstone until this one ends.
	Tombstone(ctx context.Context, p schema.AttrPath, v schema.Value, o GetOptions) (*schema.Resource, error)

	// Revive stores c.After in place of the tombstone c.Before, under the same
	// id, and returns it as stored, with a Version that the id never had.
	// Nothing else of the tombstone remains, as in a resource just created.
	// ErrNotFound (404) if there is no such tombstone; a live resource is not
	// one. ErrVersion (412) if c.IfVersion is not "" and not its version;
	// [*UniquenessError] (409) if a live resource has a unique value of c.After.
	// On error nothing changed.
	Revive(ctx context.Context, c *Change) (*schema.Resource, error)
}

// Purger is an optional interface of a [Store] that keeps what it deletes.
type Purger interface {
	// Purge forgets for good at most n tombstones of the tenant in the context
	// that were deleted (Change.At) before a time, and returns how many. Fewer
	// than n is the end. A tombstone that is forgotten cannot be revived; its id
	// is still never used again. Purge is part of the transaction of the
	// context. errors.ErrUnsupported if the store keeps no tombstones, or not
	// when they were deleted.
	Purge(ctx context.Context, before time.Time, n int) (int, error)
}

// DeletedFinder is an optional interface of a [Store] that keeps what it deletes.
// A login asks it before it creates a user that is not there, so that a user who
// was removed does not come back. It only reads: it is found through wrappers
// ([As]).
type DeletedFinder interface {
	// FindDeleted reports whether the tenant has a tombstone that had the value v
	// of the attribute p, compared as the filter p eq v compares it, when it was
	// deleted. Unlike Reviver.Tombstone it finds any of several tombstones, and
	// those of values that are not unique, for example externalId. p has a single
	// value: no part of it is multi-valued. A tombstone that was revived or purged
	// is not found. errors.ErrUnsupported if the store keeps no tombstones, or
	// cannot find them by p.
	FindDeleted(ctx context.Context, p schema.AttrPath, v schema.Value) (bool, error)
}

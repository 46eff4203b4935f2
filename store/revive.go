package store

import (
	"context"

	"github.com/seed5f3efb56/scim/schema"
)

// Reviver is a [Store] that keeps what it deletes as a tombstone and can bring
// it back, as far as Capabilities.Revives says. A tombstone is in no result of
// another method and holds no unique value.
type Reviver interface {
	Store

	// Tombstone returns the resource, as it was, that was deleted last of those
	// that had the value v of the attribute p when they were deleted, or
	// ErrNotFound. p is one of schema.ResourceType.Unique; values are compared
	// as Create compares them. A path by which the store does not find
	// tombstones is ErrNotFound too, and any path that is not unique: nobody
	// comes back by an e-mail address. With ForUpdate, inside a transaction, no
	// other transaction revives the tombstone until this one ends.
	Tombstone(ctx context.Context, p schema.AttrPath, v schema.Value, o GetOptions) (*schema.Resource, error)

	// Revive stores c.After in place of the tombstone c.Before, under the same
	// id, and returns it as stored, with a Version that the id never had. What
	// the tombstone had besides is gone, as of a resource just created.
	// ErrNotFound if there is no such tombstone, of which a live resource is
	// none; ErrVersion if c.IfVersion is not "" and not its version;
	// [*UniquenessError] (409) if a live resource has a unique value of c.After.
	// On error nothing changed.
	Revive(ctx context.Context, c *Change) (*schema.Resource, error)
}

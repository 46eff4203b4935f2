package store

import (
	"context"
	"iter"
	"time"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// Store keeps the resources of one resource type. It is what an application
// implements against its own database.
//
// Every method may be called concurrently. ctx carries the tenant ([Tenant]): a
// method reads, counts and compares resources of that tenant only. Inside
// [Transactor.InTx] ctx carries the transaction too, and every method takes part
// in it. A method returns promptly when ctx ends.
//
// Resources and changes that a method is given, and resources that it returns,
// are shared: neither the store nor its caller modifies them. Times are kept in
// microseconds or better: LastModified moves with every change, by a microsecond
// at least.
//
// Errors, wrapped or not: the sentinels of this package where a method names
// them, and [ErrUnavailable] (503) from every method. A *schema.Error is a mistake
// of the client and is sent to it: 400 with its Type as scimType (409 for
// uniqueness, 403 for sensitive), for example invalidValue for a value that a
// column cannot hold. The error of a context that has ended is 503. Any other
// error is 500; its text is logged and never sent.
type Store interface {
	// Get returns the resource with that id, compared byte for byte, or
	// ErrNotFound (404). An id that cannot exist in the store (not a UUID, not a
	// number) is ErrNotFound too. With ForUpdate, inside a transaction, no
	// other transaction changes or deletes the resource until this one ends.
	// The result has neither members nor derived groups.
	Get(ctx context.Context, id string, o GetOptions) (*schema.Resource, error)

	// List returns one page of the matching resources. The query has no filter
	// and no order that the store did not declare ([Describer]).
	List(ctx context.Context, q *Query) (Page, error)

	// Create stores c.After as a new resource and returns it as stored; c.Before
	// is nil. c.After has an id, which was never used before, and times. A store
	// that makes ids itself ignores that id and returns its own; it must never
	// make one again that it has made, for whatever resource type, also not after
	// a deletion (RFC 7643 §3.1). The store sets the first Version. c.After never
	// has members: a group with members is created by MemberStore.PutMembers.
	//
	// If another live resource of the tenant has the same value of a unique
	// attribute (schema.ResourceType.Unique), the error is a [*UniquenessError]
	// (409 uniqueness) and nothing is stored. Values of an attribute that folds
	// case are the same if their schema.FoldKey is. A store may refuse more
	// values, as a unique index with a coarser collation does, and values of other
	// attributes; it never refuses fewer.
	Create(ctx context.Context, c *Change) (*schema.Resource, error)

	// Update stores c.After in place of c.Before and returns it as stored, with a
	// new Version, which is compared and set in one step. The members of a group
	// stay as they are. If nothing that the store persists would change, it may
	// skip the write and return the stored resource. ErrNotFound (404) if the
	// resource does not exist any more; ErrVersion (412) if c.IfVersion is not ""
	// and not the current version; [*UniquenessError] (409) as Create. On error
	// nothing has changed.
	Update(ctx context.Context, c *Change) (*schema.Resource, error)

	// Delete removes the resource c.ID; other resources may have its unique values
	// at once. c.Before is the resource as it was read, c.After is nil.
	// ErrNotFound (404) and ErrVersion (412) as Update.
	Delete(ctx context.Context, c *Change) error
}

// GetOptions say how resources are read.
type GetOptions struct {
	// ForUpdate holds what is read until the transaction of the context ends.
	ForUpdate bool
	// Attributes is as [Query].Attributes; nil with ForUpdate. Exists ignores it.
	Attributes []*schema.Attribute
}

// Query asks for one page of a list.
type Query struct {
	// Filter selects; nil selects all.
	Filter *filter.Filter
	// SortBy orders by an attribute as RFC 7644 §3.4.2.3 says: by the primary
	// or first value of a multi-valued one, folded unless caseExact, resources
	// without a value last, with Descending first; equal keys in any fixed order,
	// which may differ between ascending and descending. nil orders by whatever
	// fixed total order the store likes.
	SortBy     schema.AttrPath
	Descending bool
	// After continues where a page ended: it is the Next of a page of a query
	// with the same Filter, SortBy, Descending and tenant. "" begins. Text that
	// is not a position of the store is ErrPosition.
	After string
	// Offset skips that many resources. 0 with After.
	Offset int
	// Count is the most resources to return; 0 returns none.
	Count int
	// Total asks for Page.Total.
	Total bool
	// Bytes asks for a page that ends once its resources have that weight
	// (schema.Object.Weight), so that a page of large resources takes no more
	// memory. 0 is no bound. A store that holds its resources in memory ignores it.
	Bytes int
	// Attributes are the root attributes of the type that will be looked at; nil is
	// all. A store may leave out others, to read less, and may ignore the hint. The
	// id, version and times of a resource are always there, and Filter and SortBy
	// concern all its attributes. Package scim sets it where a response or a check of
	// the owner is all that the resources are for: no [Change] has such a resource.
	Attributes []*schema.Attribute
}

// Page is one page of a list.
//
// On the pages of a walk, from After "" to Next "", each resource that exists
// and matches throughout, with the same sort key, is returned exactly once. One
// that is created, changed or deleted meanwhile may be among them or not.
type Page struct {
	// Resources may be fewer than Count, or none, though more follow.
	Resources []*schema.Resource
	// Next is where the next page begins, opaque and owned by the store, without
	// a time limit and of any length. "" is the end of the list, and the answer
	// to Count 0.
	Next string
	// Total is the number of all resources that match, whatever the page, set
	// when asked for. It may be more than there are, never fewer.
	Total int
}

// Change is one write to one resource.
type Change struct {
	// ID is the id of the resource that is written, the same as in Before and
	// After; for MemberStore.RemoveFromAll it is the id of the member.
	ID string
	// Before is the resource as it was read; nil if the resource is created.
	Before *schema.Resource
	// After is the resource as it is to be stored; nil if the resource is
	// deleted. It has Before's Attributes pointer if no attribute changed.
	After *schema.Resource
	// Members is the change of the members. It is given to
	// MemberStore.PutMembers only.
	Members *schema.MemberDelta
	// IfVersion, unless "", is the version the resource must still have.
	IfVersion string
	// At is the time of the change in whole microseconds, later than
	// Before.LastModified and the same as After.LastModified.
	At    time.Time
	Cause event.Cause
}

// MemberStore is a [Store] of a type with a members attribute. The cost of a
// method depends on the number of members it is about, not on the size of the
// group, except where all members are read or replaced.
type MemberStore interface {
	Store

	// Members yields the members of the group in any order. Each member that
	// stays throughout is yielded exactly once; a member that joins or leaves
	// meanwhile is yielded or not. Members are read while a response is written
	// to a client that may be slow, so while Members yields it holds neither a
	// lock that writers need nor a connection that other calls wait for. An error
	// is yielded once, as the last element: ErrNotFound if there is no such group.
	Members(ctx context.Context, id string) iter.Seq2[schema.Member, error]

	// PutMembers is Update with c.Members, in one atomic step. With c.Before nil
	// it is Create, and the new group has the members c.Members.Add. It returns
	// the group as stored, without members, and the delta that took effect. If
	// c.Members is nil or empty, PutMembers is Create or Update and nothing else.
	// If the delta that took effect is empty and c.After.Attributes is the same
	// pointer as c.Before.Attributes, nothing is written (no new version, no new
	// LastModified) and c.Before is returned. The store need not check that an
	// added id belongs to a resource, since package scim has done that; it may
	// leave out members that it cannot keep. Errors as Create or Update.
	PutMembers(ctx context.Context, c *Change) (*schema.Resource, schema.MemberDelta, error)

	// GroupsOf returns, for each of the ids, the groups that have it as a direct
	// member, in a fixed order. An id that is in no group may be missing.
	GroupsOf(ctx context.Context, ids []string) (map[string][]GroupRef, error)

	// RemoveFromAll takes the member c.ID out of every group and returns the ids
	// of those groups. Each of them gets a new version and c.At as LastModified,
	// or a microsecond more than it had where c.At is not later ([Later]).
	// c.Before and c.After are nil. An id that is in no group is not an error.
	RemoveFromAll(ctx context.Context, c *Change) ([]string, error)
}

// GroupRef names a group that a resource is a member of.
type GroupRef struct {
	ID      string
	Display string // the group's displayName
}

// Exister is a [Store] that tells which of many ids it has without reading the
// resources. Package scim asks it for the types of members that join a group;
// of a store without it, it gets each resource by itself.
type Exister interface {
	// Exists returns those of the ids that are ids of resources of the store, in
	// any order; an id that cannot exist is not one. With ForUpdate, inside a
	// transaction, no other transaction deletes those resources until this one
	// ends, and one that another transaction is deleting is waited for: a
	// resource that is being deleted never joins a group.
	Exists(ctx context.Context, ids []string, o GetOptions) ([]string, error)
}

// Transactor runs each write of the library in one transaction across all
// stores.
type Transactor interface {
	// InTx runs fn with a context that carries a transaction. It commits when fn
	// returns nil; otherwise, and when fn panics, it rolls back and returns fn's
	// error. If ctx has ended before the commit it rolls back and returns an
	// error, though fn returned nil. Called inside a transaction it joins that
	// one.
	//
	// An error of a store ends the transaction: fn returns an error and calls
	// nothing more with its context. Only ErrNotFound of a method that reads does
	// not: fn may go on.
	//
	// After a conflict with another transaction InTx may run fn again, as long as
	// nothing is committed, so fn has no effects outside the transaction. If the
	// conflicts go on, or it is unknown whether the commit took place, the error
	// is ErrUnavailable (503).
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
}

// Capabilities say what a store can do besides the five methods. The zero value
// declares nothing.
type Capabilities struct {
	// Filter reports whether List answers the expression itself, exactly as
	// filter.Filter.Match would (filter.Support.Can fits here). The library
	// matches the rest of a filter itself, over at most scim.Limits.Scan
	// resources. nil declares no expression.
	Filter func(filter.Expr) bool
	// Sort reports whether List can order by the attribute. nil declares none.
	Sort func(schema.AttrPath) bool
	// Versions says that resources have a Version, which differs after every
	// change and is compared and set in one step. Without it resources have no
	// ETag, and scim.Config.Tx is required.
	Versions bool
	// Revives says that deleted resources are kept and found by their unique
	// values. Such a store is a [Reviver].
	Revives bool
}

// Describer is a [Store] that declares what it can do.
type Describer interface {
	// Describe returns the same capabilities every time. It is called when the
	// handler is built.
	Describe() Capabilities
}

// Describe returns the capabilities of a store, or of the first store inside its
// wrappers that declares any ([As]); the zero value if none does.
func Describe(s Store) Capabilities {
	if d, ok := As[Describer](s); ok {
		return d.Describe()
	}
	return Capabilities{}
}

// As returns the store as a T, or else the first T among the stores inside it: a
// wrapper has a method Unwrap() Store that returns the store it wraps. It is for
// abilities that read ([Describer], [Exister], [DeletedFinder]). The outermost store
// alone is asked for abilities that write ([MemberStore], [Reviver], [Purger]), or a
// write would bypass the wrapper. A wrapper that does not pass on such an ability
// hides it; scim.New logs a [Reviver] that is hidden.
func As[T any](s Store) (T, bool) {
	for s != nil {
		if t, ok := s.(T); ok {
			return t, true
		}
		u, ok := s.(interface{ Unwrap() Store })
		if !ok {
			break
		}
		s = u.Unwrap()
	}
	var none T
	return none, false
}

// Later returns the new LastModified of a resource that has LastModified old and
// is changed at a time: at, or a microsecond more than old if at is not later
// than old, as when the clock is coarse or was put back.
func Later(old, at time.Time) time.Time {
	if at.After(old) {
		return at
	}
	return old.Add(time.Microsecond)
}

package storetest

import (
	"slices"
	"testing"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Fixture is what a case runs on: empty stores over one database.
type Fixture struct {
	// Users is a store of schema.UserType.
	Users store.Store
	// Groups is a store of schema.GroupType, or nil.
	Groups store.MemberStore
	// Things is a store of [ThingType], or nil: worthwhile for a store that
	// takes any resource type.
	Things store.Store
	// Tx runs transactions over all of the stores, or is nil if there are
	// none.
	Tx store.Transactor

	// Attributes names the root attributes which the stores keep, if they do
	// not keep all: "name", "emails", the URI of an extension. The kit then
	// uses no others. Users always have userName, groups displayName, and both
	// times. An attribute counts as kept only with all of its values and
	// sub-attributes. nil means all.
	Attributes []string
	// SingleTenant says that the stores do not tell tenants apart. Such a
	// store serves an application that has no tenants.
	SingleTenant bool
	// Tenant returns the name of tenant n, counted from 1, of a store whose tenants
	// are numbers or UUIDs. nil makes names, among them "", and names that some
	// databases take for one.
	Tenant func(n int) string
	// MembersAreUsers says that only users are members of groups: another type is
	// a *schema.Error with invalidValue, an id of no user is not added.
	MembersAreUsers bool
	// TwoStateActive says that active of a user is always true or false. The kit
	// then proves that, and always gives active a value elsewhere.
	TwoStateActive bool
	// Filled are single-valued string attributes of users, such as "displayName"
	// or "name.familyName", which have a value also if the change has none. The
	// kit then proves that, and always gives them a value elsewhere.
	Filled []string
	// Owned says that the types of Users and Groups have an owner
	// (schema.WithOwner), as a table with a column of the owner has.
	Owned bool
	// CoarseUniqueness says that the stores refuse more userNames than
	// schema.FoldKey takes for the same, as a unique index with a coarser
	// collation does. They never refuse fewer.
	CoarseUniqueness bool
	// EstimatedTotals says that totals may be more than there are. They are never
	// fewer.
	EstimatedTotals bool
}

// Run runs every case as a subtest, each on a fixture of its own from open. A
// case that makes no progress for 15 seconds fails with the stacks of all
// goroutines; its goroutine is not waited for. Cases that write thousands of
// resources or members are left out with -short.
func Run(t *testing.T, open func(t *testing.T) Fixture) { stores.all(t, open) }

var stores = suite[Fixture, kit]{
	cases: slices.Concat(
		basics, uniqueness, versions, listing, paging, filtering, sorting, members,
		transactions, tenants, sharing, roundTrips, concurrency, declarations, revival, purging, findingDeleted,
	),
	missing: missing, kit: newKit, hang: hangTime,
}

// ThingType is a resource type with an attribute of every type, form and
// characteristic that matters to a store.
var ThingType = thingType()

func thingType() *schema.ResourceType {
	thing := must(schema.New(schema.Schema{
		ID: "urn:example:storetest:2.0:Thing", Name: "Thing",
		Attributes: []*schema.Attribute{
			{Name: "serial", Type: schema.TypeInteger, Uniqueness: schema.UniquenessServer},
			{Name: "label", CaseExact: true},
			{Name: "note"},
			{Name: "amount", Type: schema.TypeInteger},
			{Name: "ratio", Type: schema.TypeDecimal},
			{Name: "at", Type: schema.TypeDateTime},
			{Name: "blob", Type: schema.TypeBinary},
			{Name: "link", Type: schema.TypeReference, ReferenceTypes: []string{"external"}},
			{Name: "on", Type: schema.TypeBoolean},
			{Name: "tags", MultiValued: true},
			{Name: "amounts", Type: schema.TypeInteger, MultiValued: true},
			{Name: "parts", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{
				{Name: "value"},
				{Name: "type"},
				{Name: "primary", Type: schema.TypeBoolean},
				{Name: "size", Type: schema.TypeInteger},
				{Name: "weight", Type: schema.TypeDecimal},
				{Name: "since", Type: schema.TypeDateTime},
			}},
		},
	}))
	more := must(schema.New(schema.Schema{
		ID: "urn:example:storetest:2.0:More", Name: "More",
		Attributes: []*schema.Attribute{
			{Name: "code", CaseExact: true, Uniqueness: schema.UniquenessServer},
			{Name: "note"}, // a clash of names stays in its own namespace (M-33)
			{Name: "place", Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{
				{Name: "floor", Type: schema.TypeInteger},
				{Name: "room"},
			}},
		},
	}))
	return must(schema.NewResourceType(schema.ResourceType{
		Name: "Thing", Endpoint: "/Things", Schema: thing,
		Extensions: []schema.Extension{{Schema: more}},
	}))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

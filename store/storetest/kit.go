package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/stretchr/testify/require"
)

// test is one case of [Run].
type test = caseOf[kit]

// need is an ability of a fixture that a case requires.
type need uint16

const (
	needGroups need = 1 << iota
	needThings
	needTx
	needTenants
	needVersions
	needRevival
	needPurger
	needBacklogs
	needNesting
	needUsersOnly
	needTwoState
	needFilled
	needOwned
	needFinder
)

// missing returns the ability that a fixture lacks for a case, or "".
func missing(needs need, f Fixture) string {
	for _, m := range []struct {
		need need
		has  bool
		text string
	}{
		{needGroups, f.Groups != nil, "no store of groups"},
		{needThings, f.Things != nil, "no store of things"},
		{needTx, f.Tx != nil, "no transactions"},
		{needTenants, !f.SingleTenant, "no tenants"},
		{needNesting, !f.MembersAreUsers, "members are users only"},
		{needUsersOnly, f.MembersAreUsers, "members are not declared to be users only"},
		{needTwoState, f.TwoStateActive, "active is not declared to have two states"},
		{needFilled, len(f.Filled) > 0, "no attributes are declared to be filled"},
		{needOwned, f.Owned, "the types are not declared to have an owner"},
		{needVersions, store.Describe(f.Users).Versions, "no versions"},
		{needRevival, revives(f.Users), "deleted users do not come back"},
		{needPurger, purges(f.Users), "deleted users are not forgotten"},
		{needFinder, findsDeleted(f.Users), "deleted users are not found"},
	} {
		if needs&m.need != 0 && !m.has {
			return m.text
		}
	}
	return ""
}

func findsDeleted(s store.Store) bool {
	_, ok := store.As[store.DeletedFinder](s)
	return ok
}

func purges(s store.Store) bool {
	_, ok := s.(store.Purger)
	return ok
}

// revives reports whether a store is a store.Reviver and declares it.
func revives(s store.Store) bool {
	_, ok := s.(store.Reviver)
	return ok && store.Describe(s).Revives
}

// kit is a fixture with the helpers of the cases. Assertions belong to the
// goroutine of the case.
type kit struct {
	Fixture
	*require.Assertions
	ctx   context.Context
	rand  *rand.Rand
	clock time.Time
}

func newKit(ctx context.Context, a *require.Assertions, f Fixture) *kit {
	if f.Tenant != nil {
		ctx = store.WithTenant(ctx, f.Tenant(1))
	}
	return &kit{
		Fixture:    f,
		Assertions: a,
		ctx:        ctx,
		rand:       rand.New(rand.NewPCG(7643, 7644)),
		clock:      time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
	}
}

// now returns a later time with every call.
func (k *kit) now() time.Time {
	k.clock = k.clock.Add(time.Second + time.Microsecond)
	return k.clock
}

func (k *kit) newID() string {
	a, b := k.rand.Uint64(), k.rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}

// keeps reports whether the stores keep a root attribute.
func (k *kit) keeps(a *schema.Attribute) bool {
	switch a.Name {
	case "userName", "schemas", "id", "meta":
		return true
	}
	if k.Attributes == nil {
		return true
	}
	for _, name := range k.Attributes {
		if strings.EqualFold(name, a.Name) {
			return true
		}
	}
	return false
}

// resource makes a resource that is not in a store.
func (k *kit) resource(t *schema.ResourceType, a attrs) *schema.Resource {
	at := k.now()
	return &schema.Resource{Type: k.typeOf(t), ID: k.newID(), Created: at, LastModified: at, Attributes: k.object(t, a)}
}

// typeOf returns the type that the stores have for a type.
func (k *kit) typeOf(t *schema.ResourceType) *schema.ResourceType {
	if k.Owned {
		return schema.WithOwner(t)
	}
	return t
}

// object makes attributes, without those that the stores do not keep.
func (k *kit) object(t *schema.ResourceType, a attrs) *schema.Object {
	o := object(t, a)
	for root := range o.All() {
		if !k.keeps(root) && root.Name != "displayName" {
			o = o.With(root, schema.Value{})
		}
	}
	if t == k.typeOf(schema.UserType) || t == schema.UserType {
		o = k.filled(o)
	}
	return o
}

// filled gives a value to the attributes that are declared to have one.
func (k *kit) filled(o *schema.Object) *schema.Object {
	active := schema.UserType.MustResolve("active")[0]
	if k.TwoStateActive && !o.Get(active).Assigned() {
		o = o.With(active, schema.Boolean(true))
	}
	for _, name := range k.Filled {
		if path := schema.UserType.MustResolve(name); !valueAt(o, path).Assigned() {
			o = set(o, path, schema.String("filled"))
		}
	}
	return o
}

// valueAt returns the value of a single-valued attribute.
func valueAt(o *schema.Object, path schema.AttrPath) schema.Value {
	v := o.Get(path[0])
	if len(path) > 1 {
		return valueAt(v.Object(), path[1:])
	}
	return v
}

func (k *kit) user(name string) *schema.Resource {
	return k.resource(schema.UserType, attrs{"userName": name})
}

// create stores a resource; the store must accept it.
func (k *kit) create(s store.Store, r *schema.Resource) *schema.Resource {
	return k.createIn(k.ctx, s, r)
}

func (k *kit) createIn(ctx context.Context, s store.Store, r *schema.Resource) *schema.Resource {
	stored, err := s.Create(ctx, Creation(r))
	k.NoError(err, "Create")
	k.NotEmpty(stored.ID, "Create returned no id")
	return stored
}

// createWith stores a group with members; the store must accept all of them.
func (k *kit) createWith(ctx context.Context, r *schema.Resource, members []schema.Member) *schema.Resource {
	stored, did, err := k.Groups.PutMembers(ctx, Creation(r, members...))
	k.NoError(err, "PutMembers of a new group")
	k.NotEmpty(stored.ID, "PutMembers returned no id")
	k.False(did.Replace, "Replace in the delta that took effect")
	k.sameIDs(values(members), values(did.Add), "Add in the delta that took effect")
	k.Empty(did.Remove, "Remove in the delta that took effect")
	return stored
}

func (k *kit) delete(s store.Store, r *schema.Resource) {
	k.NoError(s.Delete(k.ctx, Deletion(r, "")), "Delete")
}

// departure is the change that removes a member from all groups.
func departure(id string, at time.Time) *store.Change {
	return &store.Change{ID: id, At: at, Cause: event.ByMembers}
}

func (k *kit) newUser(name string) *schema.Resource { return k.create(k.Users, k.user(name)) }

// newUsers creates n users and returns their ids.
func (k *kit) newUsers(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = k.newUser(fmt.Sprintf("user-%05d", i)).ID
	}
	return ids
}

func (k *kit) newGroup(name string, memberIDs ...string) *schema.Resource {
	return k.createWith(k.ctx, k.group(name), users(memberIDs...))
}

func (k *kit) group(name string) *schema.Resource {
	return k.resource(schema.GroupType, attrs{"displayName": name})
}

// change makes the change that replaces the attributes of a resource.
func (k *kit) change(before *schema.Resource, a attrs) *store.Change {
	after := before.WithAttributes(k.object(before.Type, a))
	after.LastModified = k.now()
	return &store.Change{ID: before.ID, Before: before, After: after, At: after.LastModified, Cause: event.ByPut}
}

// rename is a change of the userName only.
func (k *kit) rename(before *schema.Resource, name string) *store.Change {
	c := k.change(before, attrs{"userName": name})
	c.After.Attributes = before.Attributes.With(schema.UserType.MustResolve("userName")[0], schema.String(name))
	return c
}

// touch is a change with equal attributes.
func (k *kit) touch(before *schema.Resource) *store.Change {
	after := *before
	after.LastModified = k.now()
	return &store.Change{ID: before.ID, Before: before, After: &after, At: after.LastModified, Cause: event.ByPatch}
}

func (k *kit) get(s store.Store, id string) *schema.Resource {
	r, err := s.Get(k.ctx, id, store.GetOptions{})
	k.NoError(err, "Get")
	return r
}

func (k *kit) gone(s store.Store, id string) {
	_, err := s.Get(k.ctx, id, store.GetOptions{})
	k.ErrorIs(err, store.ErrNotFound, "Get")
}

func (k *kit) list(s store.Store, q store.Query) store.Page {
	return k.listIn(k.ctx, s, q)
}

// listIn goes on from Next until it has q.Count resources, as package scim
// does: a page may be short.
func (k *kit) listIn(ctx context.Context, s store.Store, q store.Query) store.Page {
	p := k.pageIn(ctx, s, q)
	for rest := q; p.Next != "" && len(p.Resources) < q.Count; {
		rest.After, rest.Offset, rest.Total, rest.Count = p.Next, 0, false, q.Count-len(p.Resources)
		more := k.pageIn(ctx, s, rest)
		k.NotEqual(rest.After, more.Next, "Next is the position of the page itself")
		p.Resources, p.Next = slices.Concat(p.Resources, more.Resources), more.Next
	}
	return p
}

// page reads one page, which may be short.
func (k *kit) page(s store.Store, q store.Query) store.Page { return k.pageIn(k.ctx, s, q) }

func (k *kit) pageIn(ctx context.Context, s store.Store, q store.Query) store.Page {
	p, err := s.List(ctx, &q)
	k.NoError(err, "List")
	k.LessOrEqual(len(p.Resources), q.Count, "List returned more than Count")
	return p
}

// totals compares a total.
func (k *kit) totals(want, got int, what string, args ...any) {
	if k.EstimatedTotals {
		k.LessOrEqual(want, got, append([]any{what}, args...)...)
		return
	}
	k.Equal(want, got, append([]any{what}, args...)...)
}

// total counts the resources of a store.
func (k *kit) total(s store.Store) int {
	return len(k.list(s, store.Query{Count: 10_000}).Resources)
}

// same compares the texts of resources (describe).
func (k *kit) same(want, got *schema.Resource, what string) {
	k.Equal(describe(want), describe(got), what)
}

// describe returns a text of everything that a store keeps of a resource.
func describe(r *schema.Resource) string {
	return fmt.Sprintf("id %s\nversion %s\ncreated %s\nmodified %s\n%s", r.ID, r.Version,
		r.Created.UTC().Format(time.RFC3339Nano), r.LastModified.UTC().Format(time.RFC3339Nano),
		r.Attributes.AppendJSON(nil))
}

func (k *kit) attributes(r *schema.Resource) string { return string(r.Attributes.AppendJSON(nil)) }

func ids(rs []*schema.Resource) []string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = r.ID
	}
	return out
}

// sameIDs compares ids in any order.
func (k *kit) sameIDs(want, got []string, what string, args ...any) {
	want, got = slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))
	if !slices.Equal(want, got) {
		k.Failf(fmt.Sprintf(what, args...), "want %d %.300q\ngot %d %.300q", len(want), want, len(got), got)
	}
}

package sqlstore_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// The kit, while no write removes the rows of members that left by twos and more.
func TestConformanceWhileRowsStay(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		db := sqlite(t).store(t)
		db.LeaveLater(1, 0)
		return fixture(db)
	})
}

// crowd is a group of members m0, m1, ….
type crowd struct {
	*testing.T
	db     *sqlstore.DB
	groups store.MemberStore
	group  *schema.Resource
}

func newCrowd(t *testing.T, size, atOnce, sweep int) *crowd {
	db := sqlite(t).store(t)
	db.LeaveLater(atOnce, sweep)
	c := &crowd{T: t, db: db, groups: db.Store(schema.GroupType).(store.MemberStore)}
	var err error
	c.group, err = c.groups.Create(t.Context(), storetest.Creation(group("g", "Crowd")))
	require.NoError(t, err)
	c.put(schema.MemberDelta{Add: crowdOf(0, size)})
	return c
}

func crowdOf(from, to int) (out []schema.Member) {
	for n := from; n < to; n++ {
		out = append(out, schema.Member{Value: fmt.Sprintf("m%d", n), Type: "User"})
	}
	return out
}

// put changes the members and returns the delta that took effect.
func (c *crowd) put(d schema.MemberDelta) schema.MemberDelta {
	var did schema.MemberDelta
	var err error
	c.group, did, err = c.groups.PutMembers(c.Context(), &store.Change{ID: c.group.ID, Before: c.group, After: c.group, Members: &d})
	require.NoError(c, err)
	return did
}

// requireMembers asks in every way for the members of the group: they are some, and
// those of none are not among them.
func (c *crowd) requireMembers(some, none []schema.Member) {
	c.Helper()
	var read []schema.Member
	for m, err := range c.groups.Members(c.Context(), c.group.ID) {
		require.NoError(c, err)
		read = append(read, m)
	}
	require.ElementsMatch(c, some, read)
	require.Equal(c, len(some) > 0, c.found("members pr"))
	for _, m := range slices.Concat(some, none) {
		in := slices.Contains(some, m)
		refs, err := c.groups.GroupsOf(c.Context(), []string{m.Value})
		require.NoError(c, err)
		require.Equal(c, in, len(refs[m.Value]) == 1, m.Value)
		require.Equal(c, in, c.found(fmt.Sprintf("members.value eq %q", m.Value)), m.Value)
		require.Equal(c, in, c.found(fmt.Sprintf("members[value eq %q and type eq \"User\"]", m.Value)), m.Value)
		require.Equal(c, !in, c.found(fmt.Sprintf("displayName eq \"Crowd\" and not (members[value eq %q])", m.Value)), m.Value)
	}
}

// found reports whether a filter finds the group.
func (c *crowd) found(text string) bool {
	parsed, err := filter.NewResolver(schema.GroupType, filter.Options{}).Filter(text, nil)
	require.NoError(c, err)
	page, err := c.groups.List(c.Context(), &store.Query{Filter: parsed, Count: 10, Total: true})
	require.NoError(c, err)
	require.Len(c, page.Resources, page.Total)
	return page.Total == 1
}

// Members that were replaced are gone at once in every answer, may join again, and
// leave no rows in the end.
func TestMembersOfALargeGroupLeaveAtOnce(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 100, 10, 3)
	did := c.put(schema.MemberDelta{Replace: true, Add: slices.Concat(crowdOf(50, 52), crowdOf(99, 101))})
	require.Len(t, did.Remove, 97)
	require.Equal(t, crowdOf(100, 101), did.Add)
	stay := slices.Concat(crowdOf(50, 52), crowdOf(99, 101))
	c.requireMembers(stay, slices.Concat(crowdOf(0, 50), crowdOf(52, 99)))
	rows, spans, err := c.db.RowsLeft(t.Context())
	require.NoError(t, err)
	require.Equal(t, 98, rows, "one write has removed 3 rows")
	require.Equal(t, 2, spans)

	require.Empty(t, c.put(schema.MemberDelta{Remove: []string{"m7"}}).Remove, "m7 has left")
	require.Empty(t, c.put(schema.MemberDelta{Add: crowdOf(50, 51)}).Add, "m50 has stayed")
	did = c.put(schema.MemberDelta{Add: crowdOf(60, 90)})
	require.Equal(t, crowdOf(60, 90), did.Add)
	c.requireMembers(slices.Concat(stay, crowdOf(60, 90)), slices.Concat(crowdOf(0, 50), crowdOf(52, 60), crowdOf(90, 99)))
	left, err := c.groups.RemoveFromAll(t.Context(), &store.Change{ID: "m7", At: start})
	require.NoError(t, err)
	require.Empty(t, left)
	left, err = c.groups.RemoveFromAll(t.Context(), &store.Change{ID: "m60", At: start})
	require.NoError(t, err)
	require.Equal(t, []string{"g"}, left)
	c.group, err = c.groups.Get(t.Context(), "g", store.GetOptions{})
	require.NoError(t, err)

	did = c.put(schema.MemberDelta{Replace: true})
	require.Len(t, did.Remove, 33)
	c.requireMembers(nil, crowdOf(0, 101))
	c.put(schema.MemberDelta{Add: crowdOf(0, 5)})
	for n := range 40 {
		_, err := c.groups.Create(t.Context(), storetest.Creation(group(fmt.Sprint("other", n), "Other")))
		require.NoError(t, err)
		if n%10 == 0 {
			c.requireMembers(crowdOf(0, 5), crowdOf(5, 101))
		}
	}
	rows, spans, err = c.db.RowsLeft(t.Context())
	require.NoError(t, err)
	require.Equal(t, 5, rows)
	require.Zero(t, spans)
}

// A group that was deleted is in no answer, and its rows go with later writes.
func TestDeletionOfALargeGroupLeavesNoMembership(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 100, 10, 30)
	require.NoError(t, c.groups.Delete(t.Context(), &store.Change{ID: "g", Before: c.group, At: start}))
	rows, spans, err := c.db.RowsLeft(t.Context())
	require.NoError(t, err)
	require.Equal(t, 70, rows)
	require.Equal(t, 1, spans)
	refs, err := c.groups.GroupsOf(t.Context(), []string{"m50", "m99"})
	require.NoError(t, err)
	require.Empty(t, refs)
	for _, text := range []string{"members pr", `members.value eq "m99"`} {
		require.False(t, c.found(text), text)
	}
	left, err := c.groups.RemoveFromAll(t.Context(), &store.Change{ID: "m99", At: start})
	require.NoError(t, err)
	require.Empty(t, left)
	for _, err := range c.groups.Members(t.Context(), "g") {
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	require.ErrorIs(t, c.db.InTx(t.Context(), func(ctx context.Context) error {
		_, err := c.groups.Create(ctx, storetest.Creation(group("rolled back", "Other")))
		require.NoError(t, err)
		return context.Canceled
	}), context.Canceled)
	for n := range 3 {
		rows, _, err = c.db.RowsLeft(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{70, 40, 10}[n], rows)
		_, err := c.groups.Create(t.Context(), storetest.Creation(group(fmt.Sprint("other", n), "Other")))
		require.NoError(t, err)
	}
	rows, spans, err = c.db.RowsLeft(t.Context())
	require.NoError(t, err)
	require.Zero(t, rows)
	require.Zero(t, spans)
}

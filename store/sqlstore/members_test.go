package sqlstore_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// mixedGroup makes a group of members of all kinds.
func mixedGroup(t *testing.T, d database, size int) (store.MemberStore, []schema.Member) {
	kinds := []schema.Member{
		{Type: "User"}, {}, {Type: "Group"}, {Type: "user"}, {Type: "User", Display: "Ann"}, {Type: "\x01\x03\x00", Display: "\x03\x01"}, {Display: "\x01"},
	}
	members := make([]schema.Member, size)
	for n := range members {
		members[n] = kinds[max(0, n-len(members)+len(kinds))]
		members[n].Value = fmt.Sprintf("11111111-2222-4333-8444-%012d", n)
	}
	groups := d.store(t).Store(schema.GroupType).(store.MemberStore)
	c := storetest.Creation(group("g", "Large"))
	c.Members = &schema.MemberDelta{Add: members}
	_, _, err := groups.PutMembers(t.Context(), c)
	require.NoError(t, err)
	return groups, members
}

// They are read with two queries.
func TestMembersOfAllKinds(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		groups, want := mixedGroup(t, d, 10_050)
		got := make([]schema.Member, 0, len(want))
		for m, err := range groups.Members(t.Context(), "g") {
			require.NoError(t, err)
			got = append(got, m)
		}
		require.Equal(t, want, got)
	})
}

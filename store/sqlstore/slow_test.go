package sqlstore_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// largeGroup has more members than are read at once.
func largeGroup(t *testing.T, db *sqlstore.DB) (store.MemberStore, *schema.Resource) {
	const size = 10_500
	all := make([]schema.Member, size)
	for i := range all {
		all[i] = schema.Member{Value: fmt.Sprintf("m%05d", i)}
	}
	groups := db.Store(schema.GroupType).(store.MemberStore)
	g, err := groups.Create(t.Context(), storetest.Creation(group("1", "g")))
	require.NoError(t, err)
	g, _, err = groups.PutMembers(t.Context(), &store.Change{ID: g.ID, Before: g, After: g, Members: &schema.MemberDelta{Add: all}})
	require.NoError(t, err)
	return groups, g
}

// Clients that read a large group slowly, or have stopped reading, hold no
// connection of the pool.
func TestSlowReadersHoldNoConnection(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		groups, g := largeGroup(t, db)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		for range 40 { // more than any pool here has connections
			next, stop := iter.Pull2(groups.Members(ctx, g.ID))
			defer stop()
			for range 10_100 {
				_, err, ok := next()
				require.True(t, ok)
				require.NoError(t, err)
			}
		}
		p, err := groups.List(ctx, &store.Query{Count: 1})
		require.NoError(t, err)
		require.Len(t, p.Resources, 1)
	})
}

// A member that stays is yielded once, also if others are added and removed between
// two reads.
func TestUnchangedMembersAreYieldedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		groups, g := largeGroup(t, d.store(t))
		seen, n := map[string]int{}, 0
		for m, err := range groups.Members(t.Context(), g.ID) {
			require.NoError(t, err)
			seen[m.Value]++
			if n++; n == 5 {
				_, _, err := groups.PutMembers(t.Context(), &store.Change{ID: g.ID, Before: g, After: g, Members: &schema.MemberDelta{
					Add: []schema.Member{{Value: "late"}}, Remove: []string{"m00000", "m09999", "m10000", "m10001"},
				}})
				require.NoError(t, err)
			}
		}
		for i := range 10_500 {
			if id := fmt.Sprintf("m%05d", i); i != 0 && (i < 9_999 || i > 10_001) {
				require.Equal(t, 1, seen[id], id)
			}
		}
		require.LessOrEqual(t, seen["m10001"], 1)
		require.LessOrEqual(t, seen["late"], 1)
	})
}

func TestMembersOfAGroupDeletedMeanwhile(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		groups, g := largeGroup(t, d.store(t))
		n := 0
		for _, err := range groups.Members(t.Context(), g.ID) {
			require.NoError(t, err)
			if n++; n == 1 {
				require.NoError(t, groups.Delete(t.Context(), storetest.Deletion(g, "")))
			}
		}
		require.Equal(t, 10_000, n)
	})
}

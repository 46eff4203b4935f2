package scim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// The members of a large group are delivered in events within store.MaxPayload.
func TestMembersOfALargeGroupAreSplitIntoEvents(t *testing.T) {
	t.Parallel()
	const many = 30_000
	delivered := make(chan *event.Event, 100)
	var before []int
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Limits.Members, c.Brake.Off = many, true
		c.Limits.Revoke = time.Minute // a busy machine needs long for an event of 1 MiB
		c.Hooks.Before = func(_ context.Context, e *event.Event) error {
			if e.Members != nil {
				before = append(before, len(e.Members.Add)+len(e.Members.Remove))
			}
			return nil
		}
		c.Hooks.MembersChanged = func(_ context.Context, e *event.Event) error { delivered <- e; return nil }
	})
	id := func(i int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", i) }
	var members []string
	for i := range many {
		members = append(members, `{"value":"`+id(i)+`"}`)
	}
	path := "/Groups/" + idOf(t, w.do(201, "POST", "/Groups", scimtest.Group("large", `"members":[`+strings.Join(members, ",")+`]`)))
	w.do(200, "PUT", path, scimtest.Group("large", `"members":[{"value":"new"}]`))
	require.Equal(t, []int{many, many + 1}, before, "one event for each request within the transaction")

	entries, err := w.db.Pending(context.Background(), store.QueueEvent, "Group", strings.TrimPrefix(path, "/Groups/"))
	require.NoError(t, err)
	require.Greater(t, len(entries), 3)
	for _, e := range entries {
		require.LessOrEqual(t, len(e.Payload), store.MaxPayload)
	}
	w.run()
	seen, added, removed := map[string]bool{}, map[string]int{}, map[string]int{}
	for range entries {
		e := <-delivered
		require.False(t, seen[e.ID], "two events with one id")
		seen[e.ID] = true
		require.NotNil(t, e.After)
		for _, m := range e.Members.Add {
			require.Empty(t, removed, "out of order: members were added after others were removed")
			added[m.Value]++
		}
		for _, m := range e.Members.Remove {
			removed[m]++
		}
	}
	require.Len(t, added, many+1)
	require.Len(t, removed, many)
	for i := range many {
		require.Equal(t, []int{1, 1}, []int{added[id(i)], removed[id(i)]}, "times that member %d joined and left", i)
	}
}

// An event omits attributes beyond the size that an outbox accepts, so that a
// large resource can be deactivated too.
func TestLargeAttributesAreOmittedFromEvents(t *testing.T) {
	t.Parallel()
	var inside, revoked []*event.Event
	delivered := make(chan *event.Event, 10)
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Limits.Revoke = time.Minute // a busy machine needs long for an event of 1 MiB
		c.Limits.String, c.Limits.Resource = 1<<20, 8<<20
		c.Hooks.Before = func(_ context.Context, e *event.Event) error { inside = append(inside, e); return nil }
		c.Hooks.Revoke = func(_ context.Context, e *event.Event) error { revoked = append(revoked, e); return nil }
		c.Hooks.Deactivated = func(_ context.Context, e *event.Event) error { delivered <- e; return nil }
	})
	large := strings.Repeat("<", 700_000) // six bytes each in the payload
	path := w.user("a", `"title":"`+large+`"`, `"nickName":"nick"`)
	w.patch(200, path, deactivate)
	for _, q := range []store.Queue{store.QueueRevoke, store.QueueEvent} {
		for _, e := range w.pending(q, path) {
			require.LessOrEqual(t, len(e.Payload), store.MaxPayload)
			require.True(t, json.Valid(e.Payload))
		}
	}
	w.run()
	require.Len(t, revoked, 1)
	for name, e := range map[string]*event.Event{"revocation": revoked[0], "event": <-delivered} {
		require.Equal(t, []string{"title"}, e.Omitted, name)
		require.Equal(t, "a", userName(e.After), name)
		require.JSONEq(t, `{"userName":"a","nickName":"nick","active":false}`, string(e.After.Attributes.AppendJSON(nil)), name)
	}
	last := inside[len(inside)-1]
	require.Empty(t, last.Omitted, "within the transaction")
	require.Len(t, last.After.Attributes.Get(schema.UserType.MustResolve("title").Last()).Text(), len(large), "within the transaction")
}

package storetest

import (
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// locking is a store of groups that holds a lock while it yields members. It waits
// for that lock before it changes members and ignores the context.
type locking struct {
	store.MemberStore
	lock chan struct{}
	end  chan struct{} // of the test
}

func (l *locking) acquire() {
	select {
	case l.lock <- struct{}{}:
	case <-l.end:
	}
}

func (l *locking) release() {
	select {
	case <-l.lock:
	default:
	}
}

func (l *locking) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		l.acquire()
		defer l.release()
		l.MemberStore.Members(ctx, id)(yield)
	}
}

func (l *locking) PutMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	l.acquire()
	defer l.release()
	return l.MemberStore.PutMembers(ctx, c)
}

func TestHangingCaseFailsWithStacks(t *testing.T) {
	t.Parallel()
	f := newNaive("")
	l := &locking{MemberStore: f.Groups, lock: make(chan struct{}, 1), end: make(chan struct{})}
	t.Cleanup(func() { close(l.end) })
	f.Groups = l
	i := slices.IndexFunc(stores.cases, func(c test) bool { return c.name == "members/change while drawn" })
	c, impatient := stores.cases[i], stores
	impatient.hang = 300 * time.Millisecond
	got := impatient.one(t.Context(), c, f)
	require.True(t, got.hung)
	text := c.explain(got)
	require.Contains(t, text, "a call of the store does not return")
	require.Contains(t, text, "while it yields it holds no lock that writers need", "the sentence of the contract")
	for _, function := range []string{"(*locking).acquire", "(*locking).PutMembers", "(*locking).Members"} {
		require.Contains(t, got.goroutines[:min(len(got.goroutines), 8<<10)], function, "the goroutine of the case comes first")
	}
}

// A case that is slow and makes progress does not count as hanging.
func TestSlowCaseIsNotHanging(t *testing.T) {
	t.Parallel()
	impatient := stores
	impatient.hang = time.Second
	got := impatient.one(t.Context(), test{name: "slow", run: func(k *kit) {
		for range 5 {
			time.Sleep(300 * time.Millisecond)
			k.True(true)
		}
	}}, Fixture{})
	require.Equal(t, outcome{}, got)
}

package scim_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// all sets the hook of every event.
func all(k *scim.Hooks, f func(context.Context, *event.Event) error) {
	k.Created, k.Updated, k.Deactivated, k.Reactivated = f, f, f, f
	k.Restored, k.Deleted, k.MembersChanged, k.PasswordSet = f, f, f, f
}

// Every kind of event reaches its hook with the content that it had in the
// transaction.
func TestEventsAreDelivered(t *testing.T) {
	t.Parallel()
	tell := func(e *event.Event) string {
		var members string
		if e.Members != nil {
			members = fmt.Sprint(e.Members.Add, e.Members.Remove)
		}
		text := func(r *schema.Resource) string {
			if r == nil {
				return "nothing"
			}
			return fmt.Sprintf("%s %s %s %s %s %s", r.Type.Name, r.ID, r.Version, r.Created, r.LastModified, r.Attributes.AppendJSON(nil))
		}
		return fmt.Sprintln(e.ID, e.Kind, e.Time, e.Tenant, e.Actor, e.Cause, e.Type, e.ResourceID, text(e.Before), text(e.After), members)
	}
	var before []string
	delivered := make(chan string, 100)
	w := newWorld(t, func(w *world, c *scim.Config) {
		token := scim.HashToken("okta", "secret")
		token.Tenant = "acme"
		c.Auth = scim.BearerTokens(token)
		c.Endpoints[0].OnTwin = scim.RestoreInactive
		c.Limits.Revoke = time.Minute // an attempt that a busy machine delays is not repeated: the clock stands still
		c.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { return nil }
		c.Hooks.Before = func(_ context.Context, e *event.Event) error { before = append(before, tell(e)); return nil }
		all(&c.Hooks, func(ctx context.Context, e *event.Event) error {
			_, bounded := ctx.Deadline()
			if store.Tenant(ctx) != "acme" || !bounded {
				return errors.New("wrong context")
			}
			delivered <- tell(e)
			return nil
		})
	})
	id := idOf(t, w.do(201, "POST", "/Users", scimtest.User("a", `"active":true`, `"password":"hidden-word"`, `"title":"Ünï \u2028<&>"`)))
	w.do(201, "POST", "/Groups", scimtest.Group("g", `"members":[{"value":"`+id+`"}]`))
	w.patch(200, "/Users/"+id, deactivate)
	w.do(201, "POST", "/Users", scimtest.User("a"))
	w.do(204, "DELETE", "/Users/"+id, "")
	kinds := map[string]bool{}
	for _, b := range before {
		require.NotContains(t, b, "hidden-word")
		kinds[strings.Fields(b)[1]] = true
	}
	require.Len(t, kinds, 8, "of every kind")
	w.run()
	var got []string
	for range before {
		got = append(got, <-delivered)
	}
	require.ElementsMatch(t, before, got)
}

// Events of one resource are delivered in order, also after failures.
func TestEventsInOrder(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	w := newWorld(t, func(w *world, c *scim.Config) {
		all(&c.Hooks, func(_ context.Context, e *event.Event) error {
			if calls.Add(1)%3 == 1 {
				w.later(time.Hour) // the pause between attempts is over
				return errors.New("every third time")
			}
			w.note("%s", e.Kind)
			return nil
		})
	})
	path := w.user("a")
	w.patch(200, path, `{"op":"add","path":"title","value":"x"}`)
	w.patch(200, path, deactivate)
	w.patch(200, path, reactivate)
	w.do(204, "DELETE", path, "")
	w.run()
	w.eventually("all are delivered", func() bool { w.nudge(); return len(w.pending(store.QueueEvent, path)) == 0 })
	var got []string
	for _, n := range w.noted() {
		if n != "created" || len(got) == 0 { // others are those of nudges
			got = append(got, n)
		}
	}
	require.Equal(t, []string{"created", "updated", "deactivated", "reactivated", "deactivated", "deleted"}, got)
}

// A failed event is retried after growing pauses and dead-lettered in the end.
// Then it no longer delays the events after it.
func TestDeadLettersAndReplay(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	broken.Store(true)
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Limits.Attempts = 4
		c.Hooks.Updated = func(context.Context, *event.Event) error {
			if broken.Load() {
				panic("a bug in the hook" + strings.Repeat(" and more", 1000))
			}
			w.note("delivered")
			return nil
		}
		c.Hooks.Deactivated = w.see
	})
	path := w.user("a")
	w.patch(200, path, `{"op":"add","path":"title","value":"x"}`)
	w.patch(200, path, deactivate)
	w.run()
	for i, pause := range []time.Duration{1, 2, 4} {
		w.eventually("attempt", func() bool { return w.pending(store.QueueEvent, path)[0].Attempts == i+1 })
		e := w.pending(store.QueueEvent, path)[0]
		require.Equal(t, w.now().Add(pause*time.Second), e.Due)
		require.Contains(t, e.Reason, "a bug in the hook")
		require.Less(t, len(e.Reason), 2000)
		w.later(pause * time.Second)
		w.nudge()
	}
	var dead []store.Entry
	w.eventually("set aside", func() bool {
		dead, _ = w.db.Dead(context.Background(), "", 10)
		return len(dead) == 1
	})
	require.Equal(t, 4, dead[0].Attempts)
	w.eventually("the next is delivered", func() bool { return len(w.pending(store.QueueEvent, path)) == 0 })
	require.Equal(t, []string{"deactivated by patch"}, w.noted())
	broken.Store(false)
	require.NoError(t, w.db.Replay(context.Background(), dead[0].ID))
	w.nudge()
	w.eventually("delivered", func() bool { return len(w.pending(store.QueueEvent, path)) == 0 })
	require.Equal(t, []string{"delivered"}, w.noted())
	dead, err := w.db.Dead(context.Background(), "", 10)
	require.NoError(t, err)
	require.Empty(t, dead)
}

// A hook that hangs delays neither events of other resources nor revocations.
func TestHangingHookDoesNotDelayOtherEntries(t *testing.T) {
	t.Parallel()
	hang, hanging, others := make(chan struct{}), make(chan struct{}, 100), make(chan string, 100)
	revoke := &revoker{how: plainly}
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Limits.Revoke = time.Minute
		c.Hooks.Created = func(_ context.Context, e *event.Event) error {
			if userName(e.After) == "slow" {
				hanging <- struct{}{}
				<-hang
				return nil
			}
			others <- userName(e.After)
			return nil
		}
		c.Hooks.Revoke = func(ctx context.Context, e *event.Event) error {
			err := revoke.revoke(ctx, e)
			if err == nil {
				others <- "revoked"
			}
			return err
		}
	})
	defer close(hang)
	w.user("slow")
	w.user("quick")
	path := w.user("leaver")
	revoke.left.Store(1)
	w.patch(503, path, deactivate)
	w.later(time.Hour)
	w.run()
	var got []string
	for range 3 {
		select {
		case name := <-others:
			got = append(got, name)
		case <-time.After(10 * time.Second):
			t.Fatal("held up; got ", got)
		}
	}
	require.ElementsMatch(t, []string{"quick", "leaver", "revoked"}, got)
	<-hanging
}

// Two workers share the entries of a queue; each entry is delivered once.
func TestWorkersShareEntries(t *testing.T) {
	t.Parallel()
	var delivered atomic.Int32
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Hooks.Created = func(context.Context, *event.Event) error { delivered.Add(1); return nil }
	})
	var paths []string
	for i := range 50 {
		paths = append(paths, w.user(fmt.Sprint("user", i)))
	}
	w.run()
	w.run()
	for _, path := range paths {
		w.eventually("delivered", func() bool { return len(w.pending(store.QueueEvent, path)) == 0 })
	}
	require.EqualValues(t, 50, delivered.Load())
}

// An event without a hook is done; a revocation without a hook fails.
func TestEntriesOfRemovedHooks(t *testing.T) {
	t.Parallel()
	f := &revoker{how: plainly}
	f.left.Store(1)
	w := newWorld(t, func(w *world, c *scim.Config) {
		all(&c.Hooks, w.see)
		c.Hooks.Revoke = f.revoke
	})
	path := w.user("a")
	w.patch(503, path, deactivate)
	w.later(time.Hour)
	after := newWorld(t, func(after *world, c *scim.Config) {
		c.Tx, c.Outbox, c.Now = w.db, w.db, w.now
		c.Endpoints = []scim.Endpoint{scim.Users(w.users), scim.Groups(w.groups)}
	})
	after.run()
	w.eventually("events are done", func() bool { return len(w.pending(store.QueueEvent, path)) == 0 })
	w.eventually("the revocation fails", func() bool { return w.pending(store.QueueRevoke, path)[0].Attempts == 2 })
	require.Contains(t, w.pending(store.QueueRevoke, path)[0].Reason, "no longer set")
	require.Empty(t, w.noted())
}

// The worker calls an outbox again after it failed. An entry that could not be
// settled is delivered again.
func TestWorkerRetriesAfterOutboxFailure(t *testing.T) {
	t.Parallel()
	var o *fragile
	w := newWorld(t, func(w *world, c *scim.Config) {
		o = &fragile{Outbox: w.db}
		c.Outbox = o
		c.Hooks.Created = w.see
	})
	path := w.user("a")
	o.fail.Store(2)
	w.run()
	w.eventually("the first calls fail", func() bool { w.nudge(); return o.fail.Load() <= 0 })
	w.eventually("done", func() bool {
		w.later(time.Minute)
		w.nudge()
		return len(w.pending(store.QueueEvent, path)) == 0
	})
	require.Contains(t, w.noted(), "created by post")
}

// fragile is an outbox; the next calls of the worker fail.
type fragile struct {
	store.Outbox
	fail atomic.Int32
}

func (o *fragile) Claim(ctx context.Context, q store.Queue, now, until time.Time, n int) ([]store.Entry, error) {
	if o.fail.Add(-1) >= 0 {
		return nil, store.ErrUnavailable
	}
	return o.Outbox.Claim(ctx, q, now, until, n)
}

func (o *fragile) Done(ctx context.Context, e store.Entry) error {
	if o.fail.Add(-1) >= -3 {
		return store.ErrUnavailable
	}
	return o.Outbox.Done(ctx, e)
}

// The worker ends with its context, after the deliveries that it has begun.
func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Hooks.Created = func(hook context.Context, _ *event.Event) error {
			cancel()
			return hook.Err()
		}
	})
	path := w.user("a")
	require.ErrorIs(t, w.h.Run(ctx), context.Canceled)
	require.Empty(t, w.pending(store.QueueEvent, path))
}

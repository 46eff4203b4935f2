package scim_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// revoker has a Hooks.Revoke that fails a given number of times.
type revoker struct {
	left  atomic.Int32
	calls atomic.Int32
	how   func(ctx context.Context) error
}

func (f *revoker) revoke(ctx context.Context, e *event.Event) error {
	f.calls.Add(1)
	if f.left.Add(-1) >= 0 {
		return f.how(ctx)
	}
	return nil
}

func plainly(context.Context) error { return errors.New("the session store is away") }

// failures are the ways in which a revocation can fail.
var failures = map[string]func(ctx context.Context) error{
	"an error":  plainly,
	"not found": func(context.Context) error { return store.ErrNotFound },
	"an Error":  func(context.Context) error { return &scim.Error{Status: 418, Detail: "teapot"} },
	"a panic":   func(context.Context) error { panic("revoke") },
	"a hang":    func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
}

// The response is 503 until access is revoked, and every retry of the provider
// runs the revocation again.
func TestRevocationPrecedesResponse(t *testing.T) {
	t.Parallel()
	writes := map[string]struct {
		method, body string
		status       int // when done
		again        int // when it is repeated after that failed
	}{
		"PATCH":  {"PATCH", scimtest.PatchOp(deactivate), 200, 200},
		"PUT":    {"PUT", scimtest.User("a", `"active":false`), 200, 200},
		"DELETE": {"DELETE", "", 204, 404},
	}
	for how, fn := range failures {
		for method, c := range writes {
			t.Run(method+"/"+how, func(t *testing.T) {
				t.Parallel()
				f := &revoker{how: fn}
				w := newWorld(t, func(_ *world, c *scim.Config) { c.Hooks.Revoke = f.revoke })
				path := w.user("a")
				f.left.Store(2)
				for attempt := range 2 {
					got := w.do(503, c.method, path, c.body)
					require.Equal(t, "5", got.Header().Get("Retry-After"))
					require.NotContains(t, got.Body.String(), "session store")
					require.EqualValues(t, attempt+1, f.calls.Load())
					pending := w.pending(store.QueueRevoke, path)
					require.Len(t, pending, 1)
					require.Equal(t, attempt+1, pending[0].Attempts)
					require.NotEmpty(t, pending[0].Reason)
				}
				w.do(c.again, c.method, path, c.body)
				require.EqualValues(t, 3, f.calls.Load())
				require.Empty(t, w.pending(store.QueueRevoke, path))
				w.do(c.again, c.method, path, c.body)
				require.EqualValues(t, 3, f.calls.Load(), "nothing is left to revoke")
			})
		}
	}
}

// A pending revocation runs before any other write of the resource.
func TestPendingRevocationPrecedesWrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, body string
		status             int
	}{
		{"reactivation", "PATCH", scimtest.PatchOp(reactivate), 200},
		{"reactivation by PUT", "PUT", scimtest.User("a", `"active":true`), 200},
		{"another attribute", "PATCH", scimtest.PatchOp(`{"op":"add","path":"title","value":"x"}`), 200},
		{"a refused change", "PATCH", scimtest.PatchOp(`{"op":"remove","path":"userName"}`), 400},
		{"deletion", "DELETE", "", 204},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := &revoker{how: plainly}
			w := newWorld(t, func(w *world, cfg *scim.Config) {
				cfg.Hooks.Revoke = func(ctx context.Context, e *event.Event) error {
					err := f.revoke(ctx, e)
					w.note("revoked: %v, active: %v", err == nil, w.active("/Users/"+e.ResourceID))
					return err
				}
				cfg.Hooks.Before = w.see
			})
			path, other := w.user("a"), w.user("b")
			f.left.Store(2)
			w.patch(503, path, deactivate)
			w.noted()
			before := w.stored(path)
			w.do(503, c.method, path, c.body)
			require.Same(t, before, w.stored(path))
			require.Equal(t, []string{"revoked: false, active: false"}, w.noted())
			w.patch(200, other, `{"op":"add","path":"title","value":"x"}`)
			w.noted()
			w.do(c.status, c.method, path, c.body)
			require.Equal(t, "revoked: true, active: false", w.noted()[0])
		})
	}
}

// A write that waits for the deactivating transaction runs after its revocation
// too.
func TestPendingRevocationPrecedesConcurrentWrite(t *testing.T) {
	t.Parallel()
	f := &revoker{how: plainly}
	inside, waiting, proceed := make(chan struct{}), make(chan struct{}, 100), make(chan struct{})
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Hooks.Revoke = f.revoke
		c.Hooks.EndSessions = func(context.Context, *event.Event) error {
			close(inside)
			<-proceed
			return nil
		}
		c.Tx = announced{w.db, func() { waiting <- struct{}{} }}
	})
	path := w.user("a")
	f.left.Store(1000)
	first, second := make(chan int), make(chan int)
	go func() { first <- send(w.h, "PATCH", path, scimtest.PatchOp(deactivate)).Code }()
	<-inside
	for len(waiting) > 0 {
		<-waiting
	}
	go func() { second <- send(w.h, "PATCH", path, scimtest.PatchOp(reactivate)).Code }()
	<-waiting
	close(proceed)
	require.Equal(t, 503, <-first)
	require.Equal(t, 503, <-second)
	require.False(t, w.active(path), "reactivated before access was revoked")
	f.left.Store(0)
	w.patch(200, path, reactivate)
	require.True(t, w.active(path))
}

// announced signals that a transaction is requested.
type announced struct {
	store.Transactor
	tell func()
}

func (a announced) InTx(ctx context.Context, fn func(context.Context) error) error {
	a.tell()
	return a.Transactor.InTx(ctx, fn)
}

// The revocation runs although the client disconnects after the commit.
func TestRevocationSurvivesDisconnectedClient(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Hooks.Revoke = func(hook context.Context, e *event.Event) error {
			cancel()
			_, bounded := hook.Deadline()
			w.note("revoked in time %v, bounded %v, tenant %q", hook.Err() == nil, bounded, store.Tenant(hook))
			return hook.Err()
		}
		token := scim.HashToken("okta", "secret")
		token.Tenant = "acme"
		c.Auth = scim.BearerTokens(token)
	})
	id := idOf(t, w.do(201, "POST", "/Users", scimtest.User("a", `"active":true`)))
	r := httptest.NewRequestWithContext(ctx, "PATCH", scimtest.BaseURL+"/Users/"+id, strings.NewReader(scimtest.PatchOp(deactivate)))
	r.Header.Set("Authorization", "Bearer secret")
	w.h.ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, []string{`revoked in time true, bounded true, tenant "acme"`}, w.noted())
	left, err := w.db.Pending(store.WithTenant(context.Background(), "acme"), store.QueueRevoke, "User", id)
	require.NoError(t, err)
	require.Empty(t, left)
}

// The worker carries out the pending revocation of a request that crashed.
func TestWorkerRevokes(t *testing.T) {
	t.Parallel()
	f := &revoker{how: plainly}
	w := newWorld(t, func(_ *world, c *scim.Config) { c.Hooks.Revoke = f.revoke })
	path := w.user("a")
	f.left.Store(3)
	w.patch(503, path, deactivate)
	w.run()
	w.nudge()
	w.eventually("revoked", func() bool {
		w.later(time.Minute) // an attempt may fail after a look at the clock
		return len(w.pending(store.QueueRevoke, path)) == 0
	})
	require.GreaterOrEqual(t, f.calls.Load(), int32(4), "three failures and a success")
}

// nudge wakes the worker, as any write does.
func (w *world) nudge() { w.do(201, "POST", "/Groups", scimtest.Group("nudge")) }

// A revocation is never abandoned, and other resources do not wait for it.
func TestRevocationIsNeverDeadLettered(t *testing.T) {
	t.Parallel()
	f := &revoker{how: plainly}
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Hooks.Revoke = f.revoke
		c.Limits.Attempts = 1
	})
	path := w.user("a")
	f.left.Store(5)
	for range 5 {
		w.patch(503, path, deactivate)
	}
	dead, err := w.db.Dead(context.Background(), "", 10)
	require.NoError(t, err)
	require.Empty(t, dead)
	w.patch(200, path, deactivate)
}

// The worker claims an entry only after its request has had time to revoke.
func TestWorkerLeavesTheRevocationToItsRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Hooks.Revoke = func(context.Context, *event.Event) error {
			found, err := w.db.Claim(context.Background(), store.QueueRevoke, w.now().Add(100*time.Millisecond), w.now().Add(time.Hour), 10)
			w.note("claimed by others: %d %v", len(found), err)
			return nil
		}
	})
	w.patch(200, w.user("a"), deactivate)
	require.Equal(t, []string{"claimed by others: 0 <nil>"}, w.noted())
}

// While a call of a hook that ignores its context runs, retries of the client and
// the worker start no second call. The next attempt after it returned gets its
// result.
func TestHookThatHangsIsCalledOnce(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	release := make(chan struct{})
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Limits.Revoke = 20 * time.Millisecond
		c.Hooks.Revoke = func(context.Context, *event.Event) error {
			calls.Add(1)
			<-release
			return nil
		}
	})
	user := w.user("ada")
	for range 5 {
		w.do(503, "PATCH", user, scimtest.PatchOp(`{"op":"replace","path":"active","value":false}`))
	}
	require.EqualValues(t, 1, calls.Load())
	close(release)
	require.Eventually(t, func() bool {
		return w.as("Bearer secret", "PATCH", user, scimtest.PatchOp(`{"op":"replace","path":"active","value":false}`)).Code < 300
	}, 10*time.Second, time.Millisecond)
}

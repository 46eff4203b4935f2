package scim_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

func restoring(w *world, c *scim.Config) {
	c.Endpoints[0].OnTwin = scim.RestoreInactive
	c.Hooks.Before = w.see
}

func TestRefuseTwinIsTheDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) { c.Hooks.Before = w.see })
	path := w.user("a")
	w.patch(200, path, deactivate)
	w.noted()
	require.Contains(t, w.do(409, "POST", "/Users", scimtest.User("A")).Body.String(), `"scimType":"uniqueness"`)
	require.Empty(t, w.noted())
	require.False(t, w.active(path))
}

// The restored user has the old id and the sent attributes, and is active.
func TestRestoreInactive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, restoring)
	path := w.user("a", `"title":"old"`, `"externalId":"1"`)
	group := w.group("g", path)
	w.patch(200, path, deactivate)
	w.noted()
	got := w.do(201, "POST", "/Users", scimtest.User("A", `"externalId":"2"`))
	require.Equal(t, path, "/Users/"+idOf(t, got))
	require.Equal(t, scimtest.BaseURL+path, got.Header().Get("Location"))
	require.Equal(t, []string{"restored by restore", "reactivated by restore", "updated by restore"}, w.noted())
	require.True(t, w.active(path))
	require.JSONEq(t, `{"userName":"A","externalId":"2","active":true}`, string(w.stored(path).Attributes.AppendJSON(nil)), "as PUT would")
	require.Len(t, w.members(group), 1, "memberships stay")
}

// The client may restore a user and keep it inactive.
func TestRestoreToInactive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, restoring)
	path := w.user("a")
	w.patch(200, path, deactivate)
	w.noted()
	w.do(201, "POST", "/Users", scimtest.User("a", `"active":false`))
	require.Equal(t, []string{"restored by restore"}, w.noted())
	require.False(t, w.active(path))
}

// A user that is active, or has no active, is not restored.
func TestLiveTwinIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t, restoring)
	for name, attributes := range map[string][]string{"a": {`"active":true`}, "b": nil} {
		w.do(201, "POST", "/Users", scimtest.User(name, attributes...))
		w.noted()
		require.Contains(t, w.do(409, "POST", "/Users", scimtest.User(name)).Body.String(), `"scimType":"uniqueness"`)
		require.Empty(t, w.noted())
	}
}

// An equal e-mail address or externalId does not make a twin, also in a store
// that keeps them unique.
func TestTwinIsIdentifiedByUserNameOnly(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "emails.value", "externalId", "displayName"} {
		t.Run("unique "+path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world, c *scim.Config) {
				restoring(w, c)
				c.Endpoints[0].Store = &jealous{w.users, path}
			})
			leaver := w.user("a", `"emails":[{"value":"x@example.com"}]`, `"externalId":"1"`, `"displayName":"X"`)
			w.patch(200, leaver, deactivate)
			before := w.stored(leaver)
			status := 201
			if path != "" {
				status = 409
			}
			w.do(status, "POST", "/Users", scimtest.User("b", `"emails":[{"value":"x@example.com"}]`, `"externalId":"1"`, `"displayName":"X"`))
			require.Same(t, before, w.stored(leaver))
		})
	}
}

// jealous is a store with another unique attribute, which the schema does not
// declare: every user after the first conflicts.
type jealous struct {
	store.Store
	path string
}

func (s *jealous) Unwrap() store.Store { return s.Store }

func (s *jealous) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	p, err := s.List(ctx, &store.Query{Total: true})
	if err != nil || s.path == "" || p.Total == 0 {
		return s.Store.Create(ctx, c)
	}
	return nil, &store.UniquenessError{Path: s.path}
}

// The twin is restored only if it is inactive and has the userName after it is
// locked.
func TestTwinChangedBeforeRestore(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(w *world, path string){
		"active again": func(w *world, path string) { w.patch(200, path, reactivate) },
		"renamed":      func(w *world, path string) { w.patch(200, path, `{"op":"replace","path":"userName","value":"z"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var after func()
			w := newWorld(t, func(w *world, c *scim.Config) {
				restoring(w, c)
				c.Endpoints[0].Store = &afterList{w.users, func() {
					if f := after; f != nil {
						after = nil
						f()
					}
				}}
			})
			path := w.user("a")
			w.patch(200, path, deactivate)
			after = func() { meanwhile(w, path) }
			w.do(409, "POST", "/Users", scimtest.User("a", `"title":"taken over"`))
			require.NotContains(t, string(w.stored(path).Attributes.AppendJSON(nil)), "taken over")
		})
	}
}

// afterList calls a function after a list was read.
type afterList struct {
	store.Store
	do func()
}

func (s *afterList) Unwrap() store.Store { return s.Store }

func (s *afterList) List(ctx context.Context, q *store.Query) (store.Page, error) {
	p, err := s.Store.List(ctx, q)
	s.do()
	return p, err
}

// A user that the client may not replace is not restored. The response says only
// that the userName is taken.
func TestRestoreIsAuthorized(t *testing.T) {
	t.Parallel()
	for _, refusal := range []error{scim.ErrForbidden, store.ErrNotFound} {
		var hidden string
		w := newWorld(t, func(w *world, c *scim.Config) {
			restoring(w, c)
			c.Authorize = func(_ context.Context, op scim.Operation) error {
				if op.ID != "" && op.ID == hidden {
					return refusal
				}
				return nil
			}
		})
		path := w.user("a")
		w.patch(200, path, deactivate)
		hidden = scimtest.ID(path)
		w.do(409, "POST", "/Users", scimtest.User("a"))
		require.False(t, w.active(path))
	}
}

// Pending revocations run before a restore. After a failure the retry of the
// client runs them again.
func TestRestoreCompletesPendingRevocations(t *testing.T) {
	t.Parallel()
	f := &revoker{how: plainly}
	w := newWorld(t, func(w *world, c *scim.Config) {
		restoring(w, c)
		c.Hooks.Revoke = f.revoke
	})
	path := w.user("a")
	f.left.Store(2)
	w.patch(503, path, deactivate)
	w.do(503, "POST", "/Users", scimtest.User("a"))
	require.False(t, w.active(path))
	w.do(201, "POST", "/Users", scimtest.User("a"))
	require.True(t, w.active(path))
}

// DELETE deactivates: the resource stays.
func TestDeactivateOnDelete(t *testing.T) {
	t.Parallel()
	f := &revoker{how: plainly}
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Endpoints[0].OnDelete = scim.DeactivateOnDelete
		c.Hooks.Before, c.Hooks.Revoke = w.see, f.revoke
	})
	path := w.user("a", `"title":"x"`)
	group := w.group("g", path)
	f.left.Store(1)
	w.do(503, "DELETE", path, "")
	require.Equal(t, []string{"deactivated by delete"}, w.noted())
	w.do(204, "DELETE", path, "")
	w.do(204, "DELETE", path, "")
	require.Empty(t, w.noted())
	require.EqualValues(t, 2, f.calls.Load())
	require.Contains(t, w.do(200, "GET", path, "").Body.String(), `"active":false`)
	require.Len(t, w.members(group), 1)
	w.do(409, "POST", "/Users", scimtest.User("a"))
	w.do(404, "DELETE", "/Users/nobody", "")
	w.do(204, "DELETE", group, "")
	w.do(404, "GET", group, "")
}

// DELETE deactivates a resource that violates the schema, too.
func TestDeactivateOnDeleteOfAnInvalidResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) { c.Endpoints[0].OnDelete = scim.DeactivateOnDelete })
	var b schema.Builder
	b.Set(schema.User.Attribute("title"), schema.String("no name"))
	_, err := w.users.Create(context.Background(), &store.Change{
		ID: "legacy", After: &schema.Resource{Type: schema.UserType, ID: "legacy", Created: epoch, LastModified: epoch, Attributes: b.Object()},
	})
	require.NoError(t, err)
	w.do(204, "DELETE", "/Users/legacy", "")
	require.Contains(t, w.do(200, "GET", "/Users/legacy", "").Body.String(), `"active":false`)
}

// Only an explicit true reactivates a user.
func TestInactiveStaysInactive(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, body string
		want               bool
	}{
		{"PUT without active", "PUT", scimtest.User("a", `"title":"x"`), false},
		{"PUT with null", "PUT", scimtest.User("a", `"active":null`), false},
		{"PATCH that removes active", "PATCH", scimtest.PatchOp(`{"op":"remove","path":"active"}`), false},
		{"PATCH of something else", "PATCH", scimtest.PatchOp(`{"op":"add","path":"title","value":"x"}`), false},
		{"PUT with true", "PUT", scimtest.User("a", `"active":true`), true},
		{"PATCH with true", "PATCH", scimtest.PatchOp(reactivate), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			path := w.user("a")
			w.patch(200, path, deactivate)
			w.do(200, c.method, path, c.body)
			require.Equal(t, c.want, w.active(path))
		})
	}
}

// The policies about active need a type with that attribute.
func TestPoliciesNeedActive(t *testing.T) {
	t.Parallel()
	for _, adjust := range []func(*scim.Endpoint){
		func(e *scim.Endpoint) { e.OnTwin = scim.RestoreInactive },
		func(e *scim.Endpoint) { e.OnDelete = scim.DeactivateOnDelete },
	} {
		w := newWorld(t, nil)
		groups := scim.Groups(w.groups)
		adjust(&groups)
		_, err := scim.New(scim.Config{BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Endpoints: []scim.Endpoint{groups}})
		require.ErrorContains(t, err, "active")
	}
}

// A POST fails if the lookup of the twin fails.
func TestFailedTwinLookup(t *testing.T) {
	t.Parallel()
	broken := false
	w := newWorld(t, func(w *world, c *scim.Config) {
		restoring(w, c)
		c.Endpoints[0].Store = &brokenList{w.users, &broken}
	})
	w.user("a")
	broken = true
	w.do(500, "POST", "/Users", scimtest.User("a"))
}

type brokenList struct {
	store.Store
	broken *bool
}

func (s *brokenList) Unwrap() store.Store { return s.Store }

func (s *brokenList) List(ctx context.Context, q *store.Query) (store.Page, error) {
	if *s.broken {
		return store.Page{}, errors.New("the disk is gone")
	}
	return s.Store.List(ctx, q)
}

// Several clients have a policy each.
func TestPolicyPerClient(t *testing.T) {
	t.Parallel()
	careful := scim.Policy{OnTwin: scim.RestoreInactive, OnDelete: scim.DeactivateOnDelete}
	tokens := func(policy string) scim.Authenticator {
		other := scim.HashToken("other", "other")
		other.Policy = policy
		return scim.BearerTokens(scim.HashToken("okta", "secret"), other)
	}
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Auth = tokens("careful")
		c.Endpoints[0].Policies = map[string]scim.Policy{"careful": careful, "": careful}
	})
	other := scimtest.NewClient(t, w.h, "other")
	path := w.user("a")
	other.Delete(path).Is(204)
	require.False(t, w.active(path), "kept")
	w.do(409, "POST", "/Users", scimtest.User("a"))
	require.Equal(t, path, "/Users/"+other.Post("/Users", scimtest.User("a")).Is(201).String("id"))
	group := w.group("g", path)
	other.Delete(group).Is(204) // groups have no such policy
	w.do(404, "GET", group, "")
	w.do(204, "DELETE", path, "")
	w.do(404, "GET", path, "")

	w = newWorld(t, func(_ *world, c *scim.Config) {
		c.Auth = tokens("carefull")
		c.Endpoints[0].Policies = map[string]scim.Policy{"careful": careful}
	})
	path = w.user("a")
	scimtest.NewClient(t, w.h, "other").Delete(path).Is(500)
	require.True(t, w.active(path), "an unknown id deletes no user")

	_, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: tokens(""), Tx: w.db,
		Endpoints: []scim.Endpoint{{Type: schema.GroupType, Store: w.groups, Policies: map[string]scim.Policy{"careful": careful}}},
	})
	require.ErrorContains(t, err, "active")
}

// A mistake that follows from another one is not reported.
func TestNewReportsOneMistakeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	users := scim.Users(struct{ store.Store }{w.users})
	users.OnTwin = scim.RestoreDeleted
	_, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: w.db, Endpoints: []scim.Endpoint{users},
		Hooks: scim.Hooks{EndSessions: func(context.Context, *event.Event) error { return nil }},
	})
	require.ErrorContains(t, err, "store.Reviver")
	require.NotContains(t, err.Error(), "EndSessions")
}

// queryLog is a store that records the queries of its lists.
type queryLog struct {
	store.Store
	queries []store.Query
}

func (s *queryLog) Unwrap() store.Store { return s.Store }

func (s *queryLog) List(ctx context.Context, q *store.Query) (store.Page, error) {
	s.queries = append(s.queries, *q)
	return s.Store.List(ctx, q)
}

// The lookup of a twin reads one resource and requests no total.
func TestTwinLookupRequestsNoTotal(t *testing.T) {
	t.Parallel()
	log := &queryLog{}
	w := newWorld(t, func(w *world, c *scim.Config) {
		log.Store = w.users
		c.Endpoints[0].Store = log
		c.Endpoints[0].OnTwin = scim.RestoreInactive
	})
	w.patch(200, w.user("a"), deactivate)
	log.queries = nil
	w.user("A")
	require.Len(t, log.queries, 1)
	require.False(t, log.queries[0].Total, "Total")
	require.Equal(t, 1, log.queries[0].Count, "Count")
	require.Equal(t, `userName eq "A"`, log.queries[0].Filter.String())
}

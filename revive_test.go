package scim_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// reviving configures a world that keeps tombstones.
func reviving(w *world, c *scim.Config) {
	keep(w, c)
	c.Endpoints[0].OnTwin = scim.RestoreDeleted
	c.Hooks.Before = w.see
}

func keep(w *world, c *scim.Config) {
	w.db = memstore.New(memstore.KeepDeleted)
	w.users, w.groups = w.db.Store(schema.UserType), w.db.Store(schema.GroupType).(store.MemberStore)
	c.Tx, c.Outbox = w.db, w.db
	c.Endpoints = []scim.Endpoint{scim.Users(w.users), scim.Groups(w.groups)}
}

// gone deletes a user and drops the notes of the hooks.
func (w *world) gone(path string) {
	w.Helper()
	w.do(204, "DELETE", path, "")
	w.noted()
}

// deleted requires that a user is a tombstone and not a live resource.
func (w *world) deleted(path, name string) {
	w.Helper()
	w.do(404, "GET", path, "")
	r, err := w.users.(store.Reviver).Tombstone(context.Background(), schema.UserType.MustResolve("userName"), schema.String(name), store.GetOptions{})
	require.NoError(w, err)
	require.Equal(w, scimtest.ID(path), r.ID)
}

func TestRecreatedUserHasANewIDByDefault(t *testing.T) {
	t.Parallel()
	for _, policy := range []scim.TwinPolicy{scim.RefuseTwin, scim.RestoreInactive} {
		w := newWorld(t, func(w *world, c *scim.Config) {
			keep(w, c)
			c.Endpoints[0].OnTwin = policy
		})
		path := w.user("a")
		w.gone(path)
		require.NotEqual(t, path, w.user("a"))
		w.do(404, "GET", path, "")
	}
}

// The restored user has the old id and no other value of the tombstone.
func TestRestoreDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reviving)
	path := w.user("a", `"title":"old"`, `"externalId":"1"`, `"roles":[{"value":"admin"}]`, `"entitlements":[{"value":"x"}]`,
		`"`+schema.EnterpriseUserURI+`":{"department":"old"}`)
	group := w.group("g", path)
	before := w.stored(path)
	w.later(time.Hour)
	w.gone(path)
	w.later(time.Hour)

	got := w.do(201, "POST", "/Users", scimtest.User("A", `"externalId":"2"`))
	require.Equal(t, path, "/Users/"+idOf(t, got))
	require.Equal(t, scimtest.BaseURL+path, got.Header().Get("Location"))
	require.Equal(t, []string{"restored by restore", "reactivated by restore", "updated by restore"}, w.noted())

	now := w.stored(path)
	require.JSONEq(t, `{"userName":"A","externalId":"2","active":true}`, string(now.Attributes.AppendJSON(nil)), "as PUT would")
	require.Equal(t, before.Created, now.Created)
	require.Equal(t, epoch.Add(2*time.Hour), now.LastModified)
	require.NotEqual(t, before.Version, now.Version)
	require.Contains(t, got.Header().Get("ETag"), now.Version)
	require.Empty(t, w.members(group), "memberships do not come back")
	require.NotContains(t, w.do(200, "GET", path, "").Body.String(), "groups")
	w.do(409, "POST", "/Users", scimtest.User("a"))
	require.Contains(t, w.do(200, "GET", `/Users?filter=userName+eq+"a"`, "").Body.String(), `"totalResults":1`)
}

// A user may be deleted and restored repeatedly.
func TestRestoreDeletedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reviving)
	path := w.user("a")
	for range 3 {
		w.gone(path)
		require.Equal(t, path, w.user("a"))
	}
}

// The restore of an active user raises a reactivation, also if the user was
// inactive before the deletion. The restore of an inactive user does not.
func TestRestoreDeletedReactivates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		before   string // a PATCH before the deletion
		sent     []string
		active   bool
		expected []string
	}{
		{"active before", "", nil, true, []string{"restored", "reactivated"}},
		{"inactive before", deactivate, nil, true, []string{"restored", "reactivated"}},
		{"sent as inactive", "", []string{`"active":false`}, false, []string{"restored"}},
		{"sent with null", "", []string{`"active":null`}, true, []string{"restored", "reactivated"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world, conf *scim.Config) {
				reviving(w, conf)
				conf.Hooks.Before = func(_ context.Context, e *event.Event) error {
					if e.Cause == event.ByRestore {
						w.note("%s", e.Kind)
						require.False(t, e.Before.Attributes.Get(schema.User.Attribute("active")).Bool(), "Before is inactive")
						require.Equal(t, e.ResourceID, e.Before.ID)
					}
					return nil
				}
			})
			path := w.user("a")
			if c.before != "" {
				w.patch(200, path, c.before)
			}
			w.gone(path)
			w.do(201, "POST", "/Users", scimtest.User("a", c.sent...))
			require.Equal(t, c.expected, w.noted())
			require.Equal(t, c.active, w.active(path))
		})
	}
}

// The restored event is delivered once, after the deleted event.
func TestRestoreDeletedIsDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		reviving(w, c)
		c.Hooks.Before = nil
		c.Hooks.Created, c.Hooks.Restored, c.Hooks.Reactivated, c.Hooks.Updated, c.Hooks.Deleted = w.see, w.see, w.see, w.see, w.see
	})
	path := w.user("a")
	w.do(204, "DELETE", path, "")
	w.do(201, "POST", "/Users", scimtest.User("a"))
	w.run()
	w.eventually("delivery", func() bool { return len(w.pending(store.QueueEvent, path)) == 0 })
	require.Equal(t, []string{"created by post", "deleted by delete", "restored by restore", "reactivated by restore"}, w.noted())
}

// A live resource with the userName has precedence over a tombstone: an active
// one is a conflict, an inactive one is restored.
func TestRestoreDeletedBesideALiveTwin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reviving)
	old, other := w.user("a"), w.user("b")
	w.gone(old)
	w.patch(200, other, `{"op":"replace","path":"userName","value":"a"}`)
	w.noted()
	require.Contains(t, w.do(409, "POST", "/Users", scimtest.User("A")).Body.String(), `"scimType":"uniqueness"`)
	require.Empty(t, w.noted())
	w.patch(200, other, deactivate)
	require.Equal(t, other, "/Users/"+idOf(t, w.do(201, "POST", "/Users", scimtest.User("A"))))
	w.deleted(old, "a")
	w.gone(other)
	require.Equal(t, other, "/Users/"+idOf(t, w.do(201, "POST", "/Users", scimtest.User("a"))), "the last one deleted")
}

func TestRestoreDeletedIgnoresOtherAttributes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reviving)
	attributes := []string{`"emails":[{"value":"a","primary":true}]`, `"externalId":"a"`, `"displayName":"a"`}
	path := w.user("x", append(attributes, `"nickName":"a"`)...)
	w.gone(path)
	w.do(201, "POST", "/Users", scimtest.User("a", attributes...))
	require.Equal(t, []string{"created by post"}, w.noted())
	w.deleted(path, "x")
}

// A user that was renamed and deleted is restored by its last userName only.
func TestRestoreDeletedByTheLastName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reviving)
	path := w.user("a")
	w.patch(200, path, `{"op":"replace","path":"userName","value":"b"}`)
	w.gone(path)
	require.NotEqual(t, path, w.user("a"))
	require.Equal(t, path, w.user("b"))
}

func TestRestoreDeletedWithinTheTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		reviving(w, c)
		other := scim.HashToken("other", "other")
		other.Tenant = "other"
		c.Auth = scim.BearerTokens(scim.HashToken("okta", "secret"), other)
	})
	path := w.user("a")
	w.gone(path)
	r := httptest.NewRequest("POST", scimtest.BaseURL+"/Users", strings.NewReader(scimtest.User("a")))
	r.Header.Set("Authorization", "Bearer other")
	r.Header.Set("Content-Type", "application/scim+json")
	got := httptest.NewRecorder()
	w.h.ServeHTTP(got, r)
	require.Equal(t, 201, got.Code)
	require.NotEqual(t, path, "/Users/"+idOf(t, got))
	w.deleted(path, "a")
	require.Equal(t, path, w.user("a"))
}

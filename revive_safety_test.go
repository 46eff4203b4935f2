package scim_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// A veto of any hook leaves the tombstone unchanged.
func TestVetoLeavesTheTombstone(t *testing.T) {
	t.Parallel()
	errVeto := &scim.Error{Status: 403, Detail: "no seat is left"}
	for name, veto := range map[string]func(c *scim.Config, no *bool){
		"Before": func(c *scim.Config, no *bool) {
			c.Hooks.Before = func(_ context.Context, e *event.Event) error {
				if *no && e.Kind == event.Restored {
					return errVeto
				}
				return nil
			}
		},
		"SetPassword": func(c *scim.Config, no *bool) {
			c.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error {
				if *no {
					return errVeto
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			no := false
			w := newWorld(t, func(w *world, c *scim.Config) {
				reviving(w, c)
				veto(c, &no)
			})
			path := w.user("a", `"title":"old"`)
			w.gone(path)
			no = true
			w.do(403, "POST", "/Users", scimtest.User("a", `"password":"correct horse"`))
			w.deleted(path, "a")
			require.Equal(t, 0, strings.Count(w.do(200, "GET", "/Users", "").Body.String(), `"userName"`), "no user is created")
			no = false
			require.Equal(t, path, w.user("a", `"password":"correct horse"`))
		})
	}
}

// Pending revocations of the deletion run before the restore. After a failure the
// retry of the client runs them again.
func TestRestoreDeletedCompletesPendingRevocations(t *testing.T) {
	t.Parallel()
	f := &revoker{how: plainly}
	w := newWorld(t, func(w *world, c *scim.Config) {
		reviving(w, c)
		c.Hooks.Revoke = f.revoke
	})
	path := w.user("a")
	f.left.Store(2)
	w.do(503, "DELETE", path, "")
	w.noted()
	w.do(503, "POST", "/Users", scimtest.User("a"))
	w.deleted(path, "a")
	require.Empty(t, w.noted())
	require.Equal(t, path, w.user("a"))
	require.Empty(t, w.pending(store.QueueRevoke, path))
	require.EqualValues(t, 3, f.calls.Load())
}

// If the client may not replace the deleted user, a new user is created. If
// Config.Authorize fails, no user is created.
func TestRestoreDeletedIsAuthorized(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		refusal error
		status  int
	}{
		{"forbidden", scim.ErrForbidden, 201},
		{"hidden", store.ErrNotFound, 201},
		{"refused in other words", &scim.Error{Status: 403, Detail: "no"}, 201},
		{"a failure", errors.New("the disk is gone"), 500},
		{"a failure in other words", &scim.Error{Status: 503, Detail: "no"}, 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var hidden string
			w := newWorld(t, func(w *world, conf *scim.Config) {
				reviving(w, conf)
				conf.Authorize = func(_ context.Context, op scim.Operation) error {
					if op.ID != "" && op.ID == hidden {
						require.Equal(t, scim.OperationReplace, op.Kind)
						return c.refusal
					}
					return nil
				}
			})
			path := w.user("a")
			w.gone(path)
			hidden = scimtest.ID(path)
			got := w.do(c.status, "POST", "/Users", scimtest.User("a"))
			if c.status == 201 {
				require.NotEqual(t, hidden, idOf(t, got))
			}
			hidden = ""
			w.deleted(path, "a")
		})
	}
}

func TestConcurrentCreatesRestoreOneTombstoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reviving)
	path := w.user("a")
	w.gone(path)
	const n = 20
	codes, ids := make([]int, n), make([]string, n)
	var all sync.WaitGroup
	for i := range n {
		all.Add(1)
		go func() {
			defer all.Done()
			got := send(w.h, "POST", "/Users", scimtest.User("a"))
			codes[i] = got.Code
			if got.Code == 201 {
				ids[i] = "/Users/" + idOf(t, got)
			}
		}()
	}
	all.Wait()
	created := 0
	for i, code := range codes {
		if code == 201 {
			created++
			require.Equal(t, path, ids[i])
			continue
		}
		require.Equal(t, 409, code)
	}
	require.Equal(t, 1, created)
	require.Equal(t, []string{"restored by restore", "reactivated by restore"}, w.noted())
}

// meddler is a store that calls a function after a tombstone was found.
type meddler struct {
	store.Reviver
	meanwhile func()
}

func (m *meddler) Unwrap() store.Store { return m.Reviver }

func (m *meddler) Tombstone(ctx context.Context, p schema.AttrPath, v schema.Value, o store.GetOptions) (*schema.Resource, error) {
	r, err := m.Reviver.Tombstone(ctx, p, v, o)
	if f := m.meanwhile; f != nil && !o.ForUpdate {
		m.meanwhile = nil
		f()
	}
	return r, err
}

// Only the authorized tombstone is restored, even if it changes between the
// lookup and the lock.
func TestTombstoneChangedBeforeRestore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		meanwhile func(w *world)
		status    int
	}{
		{"restored already", func(w *world) { w.do(201, "POST", "/Users", scimtest.User("a")) }, 409},
		{"restored and deleted again", func(w *world) { w.gone(w.user("a")) }, 201},
		{"another one deleted", func(w *world) {
			other := w.user("b")
			w.patch(200, other, `{"op":"replace","path":"userName","value":"a"}`)
			w.gone(other)
		}, 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := &meddler{}
			w := newWorld(t, func(w *world, conf *scim.Config) {
				reviving(w, conf)
				m.Reviver = w.users.(store.Reviver)
				conf.Endpoints[0].Store = m
			})
			path := w.user("a")
			w.gone(path)
			m.meanwhile = func() { c.meanwhile(w) }
			got := w.do(c.status, "POST", "/Users", scimtest.User("a"))
			if c.status == 201 {
				require.Equal(t, path, "/Users/"+idOf(t, got))
			}
		})
	}
}

// A group that lists the id of a deleted user does not have the restored user as
// a member.
func TestRestoredUserHasNoOldMemberships(t *testing.T) {
	t.Parallel()
	w := newWorld(t, reviving)
	path := w.user("a")
	w.gone(path)
	group := w.group("g", path) // an unknown member fails nothing
	require.Len(t, w.members(group), 1)
	require.Equal(t, path, "/Users/"+idOf(t, w.do(201, "POST", "/Users", scimtest.User("a"))))
	require.Empty(t, w.members(group))
	require.Equal(t, []string{"restored by restore", "reactivated by restore", "membersChanged by members"}, w.noted())
}

// A POST with another immutable value creates a new user.
func TestRestoreDeletedChecksImmutableAttributes(t *testing.T) {
	t.Parallel()
	badges, err := schema.New(schema.Schema{ID: "urn:example:Badge", Name: "Badge", Attributes: []*schema.Attribute{
		{Name: "number", Mutability: schema.Immutable}, {Name: "color", Mutability: schema.ReadOnly}, {Name: "note"},
	}})
	require.NoError(t, err)
	typ := *schema.UserType
	typ.Extensions = []schema.Extension{{Schema: badges}}
	people, err := schema.NewResourceType(typ)
	require.NoError(t, err)
	const urn = `"urn:example:Badge":`
	for _, c := range []struct{ name, sent, want string }{
		{"omitted", ``, `{"number":"1","color":"red"}`},
		{"the same", urn + `{"number":"1"}`, `{"number":"1","color":"red"}`},
		{"readOnly is the server's", urn + `{"color":"blue"}`, `{"number":"1","color":"red"}`},
		{"another number", urn + `{"number":"2"}`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world, conf *scim.Config) {
				reviving(w, conf)
				w.users = w.db.Store(people)
				conf.Endpoints = []scim.Endpoint{{Type: people, Store: w.users, Policy: scim.Policy{OnTwin: scim.RestoreDeleted}}}
			})
			path, color := w.user("a", urn+`{"number":"1","note":"x"}`), people.MustResolve("urn:example:Badge:color")
			before := w.stored(path)
			badge := before.Attributes.Get(color[0]).Object().With(color[1], schema.String("red"))
			_, err := w.users.Update(context.Background(), &store.Change{ID: before.ID, Before: before, After: before.With(color[0], schema.Complex(badge))})
			require.NoError(t, err)
			w.gone(path)
			var sent []string
			if c.sent != "" {
				sent = []string{c.sent}
			}
			back := "/Users/" + idOf(t, w.do(201, "POST", "/Users", scimtest.User("a", sent...)))
			if c.want == "" {
				require.NotEqual(t, path, back)
				return
			}
			require.Equal(t, path, back)
			require.JSONEq(t, c.want, string(w.stored(path).Attributes.Get(color[0]).AppendJSON(nil)))
		})
	}
}

// The audit record has the old id and the changes, without the password.
func TestRestoreDeletedIsAudited(t *testing.T) {
	t.Parallel()
	var last scim.AuditRecord
	w := newWorld(t, func(w *world, c *scim.Config) {
		reviving(w, c)
		c.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { return nil }
		c.Audit = func(_ context.Context, rec scim.AuditRecord) { last = rec }
	})
	path := w.user("a", `"title":"old"`)
	w.gone(path)
	w.do(201, "POST", "/Users", scimtest.User("a", `"password":"correct horse"`))
	require.Equal(t, scimtest.ID(path), last.ID)
	require.Equal(t, scim.OperationCreate, last.Operation)
	require.Equal(t, []scim.AuditChange{
		{Path: "title", Old: `"old"`}, {Path: "active", Old: "false", New: "true"}, {Path: "password", New: "[redacted]"},
	}, last.Changes)
}

// A POST fails, and creates no user, if the lookup of the tombstone fails.
func TestFailedTombstoneLookup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		reviving(w, c)
		c.Endpoints[0].Store = &blind{w.users.(store.Reviver)}
	})
	require.Contains(t, w.do(500, "POST", "/Users", scimtest.User("a")).Body.String(), "500")
	require.Contains(t, w.do(200, "GET", "/Users", "").Body.String(), `"totalResults":0`)
}

type blind struct{ store.Reviver }

func (b *blind) Unwrap() store.Store { return b.Reviver }

func (b *blind) Tombstone(context.Context, schema.AttrPath, schema.Value, store.GetOptions) (*schema.Resource, error) {
	return nil, errors.New("the disk is gone")
}

func TestNewChecksRequirementsOfRestoreDeleted(t *testing.T) {
	t.Parallel()
	keeps, forgets := memstore.New(memstore.KeepDeleted), memstore.New()
	badged := *schema.GroupType
	active, err := schema.New(schema.Schema{ID: "urn:example:Team", Name: "Team", Attributes: []*schema.Attribute{
		{Name: "displayName"}, {Name: "active", Type: schema.TypeBoolean}, schema.Group.Attribute("members"),
	}})
	require.NoError(t, err)
	badged.Schema, badged.Name, badged.Endpoint = active, "Team", "/Teams"
	teams, err := schema.NewResourceType(badged)
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		typ  *schema.ResourceType
		s    store.Store
		tx   store.Transactor
		want string // "" for nothing
	}{
		{"everything", schema.UserType, keeps.Store(schema.UserType), keeps, ""},
		{"a transactor", schema.UserType, keeps.Store(schema.UserType), nil, "needs Config.Tx"},
		{"a store that can", schema.UserType, forgets.Store(schema.UserType), forgets, "needs a store.Reviver"},
		{"a wrapper that can", schema.UserType, &jealous{Store: keeps.Store(schema.UserType)}, keeps, "needs a store.Reviver; its store (*scim_test.jealous) is not one"},
		{"a store that says so", schema.UserType, &silent{keeps.Store(schema.UserType).(store.Reviver)}, keeps, "Capabilities.Revives"},
		{"no members", teams, keeps.Store(teams), keeps, "has members"},
		{"active", schema.GroupType, keeps.Store(schema.GroupType), keeps, "no attribute active"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := scim.New(scim.Config{
				BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: c.tx,
				Endpoints: []scim.Endpoint{{Type: c.typ, Store: c.s, Policy: scim.Policy{OnTwin: scim.RestoreDeleted}}},
			})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

// silent is a reviver that declares nothing.
type silent struct{ store.Reviver }

func (*silent) Describe() store.Capabilities { return store.Capabilities{Versions: true} }

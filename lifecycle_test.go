package scim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"net/http/httptest"
	"slices"
	"strings"
	"sync"
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

// world is a handler with its stores, outbox, clock and notes.
type world struct {
	*testing.T
	h      *scim.Handler
	db     *memstore.DB
	users  store.Store
	groups store.MemberStore

	mu    sync.Mutex
	clock time.Time
	notes []string // what hooks saw
}

var epoch = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

// newWorld makes a world; adjust completes the configuration.
func newWorld(t *testing.T, adjust func(w *world, c *scim.Config)) *world {
	t.Helper()
	db := memstore.New()
	w := &world{
		T: t, db: db, clock: epoch,
		users: db.Store(schema.UserType), groups: db.Store(schema.GroupType).(store.MemberStore),
	}
	c := scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("okta", "secret")),
		Tx: db, Outbox: db, Logger: slog.New(slog.DiscardHandler), Now: w.now,
		Endpoints: []scim.Endpoint{scim.Users(w.users), scim.Groups(w.groups)},
		Limits:    scim.Limits{Revoke: 500 * time.Millisecond},
	}
	if adjust != nil {
		adjust(w, &c)
	}
	h, err := scim.New(c)
	require.NoError(t, err)
	w.h = h
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// noted returns the notes since its last call.
func (w *world) noted() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	notes := w.notes
	w.notes = nil
	return notes
}

// see is a hook that notes kind and cause of every event.
func (w *world) see(_ context.Context, e *event.Event) error {
	w.note("%s by %s", e.Kind, e.Cause)
	return nil
}

// do sends a request and requires a status.
func (w *world) do(status int, method, path, body string) *httptest.ResponseRecorder {
	w.Helper()
	got := send(w.h, method, path, body)
	require.Equal(w, status, got.Code, "%s %s: %s", method, path, got.Body)
	if status >= 400 {
		require.Contains(w, got.Body.String(), scim.ErrorURI)
	}
	return got
}

// user creates a user who is active and returns the path.
func (w *world) user(name string, attributes ...string) string {
	w.Helper()
	got := w.do(201, "POST", "/Users", scimtest.User(name, append(attributes, `"active":true`)...))
	w.noted()
	return "/Users/" + idOf(w.T, got)
}

func (w *world) group(name string, members ...string) string {
	w.Helper()
	var list []string
	for _, m := range members {
		list = append(list, `{"value":"`+scimtest.ID(m)+`"}`)
	}
	got := w.do(201, "POST", "/Groups", scimtest.Group(name, `"members":[`+strings.Join(list, ",")+`]`))
	w.noted()
	return "/Groups/" + idOf(w.T, got)
}

func idOf(t *testing.T, r *httptest.ResponseRecorder) string {
	t.Helper()
	var v struct{ ID string }
	require.NoError(t, json.Unmarshal(r.Body.Bytes(), &v))
	return v.ID
}

func (w *world) patch(status int, path string, ops ...string) *httptest.ResponseRecorder {
	w.Helper()
	return w.do(status, "PATCH", path, scimtest.PatchOp(ops...))
}

const (
	deactivate = `{"op":"replace","path":"active","value":false}`
	reactivate = `{"op":"replace","path":"active","value":true}`
)

// active reads whether a user is active, as stored.
func (w *world) active(path string) bool {
	w.Helper()
	return w.stored(path).Attributes.Get(schema.User.Attribute("active")).Bool()
}

func (w *world) stored(path string) *schema.Resource {
	w.Helper()
	r, err := w.users.Get(context.Background(), scimtest.ID(path), store.GetOptions{})
	require.NoError(w, err)
	return r
}

func (w *world) pending(q store.Queue, path string) []store.Entry {
	w.Helper()
	es, err := w.db.Pending(context.Background(), q, "User", scimtest.ID(path))
	require.NoError(w, err)
	return es
}

// run runs the worker until the test is over.
func (w *world) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- w.h.Run(ctx) }()
	w.Cleanup(func() {
		cancel()
		require.ErrorIs(w, <-ended, context.Canceled)
	})
}

// eventually waits until a condition holds that the worker brings about.
func (w *world) eventually(what string, condition func() bool) {
	w.Helper()
	require.Eventually(w, condition, 10*time.Second, time.Millisecond, what)
}

// Every request by which providers end access raises the same event.
func TestEveryDeactivationRaisesOneEvent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, method, body, want string }{
		{"RFC", "PATCH", scimtest.PatchOp(deactivate), "deactivated by patch"},
		{"Okta, without a path", "PATCH", scimtest.PatchOp(`{"op":"replace","value":{"active":false}}`), "deactivated by patch"},
		{"Entra ID, capitals and strings", "PATCH", scimtest.PatchOp(`{"op":"Replace","path":"active","value":"False"}`), "deactivated by patch"},
		{"Entra ID, add", "PATCH", scimtest.PatchOp(`{"op":"Add","path":"active","value":"False"}`), "deactivated by patch"},
		{"with the schema URI", "PATCH", scimtest.PatchOp(`{"op":"replace","path":"` + schema.UserURI + `:active","value":false}`), "deactivated by patch"},
		{"off, on and off again", "PATCH", scimtest.PatchOp(deactivate, reactivate, deactivate), "deactivated by patch"},
		{"OneLogin, PUT", "PUT", scimtest.User("a", `"active":false`), "deactivated by put"},
		{"DELETE", "DELETE", "", "deactivated by delete"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world, c *scim.Config) {
				c.Hooks.Before = w.see
				c.Hooks.EndSessions = func(_ context.Context, e *event.Event) error {
					w.note("ended sessions of %s", userName(e.Before))
					return nil
				}
				c.Hooks.Revoke = func(_ context.Context, e *event.Event) error {
					w.note("revoked %s", userName(e.Before))
					return nil
				}
			})
			path := w.user("a")
			status := 200
			if c.method == "DELETE" {
				status = 204
			}
			w.do(status, c.method, path, c.body)
			want := []string{c.want, "ended sessions of a", "revoked a"}
			if c.method == "DELETE" {
				want = slices.Insert(want, 1, "deleted by delete")
			}
			require.Equal(t, want, w.noted())
			require.Empty(t, w.pending(store.QueueRevoke, path))
		})
	}
}

func userName(r *schema.Resource) string {
	return r.Attributes.Get(schema.User.Attribute("userName")).Text()
}

// Each request raises the events of its changes and no other.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Hooks.Before = w.see
		c.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { return nil }
	})
	user, group := w.user("a"), w.group("g")
	member := scimtest.ID(user)
	for _, c := range []struct {
		name   string
		status int
		method string
		path   string
		body   string
		want   []string
	}{
		{"a new user", 201, "POST", "/Users", scimtest.User("b"), []string{"created by post"}},
		{"a new user who is inactive", 201, "POST", "/Users", scimtest.User("c", `"active":false`), []string{"created by post"}},
		{"a new user with a password", 201, "POST", "/Users", scimtest.User("d", `"password":"p"`), []string{"created by post", "passwordSet by post"}},
		{"a name that is taken", 409, "POST", "/Users", scimtest.User("a"), nil},
		{"another title", 200, "PATCH", user, scimtest.PatchOp(`{"op":"add","path":"title","value":"x"}`), []string{"updated by patch"}},
		{"the same title", 200, "PATCH", user, scimtest.PatchOp(`{"op":"add","path":"title","value":"x"}`), nil},
		{"a password", 200, "PATCH", user, scimtest.PatchOp(`{"op":"add","path":"password","value":"q"}`), []string{"passwordSet by patch"}},
		{"another name and a deactivation", 200, "PUT", user, scimtest.User("a2", `"active":false`), []string{"deactivated by put", "updated by put"}},
		{"the same deactivation", 200, "PATCH", user, scimtest.PatchOp(deactivate), nil},
		{"PUT without active", 200, "PUT", user, scimtest.User("a2"), nil},
		{"a reactivation", 200, "PATCH", user, scimtest.PatchOp(reactivate), []string{"reactivated by patch"}},
		{"a new group", 201, "POST", "/Groups", scimtest.Group("h"), []string{"created by post"}},
		{"a new group with members", 201, "POST", "/Groups", scimtest.Group("i", `"members":[{"value":"`+member+`"}]`), []string{"created by post", "membersChanged by post"}},
		{"joining", 204, "PATCH", group, scimtest.PatchOp(`{"op":"add","path":"members","value":[{"value":"` + member + `"}]}`), []string{"membersChanged by patch"}},
		{"joining again", 204, "PATCH", group, scimtest.PatchOp(`{"op":"add","path":"members","value":[{"value":"` + member + `"}]}`), nil},
		{"a refused change", 400, "PATCH", user, scimtest.PatchOp(`{"op":"remove","path":"userName"}`), nil},
		{"a deletion", 204, "DELETE", user, "", []string{"deactivated by delete", "deleted by delete", "membersChanged by members", "membersChanged by members"}},
		{"the deletion of a group", 204, "DELETE", group, "", []string{"deleted by delete"}},
	} {
		w.do(c.status, c.method, c.path, c.body)
		require.Equal(t, c.want, w.noted(), c.name)
	}
}

// An event has the resource before and after the change, and the actor.
func TestEventHasBeforeAfterAndActor(t *testing.T) {
	t.Parallel()
	var got []*event.Event
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Hooks.Before = func(_ context.Context, e *event.Event) error { got = append(got, e); return nil }
	})
	path := w.user("a", `"emails":[{"value":"old@example.com"}]`, `"password":"secret-password"`)
	before := w.stored(path)
	w.later(time.Hour)
	got = nil
	w.do(200, "PUT", path, scimtest.User("a", `"emails":[{"value":"new@example.com"}]`, `"active":false`, `"password":"secret-password"`))
	require.Len(t, got, 2)
	e := got[0]
	require.Equal(t, event.Deactivated, e.Kind)
	require.Equal(t, epoch.Add(time.Hour), e.Time)
	require.Equal(t, "okta", e.Actor)
	require.Equal(t, []string{"User", scimtest.ID(path)}, []string{e.Type, e.ResourceID})
	require.Same(t, before, e.Before)
	require.Equal(t, w.stored(path), e.After)
	require.Contains(t, string(e.Before.Attributes.AppendJSON(nil)), "old@example.com")
	require.Contains(t, string(e.After.Attributes.AppendJSON(nil)), "new@example.com")
	require.NotEqual(t, got[0].ID, got[1].ID)
	require.NotContains(t, fmt.Sprintf("%+v", e), "secret-password")
	require.Same(t, e.After, e.Resource())
	w.do(204, "DELETE", path, "")
	require.Nil(t, got[len(got)-1].After)
	require.Equal(t, scimtest.ID(path), got[len(got)-1].Resource().ID)
}

// The event has exactly the members that were added and removed.
func TestMembersChangedIsExact(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Hooks.Before = func(_ context.Context, e *event.Event) error {
			if e.Kind != event.MembersChanged {
				return nil
			}
			var joined []string
			for _, m := range e.Members.Add {
				joined = append(joined, m.Value+" "+m.Type)
			}
			w.note("%s +%q -%q", e.Cause, joined, e.Members.Remove)
			require.False(t, e.Members.Replace)
			require.NotNil(t, e.Resource())
			require.False(t, e.Resource().Attributes.Get(schema.GroupType.Members()).Assigned(), "members are in neither")
			return nil
		}
		n := 0
		c.NewID = func() string { n++; return fmt.Sprint("id", n) }
	})
	a, b, c := w.user("a"), w.user("b"), w.user("c")
	group := w.group("g", a, b)
	member := func(path string) string { return `{"value":"` + scimtest.ID(path) + `"}` }
	for _, s := range []struct {
		status             int
		method, path, body string
		want               []string
	}{
		{204, "PATCH", group, scimtest.PatchOp(`{"op":"add","path":"members","value":[` + member(b) + `,` + member(c) + `]}`), []string{fmt.Sprintf(`patch +["%s User"] -[]`, scimtest.ID(c))}},
		{204, "PATCH", group, scimtest.PatchOp(`{"op":"remove","path":"members[value eq \"` + scimtest.ID(a) + `\"]"}`), []string{fmt.Sprintf(`patch +[] -["%s"]`, scimtest.ID(a))}},
		{204, "PATCH", group, scimtest.PatchOp(`{"op":"remove","path":"members[value eq \"` + scimtest.ID(a) + `\"]"}`), nil},
		{200, "PUT", group, scimtest.Group("g", `"members":[`+member(a)+`,`+member(c)+`]`), []string{fmt.Sprintf(`put +["%s User"] -["%s"]`, scimtest.ID(a), scimtest.ID(b))}},
		{200, "PUT", group, scimtest.Group("g", `"members":[`+member(c)+`,`+member(a)+`]`), nil},
		{204, "DELETE", c, "", []string{fmt.Sprintf(`members +[] -["%s"]`, scimtest.ID(c))}},
		{204, "DELETE", b, "", nil},
	} {
		w.do(s.status, s.method, s.path, s.body)
		require.Equal(t, s.want, w.noted(), s.body)
	}
}

func TestNewRejectsHooksWithoutTxOrOutbox(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	hook := func(context.Context, *event.Event) error { return nil }
	each := map[string]scim.Hooks{
		"Revoke": {Revoke: hook}, "Created": {Created: hook}, "Updated": {Updated: hook}, "Deactivated": {Deactivated: hook},
		"Reactivated": {Reactivated: hook}, "Restored": {Restored: hook}, "Deleted": {Deleted: hook},
		"MembersChanged": {MembersChanged: hook}, "PasswordSet": {PasswordSet: hook}, "Before": {Before: hook}, "EndSessions": {EndSessions: hook},
	}
	for name, hooks := range each {
		c := scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Hooks: hooks, Outbox: db,
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		}
		_, err := scim.New(c)
		require.ErrorContains(t, err, "Config.Tx", name)
		c.Tx, c.Outbox = db, nil
		_, err = scim.New(c)
		if name == "Before" || name == "EndSessions" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, "Config.Outbox", name)
	}
}

func TestRunNeedsAnOutbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) { c.Outbox = nil })
	require.ErrorContains(t, w.h.Run(t.Context()), "Config.Outbox")
}

// repeated runs every function a second time, after the first transaction was
// rolled back as after a conflict.
type repeated struct{ store.Transactor }

func (t repeated) InTx(ctx context.Context, fn func(context.Context) error) error {
	conflict := errors.New("conflict")
	err := t.Transactor.InTx(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil {
			return err
		}
		return conflict
	})
	if !errors.Is(err, conflict) {
		return err
	}
	return t.Transactor.InTx(ctx, fn)
}

// A repeated transaction appends each event and each revocation once.
func TestRepeatedTransactionRaisesEachEventOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Tx = repeated{w.db}
		all(&c.Hooks, w.see)
		c.Hooks.Revoke = func(_ context.Context, e *event.Event) error {
			w.note("revoked")
			return nil
		}
	})
	path := w.user("a")
	w.group("g", path)
	w.patch(200, path, deactivate)
	w.patch(200, path, reactivate)
	w.do(204, "DELETE", path, "")
	require.Equal(t, []string{"revoked", "revoked"}, w.noted())
	w.run()
	w.eventually("all are delivered", func() bool {
		left, err := w.db.Backlog(context.Background())
		return err == nil && len(left) == 0
	})
	var got []string
	for _, note := range w.noted() {
		if !strings.HasSuffix(note, "by members") && note != "membersChanged by post" { // of the group
			got = append(got, note)
		}
	}
	slices.Sort(got)
	require.Equal(t, []string{
		"created by post", "created by post", "deactivated by delete", "deactivated by patch", "deleted by delete", "reactivated by patch",
	}, got)
}

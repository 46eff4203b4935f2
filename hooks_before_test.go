package scim_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// vetoes are the errors of a hook in the transaction and the responses to the
// client. The text of a hook's own error is not in the response.
var vetoes = []struct {
	name   string
	err    error
	status int
	says   string
}{
	{"an Error", &scim.Error{Status: 403, Detail: "the last owner stays"}, 403, "the last owner stays"},
	{"an Error that is wrapped", fmt.Errorf("seats: %w", &scim.Error{Status: 409, Type: "tooMany", Detail: "no seat left"}), 409, "no seat left"},
	{"a schema.Error", &schema.Error{Type: schema.ErrorInvalidValue, Path: "emails", Detail: "foreign domain"}, 400, "foreign domain"},
	{"anything else", errors.New("private words"), 500, "internal error"},
	{"not found by the hook", fmt.Errorf("manager: %w", store.ErrNotFound), 500, "internal error"},
	{"a version seen by the hook", store.ErrVersion, 500, "internal error"},
	{"taken in another table", &store.UniquenessError{Path: "seat"}, 500, "internal error"},
	{"a database that is away", fmt.Errorf("seats: %w", store.ErrUnavailable), 503, "try again"},
	{"the conflict of an abandoned transaction", fmt.Errorf("%w: %w", store.ErrUnavailable, store.ErrNotFound), 503, "try again"},
	{"forbidden", scim.ErrForbidden, 403, "not permitted"},
	{"a panic", nil, 500, "internal error"},
}

func TestVetoUndoesTheWrite(t *testing.T) {
	t.Parallel()
	hooks := map[string]func(*scim.Config, func(context.Context, *event.Event) error){
		"Before":      func(c *scim.Config, f func(context.Context, *event.Event) error) { c.Hooks.Before = f },
		"EndSessions": func(c *scim.Config, f func(context.Context, *event.Event) error) { c.Hooks.EndSessions = f },
	}
	for hook, set := range hooks {
		for _, c := range vetoes {
			t.Run(hook+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				armed, calls := false, 0
				w := newWorld(t, func(w *world, cfg *scim.Config) {
					set(cfg, func(context.Context, *event.Event) error {
						if !armed {
							return nil
						}
						calls++
						if c.err == nil {
							panic("private words")
						}
						return c.err
					})
					cfg.Hooks.Revoke, cfg.Hooks.Deactivated = w.see, w.see
				})
				path := w.user("a")
				group := w.group("g", path)
				before, members := w.stored(path), w.members(group)
				armed = true
				for _, s := range []struct{ method, body string }{
					{"PATCH", scimtest.PatchOp(deactivate, `{"op":"add","path":"title","value":"x"}`)},
					{"PUT", scimtest.User("b", `"active":false`)},
					{"DELETE", ""},
				} {
					calls = 0
					got := w.do(c.status, s.method, path, s.body)
					require.Contains(t, got.Body.String(), c.says)
					require.NotContains(t, got.Body.String(), "private")
					require.Same(t, before, w.stored(path), "nothing is changed")
					require.Equal(t, members, w.members(group))
					require.Equal(t, 1, calls, "the hook is called once")
				}
				require.Empty(t, w.noted())
				require.Empty(t, w.pending(store.QueueRevoke, path))
				require.Empty(t, w.pending(store.QueueEvent, path))
			})
		}
	}
}

func (w *world) members(group string) []schema.Member {
	var out []schema.Member
	for m, err := range w.groups.Members(context.Background(), scimtest.ID(group)) {
		require.NoError(w, err)
		out = append(out, m)
	}
	return out
}

// A vetoed creation leaves the userName free.
func TestVetoOfACreation(t *testing.T) {
	t.Parallel()
	veto := true
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Hooks.Before = func(context.Context, *event.Event) error {
			if veto {
				return &scim.Error{Status: 403, Detail: "no seat left"}
			}
			return nil
		}
	})
	w.do(403, "POST", "/Users", scimtest.User("a"))
	veto = false
	w.do(201, "POST", "/Users", scimtest.User("a"))
}

// The writes of a hook are committed or rolled back with the transaction.
func TestHooksWriteInTheTransaction(t *testing.T) {
	t.Parallel()
	fail := false
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Hooks.Before = func(ctx context.Context, e *event.Event) error {
			if e.Kind != event.Deactivated {
				return nil
			}
			require.Equal(t, e.After, must(w.users.Get(ctx, e.ResourceID, store.GetOptions{})), "the hook reads the uncommitted write")
			return w.groups.Delete(ctx, &store.Change{ID: scimtest.ID(groupOf(t, w, ctx, e.ResourceID))})
		}
		c.Hooks.EndSessions = func(context.Context, *event.Event) error {
			if fail {
				return errors.New("sessions")
			}
			return nil
		}
	})
	user := w.user("a")
	group := w.group("g", user)
	fail = true
	w.patch(500, user, deactivate)
	w.do(200, "GET", group, "")
	fail = false
	w.patch(200, user, deactivate)
	w.do(404, "GET", group, "")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func groupOf(t *testing.T, w *world, ctx context.Context, id string) string {
	found, err := w.groups.GroupsOf(ctx, []string{id})
	require.NoError(t, err)
	return found[id][0].ID
}

// SetPassword may refuse a password. The text of its own errors is not in the
// response.
func TestSetPasswordRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range vetoes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world, cfg *scim.Config) {
				cfg.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error {
					if c.err == nil {
						panic("private words")
					}
					return c.err
				}
			})
			path := w.user("a")
			before := w.stored(path)
			got := w.patch(c.status, path, `{"op":"add","value":{"password":"x","title":"y"}}`)
			require.Contains(t, got.Body.String(), c.says)
			require.NotContains(t, got.Body.String(), "private")
			require.Same(t, before, w.stored(path))
		})
	}
}

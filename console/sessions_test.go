package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/store"
)

// An administrator ends the sessions of a person with a reason, which the trail has.
func TestSessionsAreEnded(t *testing.T) {
	t.Parallel()
	var ended []string
	var failing error
	f := newFixture(t, func(f *fixture, cfg *scim.Config, c *console.Config) {
		cfg.AuditTrail, c.Trail = f.db, f.db
		cfg.Hooks.EndSessions = func(ctx context.Context, e *event.Event) error {
			if failing == nil {
				ended = append(ended, store.Tenant(ctx)+" "+e.ResourceID)
			}
			return failing
		}
	})
	id, foreign := f.user("acme", "grace"), f.user("rival", "mallory")
	group := f.scim("acme", "POST", "/Groups", `{"displayName":"Engineering"}`)
	path := "/directory/Users/" + id
	reason := func(text string) url.Values { return url.Values{"reason": {text}} }

	require.Contains(t, f.page(path), `action="/admin/scim`+path+`/sessions"`)
	require.NotContains(t, f.page("/directory/Groups/"+group), "End sessions")
	w := f.post(path, path+"/sessions", reason(" "))
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "Give a reason")
	require.Equal(t, 403, f.do(form(path+"/sessions", reason("no token"))).Code)
	require.Equal(t, 404, f.post(path, "/directory/Users/"+foreign+"/sessions", reason("of another tenant")).Code)
	require.Equal(t, 404, f.post(path, "/directory/Groups/"+group+"/sessions", reason("a group")).Code)
	require.Empty(t, ended)

	w = f.post(path, path+"/sessions", reason("a lost laptop"))
	require.Equal(t, 303, w.Code, w.Body)
	require.Equal(t, []string{"acme " + id}, ended)
	require.Equal(t, "/admin/scim"+path+"?done=ended", w.Header().Get("Location"))
	page := f.page(path + "?done=ended")
	require.Contains(t, page, "All sessions have ended.")
	require.Contains(t, page, "end sessions", "the history")
	require.Contains(t, f.page("/activity?operation=revoke"), "ada@acme.example")

	for _, err := range []error{errors.New("a secret"), fmt.Errorf("a secret: %w", store.ErrUnavailable), fmt.Errorf("a secret: %w", store.ErrNotFound)} {
		failing = err
		w = f.post(path, path+"/sessions", reason("a lost laptop"))
		require.Equal(t, 500, w.Code, err)
		require.Contains(t, w.Body.String(), "No session has ended")
		require.NotContains(t, w.Body.String(), "secret")
	}
	token := f.token(path)
	f.as.ReadOnly = true
	require.NotContains(t, f.page(path), "End sessions")
	require.Equal(t, 403, f.do(form(path+"/sessions", url.Values{"csrf": {token}, "reason": {"x"}})).Code)
	require.Len(t, ended, 1)
}

// A system beside the database that does not answer leaves the rest to the outbox.
func TestSessionsThatDidNotEndYet(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(f *fixture, cfg *scim.Config, _ *console.Config) {
		cfg.Outbox = f.db
		cfg.Hooks.Revoke = func(context.Context, *event.Event) error { return errors.New("the cache is down") }
	})
	path := "/directory/Users/" + f.user("acme", "grace")
	w := f.post(path, path+"/sessions", url.Values{"reason": {"a lost laptop"}})
	require.Equal(t, 503, w.Code)
	require.Contains(t, w.Body.String(), "not all sessions have ended")
	require.NotContains(t, w.Body.String(), "cache")
}

// Without a hook that ends sessions there is no button.
func TestNoSessionsWithoutAHook(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := "/directory/Users/" + f.user("acme", "grace")
	require.NotContains(t, f.page(path), "End sessions")
	require.Equal(t, 404, f.post(path, path+"/sessions", url.Values{"reason": {"x"}}).Code)
}

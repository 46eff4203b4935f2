package scim_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// An operator ends the sessions of a user who stays active, whatever Before and the
// brake say, and the record has the reason.
func TestAnOperatorRevokesSessions(t *testing.T) {
	t.Parallel()
	var records []scim.AuditRecord
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Brake.Leavers = brake.Bound{Most: 1}
		c.Hooks.Before = func(_ context.Context, e *event.Event) error {
			if e.Kind != event.Created {
				return errors.New("never")
			}
			return nil
		}
		c.Hooks.EndSessions = func(_ context.Context, e *event.Event) error {
			w.note("end %s by %s of %s", e.Kind, e.Cause, e.After.Text("userName"))
			return nil
		}
		c.Hooks.Revoke = func(ctx context.Context, e *event.Event) error {
			w.note("revoke %s of %s in %q", e.Kind, e.After.Text("userName"), store.Tenant(ctx))
			w.later(time.Second)
			return nil
		}
		c.Audit = func(_ context.Context, r scim.AuditRecord) { records = append(records, r) }
	})
	path := w.user("ada")
	for range 3 {
		require.NoError(t, w.h.Revoke(t.Context(), "", scimtest.ID(path), "a lost laptop"))
		require.Equal(t, []string{"end sessionsRevoked by operator of ada", `revoke sessionsRevoked of ada in ""`}, w.noted())
	}
	require.True(t, w.active(path))
	require.Empty(t, w.pending(store.QueueRevoke, path))
	rec := records[len(records)-1]
	assert.Equal(t, scim.OperationRevoke, rec.Operation)
	assert.Equal(t, []string{scimtest.ID(path), "User", "a lost laptop"}, []string{rec.ID, rec.Type, rec.Reason})
	assert.Equal(t, 1000.0, rec.DurationMS, "the time until the sessions had ended")

	require.ErrorIs(t, w.h.Revoke(t.Context(), "", "nobody", "a test"), store.ErrNotFound)
	require.ErrorIs(t, w.h.Revoke(t.Context(), "another", scimtest.ID(path), "a test"), store.ErrNotFound)
	require.ErrorContains(t, w.h.Revoke(t.Context(), "", scimtest.ID(path), ""), "needs a reason")
	require.Empty(t, w.noted())
	without := newWorld(t, nil)
	require.ErrorContains(t, without.h.Revoke(t.Context(), "", scimtest.ID(path), "a test"), "needs an endpoint for User, and Hooks.EndSessions or Hooks.Revoke")
}

// A revocation that fails stays pending: the worker and the next write repeat it.
func TestARevocationOfAnOperatorThatFailsIsRepeated(t *testing.T) {
	t.Parallel()
	f := &revoker{how: plainly}
	w := newWorld(t, func(_ *world, c *scim.Config) { c.Hooks.Revoke = f.revoke })
	path := w.user("ada")
	f.left.Store(1)
	err := w.h.Revoke(t.Context(), "", scimtest.ID(path), "a lost laptop")
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.Len(t, w.pending(store.QueueRevoke, path), 1)
	w.do(200, "PATCH", path, scimtest.PatchOp(`{"op":"replace","path":"displayName","value":"Ada"}`))
	require.Empty(t, w.pending(store.QueueRevoke, path))
	require.Equal(t, int32(2), f.calls.Load())
	require.True(t, w.active(path))
}

// An error of EndSessions leaves nothing pending.
func TestARevocationThatCannotEndSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Hooks.EndSessions = func(context.Context, *event.Event) error { return errors.New("locked") }
		c.Hooks.Revoke = func(context.Context, *event.Event) error { return nil }
	})
	path := w.user("ada")
	err := w.h.Revoke(t.Context(), "", strings.TrimPrefix(path, "/Users/"), "a lost laptop")
	require.ErrorContains(t, err, "locked")
	require.Empty(t, w.pending(store.QueueRevoke, path))
}

// What EndSessions says of its own tables is not said of the user.
func TestTheErrorOfEndSessionsIsNotThatOfTheUser(t *testing.T) {
	t.Parallel()
	for _, sentinel := range []error{store.ErrNotFound, store.ErrUnavailable} {
		var records []scim.AuditRecord
		w := newWorld(t, func(_ *world, c *scim.Config) {
			c.Hooks.EndSessions = func(context.Context, *event.Event) error { return fmt.Errorf("sessions: %w", sentinel) }
			c.Audit = func(_ context.Context, r scim.AuditRecord) { records = append(records, r) }
		})
		err := w.h.Revoke(t.Context(), "", scimtest.ID(w.user("ada")), "a lost laptop")
		require.ErrorContains(t, err, "sessions: "+sentinel.Error())
		require.NotErrorIs(t, err, sentinel)
		require.Equal(t, err.Error(), records[len(records)-1].Detail)
		require.ErrorIs(t, w.h.Revoke(t.Context(), "", "nobody", "a test"), store.ErrNotFound)
	}
}

// A door beside SCIM finds the user by a key, among those of its connection, and the
// record names the connection, the actor and the time since the request.
func TestRevocationsOfAConnection(t *testing.T) {
	t.Parallel()
	var records []scim.AuditRecord
	w := newWorld(t, func(w *world, c *scim.Config) {
		owned := schema.WithOwner(schema.UserType)
		okta, entra := scim.HashToken("okta", "secret"), scim.HashToken("entra", "entra")
		okta.Connection, entra.Connection = "okta", "entra"
		c.Auth = scim.BearerTokens(okta, entra)
		c.Endpoints = []scim.Endpoint{scim.Users(w.db.Store(owned))}
		c.Endpoints[0].Type = owned
		c.Hooks.EndSessions = func(_ context.Context, e *event.Event) error {
			w.note("%s by %s", e.After.Text("userName"), e.Actor)
			return nil
		}
		c.Audit = func(_ context.Context, r scim.AuditRecord) { records = append(records, r) }
	})
	mail := func(address string) string {
		return `"emails":[{"value":"home@example.org"},{"value":"` + address + `"}]`
	}
	ada := w.user("ada", `"externalId":"1"`, `"emails":[{"value":"Ada@example.com"}]`)
	w.user("twin1", mail("twin@example.com"))
	w.user("twin2", mail("twin@example.com"))
	entra := scimtest.NewClient(t, w.h, "entra")
	entra.Post("/Users", scimtest.User("eve", `"externalId":"1"`, `"emails":[{"value":"ada@example.com"},{"value":"eve@example.com"}]`)).Is(201)
	for name, c := range map[string]struct {
		r    scim.Revocation
		want string
	}{
		"by e-mail":                 {scim.Revocation{Email: "ADA@example.com"}, "ada"},
		"by subject":                {scim.Revocation{Person: scim.Person{Subject: "1"}}, "ada"},
		"by id":                     {scim.Revocation{Person: scim.Person{ID: scimtest.ID(ada)}}, "ada"},
		"by userName":               {scim.Revocation{Person: scim.Person{UserName: "ADA"}}, "ada"},
		"an address of two":         {scim.Revocation{Email: "twin@example.com"}, ""},
		"of another connection":     {scim.Revocation{Email: "eve@example.com"}, ""},
		"id of another connection":  {scim.Revocation{Connection: "entra", Person: scim.Person{ID: scimtest.ID(ada)}}, ""},
		"of another tenant":         {scim.Revocation{Tenant: "globex", Email: "ada@example.com"}, ""},
		"id of another tenant":      {scim.Revocation{Tenant: "globex", Person: scim.Person{ID: scimtest.ID(ada)}}, ""},
		"nobody":                    {scim.Revocation{Email: "nobody@example.com"}, ""},
		"no text":                   {scim.Revocation{Email: "\xff@example.com"}, ""},
		"the twin's own connection": {scim.Revocation{Connection: "entra", Person: scim.Person{Subject: "1"}}, "eve"},
	} {
		w.noted()
		if c.r.Connection == "" {
			c.r.Connection = "okta"
		}
		c.r.Actor, c.r.Reason, c.r.Received = "https://idp.example.com", "a test", w.now()
		w.later(250 * time.Millisecond)
		err := w.h.RevokeSessions(t.Context(), c.r)
		rec := records[len(records)-1]
		require.Equal(t, []string{c.r.Tenant, c.r.Connection, c.r.Actor, "a test"}, []string{rec.Tenant, rec.Connection, rec.Actor, rec.Reason}, name)
		require.Equal(t, 250.0, rec.DurationMS, name)
		if c.want == "" {
			require.ErrorIs(t, err, store.ErrNotFound, name)
			require.Empty(t, w.noted(), name)
			require.NotEmpty(t, rec.Detail, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, []string{c.want + " by https://idp.example.com"}, w.noted(), name)
		require.NotEmpty(t, rec.ID)
	}
	require.ErrorContains(t, w.h.RevokeSessions(t.Context(), scim.Revocation{Reason: "a test"}), "exactly one key, not 0")
	both := scim.Revocation{Reason: "a test", Email: "x@example.com", Person: scim.Person{ID: "1"}}
	require.ErrorContains(t, w.h.RevokeSessions(t.Context(), both), "not both")
}

// Where users have no emails, their userName is the address.
func TestRevocationByUserName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		core := *schema.UserType.Schema
		core.Attributes = slices.DeleteFunc(slices.Clone(core.Attributes), func(a *schema.Attribute) bool { return a.Name == "emails" })
		reduced, err := schema.NewResourceType(schema.ResourceType{Name: "User", Endpoint: "/Users", Schema: &core})
		require.NoError(t, err)
		c.Endpoints = []scim.Endpoint{{Type: reduced, Store: w.db.Store(reduced)}}
		c.Hooks.EndSessions = func(_ context.Context, e *event.Event) error { w.note("%s", e.After.Text("userName")); return nil }
	})
	w.user("ada@example.com")
	require.NoError(t, w.h.RevokeSessions(t.Context(), scim.Revocation{Email: "Ada@example.com", Reason: "a test"}))
	require.Equal(t, []string{"ada@example.com"}, w.noted())
}

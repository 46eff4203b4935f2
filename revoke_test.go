package scim_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/event"
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

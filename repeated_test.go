package scim_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// repeating is a transactor that runs every function a second time, after the
// first transaction was rolled back as after a conflict.
type repeating struct{ store.Transactor }

func (tx repeating) InTx(ctx context.Context, fn func(context.Context) error) error {
	conflict := errors.New("conflict")
	err := tx.Transactor.InTx(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil {
			return err
		}
		return conflict
	})
	if !errors.Is(err, conflict) {
		return err
	}
	return tx.Transactor.InTx(ctx, fn)
}

// A transaction that runs twice has its effects, its events, its revocation and
// its audit record once.
func TestTransactionRunTwiceHasOneEffect(t *testing.T) {
	t.Parallel()
	var revoked []string
	var audit []scim.AuditRecord
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Tx = repeating{c.Tx}
		c.Audit = func(_ context.Context, rec scim.AuditRecord) { audit = append(audit, rec) }
		c.Hooks.Revoke = func(_ context.Context, e *event.Event) error {
			revoked = append(revoked, e.ResourceID)
			return nil
		}
		all(&c.Hooks, w.see)
	})
	user := w.user("a")
	group := w.group("g", user)
	require.Len(t, w.members(group), 1)
	w.patch(200, user, deactivate)
	require.False(t, w.active(user))
	require.Len(t, revoked, 1)
	require.Len(t, w.pending(store.QueueEvent, user), 2, "created and deactivated")
	w.do(204, "DELETE", user, "")
	require.Empty(t, w.members(group))
	require.Len(t, w.pending(store.QueueEvent, user), 3, "and deleted")
	w.do(404, "GET", user, "")

	require.Len(t, audit, 5)
	require.Equal(t, []scim.AuditChange{{Path: "active", Old: "true", New: "false"}}, audit[2].Changes)
	g, err := w.db.Store(schema.GroupType).Get(t.Context(), group[len("/Groups/"):], store.GetOptions{})
	require.NoError(t, err)
	require.Equal(t, "2", g.Version, "the group was changed once")
}

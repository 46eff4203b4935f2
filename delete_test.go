package scim_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// foreignKey is a store of users with a foreign key from the member table of the
// groups: a user that is a member cannot be deleted.
type foreignKey struct {
	store.Store
	groups store.MemberStore
}

func (s foreignKey) Unwrap() store.Store { return s.Store }

func (s foreignKey) Delete(ctx context.Context, c *store.Change) error {
	groups, err := s.groups.GroupsOf(ctx, []string{c.ID})
	if err != nil {
		return err
	}
	if len(groups[c.ID]) > 0 {
		return errors.New("foreign key constraint")
	}
	return s.Store.Delete(ctx, c)
}

func TestDeleteWithForeignKeys(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	groups := db.Store(schema.GroupType).(store.MemberStore)
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(foreignKey{db.Store(schema.UserType), groups}), scim.Groups(groups)},
	})
	require.NoError(t, err)
	user := made(t, h, "/Users", scimtest.User("ann"))
	group := made(t, h, "/Groups", scimtest.Group("Staff", `"members":[{"value":"`+user+`"}]`))

	w := send(h, http.MethodDelete, "/Users/"+user, "")
	require.Equal(t, http.StatusNoContent, w.Code, w.Body.String())
	require.NotContains(t, send(h, http.MethodGet, "/Groups/"+group, "").Body.String(), user)
}

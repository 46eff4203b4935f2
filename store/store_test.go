package store_test

import (
	"context"
	"testing"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/stretchr/testify/require"
)

// wrapper hides everything of a store but the five methods.
type wrapper struct{ store.Store }

func (w wrapper) Unwrap() store.Store { return w.Store }

// opaque does not even let one look behind.
type opaque struct{ store.Store }

func TestDescribe(t *testing.T) {
	t.Parallel()
	users := memstore.New().Store(schema.UserType)
	require.True(t, store.Describe(users).Versions)
	require.True(t, store.Describe(wrapper{wrapper{users}}).Versions, "through wrappers")
	require.Equal(t, store.Capabilities{}, store.Describe(opaque{users}), "the least")
	require.Equal(t, store.Capabilities{}, store.Describe(wrapper{}), "a wrapper of nothing")
}

func TestTenant(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	require.Equal(t, "", store.Tenant(ctx))
	acme := store.WithTenant(ctx, "acme")
	require.Equal(t, "acme", store.Tenant(acme))
	require.Equal(t, "globex", store.Tenant(store.WithTenant(acme, "globex")))
	require.Equal(t, "", store.Tenant(ctx))
}

func TestUniquenessErrorNamesTheAttributeOnly(t *testing.T) {
	t.Parallel()
	require.EqualError(t, &store.UniquenessError{Path: "userName"}, "store: userName is taken")
}

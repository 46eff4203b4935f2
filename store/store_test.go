package store_test

import (
	"context"
	"testing"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
	"github.com/stretchr/testify/require"
)

// wrapper passes on only the five methods of a store.
type wrapper struct{ store.Store }

func (w wrapper) Unwrap() store.Store { return w.Store }

// opaque is a wrapper without Unwrap.
type opaque struct{ store.Store }

func TestDescribe(t *testing.T) {
	t.Parallel()
	users := memstore.New().Store(schema.UserType)
	require.True(t, store.Describe(users).Versions)
	require.True(t, store.Describe(wrapper{wrapper{users}}).Versions, "through wrappers")
	require.Equal(t, store.Capabilities{}, store.Describe(opaque{users}), "the least")
	require.Equal(t, store.Capabilities{}, store.Describe(wrapper{}), "a wrapper of nothing")
}

func TestAs(t *testing.T) {
	t.Parallel()
	users := memstore.New().Store(schema.UserType)
	for name, s := range map[string]store.Store{"itself": users, "in a wrapper": wrapper{users}, "in two wrappers": wrapper{wrapper{users}}} {
		found, ok := store.As[store.Exister](s)
		require.True(t, ok, name)
		require.Same(t, users, found, name)
	}
	for name, s := range map[string]store.Store{"nil": nil, "a wrapper of nothing": wrapper{}, "no Unwrap": opaque{users}} {
		_, ok := store.As[store.Exister](s)
		require.False(t, ok, name)
	}
	outer, ok := store.As[store.Store](wrapper{users})
	require.True(t, ok)
	require.Equal(t, wrapper{users}, outer, "the outermost")
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

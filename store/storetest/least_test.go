package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/stretchr/testify/require"
)

// least is a table of users of an application, with few columns, no tenants and
// only the five methods of store.Store.
type least struct{ store.Store }

func newLeast() Fixture {
	return Fixture{
		Users:        least{newNaive("").Users},
		Attributes:   []string{"displayName", "Active", schema.EnterpriseUserURI},
		SingleTenant: true,
	}
}

// columns drops attributes without a column.
func columns(r *schema.Resource) *schema.Resource {
	for a := range r.Attributes.All() {
		if !slices.Contains([]string{"userName", "displayName", "active", schema.EnterpriseUserURI}, a.Name) {
			r = r.With(a, schema.Value{})
		}
	}
	return r
}

func (l least) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	kept := *c
	kept.After = columns(c.After)
	return l.Store.Create(context.WithoutCancel(ctx), &kept)
}

func (l least) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	kept := *c
	kept.After = columns(c.After)
	return l.Store.Update(ctx, &kept)
}

func TestMinimalStorePasses(t *testing.T) {
	t.Parallel()
	run, left := 0, 0
	for _, c := range stores.cases {
		f := newLeast()
		if missing(c.needs, f) != "" {
			left++
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		got := stores.one(ctx, c, f)
		cancel()
		require.Empty(t, got.failure, c.name)
		if got.skipped == "" {
			run++
		}
	}
	require.Greater(t, run, 40, "cases that need nothing")
	require.Greater(t, left, 30, "cases that need what it lacks")
}

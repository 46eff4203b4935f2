package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/sqlstore"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// requireCounts compares the totals of lists with the numbers of rows.
func requireCounts(t *testing.T, d database, db *sqlstore.DB, tenants ...string) {
	t.Helper()
	for _, tenant := range tenants {
		for _, rt := range []*schema.ResourceType{schema.UserType, schema.GroupType} {
			page, err := db.Store(rt).List(store.WithTenant(t.Context(), tenant), &store.Query{Total: true})
			require.NoError(t, err)
			var rows int
			query := fmt.Sprintf("SELECT COUNT(*) FROM scim_resource WHERE tenant = '%s' AND type = '%s'", tenant, rt.Name)
			require.NoError(t, d.open(t).QueryRow(query).Scan(&rows))
			require.Equal(t, rows, page.Total, "%s of tenant %q", rt.Name, tenant)
		}
	}
}

// totals are exact after creations, refusals, deletions and rollbacks by
// several concurrent processes.
func TestTotalsAreExact(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		tenants := []string{"", "acme"}
		handles := []*sqlstore.DB{d.store(t), d.store(t)}
		undo := errors.New("undo")
		var wg sync.WaitGroup
		for worker := range 8 {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			wg.Go(func() {
				for step := range 25 {
					ctx := store.WithTenant(t.Context(), tenants[random.IntN(2)])
					err := handles[worker%2].InTx(ctx, func(ctx context.Context) error {
						for range 1 + random.IntN(3) {
							if err := anyWrite(ctx, handles[worker%2], random, fmt.Sprintf("%d.%d.%d", worker, step, random.IntN(1e6))); err != nil {
								return err
							}
						}
						if random.IntN(4) == 0 {
							return undo
						}
						return nil
					})
					if err != nil && !errors.Is(err, undo) && !errors.Is(err, store.ErrUnavailable) {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		requireCounts(t, d, handles[0], tenants...)
	})
}

// anyWrite creates or deletes one of a few users, or a group.
func anyWrite(ctx context.Context, db *sqlstore.DB, random *rand.Rand, id string) error {
	users := db.Store(schema.UserType)
	var err error
	switch random.IntN(4) {
	case 0:
		_, err = db.Store(schema.GroupType).Create(ctx, storetest.Creation(group(id, "g")))
	case 1:
		var page store.Page
		if page, err = users.List(ctx, &store.Query{Count: 1, Offset: random.IntN(10)}); err == nil && len(page.Resources) == 1 {
			err = users.Delete(ctx, storetest.Deletion(page.Resources[0], ""))
		}
	default:
		_, err = users.Create(ctx, storetest.Creation(resource(schema.UserType, id, user(random.IntN(40)).Attributes)))
	}
	var taken *store.UniquenessError
	if errors.As(err, &taken) || errors.Is(err, store.ErrNotFound) {
		return nil // a caller may go on
	}
	return err
}

// The first count includes the stored resources and those that other processes
// write meanwhile.
func TestCountingStartsDuringConcurrentWrites(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		db := d.store(t)
		for n := range 50 {
			_, err := db.Store(schema.UserType).Create(t.Context(), storetest.Creation(user(n)))
			require.NoError(t, err)
		}
		other := d.empty(t, sqlstore.Index("title"))
		other.Store(schema.UserType)
		var wg sync.WaitGroup
		for n := range 50 {
			wg.Go(func() {
				users := db.Store(schema.UserType)
				var err error
				if n%2 == 0 {
					_, err = users.Create(t.Context(), storetest.Creation(user(100+n)))
				} else {
					err = users.Delete(t.Context(), storetest.Deletion(user(n), ""))
				}
				if err != nil && !errors.Is(err, store.ErrUnavailable) {
					t.Error(err)
				}
			})
			if n == 25 {
				wg.Go(func() {
					if err := other.Migrate(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		requireCounts(t, d, other, "")
		err := db.Store(schema.UserType).Delete(t.Context(), storetest.Deletion(user(0), ""))
		require.ErrorIs(t, err, store.ErrUnavailable, "a process under the rule of before")
		requireCounts(t, d, other, "")
	})
}

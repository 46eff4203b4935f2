package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/retention"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
)

// Three processes that sweep one database at the same time agree on when users were first
// seen inactive, and delete each once.
func TestRetentionOfSeveralProcesses(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		const users, day = 8, 24 * time.Hour
		clock := time.Now().UTC().Truncate(time.Second)
		now := func() time.Time { return clock }
		var handlers []*scim.Handler
		var keepers []*retention.Keeper
		for range 3 {
			db := d.store(t)
			h, err := scim.New(scim.Config{
				BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("okta", "okta")), Tx: db, Logger: slog.New(slog.DiscardHandler), Now: now,
				Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))}, Brake: brake.Config{Off: true}, Limits: scim.Limits{Rate: math.Inf(1)},
			})
			require.NoError(t, err)
			k, err := retention.New(retention.Config{Handler: h, After: 5 * day})
			require.NoError(t, err)
			handlers, keepers = append(handlers, h), append(keepers, k)
		}
		client := scimtest.NewClient(t, handlers[0], "okta")
		for i := range users {
			client.NewUser(fmt.Sprint("user", i), `"active":false`)
		}
		client.NewUser("stays")
		deleted := map[string]int{}
		sweep := func() {
			var mu sync.Mutex
			var wg sync.WaitGroup
			for _, k := range keepers {
				wg.Add(1)
				go func() {
					defer wg.Done()
					r, err := k.Sweep(context.Background(), "")
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Errorf("%v", err)
					}
					for _, p := range r.Deleted {
						deleted[p.ID]++
					}
				}()
			}
			wg.Wait()
		}
		for range 6 {
			require.Empty(t, deleted, "too early")
			sweep()
			clock = clock.Add(day)
		}
		require.Len(t, deleted, users)
		for id, n := range deleted {
			require.Equal(t, 1, n, id)
		}
		require.Len(t, client.Get("/Users").Strings("id"), 1)
	})
}

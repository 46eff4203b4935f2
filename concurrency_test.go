package scim_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// unversioned is a store that does not declare versions.
type unversioned struct{ store.Store }

func TestNewRejectsStoreWithoutTxAndVersions(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	versioned := db.Store(schema.UserType)
	for name, c := range map[string]struct {
		users   store.Store
		tx      store.Transactor
		refused bool
	}{
		"neither transactions nor versions": {unversioned{versioned}, nil, true},
		"transactions":                      {unversioned{versioned}, db, false},
		"versions":                          {versioned, nil, false},
		"both":                              {versioned, db, false},
	} {
		_, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: c.tx, Endpoints: []scim.Endpoint{scim.Users(c.users)},
		})
		if !c.refused {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, "concurrent writes to User would overwrite each other: set Config.Tx", name)
		require.ErrorContains(t, err, "its store (scim_test.unversioned)", name)
		require.ErrorContains(t, err, "store.Capabilities.Versions", name)
	}
}

// Every store that New accepts keeps the values that concurrent PATCHes add.
func TestConcurrentPatchesKeepAllChanges(t *testing.T) {
	t.Parallel()
	for name, configure := range map[string]func(w *world, c *scim.Config){
		"versions":     func(w *world, c *scim.Config) { c.Tx, c.Outbox, c.Hooks = nil, nil, scim.Hooks{} },
		"transactions": func(w *world, c *scim.Config) { c.Endpoints[0].Store = unversioned{w.users} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, configure)
			user := w.user("a")
			const writers = 8
			var group sync.WaitGroup
			for i := range writers {
				group.Add(1)
				go func() {
					defer group.Done()
					op := fmt.Sprintf(`{"op":"add","path":"emails","value":[{"value":"%d@example.com"}]}`, i)
					assert.Equal(t, 200, send(w.h, "PATCH", user, scimtest.PatchOp(op)).Code)
				}()
			}
			group.Wait()
			require.Equal(t, writers, strings.Count(w.do(200, "GET", user, "").Body.String(), "@example.com"))
		})
	}
}

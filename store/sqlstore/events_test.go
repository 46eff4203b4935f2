package sqlstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// eventBackend is a backend with an outbox.
type eventBackend interface {
	backend
	store.Outbox
	store.Backlogs
}

// Y-14, Y-17, Y-19, Y-22, Y-23, Y-25 to Y-29: each committed change has one event, each
// request that was answered 202 its results, with the transaction of the answer.
func TestChangesAndResultsOfAsyncRequests(t *testing.T) {
	onEach(t, func(t *testing.T, d database) { changesAndResults(t, d.store(t)) })
	t.Run("Memory", func(t *testing.T) {
		t.Parallel()
		changesAndResults(t, memstore.New())
	})
}

func changesAndResults(t *testing.T, db eventBackend) {
	var mu sync.Mutex
	var told []string
	h := serve(t, db, tenantToken{}, func(c *scim.Config) {
		hook := func(ctx context.Context, e *event.Event) error {
			line := fmt.Sprint(e.Transaction, " ", e.Path, " ", e.Kinds)
			if e.Kind == event.AsyncResponse {
				var r struct{ Method, Status string }
				if err := json.Unmarshal(e.Response, &r); err != nil {
					return err
				}
				line = fmt.Sprint(e.Transaction, " ", e.Path, " ", r.Method, " ", r.Status)
			}
			if store.Tenant(ctx) != "t1" || e.Tenant != "t1" {
				line = "another tenant"
			}
			mu.Lock()
			defer mu.Unlock()
			told = append(told, line)
			return nil
		}
		c.Outbox, c.Hooks.Changed, c.Hooks.AsyncResponse = db, hook, hook
	}).(*scim.Handler)
	c := scimtest.NewClient(t, h, "t1")
	var want []string
	async := func(method, path string, body any) (txn, at string) {
		r := c.Do(method, path, body, "Prefer: respond-async").Is(http.StatusAccepted)
		require.Empty(t, r.Text)
		return r.Header.Get("Set-Txn"), strings.TrimPrefix(r.Header.Get("Location"), scimtest.BaseURL)
	}
	txn, path := async("POST", "/Users", scimtest.User("a", `"active":true`))
	want = append(want, txn+" "+path+" [created]", txn+" "+path+" POST 201")
	txn, _ = async("PATCH", path, scimtest.PatchOp(`{"op":"replace","path":"active","value":false}`))
	want = append(want, txn+" "+path+" [deactivated]", txn+" "+path+" PATCH 200")
	txn, _ = async("PUT", path, scimtest.User("b"))
	want = append(want, txn+" "+path+" [updated]", txn+" "+path+" PUT 200")
	c.Do("PUT", path, scimtest.User("", `"title":"x"`), "Prefer: respond-async").Fails(400, "invalidValue")
	bulk := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"` + path + `"},{"method":"DELETE","path":"/Users/none"}]}`
	txn, _ = async("POST", "/Bulk", bulk)
	want = append(want, txn+":0 "+path+" [deleted]", txn+":0 "+path+" DELETE 204", txn+":1 /Users/none DELETE 404")

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.Run(ctx) }()
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(told) >= len(want)
	}, 30*time.Second, 5*time.Millisecond)
	cancel()
	<-ended
	left, err := db.Backlog(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
	slices.Sort(told)
	slices.Sort(want)
	require.Equal(t, want, told)
}

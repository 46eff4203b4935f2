package sqlstore_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// liveHeap returns the size of the heap after a garbage collection.
func liveHeap() int {
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return int(sample[0].Value.Uint64())
}

// watcher is a client that measures the heap while it receives a response.
type watcher struct {
	header     http.Header
	status     int
	size, next int
	peak       int
}

func (w *watcher) Header() http.Header    { return w.header }
func (w *watcher) WriteHeader(status int) { w.status = status }

func (w *watcher) Write(text []byte) (int, error) {
	w.size += len(text)
	if w.size >= w.next {
		w.peak = max(w.peak, liveHeap())
		w.next = w.size + 1<<20
	}
	return len(text), nil
}

// watch sends a GET and returns the size of the response and the growth of the heap
// meanwhile.
func watch(t *testing.T, h http.Handler, path string) (size, growth int) {
	r := httptest.NewRequest(http.MethodGet, scimtest.BaseURL+path, nil)
	r.Header.Set("Authorization", "Bearer t")
	w := &watcher{header: http.Header{}}
	before := liveHeap()
	h.ServeHTTP(w, r)
	require.Contains(t, []int{0, 200}, w.status)
	return w.size, w.peak - before
}

// Not parallel: all tests share the heap.
func TestMemoryOfLargeResponsesIsBounded(t *testing.T) {
	if testing.Short() && os.Getenv("SCIM_TEST_REQUIRE_ALL") != "1" {
		t.Skip("a group of 100,000 members on each database: left out with -short")
	}
	for _, x := range []struct {
		name string
		make func(t testing.TB) database
	}{{"SQLite", sqlite}, {"PostgreSQL", postgreSQL}, {"MariaDB", mariaDB}} {
		t.Run(x.name, func(t *testing.T) {
			const most = 16 << 20
			db := x.make(t).store(t)
			h := serve(t, db, tenantToken{})
			ctx := store.WithTenant(t.Context(), "t")

			groups := db.Store(schema.GroupType).(store.MemberStore)
			g, err := groups.Create(ctx, storetest.Creation(group("everyone", "g")))
			require.NoError(t, err)
			joining := make([]schema.Member, 100_000)
			for i := range joining {
				joining[i] = schema.Member{Value: fmt.Sprintf("11111111-2222-4333-8444-%012d", i), Type: "User"}
			}
			_, _, err = groups.PutMembers(ctx, &store.Change{ID: g.ID, Before: g, After: g, Members: &schema.MemberDelta{Add: joining}})
			require.NoError(t, err)

			size, growth := watch(t, h, "/Groups/everyone")
			t.Logf("a group of %d MB, %d MB of memory", size>>20, growth>>20)
			require.Greater(t, size, 10<<20)
			require.Less(t, growth, most)

			c := scimtest.NewClient(t, h, "t")
			for n := range 400 {
				c.NewUser(fmt.Sprint(n), `"title":"`+strings.Repeat("x", 50_000)+`"`)
			}
			total := 0
			for start := 1; start <= 400; start += 100 {
				size, growth := watch(t, h, fmt.Sprintf("/Users?count=100&startIndex=%d", start))
				require.Less(t, growth, most)
				total += size
			}
			require.Greater(t, total, 15<<20)
		})
	}
}

package sqlstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// A walk by cursor has each user who stays once, while writers create, change and
// delete others and change those who stay. internal/benchmark/walk does the same with
// 100,000 users.
func TestWalksBesideWriters(t *testing.T) {
	onEach(t, func(t *testing.T, d database) { walkBesideWriters(t, d.store(t)) })
	t.Run("Memory", func(t *testing.T) {
		t.Parallel()
		walkBesideWriters(t, memstore.New())
	})
}

func walkBesideWriters(t *testing.T, db backend) {
	users, writers := 1000, 10
	if testing.Short() {
		users, writers = 200, 3
	}
	seeded, err := scimtest.Seed(t.Context(), db, db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore), users)
	require.NoError(t, err)
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Limits:    scim.Limits{Rate: math.Inf(1)},
		Brake:     brake.Config{Off: true}, // the writers delete hundreds of users
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
	})
	require.NoError(t, err)
	w := &walker{handler: h}
	for _, query := range []string{
		"", "&sortBy=userName&sortOrder=descending",
		"&filter=" + url.QueryEscape(`externalId sw "ext-"`), "&filter=" + url.QueryEscape(`name.familyName co "Family"`),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() { w.write(ctx, seeded.Users[i], fmt.Sprintf("user%d-%d", i*users/writers, len(query))) })
		}
		times := map[string]int{}
		for cursor, more := "", true; more; more = cursor != "" {
			var page struct {
				NextCursor string
				Resources  []struct{ ID string }
			}
			status, text := w.send("GET", "/Users?count=50&cursor="+cursor+query, "")
			require.Equal(t, http.StatusOK, status, text)
			require.NoError(t, json.Unmarshal([]byte(text), &page))
			for _, r := range page.Resources {
				times[r.ID]++
			}
			cursor = page.NextCursor
		}
		cancel()
		all.Wait()
		for _, id := range seeded.Users {
			require.Equal(t, 1, times[id], "%s %s", query, id)
		}
		require.Empty(t, w.wrong)
	}
}

// walker sends requests to a handler.
type walker struct {
	handler http.Handler
	mu      sync.Mutex
	wrong   []string // responses to writes that are not expected
}

func (w *walker) send(method, path, body string) (status int, text string) {
	r := httptest.NewRecorder()
	w.handler.ServeHTTP(r, httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body)))
	return r.Code, r.Body.String()
}

// write creates, changes and deletes a user, and changes another, until ctx ends.
func (w *walker) write(ctx context.Context, stays, name string) {
	want := func(status int, method, path, body string) string {
		got, text := w.send(method, path, body)
		if got != status {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.wrong = append(w.wrong, fmt.Sprintf("%s %s: %d %s", method, path, got, text))
		}
		return text
	}
	for n := 0; ctx.Err() == nil; n++ {
		var made struct{ ID string }
		text := want(http.StatusCreated, "POST", "/Users", scimtest.User(fmt.Sprintf("%s-%d", name, n)))
		if json.Unmarshal([]byte(text), &made) != nil || made.ID == "" {
			return
		}
		title := scimtest.PatchOp(fmt.Sprintf(`{"op":"replace","path":"title","value":"%d"}`, n))
		want(http.StatusOK, "PATCH", "/Users/"+made.ID, title)
		want(http.StatusOK, "PATCH", "/Users/"+stays, title)
		want(http.StatusNoContent, "DELETE", "/Users/"+made.ID, "")
	}
}

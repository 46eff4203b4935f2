package scim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// cappedStore returns pages of at most longest resources.
type cappedStore struct {
	store.Store
	longest int
	calls   int
}

func (s *cappedStore) List(ctx context.Context, q *store.Query) (store.Page, error) {
	s.calls++
	short := *q
	short.Count = min(q.Count, s.longest)
	return s.Store.List(ctx, &short)
}

// ableStore passes on the capabilities of the wrapped store, which cappedStore
// hides.
type ableStore struct{ *cappedStore }

func (s ableStore) Describe() store.Capabilities { return store.Describe(s.Store) }

// TestListContinuesAfterShortPages: a store may return a page shorter than Count
// although more resources follow. totalResults and the page of the response are
// those of the query (RFC 7644 §3.4.2).
func TestListContinuesAfterShortPages(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := titled(t, db, 300)
	for name, s := range map[string]store.Store{
		"matched and sorted by the library": &cappedStore{Store: users, longest: 100},
		"matched and sorted by the store":   ableStore{&cappedStore{Store: users, longest: 100}},
		"pages of one":                      ableStore{&cappedStore{Store: users, longest: 1}},
	} {
		h := handlerOf(t, db, s, scim.Limits{})
		for _, q := range []struct {
			filter, sortBy, order string
			start, count          int
			want                  int // resources
			first                 string
		}{
			{filter: `title eq "x"`, start: 1, count: 1000, want: 300, first: "user-000"},
			{filter: `title eq "x"`, start: 250, count: 200, want: 51, first: "user-249"},
			{start: 1, count: 1000, want: 300, first: "user-000"},
			{start: 151, count: 120, want: 120, first: "user-150"},
			{start: 301, count: 10, want: 0},
			{sortBy: "userName", start: 250, count: 50, want: 50, first: "user-249"},
			{sortBy: "userName", order: "descending", start: 51, count: 150, want: 150, first: "user-249"},
			{filter: `title eq "x"`, sortBy: "displayName", start: 101, count: 200, want: 200},
		} {
			values := url.Values{"filter": {q.filter}, "sortBy": {q.sortBy}, "sortOrder": {q.order},
				"startIndex": {fmt.Sprint(q.start)}, "count": {fmt.Sprint(q.count)}}
			if q.filter == "" {
				values.Del("filter")
			}
			l := listed(t, h, "/Users?"+values.Encode())
			require.Equal(t, 300, l.TotalResults, "%s: totalResults of %+v", name, q)
			require.Len(t, l.Resources, q.want, "%s: resources of %+v", name, q)
			require.Equal(t, q.want, l.ItemsPerPage, "%s: itemsPerPage of %+v", name, q)
			if q.first != "" {
				require.Equal(t, q.first, l.Resources[0].UserName, "%s: first of %+v", name, q)
			}
			seen := map[string]bool{}
			for _, r := range l.Resources {
				require.False(t, seen[r.ID], "%s: %s twice in %+v", name, r.UserName, q)
				seen[r.ID] = true
			}
		}
	}
}

// TestScanLimitCountsShortPages: Limits.Scan bounds a scan over all of its pages.
func TestScanLimitCountsShortPages(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := titled(t, db, 60)
	s := &cappedStore{Store: users, longest: 10}
	h := handlerOf(t, db, s, scim.Limits{Scan: 40})
	w := send(h, "GET", "/Users?filter="+url.QueryEscape(`title eq "x"`), "")
	require.Equal(t, 400, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `"scimType":"tooMany"`)
	require.Equal(t, 5, s.calls, "pages read")
}

// stuckStore returns the same position again and again.
type stuckStore struct{ store.Store }

func (s stuckStore) List(context.Context, *store.Query) (store.Page, error) {
	return store.Page{Next: "here"}, nil
}

// TestListEndsIfPositionRepeats: a request ends although the pages of the store do
// not.
func TestListEndsIfPositionRepeats(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := handlerOf(t, db, stuckStore{db.Store(schema.UserType)}, scim.Limits{})
	for _, query := range []string{"", "?filter=" + url.QueryEscape(`title eq "x"`), "?sortBy=userName"} {
		require.Equal(t, 500, send(h, "GET", "/Users"+query, "").Code, query)
	}
}

func handlerOf(t *testing.T, db *memstore.DB, users store.Store, limits scim.Limits) *scim.Handler {
	limits.MaxResults = 1000
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(users)}, Limits: limits,
	})
	require.NoError(t, err)
	return h
}

// titled creates n users with the same title and displayName.
func titled(t *testing.T, db *memstore.DB, n int) store.Store {
	users := db.Store(schema.UserType)
	h := handlerOf(t, db, users, scim.Limits{})
	for i := range n {
		made(t, h, "/Users", fmt.Sprintf(`{"schemas":["%s"],"userName":"user-%03d","title":"x","displayName":"Same"}`, schema.UserURI, i))
	}
	return users
}

type listResponse struct {
	TotalResults, ItemsPerPage int
	Resources                  []struct{ ID, UserName string }
}

func listed(t *testing.T, h *scim.Handler, path string) listResponse {
	w := send(h, "GET", path, "")
	require.Equal(t, 200, w.Code, w.Body)
	var l listResponse
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &l))
	return l
}

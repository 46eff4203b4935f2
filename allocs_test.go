//go:build !race

package scim_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// nowhere is a ResponseWriter without allocations of its own.
type nowhere struct {
	head   http.Header
	status int
}

func (w *nowhere) Header() http.Header            { return w.head }
func (w *nowhere) WriteHeader(status int)         { w.status = status }
func (w *nowhere) Write(text []byte) (int, error) { return len(text), nil }

// TestAllocations bounds the allocations of the most frequent requests in memory,
// which are exact, in contrast to times; those of the race detector come on top. They
// are those of the handler: the request and its body are made once.
func TestAllocations(t *testing.T) {
	db := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("bench", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Brake:     brake.Config{Leavers: brake.Bound{Most: 1000}},
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
	})
	require.NoError(t, err)
	seeded, err := scimtest.Seed(t.Context(), db, db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore), 1000)
	require.NoError(t, err)
	user := "/Users/" + seeded.Users[500]
	for _, c := range []struct {
		name, method, path string
		body               func(i int) string
		most               float64
	}{
		{"get", "GET", user, nil, 15},
		{"look-up by userName", "GET", "/Users?filter=userName+eq+%22user500%22", nil, 33},
		{"PATCH of active", "PATCH", user, func(i int) string {
			return scimtest.PatchOp(fmt.Sprintf(`{"op":"replace","path":"active","value":%t}`, i%2 == 0))
		}, 75},
		{"adding or removing a member", "PATCH", "/Groups/" + seeded.Small, func(i int) string {
			if i == 1 {
				return scimtest.PatchOp(`{"op":"remove","path":"members[value eq \"new\"]"}`)
			}
			return scimtest.PatchOp(`{"op":"add","path":"members","value":[{"value":"new"}]}`)
		}, 84},
		{"first page of 100", "GET", "/Users?count=100", nil, 435},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &nowhere{head: http.Header{}}
			body := strings.NewReader("")
			r := httptest.NewRequest(c.method, scimtest.BaseURL+c.path, body)
			r.Header.Set("Authorization", "Bearer secret")
			r.Header.Set("Accept", "application/scim+json")
			if c.body != nil {
				r.Header.Set("Content-Type", "application/scim+json")
			}
			bodies := [2]string{}
			for i := range bodies {
				if c.body != nil {
					bodies[i] = c.body(i)
				}
			}
			i := 0
			run := func() {
				body.Reset(bodies[i%2])
				r.ContentLength = int64(body.Len())
				i++
				clear(w.head)
				h.ServeHTTP(w, r)
			}
			run()
			require.Less(t, w.status, 300)
			assert.LessOrEqual(t, testing.AllocsPerRun(200, run), c.most)
		})
	}
}

// TestAllocationsOfMembers: the members of a group are encoded without an allocation
// for each.
func TestAllocationsOfMembers(t *testing.T) {
	db := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("bench", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
	})
	require.NoError(t, err)
	seeded, err := scimtest.Seed(t.Context(), db, db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore), 10_000)
	require.NoError(t, err)
	w := &nowhere{head: http.Header{}}
	allocs := func(group string) float64 {
		r := httptest.NewRequest("GET", scimtest.BaseURL+"/Groups/"+group, nil)
		r.Header.Set("Authorization", "Bearer secret")
		return testing.AllocsPerRun(20, func() {
			clear(w.head)
			h.ServeHTTP(w, r)
			require.Equal(t, http.StatusOK, w.status)
		})
	}
	few, many := allocs(seeded.Small), allocs(seeded.Large)
	assert.InDelta(t, few, many, 10, "100 members and 10,000")
}

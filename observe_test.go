package scim_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// observed makes a world that appends its exchanges to a list.
func observed(t *testing.T, adjust func(w *world, c *scim.Config)) (*world, *[]scim.Exchange) {
	var seen []scim.Exchange
	return newWorld(t, func(w *world, c *scim.Config) {
		c.Observe = func(ctx context.Context, x *scim.Exchange) {
			require.NoError(t, ctx.Err())
			seen = append(seen, *x)
		}
		if adjust != nil {
			adjust(w, c)
		}
	}), &seen
}

func TestObserveEveryRequest(t *testing.T) {
	t.Parallel()
	w, seen := observed(t, func(w *world, c *scim.Config) {
		token := scim.HashToken("t1", "secret")
		token.Tenant, token.Connection = "acme", "okta"
		c.Auth = scim.BearerTokens(token)
		n := 0
		c.NewID = func() string { n++; return fmt.Sprint("id", n) }
		c.Authorize = func(_ context.Context, op scim.Operation) error {
			w.later(time.Second)
			if op.ID == "panic" {
				panic("in the host")
			}
			return nil
		}
	})
	user := scimtest.User("a")
	for _, c := range []struct {
		name, method, path, body string
		want                     scim.Exchange
	}{
		{"create", "POST", "/Users", user, scim.Exchange{Route: "/Users", Operation: "create", Type: "User", Status: 201, Duration: time.Second}},
		{"create again", "POST", "/Users", user, scim.Exchange{Route: "/Users", Operation: "create", Type: "User", Status: 409, ScimType: "uniqueness", Duration: time.Second}},
		{"no JSON", "POST", "/Users", "{", scim.Exchange{Route: "/Users", Operation: "create", Type: "User", Status: 400, ScimType: "invalidSyntax", Duration: time.Second}},
		{"read", "GET", "/Users/id1?attributes=userName", "", scim.Exchange{Route: "/Users/{id}", Operation: "retrieve", Type: "User", Status: 200, Duration: time.Second}},
		{"search", "POST", "/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`, scim.Exchange{Route: "/Users/.search", Operation: "query", Type: "User", Status: 200, Duration: time.Second}},
		{"discovery", "GET", "/Schemas", "", scim.Exchange{Route: "/Schemas", Status: 200}},
		{"a path of no endpoint", "GET", "/Things/1", "", scim.Exchange{Route: "?", Status: 404}},
		{"a method that a path lacks", "DELETE", "/Schemas", "", scim.Exchange{Route: "/Schemas", Status: 405}},
		{"a panic of the host", "GET", "/Users/panic", "", scim.Exchange{Route: "/Users/{id}", Operation: "retrieve", Type: "User", Status: 500, Duration: time.Second}},
	} {
		*seen = nil
		start := w.now()
		answer := send(w.h, c.method, c.path, c.body)
		require.Len(t, *seen, 1, c.name)
		got := (*seen)[0]
		require.Equal(t, answer.Code, got.Status, c.name)
		require.Equal(t, c.body, string(got.Body), c.name)
		require.Equal(t, c.method, got.Request.Method, c.name)
		require.NotEmpty(t, got.Reference)
		require.Equal(t, got.Status >= 400, got.Err != nil, c.name)
		want := c.want
		want.Method, want.Start, want.Authenticated, want.Tenant, want.TokenID, want.Connection = c.method, start, true, "acme", "t1", "okta"
		want.RequestBytes = int64(len(c.body))
		if want.Status >= 400 && want.Status < 500 {
			want.Detail = detailOf(t, answer)
		}
		if want.Status == 500 {
			want.Detail = "internal error"
		}
		got.Request, got.Body, got.Reference, got.Err = nil, nil, "", nil
		require.Equal(t, want, got, c.name)
	}
}

// Requests without credentials have no tenant: not even the anonymous reading of
// /ServiceProviderConfig is of one.
func TestObserveRequestsWithoutCredentials(t *testing.T) {
	t.Parallel()
	w, seen := observed(t, nil)
	for _, path := range []string{"/Users", "/ServiceProviderConfig"} {
		*seen = nil
		r := httptest.NewRequest("GET", scimtest.BaseURL+path, strings.NewReader("unread"))
		r.Header.Set("User-Agent", "client/1")
		w.h.ServeHTTP(httptest.NewRecorder(), r)
		require.Len(t, *seen, 1)
		x := (*seen)[0]
		require.Equal(t, path, x.Route)
		require.False(t, x.Authenticated)
		require.Equal(t, "client/1", x.UserAgent)
		require.Nil(t, x.Body)
		require.EqualValues(t, 6, x.RequestBytes)
	}
	require.Equal(t, 200, (*seen)[0].Status)
}

// A limit of the rate and the brake are told apart from other errors by Err.
func TestObserveRateAndBrake(t *testing.T) {
	t.Parallel()
	w, seen := observed(t, func(w *world, c *scim.Config) {
		c.Limits.Rate, c.Limits.Burst = 0.001, 4
		c.Brake = brake.Config{Leavers: brake.Bound{Most: 1}}
	})
	paths := []string{w.user("a"), w.user("b")}
	send(w.h, "DELETE", paths[0], "")
	require.Equal(t, 503, send(w.h, "DELETE", paths[1], "").Code)
	require.Equal(t, 429, send(w.h, "GET", paths[1], "").Code)
	require.Len(t, *seen, 5)
	var stop *brake.Stop
	require.ErrorAs(t, (*seen)[3].Err, &stop)
	require.Equal(t, brake.Leavers, stop.Kind)
	require.Equal(t, 429, (*seen)[4].Status)
	require.True(t, (*seen)[4].Authenticated)
}

// One exchange for a bulk request, with its operations.
func TestObserveBulk(t *testing.T) {
	t.Parallel()
	w, seen := observed(t, func(w *world, c *scim.Config) {
		n := 0
		c.NewID = func() string { n++; return fmt.Sprint("id", n) }
	})
	body := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
		{"method":"POST","path":"/Users","bulkId":"1","data":` + scimtest.User("a") + `},
		{"method":"POST","path":"/Users","bulkId":"2","data":` + scimtest.User("a") + `},
		{"method":"DELETE","path":"/Users/nobody"},
		{"method":"PATCH","path":"/Things/1","data":{}}]}`
	require.Equal(t, 200, send(w.h, "POST", "/Bulk", body).Code)
	require.Len(t, *seen, 1)
	x := (*seen)[0]
	require.Equal(t, "/Bulk", x.Route)
	require.Equal(t, body, string(x.Body))
	type row struct {
		method, route string
		operation     scim.OperationKind
		status        int
		scimType      schema.ErrorType
	}
	var rows []row
	for _, o := range x.Operations {
		rows = append(rows, row{o.Method, o.Route, o.Operation, o.Status, o.ScimType})
		require.Equal(t, "okta", o.TokenID)
		require.Nil(t, o.Request)
	}
	require.Equal(t, []row{
		{"POST", "/Users", "create", 201, ""}, {"POST", "/Users", "create", 409, "uniqueness"},
		{"DELETE", "/Users/{id}", "delete", 404, ""}, {"PATCH", "?", "", 404, ""},
	}, rows)
}

// A body is kept up to 64 KiB, so that an observer costs no more than that for each
// request.
func TestObserveLargeBody(t *testing.T) {
	t.Parallel()
	w, seen := observed(t, nil)
	body := scimtest.User("a", `"title":"`+strings.Repeat("x", 60<<10)+`"`) + strings.Repeat(" ", 5<<10)
	require.Equal(t, 201, send(w.h, "POST", "/Users", body).Code)
	x := (*seen)[0]
	require.Nil(t, x.Body)
	require.EqualValues(t, len(body), x.RequestBytes)
}

// A client that closes the connection is no error of the provider.
func TestObserveAbortedRequests(t *testing.T) {
	t.Parallel()
	w, seen := observed(t, func(w *world, c *scim.Config) {
		c.Authorize = func(ctx context.Context, op scim.Operation) error {
			if op.ID == "abort" {
				panic(http.ErrAbortHandler)
			}
			return ctx.Err()
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", scimtest.BaseURL+"/Users/1", nil)
	r.Header.Set("Authorization", "Bearer secret")
	w.h.ServeHTTP(httptest.NewRecorder(), r)
	require.Panics(t, func() { send(w.h, "GET", "/Users/abort", "") })
	require.Len(t, *seen, 2)
	require.True(t, (*seen)[0].Aborted)
	require.True(t, (*seen)[1].Aborted)
	require.Zero(t, (*seen)[1].Status)
}

func TestPanicOfObserveChangesNothing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.Observe = func(context.Context, *scim.Exchange) { panic("in the observer") }
	})
	require.Equal(t, 201, send(w.h, "POST", "/Users", scimtest.User("a")).Code)
	require.Contains(t, log.String(), "observe failed")
	require.Contains(t, log.String(), "in the observer")
	page, err := w.users.List(t.Context(), &store.Query{Count: 1})
	require.NoError(t, err)
	require.Len(t, page.Resources, 1)
}

// Observers are called in their order, also after a panic in one of them.
func TestObservers(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var seen []string
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.Observe = scim.Observers(
			func(_ context.Context, x *scim.Exchange) { seen = append(seen, "first "+x.Route) },
			func(context.Context, *scim.Exchange) { panic("in the second") },
			func(_ context.Context, x *scim.Exchange) { seen = append(seen, "third "+x.Route) },
		)
	})
	require.Equal(t, 200, send(w.h, "GET", "/Users", "").Code)
	require.Equal(t, []string{"first /Users", "third /Users"}, seen)
	require.Contains(t, log.String(), "in the second")
}

package scim_test

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// connections sends requests to [newConnections].
func connections(t *testing.T, limits scim.Limits) func(token, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	h := newConnections(t, limits)
	return func(token, method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
}

// newConnections serves the connections okta (with two tokens) and entra of acme, and
// okta of globex.
func newConnections(t *testing.T, limits scim.Limits) *scim.Handler {
	t.Helper()
	token := func(id, tenant, connection string) store.Token {
		k := scim.HashToken(id, id)
		k.Tenant, k.Connection = tenant, connection
		return k
	}
	db := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Tx: db, Logger: slog.New(slog.DiscardHandler), Limits: limits,
		Auth: scim.BearerTokens(token("okta-1", "acme", "okta"), token("okta-2", "acme", "okta"), token("entra", "acme", "entra"), token("globex", "globex", "okta"),
			token("plain-1", "acme", ""), token("plain-2", "acme", "")),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
	})
	require.NoError(t, err)
	return h
}

func TestRateOfAConnection(t *testing.T) {
	t.Parallel()
	do := connections(t, scim.Limits{Rate: 0.001, Burst: 3})
	for range 3 {
		require.Equal(t, 200, do("okta-1", "GET", "/Users", "").Code)
	}
	for _, token := range []string{"okta-1", "okta-2"} {
		w := do(token, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada"}`)
		require.Equal(t, http.StatusTooManyRequests, w.Code, "the tokens of a connection share its rate")
		assert.JSONEq(t, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"429","detail":"too many requests; try again in `+w.Header().Get("Retry-After")+` seconds"}`, w.Body.String())
		assert.InDelta(t, 1000, toInt(t, w.Header().Get("Retry-After")), 20, "a rate of one request in 1,000 seconds")
	}
	assert.Equal(t, 200, do("entra", "GET", "/Users", "").Code, "another connection")
	assert.Equal(t, 200, do("globex", "GET", "/Users", "").Code, "another tenant")
	assert.NotContains(t, do("entra", "GET", "/Users", "").Body.String(), "ada", "nothing of the request happened")
	assert.Equal(t, 401, do("stranger", "GET", "/Users", "").Code)
	assert.Equal(t, 200, do("plain-1", "GET", "/Users", "").Code, "tokens without a connection have rates of their own")
	assert.Equal(t, 200, do("plain-2", "GET", "/Users", "").Code)
}

func TestRateOfATenant(t *testing.T) {
	t.Parallel()
	do := connections(t, scim.Limits{Rate: 0.001, Burst: 3, TenantRate: 0.001, TenantBurst: 4})
	for range 3 {
		require.Equal(t, 200, do("okta-1", "GET", "/Users", "").Code)
	}
	require.Equal(t, 200, do("entra", "GET", "/Users", "").Code)
	require.Equal(t, 429, do("entra", "GET", "/Users", "").Code)
	assert.Equal(t, 200, do("globex", "GET", "/Users", "").Code)
}

// By default 100 users assigned at once pass: a look-up, a creation, a second
// look-up and a membership each, all users concurrently, over HTTP.
func TestHundredUsersAssignedAtOnce(t *testing.T) {
	t.Parallel()
	do := connectionsOverHTTP(t)
	made := do("okta-1", "POST", "/Groups", scimtest.Group("all"))
	require.Equal(t, 201, made.status)
	group := strings.TrimPrefix(made.header.Get("Location"), scimtest.BaseURL)
	start(100, func(i int) {
		name := fmt.Sprintf("user%d", i)
		for _, request := range []struct {
			method, path, body string
			want               int
		}{
			{"GET", "/Users?filter=userName+eq+%22" + name + "%22", "", 200},
			{"POST", "/Users", scimtest.User(name), 201},
			{"GET", "/Users?filter=userName+eq+%22" + name + "%22", "", 200},
			{"PATCH", group, scimtest.PatchOp(`{"op":"add","path":"members","value":[{"value":"` + name + `"}]}`), 204},
		} {
			assert.Equal(t, request.want, do("okta-1", request.method, request.path, request.body).status, "%s %s", request.method, request.path)
		}
	})()
}

// A request that is refused costs nothing more: its body is not read.
func TestRateIsCheckedBeforeTheBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) { c.Limits.Rate, c.Limits.Burst = 1e-9, 1 })
	w.do(200, "GET", "/Users", "")
	body := strings.NewReader(scimtest.User("ada"))
	r := httptest.NewRequest("POST", scimtest.BaseURL+"/Users", body)
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Content-Type", "application/scim+json")
	got := httptest.NewRecorder()
	w.h.ServeHTTP(got, r)
	require.Equal(t, 429, got.Code)
	require.Equal(t, len(scimtest.User("ada")), body.Len(), "unread")
}

// Of 2,000 requests of one connection at once some are refused, with Retry-After and
// an error of SCIM. Another tenant, which sends meanwhile, is not.
func TestBurstOfOneConnection(t *testing.T) {
	t.Parallel()
	// Without a network between, so that the requests come faster than the limit refills
	// on the slowest machine.
	do := connections(t, scim.Limits{})
	var passed, refused atomic.Int64
	burst := start(40, func(int) {
		for range 50 {
			got := do("okta-1", "GET", "/Users/none", "")
			if got.Code != http.StatusTooManyRequests {
				if !assert.Equal(t, 404, got.Code) {
					return
				}
				passed.Add(1)
				continue
			}
			refused.Add(1)
			seconds := got.Header().Get("Retry-After")
			assert.Equal(t, "1", seconds)
			assert.Equal(t, "application/scim+json", got.Header().Get("Content-Type"))
			assert.JSONEq(t, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"429","detail":"too many requests; try again in 1 seconds"}`, got.Body.String())
		}
	})
	over := make(chan struct{})
	unhurt := start(4, func(int) {
		for n := 0; n < 100; n++ { // within its own burst
			if !assert.Equal(t, 200, do("globex", "GET", "/Users", "").Code) {
				return
			}
			select {
			case <-over:
				return
			default:
			}
		}
	})
	burst()
	close(over)
	unhurt()
	assert.GreaterOrEqual(t, passed.Load(), int64(1000), "the burst that is allowed")
	assert.Positive(t, refused.Load())
	assert.Equal(t, 200, do("globex", "GET", "/Users", "").Code)
	assert.Equal(t, 200, do("entra", "GET", "/Users", "").Code, "another connection of the tenant")
}

// start calls fn n times at once. The function that it returns waits for the end.
func start(n int, fn func(i int)) (wait func()) {
	var running sync.WaitGroup
	for i := range n {
		running.Add(1)
		go func() {
			defer running.Done()
			fn(i)
		}()
	}
	return running.Wait
}

// answered is a response that was read.
type answered struct {
	status int
	header http.Header
	body   string
}

// connectionsOverHTTP is [connections] with the default limits on a server, to which
// requests may be sent concurrently.
func connectionsOverHTTP(t *testing.T) func(token, method, path, body string) answered {
	t.Helper()
	server := httptest.NewServer(newConnections(t, scim.Limits{}))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 50, MaxIdleConnsPerHost: 50}}
	t.Cleanup(client.CloseIdleConnections)
	return func(token, method, path, body string) (got answered) {
		r, err := http.NewRequest(method, server.URL+"/scim/v2"+path, strings.NewReader(body))
		if !assert.NoError(t, err) {
			return got
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/scim+json")
		w, err := client.Do(r)
		if !assert.NoError(t, err) {
			return got
		}
		defer w.Body.Close()
		text, err := io.ReadAll(w.Body)
		assert.NoError(t, err)
		return answered{w.StatusCode, w.Header, string(text)}
	}
}

func TestInfiniteRateIsNoLimit(t *testing.T) {
	t.Parallel()
	do := connections(t, scim.Limits{Rate: math.Inf(1), TenantRate: math.Inf(1)})
	for range 3000 {
		require.Equal(t, 404, do("okta-1", "GET", "/Users/none", "").Code)
	}
}

func TestOperationsOfABulkRequestCount(t *testing.T) {
	t.Parallel()
	do := connections(t, scim.Limits{Rate: 0.001, Burst: 5})
	op := `{"method":"DELETE","path":"/Users/none"}`
	w := do("okta-1", "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+strings.Repeat(op+",", 99)+op+`]}`)
	require.Equal(t, 200, w.Code)
	require.Equal(t, 100, strings.Count(w.Body.String(), `{"method":"DELETE"`), "they do not wait")
	w = do("okta-1", "GET", "/Users", "")
	require.Equal(t, 429, w.Code)
	assert.InDelta(t, 97_000, toInt(t, w.Header().Get("Retry-After")), 1000, "each is owed")
	assert.Equal(t, 200, do("entra", "GET", "/Users", "").Code, "another connection of the tenant")
}

func toInt(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/health/figures"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

var noon = time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)

// world is a handler with a monitor, on a clock.
type world struct {
	*testing.T
	m     *health.Monitor
	h     *scim.Handler
	db    *memstore.DB
	clock time.Time
}

func newWorld(t *testing.T, adjust func(c *health.Config, s *scim.Config)) *world {
	w := &world{T: t, db: memstore.New(), clock: noon}
	now := func() time.Time { return w.clock }
	hc := health.Config{Now: now, Tokens: w.db, Hours: 3}
	sc := scim.Config{
		BaseURL: scimtest.BaseURL, Tx: w.db, Outbox: w.db, Now: now, Logger: slog.New(slog.DiscardHandler), Auth: scim.StoredTokens(w.db, now),
		Endpoints: []scim.Endpoint{scim.Users(w.db.Store(schema.UserType)), scim.Groups(w.db.Store(schema.GroupType))},
	}
	if adjust != nil {
		adjust(&hc, &sc)
	}
	var err error
	w.m, err = health.New(hc)
	require.NoError(t, err)
	sc.Observe = w.m.Observe
	w.h, err = scim.New(sc)
	require.NoError(t, err)
	w.m.Attach(w.h)
	return w
}

// token adds a token whose secret is its id.
func (w *world) token(tenant, id, connection string, expires time.Time) {
	t := scim.HashToken(id, id)
	t.Tenant, t.Connection, t.Expires, t.Created = tenant, connection, expires, w.clock
	require.NoError(w, w.db.AddToken(w.Context(), t))
}

func (w *world) send(secret, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+secret)
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, r)
	return rec
}

func (w *world) status(tenant string) []health.Status {
	w.Helper()
	all, err := w.m.Status(w.Context(), tenant)
	require.NoError(w, err)
	return all
}

func TestStatusOfEachConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.token("acme", "t1", "okta", time.Time{})
	w.token("acme", "t2", "entra", noon.AddDate(0, 0, 10))
	w.token("other", "t3", "okta", time.Time{})
	require.Equal(t, 201, w.send("t1", "POST", "/Users", scimtest.User("ada", `"active":true`)).Code)
	require.Equal(t, 201, w.send("t1", "POST", "/Users", scimtest.User("bob", `"active":false`)).Code)
	w.clock = noon.Add(time.Hour)
	require.Equal(t, 409, w.send("t1", "POST", "/Users", scimtest.User("ada")).Code)
	require.Equal(t, 404, w.send("t1", "GET", "/Users/nobody", "").Code)
	w.clock = w.clock.Add(time.Minute)
	require.Equal(t, 201, w.send("t1", "POST", "/Groups", scimtest.Group("g")).Code)

	all := w.status("acme")
	require.Len(t, all, 2)
	entra, okta := all[0], all[1]
	require.Equal(t, "entra", entra.Connection)
	require.Equal(t, health.LevelWarning, entra.Level, "its credential expires")
	require.Contains(t, entra.Warnings[0].Reason, "2024-03-10 12:30 UTC")
	require.Zero(t, entra.Requests)

	require.Equal(t, "okta", okta.Connection)
	require.Equal(t, health.LevelOK, okta.Level)
	require.Equal(t, health.Counts{Requests: 5, Errors: 1}, okta.Counts)
	require.Equal(t, []health.Hour{
		{Start: noon.Add(-90 * time.Minute)},
		{Start: noon.Add(-30 * time.Minute), Counts: health.Counts{Requests: 2}},
		{Start: noon.Add(30 * time.Minute), Counts: health.Counts{Requests: 3, Errors: 1}},
	}, okta.Hours)
	require.Equal(t, w.clock, okta.LastRequest)
	require.Equal(t, w.clock, okta.LastSuccess)
	require.Equal(t, noon.Add(time.Hour), okta.LastError.Time)
	require.Equal(t, 409, okta.LastError.Status)
	require.Contains(t, okta.LastError.Reason, "belongs to another account")
	require.Equal(t, &health.Users{Active: 1, Inactive: 1}, okta.Users)
	require.Equal(t, 1, *okta.Groups)
	require.Equal(t, &health.Outbox{}, okta.Outbox)
	require.Equal(t, health.Limits{Rate: 100, Burst: 1000, TenantRate: 200, TenantBurst: 2000}, okta.Limits)
	require.Equal(t, "t1", okta.Credentials[0].ID)
	require.NotEmpty(t, okta.Brake)

	require.Len(t, w.status("other"), 1)
	require.Empty(t, w.status("nobody"))
	require.Equal(t, health.LevelWaiting, w.status("other")[0].Level)

	text, err := json.Marshal(all)
	require.NoError(t, err)
	require.Contains(t, string(text), `"lastSuccess":"2024-02-29T13:31:00Z"`)
	require.NotContains(t, string(text), "0001-01-01")
}

// What a connection owns is counted where the type has an owner.
func TestStatusCountsWhatAConnectionOwns(t *testing.T) {
	t.Parallel()
	owned := schema.WithOwner(schema.UserType)
	w := newWorld(t, func(_ *health.Config, s *scim.Config) {
		db := s.Tx.(*memstore.DB)
		s.Endpoints = []scim.Endpoint{{Type: owned, Store: db.Store(owned)}}
	})
	w.token("", "t1", "okta", time.Time{})
	w.token("", "t2", "entra", time.Time{})
	require.Equal(t, 201, w.send("t1", "POST", "/Users", scimtest.User("ada", `"active":true`)).Code)
	all := w.status("")
	require.Equal(t, &health.Users{}, all[0].Users)
	require.Equal(t, &health.Users{Active: 1}, all[1].Users)
	require.Nil(t, all[0].Groups)
}

// The reasons that the status of a response does not tell.
func TestReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *health.Config, s *scim.Config) {
		s.Brake = brake.Config{Leavers: brake.Bound{Most: 1}}
		s.Authorize = func(_ context.Context, op scim.Operation) error {
			switch op.ID {
			case "forbidden":
				return scim.ErrForbidden
			case "down":
				return store.ErrUnavailable
			case "broken":
				return errors.New("secret text")
			}
			return nil
		}
	})
	w.token("", "t1", "okta", time.Time{})
	for _, c := range []struct {
		name, method, path, body string
		cause                    health.Cause
		level                    health.Level
		reason, advice           string
	}{
		{"a filter", "GET", "/Users?filter=userName+eq", "", health.CauseRequest, health.LevelWarning, "a filter that cannot be read", "matches people"},
		{"forbidden", "GET", "/Users/forbidden", "", health.CauseRequest, health.LevelFailing, "does not permit", "read-only"},
		{"no endpoint", "GET", "/scim/Users", "", health.CauseRequest, health.LevelFailing, "a path that does not exist", "base URL"},
		{"unavailable", "GET", "/Users/down", "", health.CauseUnavailable, health.LevelFailing, "unavailable for a moment", "reference"},
		{"a failure", "GET", "/Users/broken", "", health.CauseInternal, health.LevelFailing, "This service failed", "reference in the log"},
		{"a value", "POST", "/Users", scimtest.User("a", `"emails":true`), health.CauseRequest, health.LevelWarning, "not of the kind", "attribute mapping"},
	} {
		require.GreaterOrEqual(t, w.send("t1", c.method, c.path, c.body).Code, 400, c.name)
		s := w.status("")[0]
		require.Equal(t, c.cause, s.LastError.Cause, c.name)
		require.Equal(t, c.level, s.Level, c.name)
		require.Contains(t, s.LastError.Reason, c.reason, c.name)
		require.Contains(t, s.LastError.Advice, c.advice, c.name)
		require.NotContains(t, fmt.Sprint(*s.LastError), "secret text")
		w.clock = w.clock.Add(time.Minute)
	}
	var ids []string
	for _, name := range []string{"a", "b"} {
		var user struct{ ID string }
		require.NoError(t, json.Unmarshal(w.send("t1", "POST", "/Users", scimtest.User(name, `"active":true`)).Body.Bytes(), &user))
		ids = append(ids, user.ID)
	}
	require.Equal(t, 204, w.send("t1", "DELETE", "/Users/"+ids[0], "").Code)
	w.clock = w.clock.Add(time.Minute)
	require.Equal(t, 503, w.send("t1", "DELETE", "/Users/"+ids[1], "").Code)
	s := w.status("")[0]
	require.Equal(t, health.LevelFailing, s.Level)
	require.EqualValues(t, 1, s.Stopped)
	require.Equal(t, health.CauseBrake, s.LastError.Cause)
	require.Contains(t, s.Warnings[0].Reason, "more than 1 leavers within 24 hours")
	require.Contains(t, s.Warnings[0].Advice, "release the brake")
	w.clock = w.clock.Add(time.Minute)
	require.Equal(t, 200, w.send("t1", "GET", "/Users", "").Code)
	require.Equal(t, health.LevelFailing, w.status("")[0].Level, "the brake is still on")
	paused := true
	require.NoError(t, w.db.SetToken(t.Context(), "t1", store.TokenChange{Paused: &paused}))
	w.clock = w.clock.Add(time.Minute)
	require.Equal(t, 503, w.send("t1", "GET", "/Users", "").Code)
	require.Equal(t, health.CausePaused, w.status("")[0].LastError.Cause)
}

func TestRateIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *health.Config, s *scim.Config) { s.Limits.Rate, s.Limits.Burst = 0.001, 1 })
	w.token("", "t1", "", time.Time{})
	w.send("t1", "GET", "/Users", "")
	require.Equal(t, 429, w.send("t1", "GET", "/Users", "").Code)
	s := w.status("")[0]
	require.Equal(t, "t1", s.Connection, "a credential without a connection")
	require.Equal(t, health.Counts{Requests: 2, Errors: 1, RateLimited: 1}, s.Counts)
	require.Equal(t, health.CauseRate, s.LastError.Cause)
}

// Requests without valid credentials are in no connection and take one place.
func TestUnauthenticated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *health.Config, _ *scim.Config) { c.Connections = 2 })
	w.token("", "t1", "okta", time.Time{})
	w.send("t1", "GET", "/Users", "")
	for i := range 100 {
		require.Equal(t, 401, w.send(fmt.Sprint("wrong", i), "GET", "/Users", "").Code)
	}
	all := w.status("")
	require.Len(t, all, 1)
	require.EqualValues(t, 1, all[0].Requests)
	s, err := w.m.Unauthenticated(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 100, s.Errors)
	require.Contains(t, s.LastError.Advice, "Make a new credential")
}

// The method of an operation, or of a request, is any text of the client.
func TestMethodsAreShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.token("acme", "t1", "okta", time.Time{})
	long := strings.Repeat("X", 1<<20)
	body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":%q,"path":"/Users/1"}]}`, long)
	require.Equal(t, 200, w.send("t1", "POST", "/Bulk", body).Code)
	require.Less(t, len(w.status("acme")[0].LastError.Method), 100)
	require.Equal(t, 401, w.send("nobody", long, "/Users", "").Code)
	all, err := w.m.Unauthenticated(t.Context())
	require.NoError(t, err)
	require.Less(t, len(all.LastError.Method), 100)
}

// Each operation of a bulk request is counted.
func TestBulkIsCountedByOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.token("", "t1", "okta", time.Time{})
	bulk := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
		{"method":"POST","path":"/Users","bulkId":"1","data":` + scimtest.User("a") + `},
		{"method":"POST","path":"/Users","bulkId":"2","data":` + scimtest.User("a") + `}]}`
	require.Equal(t, 200, w.send("t1", "POST", "/Bulk", bulk).Code)
	require.Equal(t, 400, w.send("t1", "POST", "/Bulk", "{").Code)
	require.Equal(t, health.Counts{Requests: 3, Errors: 2}, w.status("")[0].Counts)
}

// The state of a connection is a notice of its own.
func TestStatesOfConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *health.Config, s *scim.Config) { s.Connections = s.Tx.(*memstore.DB) })
	w.token("", "t1", "okta", time.Time{})
	c := connection.Connection{Name: "okta", Label: "Okta of acme", Provider: "okta", State: connection.Active}
	require.NoError(t, w.db.AddConnection(t.Context(), c))
	require.NoError(t, w.db.AddConnection(t.Context(), connection.Connection{Name: "entra", State: connection.Active}))
	require.Equal(t, 200, w.send("t1", "GET", "/Users", "").Code)
	for _, s := range []struct {
		state  connection.State
		status int
		cause  health.Cause
		reason string
	}{
		{connection.Paused, 503, health.CausePaused, "is paused"},
		{connection.Off, 401, health.CauseOff, "switched off"},
	} {
		w.clock = w.clock.Add(time.Minute)
		_, err := w.m.Status(t.Context(), "")
		require.NoError(t, err)
		w.setState("okta", s.state)
		require.Equal(t, s.status, w.send("t1", "GET", "/Users", "").Code)
		all := w.status("")
		require.Equal(t, []string{"entra", "okta"}, []string{all[0].Connection, all[1].Connection})
		require.Equal(t, "Okta of acme", all[1].Label)
		require.Equal(t, s.state, all[1].State)
		require.Equal(t, s.cause, all[1].LastError.Cause)
		require.Equal(t, health.LevelWarning, all[1].Level)
		require.Len(t, all[1].Warnings, 1)
		require.Contains(t, all[1].Warnings[0].Reason, s.reason)
	}
	w.setState("okta", connection.Active)
	require.Equal(t, health.LevelOK, w.status("")[1].Level)
}

// setState changes the state as connection.Manager does.
func (w *world) setState(name string, s connection.State) {
	_, err := w.db.SetConnection(w.Context(), name, connection.Change{State: &s})
	require.NoError(w, err)
	w.h.ConnectionHost().States.Forget("", name)
}

// Processes share figures through a store, and none is lost when it fails.
func TestFiguresAreShared(t *testing.T) {
	t.Parallel()
	db := &failing{DB: memstore.New()}
	clock := noon
	var monitors [2]*health.Monitor
	for i := range monitors {
		m, err := health.New(health.Config{Store: db, Hours: 2, Now: func() time.Time { return clock }, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		monitors[i] = m
	}
	see := func(m *health.Monitor, status int) {
		clock = clock.Add(time.Second)
		m.Observe(t.Context(), &scim.Exchange{Authenticated: true, Tenant: "acme", Connection: "okta", Status: status, Start: clock})
	}
	status := func(m *health.Monitor) health.Status {
		all, err := m.Status(t.Context(), "acme")
		require.NoError(t, err)
		require.Len(t, all, 1)
		return all[0]
	}
	see(monitors[0], 200)
	see(monitors[0], 409)
	require.EqualValues(t, 2, status(monitors[0]).Requests)
	require.NoError(t, monitors[0].Flush(t.Context()))
	see(monitors[1], 200)
	require.EqualValues(t, 2, status(monitors[0]).Requests, "what another process has not written yet is missing")
	s := status(monitors[1])
	require.EqualValues(t, 3, s.Requests)
	require.EqualValues(t, 1, s.Errors)
	require.Equal(t, 409, s.LastError.Status)
	require.NotEmpty(t, s.LastError.Advice)
	require.Equal(t, clock, s.LastSuccess)

	db.err = store.ErrUnavailable
	require.ErrorIs(t, monitors[1].Flush(t.Context()), store.ErrUnavailable)
	see(monitors[1], 200)
	require.EqualValues(t, 4, status(monitors[1]).Requests)
	db.err = nil
	require.NoError(t, monitors[1].Flush(t.Context()))
	require.NoError(t, monitors[1].Flush(t.Context()))
	require.EqualValues(t, 4, status(monitors[0]).Requests)

	clock = clock.Add(3 * time.Hour)
	all, err := monitors[0].Status(t.Context(), "acme")
	require.NoError(t, err)
	require.Empty(t, all)
}

type failing struct {
	*memstore.DB
	err error
}

func (f *failing) AddFigures(ctx context.Context, all []figures.Figures) error {
	if f.err != nil {
		return f.err
	}
	return f.DB.AddFigures(ctx, all)
}

// Run writes at its end what was counted.
func TestRunWritesAtTheEnd(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	m, err := health.New(health.Config{Store: db, Now: func() time.Time { return noon }})
	require.NoError(t, err)
	m.Observe(t.Context(), &scim.Exchange{Authenticated: true, Connection: "okta", Status: 200, Start: noon})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, m.Run(ctx), context.Canceled)
	all, err := db.ListFigures(t.Context(), noon.Add(-time.Hour))
	require.NoError(t, err)
	require.Len(t, all, 2)
}

// Memory is bounded by the number of connections; the newest stay.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	m, err := health.New(health.Config{Connections: 20, Now: func() time.Time { return noon }})
	require.NoError(t, err)
	for i := range 1000 {
		m.Observe(t.Context(), &scim.Exchange{
			Authenticated: true, Connection: fmt.Sprint("c", i), Status: 200, Start: noon.Add(-time.Hour + time.Duration(i)*time.Second),
		})
	}
	all, err := m.Status(t.Context(), "")
	require.NoError(t, err)
	require.LessOrEqual(t, len(all), 20)
	require.GreaterOrEqual(t, len(all), 15)
	names := map[string]bool{}
	for _, s := range all {
		names[s.Connection] = true
	}
	require.True(t, names["c999"])
}

// Hours that are no longer shown are forgotten.
func TestOldHoursAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *health.Config, _ *scim.Config) { c.Tokens = nil })
	w.token("", "t1", "okta", time.Time{})
	w.send("t1", "GET", "/Users", "")
	w.clock = noon.Add(5 * time.Hour)
	require.Empty(t, w.status(""), "nothing shows that the connection is still there")
	w.send("t1", "GET", "/Users", "")
	s := w.status("")[0]
	require.EqualValues(t, 1, s.Requests)
	require.Len(t, s.Hours, 3)
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []health.Config{{Hours: -1}, {Hours: 169}, {Connections: -1}, {FlushEvery: -1}, {ExpiresSoon: -1}} {
		_, err := health.New(c)
		require.ErrorContains(t, err, "0 takes the default")
	}
}

// Requests and questions come at the same time.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.token("", "t1", "okta", time.Time{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 50 {
				w.send("t1", "GET", "/Users", "")
				if _, err := w.m.Status(context.Background(), ""); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	require.EqualValues(t, 200, w.status("")[0].Requests)
}

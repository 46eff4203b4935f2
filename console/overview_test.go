package console_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/store"
)

// withHealth gives the service a monitor on the clock of the fixture, and stored
// tokens of the connection okta of both tenants.
func withHealth(f *fixture, s *scim.Config, c *console.Config) {
	now := func() time.Time { return f.now }
	m, err := health.New(health.Config{Tokens: f.db, Now: now})
	require.NoError(f.t, err)
	for _, tenant := range []string{"acme", "rival"} {
		token := scim.HashToken("token-"+tenant, tenant)
		token.Tenant, token.Connection, token.Created = tenant, "okta", f.now
		if tenant == "rival" {
			token.Connection = "secret-rival"
		}
		require.NoError(f.t, f.db.AddToken(f.t.Context(), token))
	}
	s.Auth, s.Observe, s.Now, s.Outbox = scim.StoredTokens(f.db, now), m.Observe, now, f.db
	c.Health, c.Tokens, c.Trail = m, f.db, f.db
	f.attach = m.Attach
}

func TestOverview(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withHealth)
	require.Contains(t, f.page("/overview"), "waiting")
	f.user("acme", "grace")
	f.scim("acme", "POST", "/Users", `{"userName":"alan","active":false}`)
	f.user("rival", "mallory")
	f.now = f.now.Add(time.Hour)
	r := httptest.NewRequest("POST", "/scim/v2/Users", strings.NewReader(`{"userName":"grace"}`))
	r.Header.Set("Authorization", "Bearer acme")
	f.handler.ServeHTTP(httptest.NewRecorder(), r)
	page := f.page("/overview")
	require.Contains(t, page, "3 requests in the last 48 hours, 1 of them refused or failed; at most 2 in an hour.")
	require.Contains(t, page, `<title>29 Nov 13:00: 1 request, 1 error</title>`)
	require.Contains(t, page, `<dt>Active users</dt><dd>1</dd><dd class="sub">1 inactive</dd>`)
	require.Contains(t, page, "belongs to another account")
	require.NotContains(t, page, "secret-rival")
	require.Equal(t, "/admin/scim/overview", f.get("/").Header().Get("Location"))
}

// Work that was given up is listed with its reason, and tried again on demand.
func TestDeadEntries(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withHealth)
	for _, tenant := range []string{"acme", "rival"} {
		require.NoError(t, f.db.Append(t.Context(), []store.Entry{{ID: "entry-" + tenant, Queue: store.QueueEvent, Tenant: tenant, Type: "User", ResourceID: "u-" + tenant, Payload: []byte("{}"), Created: f.now, Due: f.now}}))
	}
	for range 2 {
		claimed, err := f.db.Claim(t.Context(), store.QueueEvent, f.now, f.now.Add(time.Minute), 10)
		require.NoError(t, err)
		for _, e := range claimed {
			require.NoError(t, f.db.Fail(t.Context(), e, "the hook said <b>no</b>", f.now, true))
		}
	}
	page := f.page("/overview")
	require.Contains(t, page, "the hook said &lt;b&gt;no&lt;/b&gt;")
	require.Contains(t, page, "entry-acme")
	require.NotContains(t, page, "-rival")
	require.Equal(t, 404, f.post("/overview", "/overview/outbox", url.Values{"id": {"entry-rival"}}).Code)
	w := f.post("/overview", "/overview/outbox", url.Values{"id": {"entry-acme"}})
	require.Equal(t, 303, w.Code)
	require.Equal(t, "/admin/scim/overview?done=replayed", w.Header().Get("Location"))
	page = f.page("/overview?done=replayed")
	require.Contains(t, page, "The entry will be tried again.")
	require.Contains(t, page, "Nothing was given up.")
	require.Contains(t, f.page("/activity"), "replay an entry")
	require.NotContains(t, f.page("/overview?done=<script>"), "role=\"status\"")
}

func TestBrakeIsReleased(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withHealth, func(_ *fixture, s *scim.Config, _ *console.Config) { s.Brake.Leavers = brake.Bound{Most: 1} })
	var ids []string
	for i := range 4 {
		ids = append(ids, f.user("acme", fmt.Sprintf("person-%d", i)))
	}
	deleted := func(id string) int {
		r := httptest.NewRequest("DELETE", "/scim/v2/Users/"+id, nil)
		r.Header.Set("Authorization", "Bearer acme")
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		return w.Code
	}
	f.now = f.now.Add(25 * time.Hour) // those who were just created are no share
	require.Equal(t, 204, deleted(ids[0]))
	require.Equal(t, 503, deleted(ids[1]))
	page := f.page("/brake")
	require.Contains(t, page, "stopped")
	require.Contains(t, page, "1 of 1")
	require.NotContains(t, page, "secret-rival")
	of := func(fields ...string) url.Values {
		v := url.Values{"connection": {"okta"}, "kind": {"leavers"}, "type": {"User"}, "reason": {"the site was closed"}}
		for i := 0; i < len(fields); i += 2 {
			v.Set(fields[i], fields[i+1])
		}
		return v
	}
	for _, wrong := range []url.Values{of("more", "0"), of("more", "x"), of("more", "9999999"), of(), of("more", "1", "reason", " "), of("more", "1", "kind", "memberships"), of("more", "1", "type", "Device"), of("more", "1", "connection", "")} {
		require.Equal(t, 400, f.post("/brake", "/brake", wrong).Code, wrong)
	}
	require.Equal(t, 404, f.post("/brake", "/brake", of("id", "nobody")).Code)
	require.Equal(t, 503, deleted(ids[1]))

	require.Equal(t, 303, f.post("/brake", "/brake", of("id", ids[2])).Code)
	require.Equal(t, 503, deleted(ids[1]))
	require.Equal(t, 204, deleted(ids[2]), "the only one")
	w := f.post("/brake", "/brake", of("more", "1"))
	require.Equal(t, 303, w.Code)
	require.Contains(t, f.page("/brake?done=released"), "The brake is released.")
	require.Equal(t, 204, deleted(ids[1]))
	require.Equal(t, 503, deleted(ids[3]))
	f.as.ReadOnly = true
	require.NotContains(t, f.page("/brake"), "<form")
}

// Without anything that knows connections, the brake asks for the name.
func TestBrakeWithoutNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	require.Contains(t, f.page("/brake"), "Connection, or id of its token")
	require.Equal(t, 303, f.post("/brake", "/brake", url.Values{"connection": {"token-acme"}, "kind": {"creations"}, "type": {"User"}, "more": {"20000"}, "reason": {"first sync"}}).Code)
	off := newFixture(t, func(_ *fixture, s *scim.Config, _ *console.Config) { s.Brake.Off = true })
	require.Equal(t, 404, off.get("/brake").Code)
	require.NotContains(t, off.page("/directory/Users"), "/brake")
}

// blocked are tokens that are listed when the channel is closed.
type blocked struct {
	store.Tokens
	until chan struct{}
}

func (b blocked) ListTokens(ctx context.Context) ([]store.Token, error) {
	<-b.until
	return b.Tokens.ListTokens(ctx)
}

// A page does not wait for figures that take long: it shows the last ones, or none, and
// loads again.
func TestPagesDoNotBePatient(t *testing.T) {
	t.Parallel()
	until := make(chan struct{})
	f := newFixture(t, withHealth, func(f *fixture, s *scim.Config, c *console.Config) {
		m, err := health.New(health.Config{Tokens: blocked{f.db, until}, Now: func() time.Time { return f.now }})
		require.NoError(t, err)
		s.Observe, c.Health, f.attach = m.Observe, m, m.Attach
	})
	f.console.DoNotWait()
	for _, path := range []string{"/overview", "/brake"} {
		w := f.get(path)
		require.Equal(t, 200, w.Code)
		require.Equal(t, "2", w.Header().Get("Refresh"), path)
		require.Contains(t, w.Body.String(), "This page loads again by itself.")
	}
	close(until)
	f.console.BePatient()
	w := f.get("/overview")
	require.Empty(t, w.Header().Get("Refresh"))
	require.Contains(t, w.Body.String(), "waiting")
	require.Contains(t, f.page("/brake"), "okta")
}

package console_test

import (
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/schema"
)

var by = connection.By{Actor: "setup", Reason: "the test"}

// withConnections gives both tenants connections, whose types have owners.
func withConnections(f *fixture, s *scim.Config, c *console.Config) {
	withHealth(f, s, c)
	users, groups := schema.WithOwner(schema.UserType), schema.WithOwner(schema.GroupType)
	s.Connections = f.db
	s.Endpoints = []scim.Endpoint{{Type: users, Store: f.db.Store(users)}, {Type: groups, Store: f.db.Store(groups)}}
	attach := f.attach
	f.attach = func(h *scim.Handler) {
		attach(h)
		m, err := connection.New(connection.Config{Handler: h, Store: f.db, Now: func() time.Time { return f.now }})
		require.NoError(f.t, err)
		for tenant, name := range map[string]string{"acme": "okta", "rival": "secret-rival"} {
			_, err := m.Create(f.t.Context(), tenant, connection.Connection{Name: name, Provider: "okta", Label: name + " of " + tenant}, by)
			require.NoError(f.t, err)
		}
		f.ownConsole.Connections = m
	}
}

var secretOf = regexp.MustCompile(`id="secret" readonly value="([^"]+)"`)

// status sends a request with a token and returns the status of the response.
func (f *fixture) status(secret string) int {
	r := httptest.NewRequest("GET", "/scim/v2/Users", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w.Code
}

// newConnection sends the form of a new connection.
func (f *fixture) newConnection(name string, fields ...string) *httptest.ResponseRecorder {
	v := url.Values{"name": {name}, "provider": {"entra"}, "label": {"A label"}, "expires": {"2027-11-29"}}
	for i := 0; i < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	return f.post("/connections", "/connections", v)
}

// A connection is made with its first token, whose secret is part of that one response.
func TestTokenOfTheConsole(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withConnections)
	w := f.newConnection("entra")
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	secret := secretOf.FindStringSubmatch(w.Body.String())[1]
	require.Equal(t, 200, f.status(secret))
	for _, path := range []string{"/connections", "/connections/entra", "/setup/entra?connection=entra", "/activity"} {
		require.NotContains(t, f.page(path), secret, path)
	}
	require.NotContains(t, f.log.String(), secret)
	page := f.page("/connections/entra")
	require.Contains(t, page, "first token")
	id := regexp.MustCompile(`tok_[A-Z0-9]+`).FindString(page)

	w = f.post("/connections/entra", "/connections/entra/rotate", url.Values{"token": {id}, "overlap": {"0"}, "expires": {"2027-11-29"}, "reason": {"a leak"}})
	require.Equal(t, 200, w.Code, w.Body)
	require.Contains(t, w.Body.String(), "is not valid any more")
	second := secretOf.FindStringSubmatch(w.Body.String())[1]
	require.Equal(t, 401, f.status(secret))
	require.Equal(t, 200, f.status(second))

	w = f.post("/connections/entra", "/connections/entra/issue", url.Values{"label": {"third"}, "expires": {"2027-11-29"}, "reason": {"more"}, "readonly": {"1"}})
	require.Equal(t, 200, w.Code, w.Body)
	third := secretOf.FindStringSubmatch(w.Body.String())[1]
	for _, m := range regexp.MustCompile(`tok_[A-Z0-9]+`).FindAllString(f.page("/connections/entra"), -1) {
		f.post("/connections/entra", "/connections/entra/revoke", url.Values{"token": {m}, "reason": {"all of them"}})
	}
	require.Equal(t, 401, f.status(second))
	require.Equal(t, 401, f.status(third))
	require.Equal(t, 409, f.post("/connections/entra", "/connections/entra/rotate", url.Values{"token": {id}, "overlap": {"0"}, "expires": {"2027-11-29"}, "reason": {"x"}}).Code)
	require.Contains(t, f.page("/connections/entra"), "revoked")
	require.NotContains(t, f.page("/connections/entra"), "rotate\"")
}

func TestMistakesInFormsOfConnections(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withConnections)
	for _, wrong := range [][]string{{"", "x", ""}, {"a b"}, {"<b>"}, {".."}, {strings.Repeat("x", 65)}, {"x", "provider", "none"}, {"x", "client", "lax"}, {"x", "policy", "none"}, {"x", "expires", "2020-01-01"}, {"x", "expires", "soon"}} {
		require.Equal(t, 400, f.newConnection(wrong[0], wrong[1:]...).Code, wrong)
	}
	require.Equal(t, 409, f.newConnection("okta").Code)
	for path, fields := range map[string]url.Values{
		"/state":  {"to": {"paused"}},
		"/issue":  {"expires": {"2027-01-01"}, "reason": {" "}},
		"/revoke": {"token": {"x"}},
		"/label":  {"label": {"x"}, "provider": {"okta"}},
	} {
		require.Equal(t, 400, f.post("/connections/okta", "/connections/okta"+path, fields).Code, "%s without a reason", path)
	}
	reason := url.Values{"reason": {"x"}, "to": {"elsewhere"}, "expires": {"2020-01-01"}, "token": {"none"}}
	require.Equal(t, 400, f.post("/connections/okta", "/connections/okta/state", reason).Code)
	require.Equal(t, 400, f.post("/connections/okta", "/connections/okta/issue", reason).Code)
	require.Equal(t, 404, f.post("/connections/okta", "/connections/okta/revoke", reason).Code)
	require.Equal(t, 404, f.post("/connections/okta", "/connections/none/state", url.Values{"reason": {"x"}, "to": {"paused"}}).Code)
	require.Equal(t, 404, f.get("/connections/none").Code)
}

func TestStatesOfAConnection(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withConnections)
	require.Equal(t, 200, f.status("acme"))
	for _, step := range []struct {
		to   string
		want int
	}{{"paused", 503}, {"off", 401}, {"active", 200}} {
		w := f.post("/connections/okta", "/connections/okta/state", url.Values{"to": {step.to}, "reason": {"because <b>of it</b>"}})
		require.Equal(t, 303, w.Code, step.to)
		require.Equal(t, step.want, f.status("acme"), step.to)
		page := f.page("/connections/okta?done=state")
		require.Contains(t, page, "The state of the connection is changed.")
		require.Contains(t, page, "because &lt;b&gt;of it&lt;/b&gt;")
	}
	off := url.Values{"to": {"off"}, "reason": {"x"}}
	f.post("/connections/okta", "/connections/okta/state", off)
	require.Equal(t, 409, f.post("/connections/okta", "/connections/okta/state", url.Values{"to": {"paused"}, "reason": {"x"}}).Code)
	require.Equal(t, 303, f.post("/connections/okta", "/connections/okta/label", url.Values{"label": {"New label"}, "provider": {"ping"}, "reason": {"x"}}).Code)
	page := f.page("/connections/okta")
	require.Contains(t, page, "New label")
	require.Contains(t, page, "PingOne")
}

// The connections of another tenant do not exist.
func TestConnectionsOfTenants(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withConnections)
	for _, path := range []string{"/connections", "/connections/secret-rival", "/overview", "/brake", "/setup/okta", "/setup/okta?connection=secret-rival"} {
		require.NotContains(t, f.get(path).Body.String(), "secret-rival", path)
	}
	require.Equal(t, 404, f.get("/connections/secret-rival").Code)
	require.Equal(t, 404, f.get("/setup/okta?connection=secret-rival").Code)
	require.Equal(t, 404, f.post("/connections", "/connections/secret-rival/state", url.Values{"to": {"off"}, "reason": {"x"}}).Code)
	require.Equal(t, 200, f.status("rival"))
	f.as.ReadOnly = true
	for _, path := range []string{"/connections", "/connections/okta"} {
		require.NotContains(t, f.page(path), `method="post"`)
	}
}

// Each provider has a page, which turns green with the first request.
func TestSetUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withConnections)
	list := f.page("/setup")
	for _, slug := range []string{"okta", "entra", "onelogin", "google", "jumpcloud", "ping", "keycloak", "authentik", "sailpoint", "rippling", "other"} {
		require.Contains(t, list, `href="/admin/scim/setup/`+slug+`"`)
		page := f.page("/setup/" + slug + "?connection=okta")
		require.Contains(t, page, `value="https://app.example.com/scim/v2"`, slug)
		require.Contains(t, page, "Waiting for the first request.")
		require.Contains(t, page, `<noscript><meta http-equiv="refresh" content="10"></noscript>`)
		require.Contains(t, page, `data-live="/admin/scim/setup/`+slug+`/live?connection=okta"`)
	}
	require.Equal(t, 404, f.get("/setup/none").Code)
	require.Contains(t, f.page("/setup/entra"), "Choose a connection below.")
	require.Contains(t, f.page("/setup/okta"), "Waiting for the first request.", "the only connection of the provider")

	require.Equal(t, 200, f.status("acme"))
	for _, path := range []string{"/setup/okta", "/setup/okta/live?connection=okta"} {
		page := f.page(path)
		require.Contains(t, page, `class="live good"`)
		require.Contains(t, page, "Connected.")
		require.NotContains(t, page, "http-equiv")
	}
	f.now = f.now.Add(time.Minute)
	r := httptest.NewRequest("GET", "/scim/v2/Users?filter=userName+eq", nil)
	r.Header.Set("Authorization", "Bearer acme")
	f.handler.ServeHTTP(httptest.NewRecorder(), r)
	require.Contains(t, f.page("/setup/okta"), "it was refused or failed")
	f.post("/connections/okta", "/connections/okta/state", url.Values{"to": {"paused"}, "reason": {"x"}})
	require.Contains(t, f.page("/setup/okta"), "The connection is paused")
}

// A wrong token is said only where there are no tenants: whose it is is not known.
func TestSetUpTellsOfWrongTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withHealth)
	require.Equal(t, 401, f.status("wrong"))
	require.NotContains(t, f.page("/setup/other"), "without valid credentials")
	f.as.Tenant = ""
	require.Contains(t, f.page("/setup/other"), "without valid credentials")
	f.now = f.now.Add(time.Hour)
	require.NotContains(t, f.page("/setup/other"), "without valid credentials")
}

// What a connection provisioned is handed over after a preview, which changes nothing.
func TestHandOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withConnections)
	f.newConnection("entra")
	id := f.user("acme", "grace")
	owner := func() string {
		_, rest, _ := strings.Cut(f.page("/directory/Users/"+id), "<dt>Connection</dt><dd>")
		text, _, _ := strings.Cut(rest, "</dd>")
		return text
	}
	page := f.page("/connections/okta/handover?to=entra")
	require.Contains(t, page, "<bdi>grace</bdi>")
	require.Contains(t, page, "<dt>Users</dt><dd>1</dd>")
	require.Contains(t, owner(), "okta")
	for _, to := range []string{"okta", "none", "secret-rival"} {
		require.Equal(t, 400, f.get("/connections/okta/handover?to="+to).Code, to)
		require.Equal(t, 400, f.post("/connections/okta", "/connections/okta/handover", url.Values{"to": {to}, "reason": {"x"}}).Code, to)
	}
	require.Equal(t, 409, f.get("/connections/okta/handover").Code, "it is active")
	require.Equal(t, 400, f.post("/connections/okta", "/connections/okta/handover", url.Values{"to": {"entra"}}).Code, "no reason")
	w := f.post("/connections/okta", "/connections/okta/handover", url.Values{"to": {"entra"}, "reason": {"another provider"}})
	require.Equal(t, 200, w.Code, w.Body)
	require.Contains(t, w.Body.String(), "<dt>Handed over</dt><dd>1</dd>")
	require.Contains(t, owner(), "entra")

	f.post("/connections/entra", "/connections/entra/state", url.Values{"to": {"off"}, "reason": {"x"}})
	require.Contains(t, f.page("/connections/entra/handover"), "<bdi>grace</bdi>")
	w = f.post("/connections/entra", "/connections/entra/handover", url.Values{"to": {""}, "reason": {"no provider any more"}})
	require.Equal(t, 200, w.Code, w.Body)
	require.Contains(t, owner(), "the application itself")
	f.as.Tenant = "rival"
	require.Equal(t, 404, f.get("/connections/okta/handover?to=entra").Code)
}

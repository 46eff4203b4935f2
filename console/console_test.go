package console_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// fixture is a service on a store in memory, its console, and the administrator who
// looks at it.
type fixture struct {
	t       *testing.T
	db      *memstore.DB
	handler *scim.Handler
	console *console.Console
	as      console.Identity
	failing error // of Identify
	now     time.Time
	log     bytes.Buffer
	attach  func(*scim.Handler) // called with the handler

	ownConsole *console.Config // what attach may change
}

func newFixture(t *testing.T, change ...func(*fixture, *scim.Config, *console.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, db: memstore.New(), as: console.Identity{Actor: "ada@acme.example", Tenant: "acme"}, now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
	logger := slog.New(slog.NewTextHandler(&f.log, nil))
	of := func(tenant string) store.Token {
		token := scim.HashToken("token-"+tenant, tenant)
		token.Tenant = tenant
		return token
	}
	cfg := scim.Config{
		BaseURL:   "https://app.example.com/scim/v2",
		Auth:      scim.BearerTokens(of("acme"), of("rival")),
		Endpoints: []scim.Endpoint{scim.Users(f.db.Store(schema.UserType)), scim.Groups(f.db.Store(schema.GroupType))},
		Tx:        f.db,
		Limits:    scim.Limits{Rate: math.Inf(1), TenantRate: math.Inf(1)},
		Logger:    logger,
	}
	own := console.Config{
		Identify: func(*http.Request) (console.Identity, error) { return f.as, f.failing },
		Prefix:   "/admin/scim", Logger: logger, Now: func() time.Time { return f.now },
	}
	for _, c := range change {
		c(f, &cfg, &own)
	}
	var err error
	f.handler, err = scim.New(cfg)
	require.NoError(t, err)
	f.ownConsole = &own
	if f.attach != nil {
		f.attach(f.handler)
	}
	own.Handler = f.handler
	f.console, err = console.New(own)
	require.NoError(t, err)
	f.console.BePatient()
	return f
}

// scim sends a request to the service as the provider of a tenant, and returns the id
// of the resource that is the answer.
func (f *fixture) scim(tenant, method, path, body string) string {
	f.t.Helper()
	r := httptest.NewRequest(method, "/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+tenant)
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	require.Less(f.t, w.Code, 300, w.Body.String())
	_, rest, _ := strings.Cut(w.Body.String(), `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

func (f *fixture) user(tenant, name string) string {
	f.t.Helper()
	return f.scim(tenant, "POST", "/Users", fmt.Sprintf(`{"userName":%q,"active":true,"emails":[{"value":"%s@private.example"}]}`, name, url.PathEscape(name)))
}

func (f *fixture) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	f.console.ServeHTTP(w, r)
	return w
}

func (f *fixture) get(path string) *httptest.ResponseRecorder {
	return f.do(httptest.NewRequest("GET", "/admin/scim"+path, nil))
}

// page returns a page that must be there.
func (f *fixture) page(path string) string {
	f.t.Helper()
	w := f.get(path)
	require.Equal(f.t, 200, w.Code, "%s: %s", path, w.Body)
	return w.Body.String()
}

var tokenOf = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// token returns the token of the first form of a page.
func (f *fixture) token(path string) string {
	f.t.Helper()
	match := tokenOf.FindStringSubmatch(f.page(path))
	require.NotNil(f.t, match, "no form on %s", path)
	return match[1]
}

// post sends a form as a browser does, with the token that the page from has.
func (f *fixture) post(from, path string, fields url.Values) *httptest.ResponseRecorder {
	f.t.Helper()
	if fields == nil {
		fields = url.Values{}
	}
	fields.Set("csrf", f.token(from))
	return f.do(form(path, fields))
}

func form(path string, fields url.Values) *http.Request {
	r := httptest.NewRequest("POST", "https://app.example.com/admin/scim"+path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://app.example.com")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// upload sends a file with the fields before it.
func (f *fixture) upload(token, content string, fields ...string) *httptest.ResponseRecorder {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	require.NoError(f.t, w.WriteField("csrf", token))
	for i := 0; i < len(fields); i += 2 {
		require.NoError(f.t, w.WriteField(fields[i], fields[i+1]))
	}
	file, err := w.CreateFormFile("file", "export.csv")
	require.NoError(f.t, err)
	io.WriteString(file, content)
	require.NoError(f.t, w.Close())
	r := httptest.NewRequest("POST", "https://app.example.com/admin/scim/reconcile", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Origin", "https://app.example.com")
	return f.do(r)
}

// The pages that every console has.
var always = []string{"/directory/Users", "/directory/Groups", "/reconcile", "/brake", "/setup", "/setup/okta"}

func TestMistakesOfTheEmbedderAreErrors(t *testing.T) {
	t.Parallel()
	_, err := console.New(console.Config{})
	require.ErrorContains(t, err, "Config.Handler is required")
	require.ErrorContains(t, err, "Config.Identify is required")
	f := newFixture(t)
	identify := func(*http.Request) (console.Identity, error) { return console.Identity{}, nil }
	for _, prefix := range []string{"admin", "/a b", "/a//b", "/a/../b", "/{x}", "//host/x"} {
		_, err = console.New(console.Config{Handler: f.handler, Identify: identify, Prefix: prefix})
		require.ErrorContains(t, err, "Config.Prefix", prefix)
	}
	_, err = console.New(console.Config{Handler: f.handler, Identify: identify, Key: []byte("short")})
	require.ErrorContains(t, err, "Config.Key has 5 bytes")
}

// A login that fails, or names nobody, sees nothing.
func TestNothingIsShownWithoutAnIdentity(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.user("acme", "grace")
	for _, as := range []func(){
		func() { f.failing = errors.New("no session\nforged line") },
		func() { f.failing, f.as = nil, console.Identity{Tenant: "acme"} },
	} {
		as()
		for _, path := range append(always, "/", "/directory/Users/"+id, "/no-such-page") {
			w := f.get(path)
			require.Equal(t, 401, w.Code, path)
			require.NotContains(t, w.Body.String(), "grace")
			require.NotContains(t, w.Body.String(), "no session")
			require.NotContains(t, w.Body.String(), "<nav")
		}
		require.Equal(t, 401, f.do(form("/directory/Users/"+id, url.Values{})).Code)
	}
}

func TestHeadersOfEveryPage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, path := range append(always, "/no-such-page", "/directory/Users/none") {
		h := f.get(path).Header()
		policy := h.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.Contains(t, policy, "frame-ancestors 'none'")
		require.NotContains(t, policy, "unsafe")
		require.Equal(t, "no-store", h.Get("Cache-Control"), path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		require.Equal(t, "same-origin", h.Get("Referrer-Policy"), "no-referrer makes a browser send Origin: null")
		require.Empty(t, h.Values("Set-Cookie"))
	}
}

var inline = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script(?:>|[^>]*>[^<])|https?://[^"]*\.(?:css|js)`)

// The policy forbids what stands in the page itself, so that nothing may depend on it.
func TestNoPageHasInlineStyleOrScript(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.user("acme", "grace")
	for _, path := range append(always, "/directory/Users/"+id) {
		require.Empty(t, inline.FindString(f.page(path)), path)
	}
}

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	page := f.page("/directory/Users")
	for _, name := range []string{"style.css", "console.js", "icon.svg"} {
		url := regexp.MustCompile(`/admin/scim/static/[0-9a-f]+/` + regexp.QuoteMeta(name)).FindString(page)
		require.NotEmpty(t, url, name)
		w := f.do(httptest.NewRequest("GET", url, nil))
		require.Equal(t, 200, w.Code)
		require.Contains(t, w.Header().Get("Cache-Control"), "immutable")
	}
	for _, path := range []string{"/static/", "/static/000000000000/style.css", "/static/../console.go", "/static/x/layout.html"} {
		require.NotEqual(t, 200, f.get(path).Code, path)
	}
}

// The prefix may be stripped or not.
func TestPrefix(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("acme", "grace")
	mux := http.NewServeMux()
	mux.Handle("/admin/scim/", f.console)
	mux.Handle("/stripped/admin/scim/", http.StripPrefix("/stripped/admin/scim", f.console))
	for _, path := range []string{"/admin/scim/directory/Users", "/stripped/admin/scim/directory/Users"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		require.Equal(t, 200, w.Code, path)
		require.Contains(t, w.Body.String(), "grace")
		require.Contains(t, w.Body.String(), `href="/admin/scim/reconcile"`)
	}
	w := f.get("/")
	require.Equal(t, 303, w.Code)
	require.Equal(t, "/admin/scim/directory", w.Header().Get("Location"))
	require.Equal(t, 404, f.get("/no-such-page").Code)
	require.Equal(t, 404, f.do(httptest.NewRequest("DELETE", "/admin/scim/directory/Users", nil)).Code)
}

// A POST needs the token of the same login, from the same origin.
func TestForgedFormsAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := "/directory/Users/" + f.user("acme", "grace")
	token := f.token(path)
	send := func(change func(*http.Request), token string) int {
		r := form(path, url.Values{"csrf": {token}})
		change(r)
		return f.do(r).Code
	}
	unchanged := func(*http.Request) {}
	require.Equal(t, 200, send(unchanged, token))
	require.Equal(t, 403, send(unchanged, ""))
	require.Equal(t, 403, send(unchanged, token[:len(token)-2]))
	require.Equal(t, 403, send(unchanged, strings.ToUpper(token)))
	for name, change := range map[string]func(*http.Request){
		"another origin":      func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"an opaque origin":    func(r *http.Request) { r.Header.Set("Origin", "null") },
		"another site":        func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a sibling of a site": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
	} {
		require.Equal(t, 403, send(change, token), name)
	}
	original := f.as
	for name, other := range map[string]console.Identity{
		"another actor":   {Actor: "eve@acme.example", Tenant: "acme"},
		"another tenant":  {Actor: "ada@acme.example", Tenant: "rival"},
		"another session": {Actor: "ada@acme.example", Tenant: "acme", Session: "2"},
		"shifted borders": {Actor: "ada@acme.examplea", Tenant: "cme"},
	} {
		f.as = other
		require.Equal(t, 403, send(unchanged, token), name)
	}
	f.as = original
	f.now = f.now.Add(13 * time.Hour)
	require.Equal(t, 403, send(unchanged, token), "too old")
	require.Equal(t, 403, f.upload(token, "userName\ngrace\n").Code)
	require.Equal(t, 403, f.upload("", "userName\ngrace\n").Code)
}

// A login that may only look is refused every POST, by the server too.
func TestReadOnlyRefusesEveryPost(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := "/directory/Users/" + f.user("acme", "grace")
	token := f.token(path)
	f.as.ReadOnly = true
	for _, to := range []string{path, "/reconcile", "/no-such-page", "/"} {
		require.Equal(t, 403, f.do(form(to, url.Values{"csrf": {token}})).Code, to)
	}
	page := f.page(path)
	require.NotContains(t, page, `method="post"`)
	require.Contains(t, page, "read only")
	require.NotContains(t, f.page("/reconcile"), `method="post"`)
}

// A form that is too large is an error, not memory.
func TestLargeFormsAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := "/directory/Users/" + f.user("acme", "grace")
	w := f.post(path, path, url.Values{"x": {strings.Repeat("x", 1<<20)}})
	require.Equal(t, 400, w.Code)
}

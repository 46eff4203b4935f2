package console_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/console"
	"github.com/seed5f3efb56/scim/requestlog"
)

// withObservers gives the pages of a connection what its requests show.
func withObservers(f *fixture, s *scim.Config, c *console.Config) {
	withConnections(f, s, c)
	withTrail(f, s, c)
	health := s.Observe
	requests, err := requestlog.New(requestlog.Config{Now: c.Now})
	require.NoError(f.t, err)
	c.Requests = requests
	s.Observe = func(ctx context.Context, x *scim.Exchange) {
		health(ctx, x)
		requests.Observe(ctx, x)
	}
	attach := f.attach
	f.attach = func(h *scim.Handler) {
		attach(h)
		requests.Attach(h)
	}
}

// send sends a request as a provider whose token was made in the console.
func (f *fixture) send(secret, method, path, body string) {
	r := httptest.NewRequest(method, "/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+secret)
	f.handler.ServeHTTP(httptest.NewRecorder(), r)
}

// The requests of a connection are kept while an administrator wants it, without a
// person's data, and forgotten when the administrator says so.
func TestRequestsOfAConnection(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withObservers)
	secret := secretOf.FindStringSubmatch(f.newConnection("entra").Body.String())[1]
	path := "/connections/entra/requests"
	require.Contains(t, f.page("/connections/entra"), `href="/admin/scim`+path+`"`)
	require.Contains(t, f.page(path), "Nothing is kept.")
	user := `{"userName":"grace@private.example","displayName":"<b>Grace` + "\u202e" + `</b>","active":"perhaps"}`
	f.send(secret, "POST", "/Users", user)
	require.Contains(t, f.page(path), "Nothing is kept.")

	require.Equal(t, 303, f.post(path, path, url.Values{"hours": {"8"}}).Code)
	f.send(secret, "POST", "/Users?attributes=userName", user)
	f.send(secret, "GET", `/Users?filter=`+url.QueryEscape(`userName eq "grace@private.example"`), "")
	page := f.page(path)
	for _, want := range []string{"2 requests", "POST", "/Users", "400", "displayName", "userName eq"} {
		require.Contains(t, page, want)
	}
	for _, private := range []string{"grace", "Grace", "private.example", "perhaps", secret, "<b>", "\u202e"} {
		require.NotContains(t, page, private)
	}
	require.NotContains(t, f.page("/connections/okta/requests"), "2 requests")
	require.Contains(t, f.page("/activity"), "started to keep requests")

	for _, hours := range []string{"", "25", "-1", "x"} {
		require.Equal(t, 400, f.post(path, path, url.Values{"hours": {hours}}).Code, hours)
	}
	f.as.ReadOnly = true
	require.Contains(t, f.page(path), "2 requests")
	require.NotContains(t, f.page(path), "<form")
	f.as.ReadOnly = false
	form := f.page(path)
	f.as = console.Identity{Actor: "eve@rival.example", Tenant: "rival"}
	require.Equal(t, 404, f.get(path).Code)
	require.NotContains(t, f.page("/connections/secret-rival/requests"), "2 requests")
	f.as = console.Identity{Actor: "ada@acme.example", Tenant: "acme"}

	require.Contains(t, form, "stop, and forget")
	require.Equal(t, 303, f.post(path, path, url.Values{"hours": {"0"}}).Code)
	require.Contains(t, f.page(path), "Nothing is kept.")
	require.Contains(t, f.page("/activity"), "stopped keeping requests")
}

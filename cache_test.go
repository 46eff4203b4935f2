package scim_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
)

// RFC 9111 §3: a shared cache may store a response to a request without
// Authorization and serve "active": true after the deactivation. A 304 has the
// Vary of the 200 (RFC 9110 §15.4.5).
func TestResourcesAreNotCacheable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	path := w.user("a")
	tag := w.do(200, "GET", path, "").Header().Get("ETag")
	for _, c := range []struct {
		status             int
		method, path, body string
		header             string
	}{
		{200, "GET", path, "", ""},
		{304, "GET", path, "", tag},
		{200, "GET", "/Users", "", ""},
		{200, "GET", "/", "", ""},
		{200, "POST", "/.search", scimtest.Search(), ""},
		{201, "POST", "/Users", scimtest.User("b"), ""},
		{409, "POST", "/Users", scimtest.User("b"), ""},
		{200, "PATCH", path, scimtest.PatchOp(`{"op":"add","path":"title","value":"x"}`), ""},
		{404, "GET", "/Users/none", "", ""},
		{404, "GET", "/Things", "", ""},
		{403, "GET", "/Schemas?filter=x", "", ""},
		{204, "DELETE", path, "", ""},
	} {
		r := newRequest(c.method, c.path, c.body)
		if c.header != "" {
			r.Header.Set("If-None-Match", c.header)
		}
		got := httptest.NewRecorder()
		w.h.ServeHTTP(got, r)
		require.Equal(t, c.status, got.Code, "%s %s: %s", c.method, c.path, got.Body)
		require.Equal(t, []string{"no-store"}, got.Header().Values("Cache-Control"), "%s %s", c.method, c.path)
		require.Equal(t, []string{"Accept"}, got.Header().Values("Vary"), "%s %s", c.method, c.path)
	}
	for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas"} {
		got := w.do(200, "GET", path, "")
		require.Empty(t, got.Header().Values("Cache-Control"), path)
		require.Equal(t, []string{"Accept", "Authorization"}, got.Header().Values("Vary"), path)
	}
}

// A refusal is not cacheable either: the next request may have a valid token.
func TestRefusalsAreNotCacheable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) { c.PrivateServiceProviderConfig = true })
	for _, path := range []string{"/Users", "/ServiceProviderConfig"} {
		r := newRequest(http.MethodGet, path, "")
		r.Header.Del("Authorization")
		got := httptest.NewRecorder()
		w.h.ServeHTTP(got, r)
		require.Equal(t, 401, got.Code)
		require.Equal(t, "no-store", got.Header().Get("Cache-Control"))
	}
}

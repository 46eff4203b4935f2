package scim_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
)

// A request below another path than that of BaseURL means that the handler is
// mounted wrongly; the log explains it. The log omits segments that may be ids.
func TestLogOfRequestsOutsideTheBaseURL(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := newWorld(t, func(_ *world, c *scim.Config) { c.Logger = slog.New(slog.NewJSONHandler(&log, nil)) })
	mounted := chi.NewRouter()
	mounted.Mount("/api", w.h)
	for _, c := range []struct {
		name   string
		router http.Handler
		path   string
		token  string
		status int
		level  string
		want   string // the path that is logged
	}{
		{"another prefix", w.h, "/api/scim/v2/Users/barbara", "secret", 404, "WARN", "/api/scim"},
		{"a shorter prefix", w.h, "/scim/Users/barbara", "secret", 404, "WARN", "/scim/Users"},
		{"another prefix of one segment", w.h, "/users/barbara", "secret", 404, "WARN", "/users"},
		{"mounted where BaseURL is not", mounted, "/api/scim/Users/barbara", "secret", 404, "WARN", "/api/scim"},
		{"escaped", w.h, "/%7Ea%2Fb/c/d", "secret", 404, "WARN", "/%7Ea%2Fb/c"},
		{"not authenticated", w.h, "/api/scim/v2/Users/barbara", "wrong", 401, "INFO", "/api/scim"},
		{"the prefix and no endpoint", w.h, "/scim/v2/Nothing/barbara", "secret", 404, "INFO", ""},
		{"the prefix taken off", w.h, "/Users/barbara", "secret", 404, "INFO", ""},
		{"mounted well", mounted, "/api/Users/barbara", "secret", 404, "INFO", ""},
	} {
		log.Reset()
		r := httptest.NewRequest("GET", c.path, nil)
		r.Header.Set("Authorization", "Bearer "+c.token)
		got := httptest.NewRecorder()
		c.router.ServeHTTP(got, r)
		require.Equal(t, c.status, got.Code, c.name)
		require.NotContains(t, log.String(), "barbara", c.name)
		var rec struct{ Level, Route, Path, ExpectedPrefix string }
		require.NoError(t, json.Unmarshal(log.Bytes(), &rec), c.name)
		require.Equal(t, c.level, rec.Level, c.name)
		require.Equal(t, c.want, rec.Path, c.name)
		if c.want != "" {
			require.Equal(t, "?", rec.Route, c.name)
			require.Equal(t, "/scim/v2", rec.ExpectedPrefix, c.name)
		}
	}
}

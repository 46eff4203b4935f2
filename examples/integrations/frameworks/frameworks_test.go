package frameworks_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/examples/integrations/frameworks"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// oddID has characters that routers treat in a special way.
const oddID, oddPath = "team/a:b c", "team%2Fa:b%20c"

func handler(t *testing.T) http.Handler {
	db := memstore.New()
	users := db.Store(schema.UserType)
	var name schema.Builder
	name.Set(schema.User.Attribute("userName"), schema.String("odd"))
	now := time.Now()
	_, err := users.Create(t.Context(), &store.Change{ID: oddID, At: now, Cause: event.ByPost, After: &schema.Resource{
		Type: schema.UserType, ID: oddID, Created: now, LastModified: now, Attributes: name.Object(),
	}})
	require.NoError(t, err)
	h, err := scim.New(scim.Config{
		BaseURL: "https://example.com/scim/v2", Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db,
		Endpoints: []scim.Endpoint{scim.Users(users)},
	})
	require.NoError(t, err)
	return h
}

// call sends a request and decodes the JSON of the response.
func call(t *testing.T, method, url, body string) (*http.Response, map[string]any) {
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Content-Type", "application/scim+json")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var answer map[string]any
	if len(text) > 0 {
		require.NoError(t, json.Unmarshal(text, &answer), "%s %s: %s", method, url, text)
	}
	return resp, answer
}

// testMounted makes the requests that a router may spoil.
func testMounted(t *testing.T, server string) {
	base := server + "/scim/v2"
	resp, user := call(t, "POST", base+"/Users", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"}`)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	location := "https://example.com/scim/v2/Users/" + user["id"].(string)
	require.Equal(t, location, resp.Header.Get("Location"))

	const deactivate = `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "path": "active", "value": false}]}`
	for _, path := range []string{"/Users/" + user["id"].(string), "/Users/" + oddPath, "/Users/" + oddPath + "/"} {
		resp, user = call(t, "PATCH", base+path, deactivate)
		require.Equal(t, http.StatusOK, resp.StatusCode, path)
		require.Equal(t, false, user["active"], path)
		require.Equal(t, "application/scim+json", strings.Split(resp.Header.Get("Content-Type"), ";")[0])
	}
	require.Equal(t, oddID, user["id"])

	resp, definition := call(t, "GET", base+"/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "User", definition["name"])
	resp, list := call(t, "GET", base+"/Users?filter=userName+eq+%22ada%22", "")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.EqualValues(t, 1, list["totalResults"])
	resp, _ = call(t, "GET", base+"/Users/"+oddPath+"?attributes=userName", "")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	etag := resp.Header.Get("ETag")
	require.NotEmpty(t, etag)

	resp, body := call(t, "DELETE", base+"/Users/"+oddPath, "")
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
	require.Empty(t, body)
	resp, body = call(t, "GET", base+"/Users/"+oddPath, "")
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
	require.Equal(t, "404", body["status"], "an error of SCIM, not of the router")
}

func TestMountedInRouters(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	for name, mount := range map[string]func(http.Handler) http.Handler{
		"ServeMux": frameworks.ServeMux, "chi": frameworks.Chi, "gin": frameworks.Gin, "echo": frameworks.Echo,
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(mount(handler(t)))
			defer server.Close()
			testMounted(t, server.URL)
		})
	}
}

// serveFiber serves on fasthttp until the test ends, and returns the URL.
func serveFiber(t *testing.T, h http.Handler) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	app := frameworks.Fiber(h)
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener) }()
	t.Cleanup(func() {
		require.NoError(t, app.Shutdown())
		require.NoError(t, <-served)
	})
	return "http://" + listener.Addr().String()
}

func TestMountedInFiber(t *testing.T) {
	testMounted(t, serveFiber(t, handler(t)))
}

func TestAbortedResponseIsAnErrorInFiber(t *testing.T) {
	server := serveFiber(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, err := io.WriteString(w, `{"id": "1", "members": [`)
		require.NoError(t, err)
		panic(http.ErrAbortHandler)
	}))
	resp, err := http.Get(server + "/scim/v2/Groups/1")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NotContains(t, string(text), "members")
}

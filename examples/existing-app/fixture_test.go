package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/seed5f3efb56/scim"
)

// onEach runs a test on SQLite and on the PostgreSQL at SCIM_TEST_POSTGRES, a
// URL. fresh makes the name of a new database.
func onEach(t *testing.T, test func(t *testing.T, fresh func(t *testing.T) string)) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, newFile)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		switch {
		case os.Getenv("SCIM_TEST_POSTGRES") != "":
		case os.Getenv("SCIM_TEST_REQUIRE_ALL") == "1":
			t.Fatal("SCIM_TEST_POSTGRES is not set, and SCIM_TEST_REQUIRE_ALL=1")
		default:
			t.Skip("SCIM_TEST_POSTGRES is not set: no server to test with")
		}
		t.Parallel()
		test(t, newSchema)
	})
}

func newFile(t *testing.T) string { return filepath.Join(t.TempDir(), "app ?#%.db") }

func newSchema(t *testing.T) string {
	dsn, name := os.Getenv("SCIM_TEST_POSTGRES"), "existing_"+strings.ToLower(rand.Text())
	u, err := url.Parse(dsn)
	require.NoError(t, err, "SCIM_TEST_POSTGRES is not a URL")
	admin, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	_, err = admin.ExecContext(t.Context(), "CREATE SCHEMA "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.ExecContext(context.Background(), "DROP SCHEMA "+name+" CASCADE")
		require.NoError(t, err)
		require.NoError(t, admin.Close())
	})
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	return u.String()
}

// running is the application without its worker, and clients of it.
type running struct {
	*app
	t       *testing.T
	handler http.Handler
	worker  func(context.Context) error
}

const testToken = "provider's"

// start runs the application on a database.
func start(t *testing.T, name string, tokens tokenService) *running {
	db, err := open(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	a, err := newApp(db, tokens, bcrypt.MinCost)
	require.NoError(t, err)
	return serving(t, a)
}

func serving(t *testing.T, a *app) *running {
	h, worker, err := a.handler(t.Context(), "https://app.example/scim/v2", scim.BearerTokens(scim.HashToken("test", testToken)))
	require.NoError(t, err)
	return &running{app: a, t: t, handler: h, worker: worker}
}

// startNew runs the application on a new database.
func startNew(t *testing.T, fresh func(*testing.T) string) *running {
	return start(t, fresh(t), tokenFiles(t.TempDir()))
}

// do sends a request with a body unless nil, and headers "Name: value".
func (a *running) do(method, path string, body any, headers ...string) *httptest.ResponseRecorder {
	var content bytes.Buffer
	if body != nil {
		require.NoError(a.t, json.NewEncoder(&content).Encode(body))
	}
	r := httptest.NewRequest(method, path, &content)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	return w
}

// provider sends a request as the identity provider.
func (a *running) provider(method, path string, body any) *httptest.ResponseRecorder {
	return a.do(method, "/scim/v2"+path, body, "Authorization: Bearer "+testToken, "Content-Type: application/scim+json")
}

type object = map[string]any

func person(email string, active bool) object {
	return object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": email, "active": active,
		"emails": []object{{"type": "work", "value": email, "primary": true}},
	}
}

const password = "correct horse"

// hire provisions a user with a password and returns its path.
func (a *running) hire(email string) string {
	body := person(email, true)
	body["password"] = password
	w := a.provider("POST", "/Users", body)
	require.Equal(a.t, http.StatusCreated, w.Code, w.Body)
	var created struct{ ID string }
	require.NoError(a.t, json.Unmarshal(w.Body.Bytes(), &created))
	return "/Users/" + created.ID
}

func setActive(active bool) object {
	return object{
		"schemas":    []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []object{{"op": "replace", "path": "active", "value": active}},
	}
}

// credential is a header that authenticates a request.
type credential string

// login returns a session; "" if it is refused.
func (a *running) login(email string) credential {
	w := a.do("POST", "/login", object{"email": email, "password": password})
	if w.Code == http.StatusUnauthorized {
		return ""
	}
	require.Equal(a.t, http.StatusOK, w.Code, w.Body)
	c := w.Result().Cookies()
	require.Len(a.t, c, 1)
	require.True(a.t, c[0].HttpOnly)
	return credential(fmt.Sprintf("Cookie: %s=%s", c[0].Name, c[0].Value))
}

// issueTo returns an API token; "" if it is refused.
func (a *running) issueTo(email string) credential {
	w := a.do("POST", "/tokens", object{"email": email, "password": password})
	if w.Code == http.StatusUnauthorized {
		return ""
	}
	require.Equal(a.t, http.StatusOK, w.Code, w.Body)
	var out struct{ Token string }
	require.NoError(a.t, json.Unmarshal(w.Body.Bytes(), &out))
	return credential("Authorization: Bearer " + out.Token)
}

// me is the status of a request with a credential.
func (a *running) me(c credential) int { return a.do("GET", "/me", nil, string(c)).Code }

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

// onEach runs a test on SQLite and on the PostgreSQL at SCIM_TEST_POSTGRES, a
// URL. fresh makes the name of a new database.
func onEach(t *testing.T, test func(t *testing.T, fresh func(t *testing.T) string)) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, func(t *testing.T) string { return filepath.Join(t.TempDir(), "saas.db") })
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

func newSchema(t *testing.T) string {
	dsn, name := os.Getenv("SCIM_TEST_POSTGRES"), "saas_"+strings.ToLower(rand.Text())
	u, err := url.Parse(dsn)
	require.NoError(t, err, "SCIM_TEST_POSTGRES is not a URL")
	admin, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = admin.Exec(t.Context(), "CREATE SCHEMA "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.Exec(context.Background(), "DROP SCHEMA "+name+" CASCADE")
		require.NoError(t, err)
		require.NoError(t, admin.Close(context.Background()))
	})
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	return u.String()
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	if name := os.Getenv(envDatabase); name != "" {
		serveUntilKilled(name)
		os.Exit(3)
	}
	if os.Getenv(envProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// running is the application and its clients.
type running struct {
	*app
	t       *testing.T
	handler http.Handler
}

// Tokens of the providers of organisations 1 and 2.
var testTokens = [2]string{"provider of Acme", "provider of Globex"}

// startApp runs the application on a database.
func startApp(t *testing.T, name string) *running {
	db, err := open(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.close()) })
	a, err := newApp(t.Context(), db, bcrypt.MinCost)
	require.NoError(t, err)
	h, err := a.handler("https://app.example/scim/v2", tokensOf(testTokens))
	require.NoError(t, err)
	return &running{app: a, t: t, handler: h}
}

type object = map[string]any

// do sends a request with a bearer token and a body, unless nil.
func (a *running) do(method, path, token string, body any) *httptest.ResponseRecorder {
	var content bytes.Buffer
	if body != nil {
		require.NoError(a.t, json.NewEncoder(&content).Encode(body))
	}
	r := httptest.NewRequest(method, path, &content)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	return w
}

// provider sends a request as the provider of an organisation, and decodes the body of
// the response.
func (a *running) provider(org int, status int, method, path string, body any) object {
	w := a.do(method, "/scim/v2"+path, testTokens[org-1], body)
	require.Equal(a.t, status, w.Code, w.Body)
	var out object
	if w.Body.Len() > 0 {
		require.NoError(a.t, json.Unmarshal(w.Body.Bytes(), &out))
	}
	return out
}

const password = "correct horse"

func user(email string) object {
	return object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": email,
		"name": object{"givenName": "Ada", "familyName": "Lovelace"}, "password": password,
	}
}

func group(name string, members ...string) object {
	list := []object{}
	for _, id := range members {
		list = append(list, object{"value": id})
	}
	return object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": name, "members": list}
}

// create provisions a resource and returns its id.
func (a *running) create(org int, path string, body object) string {
	return a.provider(org, http.StatusCreated, "POST", path, body)["id"].(string)
}

func patch(op, path string, value any) object {
	return object{
		"schemas":    []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []object{{"op": op, "path": path, "value": value}},
	}
}

// token returns a session (/login) or an API key (/keys), "" if it is refused.
func (a *running) token(path string, org int, email string) string {
	return a.tokenBy(path, org, email, password)
}

func (a *running) tokenBy(path string, org int, email, password string) string {
	w := a.do("POST", path, "", object{"org": org, "email": email, "password": password})
	if w.Code == http.StatusUnauthorized {
		return ""
	}
	require.Equal(a.t, http.StatusOK, w.Code, w.Body)
	var out struct{ Token string }
	require.NoError(a.t, json.Unmarshal(w.Body.Bytes(), &out))
	return out.Token
}

// me is the account of a session or key, or nil.
func (a *running) me(token string) *person {
	w := a.do("GET", "/me", token, nil)
	if w.Code == http.StatusUnauthorized {
		return nil
	}
	require.Equal(a.t, http.StatusOK, w.Code, w.Body)
	p := &person{}
	require.NoError(a.t, json.Unmarshal(w.Body.Bytes(), p))
	return p
}

// value returns the first column of the row that a query finds.
func (a *running) value(query string, args ...any) (text string) {
	require.NoError(a.t, a.db.QueryRowContext(a.t.Context(), query, args...).Scan(&text))
	return text
}

func (a *running) exec(statement string, args ...any) {
	_, err := a.db.ExecContext(a.t.Context(), statement, args...)
	require.NoError(a.t, err)
}

package scim_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// TestAuthenticatorGetsTheRequest: an Authenticator reads the whole path and the
// parameters of the application's router.
func TestAuthenticatorGetsTheRequest(t *testing.T) {
	var path, tenant string
	h, err := scim.New(scim.Config{
		BaseURL: "https://example.com/scim/v2",
		Auth: scim.AuthenticatorFunc(func(r *http.Request) (*scim.Principal, error) {
			path, tenant = r.URL.Path, chi.URLParam(r, "tenant")
			return &scim.Principal{Tenant: tenant}, nil
		}),
		Endpoints: []scim.Endpoint{scim.Users(memstore.New().Store(schema.UserType))},
	})
	require.NoError(t, err)
	app := chi.NewMux()
	app.Mount("/{tenant}/scim/v2", h)
	w, r := httptest.NewRecorder(), newRequest("GET", "/Users", "")
	r.URL.Path = "/acme/scim/v2/Users"
	app.ServeHTTP(w, r)
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, "/acme/scim/v2/Users", path)
	assert.Equal(t, "acme", tenant)
}

//go:build !race

// The HTTP kit makes an application, with a SQLite file, for each of its tenants.
// That takes minutes with the race detector; the gate runs it without. Package
// sqlstore runs the same kit with the race detector.

package main

import (
	"net/http"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
)

func TestHandlerPassesTheKitForHandlers(t *testing.T) {
	t.Parallel()
	scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
		return &appForEach{t: t, auth: auth, empty: emptyDatabase(t), apps: map[string]http.Handler{}}
	})
}

// emptyDatabase returns the database file of an application without users.
func emptyDatabase(t *testing.T) []byte {
	name := newFile(t)
	db, err := open(t.Context(), name)
	require.NoError(t, err)
	a, err := newApp(db, tokenFiles(t.TempDir()), bcrypt.MinCost)
	require.NoError(t, err)
	_, err = a.newSCIM(t.Context(), scimtest.BaseURL, scim.InsecureNoAuthentication())
	require.NoError(t, err)
	require.NoError(t, db.Close())
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return data
}

// appForEach serves each tenant of the kit by a separate application, because the
// application has no tenants.
type appForEach struct {
	t     *testing.T
	auth  scim.Authenticator
	empty []byte
	mu    sync.Mutex
	apps  map[string]http.Handler
}

func (s *appForEach) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tenant := ""
	if p, err := s.auth.Authenticate(r); err == nil {
		tenant = p.Tenant
	}
	s.handler(tenant).ServeHTTP(w, r)
}

func (s *appForEach) handler(tenant string) http.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h, ok := s.apps[tenant]; ok {
		return h
	}
	name := newFile(s.t)
	require.NoError(s.t, os.WriteFile(name, s.empty, 0o600))
	db, err := open(s.t.Context(), name)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, db.Close()) })
	a, err := newApp(db, tokenFiles(s.t.TempDir()), bcrypt.MinCost)
	require.NoError(s.t, err)
	h, err := a.newSCIM(s.t.Context(), scimtest.BaseURL, withoutTenant{s.auth})
	require.NoError(s.t, err)
	s.apps[tenant] = h
	return h
}

// withoutTenant removes the tenant from principals.
type withoutTenant struct{ scim.Authenticator }

func (w withoutTenant) Authenticate(r *http.Request) (*scim.Principal, error) {
	p, err := w.Authenticator.Authenticate(r)
	if err != nil {
		return nil, err
	}
	single := *p
	single.Tenant = ""
	return &single, nil
}

func (w withoutTenant) Challenge() string {
	return w.Authenticator.(interface{ Challenge() string }).Challenge()
}

func (w withoutTenant) Schemes() []scim.AuthenticationScheme {
	return w.Authenticator.(interface {
		Schemes() []scim.AuthenticationScheme
	}).Schemes()
}

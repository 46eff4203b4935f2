//go:build !race

// The HTTP kit makes an application, with a SQLite file, for each of its tenants.
// That takes minutes with the race detector; the gate runs it without. Package
// scimtest runs the same kit with the race detector, on a store in memory.

package main

import (
	"math"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
)

func TestHandlerPassesTheKitForHandlers(t *testing.T) {
	t.Parallel()
	empty := emptyDatabase(t)
	scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
		name := newFile(t)
		require.NoError(t, os.WriteFile(name, empty, 0o600))
		db, err := open(t.Context(), name)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		a, err := newApp(db, tokenFiles(t.TempDir()), bcrypt.MinCost)
		require.NoError(t, err)
		a.limits.Rate = math.Inf(1) // the kit sends thousands of requests at once
		h, err := a.newSCIM(t.Context(), scimtest.BaseURL, auth)
		require.NoError(t, err)
		return h
	}, scimtest.App{SingleTenant: true, MembersAreUsers: true})
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

package sqlstore_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/sqlstore"
)

// serve returns a handler on a store, in the default configuration.
func serve(t testing.TB, db *sqlstore.DB, auth scim.Authenticator) http.Handler {
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: auth, Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
	})
	require.NoError(t, err)
	return h
}

func TestConformanceOverHTTP(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler { return serve(t, d.store(t), auth) })
	})
}

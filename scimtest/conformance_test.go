package scimtest_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/memstore"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	scimtest.RunRecorded(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
		db := memstore.New()
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: auth, Tx: db, Logger: slog.New(slog.DiscardHandler),
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
		})
		require.NoError(t, err)
		return h
	})
}

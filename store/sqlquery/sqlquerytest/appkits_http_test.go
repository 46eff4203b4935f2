//go:build !race

// The HTTP kit takes minutes with the race detector; the gate runs it without.

package sqlquerytest

import (
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
)

func TestHandlerOfOrganisations(t *testing.T) {
	t.Parallel()
	scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
		f := orgNumberFixture(t, hostSQLite)
		h, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: auth, Tx: f.Tx, Logger: slog.New(slog.DiscardHandler),
			Limits:    scim.Limits{Rate: math.Inf(1)}, // the kit sends thousands of requests at once
			Endpoints: []scim.Endpoint{scim.Users(f.Users), scim.Groups(f.Groups)},
		})
		require.NoError(t, err)
		return h
	}, scimtest.App{Tenant: strconv.Itoa, MembersAreUsers: true, TwoStateActive: true, Filled: []string{"displayName"}})
}

package scim_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// BenchmarkHandler measures whole requests in memory. The cost of a request must
// not grow with the number of users; compare the two sizes of one run.
func BenchmarkHandler(b *testing.B) {
	for _, users := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			db := memstore.New()
			h, err := scim.New(scim.Config{
				BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("bench", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
				Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
			})
			require.NoError(b, err)
			seeded, err := scimtest.Seed(b.Context(), db, db.Store(schema.UserType), db.Store(schema.GroupType).(store.MemberStore), users)
			require.NoError(b, err)
			scimtest.BenchmarkRequests(b, func(method, path, body string) (int, string) {
				w := send(h, method, path, body)
				return w.Code, w.Body.String()
			}, seeded)
		})
	}
}

package main

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// BenchmarkSQLite measures whole requests on a SQLite file, every write
// durable when it is answered.
func BenchmarkSQLite(b *testing.B) {
	sizes := []int{1_000, 100_000}
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, users := range sizes {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) { benchmark(b, filepath.Join(b.TempDir(), "bench.db"), users) })
	}
}

func benchmark(b *testing.B, name string, users int) {
	db, err := open(b.Context(), name)
	require.NoError(b, err)
	b.Cleanup(func() { db.Close() })
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: db.tx, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(db.users), scim.Groups(db.groups)},
	})
	require.NoError(b, err)
	ids, group, err := scimtest.Seed(b.Context(), db.tx, db.users, db.groups.(store.MemberStore), users)
	require.NoError(b, err)
	scimtest.BenchmarkRequests(b, func(method, path, body string) (int, string) {
		r := httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}, ids, group)
}

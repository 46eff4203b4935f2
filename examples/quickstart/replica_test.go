package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqltest"
)

// TestReadOnlyReplica: the program starts on a database that refuses writes, if
// another one has made the tables, and answers what it can read.
func TestReadOnlyReplica(t *testing.T) {
	t.Parallel()
	sqltest.Server(t, sqltest.Postgres)
	dsn := sqltest.NewPostgres(t)
	primary := started(t, "-db", dsn)
	ada := `{"userName":"ada","active":true}`
	status, body := answered(t, "POST", primary+"/Users", ada)
	require.Equal(t, 201, status, body)

	replica := started(t, "-db", dsn+"&default_transaction_read_only=on")
	status, body = answered(t, "GET", replica+"/Users", "")
	require.Equal(t, 200, status, body)
	require.Contains(t, body, `"ada"`)
	status, body = answered(t, "POST", replica+"/Users", strings.Replace(ada, "ada", "bob", 1))
	require.Equal(t, 503, status, body)
	require.Contains(t, body, "temporarily unavailable")
}

func answered(t *testing.T, method, url, body string) (int, string) {
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("Content-Type", "application/scim+json")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

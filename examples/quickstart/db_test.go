package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/store"
)

func TestMySQLURLs(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"mysql://root@127.0.0.1:3307/scim":               "root@tcp(127.0.0.1:3307)/scim",
		"mysql://u:p%40ss%2F:x@db.example/scim":          "u:p@ss/:x@tcp(db.example:3306)/scim",
		"mysql://u@[::1]:3307/scim?tls=true":             "u@tcp([::1]:3307)/scim?tls=true",
		"mariadb://u@db/scim?timeout=5s&charset=utf8mb4": "u@tcp(db:3306)/scim?charset=utf8mb4&timeout=5s",
	} {
		got, err := mysqlDSN(url)
		require.NoError(t, err, url)
		require.Equal(t, want, got, url)
	}
	for _, url := range []string{"mysql://", "mysql:///scim", "mysql://u:secret@host", "mysql://u:secret@host/", "mysql://u:secret@%zz/x", "mysql://u:secret@h/d?tls=no-such"} {
		_, err := mysqlDSN(url)
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestTokenIsShownOnceAndKept(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "scim.db")
	first := func() (store.Token, string) {
		db, err := open(t.Context(), name)
		require.NoError(t, err)
		defer db.Close()
		var out strings.Builder
		token, err := db.token(t.Context(), "", &out)
		require.NoError(t, err)
		given, err := db.token(t.Context(), "secret", io.Discard)
		require.NoError(t, err)
		require.Equal(t, scim.HashToken("given", "secret"), given)
		return token, out.String()
	}
	made, shown := first()
	lines := strings.Split(strings.TrimSpace(shown), "\n")
	require.Equal(t, made.SHA256, scim.HashToken("", lines[len(lines)-1]).SHA256)
	kept, again := first()
	require.Equal(t, made.ID, kept.ID)
	require.Equal(t, made.SHA256, kept.SHA256)
	require.Contains(t, again, "the one shown at first start")
	require.NotContains(t, again, lines[len(lines)-1])
}

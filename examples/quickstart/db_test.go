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

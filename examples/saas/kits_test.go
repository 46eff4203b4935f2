package main

import (
	"bytes"
	"go/format"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSCIMFileHas120Lines(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("scim.go")
	require.NoError(t, err)
	formatted, err := format.Source(text)
	require.NoError(t, err)
	require.Equal(t, string(formatted), string(text))
	require.LessOrEqual(t, bytes.Count(text, []byte("\n")), 120)
}

// The only trigger is that of updated_at, which the application had.
func TestSCIMNeedsNoTrigger(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sqlite", "postgres"} {
		before, err := migrations.ReadFile("migrations/" + name + "/1_app.sql")
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(before), "CREATE TRIGGER"))
		scim, err := migrations.ReadFile("migrations/" + name + "/2_scim.sql")
		require.NoError(t, err)
		require.NotContains(t, string(scim), "TRIGGER")
	}
}

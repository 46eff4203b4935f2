package ascii_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/ascii"
)

func TestASCII(t *testing.T) {
	t.Parallel()
	require.Equal(t, "az[@`é\xff", ascii.ToLower("Az[@`é\xff"), "letters alone")
	require.Equal(t, "É", ascii.ToLower("É"))
	require.True(t, ascii.EqualFold("Az-09", "aZ-09"))
	require.False(t, ascii.EqualFold("k", "\u212a"), "the Kelvin sign")
	require.False(t, ascii.EqualFold("@", "`"))
	require.True(t, ascii.Only("a\x7f"))
	require.False(t, ascii.Only("a\x80"))
}

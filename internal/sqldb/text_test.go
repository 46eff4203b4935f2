package sqldb_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

func FuzzEscape(f *testing.F) {
	f.Add("a\x00", "a\x01")
	f.Add("\x01\x01", "\x00")
	f.Add("\x00b", "b")
	f.Add("\x00", "\x01")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := sqldb.Escape(a), sqldb.Escape(b)
		require.Equal(t, a, sqldb.Unescape(x))
		require.NotContains(t, x, "\x00")
		require.Equal(t, strings.Compare(a, b), strings.Compare(x, y), "order is kept")
		require.Equal(t, strings.HasPrefix(a, b), strings.HasPrefix(x, y), "prefixes are kept")
		if sqldb.Searchable(b) {
			require.Equal(t, strings.Contains(a, b), strings.Contains(x, y), "parts are found")
			require.Equal(t, strings.HasSuffix(a, b), strings.HasSuffix(x, y), "suffixes are found")
		}
	})
}

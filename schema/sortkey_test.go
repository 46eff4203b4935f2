package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

func TestSortKeysRoundTripThroughText(t *testing.T) {
	t.Parallel()
	user := &schema.Resource{Type: schema.UserType}
	for _, path := range []string{"userName", "active", "meta.created", "profileUrl", "x509Certificates.value"} {
		none := schema.NewSortKey(schema.UserType.MustResolve(path), user)
		require.Empty(t, none.Text(), path)
		back, ok := schema.ParseSortKey(schema.UserType.MustResolve(path), "")
		require.True(t, ok, path)
		require.Zero(t, none.Compare(back), path)
	}
	for path, texts := range map[string][]string{
		"userName": {"=", "=a", "=a=b", "=\x00"}, "active": {"=true", "=false"},
		"meta.created": {"=2024-02-29T12:00:00.000001Z", "=2024-02-29T12:00:00+02:00"},
		"profileUrl":   {"=https://example.com/A"}, "x509Certificates.value": {"=AQID"},
	} {
		for _, text := range texts {
			key, ok := schema.ParseSortKey(schema.UserType.MustResolve(path), text)
			require.True(t, ok, "%s %q", path, text)
			require.Equal(t, text, key.Text(), path)
		}
	}
	for path, text := range map[string]string{"userName": "a", "active": "=yes", "meta.created": "=yesterday"} {
		_, ok := schema.ParseSortKey(schema.UserType.MustResolve(path), text)
		require.False(t, ok, "%s %q", path, text)
	}
}

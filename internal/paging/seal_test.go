package paging_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/paging"
)

func TestASealedTextIsOpenedWithItsSecretAndBindingOnly(t *testing.T) {
	t.Parallel()
	s := paging.NewSealer([]byte("secret"))
	sealed := s.Seal("a position", "binding")
	require.Regexp(t, `^[A-Za-z0-9_-]+$`, sealed)
	require.NotEqual(t, sealed, s.Seal("a position", "binding"))
	text, ok := paging.NewSealer([]byte("secret")).Open(sealed, "binding")
	require.True(t, ok)
	require.Equal(t, "a position", text)

	_, ok = s.Open(sealed, "another")
	require.False(t, ok)
	_, ok = paging.NewSealer(paging.NewSecret()).Open(sealed, "binding")
	require.False(t, ok)
	for _, wrong := range []string{"", "x", "=", sealed + "A", sealed[1:], sealed[:len(sealed)-1]} {
		_, ok = s.Open(wrong, "binding")
		require.False(t, ok, wrong)
	}
	for i := range sealed {
		changed := []byte(sealed)
		changed[i] ^= 1
		_, ok = s.Open(string(changed), "binding")
		require.False(t, ok, i)
	}
}

package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/store"
)

func TestLastModifiedMovesForward(t *testing.T) {
	t.Parallel()
	old := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	for _, at := range []time.Time{old.Add(-time.Hour), old} {
		require.Equal(t, old.Add(time.Microsecond), store.Later(old, at))
	}
	require.Equal(t, old.Add(1), store.Later(old, old.Add(1)))
	require.Equal(t, old, store.Later(time.Time{}, old))
}

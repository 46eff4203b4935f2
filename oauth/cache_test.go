package oauth

import (
	"crypto/sha256"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// The cache of bearer JWTs is bounded.
func TestCacheOfBearersIsBounded(t *testing.T) {
	t.Parallel()
	var c bearers
	sum := func(n int) [32]byte { return sha256.Sum256([]byte(strconv.Itoa(n))) }
	for n := range 10 * generation {
		c.put(sum(n), bearer{client: strconv.Itoa(n)})
		require.LessOrEqual(t, len(c.newer)+len(c.older), 2*generation)
		got, ok := c.get(sum(max(0, n-generation+1)))
		require.True(t, ok)
		require.Equal(t, strconv.Itoa(max(0, n-generation+1)), got.client)
	}
	_, ok := c.get(sum(0))
	require.False(t, ok)
}

package sqlquery

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCoincide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p, q string
		want bool
	}{{"", "", true}, {"u", "u", true}, {"u", "g", false}, {"u", "u1", true}, {"u-1", "u", true}, {"u", "ux", false}, {"", "u", false}} {
		require.Equal(t, c.want, coincide(c.p, c.q), "%q %q", c.p, c.q)
		require.Equal(t, c.want, coincide(c.q, c.p), "%q %q", c.q, c.p)
	}
}

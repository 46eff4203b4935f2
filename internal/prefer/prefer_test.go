package prefer_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/internal/prefer"
)

func TestRespondAsync(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []string
		async  bool
		wait   time.Duration
	}{
		{nil, false, 0},
		{[]string{""}, false, 0},
		{[]string{"respond-async"}, true, 0},
		{[]string{"Respond-Async, wait=10"}, true, 10 * time.Second},
		{[]string{"wait=10"}, false, 10 * time.Second},
		{[]string{"return=minimal", ` respond-async ; x="a,b" `, `wait = "5"`}, true, 5 * time.Second},
		{[]string{`x="a, respond-async"`}, false, 0},
		{[]string{`x="a\", respond-async"`}, false, 0},
		{[]string{`x="open, respond-async`}, false, 0},
		{[]string{`x="a\`}, false, 0},
		{[]string{"respond-async=", "wait=1, wait=2"}, true, time.Second},
		{[]string{"respond-async, wait=x, wait=2"}, true, 0},
		{[]string{"respond-async, wait=-1"}, true, 0},
		{[]string{"respond-async, wait=4294967295"}, true, 24 * time.Hour},
		{[]string{"respond-asynchronously;;,,"}, false, 0},
	} {
		async, wait := prefer.RespondAsync(c.values)
		require.Equal(t, c.async, async, "%q", c.values)
		require.Equal(t, c.wait, wait, "%q", c.values)
	}
}

package sampling

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

// taken returns how many of n requests are recorded.
func taken(s *Sampler, k Key, source string, at time.Time, n int) int {
	count := 0
	for range n {
		if s.Take(k, source, at) {
			count++
		}
	}
	return count
}

func TestKeysHaveLimitsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := New(60, 10)
	a, b := Key{"acme", "okta"}, Key{"acme", "entra"}
	require.Equal(t, 60, taken(s, a, "", noon, 100))
	require.Equal(t, 60, taken(s, b, "", noon, 70))
	require.Empty(t, s.Due(noon.Add(59*time.Second)), "the minute is not over")
	require.ElementsMatch(t, []Omitted{{a, 40, noon}, {b, 10, noon}}, s.Due(noon.Add(time.Minute)))
	require.Empty(t, s.Due(noon.Add(2*time.Minute)), "once")
	require.Equal(t, 60, taken(s, a, "", noon.Add(time.Minute), 100), "another minute")
}

// What was left out is not forgotten when the next minute begins with a request.
func TestCountOutlivesTheMinute(t *testing.T) {
	t.Parallel()
	s := New(1, 10)
	k := Key{"acme", "okta"}
	require.Equal(t, 1, taken(s, k, "", noon, 3))
	later := noon.Add(time.Minute)
	require.Zero(t, taken(s, k, "", later, 2), "the count is still to be recorded")
	require.Equal(t, []Omitted{{k, 4, noon}}, s.Due(later))
	require.Equal(t, 1, taken(s, k, "", later, 2))
}

func TestSourcesWithoutCredentialsShareALimit(t *testing.T) {
	t.Parallel()
	s := New(60, 10)
	require.Equal(t, 10, taken(s, Key{}, "192.0.2.1", noon, 1000))
	total := 10
	for i := range 1000 {
		total += taken(s, Key{}, fmt.Sprint(i), noon, 1)
	}
	require.Equal(t, 60, total)
	require.LessOrEqual(t, len(s.windows[Key{}].sources), 60)
	require.Equal(t, 990+950, s.Due(noon.Add(time.Hour))[0].Count)
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	s := New(1, 1)
	for i := range 3 * maxWindows {
		s.Take(Key{fmt.Sprint(i), ""}, "", noon)
	}
	require.LessOrEqual(t, len(s.windows), maxWindows)
	require.True(t, s.Take(Key{"new", ""}, "", noon.Add(time.Minute)), "those of the minute before are forgotten")
}

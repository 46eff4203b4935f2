package memstore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// A roster is compared with a map of the same members, and an older roster with what it
// had.
func TestRoster(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var r, old roster
	model := map[number]string{}
	var before []string
	for i := range 3000 {
		n := number(random.IntN(1 << (1 + random.IntN(12))))
		if i%3 == 0 {
			r = r.delete(n)
			delete(model, n)
		} else {
			model[n] = fmt.Sprint("m", i)
			r = r.put(n, seat{value: model[n]})
		}
		s, ok := r.get(n)
		require.Equal(t, model[n], s.value)
		require.Equal(t, ok, s.value != "")
		if i == 1500 {
			old, before = r, values(r)
		}
	}
	var want []string
	for n := range number(1 << 12) {
		if v, ok := model[n]; ok {
			want = append(want, v)
		}
	}
	require.Equal(t, want, values(r))
	require.Equal(t, before, values(old), "the older roster")
	for n := range model {
		r = r.delete(n)
	}
	require.Nil(t, r.top, "nothing is left")
}

func values(r roster) []string {
	return slices.Collect(func(yield func(string) bool) {
		r.all(func(m schema.Member) bool { return yield(m.Value) })
	})
}

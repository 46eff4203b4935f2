package memstore

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzRows compares rows with a map. Each byte is an operation on one of 128 numbers,
// every ninth number: put, or delete if the high bit is set.
func FuzzRows(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	f.Add([]byte{9, 8, 7, 6, 5, 4, 3, 2, 1, 0x85, 0x81, 0x89})
	f.Add([]byte{5, 5, 0x85, 0x85, 1, 100, 50, 25, 127, 0x80 + 50})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var now, old rows
		model, was := map[number]*record{}, map[number]*record{}
		for i, op := range ops {
			n := number(op&0x7f) * 9
			if i == len(ops)/2 {
				old, was = now, maps.Clone(model)
			}
			if op&0x80 != 0 {
				now = now.delete(n)
				delete(model, n)
			} else {
				model[n] = &record{version: uint64(i)}
				now = now.put(n, model[n])
			}
		}
		requireRows(t, model, now)
		requireRows(t, was, old)
	})
}

func requireRows(t *testing.T, want map[number]*record, got rows) {
	require.Equal(t, want, maps.Collect(got.from(0)))
	require.Equal(t, len(want), got.len())
	numbers := slices.Sorted(maps.Keys(want))
	for i, n := range numbers {
		require.Equal(t, i, got.rank(n))
		require.Equal(t, i+1, got.rank(n+1))
		rec, ok := got.get(n)
		require.True(t, ok)
		require.Same(t, want[n], rec)
		_, ok = got.get(n + 1)
		require.False(t, ok)
	}
	for i := range len(numbers) + 2 {
		var rest []number
		for n := range got.from(i) {
			rest = append(rest, n)
		}
		require.True(t, slices.Equal(numbers[min(i, len(numbers)):], rest), "from %d", i)
	}
	require.Equal(t, len(want), got.rank(1<<40))
	_, ok := got.get(1 << 40)
	require.False(t, ok)
}

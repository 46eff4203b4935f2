package memstore

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// checkNode checks order, sizes and balance below a node.
func checkNode[K key[K], V any](t *testing.T, n *node[K, V]) {
	if n == nil {
		return
	}
	require.Equal(t, n.left.len()+n.right.len()+1, n.size, "size")
	if l, r := n.left.len(), n.right.len(); l+r > 1 {
		require.LessOrEqual(t, l, heavy*r, "left too heavy")
		require.LessOrEqual(t, r, heavy*l, "right too heavy")
	}
	if n.left != nil {
		require.Negative(t, n.left.key.compare(n.key), "order")
	}
	if n.right != nil {
		require.Positive(t, n.right.key.compare(n.key), "order")
	}
	checkNode(t, n.left)
	checkNode(t, n.right)
}

func contents(t tree[number, int]) map[number]int { return maps.Collect(t.from(0)) }

// FuzzTree compares a tree with a map. Each byte is an operation on one of 128
// keys: put, or delete if the high bit is set.
func FuzzTree(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	f.Add([]byte{9, 8, 7, 6, 5, 4, 3, 2, 1, 0x85, 0x81, 0x89})
	f.Add([]byte{5, 5, 0x85, 0x85, 1, 100, 50, 25, 75, 0x80 + 50})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var now, old tree[number, int]
		model, was := map[number]int{}, map[number]int{}
		for i, op := range ops {
			k := number(op & 0x7f)
			if i == len(ops)/2 {
				old, was = now, maps.Clone(model)
			}
			if op&0x80 != 0 {
				now = now.delete(k)
				delete(model, k)
			} else {
				now = now.put(k, i)
				model[k] = i
			}
		}
		checkNode(t, now.root)
		require.Equal(t, model, contents(now))
		require.Equal(t, was, contents(old), "an old tree stays as it was")
		keys := slices.Sorted(maps.Keys(model))
		for i, k := range keys {
			require.Equal(t, i, now.rank(k))
			v, ok := now.get(k)
			require.True(t, ok)
			require.Equal(t, model[k], v)
		}
		for i := range len(keys) + 2 {
			var got []number
			for k := range now.from(i) {
				got = append(got, k)
			}
			require.True(t, slices.Equal(keys[min(i, len(keys)):], got), "from %d", i)
		}
		_, ok := now.get(200)
		require.False(t, ok)
		require.Equal(t, len(keys), now.rank(200))
	})
}

func TestSpan(t *testing.T) {
	t.Parallel()
	var s tree[number, none]
	for i := range number(10) {
		s = s.put(2*i, none{})
	}
	for _, c := range []struct {
		name   string
		lo, hi number
		want   []number
	}{
		{"some", 3, 9, []number{4, 6, 8}},
		{"the upper end is not part", 4, 8, []number{4, 6}},
		{"nothing between", 5, 6, nil},
		{"all", 0, 100, []number{0, 2, 4, 6, 8, 10, 12, 14, 16, 18}},
		{"behind all", 19, 100, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := s.between(c.lo, c.hi)
			require.Equal(t, len(c.want), got.len())
			require.Equal(t, c.want, slices.Collect(got.keys()))
			for k := range got.keys() { // a loop may end early
				require.Equal(t, c.want[0], k)
				break
			}
		})
	}
}

func TestHeightIsLogarithmic(t *testing.T) {
	t.Parallel()
	var s tree[number, none]
	for i := range number(100_000) {
		s = s.put(i, none{})
	}
	var height func(n *node[number, none]) int
	height = func(n *node[number, none]) int {
		if n == nil {
			return 0
		}
		return 1 + max(height(n.left), height(n.right))
	}
	require.LessOrEqual(t, height(s.root), 34, "twice the logarithm")
}

package memstore

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzPostings compares postings with a list. Each pair of bytes is a hash, of one of
// several that have much in common, and a number, which is deleted if the high bit is set.
func FuzzPostings(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 2, 1, 3, 1, 2, 1, 0x82, 2, 2})
	many := make([]byte, 0, 1000)
	for i := range byte(120) {
		many = append(many, 3, i, 0xc0, i, i, 1)
	}
	f.Add(many)
	f.Fuzz(func(t *testing.T, ops []byte) {
		var now, old postings
		var model, was []posting
		for i := 0; i+1 < len(ops); i += 2 {
			p := posting{someHash(ops[i]), number(ops[i+1] & 0x7f)}
			if i/2 == len(ops)/4 {
				old, was = now, slices.Clone(model)
			}
			at := slices.Index(model, p)
			switch {
			case ops[i+1]&0x80 != 0:
				now = now.delete(p)
				if at >= 0 {
					model = slices.Delete(model, at, at+1)
				}
			default:
				now = now.put(p)
				if at < 0 {
					model = append(model, p)
				}
			}
		}
		for i := range 256 {
			requirePostings(t, model, now, someHash(byte(i)))
			requirePostings(t, was, old, someHash(byte(i)))
		}
		require.Equal(t, len(model), sizeOf(now.top))
		require.Equal(t, len(model) == 0, now.top == nil)
	})
}

// someHash has four upper and four lower bits that vary.
func someHash(b byte) uint64 { return uint64(b&0xf) | uint64(b&0xf0)<<56 }

// sizeOf returns how many postings there are.
func sizeOf(t twig) int {
	n := 0
	switch t := t.(type) {
	case *leaf:
		n = t.len
	case *fork:
		for _, below := range t {
			n += sizeOf(below)
		}
	}
	return n
}

func requirePostings(t *testing.T, want []posting, s postings, hash uint64) {
	var numbers []number
	for _, p := range want {
		if p.hash == hash {
			numbers = append(numbers, p.number)
		}
	}
	require.ElementsMatch(t, numbers, s.having(nil, hash, 1000))
	require.Len(t, s.having(nil, hash, 3), min(3, len(numbers)))
}

// Postings of one resource whose hashes differ in one bit only are told apart.
func TestPostingsOfSimilarHashes(t *testing.T) {
	t.Parallel()
	var s postings
	for range 2 {
		for bit := range 64 {
			s = s.put(posting{1 << bit, 7})
		}
	}
	require.Equal(t, 64, sizeOf(s.top))
	for bit := range 64 {
		require.Equal(t, []number{7}, s.having(nil, 1<<bit, 9))
		s = s.delete(posting{1 << bit, 7})
		require.Empty(t, s.having(nil, 1<<bit, 9))
	}
	require.Zero(t, s)
}

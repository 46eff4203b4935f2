package memstore

import (
	"cmp"
	"iter"
	"math"
	"strings"
)

// tree is a sorted map that never changes: put and delete return a new tree,
// which shares everything but the path to the change with the old one. So a reader
// may keep a tree for any time, and a transaction is rolled back by dropping its
// trees. The zero value is empty.
//
// It is a weight-balanced tree (Adams 1993, with the parameters proven by Hirai
// and Yamamoto 2011): it is balanced by the number of nodes on either side, which
// also serves to find the i-th key.
type tree[K key[K], V any] struct{ root *node[K, V] }

// key is a key of a tree.
type key[K any] interface{ compare(K) int }

type node[K key[K], V any] struct {
	key         K
	value       V
	left, right *node[K, V]
	size        int
}

// text and number are the plain keys.
type (
	text   string
	number uint64
)

func (a text) compare(b text) int     { return strings.Compare(string(a), string(b)) }
func (a number) compare(b number) int { return cmp.Compare(a, b) }

const endOfNumbers = number(math.MaxUint64)

// none is the value of a tree that is a set.
type none = struct{}

func (t tree[K, V]) len() int { return t.root.len() }

func (t tree[K, V]) get(k K) (V, bool) {
	n := t.root
	for n != nil {
		switch c := k.compare(n.key); {
		case c == 0:
			return n.value, true
		case c < 0:
			n = n.left
		default:
			n = n.right
		}
	}
	var zero V
	return zero, false
}

func (t tree[K, V]) put(k K, v V) tree[K, V] { return tree[K, V]{t.root.put(k, v)} }
func (t tree[K, V]) delete(k K) tree[K, V]   { return tree[K, V]{t.root.delete(k)} }
func (t tree[K, V]) from(i int) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { t.root.ascend(i, yield) }
}

// entry is a key with its value.
type entry[K key[K], V any] struct {
	key   K
	value V
}

// treeOf returns the tree of entries that are sorted by different keys.
func treeOf[K key[K], V any](entries []entry[K, V]) tree[K, V] {
	return tree[K, V]{nodeOf(entries)}
}

func nodeOf[K key[K], V any](entries []entry[K, V]) *node[K, V] {
	if len(entries) == 0 {
		return nil
	}
	middle := len(entries) / 2
	e := entries[middle]
	return &node[K, V]{e.key, e.value, nodeOf(entries[:middle]), nodeOf(entries[middle+1:]), len(entries)}
}

// before yields the entries before position i, the last one first.
func (t tree[K, V]) before(i int) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { t.root.descend(t.len()-i, yield) }
}

// rank returns how many keys are less than k, which is the position of k.
func (t tree[K, V]) rank(k K) int {
	rank := 0
	for n := t.root; n != nil; {
		if k.compare(n.key) <= 0 {
			n = n.left
			continue
		}
		rank += n.left.len() + 1
		n = n.right
	}
	return rank
}

// span is a run of neighbouring keys.
type span[K key[K], V any] struct {
	tree     tree[K, V]
	from, to int
}

// between returns the keys k with lo <= k < hi.
func (t tree[K, V]) between(lo, hi K) span[K, V] { return span[K, V]{t, t.rank(lo), t.rank(hi)} }

func (s span[K, V]) len() int { return s.to - s.from }

func (s span[K, V]) keys() iter.Seq[K] {
	return func(yield func(K) bool) {
		left := s.len()
		if left == 0 {
			return
		}
		for k := range s.tree.from(s.from) {
			if left--; !yield(k) || left == 0 {
				return
			}
		}
	}
}

func (n *node[K, V]) len() int {
	if n == nil {
		return 0
	}
	return n.size
}

// withChildren returns a copy of n between other subtrees.
func (n *node[K, V]) withChildren(left, right *node[K, V]) *node[K, V] {
	return &node[K, V]{n.key, n.value, left, right, left.len() + right.len() + 1}
}

func (n *node[K, V]) put(k K, v V) *node[K, V] {
	if n == nil {
		return &node[K, V]{key: k, value: v, size: 1}
	}
	switch c := k.compare(n.key); {
	case c == 0:
		return &node[K, V]{k, v, n.left, n.right, n.size}
	case c < 0:
		return n.balanced(n.left.put(k, v), n.right)
	default:
		return n.balanced(n.left, n.right.put(k, v))
	}
}

func (n *node[K, V]) delete(k K) *node[K, V] {
	if n == nil {
		return nil
	}
	switch c := k.compare(n.key); {
	case c == 0:
		return glue(n.left, n.right)
	case c < 0:
		return n.balanced(n.left.delete(k), n.right)
	default:
		return n.balanced(n.left, n.right.delete(k))
	}
}

// glue joins the subtrees of a deleted node.
func glue[K key[K], V any](left, right *node[K, V]) *node[K, V] {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left.size > right.size:
		last := left
		for last.right != nil {
			last = last.right
		}
		return last.balanced(left.delete(last.key), right)
	}
	first := right
	for first.left != nil {
		first = first.left
	}
	return first.balanced(left, right.delete(first.key))
}

// One side may weigh up to heavy times the other. A rotation is a single one
// if the inner grandchild is less than twice the outer one.
const (
	heavy = 3
	inner = 2
)

// balanced is withChildren, rotated if one side has become too heavy.
func (n *node[K, V]) balanced(left, right *node[K, V]) *node[K, V] {
	l, r := left.len(), right.len()
	switch {
	case l+r <= 1:
	case r > heavy*l:
		if right.left.len() < inner*right.right.len() {
			return right.withChildren(n.withChildren(left, right.left), right.right)
		}
		middle := right.left
		return middle.withChildren(n.withChildren(left, middle.left), right.withChildren(middle.right, right.right))
	case l > heavy*r:
		if left.right.len() < inner*left.left.len() {
			return left.withChildren(left.left, n.withChildren(left.right, right))
		}
		middle := left.right
		return middle.withChildren(left.withChildren(left.left, middle.left), n.withChildren(middle.right, right))
	}
	return n.withChildren(left, right)
}

// ascend yields the keys from position skip on, in order.
func (n *node[K, V]) ascend(skip int, yield func(K, V) bool) bool {
	if n == nil || skip >= n.size {
		return true
	}
	l := n.left.len()
	if skip < l && !n.left.ascend(skip, yield) {
		return false
	}
	if skip <= l && !yield(n.key, n.value) {
		return false
	}
	return n.right.ascend(max(0, skip-l-1), yield)
}

// descend yields the keys from the end on, in reverse order, without the last skip ones.
func (n *node[K, V]) descend(skip int, yield func(K, V) bool) bool {
	if n == nil || skip >= n.size {
		return true
	}
	r := n.right.len()
	if skip < r && !n.right.descend(skip, yield) {
		return false
	}
	if skip <= r && !yield(n.key, n.value) {
		return false
	}
	return n.left.descend(max(0, skip-r-1), yield)
}

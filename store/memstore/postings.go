package memstore

import "hash/maphash"

// postings is a set of postings that never changes: put and delete return a new set,
// which shares with the old one what lies beside the path to the change. The zero
// value is empty.
//
// It is a trie. A posting is in the leaf to which its slots lead, one for each level; a
// leaf that is full becomes a fork. Hashes are spread evenly, so the trie needs no
// balancing; and neither hashes nor numbers are pointers, so the garbage collector
// passes over the leaves.
type postings struct{ top twig } // nil: empty

// posting says that the resource with a number has a value with a hash.
type posting struct {
	hash   uint64
	number number
}

var hashSeed = maphash.MakeSeed()

// hashOf is the hash of a key ([keyOf]). No client can choose keys that collide, since
// the seed is another one in each process.
func hashOf(key string) uint64 { return maphash.String(hashSeed, key) }

const (
	slotBits = 3
	slots    = 1 << slotBits
	leafSize = 15 // with its length, a leaf is 256 bytes

	// hashLevels use the upper bits of the hash. Postings that have these in common,
	// as those of a value of many resources, are told apart by their numbers, then
	// by the other bits of the hash.
	hashLevels   = 10
	numberLevels = 22
)

// slot returns where on a level of the trie a posting is.
func (p posting) slot(level int) int {
	switch {
	case level < hashLevels:
		return int(p.hash >> (64 - slotBits*(level+1)) % slots)
	case level < hashLevels+numberLevels:
		return int(p.number >> (slotBits * (level - hashLevels)) % slots)
	}
	return int(p.hash >> (slotBits * (level - hashLevels - numberLevels)) % slots)
}

// twig is a fork or a leaf on a level of the trie.
type twig interface {
	// put returns the twig with a posting, or itself if it has the posting.
	put(p posting, level int) twig
	// delete returns the twig without a posting, nil if no other is left, itself if
	// it does not have the posting.
	delete(p posting, level int) twig
}

type (
	fork [slots]twig
	leaf struct {
		len  int
		held [leafSize]posting
	}
)

func (s postings) put(p posting) postings {
	if s.top == nil {
		s.top = &leaf{}
	}
	return postings{s.top.put(p, 0)}
}

func (s postings) delete(p posting) postings {
	if s.top == nil {
		return s
	}
	return postings{s.top.delete(p, 0)}
}

// having appends the numbers of the resources that have a value with a hash, in no
// order, and stops once there are most.
func (s postings) having(to []number, hash uint64, most int) []number {
	return having(s.top, to, hash, 0, most)
}

func having(t twig, to []number, hash uint64, level, most int) []number {
	switch t := t.(type) {
	case *leaf:
		for _, p := range t.held[:t.len] {
			if p.hash == hash && len(to) < most {
				to = append(to, p.number)
			}
		}
	case *fork:
		if level < hashLevels || level >= hashLevels+numberLevels {
			return having(t[posting{hash: hash}.slot(level)], to, hash, level+1, most)
		}
		for _, below := range t {
			if len(to) < most {
				to = having(below, to, hash, level+1, most)
			}
		}
	}
	return to
}

func (f *fork) put(p posting, level int) twig {
	i := p.slot(level)
	var now twig
	if was := f[i]; was == nil {
		now = (&leaf{}).with(p)
	} else if now = was.put(p, level+1); now == was {
		return f
	}
	c := *f
	c[i] = now
	return &c
}

func (f *fork) delete(p posting, level int) twig {
	i := p.slot(level)
	was := f[i]
	if was == nil {
		return f
	}
	now := was.delete(p, level+1)
	if now == was {
		return f
	}
	c := *f
	c[i] = now
	if c == (fork{}) {
		return nil
	}
	return &c
}

func (l *leaf) find(p posting) int {
	for i, q := range l.held[:l.len] {
		if p == q {
			return i
		}
	}
	return -1
}

// with returns a copy with one more posting. There must be room.
func (l *leaf) with(p posting) *leaf {
	c := *l
	c.held[c.len] = p
	c.len++
	return &c
}

func (l *leaf) put(p posting, level int) twig {
	switch {
	case l.find(p) >= 0:
		return l
	case l.len < leafSize:
		return l.with(p)
	}
	return l.split(level).put(p, level)
}

// split returns a fork with the postings of a full leaf.
func (l *leaf) split(level int) *fork {
	f := &fork{}
	for _, p := range l.held {
		i := p.slot(level)
		if f[i] == nil {
			f[i] = &leaf{}
		}
		below := f[i].(*leaf)
		below.held[below.len] = p
		below.len++
	}
	return f
}

func (l *leaf) delete(p posting, _ int) twig {
	i := l.find(p)
	switch {
	case i < 0:
		return l
	case l.len == 1:
		return nil
	}
	c := *l
	c.len--
	c.held[i], c.held[c.len] = c.held[c.len], posting{}
	return &c
}

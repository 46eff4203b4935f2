package memstore

// rows are the records of a kind by number. They never change: put and delete return
// new rows, which share with the old ones all blocks but those on the path to the
// change. The zero value is empty.
//
// They are a tree of blocks in which the digits of a number lead to its record.
// Numbers are given out in order, so the blocks are full, but for deleted records, and
// need no balancing.
type rows struct {
	top    *block
	height int // levels of blocks below the top
}

const (
	digitBits = 3
	digits    = 1 << digitBits
)

// block is a run of neighbouring numbers, the first of which is a multiple of their
// number. The lowest blocks have records, the others have blocks.
type block struct {
	size    int // how many records there are
	blocks  [digits]*block
	records [digits]*record
}

// digit returns the digit of a number that counts on a level, the lowest being 0.
func (n number) digit(level int) int { return int(n >> (digitBits * level) % digits) }

// holds reports whether a tree of that height has a place for a number.
func (r rows) holds(n number) bool { return n>>(digitBits*(r.height+1)) == 0 }

func (r rows) len() int { return r.top.len() }

func (b *block) len() int {
	if b == nil {
		return 0
	}
	return b.size
}

func (r rows) get(n number) (*record, bool) {
	if !r.holds(n) {
		return nil, false
	}
	b := r.top
	for level := r.height; level > 0 && b != nil; level-- {
		b = b.blocks[n.digit(level)]
	}
	if b == nil {
		return nil, false
	}
	rec := b.records[n.digit(0)]
	return rec, rec != nil
}

func (r rows) put(n number, rec *record) rows {
	for !r.holds(n) {
		if r.top != nil {
			r.top = &block{size: r.top.size, blocks: [digits]*block{r.top}}
		}
		r.height++
	}
	r.top = r.top.with(n, r.height, rec)
	return r
}

func (r rows) delete(n number) rows {
	if _, ok := r.get(n); ok {
		r.top = r.top.with(n, r.height, nil)
	}
	return r
}

// with returns a copy of a block in which number n has another record, nil for none; nil
// if no record is left.
func (b *block) with(n number, level int, rec *record) *block {
	var c block
	if b != nil {
		c = *b
	}
	i := n.digit(level)
	if level > 0 {
		was := c.blocks[i]
		c.blocks[i] = was.with(n, level-1, rec)
		c.size += c.blocks[i].len() - was.len()
	} else {
		c.size += count(rec) - count(c.records[i])
		c.records[i] = rec
	}
	if c.size == 0 {
		return nil
	}
	return &c
}

func count(rec *record) int {
	if rec == nil {
		return 0
	}
	return 1
}

// rank returns how many records have a lower number than n.
func (r rows) rank(n number) int {
	if !r.holds(n) {
		return r.len()
	}
	rank, b := 0, r.top
	for level := r.height; b != nil; level-- {
		i := n.digit(level)
		if level == 0 {
			for _, rec := range b.records[:i] {
				rank += count(rec)
			}
			break
		}
		for _, before := range b.blocks[:i] {
			rank += before.len()
		}
		b = b.blocks[i]
	}
	return rank
}

// from yields the records in order of their numbers, from position i on.
func (r rows) from(i int) func(yield func(number, *record) bool) {
	return func(yield func(number, *record) bool) { r.top.ascend(0, r.height, i, yield) }
}

// ascend yields the records of a block, whose numbers begin with first, after the first
// skip ones.
func (b *block) ascend(first number, level, skip int, yield func(number, *record) bool) bool {
	if skip >= b.len() {
		return true
	}
	for i := range digits {
		n := first | number(i)<<(digitBits*level)
		if level > 0 {
			below := b.blocks[i]
			if !below.ascend(n, level-1, max(0, skip), yield) {
				return false
			}
			skip -= below.len()
			continue
		}
		rec := b.records[i]
		if skip -= count(rec); rec != nil && skip < 0 && !yield(n, rec) {
			return false
		}
	}
	return true
}

// difference calls f for each number whose record differs between two states, with both
// records, nil for none, until f returns false, which it then returns. Blocks that the
// states share are passed over.
func difference(old, now rows, f func(old, now *record) bool) bool {
	height := max(old.height, now.height)
	return old.raised(height).difference(now.raised(height), height, f)
}

// raised returns the top block of a tree of that height with the same records.
func (r rows) raised(height int) *block {
	for ; r.top != nil && r.height < height; r.height++ {
		r.top = &block{size: r.top.size, blocks: [digits]*block{r.top}}
	}
	return r.top
}

func (b *block) difference(now *block, level int, f func(old, now *record) bool) bool {
	if b == now {
		return true
	}
	var x, y block
	if b != nil {
		x = *b
	}
	if now != nil {
		y = *now
	}
	for i := range digits {
		switch {
		case level > 0:
			if !x.blocks[i].difference(y.blocks[i], level-1, f) {
				return false
			}
		case x.records[i] != y.records[i] && !f(x.records[i], y.records[i]):
			return false
		}
	}
	return true
}

package memstore

import "github.com/seed5f3efb56/scim/schema"

// roster is the members of a group by number, in the order of joining. It never
// changes: put and delete return a new roster, which shares with the old one all but
// the path to the change. The zero value is empty.
//
// It is a tree like [rows], with the members themselves in the lowest blocks: those
// of a large group are read one after another, not each from a place of its own.
type roster struct {
	top    any // *rosterFork above height 0, else *rosterLeaf; nil: empty
	height int
}

type (
	rosterFork [digits]any
	rosterLeaf [digits]seat
)

// seat is a member as it is stored. One without a value is empty.
type seat struct{ value, typ, display string }

func (r roster) holds(n number) bool { return n>>(digitBits*(r.height+1)) == 0 }

func (r roster) get(n number) (seat, bool) {
	if !r.holds(n) {
		return seat{}, false
	}
	at := r.top
	for level := r.height; level > 0 && at != nil; level-- {
		at = at.(*rosterFork)[n.digit(level)]
	}
	if at == nil {
		return seat{}, false
	}
	s := at.(*rosterLeaf)[n.digit(0)]
	return s, s.value != ""
}

func (r roster) put(n number, s seat) roster {
	for !r.holds(n) {
		if r.top != nil {
			r.top = &rosterFork{r.top}
		}
		r.height++
	}
	r.top = seated(r.top, n, r.height, s)
	return r
}

func (r roster) delete(n number) roster {
	if _, ok := r.get(n); ok {
		r.top = seated(r.top, n, r.height, seat{})
	}
	return r
}

// seated returns a copy of a block in which a number has another seat; nil if no
// member is left.
func seated(block any, n number, level int, s seat) any {
	i := n.digit(level)
	if level == 0 {
		var c rosterLeaf
		if block != nil {
			c = *block.(*rosterLeaf)
		}
		if c[i] = s; c == (rosterLeaf{}) {
			return nil
		}
		return &c
	}
	var c rosterFork
	if block != nil {
		c = *block.(*rosterFork)
	}
	if c[i] = seated(c[i], n, level-1, s); c == (rosterFork{}) {
		return nil
	}
	return &c
}

// all yields the members in order.
func (r roster) all(yield func(schema.Member) bool) { eachSeat(r.top, yield) }

func eachSeat(block any, yield func(schema.Member) bool) bool {
	switch b := block.(type) {
	case *rosterFork:
		for _, below := range b {
			if below != nil && !eachSeat(below, yield) {
				return false
			}
		}
	case *rosterLeaf:
		for i := range b {
			if s := &b[i]; s.value != "" && !yield(schema.Member{Value: s.value, Type: s.typ, Display: s.display}) {
				return false
			}
		}
	}
	return true
}

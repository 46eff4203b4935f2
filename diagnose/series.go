package diagnose

import (
	"math/bits"
	"time"
)

// series has the last 64 answers to one question about requests of a kind.
type series struct {
	yes         uint64 // the last answer is the lowest bit
	n           int    // how many answers there are, 64 at most
	first, last time.Time
}

func (s *series) add(yes bool, at time.Time) {
	s.yes <<= 1
	if yes {
		s.yes |= 1
		if s.first.IsZero() {
			s.first = at
		}
		s.last = at
	}
	s.n = min(s.n+1, 64)
}

func (s *series) reset() { *s = series{} }

// hits is how many of the answers were yes.
func (s *series) hits() int { return bits.OnesCount64(s.yes) }

// mostly reports whether there were at least n answers, and the last ones all were yes,
// or nine of ten of all.
func (s *series) mostly(n int) bool {
	return s.n >= n && s.hits()*10 >= s.n*9
}

// always is mostly without an exception.
func (s *series) always(n int) bool { return s.n >= n && s.hits() == s.n }

// memory remembers what was noted of up to maxRemembered things, by hashes. The one
// that was added first is forgotten first.
type memory struct {
	notes map[uint64]*note
	order []uint64 // a ring
	next  int
}

type note struct {
	n           int // how often
	value       uint64
	first, last time.Time
}

const maxRemembered = 64

// get returns the note of a hash, a new one if there is none.
func (m *memory) get(h uint64, at time.Time) *note {
	if x := m.notes[h]; x != nil {
		x.last = at
		return x
	}
	if m.notes == nil {
		m.notes = map[uint64]*note{}
	}
	if len(m.order) < maxRemembered {
		m.order = append(m.order, h)
	} else {
		delete(m.notes, m.order[m.next])
		m.order[m.next] = h
		m.next = (m.next + 1) % maxRemembered
	}
	x := &note{first: at, last: at}
	m.notes[h] = x
	return x
}

func (m *memory) forget(h uint64) {
	if x := m.notes[h]; x != nil {
		*x = note{first: x.last, last: x.last} // its place in the ring stays
	}
}

// most returns what the notes with at least n say together.
func (m *memory) most(n int) (things, times int, first, last time.Time) {
	for _, x := range m.notes {
		if x.n < n {
			continue
		}
		things++
		times += x.n
		if first.IsZero() || x.first.Before(first) {
			first = x.first
		}
		if x.last.After(last) {
			last = x.last
		}
	}
	return things, times, first, last
}

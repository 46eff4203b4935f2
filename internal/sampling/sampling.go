// Package sampling bounds how many refused requests are recorded in a minute, and
// counts the others.
package sampling

import (
	"sync"
	"sync/atomic"
	"time"
)

// Key is what has a limit of its own. The zero Key is all requests without
// credentials.
type Key struct{ Tenant, Connection string }

// Sampler decides which requests are recorded. Safe for concurrent use.
type Sampler struct {
	most      int // of a key in a minute
	perSource int // of a source without credentials

	mu      sync.Mutex
	windows map[Key]*window
	full    int64        // the minute in which none could be forgotten
	left    atomic.Int64 // windows that have left out something
}

// window is one minute of a key.
type window struct {
	minute  int64
	taken   int
	sources map[string]int
	Omitted
}

// Omitted is how many requests of a key were left out within a minute.
type Omitted struct {
	Key   Key
	Count int
	First time.Time // of the first that was left out
}

// New returns a sampler that records up to most requests of a key within a minute, and
// up to perSource of a source without credentials.
func New(most, perSource int) *Sampler {
	return &Sampler{most: most, perSource: perSource, windows: map[Key]*window{}}
}

// maxWindows is how many keys are remembered.
const maxWindows = 10_000

// Take reports whether a request of a key is recorded. source is the address of a
// client without credentials. A request that is not is counted.
func (s *Sampler) Take(k Key, source string, at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.windows[k]
	if w == nil {
		if len(s.windows) >= maxWindows && !s.forget(minute(at)) {
			return false
		}
		w = &window{minute: minute(at), Omitted: Omitted{Key: k}}
		s.windows[k] = w
	}
	if w.minute != minute(at) && w.Count == 0 {
		*w = window{minute: minute(at), Omitted: Omitted{Key: k}}
	}
	if w.taken < s.most && w.sources[source] < s.perSource {
		w.taken++
		if source != "" {
			if w.sources == nil {
				w.sources = map[string]int{}
			}
			w.sources[source]++
		}
		return true
	}
	if w.Count == 0 {
		w.First = at
		s.left.Add(1)
	}
	w.Count++
	return false
}

func minute(t time.Time) int64 { return t.Unix() / 60 }

// forget drops the windows of other minutes that left out nothing, and reports whether
// there were any.
func (s *Sampler) forget(now int64) bool {
	if s.full == now {
		return false
	}
	n := len(s.windows)
	for k, w := range s.windows {
		if w.minute != now && w.Count == 0 {
			delete(s.windows, k)
		}
	}
	if len(s.windows) == n {
		s.full = now
	}
	return len(s.windows) < n
}

// Due returns what was left out in minutes that are over, once.
func (s *Sampler) Due(at time.Time) []Omitted {
	if s.left.Load() == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []Omitted
	for k, w := range s.windows {
		if w.Count > 0 && w.minute != minute(at) {
			due = append(due, w.Omitted)
			delete(s.windows, k)
			s.left.Add(-1)
		}
	}
	return due
}

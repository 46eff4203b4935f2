package brake

import (
	"context"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

// memory is a store.Counters of this process. It does not take part in
// transactions: what one that is rolled back counted stays counted.
type memory struct {
	mu      sync.Mutex
	counts  map[[2]string]*count
	sweepAt int // counts at which those that ended are forgotten
}

type count struct {
	n    int64
	ends time.Time
}

const firstSweep = 1024

func newMemory() *memory { return &memory{counts: map[[2]string]*count{}, sweepAt: firstSweep} }

// Count implements [store.Counters].
func (m *memory) Count(ctx context.Context, c store.Count) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{store.Tenant(ctx), c.Name}
	now, ok := m.counts[key]
	if ok && !now.ends.IsZero() && !now.ends.After(c.At) {
		ok = false
	}
	switch {
	case c.Add == 0 && !ok:
		return 0, nil
	case c.Add == 0:
		return now.n, nil
	case !ok:
		m.sweep(c.At)
		now = &count{ends: c.Expires}
		m.counts[key] = now
	}
	now.n += c.Add
	return now.n, nil
}

func (m *memory) sweep(at time.Time) {
	if len(m.counts) < m.sweepAt {
		return
	}
	for key, c := range m.counts {
		if !c.ends.IsZero() && !c.ends.After(at) {
			delete(m.counts, key)
		}
	}
	m.sweepAt = max(firstSweep, 2*len(m.counts))
}

package console

import (
	"context"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/store"
)

const (
	// figuresTime is how long the figures of a tenant may take to be counted, and
	// patience how long a page waits for them, and for a search: a database that has
	// not counted 100,000 users yet takes seconds.
	figuresTime = time.Minute
	patience    = 150 * time.Millisecond
	mostFigures = 1024 // tenants whose last figures are remembered
)

// figures are what Config.Health says of a tenant.
type figures struct {
	All    []health.Status
	Users  *health.Users
	Groups *int
	At     time.Time
	Old    bool // newer ones are being counted
}

// counting is one count, which all pages that ask meanwhile wait for.
type counting struct {
	done   chan struct{}
	result *figures
	err    error
}

// figuresOf counts the figures of tenants, each once at a time.
type figuresOf struct {
	mu      sync.Mutex
	running map[string]*counting
	last    map[string]*figures
}

func newFigures() *figuresOf {
	return &figuresOf{running: map[string]*counting{}, last: map[string]*figures{}}
}

// figures returns the figures of the tenant: the newest if they are counted in time,
// else the last ones, nil if there are none.
func (q *request) figures() (*figures, error) {
	f := q.c.figures
	f.mu.Lock()
	c := f.running[q.id.Tenant]
	if c == nil {
		c = &counting{done: make(chan struct{})}
		f.running[q.id.Tenant] = c
		go q.c.count(context.WithoutCancel(q.r.Context()), q.id.Tenant, q.now, c)
	}
	f.mu.Unlock()
	wait := time.NewTimer(q.c.patience)
	defer wait.Stop()
	select {
	case <-c.done:
		return c.result, c.err
	case <-wait.C:
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	last := f.last[q.id.Tenant]
	if last == nil {
		return nil, nil
	}
	old := *last
	old.Old = true
	return &old, nil
}

// count counts the figures of a tenant.
func (c *Console) count(ctx context.Context, tenant string, now time.Time, to *counting) {
	ctx, cancel := context.WithTimeout(store.WithTenant(ctx, tenant), figuresTime)
	defer cancel()
	r := &figures{At: now}
	if r.All, to.err = c.cfg.Health.Status(ctx, tenant); to.err == nil {
		r.Users, r.Groups, to.err = c.cfg.Health.Population(ctx, tenant)
	}
	f := c.figures
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.running, tenant)
	if to.err == nil {
		to.result = r
		if len(f.last) >= mostFigures {
			clear(f.last)
		}
		f.last[tenant] = r
	}
	close(to.done)
}

// again makes the browser load a page again that could not show everything.
func (q *request) again() { q.w.Header().Set("Refresh", "2") }

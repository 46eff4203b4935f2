package health

import (
	"cmp"
	"context"
	"iter"
	"log/slog"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim/health/figures"
)

// each yields the figures of all time and of each hour.
func (h *hours) each() iter.Seq[figures.Figures] {
	return func(yield func(figures.Figures) bool) {
		if h.all.Requests != 0 && !yield(h.all) {
			return
		}
		for hour, c := range h.byHour {
			if !yield(figures.Figures{
				Tenant: h.all.Tenant, Connection: h.all.Connection, Hour: hour.start(),
				Requests: c.Requests, Errors: c.Errors, ServerErrors: c.ServerErrors, RateLimited: c.RateLimited, Stopped: c.Stopped,
			}) {
				return
			}
		}
	}
}

// merge adds figures of the same connection.
func (h *hours) merge(f *figures.Figures) {
	h.all.Tenant, h.all.Connection = f.Tenant, f.Connection
	if f.Hour.IsZero() {
		h.all.Add(f)
		return
	}
	in := hourOf(f.Hour)
	counts := h.byHour[in]
	counts.add(countsOf(f))
	h.byHour[in] = counts
}

func countsOf(f *figures.Figures) Counts {
	return Counts{f.Requests, f.Errors, f.ServerErrors, f.RateLimited, f.Stopped}
}

// makeRoom forgets a tenth of the connections, those whose last request was longest
// ago. The caller holds m.mu.
func (m *Monitor) makeRoom() {
	keys := make([]key, 0, len(m.counted))
	for k := range m.counted {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int { return m.counted[a].all.LastRequest.Compare(m.counted[b].all.LastRequest) })
	for _, k := range keys[:1+len(keys)/10] {
		delete(m.counted, k)
	}
}

// flushed is how many figures are added in one transaction.
const flushed = 200

// Run writes the figures to Config.Store every Config.FlushEvery and forgets old ones,
// until ctx ends; it then writes once more and returns ctx.Err(). Without a Store it
// waits for the end of ctx. A failure is logged, and what could not be written is
// written the next time. Several processes may run on one store.
func (m *Monitor) Run(ctx context.Context) error {
	if m.cfg.Store == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	tick := time.NewTicker(m.cfg.FlushEvery)
	defer tick.Stop()
	var pruned time.Time
	for {
		select {
		case <-tick.C:
			m.log(ctx, m.flushWithin(ctx, flushTimeout))
			if now := m.cfg.Now(); now.Sub(pruned) >= time.Hour {
				pruned = now
				m.log(ctx, m.prune(ctx, now))
			}
		case <-ctx.Done():
			last := context.WithoutCancel(ctx)
			m.log(last, m.flushWithin(last, lastTimeout))
			return ctx.Err()
		}
	}
}

const (
	flushTimeout = 30 * time.Second
	lastTimeout  = 5 * time.Second // at the end of the process
)

// flushWithin is Flush with a bound on the time for which it keeps readers waiting.
func (m *Monitor) flushWithin(ctx context.Context, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return m.Flush(ctx)
}

func (m *Monitor) log(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		m.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "health: the figures could not be shared; trying again", slog.String("error", err.Error()))
	}
}

// Flush writes the figures to Config.Store at once; [Monitor.Status] waits for it. The
// error is that of the store. Nothing is lost then; what the store committed without
// saying so is counted twice.
func (m *Monitor) Flush(ctx context.Context) error {
	if m.cfg.Store == nil {
		return nil
	}
	m.sharing.Lock()
	defer m.sharing.Unlock()
	m.mu.Lock()
	counted := m.counted
	m.counted = map[key]*hours{}
	m.mu.Unlock()
	for len(counted) > 0 {
		part := take(counted, flushed)
		err := m.cfg.Store.AddFigures(ctx, part)
		if err == nil {
			continue
		}
		m.putBack(part)
		for _, h := range counted {
			m.putBack(slices.Collect(h.each()))
		}
		return err
	}
	return nil
}

// take removes the figures of some connections, and returns at least one and about n
// in the order of connections and hours, so that two processes do not wait for each
// other.
func take(counted map[key]*hours, n int) []figures.Figures {
	var part []figures.Figures
	for k, h := range counted {
		part = slices.AppendSeq(part, h.each())
		delete(counted, k)
		if len(part) >= n {
			break
		}
	}
	slices.SortFunc(part, func(a, b figures.Figures) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Connection, b.Connection), a.Hour.Compare(b.Hour))
	})
	return part
}

// putBack adds figures that could not be written to what is counted since.
func (m *Monitor) putBack(part []figures.Figures) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range part {
		m.of(key{part[i].Tenant, part[i].Connection}).merge(&part[i])
	}
}

// prune forgets old figures in the store, a bounded number in one transaction.
func (m *Monitor) prune(ctx context.Context, now time.Time) error {
	const most = 1000
	for {
		n, err := m.cfg.Store.PruneFigures(ctx, m.since(now).start(), most)
		if err != nil || n < most {
			return err
		}
	}
}

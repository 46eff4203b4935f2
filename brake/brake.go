package brake

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// Host has what a [Brake] needs of the service.
type Host struct {
	// Counters are those of the transactions of writes.
	Counters store.Counters
	// Fallback says that Counters may be unusable (a table that was never made), in
	// which case each process counts by itself, with a warning.
	Fallback bool
	// Total returns how many resources of a type the tenant in the context has, 0 of
	// a type that is not served.
	Total  func(ctx context.Context, typ string) (int, error)
	Now    func() time.Time
	Logger *slog.Logger
}

// Brake counts what connections do. It is safe for concurrent use. A nil Brake
// stops nothing.
type Brake struct {
	cfg   Config
	host  Host
	here  *memory // of this process
	ready sync.Mutex
	asked bool // whether Counters can be used
	sizes sizes
}

// New returns a brake, nil if it is off. Without Host.Counters each process counts
// by itself.
func New(cfg Config, host Host) *Brake {
	if cfg.Off {
		return nil
	}
	b := &Brake{cfg: cfg.withDefaults(), host: host, here: newMemory()}
	if b.host.Counters == nil {
		b.host.Counters, b.asked = b.here, true
	}
	b.asked = b.asked || !host.Fallback
	return b
}

// Prepare finds out whether the counters can be used. It is called before the
// transaction of a write, which the error of a database would spoil.
func (b *Brake) Prepare(ctx context.Context) {
	if b == nil {
		return
	}
	b.ready.Lock()
	defer b.ready.Unlock()
	if b.asked {
		return
	}
	_, err := b.host.Counters.Count(ctx, store.Count{Name: "brake", At: b.host.Now()})
	if errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil {
		return
	}
	if err != nil {
		b.host.Logger.LogAttrs(ctx, slog.LevelWarn, "scim: the brake counts in this process alone, since Config.Tx cannot count: make its tables (sqlstore.Migrate with the part Counters), or set Config.Counters",
			slog.String("error", err.Error()))
		b.host.Counters = b.here
	}
	b.asked = true
}

// Count counts n more of a kind, about the resource with that id, in the transaction
// of the context. The error is a [*Stop] if the connection has no more left.
func (b *Brake) Count(ctx context.Context, connection string, k Kind, typ, id string, n int64) error {
	if b == nil || n == 0 {
		return nil
	}
	name := counter("brake count", k, typ, connection, "")
	sum, err := b.counters(k).Count(ctx, store.Count{Name: name, Add: n, At: b.host.Now(), Expires: b.host.Now().Add(b.cfg.Window)})
	if err != nil || sum <= int64(b.cfg.bound(k).Most) {
		return err
	}
	limit, err := b.Limit(ctx, k, typ)
	if err != nil || sum <= limit {
		return err
	}
	more, err := b.released(ctx, k, typ, connection)
	if err != nil || sum <= limit+more {
		return err
	}
	passed, err := b.pass(ctx, k, typ, connection, id)
	if err != nil {
		return err
	}
	if passed || b.counters(k) == b.here { // which no transaction undoes
		if _, err := b.counters(k).Count(ctx, store.Count{Name: name, Add: -n, At: b.host.Now()}); err != nil {
			return err
		}
	}
	if passed {
		return nil
	}
	return &Stop{Tenant: store.Tenant(ctx), Connection: connection, Kind: k, Type: typ, Limit: limit + more, Window: b.cfg.Window}
}

// Limit returns how many of a kind a connection may have in a window.
func (b *Brake) Limit(ctx context.Context, k Kind, typ string) (int64, error) {
	if b == nil {
		return 0, nil
	}
	bound := b.cfg.bound(k)
	if k == Memberships {
		typ = schema.UserType.Name
	}
	total, err := b.sizes.of(ctx, typ, b.host)
	return max(int64(bound.Most), int64(bound.Share*float64(total))), err
}

// counters are those of a kind.
func (b *Brake) counters(k Kind) store.Counters {
	if k == Creations {
		return b.here
	}
	b.ready.Lock()
	defer b.ready.Unlock()
	return b.host.Counters
}

// released returns how many of a kind were allowed beyond the bound.
func (b *Brake) released(ctx context.Context, k Kind, typ, connection string) (int64, error) {
	return b.counters("").Count(ctx, store.Count{Name: counter("brake release", k, typ, connection, ""), At: b.host.Now()})
}

// pass uses up the release of one resource.
func (b *Brake) pass(ctx context.Context, k Kind, typ, connection, id string) (bool, error) {
	c := store.Count{Name: counter("brake release", k, typ, connection, id), At: b.host.Now()}
	n, err := b.counters("").Count(ctx, c)
	if err != nil || n <= 0 {
		return false, err
	}
	c.Add, c.Expires = -n, b.host.Now().Add(b.cfg.Window)
	_, err = b.counters("").Count(ctx, c)
	return true, err
}

// Release lets a connection of the tenant in the context go on. The error names what
// is missing in r, or is one of the counters.
func (b *Brake) Release(ctx context.Context, r Release) error {
	if b == nil {
		return errors.New("scim: the brake is off")
	}
	if err := r.check(); err != nil {
		return err
	}
	b.Prepare(ctx)
	c := store.Count{Name: counter("brake release", r.Kind, r.Type, r.Connection, r.ID), Add: r.More, At: b.host.Now(), Expires: b.host.Now().Add(b.cfg.Window)}
	if r.ID != "" {
		c.Add = 1
	}
	_, err := b.counters("").Count(ctx, c)
	return err
}

// Stopped calls Config.Alert, once for the connection and kind in a window. It is
// called outside a transaction.
func (b *Brake) Stopped(ctx context.Context, s *Stop) error {
	c := store.Count{Name: counter("brake alert", s.Kind, s.Type, s.Connection, ""), At: b.host.Now(), Expires: b.host.Now().Add(b.cfg.Window)}
	if told, err := b.counters("").Count(ctx, c); err != nil || told > 0 {
		return err
	}
	c.Add = 1
	if told, err := b.counters("").Count(ctx, c); err != nil || told > 1 {
		return err
	}
	b.host.Logger.LogAttrs(ctx, slog.LevelWarn, "scim: the brake stopped a connection", slog.String("tenant", s.Tenant),
		slog.String("connection", s.Connection), slog.String("kind", string(s.Kind)), slog.String("type", s.Type), slog.Int64("limit", s.Limit))
	if b.cfg.Alert != nil {
		b.cfg.Alert(ctx, s)
	}
	return nil
}

// counter returns the name of a counter.
func counter(what string, k Kind, typ, connection, id string) string {
	name := append(append(append(make([]byte, 0, 96), what...), ' '), k...)
	for _, part := range [...]string{typ, connection, id} {
		name = strconv.AppendQuote(append(name, ' '), part)
	}
	return string(name)
}

// sizes remembers for a minute how many resources there are.
type sizes struct {
	mu    sync.Mutex
	known map[[2]string]size
}

type size struct {
	n     int
	until time.Time
}

const (
	sizeLasts = time.Minute
	mostSizes = 1024
)

func (s *sizes) of(ctx context.Context, typ string, host Host) (int, error) {
	key, now := [2]string{store.Tenant(ctx), typ}, host.Now()
	s.mu.Lock()
	known, ok := s.known[key]
	s.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.n, nil
	}
	n, err := host.Total(ctx, typ)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= mostSizes {
		s.known = map[[2]string]size{}
	}
	s.known[key] = size{n, now.Add(sizeLasts)}
	return n, nil
}

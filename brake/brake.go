package brake

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

// Host has what a [Brake] needs of the service.
type Host struct {
	// Counters are those of the transactions of writes.
	Counters store.Counters
	// Fallback says that Counters may be unusable (a table that was never made), in
	// which case each process counts by itself, with a warning.
	Fallback bool
	// Total returns how many resources of a type exist for the connection in the
	// context and are not inactive, 0 of a type that is not served. apart is false if
	// those that are inactive could not be told apart and are counted.
	Total  func(ctx context.Context, typ string) (n int, apart bool, err error)
	Now    func() time.Time
	Logger *slog.Logger
}

// Brake counts what connections do. It is safe for concurrent use. A nil Brake
// stops nothing.
type Brake struct {
	cfg   Config
	host  Host
	here  *memory // of this process
	state atomic.Int32
	sizes sizes
}

// What is known of Host.Counters.
const (
	unknown int32 = iota
	usable
	unusable // each process counts by itself
)

// New returns a brake, nil if it is off. Without Host.Counters each process counts
// by itself.
func New(cfg Config, host Host) *Brake {
	if cfg.Off {
		return nil
	}
	b := &Brake{cfg: cfg.withDefaults(), host: host, here: newMemory()}
	switch {
	case host.Counters == nil:
		b.state.Store(unusable)
	case !host.Fallback:
		b.state.Store(usable)
	}
	return b
}

// Prepare finds out whether the counters can be used. It is called before the
// transaction of a write, which the error of a database would spoil.
func (b *Brake) Prepare(ctx context.Context) {
	if b == nil || b.state.Load() != unknown {
		return
	}
	_, err := b.host.Counters.Count(ctx, store.Count{Name: "brake", At: b.host.Now()})
	switch {
	case err == nil:
		b.state.CompareAndSwap(unknown, usable)
	case errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil:
	case b.state.CompareAndSwap(unknown, unusable):
		b.host.Logger.LogAttrs(ctx, slog.LevelWarn, "scim: the brake counts in this process alone, since Config.Tx cannot count: make its tables (sqlstore.Migrate with the part Counters), or set Config.Counters",
			slog.String("error", err.Error()))
	}
}

// shared are the counters of all processes.
func (b *Brake) shared() store.Counters {
	if b.state.Load() == unusable {
		return b.here
	}
	return b.host.Counters
}

// counters are those of a kind.
func (b *Brake) counters(k Kind) store.Counters {
	if k == Creations {
		return b.here
	}
	return b.shared()
}

// Local reports whether a kind is counted in this process: no transaction undoes it.
func (b *Brake) Local(k Kind) bool { return b.counters(k) == store.Counters(b.here) }

// Subject is what a write is counted for.
type Subject struct {
	Connection string
	Type       string // name of the resource type
	ID         string // of the resource
}

// Count counts n more of a kind in the transaction of the context. The error is a
// [*Stop] if the connection has no more left.
func (b *Brake) Count(ctx context.Context, of Subject, k Kind, n int64) error {
	if b == nil || n == 0 {
		return nil
	}
	now := b.host.Now()
	sum, err := b.add(ctx, b.counters(k), counts, k, of, n, now)
	if err != nil {
		return err
	}
	if sum == n { // the first of the window
		if err := b.mark(ctx, b.counters(k), ends, k, of, now.Add(b.cfg.Window), now, now.Add(b.cfg.Window)); err != nil {
			return err
		}
	}
	if err := b.stop(ctx, of, k, n, sum, now); err != nil || k != Creations {
		return err
	}
	return b.tell(ctx, k, of, n, sum, now)
}

// What the counters of a connection, a kind and a type are for.
const (
	counts      = "brake count"
	everywhere  = "brake created" // what processes told each other
	releases    = "brake release" // by number, or of one resource
	allowed     = "brake allowed" // that counts may reach in the window of the last release
	alerts      = "brake alert"
	ends        = "brake ends" // a time, as in those below
	stoppedAt   = "brake stopped"
	releaseEnds = "brake release ends"
)

// add adds to a counter. Every call names the end, in case it starts the counter.
func (b *Brake) add(ctx context.Context, in store.Counters, what string, k Kind, of Subject, n int64, now time.Time) (int64, error) {
	return in.Count(ctx, store.Count{Name: counter(what, k, of.Type, of.Connection, ""), Add: n, At: now, Expires: now.Add(b.cfg.Window)})
}

// noted is how many creations a process counts until it notes them for all.
const noted = 50

// tell lets other processes know of what this one counts by itself, in steps.
func (b *Brake) tell(ctx context.Context, k Kind, of Subject, n, sum int64, now time.Time) error {
	if sum/noted == (sum-n)/noted || b.Local(Leavers) {
		return nil
	}
	_, err := b.add(ctx, b.shared(), everywhere, k, of, noted, now)
	return err
}

// stop returns a Stop if the sum of a kind is beyond what is allowed.
func (b *Brake) stop(ctx context.Context, of Subject, k Kind, n, sum int64, now time.Time) error {
	if sum <= int64(b.cfg.bound(k).Most) {
		return nil
	}
	total, err := b.sizes.of(ctx, sizeKey{store.Tenant(ctx), of.Connection, sizedBy(of.Type, k), string(k)}, b.host, leftOf(k, sum))
	if err != nil {
		return err
	}
	limit, err := b.limit(ctx, of, k, total, now)
	if err != nil || sum <= limit {
		return err
	}
	if limit, err = b.released(ctx, of, k, limit, now); err != nil || sum <= limit {
		return err
	}
	passed, err := b.pass(ctx, of, k, now)
	if err != nil {
		return err
	}
	if passed || b.Local(k) {
		if err := b.Undo(ctx, of, k, n); err != nil {
			return err
		}
	}
	if passed {
		return nil
	}
	return &Stop{Tenant: store.Tenant(ctx), Connection: of.Connection, Kind: k, Type: of.Type, Limit: limit, Window: b.cfg.Window}
}

// Join notes that n resources were given access back, or were taken over from another
// connection. Like those that it creates they are no part of a share. Nothing is
// stopped. A negative n takes back what was noted for a write that failed.
func (b *Brake) Join(ctx context.Context, of Subject, n int64) error {
	if b == nil || n == 0 {
		return nil
	}
	now := b.host.Now()
	sum, err := b.add(ctx, b.here, counts, joiners, of, n, now)
	if err != nil || n < 0 {
		return err
	}
	return b.tell(ctx, joiners, of, n, sum, now)
}

// joiners are counted by [Brake.Join], in each process.
const joiners Kind = "joiners"

// Undo takes back what was counted for a write that failed, where no transaction
// undoes it.
func (b *Brake) Undo(ctx context.Context, of Subject, k Kind, n int64) error {
	if n == 0 {
		return nil
	}
	_, err := b.add(ctx, b.counters(k), counts, k, of, -n, b.host.Now())
	return err
}

// limit returns how many of a kind a connection may have in a window, out of total
// resources with those that left. What it created, reactivated or adopted within the
// window does not raise its bounds.
func (b *Brake) limit(ctx context.Context, of Subject, k Kind, total int64, now time.Time) (int64, error) {
	people := Subject{Connection: of.Connection, Type: sizedBy(of.Type, k)}
	for _, joined := range [...]Kind{Creations, joiners} {
		n, err := b.known(ctx, people, joined, now)
		if err != nil {
			return 0, err
		}
		total -= n
	}
	bound := b.cfg.bound(k)
	return max(int64(bound.Most), int64(bound.Share*float64(total))), nil
}

// known returns what this process counted by itself, or what it knows of all of them.
func (b *Brake) known(ctx context.Context, of Subject, k Kind, now time.Time) (int64, error) {
	here, err := b.add(ctx, b.here, counts, k, of, 0, now)
	if err != nil {
		return 0, err
	}
	all, err := b.add(ctx, b.shared(), everywhere, k, of, 0, now)
	return max(here, all), err
}

// released returns a limit with what was released.
func (b *Brake) released(ctx context.Context, of Subject, k Kind, limit int64, now time.Time) (int64, error) {
	more, err := b.add(ctx, b.shared(), releases, k, of, 0, now)
	if err != nil {
		return 0, err
	}
	sum, err := b.add(ctx, b.shared(), allowed, k, of, 0, now)
	return max(limit+more, sum), err
}

// pass uses up the release of one resource.
func (b *Brake) pass(ctx context.Context, of Subject, k Kind, now time.Time) (bool, error) {
	c := store.Count{Name: counter(releases, k, of.Type, of.Connection, of.ID), At: now}
	n, err := b.shared().Count(ctx, c)
	if err != nil || n <= 0 {
		return false, err
	}
	c.Add, c.Expires = -n, now.Add(b.cfg.Window)
	_, err = b.shared().Count(ctx, c)
	return true, err
}

// CheckRelease returns what is missing in a release, or that the brake is off.
func (b *Brake) CheckRelease(r Release) error {
	if b == nil {
		return errors.New("scim: the brake is off")
	}
	return r.check()
}

// Release lets a connection of the tenant in the context go on. The error names what
// is missing in r, or is one of the counters.
func (b *Brake) Release(ctx context.Context, r Release) error {
	if err := b.CheckRelease(r); err != nil {
		return err
	}
	b.Prepare(ctx)
	now := b.host.Now()
	of := Subject{Connection: r.Connection, Type: r.Type, ID: r.ID}
	if err := b.let(ctx, r, of, now); err != nil {
		return err
	}
	// The next stop is another one.
	return errors.Join(b.forget(ctx, alerts, r.Kind, of, now), b.forget(ctx, stoppedAt, r.Kind, of, now))
}

// let counts a release.
func (b *Brake) let(ctx context.Context, r Release, of Subject, now time.Time) error {
	if r.ID != "" {
		c := store.Count{Name: counter(releases, r.Kind, of.Type, of.Connection, of.ID), Add: 1, At: now, Expires: now.Add(b.cfg.Window)}
		_, err := b.shared().Count(ctx, c)
		return err
	}
	if _, err := b.add(ctx, b.shared(), releases, r.Kind, of, r.More, now); err != nil {
		return err
	}
	end := now.Add(b.cfg.Window)
	return errors.Join(b.mark(ctx, b.shared(), releaseEnds, r.Kind, of, end, now, end), b.allow(ctx, r, of, now))
}

// allow lets More be counted beyond what is counted in the window, for one in which an
// earlier release was used that has ended.
func (b *Brake) allow(ctx context.Context, r Release, of Subject, now time.Time) error {
	sum, err := b.counted(ctx, of, r.Kind, now)
	if err != nil || sum == 0 {
		return err
	}
	c := store.Count{Name: counter(allowed, r.Kind, of.Type, of.Connection, ""), At: now}
	if c.Expires, err = b.end(ctx, of, r.Kind, now); err != nil {
		return err
	}
	has, err := b.shared().Count(ctx, c)
	if err != nil {
		return err
	}
	c.Add = max(has, sum) + r.More - has
	_, err = b.shared().Count(ctx, c)
	return err
}

// counted returns the count of a kind in the window.
func (b *Brake) counted(ctx context.Context, of Subject, k Kind, now time.Time) (int64, error) {
	if k == Creations {
		return b.known(ctx, of, k, now)
	}
	return b.add(ctx, b.counters(k), counts, k, of, 0, now)
}

// end returns when the window of a kind ends, or would end that began now.
func (b *Brake) end(ctx context.Context, of Subject, k Kind, now time.Time) (time.Time, error) {
	until, err := b.add(ctx, b.counters(k), ends, k, of, 0, now)
	if err != nil || until == 0 {
		return now.Add(b.cfg.Window), err
	}
	return instant(until), nil
}

// forget sets a counter to 0.
func (b *Brake) forget(ctx context.Context, what string, k Kind, of Subject, now time.Time) error {
	n, err := b.add(ctx, b.shared(), what, k, of, 0, now)
	if err != nil || n == 0 {
		return err
	}
	_, err = b.add(ctx, b.shared(), what, k, of, -n, now)
	return err
}

// alertAgain is after how long a connection that is still stopped is an alert again.
const alertAgain = time.Hour

// Stopped calls Config.Alert, once for the connection and kind in an hour. It is
// called outside a transaction.
func (b *Brake) Stopped(ctx context.Context, s *Stop) error {
	now := b.host.Now()
	c := store.Count{Name: counter(alerts, s.Kind, s.Type, s.Connection, ""), At: now, Expires: now.Add(alertAgain)}
	if told, err := b.shared().Count(ctx, c); err != nil || told > 0 {
		return err
	}
	c.Add = 1
	if told, err := b.shared().Count(ctx, c); err != nil || told > 1 {
		return err
	}
	if err := b.markStop(ctx, s, now); err != nil {
		return err
	}
	b.host.Logger.LogAttrs(ctx, slog.LevelWarn, "scim: the brake stopped a connection", slog.String("tenant", s.Tenant),
		slog.String("connection", s.Connection), slog.String("kind", string(s.Kind)), slog.String("type", s.Type), slog.Int64("limit", s.Limit))
	if b.cfg.Alert != nil {
		b.cfg.Alert(ctx, s)
	}
	return nil
}

// markStop notes the time of a stop, until the window ends in which it came.
func (b *Brake) markStop(ctx context.Context, s *Stop, now time.Time) error {
	of := Subject{Connection: s.Connection, Type: s.Type}
	end, err := b.end(ctx, of, s.Kind, now)
	if err != nil {
		return err
	}
	return b.mark(ctx, b.shared(), stoppedAt, s.Kind, of, now, now, end)
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
	known map[sizeKey]size
}

type sizeKey struct {
	tenant, connection, typ, use string
}

type size struct {
	n     int64
	until time.Time
}

const (
	sizeLasts = time.Minute
	mostSizes = 1024
)

// of returns the number of resources, with those that left and are not counted any more.
func (s *sizes) of(ctx context.Context, key sizeKey, host Host, left int64) (int64, error) {
	now := host.Now()
	s.mu.Lock()
	known, ok := s.known[key]
	s.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.n, nil
	}
	total, apart, err := host.Total(ctx, key.typ)
	if err != nil {
		return 0, err
	}
	if !apart {
		left = 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= mostSizes {
		s.known = map[sizeKey]size{}
	}
	n := int64(total) + left
	s.known[key] = size{n, now.Add(sizeLasts)}
	return n, nil
}

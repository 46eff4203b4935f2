// Package ratelimit bounds how many requests each connection and each tenant may
// send.
package ratelimit

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how many requests a second are allowed in the long run, and how many at
// once. PerSecond +Inf allows all.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Limiter bounds the requests of connections and tenants. It is safe for concurrent
// use. It forgets the ones that sent nothing for long enough to have their burst
// again, so that it remembers no more of them than send requests.
type Limiter struct {
	connections, tenants group
}

// New returns a Limiter with a rate for each connection and one for each tenant,
// all its connections together.
func New(connection, tenant Rate) *Limiter {
	return &Limiter{connections: newGroup(connection), tenants: newGroup(tenant)}
}

// Take takes one request of a connection of a tenant. If that is one too many, it
// returns after how long another try may succeed, else 0.
func (l *Limiter) Take(tenant, connection string, now time.Time) time.Duration {
	if wait := l.connections.take(key{tenant, connection}, now); wait > 0 {
		return wait
	}
	return l.tenants.take(key{tenant: tenant}, now)
}

// Wait returns after how long a request of a connection of a tenant would be allowed, 0
// for one that would be allowed now, and takes none.
func (l *Limiter) Wait(tenant, connection string, now time.Time) time.Duration {
	return max(l.connections.wait(key{tenant, connection}, now), l.tenants.wait(key{tenant: tenant}, now))
}

// Charge counts n requests without refusing any. Requests of the connection that
// follow wait for all of them. Those of other connections of the tenant wait for no
// more than a burst.
func (l *Limiter) Charge(tenant, connection string, now time.Time, n int) {
	l.connections.charge(key{tenant, connection}, now, n, math.MaxInt)
	l.tenants.charge(key{tenant: tenant}, now, n, l.tenants.burst)
}

// key names a connection of a tenant, or a tenant.
type key struct{ tenant, connection string }

// group has the limits of all connections, or of all tenants.
type group struct {
	rate    rate.Limit
	burst   int
	mu      sync.Mutex
	buckets map[key]*rate.Limiter
	sweepAt int // buckets at which those that are full are forgotten
}

const firstSweep = 1024

func newGroup(r Rate) group {
	return group{rate: rate.Limit(r.PerSecond), burst: r.Burst, buckets: map[key]*rate.Limiter{}, sweepAt: firstSweep}
}

// unlimited reports whether the group refuses nothing.
func (g *group) unlimited() bool { return math.IsInf(float64(g.rate), 1) }

func (g *group) take(k key, now time.Time) time.Duration {
	if g.unlimited() {
		return 0
	}
	b := g.bucket(k, now)
	if b.AllowN(now, 1) {
		return 0
	}
	return g.missing(b, now)
}

// missing is the time until a bucket has a request again.
func (g *group) missing(b *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - b.TokensAt(now)
	return time.Duration(max(0, missing) / float64(g.rate) * float64(time.Second))
}

func (g *group) wait(k key, now time.Time) time.Duration {
	if g.unlimited() {
		return 0
	}
	g.mu.Lock()
	b, ok := g.buckets[k]
	g.mu.Unlock()
	if !ok {
		return 0
	}
	return g.missing(b, now)
}

// charge takes n requests, as far as no more than most are owed then.
func (g *group) charge(k key, now time.Time, n, most int) {
	if g.unlimited() || g.burst == 0 {
		return
	}
	b := g.bucket(k, now)
	if most < math.MaxInt {
		n = min(n, max(0, int(b.TokensAt(now))+most))
	}
	for ; n > 0; n -= g.burst {
		b.ReserveN(now, min(n, g.burst))
	}
}

func (g *group) bucket(k key, now time.Time) *rate.Limiter {
	g.mu.Lock()
	defer g.mu.Unlock()
	b, ok := g.buckets[k]
	if !ok {
		g.sweep(now)
		b = rate.NewLimiter(g.rate, g.burst)
		g.buckets[k] = b
	}
	return b
}

// sweep forgets the buckets that are full, which a new one replaces without a
// difference, whenever there are twice as many buckets as it left the last time.
func (g *group) sweep(now time.Time) {
	if len(g.buckets) < g.sweepAt {
		return
	}
	for k, b := range g.buckets {
		if b.TokensAt(now) >= float64(g.burst) {
			delete(g.buckets, k)
		}
	}
	g.sweepAt = max(firstSweep, 2*len(g.buckets))
}

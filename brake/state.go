package brake

import (
	"context"
	"time"

	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// State is how far a connection is towards one bound.
type State struct {
	Connection string
	Kind       Kind
	Type       string // name of the resource type
	// Count is what was counted in the window. Of creations it is what this process
	// counted, or all processes in steps of 50, whichever is more.
	Count int64
	// Limit is what Count may reach: the bound and what was released.
	Limit int64
	// Until is when the window ends and Count is 0 again; zero if nothing is counted.
	Until time.Time
	// Stopped is when the brake stopped the first write in the window, or the first
	// since the last release; zero if it stopped none.
	Stopped time.Time
	// Released is the sum of the releases by Release.More, which raise the bound until
	// ReleasedUntil. Releases of one resource by Release.ID are no part of it.
	Released      int64
	ReleasedUntil time.Time
}

// State returns how far a connection of the tenant in the context is towards the bound
// of a kind for a resource type. The number of resources, of which a bound is a share, is
// read once in a minute. It writes nothing. The error is that of the counters
// or of Host.Total.
func (b *Brake) State(ctx context.Context, connection, typ string, k Kind) (State, error) {
	b.Prepare(ctx)
	of, now := Subject{Connection: connection, Type: typ}, b.host.Now()
	s := State{Connection: connection, Kind: k, Type: typ}
	shared := b.shared()
	for _, read := range [...]struct {
		in   store.Counters
		what string
		to   func(n int64)
	}{
		{b.counters(k), ends, func(n int64) { s.Until = instant(n) }},
		{shared, stoppedAt, func(n int64) { s.Stopped = instant(n) }},
		{shared, releases, func(n int64) { s.Released = n }},
		{shared, releaseEnds, func(n int64) { s.ReleasedUntil = instant(n) }},
	} {
		n, err := b.add(ctx, read.in, read.what, k, of, 0, now)
		if err != nil {
			return State{}, err
		}
		read.to(n)
	}
	var err error
	if s.Count, err = b.counted(ctx, of, k, now); err != nil {
		return State{}, err
	}
	// Writes do not use this number: the caller names the policy of the connection.
	total, err := b.sizes.of(ctx, sizeKey{store.Tenant(ctx), connection, sizedBy(typ, k), "state " + string(k)}, b.host, leftOf(k, s.Count))
	if err != nil {
		return State{}, err
	}
	if s.Limit, err = b.limit(ctx, of, k, total, now); err != nil {
		return State{}, err
	}
	s.Limit, err = b.released(ctx, of, k, s.Limit, now)
	return s, err
}

// sizedBy returns the name of the resource type of which a bound is a share.
func sizedBy(typ string, k Kind) string {
	if k == Memberships {
		return schema.UserType.Name
	}
	return typ
}

// leftOf returns how many of the counted are part of the share although they are
// inactive or deleted.
func leftOf(k Kind, sum int64) int64 {
	if k == Leavers {
		return sum
	}
	return 0
}

// mark notes a time in a counter until end, unless it has one.
func (b *Brake) mark(ctx context.Context, in store.Counters, what string, k Kind, of Subject, at, now, end time.Time) error {
	c := store.Count{Name: counter(what, k, of.Type, of.Connection, ""), At: now, Expires: end}
	if has, err := in.Count(ctx, c); err != nil || has != 0 {
		return err
	}
	c.Add = at.Unix()
	_, err := in.Count(ctx, c)
	return err
}

// instant returns the time that mark noted.
func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

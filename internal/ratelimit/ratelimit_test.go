package ratelimit

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// taken is how many of n requests of a connection are allowed at one moment.
func taken(l *Limiter, tenant, connection string, now time.Time, n int) (allowed int) {
	for range n {
		if l.Take(tenant, connection, now) == 0 {
			allowed++
		}
	}
	return allowed
}

func TestBurstThenRate(t *testing.T) {
	t.Parallel()
	l := New(Rate{10, 50}, Rate{math.Inf(1), 0})
	require.Equal(t, 50, taken(l, "a", "okta", start, 100), "the burst")
	assert.Equal(t, 100*time.Millisecond, l.Take("a", "okta", start).Round(time.Millisecond), "the time until the next")
	assert.Equal(t, 10, taken(l, "a", "okta", start.Add(time.Second), 100), "the rate")
	assert.Equal(t, 50, taken(l, "a", "entra", start, 100), "another connection")
	assert.Equal(t, 50, taken(l, "b", "okta", start, 100), "the name in another tenant")
}

func TestTenantBoundsItsConnections(t *testing.T) {
	t.Parallel()
	l := New(Rate{10, 50}, Rate{20, 80})
	require.Equal(t, 50, taken(l, "a", "okta", start, 100))
	assert.Equal(t, 30, taken(l, "a", "entra", start, 100))
	assert.Equal(t, 50, taken(l, "b", "okta", start, 100), "another tenant")
}

// Requests that were charged are all owed by the connection, however many, and by its
// tenant to a burst.
func TestChargeDelaysWhatFollows(t *testing.T) {
	t.Parallel()
	l := New(Rate{10, 50}, Rate{100, 100})
	require.Zero(t, l.Take("a", "okta", start))
	for range 1000 {
		l.Charge("a", "okta", start, 500)
	}
	assert.Equal(t, 1010*time.Millisecond, l.Take("a", "entra", start).Round(time.Millisecond), "another connection of the tenant")
	assert.Zero(t, taken(l, "a", "okta", start.Add(13*time.Hour), 1))
	assert.Equal(t, 50, taken(l, "a", "okta", start.Add(14*time.Hour), 100), "500,000 requests, 10 a second")
	assert.Equal(t, 50, taken(l, "b", "okta", start, 100), "another tenant")
}

func TestInfinityAllowsAll(t *testing.T) {
	t.Parallel()
	l := New(Rate{math.Inf(1), 0}, Rate{math.Inf(1), 0})
	l.Charge("a", "okta", start, 1000)
	assert.Equal(t, 1000, taken(l, "a", "okta", start, 1000))
	assert.Empty(t, l.connections.buckets)
}

func TestForgetsTheIdle(t *testing.T) {
	t.Parallel()
	l := New(Rate{10, 50}, Rate{10, 50})
	require.Equal(t, 50, taken(l, "busy", "okta", start.Add(999*time.Second), 50))
	for i := range 100_000 {
		require.Zero(t, l.Take(fmt.Sprint("tenant", i), "okta", start.Add(time.Duration(i)*10*time.Millisecond)))
	}
	assert.LessOrEqual(t, len(l.connections.buckets), firstSweep, "those of the last moments")
	assert.LessOrEqual(t, len(l.tenants.buckets), firstSweep)
	assert.Zero(t, taken(l, "busy", "okta", start.Add(999*time.Second), 10), "one that is not idle is remembered")
}

func TestWaitTakesNothing(t *testing.T) {
	t.Parallel()
	l := New(Rate{10, 50}, Rate{math.Inf(1), 0})
	assert.Zero(t, l.Wait("a", "okta", start))
	require.Equal(t, 50, taken(l, "a", "okta", start, 100))
	for range 3 {
		assert.Equal(t, 100*time.Millisecond, l.Wait("a", "okta", start).Round(time.Millisecond))
	}
	assert.Zero(t, l.Wait("a", "okta", start.Add(100*time.Millisecond)))
	assert.Zero(t, l.Wait("a", "entra", start))
}

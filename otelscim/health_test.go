package otelscim_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/health"
	"github.com/seed5f3efb56/scim/otelscim"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

func these(tenants ...string) func(context.Context) ([]string, error) {
	return func(context.Context) ([]string, error) { return tenants, nil }
}

// healthOf returns those of the metrics that come from Config.Health and are not 0.
func (w *world) healthOf() map[string]float64 {
	out := map[string]float64{}
	for name, n := range w.metrics() {
		for _, prefix := range []string{"scim.users ", "scim.connections ", "scim.credentials.expiring ", "scim.brake.stopped "} {
			if strings.HasPrefix(name, prefix) && n != 0 {
				out[name] = n
			}
		}
	}
	return out
}

// addToken adds a credential of a connection that expires.
func (w *world) addToken(tenant, connection string, after time.Duration) {
	t := scim.HashToken("token-of-"+connection+after.String(), "secret-"+tenant+connection+after.String())
	t.Tenant, t.Connection, t.Created, t.Expires = tenant, connection, w.clock, w.clock.Add(after)
	require.NoError(w, w.db.AddToken(store.WithTenant(w.Context(), tenant), t))
}

// The gauges say what Status says to the console and the command.
func TestHealth(t *testing.T) {
	t.Parallel()
	for _, byTenant := range []bool{false, true} {
		w := newWorld(t, func(c *otelscim.Config, s *scim.Config) {
			c.HealthTenants, c.Tenants = these("acme", "globex"), byTenant
			s.Brake = brake.Config{Leavers: brake.Bound{Most: 1}}
		})
		w.addToken("acme", "okta", 24*time.Hour)
		w.addToken("acme", "okta", 29*24*time.Hour)
		w.addToken("acme", "okta", 31*24*time.Hour)
		w.addToken("acme", "okta", -time.Hour) // it has expired
		w.addToken("globex", "entra", 365*24*time.Hour)
		var paths []string
		for _, name := range []string{"ada", "bob", "cyd"} {
			paths = append(paths, strings.TrimPrefix(w.send("POST", "/Users", scimtest.User(name, `"active":true`)).Header().Get("Location"), scimtest.BaseURL))
		}
		off := scimtest.PatchOp(`{"op":"replace","path":"active","value":false}`)
		require.Less(t, w.send("PATCH", paths[0], off).Code, 300)
		require.Equal(t, 503, w.send("PATCH", paths[1], off).Code)
		want := map[string]float64{
			"scim.users scim.user.state=active": 2, "scim.users scim.user.state=inactive": 1,
			"scim.connections scim.connection.level=failing": 1, "scim.connections scim.connection.level=waiting": 1,
			"scim.credentials.expiring ": 2, "scim.brake.stopped ": 1,
		}
		if byTenant {
			want = map[string]float64{
				"scim.users scim.tenant=acme,scim.user.state=active": 2, "scim.users scim.tenant=acme,scim.user.state=inactive": 1,
				"scim.connections scim.connection.level=failing,scim.tenant=acme": 1, "scim.connections scim.connection.level=waiting,scim.tenant=globex": 1,
				"scim.credentials.expiring scim.tenant=acme": 2, "scim.brake.stopped scim.tenant=acme": 1,
			}
		}
		require.Equal(t, want, w.healthOf())
		statuses, err := w.m.Status(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, health.LevelFailing, statuses[0].Level)
		require.Equal(t, &health.Users{Active: 2, Inactive: 1}, statuses[0].Users)
	}
}

// Without HealthTenants it is the tenant with the empty name.
func TestHealthOfOneTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *otelscim.Config, _ *scim.Config) {
		c.Health = asked(func(_ context.Context, tenant string) ([]health.Status, error) {
			return []health.Status{{Connection: tenant + "okta", Level: health.LevelOK}}, nil
		})
	})
	require.Equal(t, map[string]float64{"scim.connections scim.connection.level=ok": 1}, w.healthOf())
	require.NoError(t, w.t.Close())
	require.Empty(t, w.healthOf())
}

// asked is a Health without users.
type asked func(ctx context.Context, tenant string) ([]health.Status, error)

func (f asked) Status(ctx context.Context, tenant string) ([]health.Status, error) {
	return f(ctx, tenant)
}
func (f asked) Population(context.Context, string) (*health.Users, *int, error) { return nil, nil, nil }

// A slow or failing Health keeps no other metric away. The last answer is used until it
// is outdated.
func TestSlowAndFailingHealth(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	var fails atomic.Pointer[error]
	answer := make(chan struct{})
	impatient, cancel := context.WithCancel(t.Context())
	w := newWorld(t, func(c *otelscim.Config, _ *scim.Config) {
		c.Health = asked(func(ctx context.Context, _ string) ([]health.Status, error) {
			calls.Add(1)
			cancel()
			select {
			case <-answer:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if err := fails.Load(); err != nil {
				return nil, *err
			}
			return []health.Status{{Level: health.LevelOK}}, nil
		})
	})
	var none metricdata.ResourceMetrics
	require.NoError(t, w.read.Collect(impatient, &none))
	require.NotContains(t, fmt.Sprintf("%+v", none), "scim.connections", "it ends before Health answers")
	require.EqualValues(t, 1, calls.Load())
	close(answer)
	one := map[string]float64{"scim.connections scim.connection.level=ok": 1}
	require.Equal(t, one, w.healthOf())
	require.EqualValues(t, 1, calls.Load(), "the slow one went on")
	require.Equal(t, one, w.healthOf())
	require.EqualValues(t, 1, calls.Load(), "it is fresh")

	err := errors.New("the database is away")
	fails.Store(&err)
	w.clock = w.clock.Add(time.Minute)
	require.Equal(t, one, w.healthOf(), "the last one")
	require.EqualValues(t, 2, calls.Load())
	w.clock = w.clock.Add(10 * time.Minute)
	require.Empty(t, w.healthOf(), "it is outdated")
	require.Contains(t, w.metrics(), "scim.outbox.oldest scim.outbox.queue=revoke")
	fails.Store(nil)
	require.Equal(t, one, w.healthOf())
}

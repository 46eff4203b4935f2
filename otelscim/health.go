package otelscim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/seed5f3efb56/scim/health"
)

// Health tells how the connections are. A *health.Monitor does.
type Health interface {
	Status(ctx context.Context, tenant string) ([]health.Status, error)
	Population(ctx context.Context, tenant string) (*health.Users, *int, error)
}

const (
	// patience is how long a collection waits for a reading of Config.Health.
	patience = 2 * time.Second
	// longest is how long a reading may take.
	longest = time.Minute
	// fresh is how long a reading is used without another one.
	fresh = 30 * time.Second
	// outdated is when a reading is not used any more, whatever keeps the next one away.
	outdated = 10 * time.Minute
	// soon is when a credential counts as one that expires.
	soon = 30 * 24 * time.Hour
)

// Attributes of the gauges of health.
const (
	userKey  = attribute.Key("scim.user.state")
	levelKey = attribute.Key("scim.connection.level")
)

var levels = []health.Level{health.LevelWaiting, health.LevelOK, health.LevelWarning, health.LevelFailing}

// figures are those of a tenant, or of all.
type figures struct {
	active, inactive  int64
	users             bool // can be counted
	levels            map[health.Level]int64
	expiring, stopped int64
}

func (f *figures) add(o *figures) {
	f.active, f.inactive, f.users = f.active+o.active, f.inactive+o.inactive, f.users || o.users
	f.expiring, f.stopped = f.expiring+o.expiring, f.stopped+o.stopped
	for l, n := range o.levels {
		f.levels[l] += n
	}
}

// reading is what Config.Health said of each tenant.
type reading struct {
	at      time.Time
	tenants map[string]*figures
}

// readings keep the last one. One at a time is made.
type readings struct {
	mu    sync.Mutex
	last  *reading
	ended chan struct{}      // closed when the one that is being made ends; nil: none is
	stop  context.CancelFunc // ends it
}

// close ends the one that is being made.
func (s *readings) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop()
	}
}

// attachHealth registers the gauges of Config.Health.
func (t *Telemetry) attachHealth() (metric.Registration, error) {
	var errs [4]error
	gauge := func(name, unit, what string, err *error) (g metric.Int64ObservableGauge) {
		g, *err = t.meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(what))
		return g
	}
	users := gauge("scim.users", "{user}", "Users by whether they are active.", &errs[0])
	connections := gauge("scim.connections", "{connection}", "Connections by their health.", &errs[1])
	expiring := gauge("scim.credentials.expiring", "{credential}", "Credentials that expire within 30 days.", &errs[2])
	stopped := gauge("scim.brake.stopped", "{connection}", "Connections that the brake has stopped.", &errs[3])
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return t.meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		for tenant, f := range t.byTenant(t.reading(ctx)) {
			of := func(attributes ...attribute.KeyValue) metric.MeasurementOption {
				if t.cfg.Tenants {
					attributes = append(attributes, tenantKey.String(tenant))
				}
				return metric.WithAttributes(attributes...)
			}
			if f.users {
				o.ObserveInt64(users, f.active, of(userKey.String("active")))
				o.ObserveInt64(users, f.inactive, of(userKey.String("inactive")))
			}
			for _, l := range levels {
				o.ObserveInt64(connections, f.levels[l], of(levelKey.String(string(l))))
			}
			o.ObserveInt64(expiring, f.expiring, of())
			o.ObserveInt64(stopped, f.stopped, of())
		}
		return nil
	}, users, connections, expiring, stopped)
}

// byTenant returns the figures of each tenant, or the sum if Config.Tenants does not ask
// for tenants.
func (t *Telemetry) byTenant(r *reading) map[string]*figures {
	if r == nil {
		return nil
	}
	if t.cfg.Tenants {
		return r.tenants
	}
	all := &figures{levels: map[health.Level]int64{}}
	for _, f := range r.tenants {
		all.add(f)
	}
	return map[string]*figures{"": all}
}

// reading returns a fresh reading, or the last one if another is not there in time, nil
// if that is outdated. A slow one goes on for the next collection.
func (t *Telemetry) reading(ctx context.Context) *reading {
	s := &t.readings
	s.mu.Lock()
	if s.last != nil && t.cfg.Now().Sub(s.last.at) < fresh {
		defer s.mu.Unlock()
		return s.last
	}
	if s.ended == nil {
		s.ended = make(chan struct{})
		// The next collection may use it, when this one has ended.
		going, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
		s.stop = cancel
		go t.read(going, cancel)
	}
	ended := s.ended
	s.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && t.cfg.Now().Sub(s.last.at) < outdated {
		return s.last
	}
	return nil
}

// read makes a reading. A failure goes to the error handler of OpenTelemetry: as the
// error of the collection it would keep all other metrics away.
func (t *Telemetry) read(ctx context.Context, cancel context.CancelFunc) {
	defer cancel()
	r, err := t.ask(ctx)
	if err != nil {
		otel.Handle(fmt.Errorf("otelscim: health: %w", err))
	}
	s := &t.readings
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.last = r
	}
	close(s.ended)
	s.ended = nil
}

func (t *Telemetry) ask(ctx context.Context) (*reading, error) {
	tenants := []string{""}
	if t.cfg.HealthTenants != nil {
		var err error
		if tenants, err = t.cfg.HealthTenants(ctx); err != nil {
			return nil, err
		}
	}
	r := &reading{at: t.cfg.Now(), tenants: map[string]*figures{}}
	for _, tenant := range tenants {
		f, err := t.figures(ctx, tenant, r.at)
		if err != nil {
			return nil, err
		}
		r.tenants[tenant] = f
	}
	return r, nil
}

// figures asks for those of a tenant.
func (t *Telemetry) figures(ctx context.Context, tenant string, now time.Time) (*figures, error) {
	f := &figures{levels: map[health.Level]int64{}}
	statuses, err := t.cfg.Health.Status(ctx, tenant)
	if err != nil {
		return nil, err
	}
	// Not the sum of the statuses: connections may have the same users.
	users, _, err := t.cfg.Health.Population(ctx, tenant)
	if err != nil {
		return nil, err
	}
	if users != nil {
		f.active, f.inactive, f.users = int64(users.Active), int64(users.Inactive), true
	}
	for i := range statuses {
		s := &statuses[i]
		f.levels[s.Level]++
		for _, c := range s.Credentials {
			if !c.Expires.IsZero() && !c.Expired && c.Expires.Sub(now) <= soon {
				f.expiring++
			}
		}
		for _, b := range s.Brake {
			if !b.Stopped.IsZero() {
				f.stopped++
				break
			}
		}
	}
	return f, nil
}

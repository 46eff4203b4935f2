package health

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/health/figures"
	"github.com/seed5f3efb56/scim/store"
)

// Level sums up a status.
type Level string

const (
	// LevelWaiting: no request has come yet.
	LevelWaiting Level = "waiting"
	// LevelOK: nothing is to be done.
	LevelOK Level = "ok"
	// LevelWarning: it works, and something is to be done ([Status.Warnings]).
	LevelWarning Level = "warning"
	// LevelFailing: changes do not arrive, or access is not ended ([Status.Warnings]).
	LevelFailing Level = "failing"
)

// Status is the health of one connection. Its JSON is that of the command and the
// console.
type Status struct {
	Tenant     string `json:"tenant,omitempty"`
	Connection string `json:"connection"` // the name, or the id of a credential that names no connection
	// Label, Provider and State are those of scim.Config.Connections; empty if it has
	// no connection with that name.
	Label    string           `json:"label,omitempty"`
	Provider string           `json:"provider,omitempty"`
	State    connection.State `json:"state,omitempty"`
	Level    Level            `json:"level"`
	// Warnings say what is to be done, the worst first.
	Warnings []Notice `json:"warnings,omitempty"`

	LastRequest time.Time `json:"lastRequest,omitzero"`
	LastSuccess time.Time `json:"lastSuccess,omitzero"`
	LastError   *Problem  `json:"lastError,omitempty"`
	// Requests, Errors and the parts of Errors are those of Hours together.
	Counts
	// Hours are the last hours, the oldest first, the running one last, also those
	// without requests.
	Hours []Hour `json:"hours"`

	// Users are the users of the connection where the type has an owner
	// (schema.WithOwner), else those of the tenant; nil if no endpoint has users.
	Users *Users `json:"users,omitempty"`
	// Groups is the number of groups, likewise; nil if no endpoint has groups.
	Groups *int `json:"groups,omitempty"`

	// Outbox is that of the tenant: entries do not name a connection. nil without an
	// outbox that is a store.Backlogs.
	Outbox *Outbox `json:"outbox,omitempty"`
	// Brake is how far the connection is towards each bound; none if the brake is off.
	Brake  []Brake `json:"brake,omitempty"`
	Limits Limits  `json:"limits"`
	// Credentials are those that are not revoked, without their secrets.
	Credentials []Credential `json:"credentials,omitempty"`
}

// Counts are numbers of requests.
type Counts struct {
	Requests     int64 `json:"requests"`
	Errors       int64 `json:"errors"` // 4xx and 5xx, but for a retrieval of what is not there
	ServerErrors int64 `json:"serverErrors"`
	RateLimited  int64 `json:"rateLimited"`
	Stopped      int64 `json:"stopped"` // by the brake
}

// Hour has the counts of the hour that begins at Start.
type Hour struct {
	Start time.Time `json:"start"`
	Counts
}

// Users are numbers of users.
type Users struct {
	Active   int `json:"active"`
	Inactive int `json:"inactive"`
}

// Outbox is what is still to be done, and what was given up.
type Outbox struct {
	Events      int       `json:"events"`      // to be delivered
	Dead        int       `json:"dead"`        // given up
	Revocations int       `json:"revocations"` // access that is still to be ended
	Oldest      time.Time `json:"oldest,omitzero"`
}

// Brake is brake.State.
type Brake struct {
	Kind          brake.Kind `json:"kind"`
	Type          string     `json:"type"`
	Count         int64      `json:"count"`
	Limit         int64      `json:"limit"`
	Until         time.Time  `json:"until,omitzero"`
	Stopped       time.Time  `json:"stopped,omitzero"`
	Released      int64      `json:"released,omitempty"`
	ReleasedUntil time.Time  `json:"releasedUntil,omitzero"`
}

// Limits are those of the rate, in requests a second and at once; 0 is no limit.
type Limits struct {
	Rate        float64 `json:"rate,omitempty"`
	Burst       int     `json:"burst,omitempty"`
	TenantRate  float64 `json:"tenantRate,omitempty"`
	TenantBurst int     `json:"tenantBurst,omitempty"`
}

// Credential is a token of a connection.
type Credential struct {
	ID       string    `json:"id"`
	Label    string    `json:"label,omitempty"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires,omitzero"`
	Expired  bool      `json:"expired,omitempty"`
	LastUsed time.Time `json:"lastUsed,omitzero"`
	Paused   bool      `json:"paused,omitempty"`
	ReadOnly bool      `json:"readOnly,omitempty"`
}

// Notice is something that an operator should know and do.
type Notice struct {
	Level  Level  `json:"level"`
	Reason string `json:"reason"`
	Advice string `json:"advice"`
}

// Status returns the health of each connection of a tenant, in the order of their
// names: of those in scim.Config.Connections, those that have credentials, and those
// that sent requests within Config.Hours. Errors are those of the stores. It asks the
// stores each time, but for numbers that take long to count ([Monitor.Population]).
func (m *Monitor) Status(ctx context.Context, tenant string) ([]Status, error) {
	ctx = store.WithTenant(ctx, tenant)
	now := m.cfg.Now().UTC()
	v := &view{m: m, now: now}
	if h := m.handler.Load(); h != nil {
		v.handler, v.cfg = h, h.Config()
	}
	known, err := m.connections(ctx, now, v.cfg.Connections)
	if err != nil {
		return nil, err
	}
	if err := v.readTenant(ctx); err != nil {
		return nil, err
	}
	out := make([]Status, 0, len(known))
	for _, c := range known {
		s, err := v.status(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("health: connection %q: %w", c.name, err)
		}
		out = append(out, s)
	}
	return out, nil
}

// Unauthenticated returns the counts of the requests of all tenants that had no valid
// credentials: their tenant is not known. Its LastError is the first thing to look at
// when a new connection stays silent.
func (m *Monitor) Unauthenticated(ctx context.Context) (Status, error) {
	now := m.cfg.Now().UTC()
	all, err := m.figures(store.WithTenant(ctx, nobody.tenant), now)
	if err != nil {
		return Status{}, err
	}
	s := Status{Connection: "", Level: LevelOK}
	m.fill(&s, all[nobody.connection], now)
	return s, nil
}

// one is what is known of a connection before its status is made.
type one struct {
	name   string
	stored connection.Connection
	policy string
	token  bool // name is the id of a credential without a connection
	hours  *hours
	tokens []store.Token
}

// connections returns the connections of the tenant in the context by name.
func (m *Monitor) connections(ctx context.Context, now time.Time, stored connection.Store) ([]*one, error) {
	all, err := m.figures(ctx, now)
	if err != nil {
		return nil, err
	}
	byName := map[string]*one{}
	get := func(name string) *one {
		if byName[name] == nil {
			byName[name] = &one{name: name, hours: all[name]}
		}
		return byName[name]
	}
	delete(all, nobody.connection)
	for name, h := range all {
		if len(h.byHour) > 0 {
			get(name)
		}
	}
	if m.cfg.Tokens != nil {
		tokens, err := m.cfg.Tokens.ListTokens(ctx)
		if err != nil {
			return nil, fmt.Errorf("health: %w", err)
		}
		for _, t := range tokens {
			if t.Revoked {
				continue
			}
			c := get(cmp.Or(t.Connection, t.ID))
			c.token, c.policy = t.Connection == "", t.Policy
			c.tokens = append(c.tokens, t)
		}
	}
	if stored != nil {
		connections, err := stored.ListConnections(ctx)
		if err != nil {
			return nil, fmt.Errorf("health: %w", err)
		}
		for _, s := range connections {
			c := get(s.Name)
			c.stored, c.policy, c.token = s, s.Policy, false
		}
	}
	out := slices.Collect(maps.Values(byName))
	slices.SortFunc(out, func(a, b *one) int { return cmp.Compare(a.name, b.name) })
	return out, nil
}

// figures returns what was counted for the connections of the tenant in the context,
// by name.
func (m *Monitor) figures(ctx context.Context, now time.Time) (map[string]*hours, error) {
	out := map[string]*hours{}
	since, tenant := m.since(now), store.Tenant(ctx)
	add := func(f *figures.Figures) {
		if !f.Hour.IsZero() && hourOf(f.Hour) < since {
			return
		}
		h := out[f.Connection]
		if h == nil {
			h = &hours{byHour: map[hour]Counts{}}
			out[f.Connection] = h
		}
		h.merge(f)
	}
	m.sharing.RLock()
	defer m.sharing.RUnlock()
	if m.cfg.Store != nil {
		stored, err := m.cfg.Store.ListFigures(ctx, since.start())
		if err != nil {
			return nil, fmt.Errorf("health: %w", err)
		}
		for i := range stored {
			add(&stored[i])
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, h := range m.counted {
		if k.tenant != tenant {
			continue
		}
		for f := range h.each() {
			add(&f)
		}
	}
	return out, nil
}

// since returns the first hour that is shown.
func (m *Monitor) since(now time.Time) hour { return hourOf(now) - hour(m.cfg.Hours-1) }

// fill sets the counts of a status; h may be nil.
func (m *Monitor) fill(s *Status, h *hours, now time.Time) {
	if h == nil {
		h = &hours{}
	}
	s.LastRequest, s.LastSuccess, s.LastError = h.all.LastRequest, h.all.LastSuccess, decode(h.all.Error)
	first := m.since(now)
	s.Hours = make([]Hour, m.cfg.Hours)
	for i := range s.Hours {
		in := first + hour(i)
		s.Hours[i] = Hour{in.start(), h.byHour[in]}
		s.Counts.add(h.byHour[in])
	}
}

func (c *Counts) add(o Counts) {
	c.Requests += o.Requests
	c.Errors += o.Errors
	c.ServerErrors += o.ServerErrors
	c.RateLimited += o.RateLimited
	c.Stopped += o.Stopped
}

// view reads what a status has besides its counts.
type view struct {
	m       *Monitor
	now     time.Time
	handler *scim.Handler // nil: none is attached
	cfg     scim.Config   // of the handler

	outbox *Outbox
}

// readTenant reads what is the same for all connections of the tenant.
func (v *view) readTenant(ctx context.Context) error {
	b, ok := v.cfg.Outbox.(store.Backlogs)
	if !ok {
		return nil
	}
	backlogs, err := b.Backlog(ctx)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	v.outbox = &Outbox{}
	for _, b := range backlogs {
		if b.Tenant != store.Tenant(ctx) {
			continue
		}
		v.outbox.Dead += b.Dead
		if b.Queue == store.QueueRevoke {
			v.outbox.Revocations += b.Pending
		} else {
			v.outbox.Events += b.Pending
		}
		if o := v.outbox; !b.Oldest.IsZero() && (o.Oldest.IsZero() || b.Oldest.Before(o.Oldest)) {
			o.Oldest = b.Oldest
		}
	}
	return nil
}

func (v *view) status(ctx context.Context, c *one) (Status, error) {
	s := Status{Tenant: store.Tenant(ctx), Connection: c.name, Label: c.stored.Label, Provider: c.stored.Provider, State: c.stored.State, Outbox: v.outbox, Limits: limitsOf(v.cfg.Limits)}
	v.m.fill(&s, c.hours, v.now)
	for _, t := range c.tokens {
		s.Credentials = append(s.Credentials, Credential{
			ID: t.ID, Label: t.Label, Created: t.Created, Expires: t.Expires, Expired: !t.Expires.IsZero() && !v.now.Before(t.Expires),
			LastUsed: t.LastUsed, Paused: t.Paused, ReadOnly: t.ReadOnly,
		})
	}
	if v.handler != nil {
		n, err := v.population(ctx, c.name)
		if err != nil {
			return s, err
		}
		s.Users, s.Groups = n.users, n.groups
		p := &scim.Principal{Tenant: s.Tenant, Connection: c.name, Policy: c.policy}
		if c.token {
			p.Connection, p.TokenID = "", c.name
		}
		states, err := v.handler.BrakeState(ctx, p)
		if err != nil {
			return s, err
		}
		for _, b := range states {
			s.Brake = append(s.Brake, Brake{b.Kind, b.Type, b.Count, b.Limit, b.Until, b.Stopped, b.Released, b.ReleasedUntil})
		}
	}
	s.Warnings = v.m.notices(&s, v.now)
	s.Level = levelOf(&s)
	return s, nil
}

// limitsOf returns the limits of the rate; an infinite one has no JSON.
func limitsOf(l scim.Limits) Limits {
	out := Limits{Rate: l.Rate, Burst: l.Burst, TenantRate: l.TenantRate, TenantBurst: l.TenantBurst}
	const unlimited = 1e9
	if out.Rate > unlimited {
		out.Rate, out.Burst = 0, 0
	}
	if out.TenantRate > unlimited {
		out.TenantRate, out.TenantBurst = 0, 0
	}
	return out
}

// endpoints returns that of users, the first type with the attribute active, and that
// of groups, the first with members.
func (v *view) endpoints() (users, groups *scim.Endpoint) {
	for i := range v.cfg.Endpoints {
		ep := &v.cfg.Endpoints[i]
		switch {
		case ep.Type.Members() != nil && groups == nil:
			groups = ep
		case ep.Type.Members() == nil && users == nil && ep.Type.Root().Sub("active") != nil:
			users = ep
		}
	}
	return users, groups
}

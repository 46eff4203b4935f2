package connection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/seed5f3efb56/scim/store"
)

// Credential is a credential that expires.
type Credential struct {
	Kind       string // "token"; "secret" of an OAuth client
	ID         string
	Connection string
	Label      string
	Created    time.Time // zero: unknown
	Expires    time.Time // zero: never
	LastUsed   time.Time // zero: unknown
}

// Expiry says that a credential will expire.
type Expiry struct {
	Tenant string
	Credential
	Days int // 30, 20 or 7: it expires within so many days
}

// expiryDays are the times at which an expiry is told, the last first.
var expiryDays = [...]int{7, 20, 30}

// expiryEvery is how often Run looks for credentials that will expire.
const expiryEvery = time.Hour

// Run tells Config.Expiring of credentials that will expire, now and once an hour, until
// ctx ends, and returns ctx.Err(). Several processes may run it. Errors are logged, and
// the next hour tries again. Without Config.Expiring it is an error.
func (m *Manager) Run(ctx context.Context) error {
	if m.cfg.Expiring == nil {
		return errors.New("connection: Run needs Config.Expiring")
	}
	tick := time.NewTicker(expiryEvery)
	defer tick.Stop()
	for {
		if err := m.CheckExpiry(ctx); err != nil && ctx.Err() == nil {
			m.cfg.Logger.LogAttrs(ctx, slog.LevelError, "scim: expiry of credentials", slog.String("error", err.Error()))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// CheckExpiry is one turn of [Manager.Run], for programs that have a scheduler: it tells
// Config.Expiring of each credential of a connection in any tenant that expires within
// 30, 20 or 7 days, once each, whatever the number of processes and their restarts
// (Config.Counters). A time that has passed before the credential was made, or before
// one that is nearer, is not told, nor is a credential that is revoked or of a
// connection that is off. If Expiring fails it is called again by the next turn; if the
// process ends while it runs, the next time is the next one that is told.
func (m *Manager) CheckExpiry(ctx context.Context) error {
	if m.cfg.Expiring == nil {
		return errors.New("connection: CheckExpiry needs Config.Expiring")
	}
	tenants, err := m.Tenants(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, tenant := range tenants {
		if err := m.checkExpiry(store.WithTenant(ctx, tenant)); err != nil {
			errs = append(errs, fmt.Errorf("tenant %q: %w", tenant, err))
		}
	}
	return errors.Join(errs...)
}

// checkExpiry is CheckExpiry for the tenant of the context.
func (m *Manager) checkExpiry(ctx context.Context) error {
	served, err := m.served(ctx)
	if err != nil {
		return err
	}
	credentials, err := m.credentials(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range credentials {
		if days := c.within(m.now()); days > 0 && served[c.Connection] {
			errs = append(errs, m.tell(ctx, Expiry{store.Tenant(ctx), c, days}))
		}
	}
	return errors.Join(errs...)
}

// served are the names of the connections that are not off.
func (m *Manager) served(ctx context.Context) (map[string]bool, error) {
	all, err := m.cfg.Store.ListConnections(ctx)
	served := map[string]bool{}
	for _, c := range all {
		served[c.Name] = c.State != Off
	}
	return served, err
}

// credentials are those of the tenant that can be used.
func (m *Manager) credentials(ctx context.Context) ([]Credential, error) {
	var out []Credential
	if m.cfg.Tokens != nil {
		tokens, err := m.cfg.Tokens.ListTokens(ctx)
		if err != nil {
			return nil, err
		}
		for _, t := range tokens {
			if !t.Revoked {
				out = append(out, credentialOf(t))
			}
		}
	}
	if m.cfg.Credentials == nil {
		return out, nil
	}
	more, err := m.cfg.Credentials(ctx)
	return append(out, more...), err
}

func credentialOf(t store.Token) Credential {
	return Credential{"token", t.ID, t.Connection, t.Label, t.Created, t.Expires, t.LastUsed}
}

// within returns 30, 20 or 7 if the credential expires within so many days and was made
// before that, else 0.
func (c Credential) within(now time.Time) int {
	if c.Expires.IsZero() || !now.Before(c.Expires) {
		return 0
	}
	for _, days := range expiryDays {
		since := c.Expires.AddDate(0, 0, -days)
		if now.Before(since) {
			continue
		}
		if c.Created.After(since) {
			return 0
		}
		return days
	}
	return 0
}

// tell calls Config.Expiring, unless it was told before.
func (m *Manager) tell(ctx context.Context, e Expiry) error {
	c := store.Count{Name: fmt.Sprintf("expiry %d %s %q %d", e.Days, e.Kind, e.ID, e.Expires.Unix()), At: m.now(), Expires: e.Expires.Add(24 * time.Hour)}
	if told, err := m.cfg.Counters.Count(ctx, c); err != nil || told > 0 {
		return err
	}
	c.Add = 1
	told, err := m.cfg.Counters.Count(ctx, c)
	if err != nil {
		return err
	}
	failed := error(nil)
	if told == 1 {
		m.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "scim: a credential will expire", slog.String("tenant", e.Tenant), slog.String("connection", e.Connection),
			slog.String("kind", e.Kind), slog.String("id", e.ID), slog.Time("expires", e.Expires), slog.Int("days", e.Days))
		if failed = m.cfg.Expiring(ctx, e); failed == nil {
			return nil
		}
	}
	c.Add = -1 // another process was first, or it failed
	_, err = m.cfg.Counters.Count(context.WithoutCancel(ctx), c)
	return errors.Join(failed, err)
}

// told remembers counters in the process.
type told struct {
	mu  sync.Mutex
	all map[[2]string]int64
}

func newTold() *told { return &told{all: map[[2]string]int64{}} }

// Count implements [store.Counters], without an end.
func (t *told) Count(ctx context.Context, c store.Count) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := [2]string{store.Tenant(ctx), c.Name}
	t.all[key] += c.Add
	return t.all[key], nil
}

package retention_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/retention"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

const day = 24 * time.Hour

// service is a handler with users of two tenants.
type service struct {
	*testing.T
	h      *scim.Handler
	db     *memstore.DB
	users  store.Store
	mu     sync.Mutex
	clock  time.Time
	events []string
	audit  []scim.AuditRecord
	veto   error
}

func newService(t *testing.T, adjust func(*scim.Config)) *service {
	t.Helper()
	s := &service{T: t, db: memstore.New(), clock: time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)}
	s.users = s.db.Store(schema.UserType)
	var tokens []store.Token
	for _, tenant := range []string{"acme", "other"} {
		token := scim.HashToken(tenant, tenant)
		token.Tenant, token.Connection = tenant, "okta"
		tokens = append(tokens, token)
	}
	c := scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(tokens...), Tx: s.db, Outbox: s.db, Logger: slog.New(slog.DiscardHandler), Now: s.now,
		Endpoints: []scim.Endpoint{scim.Users(s.users), scim.Groups(s.db.Store(schema.GroupType))},
		Hooks: scim.Hooks{Before: func(_ context.Context, e *event.Event) error {
			s.events = append(s.events, fmt.Sprint(e.Kind, " ", e.ResourceID))
			if e.Kind == event.Deleted {
				return s.veto
			}
			return nil
		}},
		Audit: func(_ context.Context, r scim.AuditRecord) { s.audit = append(s.audit, r) },
	}
	for i := range c.Endpoints {
		c.Endpoints[i].Policy = scim.Policy{OnDelete: scim.DeleteResource}
	}
	if adjust != nil {
		adjust(&c)
	}
	h, err := scim.New(c)
	require.NoError(t, err)
	s.h = h
	return s
}

func (s *service) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

func (s *service) later(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
}

func (s *service) send(tenant, method, path, body string) string {
	s.Helper()
	r := httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+tenant)
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	require.Less(s, w.Code, 300, w.Body.String())
	var resource struct{ ID string }
	_ = json.Unmarshal(w.Body.Bytes(), &resource)
	return resource.ID
}

func (s *service) user(tenant, name string, active bool) string {
	return s.send(tenant, "POST", "/Users", scimtest.User(name, fmt.Sprintf(`"active":%t`, active)))
}

func (s *service) set(id, op string) {
	s.send("acme", "PATCH", "/Users/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+op+`]}`)
}

func (s *service) activate(id string, active bool) {
	s.set(id, fmt.Sprintf(`{"op":"replace","path":"active","value":%t}`, active))
}

func (s *service) keeper(c retention.Config) *retention.Keeper {
	s.Helper()
	c.Handler = s.h
	if c.After == 0 {
		c.After = 30 * day
	}
	k, err := retention.New(c)
	require.NoError(s, err)
	return k
}

func (s *service) sweep(k *retention.Keeper) retention.Report {
	s.Helper()
	r, err := k.Sweep(context.Background(), "acme")
	require.NoError(s, err)
	return r
}

// days sweeps once a day.
func (s *service) days(k *retention.Keeper, n int) (deleted []string) {
	for range n {
		s.later(day)
		deleted = append(deleted, ids(s.sweep(k).Deleted)...)
	}
	return deleted
}

func ids(people []retention.Person) (out []string) {
	for _, p := range people {
		out = append(out, p.ID)
	}
	return out
}

func TestUsersAreDeletedAfterTheTime(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	stays, leaves, before := s.user("acme", "stays", true), s.user("acme", "leaves", true), s.user("acme", "before", false)
	other := s.user("other", "other", false)
	s.send("acme", "POST", "/Groups", scimtest.Group("G", `"members":[{"value":"`+leaves+`"}]`))
	k := s.keeper(retention.Config{})
	s.later(365 * day) // the first sweep begins the time of who was inactive before
	r := s.sweep(k)
	require.Equal(t, []int{1, 1, 0, 0}, []int{r.Inactive, r.Waiting, len(r.Deleted), len(r.Postponed)})
	require.Equal(t, s.now().Add(30*day), r.Next)
	s.later(10 * day)
	k2 := s.keeper(retention.Config{Gap: 20 * day}) // ten days without a sweep are fine here
	s.activate(leaves, false)
	require.Empty(t, s.sweep(k2).Deleted)
	s.later(20*day - time.Second)
	dry, err := k2.DryRun(context.Background(), "acme")
	require.NoError(t, err)
	require.Empty(t, dry.Deleted)
	s.later(time.Second)
	dry, err = k2.DryRun(context.Background(), "acme")
	require.NoError(t, err)
	require.Equal(t, []string{before}, ids(dry.Deleted))
	s.events, s.audit = nil, nil
	r = s.sweep(k2)
	require.Equal(t, []string{before}, ids(r.Deleted))
	require.Equal(t, "before", r.Deleted[0].Name)
	require.Equal(t, []string{fmt.Sprint(event.Deleted, " ", before)}, s.events)
	require.Len(t, s.audit, 1)
	require.Equal(t, scim.OperationRetention, s.audit[0].Operation)
	require.Equal(t, []string{"acme", "retention", before, "deactivated since 2027-01-01 at the latest, kept for 30 days"}, []string{s.audit[0].Tenant, s.audit[0].Actor, s.audit[0].ID, s.audit[0].Reason})

	require.Equal(t, []string{leaves}, s.days(k2, 11), "with its memberships")
	for id, want := range map[string]error{stays: nil, leaves: store.ErrNotFound, before: store.ErrNotFound} {
		_, err := s.users.Get(store.WithTenant(t.Context(), "acme"), id, store.GetOptions{})
		require.ErrorIs(t, err, want)
	}
	_, err = s.users.Get(store.WithTenant(t.Context(), "other"), other, store.GetOptions{})
	require.NoError(t, err, "another tenant")
}

func TestTheTimeBeginsAnew(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	k := s.keeper(retention.Config{})
	back, changed := s.user("acme", "back", false), s.user("acme", "changed", false)
	require.Empty(t, s.days(k, 20))
	s.activate(back, true)
	s.activate(back, false) // between two sweeps
	s.set(changed, `{"op":"replace","path":"title","value":"Dr"}`)
	require.Empty(t, s.days(k, 29))
	require.Len(t, s.days(k, 2), 2)

	gap := s.user("acme", "gap", false)
	require.Empty(t, s.days(k, 20))
	s.later(4 * day) // no sweep: the user may have been active
	require.Empty(t, s.days(k, 29))
	require.Equal(t, []string{gap}, s.days(k, 2))
}

func TestHandOverPostpones(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	id := s.user("acme", "owner", false)
	failed, calls := errors.New("the project has no other member"), 0
	panics := false
	k := s.keeper(retention.Config{HandOver: func(ctx context.Context, user *schema.Resource) error {
		calls++
		require.Equal(t, []string{"acme", "owner"}, []string{store.Tenant(ctx), user.Text("userName")})
		if panics {
			panic("in the hook")
		}
		return failed
	}})
	require.Empty(t, s.days(k, 30))
	require.Zero(t, calls)
	s.later(day)
	r := s.sweep(k)
	require.Empty(t, r.Deleted)
	require.Equal(t, "Config.HandOver: the project has no other member", r.Postponed[0].Reason)
	dry, err := k.DryRun(context.Background(), "acme")
	require.NoError(t, err)
	require.Len(t, dry.Deleted, 1)
	require.Equal(t, 1, calls, "not by a dry run")
	panics = true
	require.Equal(t, "Config.HandOver: panic: in the hook", s.sweep(k).Postponed[0].Reason)
	panics, failed = false, nil
	require.Equal(t, []string{id}, ids(s.sweep(k).Deleted))
	require.Equal(t, 3, calls)
}

// A user who comes back while HandOver runs stays.
func TestReactivatedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	id := s.user("acme", "back", false)
	k := s.keeper(retention.Config{HandOver: func(context.Context, *schema.Resource) error { s.activate(id, true); return nil }})
	require.Empty(t, s.days(k, 30))
	s.later(day)
	r := s.sweep(k)
	require.Empty(t, r.Deleted)
	require.Equal(t, "the user has changed meanwhile", r.Postponed[0].Reason)
	_, err := s.users.Get(store.WithTenant(t.Context(), "acme"), id, store.GetOptions{})
	require.NoError(t, err)
}

// A veto of the application postpones, and is in the audit.
func TestVeto(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	s.user("acme", "a", false)
	k := s.keeper(retention.Config{})
	s.days(k, 30)
	s.later(day)
	s.veto, s.audit = errors.New("an open invoice"), nil
	r := s.sweep(k)
	require.Empty(t, r.Deleted)
	require.Contains(t, r.Postponed[0].Reason, "an open invoice")
	require.Contains(t, s.audit[0].Detail, "an open invoice")
}

func TestBounds(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *scim.Config) {
		c.Brake = brake.Config{Leavers: brake.Bound{Most: 4}}
		for i := range c.Endpoints { // a policy of clients, not of the operator
			c.Endpoints[i].Policy = scim.Policy{}
		}
		c.Endpoints[0].OnDelete = scim.DeactivateOnDelete
	})
	for i := range 10 {
		s.user("acme", fmt.Sprint("u", i), false)
	}
	held := s.user("acme", "held", false)
	k := s.keeper(retention.Config{Most: 3, Exempt: func(_ context.Context, user *schema.Resource) (bool, error) { return user.ID == held, nil }})
	require.Empty(t, s.days(k, 30))
	s.later(day)
	r := s.sweep(k)
	require.Equal(t, []int{3, 7, 1}, []int{len(r.Deleted), r.Left, r.Exempt})
	r, err := k.Sweep(context.Background(), "acme")
	var stop *brake.Stop
	require.ErrorAs(t, err, &stop)
	require.Equal(t, []any{"retention", brake.Leavers}, []any{stop.Connection, stop.Kind})
	require.Equal(t, []int{1, 6}, []int{len(r.Deleted), r.Left})
	require.NoError(t, s.h.ReleaseBrake(context.Background(), "acme", brake.Release{Connection: "retention", Kind: brake.Leavers, Type: "User", More: 100, Actor: "grace", Reason: "old accounts"}))
	require.Len(t, s.sweep(k).Deleted, 3)
	require.Len(t, s.sweep(k).Deleted, 3)
	require.Empty(t, s.sweep(k).Deleted)
}

// Sweeps of several processes delete each user once.
func TestSeveralProcesses(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *scim.Config) { c.Hooks, c.Audit, c.Brake.Off = scim.Hooks{}, nil, true })
	for i := range 20 {
		s.user("acme", fmt.Sprint("u", i), false)
	}
	keepers := []*retention.Keeper{s.keeper(retention.Config{}), s.keeper(retention.Config{}), s.keeper(retention.Config{})}
	deleted := map[string]int{}
	for range 32 {
		s.later(day)
		var wg sync.WaitGroup
		for _, k := range keepers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				r, err := k.Sweep(context.Background(), "acme")
				s.mu.Lock()
				defer s.mu.Unlock()
				if err != nil {
					s.Errorf("%v", err)
				}
				for _, id := range ids(r.Deleted) {
					deleted[id]++
				}
			}()
		}
		wg.Wait()
	}
	require.Len(t, deleted, 20)
	for _, n := range deleted {
		require.Equal(t, 1, n)
	}
}

func TestSinceOfTheApplication(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	known, unknown := s.user("acme", "known", false), s.user("acme", "unknown", false)
	var failed error
	k := s.keeper(retention.Config{Since: func(_ context.Context, user *schema.Resource) (time.Time, error) {
		if user.ID == known {
			return s.now().Add(-31 * day), failed
		}
		return time.Time{}, failed
	}})
	r := s.sweep(k)
	require.Equal(t, []string{known}, ids(r.Deleted))
	require.Equal(t, 1, r.Waiting, unknown)
	failed = errors.New("no column")
	_, err := k.Sweep(context.Background(), "acme")
	require.ErrorIs(t, err, failed)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	for want, c := range map[string]retention.Config{
		"Handler is required": {}, "at least 24 hours": {Handler: s.h, After: time.Hour}, "Gap at least": {Handler: s.h, After: 30 * day, Gap: time.Second},
		"must not be negative": {Handler: s.h, After: 30 * day, Most: -1},
	} {
		_, err := retention.New(c)
		require.ErrorContains(t, err, want)
	}
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Logger: slog.New(slog.DiscardHandler), Endpoints: []scim.Endpoint{scim.Groups(s.db.Store(schema.GroupType))},
	})
	require.NoError(t, err)
	_, err = retention.New(retention.Config{Handler: h, After: 30 * day})
	require.ErrorContains(t, err, "no endpoint for User")
	require.ErrorContains(t, err, "set Config.Counters")
}

// The record of a deletion is committed with it, and has what was deleted.
func TestRetentionInTheAuditTrail(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *scim.Config) { c.AuditTrail = c.Tx.(store.AuditTrail) })
	id := s.user("acme", "a", false)
	k := s.keeper(retention.Config{})
	require.Equal(t, []string{id}, s.days(k, 31))
	records, _, err := s.db.Records(store.WithTenant(t.Context(), "acme"), audit.Query{Operation: scim.OperationRetention, Count: 10})
	require.NoError(t, err)
	require.Len(t, records, 1)
	r, err := audit.Decode(records[0])
	require.NoError(t, err)
	require.Equal(t, []string{id, "retention", string(audit.Success)}, []string{r.ID, r.Actor, string(r.Outcome)})
	require.Contains(t, r.Reason, "deactivated since")
	require.NotEmpty(t, r.Changes)
}

// Accounts of the application itself stay.
func TestLocalAccounts(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *scim.Config) {
		users := schema.WithOwner(schema.UserType)
		c.Endpoints[0] = scim.Endpoint{Type: users, Store: c.Tx.(*memstore.DB).Store(users)}
	})
	owned := s.user("acme", "owned", false)
	users := s.db.Store(schema.WithOwner(schema.UserType))
	o, _ := schema.UserType.DecodeStored([]byte(`{"userName":"local","active":false}`))
	_, err := users.Create(store.WithTenant(t.Context(), "acme"), &store.Change{ID: "local", After: &schema.Resource{Type: schema.WithOwner(schema.UserType), ID: "local", Attributes: o}})
	require.NoError(t, err)
	k, all := s.keeper(retention.Config{}), s.keeper(retention.Config{Local: true})
	require.Equal(t, []string{owned}, s.days(k, 31))
	require.Equal(t, 1, s.sweep(k).Exempt)
	require.Equal(t, []string{"local"}, s.days(all, 31))
}

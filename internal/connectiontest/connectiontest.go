// Package connectiontest proves package connection over HTTP on a database, for the
// tests of stores that are in several modules.
package connectiontest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// DB is a database of users, groups, connections and tokens: memstore.DB or
// sqlstore.DB.
type DB interface {
	connection.Store
	store.Tokens
	store.Transactor
	store.Counters
	store.Outbox
	store.AuditTrail
	audit.Reader
	Store(t *schema.ResourceType) store.Store
}

// Run proves the rules, each on an empty database.
func Run(t *testing.T, open func(t *testing.T) DB) {
	for name, prove := range map[string]func(*world){
		"states":            states,
		"tenants":           tenants,
		"creation":          creation,
		"change":            change,
		"tokens":            tokens,
		"rotation":          rotation,
		"reasons and actor": reasons,

		"hand-over":             handOver,
		"hand-over interrupted": handOverInterrupted,
		"hand-over twice":       handOverTwice,
		"make local":            makeLocal,
		"purge":                 purge,
		"purge under the brake": purgeUnderTheBrake,
		"purge vetoed":          purgeVetoed,
		"drop":                  drop,
		"check":                 check,
		"audit trail":           auditTrail,
		"expiry":                expiry,
		"expiry again":          expiryAgain,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			prove(newWorld(t, db, People{db.Store(schema.WithOwner(schema.UserType)), db.Store(schema.WithOwner(schema.GroupType)), db}))
		})
	}
}

// People are stores of users and groups that have an owner.
type People struct {
	Users, Groups store.Store
	Tx            store.Transactor
}

// RunPeople proves what concerns people on other stores than those of the connections,
// each on empty ones.
func RunPeople(t *testing.T, open func(t *testing.T) (DB, People)) {
	for name, prove := range map[string]func(*world){
		"hand-over":             handOver,
		"hand-over interrupted": handOverInterrupted,
		"hand-over twice":       handOverTwice,
		"make local":            makeLocal,
		"purge":                 purge,
		"purge under the brake": purgeUnderTheBrake,
		"purge vetoed":          purgeVetoed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, people := open(t)
			prove(newWorld(t, db, people))
		})
	}
}

func newWorld(t *testing.T, db DB, people People) *world {
	w := &world{T: t, db: db, people: people, now: time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)}
	w.start(nil, nil)
	return w
}

const acme = "acme"

var by = connection.By{Actor: "alice", Reason: "the test"}

// world is a handler with a manager of its connections.
type world struct {
	*testing.T
	db     DB
	people People
	h      *scim.Handler
	m      *connection.Manager

	mu      sync.Mutex
	now     time.Time
	audit   []scim.AuditRecord
	events  []*event.Event
	ended   []string // ids of users whose sessions EndSessions and Revoke ended
	expired []connection.Expiry
}

// start makes the handler and the manager; a process begins anew.
func (w *world) start(adjust func(*scim.Config), manage func(*connection.Config)) {
	users, groups := scim.Users(w.people.Users), scim.Groups(w.people.Groups)
	if w.ownPeople() {
		users.Type, groups.Type = schema.WithOwner(schema.UserType), schema.WithOwner(schema.GroupType)
	}
	users.Policies = map[string]scim.Policy{"own": {Ownership: scim.OwnResources}, "all": {}}
	groups.Policies = users.Policies
	end := func(_ context.Context, e *event.Event) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ended = append(w.ended, e.ResourceID)
		return nil
	}
	c := scim.Config{
		BaseURL: scimtest.BaseURL, Logger: slog.New(slog.DiscardHandler), Tx: w.people.Tx, Now: w.clock,
		Auth: scim.StoredTokens(w.db, w.clock), Connections: w.db, Endpoints: []scim.Endpoint{users, groups},
		Hooks: scim.Hooks{EndSessions: end, Before: func(_ context.Context, e *event.Event) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
			return nil
		}},
		Audit: func(_ context.Context, rec scim.AuditRecord) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.audit = append(w.audit, rec)
		},
	}
	if w.ownPeople() {
		c.Outbox, c.Hooks.Revoke = w.db, end
	}
	if adjust != nil {
		adjust(&c)
	}
	var err error
	w.h, err = scim.New(c)
	require.NoError(w, err)
	cfg := connection.Config{Handler: w.h, Store: w.db, Expiring: func(_ context.Context, e connection.Expiry) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.expired = append(w.expired, e)
		return nil
	}}
	if manage != nil {
		manage(&cfg)
	}
	w.m, err = connection.New(cfg)
	require.NoError(w, err)
}

// ownPeople reports whether users and groups are in the database of the connections.
func (w *world) ownPeople() bool { return w.people.Tx == store.Transactor(w.db) }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// passes moves the clock.
func (w *world) passes(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) lastAudit() scim.AuditRecord {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.audit[len(w.audit)-1]
}

// create makes a connection of a tenant that owns what it provisions.
func (w *world) create(tenant, name string) {
	_, err := w.m.Create(w.Context(), tenant, connection.Connection{Name: name, Provider: "okta", Policy: "own"}, by)
	require.NoError(w, err)
}

func (w *world) year() time.Time { return w.clock().AddDate(1, 0, 0) }

// issue issues a token and returns a client with it.
func (w *world) issue(tenant, name string) (*scimtest.Client, store.Token) {
	secret, t, err := w.m.IssueToken(w.Context(), tenant, name, connection.Issue{Label: "first", Expires: w.year()}, by)
	require.NoError(w, err)
	return w.client(secret), t
}

func (w *world) client(secret string) *scimtest.Client {
	return scimtest.NewClient(w.T, w.h, secret)
}

// connected creates a connection and returns a client of it.
func (w *world) connected(tenant, name string) *scimtest.Client {
	w.create(tenant, name)
	c, _ := w.issue(tenant, name)
	return c
}

const list = "/Users?count=0"

// answers sends a request and compares the status.
func (w *world) answers(c *scimtest.Client, status int, what string) *scimtest.Reply {
	w.Helper()
	r := c.Do("GET", list, nil)
	require.Equal(w, status, r.Status, "%s: %s", what, r.Text)
	return r
}

func states(w *world) {
	ctx := w.Context()
	c := w.connected(acme, "okta")
	other := w.connected(acme, "entra")
	w.answers(c, 200, "active")

	require.NoError(w, w.m.Pause(ctx, acme, "okta", by))
	paused := w.answers(c, 503, "paused")
	require.NotEmpty(w, paused.Header.Get("Retry-After"))
	require.Contains(w, paused.Text, "provisioning is paused")
	w.answers(other, 200, "another connection")
	require.NoError(w, w.m.Pause(ctx, acme, "okta", by), "again")

	require.NoError(w, w.m.Resume(ctx, acme, "okta", by))
	w.answers(c, 200, "resumed")

	require.NoError(w, w.m.SwitchOff(ctx, acme, "okta", by))
	off := w.answers(c, 401, "off")
	unknown := w.answers(w.client("unknown"), 401, "an unknown token")
	require.Equal(w, unknown.Text, off.Text, "the same text as any 401")
	require.Equal(w, unknown.Header.Get("WWW-Authenticate"), off.Header.Get("WWW-Authenticate"))
	require.ErrorIs(w, w.m.Pause(ctx, acme, "okta", by), connection.ErrState)
	w.answers(c, 401, "off after Pause")
	require.NoError(w, w.m.Resume(ctx, acme, "okta", by))
	w.answers(c, 200, "resumed")

	for _, err := range []error{
		w.m.Pause(ctx, acme, "unknown", by), w.m.Resume(ctx, acme, "unknown", by), w.m.SwitchOff(ctx, acme, "unknown", by),
	} {
		require.ErrorIs(w, err, store.ErrNotFound)
	}
	_, err := w.m.Get(ctx, acme, "unknown")
	require.ErrorIs(w, err, store.ErrNotFound)
}

// A state is that of one tenant, and a connection that was never registered is refused.
func tenants(w *world) {
	ctx := w.Context()
	ours, theirs := w.connected(acme, "okta"), w.connected("globex", "okta")
	require.NoError(w, w.m.SwitchOff(ctx, acme, "okta", by))
	w.answers(ours, 401, "off")
	w.answers(theirs, 200, "the same name of another tenant")
	require.ErrorIs(w, w.m.SwitchOff(ctx, "initech", "okta", by), store.ErrNotFound)
	found, err := w.m.Tenants(ctx)
	require.NoError(w, err)
	require.ElementsMatch(w, []string{acme, "globex"}, found)

	secret, sum := scim.NewToken()
	require.NoError(w, w.db.AddToken(ctx, store.Token{ID: "old", SHA256: sum, Tenant: acme, Connection: "never registered", Created: w.clock()}))
	w.answers(w.client(secret), 401, "a connection that does not exist")
	w.create(acme, "never registered")
	w.answers(w.client(secret), 200, "the same after Create")
	require.NoError(w, w.db.DropConnection(store.WithTenant(ctx, "globex"), "okta"))
	w.restart()
	w.answers(w.client(secret), 200, "after a restart")
	w.answers(scimtest.NewClient(w.T, w.h, ""), 401, "no credential")
}

// restart makes another process.
func (w *world) restart() { w.start(nil, nil) }

func creation(w *world) {
	ctx := w.Context()
	want := connection.Connection{
		Name: "okta", Label: "Okta", Provider: "okta", Client: "strict", Policy: "own", BaseURL: "https://acme.example.com/scim/v2",
		State: connection.Active, Created: w.clock(), Changed: w.clock(), ChangedBy: "alice", Reason: "the test",
	}
	given := want
	given.State, given.Created, given.ChangedBy = "", time.Time{}, ""
	got, err := w.m.Create(ctx, acme, given, by)
	require.NoError(w, err)
	require.Equal(w, want, got)
	require.Equal(w, "createConnection", string(w.lastAudit().Operation))
	_, err = w.m.Create(ctx, acme, given, by)
	require.ErrorIs(w, err, connection.ErrTaken)
	w.passes(time.Hour)
	got, err = w.m.Ensure(ctx, acme, connection.Connection{Name: "okta", Label: "another"}, by)
	require.NoError(w, err)
	require.Equal(w, want, got, "Ensure of one that there is")
	got, err = w.m.Ensure(ctx, acme, connection.Connection{Name: "entra"}, by)
	require.NoError(w, err)
	require.Equal(w, connection.Active, got.State)
	all, err := w.m.List(ctx, acme)
	require.NoError(w, err)
	require.Len(w, all, 2)
	require.Equal(w, "entra", all[0].Name)

	for name, wrong := range map[string]connection.Connection{
		"has to have 1 to 128 bytes": {Name: " okta"},
		"without control characters": {Name: "ok\x00ta"},
		"a policy \"nobody\"":        {Name: "a", Policy: "nobody"},
		"unknown client \"mine\"":    {Name: "a", Client: "mine"},
		"the BaseURL of connection":  {Name: "a", BaseURL: "/scim"},
		"the state \"on\" is":        {Name: "a", State: "on"},
	} {
		_, err := w.m.Create(ctx, acme, wrong, by)
		require.ErrorContains(w, err, name)
	}
}

func change(w *world) {
	ctx := w.Context()
	w.create(acme, "okta")
	w.passes(time.Hour)
	label, policy, strict := "Okta of Acme", "all", "strict"
	off := connection.Off
	got, err := w.m.Change(ctx, acme, "okta", connection.Change{Label: &label, Policy: &policy, Client: &strict, State: &off}, connection.By{Actor: "bob", Reason: "renamed"})
	require.NoError(w, err)
	require.Equal(w, connection.Active, got.State, "only Pause, Resume and SwitchOff change the state")
	require.Equal(w, []string{"Okta of Acme", "all", "strict", "bob", "renamed"}, []string{got.Label, got.Policy, got.Client, got.ChangedBy, got.Reason})
	require.Equal(w, w.clock(), got.Changed)
	again, err := w.m.Get(ctx, acme, "okta")
	require.NoError(w, err)
	require.Equal(w, got, again)
	_, token := w.issue(acme, "okta")
	require.Equal(w, []string{"all", "strict"}, []string{token.Policy, token.Client})
	wrong := "nobody"
	_, err = w.m.Change(ctx, acme, "okta", connection.Change{Policy: &wrong}, by)
	require.ErrorContains(w, err, `a policy "nobody"`)
	_, err = w.m.Change(ctx, "globex", "okta", connection.Change{Label: &label}, by)
	require.ErrorIs(w, err, store.ErrNotFound)
}

func tokens(w *world) {
	ctx := w.Context()
	w.create(acme, "okta")
	c, first := w.issue(acme, "okta")
	w.answers(c, 200, "issued")
	require.Equal(w, "own", first.Policy)
	require.Equal(w, "okta", first.Connection)
	secret, second, err := w.m.IssueToken(ctx, acme, "okta", connection.Issue{Label: "second", Expires: w.year(), ReadOnly: true, Types: []string{"Group"}}, by)
	require.NoError(w, err)
	require.Equal(w, 403, w.client(secret).Do("GET", list, nil).Status, "the scope of the token")
	require.Equal(w, 200, w.client(secret).Do("GET", "/Groups", nil).Status)
	require.Equal(w, []string{"issueToken", second.ID}, []string{string(w.auditOf("issueToken").Operation), w.auditOf("issueToken").Name})

	found, err := w.m.Tokens(ctx, acme, "okta")
	require.NoError(w, err)
	require.Len(w, found, 2)
	require.NoError(w, w.m.RevokeToken(ctx, acme, "okta", first.ID, by))
	w.answers(c, 401, "revoked")
	require.Equal(w, 200, w.client(secret).Do("GET", "/Groups", nil).Status, "the other token")

	w.create(acme, "entra")
	w.create("globex", "okta")
	for _, err := range []error{
		w.m.RevokeToken(ctx, acme, "entra", second.ID, by), w.m.RevokeToken(ctx, "globex", "okta", second.ID, by), w.m.RevokeToken(ctx, acme, "okta", "unknown", by),
	} {
		require.ErrorIs(w, err, store.ErrNotFound)
	}
	for _, tenant := range []string{acme, "globex"} {
		_, _, err := w.m.IssueToken(ctx, tenant, "unknown", connection.Issue{Expires: w.year()}, by)
		require.ErrorIs(w, err, store.ErrNotFound)
	}
	_, err = w.m.Tokens(ctx, acme, "unknown")
	require.ErrorIs(w, err, store.ErrNotFound)
	_, _, err = w.m.IssueToken(ctx, acme, "okta", connection.Issue{}, by)
	require.ErrorContains(w, err, "set Expires")
	_, _, err = w.m.IssueToken(ctx, acme, "okta", connection.Issue{Expires: w.clock()}, by)
	require.ErrorContains(w, err, "not in the future")
	w.passes(366 * 24 * time.Hour)
	require.Equal(w, 401, w.client(secret).Do("GET", "/Groups", nil).Status, "expired")
}

// auditOf returns the last record of an operation.
func (w *world) auditOf(operation string) scim.AuditRecord {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.audit) - 1; i >= 0; i-- {
		if string(w.audit[i].Operation) == operation {
			return w.audit[i]
		}
	}
	require.Fail(w, "no audit record", operation)
	return scim.AuditRecord{}
}

func rotation(w *world) {
	ctx := w.Context()
	w.create(acme, "okta")
	c, first := w.issue(acme, "okta")
	w.passes(time.Minute)
	until := w.clock().Add(48 * time.Hour)
	secret, second, err := w.m.Rotate(ctx, acme, "okta", first.ID, connection.Rotation{Until: until, Expires: w.year()}, by)
	require.NoError(w, err)
	require.Equal(w, "first", second.Label, "the label of the old token")
	rotated := w.client(secret)
	w.answers(c, 200, "the old token beside the new one")
	w.answers(rotated, 200, "the new token")
	require.Equal(w, "replaces "+first.ID, w.auditOf("rotateToken").Detail)
	w.passes(49 * time.Hour)
	w.answers(c, 401, "the old token after its time")
	w.answers(rotated, 200, "the new token")

	_, _, err = w.m.Rotate(ctx, acme, "okta", first.ID, connection.Rotation{Expires: w.year()}, by)
	require.ErrorContains(w, err, "issue a new one")
	_, _, err = w.m.Rotate(ctx, acme, "okta", second.ID, connection.Rotation{Until: w.clock(), Expires: w.year()}, by)
	require.ErrorContains(w, err, "not in the future")
	_, _, err = w.m.Rotate(ctx, acme, "okta", second.ID, connection.Rotation{Until: w.year()}, by)
	require.ErrorContains(w, err, "set Expires")
	_, _, err = w.m.Rotate(ctx, "globex", "okta", second.ID, connection.Rotation{Expires: w.year()}, by)
	require.ErrorIs(w, err, store.ErrNotFound)
	w.answers(rotated, 200, "after rotations that failed")

	// A rotation never prolongs the old token, and at once means at once.
	secret, third, err := w.m.Rotate(ctx, acme, "okta", second.ID, connection.Rotation{Until: w.year().AddDate(5, 0, 0), Expires: w.year(), Label: "third"}, by)
	require.NoError(w, err)
	found, err := w.m.Tokens(ctx, acme, "okta")
	require.NoError(w, err)
	require.True(w, second.Expires.Equal(found[1].Expires))
	_, _, err = w.m.Rotate(ctx, acme, "okta", third.ID, connection.Rotation{Expires: w.year()}, by)
	require.NoError(w, err)
	w.answers(w.client(secret), 401, "replaced at once")
}

// Every change needs an actor and a reason, and leaves them in its audit record.
func reasons(w *world) {
	ctx := w.Context()
	w.create(acme, "okta")
	_, token := w.issue(acme, "okta")
	label := "x"
	for name, change := range map[string]func(by connection.By) error{
		"createConnection": func(by connection.By) error {
			_, err := w.m.Create(ctx, acme, connection.Connection{Name: "entra"}, by)
			return err
		},
		"changeConnection": func(by connection.By) error {
			_, err := w.m.Change(ctx, acme, "okta", connection.Change{Label: &label}, by)
			return err
		},
		"pauseConnection":  func(by connection.By) error { return w.m.Pause(ctx, acme, "okta", by) },
		"resumeConnection": func(by connection.By) error { return w.m.Resume(ctx, acme, "okta", by) },
		"issueToken": func(by connection.By) error {
			_, _, err := w.m.IssueToken(ctx, acme, "okta", connection.Issue{Expires: w.year()}, by)
			return err
		},
		"rotateToken": func(by connection.By) error {
			_, _, err := w.m.Rotate(ctx, acme, "okta", token.ID, connection.Rotation{Until: w.clock().Add(time.Hour), Expires: w.year()}, by)
			return err
		},
		"revokeToken": func(by connection.By) error { return w.m.RevokeToken(ctx, acme, "okta", token.ID, by) },
	} {
		for _, wrong := range []connection.By{{}, {Actor: "alice"}, {Reason: "because"}} {
			require.ErrorContains(w, change(wrong), "needs an Actor and a Reason", name)
		}
	}
	require.NoError(w, w.m.SwitchOff(ctx, acme, "okta", connection.By{Actor: "bob", Reason: "the contract ended"}))
	rec := w.lastAudit()
	require.Equal(w, []string{"switchOffConnection", "acme", "okta", "bob", "the contract ended", "off"},
		[]string{string(rec.Operation), rec.Tenant, rec.Connection, rec.Actor, rec.Reason, rec.Detail})
	require.NotEmpty(w, rec.Reference)
}

func drop(w *world) {
	ctx := w.Context()
	okta := w.connected(acme, "okta")
	ada := w.user(okta, "ada")
	_, token := w.issue(acme, "okta")
	require.ErrorContains(w, w.m.Drop(ctx, acme, "okta", by), "still owns resources, for example User "+scimtest.ID(ada)+" (ada)")
	okta.Do("DELETE", ada, nil).Is(204)
	require.ErrorIs(w, w.m.Drop(ctx, acme, "okta", by), connection.ErrState)
	require.NoError(w, w.m.SwitchOff(ctx, acme, "okta", by))
	require.ErrorContains(w, w.m.Drop(ctx, acme, "okta", connection.By{}), "needs an Actor and a Reason")
	require.NoError(w, w.m.Drop(ctx, acme, "okta", by))
	require.Equal(w, "dropConnection", string(w.lastAudit().Operation))
	w.answers(okta, 401, "dropped")
	require.ErrorIs(w, w.m.Drop(ctx, acme, "okta", by), store.ErrNotFound)
	w.create(acme, "okta")
	w.answers(okta, 401, "its tokens are revoked")
	found, err := w.m.Tokens(ctx, acme, "okta")
	require.NoError(w, err)
	require.True(w, found[0].Revoked)
	require.Contains(w, []string{found[0].ID, found[1].ID}, token.ID)
}

func check(w *world) {
	ctx := w.Context()
	w.create(acme, "okta")
	w.issue(acme, "okta")
	fixed := scim.HashToken("fixed", "secret")
	fixed.Tenant, fixed.Connection = "initech", "entra"
	w.start(func(c *scim.Config) { c.Auth = scim.AnyOf(c.Auth, scim.BearerTokens(fixed)) }, nil)
	for i, tenant := range []string{acme, acme, "globex", ""} {
		_, sum := scim.NewToken()
		t := store.Token{ID: fmt.Sprint("old", i), SHA256: sum, Tenant: tenant, Connection: "jumpcloud", Created: w.clock()}
		if tenant == "" {
			t.Connection = ""
		}
		require.NoError(w, w.db.AddToken(ctx, t))
	}
	require.EqualError(w, w.m.Check(ctx, "globex", ""), `connection: "jumpcloud" of tenant "acme" does not exist, which the token "old0" names, so that its requests are answered 401: create it by Ensure, or revoke the credential
connection: "jumpcloud" of tenant "globex" does not exist, which the token "old2" names, so that its requests are answered 401: create it by Ensure, or revoke the credential
connection: "entra" of tenant "initech" does not exist, which the token "fixed" names, so that its requests are answered 401: create it by Ensure, or revoke the credential`)
	for tenant, name := range map[string]string{acme: "jumpcloud", "globex": "jumpcloud", "initech": "entra"} {
		_, err := w.m.Ensure(ctx, tenant, connection.Connection{Name: name}, by)
		require.NoError(w, err)
	}
	require.NoError(w, w.m.Check(ctx, "globex", ""))
}

// fullTrail is a trail that keeps nothing.
type fullTrail struct{ DB }

func (fullTrail) Record(context.Context, store.Record) error { return store.ErrUnavailable }

// Each change is in the trail if and only if it was committed.
func auditTrail(w *world) {
	ctx := w.Context()
	w.start(func(c *scim.Config) { c.AuditTrail = w.db }, nil)
	okta := w.connected(acme, "okta")
	w.create(acme, "entra")
	ada := w.user(okta, "ada")
	require.NoError(w, w.m.Pause(ctx, acme, "okta", connection.By{Actor: "bob", Reason: "maintenance"}))
	_, err := w.m.HandOver(ctx, acme, connection.HandOver{From: "okta", To: "entra"}, by)
	require.NoError(w, err)
	require.NoError(w, w.m.Pause(ctx, acme, "entra", by))
	_, err = w.m.Purge(ctx, acme, "entra", connection.Delete, by)
	require.NoError(w, err)
	var got []string
	for rec, err := range audit.All(store.WithTenant(ctx, acme), w.db, audit.Query{}) {
		require.NoError(w, err)
		require.Equal(w, audit.Success, rec.Outcome)
		if rec.Kind == audit.Write && rec.Reason != "" {
			got = append(got, fmt.Sprintf("%s %s %s: %s", rec.Actor, rec.Operation, rec.Connection, rec.Reason))
		}
		if rec.Operation == connection.OpHandOver || rec.Operation == connection.OpPurge {
			require.Equal(w, []string{"User", scimtest.ID(ada), "ada"}, []string{rec.Type, rec.ID, rec.Name})
			require.False(w, rec.Adopted)
		}
	}
	require.ElementsMatch(w, []string{
		"alice createConnection okta: the test", "alice issueToken okta: the test", "alice createConnection entra: the test", "bob pauseConnection okta: maintenance",
		"alice handOver okta: the test", "alice pauseConnection entra: the test", "alice purge entra: the test",
	}, got)

	w.start(nil, func(c *connection.Config) { c.AuditTrail = fullTrail{w.db} })
	require.ErrorIs(w, w.m.SwitchOff(ctx, acme, "okta", by), store.ErrUnavailable)
	c, err := w.m.Get(ctx, acme, "okta")
	require.NoError(w, err)
	require.Equal(w, connection.Paused, c.State, "undone with its record")
	_, _, err = w.m.IssueToken(ctx, acme, "okta", connection.Issue{Expires: w.year()}, by)
	require.ErrorIs(w, err, store.ErrUnavailable)
	found, err := w.m.Tokens(ctx, acme, "okta")
	require.NoError(w, err)
	require.Len(w, found, 1)
}

package connectiontest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/connection"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// user provisions a user and returns its path.
func (w *world) user(c *scimtest.Client, name string) string {
	w.Helper()
	r := c.Do("POST", "/Users", map[string]any{"schemas": []string{schema.UserURI}, "userName": name, "externalId": "x-" + name, "active": true})
	return r.Is(201).String("meta.location")[len(scimtest.BaseURL):]
}

// group provisions a group and returns its path.
func (w *world) group(c *scimtest.Client, name string, members ...string) string {
	w.Helper()
	list := []any{}
	for _, m := range members {
		list = append(list, map[string]any{"value": scimtest.ID(m)})
	}
	r := c.Do("POST", "/Groups", map[string]any{"schemas": []string{schema.GroupURI}, "displayName": name, "members": list})
	return r.Is(201).String("meta.location")[len(scimtest.BaseURL):]
}

func (w *world) deactivate(c *scimtest.Client, path string) {
	w.Helper()
	r := c.Do("PATCH", path, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`)
	require.Less(w, r.Status, 300, r.Text)
}

func names(owned []connection.Owned) []string {
	out := []string{}
	for _, o := range owned {
		out = append(out, o.Name)
	}
	return out
}

// forgetsEvents empties what the hooks saw.
func (w *world) forgetsEvents() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events, w.ended, w.audit = nil, nil, nil
}

// auditsOf returns the records of an operation.
func (w *world) auditsOf(operation string) []scim.AuditRecord {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []scim.AuditRecord
	for _, rec := range w.audit {
		if string(rec.Operation) == operation {
			out = append(out, rec)
		}
	}
	return out
}

// everything is how a resource is returned, but for its version and time.
func (w *world) everything(c *scimtest.Client, path string) map[string]any {
	w.Helper()
	body := c.Do("GET", path, nil).Is(200).Value("").(map[string]any)
	delete(body, "meta")
	return body
}

func handOver(w *world) {
	ctx := w.Context()
	okta, entra, other := w.connected(acme, "okta"), w.connected(acme, "entra"), w.connected("globex", "okta")
	ada, bea, cleo := w.user(okta, "ada@acme.example"), w.user(okta, "bea@acme.example"), w.user(okta, "cleo@acme.example")
	team := w.group(okta, "Team", ada, bea)
	own := w.user(entra, "own@acme.example")
	theirs := w.user(other, "ada@acme.example")
	w.deactivate(okta, bea)
	before := w.everything(okta, bea)
	version := okta.Do("GET", ada, nil).Header.Get("ETag")
	w.forgetsEvents()

	h := connection.HandOver{From: "okta", To: "entra"}
	p, err := w.m.PreviewHandOver(ctx, acme, h)
	require.NoError(w, err)
	require.ElementsMatch(w, []string{"ada@acme.example", "bea@acme.example", "cleo@acme.example", "Team"}, names(p.Match))
	require.Empty(w, p.Stay)
	for _, o := range p.Match {
		require.Equal(w, o.Name == "bea@acme.example", o.Inactive, o.Name)
	}
	h.Names = []string{"ADA@acme.example", "bea@acme.example", "Team", "dora@acme.example"}
	p, err = w.m.PreviewHandOver(ctx, acme, h)
	require.NoError(w, err)
	require.ElementsMatch(w, []string{"ada@acme.example", "bea@acme.example", "Team"}, names(p.Match))
	require.Equal(w, []string{"cleo@acme.example"}, names(p.Stay))
	require.Equal(w, []string{"dora@acme.example"}, p.Unknown)
	require.Empty(w, w.auditsOf("handOver"), "a preview writes nothing")
	okta.Do("GET", ada, nil, "If-None-Match: "+version).Is(304)

	result, err := w.m.HandOver(ctx, acme, h, by)
	require.NoError(w, err)
	require.Equal(w, 3, result.Done)
	for _, path := range []string{ada, bea, team} {
		okta.Do("GET", path, nil).Is(404)
		entra.Do("GET", path, nil).Is(200)
	}
	okta.Do("GET", cleo, nil).Is(200)
	entra.Do("GET", cleo, nil).Is(404)
	require.Equal(w, before, w.everything(entra, bea), "nothing else changed, active included")
	require.Len(w, entra.Do("GET", team, nil).Is(200).Value("members"), 2, "the members of a group")
	entra.Do("GET", `/Users?filter=userName eq "ada@acme.example"`, nil).Is(200).Total(1)
	okta.Do("GET", `/Users?filter=userName eq "ada@acme.example"`, nil).Is(200).Total(0)
	okta.Do("POST", "/Users", map[string]any{"schemas": []string{schema.UserURI}, "userName": "ada@acme.example"}).Is(409)
	entra.Do("GET", own, nil).Is(200)
	other.Do("GET", theirs, nil).Is(200)

	// Another client that holds the old version learns that the resource was written.
	require.NotEqual(w, version, entra.Do("GET", ada, nil).Header.Get("ETag"))
	require.Empty(w, w.events, "no hook is called")
	require.Empty(w, w.ended)
	records := w.auditsOf("handOver")
	require.Len(w, records, 3, "one record for each resource")
	for _, rec := range records {
		require.Equal(w, []string{acme, "okta", "alice", "the test"}, []string{rec.Tenant, rec.Connection, rec.Actor, rec.Reason})
		require.Len(w, rec.Changes, 1)
		require.Equal(w, []string{"$owner", `"okta"`, `"entra"`}, []string{rec.Changes[0].Path, rec.Changes[0].Old, rec.Changes[0].New})
	}

	// A repeated call has nothing left to do.
	result, err = w.m.HandOver(ctx, acme, h, by)
	require.NoError(w, err)
	require.Zero(w, result.Done)
	require.Len(w, w.auditsOf("handOver"), 3)

	for want, wrong := range map[string]connection.HandOver{
		"needs the names of two":  {From: "okta", To: "okta"},
		"MakeLocal takes people":  {From: "okta"},
		`to "unknown"`:            {From: "okta", To: "unknown"},
		`"Device" is no resource`: {From: "okta", To: "entra", Types: []string{"Device"}},
	} {
		_, err := w.m.PreviewHandOver(ctx, acme, wrong)
		require.ErrorContains(w, err, want)
		_, err = w.m.HandOver(ctx, acme, wrong, by)
		require.ErrorContains(w, err, want)
	}
	_, err = w.m.HandOver(ctx, acme, h, connection.By{})
	require.ErrorContains(w, err, "needs an Actor and a Reason")
	_, err = w.m.HandOver(ctx, "globex", h, by)
	require.ErrorIs(w, err, store.ErrNotFound, "a connection of another tenant")
}

// A hand-over that was interrupted goes on with what is left.
func handOverInterrupted(w *world) {
	okta := w.connected(acme, "okta")
	w.create(acme, "entra")
	for i := range 10 {
		w.user(okta, fmt.Sprintf("user%d", i))
	}
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	n := 0
	w.start(func(c *scim.Config) {
		c.Audit = func(_ context.Context, rec scim.AuditRecord) {
			if n++; n == 4 {
				cancel() // the process is told to end
			}
		}
	}, nil)
	h := connection.HandOver{From: "okta", To: "entra"}
	result, err := w.m.HandOver(ctx, acme, h, by)
	require.ErrorIs(w, err, context.Canceled)
	require.Equal(w, 4, result.Done)
	w.restart()
	p, err := w.m.PreviewHandOver(w.Context(), acme, h)
	require.NoError(w, err)
	require.Len(w, p.Match, 6)
	result, err = w.m.HandOver(w.Context(), acme, h, by)
	require.NoError(w, err)
	require.Equal(w, 6, result.Done)
}

// Two hand-overs at once, beside writes of both providers, change each resource once.
func handOverTwice(w *world) {
	ctx := w.Context()
	okta, entra := w.connected(acme, "okta"), w.connected(acme, "entra")
	var paths []string
	for i := range 10 {
		paths = append(paths, w.user(okta, fmt.Sprintf("user%d", i)))
	}
	w.forgetsEvents()
	type outcome struct {
		done int
		err  error
	}
	outcomes := make(chan outcome)
	for range 2 {
		go func() {
			r, err := w.m.HandOver(ctx, acme, connection.HandOver{From: "okta", To: "entra"}, by)
			outcomes <- outcome{r.Done, err}
		}()
	}
	for _, path := range paths {
		for _, c := range []*scimtest.Client{okta, entra} {
			r := c.Do("PATCH", path, scimtest.PatchOp(`{"op":"replace","path":"title","value":"by a provider"}`))
			require.Contains(w, []int{200, 404}, r.Status, r.Text)
		}
	}
	one, two := <-outcomes, <-outcomes
	require.NoError(w, errors.Join(one.err, two.err))
	require.Equal(w, 10, one.done+two.done)
	require.Len(w, w.auditsOf("handOver"), 10)
	for _, path := range paths {
		entra.Do("GET", path, nil).Is(200).Has("title", `"by a provider"`)
		okta.Do("GET", path, nil).Is(404)
	}
}

func makeLocal(w *world) {
	ctx := w.Context()
	okta := w.connected(acme, "okta")
	ada, bea := w.user(okta, "ada"), w.user(okta, "bea")
	w.deactivate(okta, bea)
	_, err := w.m.Create(ctx, acme, connection.Connection{Name: "all", Policy: "all"}, by)
	require.NoError(w, err)
	all, _ := w.issue(acme, "all")
	before := w.everything(all, bea)
	_, err = w.m.MakeLocal(ctx, acme, "okta", by)
	require.ErrorIs(w, err, connection.ErrState)
	require.ErrorContains(w, err, "SwitchOff first")
	require.NoError(w, w.m.SwitchOff(ctx, acme, "okta", by))
	w.forgetsEvents()
	p, err := w.m.PreviewMakeLocal(ctx, acme, "okta")
	require.NoError(w, err)
	require.ElementsMatch(w, []string{"ada", "bea"}, names(p.Match))
	result, err := w.m.MakeLocal(ctx, acme, "okta", connection.By{Actor: "bob", Reason: "no provider any more"})
	require.NoError(w, err)
	require.Equal(w, 2, result.Done)
	require.Equal(w, before, w.everything(all, bea), "nothing else changed")
	require.Empty(w, w.events)
	for _, path := range []string{ada, bea} {
		found, err := w.people.Users.Get(store.WithTenant(ctx, acme), scimtest.ID(path), store.GetOptions{})
		require.NoError(w, err)
		require.Empty(w, found.Owner())
	}
	rec := w.auditsOf("makeLocal")[0]
	require.Equal(w, []string{"bob", "no provider any more", ""}, []string{rec.Actor, rec.Reason, rec.Changes[0].New})
	require.NoError(w, w.m.Resume(ctx, acme, "okta", by))
	okta.Do("GET", ada, nil).Is(404)
}

func purge(w *world) {
	ctx := w.Context()
	okta, entra := w.connected(acme, "okta"), w.connected(acme, "entra")
	ada, bea := w.user(okta, "ada"), w.user(okta, "bea")
	team := w.group(okta, "Team", ada, bea)
	mixed := w.user(entra, "own")
	w.deactivate(okta, bea)
	_, err := w.m.Purge(ctx, acme, "okta", connection.Delete, by)
	require.ErrorIs(w, err, connection.ErrState, "an active connection")
	require.NoError(w, w.m.Pause(ctx, acme, "okta", by))
	_, err = w.m.Purge(ctx, acme, "okta", "", by)
	require.ErrorContains(w, err, "unknown End")
	w.forgetsEvents()

	p, err := w.m.PreviewPurge(ctx, acme, "okta", connection.Deactivate)
	require.NoError(w, err)
	require.Equal(w, []string{"ada"}, names(p.Match))
	require.ElementsMatch(w, []string{"bea", "Team"}, names(p.Stay))
	require.NotEmpty(w, p.Brake)
	require.Empty(w, w.events, "a preview writes nothing")
	result, err := w.m.Purge(ctx, acme, "okta", connection.Deactivate, by)
	require.NoError(w, err)
	require.Equal(w, 1, result.Done)
	ended := []string{scimtest.ID(ada)}
	if w.ownPeople() {
		ended = append(ended, scimtest.ID(ada)) // by Revoke
	}
	require.Equal(w, ended, w.ended, "EndSessions and Revoke")
	require.Equal(w, event.Deactivated, w.events[0].Kind)
	require.Equal(w, "alice", w.events[0].Actor)

	p, err = w.m.PreviewPurge(ctx, acme, "okta", connection.Delete)
	require.NoError(w, err)
	require.ElementsMatch(w, []string{"ada", "bea", "Team"}, names(p.Match))
	result, err = w.m.Purge(ctx, acme, "okta", connection.Delete, by)
	require.NoError(w, err)
	require.Equal(w, 3, result.Done)
	require.NoError(w, w.m.Resume(ctx, acme, "okta", by))
	for _, path := range []string{ada, bea, team} {
		okta.Do("GET", path, nil).Is(404)
	}
	entra.Do("GET", mixed, nil).Is(200)
	w.user(okta, "ada") // the name is free
	records := w.auditsOf("purge")
	require.Len(w, records, 4)
	require.Equal(w, []string{acme, "okta", "alice", "the test", "User"}, []string{records[0].Tenant, records[0].Connection, records[0].Actor, records[0].Reason, records[0].Type})
}

// A purge of more than the bound of the brake needs a release.
func purgeUnderTheBrake(w *world) {
	ctx := w.Context()
	w.start(func(c *scim.Config) { c.Brake = brake.Config{Leavers: brake.Bound{Most: 5, Share: 0.1}} }, nil)
	okta := w.connected(acme, "okta")
	for i := range 12 {
		w.user(okta, fmt.Sprintf("user%d", i))
	}
	require.NoError(w, w.m.SwitchOff(ctx, acme, "okta", by))
	p, err := w.m.PreviewPurge(ctx, acme, "okta", connection.Delete)
	require.NoError(w, err)
	require.Equal(w, brake.Leavers, p.Brake[0].Kind)
	require.EqualValues(w, 5, p.Brake[0].Limit)
	result, err := w.m.Purge(ctx, acme, "okta", connection.Delete, by)
	var stop *brake.Stop
	require.ErrorAs(w, err, &stop)
	require.Equal(w, "okta", stop.Connection)
	require.Equal(w, 5, result.Done)
	again, err := w.m.Purge(ctx, acme, "okta", connection.Delete, by)
	require.ErrorAs(w, err, &stop)
	require.Zero(w, again.Done, "nothing without a release")
	require.NoError(w, w.h.ReleaseBrake(ctx, acme, brake.Release{Connection: "okta", Kind: brake.Leavers, Type: "User", More: 10, Actor: "alice", Reason: "the contract ended"}))
	result, err = w.m.Purge(ctx, acme, "okta", connection.Delete, by)
	require.NoError(w, err)
	require.Equal(w, 7, result.Done)
}

// A veto keeps one person, and the others go.
func purgeVetoed(w *world) {
	ctx := w.Context()
	w.start(func(c *scim.Config) {
		c.Hooks.Before = func(_ context.Context, e *event.Event) error {
			if e.Kind == event.Deleted && e.Before.Attributes.Get(e.Before.Type.Root().Sub("userName")).Text() == "owner" {
				return errors.New("the last owner")
			}
			return nil
		}
	}, nil)
	okta := w.connected(acme, "okta")
	w.user(okta, "a")
	kept := w.user(okta, "owner")
	w.user(okta, "z")
	require.NoError(w, w.m.SwitchOff(ctx, acme, "okta", by))
	result, err := w.m.Purge(ctx, acme, "okta", connection.Delete, by)
	require.ErrorContains(w, err, "1 resources were not changed")
	require.ErrorContains(w, err, "the last owner")
	require.Equal(w, 2, result.Done)
	require.Len(w, result.Failed, 1)
	require.Equal(w, scimtest.ID(kept), result.Failed[0].ID)
	require.NoError(w, w.m.Resume(ctx, acme, "okta", by))
	okta.Do("GET", kept, nil).Is(200)
}

const day = 24 * time.Hour

// told returns what was told since the last call: the days and the ids.
func (w *world) told() []string {
	require.NoError(w, w.m.CheckExpiry(w.Context()))
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []string{}
	for _, e := range w.expired {
		out = append(out, fmt.Sprintf("%d %s %s %s/%s", e.Days, e.Kind, e.Label, e.Tenant, e.Connection))
	}
	w.expired = nil
	return out
}

func expiry(w *world) {
	ctx := w.Context()
	w.create(acme, "okta")
	w.create("globex", "okta")
	issue := func(tenant, label string, life time.Duration) store.Token {
		_, t, err := w.m.IssueToken(ctx, tenant, "okta", connection.Issue{Label: label, Expires: w.clock().Add(life)}, by)
		require.NoError(w, err)
		return t
	}
	issue(acme, "a", 90*day)
	issue("globex", "b", 65*day)
	short := issue(acme, "short", 10*day)
	issue(acme, "hour", time.Hour)
	require.Empty(w, w.told(), "30 and 20 days before are before they were made")
	w.passes(4 * day)
	require.Equal(w, []string{"7 token short acme/okta"}, w.told())
	require.Empty(w, w.told(), "once")
	w.restart()
	require.Empty(w, w.told(), "once, also after a restart")
	require.NoError(w, w.m.RevokeToken(ctx, acme, "okta", short.ID, by))
	w.passes(31 * day) // day 35
	require.Equal(w, []string{"30 token b globex/okta"}, w.told())
	w.passes(10 * day) // 45
	require.Equal(w, []string{"20 token b globex/okta"}, w.told())
	w.passes(40 * day) // 85: nobody looked 30 and 20 days before
	require.Equal(w, []string{"7 token a acme/okta"}, w.told())
	w.passes(10 * day)
	require.Empty(w, w.told(), "after the end")

	issue(acme, "off", 40*day)
	w.passes(15 * day)
	require.NoError(w, w.m.SwitchOff(ctx, acme, "okta", by))
	require.Empty(w, w.told(), "of a connection that is off")
	require.NoError(w, w.m.Resume(ctx, acme, "okta", by))
	require.Equal(w, []string{"30 token off acme/okta"}, w.told())
}

// What could not be told is told again, and two processes tell once.
func expiryAgain(w *world) {
	ctx := w.Context()
	w.create(acme, "okta")
	secrets := func(ctx context.Context) ([]connection.Credential, error) {
		return []connection.Credential{{Kind: "secret", ID: store.Tenant(ctx) + "-1", Connection: "okta", Expires: time.Date(2026, 8, 10, 0, 0, 0, 0, time.UTC)}}, nil
	}
	failures := 1
	w.start(nil, func(c *connection.Config) {
		c.Credentials = secrets
		tell := c.Expiring
		c.Expiring = func(ctx context.Context, e connection.Expiry) error {
			if failures--; failures >= 0 {
				return errors.New("no mail")
			}
			return tell(ctx, e)
		}
	})
	require.ErrorContains(w, w.m.CheckExpiry(ctx), "no mail")
	one, done := w.m, make(chan error)
	w.start(nil, func(c *connection.Config) { c.Credentials = secrets })
	for _, m := range []*connection.Manager{one, w.m} {
		go func() { done <- m.CheckExpiry(ctx) }()
	}
	require.NoError(w, errors.Join(<-done, <-done))
	require.Equal(w, []string{"20 secret  acme/okta"}, w.told())
}

package scim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/internal/devicetype"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// trailed makes a world with an audit trail.
func trailed(t *testing.T, adjust func(w *world, c *scim.Config)) *world {
	return newWorld(t, func(w *world, c *scim.Config) {
		c.AuditTrail = w.db
		if adjust != nil {
			adjust(w, c)
		}
	})
}

// trail returns the records of a query, the oldest first.
func (w *world) trail(q audit.Query) []audit.Record {
	w.Helper()
	var out []audit.Record
	for rec, err := range audit.All(w.Context(), w.db, q) {
		require.NoError(w, err)
		require.NotEmpty(w, rec.Record)
		out = append(out, rec)
	}
	slices.Reverse(out)
	return out
}

// lines returns what matters in records, a line each.
func lines(records []audit.Record) []string {
	out := []string{}
	for _, r := range records {
		line := fmt.Sprintf("%s %s %s %s %s", r.Kind, r.Outcome, r.Operation, r.Type, r.Name)
		for _, text := range []string{r.Cause, r.Hook} {
			if text != "" {
				line += " " + text
			}
		}
		if r.Status != 0 {
			line += fmt.Sprint(" ", r.Status)
		}
		for _, c := range r.Changes {
			line += fmt.Sprintf(" %s:%s>%s", c.Path, c.Old, c.New)
		}
		out = append(out, line)
	}
	return out
}

// Each write is in the trail, also one that changes nothing, and with a deletion the
// groups that the user left.
func TestTrailHasEveryWrite(t *testing.T) {
	t.Parallel()
	w := trailed(t, func(w *world, c *scim.Config) {
		c.Endpoints[0].OnTwin = scim.RestoreInactive
		c.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { return nil }
		c.Hooks.EndSessions = func(context.Context, *event.Event) error { return nil }
	})
	user := w.user("ada", `"password":"hidden"`)
	group := w.group("staff", user)
	w.patch(200, user, `{"op":"replace","path":"title","value":"x"}`)
	w.patch(200, user, `{"op":"replace","path":"title","value":"x"}`)
	w.do(200, "PUT", user, scimtest.User("Ada", `"active":false`))
	w.do(201, "POST", "/Users", scimtest.User("ada"))
	w.patch(204, group, `{"op":"add","path":"members","value":[{"value":"x"}]}`)
	require.NoError(t, w.h.Revoke(t.Context(), "", scimtest.ID(user), "a lost laptop"))
	w.do(204, "DELETE", user, "")
	w.do(200, "GET", group, "")
	w.do(200, "GET", "/Users", "")
	id := scimtest.ID(user)
	all := w.trail(audit.Query{})
	require.Equal(t, []string{
		`write success create User ada userName:>"ada" active:>true password:>[redacted]`,
		`write success create Group staff displayName:>"staff" members:>["` + id + `"]`,
		`write success patch User ada title:>"x"`,
		`write success patch User ada`,
		`write success replace User Ada endSessions userName:"ada">"Ada" title:"x"> active:true>false`,
		`write success create User ada userName:"Ada">"ada" active:false>true`,
		`write success patch Group staff members:>["x"]`,
		`write success revoke User ada endSessions`,
		`write success delete Group staff members members:["` + id + `"]>`,
		`write success delete User ada endSessions userName:"ada"> active:true>`,
	}, lines(all))
	require.Equal(t, all[9].Record, all[8].Of)
	require.Equal(t, "a lost laptop", all[7].Reason)
	require.Equal(t, scimtest.ID(group), all[8].ID)
	require.Len(t, w.trail(audit.Query{Type: "User", ResourceID: id}), 7, "the user is deleted and the records are there")
	for i, r := range all {
		if i != 7 {
			require.Equal(t, "okta", r.Actor)
		}
		require.NotEmpty(t, r.Reference)
		require.Equal(t, epoch, r.Time)
	}
	text, err := json.Marshal(all)
	require.NoError(t, err)
	require.NotContains(t, string(text), "hidden")
}

// A write has the record that Config.Audit gets, with the same id and reference.
func TestTrailAndAuditHaveTheSameRecord(t *testing.T) {
	t.Parallel()
	var records []audit.Record
	w := trailed(t, func(w *world, c *scim.Config) {
		c.Audit = func(_ context.Context, r scim.AuditRecord) { records = append(records, r) }
	})
	user := w.user("ada")
	w.patch(200, user, deactivate)
	w.patch(404, user+"x", deactivate)
	kept := w.trail(audit.Query{})
	require.Len(t, kept, 3)
	for i := range 2 {
		kept[i].Status = records[i].Status
	}
	records[2].Record = kept[2].Record // it is given one when it is recorded
	require.Equal(t, kept, records)
}

// Each operation of a bulk request has its record.
func TestTrailOfBulk(t *testing.T) {
	t.Parallel()
	w := trailed(t, nil)
	op := func(id, body string) string {
		return `{"method":"POST","path":"/Users","bulkId":"` + id + `","data":` + body + `}`
	}
	w.do(200, "POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+
		strings.Join([]string{op("a", scimtest.User("a")), op("b", scimtest.User("a")), op("c", scimtest.User("c"))}, ",")+`]}`)
	all := w.trail(audit.Query{})
	require.ElementsMatch(t, []string{
		`write success create User a userName:>"a"`, `request refused create User a 409`, `write success create User c userName:>"c"`,
	}, lines(all))
	require.NotEqual(t, all[0].Reference, all[1].Reference)
}

// What is rolled back has no record of a write, what fails has one of the request.
func TestTrailHasNothingThatIsRolledBack(t *testing.T) {
	t.Parallel()
	w := trailed(t, func(w *world, c *scim.Config) {
		c.Hooks.Before = func(_ context.Context, e *event.Event) error {
			switch userName(e.Resource()) {
			case "veto":
				return &scim.Error{Status: 400, Detail: "no"}
			case "panic":
				panic("no")
			}
			return errors.New("broken")
		}
	})
	w.do(400, "POST", "/Users", scimtest.User("veto"))
	w.do(500, "POST", "/Users", scimtest.User("panic"))
	w.do(500, "POST", "/Users", scimtest.User("other"))
	require.Equal(t, []string{
		"request refused create User veto 400", "request failure create User panic 500", "request failure create User other 500",
	}, lines(w.trail(audit.Query{})))
}

// brokenTrail is a trail that fails.
type brokenTrail struct {
	store.AuditTrail
	err error
}

func (b *brokenTrail) Record(ctx context.Context, r store.Record) error {
	if b.err != nil {
		return b.err
	}
	return b.AuditTrail.Record(ctx, r)
}

// A write whose record cannot be kept is not made.
func TestWriteFailsWithItsRecord(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	b := &brokenTrail{}
	w := trailed(t, func(w *world, c *scim.Config) {
		b.AuditTrail = w.db
		c.AuditTrail = b
		c.Hooks.EndSessions = func(context.Context, *event.Event) error { return nil }
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	user := w.user("ada")
	group := w.group("staff", user)
	for _, c := range []struct {
		err    error
		status int
	}{
		{errors.New("the disk is full"), 500},
		{fmt.Errorf("%w: away", store.ErrUnavailable), 503},
		{store.ErrNotFound, 500},
		{store.ErrVersion, 500},
		{&store.UniquenessError{Path: "userName"}, 500},
	} {
		b.err = c.err
		w.do(c.status, "POST", "/Users", scimtest.User("bob"))
		w.patch(c.status, user, deactivate)
		w.do(c.status, "DELETE", user, "")
		w.do(c.status, "PATCH", group, scimtest.PatchOp(`{"op":"remove","path":"members"}`))
		require.Error(t, w.h.Revoke(t.Context(), "", scimtest.ID(user), "a test"))
		require.Error(t, w.h.ReleaseBrake(t.Context(), "", brake.Release{Connection: "okta", Kind: brake.Leavers, Type: "User", More: 5, Actor: "me", Reason: "a test"}))
	}
	b.err = nil
	require.True(t, w.active(user))
	require.Len(t, w.members(group), 1)
	require.NotContains(t, w.do(200, "GET", "/Users", "").Body.String(), "bob")
	require.Len(t, w.trail(audit.Query{}), 2)
	require.Contains(t, log.String(), "the disk is full")
	require.Contains(t, log.String(), "a request is not in the audit trail")
}

// A transaction that runs twice has one record.
func TestTransactionRunTwiceHasOneRecord(t *testing.T) {
	t.Parallel()
	w := trailed(t, func(w *world, c *scim.Config) {
		c.Tx = repeating{c.Tx}
		c.Hooks.Revoke = func(context.Context, *event.Event) error { return nil }
		all(&c.Hooks, w.see)
	})
	user := w.user("a")
	w.group("g", user)
	w.do(204, "DELETE", user, "")
	require.NoError(t, w.h.ReleaseBrake(t.Context(), "", brake.Release{Connection: "okta", Kind: brake.Leavers, Type: "User", More: 5, Actor: "me", Reason: "a test"}))
	require.Equal(t, []string{
		`write success create User a userName:>"a" active:>true`,
		`write success create Group g displayName:>"g" members:>["` + scimtest.ID(user) + `"]`,
		`write success delete Group g members members:["` + scimtest.ID(user) + `"]>`,
		`write success delete User a userName:"a"> active:true>`,
		`result success hook User a revoke`,
		`write success releaseBrake User `,
	}, lines(w.trail(audit.Query{})))
}

// A revocation has its result: a response that was an error, and the time that it
// took when it succeeded.
func TestTrailHasTheRevocation(t *testing.T) {
	t.Parallel()
	var fails atomic.Bool
	w := trailed(t, func(w *world, c *scim.Config) {
		c.Hooks.Revoke = func(context.Context, *event.Event) error {
			w.later(time.Second)
			if fails.Load() {
				return errors.New("the session store is away")
			}
			return nil
		}
	})
	user := w.user("ada")
	fails.Store(true)
	w.patch(503, user, deactivate)
	fails.Store(false)
	w.patch(200, user, deactivate)
	all := w.trail(audit.Query{})
	require.Equal(t, []string{
		`write success create User ada userName:>"ada" active:>true`,
		`write success patch User ada active:true>false`,
		`result failure patch User ada 503`,
		`write success patch User ada`,
		`result success hook User ada revoke`,
	}, byTime(all))
	result := find(t, all, func(r audit.Record) bool { return r.Hook == "revoke" })
	write := find(t, all, func(r audit.Record) bool { return len(r.Changes) == 1 && r.Operation == "patch" })
	require.Equal(t, write.Record, result.Of)
	require.Equal(t, write.Record, find(t, all, func(r audit.Record) bool { return r.Status == 503 }).Of)
	require.Equal(t, 2, result.Attempts)
	require.Equal(t, 2000.0, result.RevokedMS)
	require.Equal(t, "okta", result.Actor)
}

// byTime is lines, in the order of time.
func byTime(records []audit.Record) []string {
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b audit.Record) int { return a.Time.Compare(b.Time) })
	return lines(records)
}

func find(t *testing.T, records []audit.Record, is func(audit.Record) bool) audit.Record {
	t.Helper()
	i := slices.IndexFunc(records, is)
	require.GreaterOrEqual(t, i, 0, "%v", lines(records))
	return records[i]
}

// A hook in the background has one record when it is over, delivered or dead.
func TestTrailHasTheResultsOfTheWorker(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	w := trailed(t, func(w *world, c *scim.Config) {
		c.Auth = scim.BearerTokens(store.Token{ID: "token-1", SHA256: scim.HashToken("", "secret").SHA256, Tenant: "acme", Connection: "okta"})
		c.Hooks.Created = func(context.Context, *event.Event) error {
			if calls.Add(1) < 2 {
				return errors.New("away")
			}
			return nil
		}
		c.Hooks.Updated = func(context.Context, *event.Event) error {
			return fmt.Errorf("%w: no such person", event.ErrUndeliverable)
		}
	})
	user := w.user("ada")
	w.patch(200, user, `{"op":"add","path":"title","value":"x"}`)
	w.run()
	ctx := store.WithTenant(t.Context(), "acme")
	results := func() (out []audit.Record) {
		for rec, err := range audit.All(ctx, w.db, audit.Query{Operation: audit.OperationHook}) {
			require.NoError(t, err)
			out = append(out, rec)
		}
		return out
	}
	w.eventually("both are over", func() bool {
		w.later(time.Second)
		w.h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		return len(results()) == 2
	})
	got := results()
	require.ElementsMatch(t, []string{"result success hook User ada created", "result failure hook User ada updated"}, lines(got))
	for _, r := range got {
		require.Equal(t, []string{"token-1", "okta", "acme", scimtest.ID(user)}, []string{r.Actor, r.Connection, r.Tenant, r.ID})
		require.NotEmpty(t, r.Of)
		if r.Hook == "updated" {
			require.Contains(t, r.Detail, "no such person")
			require.Equal(t, 1, r.Attempts)
		} else {
			require.Equal(t, 2, r.Attempts)
		}
	}
}

// Requests that were refused are in the trail, and only so many of them.
func TestTrailOfRefusals(t *testing.T) {
	t.Parallel()
	w := trailed(t, func(w *world, c *scim.Config) {
		c.Limits.Body = 1000
		c.Brake.Leavers = brake.Bound{Most: 1}
		c.Authorize = func(_ context.Context, op scim.Operation) error {
			if op.ID == "forbidden" {
				return scim.ErrForbidden
			}
			return nil
		}
	})
	user, other := w.user("ada"), w.user("bob")
	w.patch(200, user, deactivate)
	w.do(400, "GET", "/Users?filter=x", "")
	w.do(403, "GET", "/Users/forbidden", "")
	w.do(404, "DELETE", "/Users/nobody", "")
	w.do(409, "POST", "/Users", scimtest.User("ada"))
	w.do(413, "POST", "/Users", strings.Repeat(" ", 2000))
	w.patch(503, other, deactivate)
	w.anonymous("192.0.2.1:4711")
	require.Equal(t, []string{
		"request refused query User  400", "request refused retrieve User  403", "request refused delete User  404", "request refused create User ada 409",
		"request refused create User  413", "request refused patch User bob 503", "request refused    401",
	}, lines(w.trail(audit.Query{Outcome: audit.Refused})))
	last := w.trail(audit.Query{Outcome: audit.Refused})[6]
	require.Equal(t, []string{"192.0.2.1", "", "authentication failed"}, []string{last.Source, last.Actor, last.Detail})
}

// anonymous sends a request with a wrong token.
func (w *world) anonymous(from string) {
	r := httptest.NewRequest("GET", scimtest.BaseURL+"/Users", nil)
	r.RemoteAddr = from
	r.Header.Set("Authorization", "Bearer wrong")
	got := httptest.NewRecorder()
	w.h.ServeHTTP(got, r)
	require.Equal(w, 401, got.Code)
}

func TestTrailIsBoundedUnderAttack(t *testing.T) {
	t.Parallel()
	w := trailed(t, nil)
	for i := range 500 {
		w.anonymous(fmt.Sprintf("192.0.2.%d:1", i%200))
		w.do(404, "GET", "/Users/nobody", "")
	}
	require.Len(t, w.trail(audit.Query{}), 120)
	w.later(time.Minute)
	w.do(200, "GET", "/Users", "")
	all := w.trail(audit.Query{From: epoch})
	require.Len(t, all, 122)
	var omitted []int
	for _, r := range all {
		if r.Omitted > 0 {
			omitted = append(omitted, r.Omitted)
			require.Equal(t, "440 more requests within a minute were refused or failed", r.Detail)
		}
	}
	require.Equal(t, []int{440, 440}, omitted)
	w.do(404, "GET", "/Users/nobody", "")
	require.Len(t, w.trail(audit.Query{}), 123)
}

// Neither a secret nor a sensitive value is in the trail, wherever it comes from.
func TestTrailHasNoSecrets(t *testing.T) {
	t.Parallel()
	w := trailed(t, func(w *world, c *scim.Config) {
		c.SensitiveAttributes = []string{"userName", "emails.value", "displayName", "members.value"}
		c.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { return nil }
	})
	user := w.user("s3cret", `"password":"s3cret"`, `"emails":[{"value":"s3cret@example.com"}]`)
	group := w.group("s3cret", user)
	w.patch(200, user, `{"op":"replace","path":"emails","value":[{"value":"s3cret2@example.com"}]}`, `{"op":"add","path":"password","value":"s3cret"}`)
	w.do(409, "POST", "/Users", scimtest.User("s3cret"))
	w.do(400, "GET", "/Users?filter=emails.value+eq+s3cret+s3cret", "")
	w.patch(200, group, `{"op":"replace","path":"displayName","value":"s3cret2"}`)
	w.do(204, "DELETE", user, "")
	all := w.trail(audit.Query{})
	require.Len(t, all, 8)
	text, err := json.Marshal(all)
	require.NoError(t, err)
	require.NotContains(t, string(text), "s3cret")
	require.NotContains(t, strings.ReplaceAll(string(text), `"id":"`+scimtest.ID(user), ""), scimtest.ID(user), "a member that is sensitive")
}

// What a refused request sends in its path, or as the method of an operation, does not
// fill the trail.
func TestTrailOfLargeRefusals(t *testing.T) {
	t.Parallel()
	w := trailed(t, nil)
	large := strings.Repeat("x", 2<<20)
	w.do(404, "DELETE", "/Users/"+large, "")
	w.do(200, "POST", "/Bulk", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":%q,"path":"/Users/1"}]}`, large))
	all := w.trail(audit.Query{})
	require.Len(t, all, 2)
	for _, r := range all {
		require.Less(t, len(audit.Encode(r).Payload), 16<<10)
		require.Less(t, len(r.ID), 8<<10)
	}
}

// A group with many members is cut: the first ids, and how many others there are.
func TestTrailOfLargeValues(t *testing.T) {
	t.Parallel()
	w := trailed(t, func(w *world, c *scim.Config) { c.Limits.Members, c.Limits.Body, c.Brake.Off = 50_000, 16<<20, true })
	var members []string
	for i := range 30_000 {
		members = append(members, fmt.Sprintf(`{"value":"%0200d"}`, i))
	}
	w.do(201, "POST", "/Groups", scimtest.Group("large", `"members":[`+strings.Join(members, ",")+`]`))
	w.user("ada", `"photos":[{"value":"https://example.com/`+strings.Repeat("x", 20_000)+`"}]`)
	large := w.trail(audit.Query{})[0]
	w.do(204, "DELETE", "/Groups/"+large.ID, "")
	all := w.trail(audit.Query{})
	change := all[0].Changes[1]
	var ids []string
	require.NoError(t, json.Unmarshal([]byte(change.New), &ids))
	require.Len(t, ids, 1000)
	require.Equal(t, 29_000, change.NewOmitted)
	require.Equal(t, audit.Change{Path: "members", Old: change.New, OldOmitted: 29_000}, all[2].Changes[1], "of the deleted group")
	require.Equal(t, audit.Change{Path: "photos", New: audit.OmittedValue, NewOmitted: 20_034}, all[1].Changes[2])
}

func TestNewChecksTheTrail(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	for want, adjust := range map[string]func(c *scim.Config){
		"Config.AuditTrail needs Config.Tx":                                      func(c *scim.Config) { c.Tx = nil },
		"Config.AuditTrail (*memstore.DB) is on another database than Config.Tx": func(c *scim.Config) { c.AuditTrail = memstore.New() },
		"Config.AuditTrail is a nil pointer":                                     func(c *scim.Config) { c.AuditTrail = (*memstore.DB)(nil) },
	} {
		c := scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: db, AuditTrail: db,
			Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
		}
		adjust(&c)
		_, err := scim.New(c)
		require.ErrorContains(t, err, want)
	}
}

// Secrets of a type of the application's own, at any depth, are not in the trail.
func TestTrailHasNoSecretsOfOwnTypes(t *testing.T) {
	t.Parallel()
	devices, err := devicetype.New(false)
	require.NoError(t, err)
	w := trailed(t, func(w *world, c *scim.Config) {
		c.Endpoints = append(c.Endpoints, scim.Endpoint{Type: devices, Store: w.db.Store(devices)})
		c.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { return nil }
	})
	device := func(more string) string {
		return `{"schemas":["` + devicetype.URI + `"],"displayName":"d","hint":"s3cret","pin":"s3cret","contacts":[{"value":"a","code":"s3cret"}]` + more + `}`
	}
	path := "/Devices/" + idOf(t, w.do(201, "POST", "/Devices", device("")))
	w.do(200, "PUT", path, device(`,"notes":"x"`))
	w.patch(200, path, `{"op":"replace","path":"contacts","value":[{"value":"b","code":"s3cret"}]}`, `{"op":"replace","path":"pin","value":"s3cret"}`)
	w.do(204, "DELETE", path, "")
	all := w.trail(audit.Query{Type: "Device"})
	require.Len(t, all, 4)
	text, err := json.Marshal(all)
	require.NoError(t, err)
	require.NotContains(t, string(text), "s3cret")
	require.Contains(t, string(text), `{"path":"pin","old":"","new":"[redacted]"}`)
}

// A connection that adopts an account is in the trail.
func TestTrailOfAdoption(t *testing.T) {
	t.Parallel()
	owned := schema.WithOwner(schema.UserType)
	w := trailed(t, func(w *world, c *scim.Config) {
		token := scim.HashToken("token-1", "secret")
		token.Connection = "okta"
		c.Auth = scim.BearerTokens(token)
		c.Endpoints = []scim.Endpoint{{Type: owned, Store: w.db.Store(owned), Policy: scim.Policy{
			Ownership: scim.OwnResources, Adopt: func(context.Context, scim.Adoption) (bool, error) { return true, nil },
		}}}
	})
	now := epoch
	b := schema.Builder{}
	b.Set(schema.User.Attribute("userName"), schema.String("ada"))
	_, err := w.db.Store(owned).Create(t.Context(), &store.Change{ID: "1", At: now, After: &schema.Resource{Type: owned, ID: "1", Created: now, LastModified: now, Attributes: b.Object()}})
	require.NoError(t, err)
	w.do(201, "POST", "/Users", scimtest.User("ada", `"active":true`))
	all := w.trail(audit.Query{Connection: "okta"})
	require.Equal(t, []string{`write success create User ada $owner:>"okta" active:>true`}, lines(all))
	require.True(t, all[0].Adopted)
}

package scim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/audit"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// audited makes a world that appends its audit records to a list.
func audited(t *testing.T, adjust func(w *world, c *scim.Config)) (*world, *[]scim.AuditRecord) {
	var records []scim.AuditRecord
	return newWorld(t, func(w *world, c *scim.Config) {
		c.Audit = func(ctx context.Context, rec scim.AuditRecord) {
			w.later(time.Second)
			records = append(records, rec)
			require.NoError(t, ctx.Err())
		}
		if adjust != nil {
			adjust(w, c)
		}
	}), &records
}

func TestAuditRecords(t *testing.T) {
	t.Parallel()
	w, records := audited(t, func(w *world, c *scim.Config) {
		c.SensitiveAttributes = []string{"emails.value"}
		c.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { return nil }
		n := 0
		c.NewID = func() string { n++; return fmt.Sprint("id", n) }
		c.Authorize = func(_ context.Context, op scim.Operation) error {
			if op.ID == "forbidden" {
				return scim.ErrForbidden
			}
			return nil
		}
	})
	change := func(path, before, after string) scim.AuditChange {
		return scim.AuditChange{Path: path, Old: before, New: after}
	}
	user := scimtest.User("a", `"active":true`, `"password":"hidden"`, `"emails":[{"value":"a@example.com"}]`)
	for _, c := range []struct {
		name         string
		method, path string
		body         string
		want         scim.AuditRecord
	}{
		{"create", "POST", "/Users", user, scim.AuditRecord{Operation: "create", Type: "User", ID: "id1", Name: "a", Status: 201, Changes: []scim.AuditChange{
			change("userName", "", `"a"`), change("active", "", "true"), change("emails", "", "[redacted]"), change("password", "", "[redacted]")}}},
		{"create again", "POST", "/Users", user, scim.AuditRecord{Operation: "create", Type: "User", Name: "a", Status: 409, ScimType: "uniqueness"}},
		{"create with a mistake", "POST", "/Users", scimtest.User("b", `"emails":true`), scim.AuditRecord{Operation: "create", Type: "User", Name: "b", Status: 400, ScimType: "invalidValue"}},
		{"create of no JSON", "POST", "/Users", "{", scim.AuditRecord{Operation: "create", Type: "User", Status: 400, ScimType: "invalidSyntax"}},
		{"read", "GET", "/Users/id1", "", scim.AuditRecord{Operation: "retrieve", Type: "User", ID: "id1", Status: 200}},
		{"query", "GET", "/Users", "", scim.AuditRecord{Operation: "query", Type: "User", Status: 200}},
		{"patch", "PATCH", "/Users/id1", scimtest.PatchOp(`{"op":"add","value":{"title":"x","password":"hidden"}}`, `{"op":"remove","path":"emails"}`),
			scim.AuditRecord{Operation: "patch", Type: "User", ID: "id1", Name: "a", Status: 200, Changes: []scim.AuditChange{
				change("title", "", `"x"`), change("emails", "[redacted]", ""), change("password", "", "[redacted]")}}},
		{"patch of nothing", "PATCH", "/Users/id1", scimtest.PatchOp(`{"op":"add","path":"title","value":"x"}`),
			scim.AuditRecord{Operation: "patch", Type: "User", ID: "id1", Name: "a", Status: 200}},
		{"refused patch", "PATCH", "/Users/id1", scimtest.PatchOp(`{"op":"remove","path":"userName"}`),
			scim.AuditRecord{Operation: "patch", Type: "User", ID: "id1", Name: "a", Status: 400, ScimType: "mutability"}},
		{"replace", "PUT", "/Users/id1", scimtest.User("b", `"active":true`), scim.AuditRecord{Operation: "replace", Type: "User", ID: "id1", Name: "b", Status: 200, Changes: []scim.AuditChange{
			change("userName", `"a"`, `"b"`), change("title", `"x"`, "")}}},
		{"create a group", "POST", "/Groups", scimtest.Group("g", `"members":[{"value":"id1"}]`), scim.AuditRecord{Operation: "create", Type: "Group", ID: "id3", Name: "g", Status: 201, Changes: []scim.AuditChange{
			change("displayName", "", `"g"`), change("members", "", `["id1"]`)}}},
		{"change members", "PATCH", "/Groups/id3", scimtest.PatchOp(`{"op":"add","path":"members","value":[{"value":"x"},{"value":"y"},{"value":"id1"}]}`, `{"op":"remove","path":"members[value eq \"id1\"]"}`),
			scim.AuditRecord{Operation: "patch", Type: "Group", ID: "id3", Name: "g", Status: 204, Changes: []scim.AuditChange{change("members", `["id1"]`, `["x","y"]`)}}},
		{"delete", "DELETE", "/Users/id1", "", scim.AuditRecord{Operation: "delete", Type: "User", ID: "id1", Name: "b", Status: 204, Changes: []scim.AuditChange{
			change("userName", `"b"`, ""), change("active", "true", "")}}},
		{"not found", "DELETE", "/Users/id1", "", scim.AuditRecord{Operation: "delete", Type: "User", ID: "id1", Status: 404}},
		{"forbidden", "GET", "/Users/forbidden", "", scim.AuditRecord{Operation: "retrieve", Type: "User", ID: "forbidden", Status: 403}},
		{"no such endpoint", "GET", "/Things", "", scim.AuditRecord{Status: 404}},
		{"a filter that repeats a value", "GET", "/Users?filter=emails.value+eq+a@example.com+a@example.com", "", scim.AuditRecord{Operation: "query", Type: "User", Status: 400, ScimType: "invalidFilter", Detail: "[redacted]"}},
	} {
		*records = nil
		start := w.now()
		answer := send(w.h, c.method, c.path, c.body)
		require.Len(t, *records, 1, c.name)
		got := (*records)[0]
		require.NotEmpty(t, got.Reference)
		require.ElementsMatch(t, c.want.Changes, got.Changes, c.name)
		c.want.Changes, got.Changes, got.Reference = nil, nil, ""
		if c.want.Detail == "" && c.want.Status >= 400 {
			c.want.Detail = detailOf(t, answer)
		}
		c.want.Actor, c.want.Method, c.want.Time = "okta", c.method, start
		c.want.Kind, c.want.Outcome = audit.Request, audit.Success
		if c.want.Status >= 400 {
			c.want.Outcome = audit.Refused
		} else if c.method != "GET" {
			c.want.Kind = audit.Write
		}
		require.Equal(t, c.want, got, c.name)
		text, err := json.Marshal(*records)
		require.NoError(t, err)
		require.NotContains(t, string(text), "hidden")
		require.NotContains(t, string(text), "a@example.com")
	}
}

// detailOf returns the detail of an error response.
func detailOf(t *testing.T, r *httptest.ResponseRecorder) string {
	var v struct{ Detail string }
	require.NoError(t, json.Unmarshal(r.Body.Bytes(), &v))
	require.NotEmpty(t, v.Detail)
	return v.Detail
}

// A name that Config.SensitiveAttributes lists is not repeated; a long one is
// cut.
func TestAuditNames(t *testing.T) {
	t.Parallel()
	w, records := audited(t, func(w *world, c *scim.Config) { c.SensitiveAttributes = []string{"userName"} })
	last := func() scim.AuditRecord { return (*records)[len(*records)-1] }
	for _, body := range []string{scimtest.User("barbara"), scimtest.User("barbara"), scimtest.User("barbara", `"emails":true`)} {
		send(w.h, "POST", "/Users", body)
		require.Equal(t, "[redacted]", last().Name)
	}
	w.do(400, "POST", "/Users", scimtest.User(""))
	require.Empty(t, last().Name)
	w.do(400, "POST", "/Groups", `{"schemas":["`+schema.GroupURI+`"],"displayName":"`+strings.Repeat("ä", 600)+`","members":true}`)
	require.Equal(t, strings.Repeat("ä", 512), last().Name)
	w.do(400, "POST", "/Groups", `{"schemas":["`+schema.GroupURI+`"],"displayName":{"a":1}}`)
	require.Empty(t, last().Name)
	text, err := json.Marshal(*records)
	require.NoError(t, err)
	require.NotContains(t, string(text), "barbara")
}

// The JSON of a record has names of one style, and its duration is in
// milliseconds.
func TestAuditJSON(t *testing.T) {
	t.Parallel()
	w, records := audited(t, func(w *world, c *scim.Config) {
		c.Hooks.Before = func(context.Context, *event.Event) error { w.later(1500 * time.Microsecond); return nil }
	})
	w.do(201, "POST", "/Users", scimtest.User("a"))
	rec := (*records)[0]
	rec.Reference = "ref"
	text, err := json.Marshal(rec)
	require.NoError(t, err)
	require.JSONEq(t, `{"time":"2024-02-29T12:00:00Z","durationMs":1.5,"reference":"ref","actor":"okta","operation":"create","method":"POST",
		"kind":"write","type":"User","id":"`+rec.ID+`","name":"a","outcome":"success","status":201,"changes":[{"path":"userName","old":"","new":"\"a\""}]}`, string(text))
}

// The record of an unauthenticated request has no actor.
func TestAuditOfUnauthenticatedRequests(t *testing.T) {
	t.Parallel()
	w, records := audited(t, nil)
	r := httptest.NewRequest("GET", scimtest.BaseURL+"/Users", nil)
	r.Header.Set("Authorization", "Bearer wrong")
	w.h.ServeHTTP(httptest.NewRecorder(), r)
	got := (*records)[0]
	require.Equal(t, []any{"", "", scim.OperationKind(""), 401}, []any{got.Actor, got.Tenant, got.Operation, got.Status})
}

// A record has the committed changes, also if the response is an error, and no
// change that was rolled back.
func TestAuditHasCommittedChangesOnly(t *testing.T) {
	t.Parallel()
	t.Run("revocation failed", func(t *testing.T) {
		t.Parallel()
		w, records := audited(t, func(w *world, c *scim.Config) {
			c.Hooks.Revoke = func(context.Context, *event.Event) error { return errors.New("away") }
		})
		path := w.user("a")
		w.patch(503, path, deactivate)
		got := (*records)[1]
		require.Equal(t, 503, got.Status)
		require.Equal(t, []scim.AuditChange{{Path: "active", Old: "true", New: "false"}}, got.Changes)
	})
	t.Run("vetoed", func(t *testing.T) {
		t.Parallel()
		w, records := audited(t, func(w *world, c *scim.Config) {
			c.Hooks.Before = func(context.Context, *event.Event) error { return errors.New("no") }
		})
		w.do(500, "POST", "/Users", scimtest.User("a"))
		got := (*records)[0]
		require.Equal(t, 500, got.Status)
		require.Empty(t, got.Changes)
		require.Empty(t, got.ID, "there is no such resource")
	})
	t.Run("the hook panics", func(t *testing.T) {
		t.Parallel()
		w, records := audited(t, func(w *world, c *scim.Config) {
			c.Hooks.Before = func(context.Context, *event.Event) error { panic("no") }
		})
		w.do(500, "POST", "/Users", scimtest.User("a"))
		require.Len(t, *records, 1)
		require.Empty(t, (*records)[0].Changes)
	})
	t.Run("the answer breaks off", func(t *testing.T) {
		t.Parallel()
		w, records := audited(t, func(w *world, c *scim.Config) {
			c.Endpoints[1].Store = &brokenMembers{w.groups}
		})
		require.PanicsWithValue(t, http.ErrAbortHandler, func() {
			send(w.h, "POST", "/Groups", scimtest.Group("g"))
		})
		require.Len(t, *records, 1)
		require.NotEmpty(t, (*records)[0].Changes)
	})
}

// brokenMembers yields many members and then an error.
type brokenMembers struct{ store.MemberStore }

func (s *brokenMembers) Unwrap() store.Store { return s.MemberStore }

func (s *brokenMembers) Members(context.Context, string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		for i := range 100_000 {
			if !yield(schema.Member{Value: fmt.Sprint("member", i), Type: "User"}, nil) {
				return
			}
		}
		yield(schema.Member{}, errors.New("the disk is gone"))
	}
}

// A panic of Config.Audit is logged; the response is sent.
func TestPanicOfAuditDoesNotChangeResponse(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Audit = func(context.Context, scim.AuditRecord) { panic("the trail is full") }
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	w.do(201, "POST", "/Users", scimtest.User("a"))
	require.Contains(t, log.String(), "the trail is full")
}

func TestAuditLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Audit = scim.AuditLog(slog.New(slog.NewJSONHandler(&log, nil)))
	})
	path := w.user("a")
	log.Reset()
	w.patch(200, path, deactivate, `{"op":"add","path":"title","value":"x"}`)
	require.Contains(t, log.String(), `"durationMs":0,`)
	require.Contains(t, log.String(), `"name":"a"`)
	require.Contains(t, log.String(), `"detail":""`)
	var rec struct {
		Msg, Actor, Operation, Method, Type, ID, Reference string
		Status                                             int
		Changes                                            []struct{ Path, Old, New string }
	}
	require.NoError(t, json.Unmarshal(log.Bytes(), &rec), log.String())
	require.Equal(t, []any{"scim: audit", "okta", "patch", "PATCH", "User", scimtest.ID(path), 200},
		[]any{rec.Msg, rec.Actor, rec.Operation, rec.Method, rec.Type, rec.ID, rec.Status})
	require.Len(t, rec.Changes, 2)
}

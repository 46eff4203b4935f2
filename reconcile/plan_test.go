package reconcile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
	"github.com/seed5f3efb56/scim/reconcile"
	"github.com/seed5f3efb56/scim/reconcile/remote"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// served is a directory behind a handler with two connections.
type served struct {
	*directory
	h      *scim.Handler
	client *remote.Client
	audit  []scim.AuditRecord
}

const secret = "ZmlmdGVlbi1ieXRlcy1vZi1zZWNyZXQtdGV4dA"

func newServed(t *testing.T, b brake.Config) *served {
	users, groups := schema.WithOwner(schema.UserType), schema.WithOwner(schema.GroupType)
	db := memstore.New()
	s := &served{directory: &directory{T: t, users: db.Store(users), groups: db.Store(groups).(store.MemberStore)}}
	token := scim.HashToken("t", secret)
	token.Connection = "okta"
	policy := scim.Policy{Ownership: scim.OwnResources}
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(token), Tx: db, Logger: slog.New(slog.DiscardHandler), Brake: b,
		Endpoints: []scim.Endpoint{
			{Type: users, Store: s.users, Policy: policy}, {Type: groups, Store: s.groups, Policy: policy},
		},
		Audit: func(_ context.Context, r scim.AuditRecord) { s.audit = append(s.audit, r) },
	})
	require.NoError(t, err)
	s.h = h
	s.client = &remote.Client{BaseURL: scimtest.BaseURL, Token: secret, HTTP: remote.Local(s.h)}
	return s
}

func (s *served) compare(p reconcile.Provider) *reconcile.Comparison {
	s.Helper()
	c, err := reconcile.Compare(s.Context(), p, reconcile.Application{Users: s.users, Groups: s.groups}, reconcile.CompareOptions{Connection: "okta"})
	require.NoError(s, err)
	return c
}

var everything = reconcile.Repair{
	Create: true, Attributes: true, Clear: true, Reactivate: true, Deactivate: true, DeactivateOrphans: true, Join: true, Leave: true,
}

// owned makes users and a group of the connection, and returns the provider's side,
// which differs in everything that can be repaired.
func (s *served) differing() reconcile.Provider {
	for i, text := range []string{
		`"userName":"drift","externalId":"e0","title":"Dr","emails":[{"type":"work","value":"old@x"},{"type":"home","value":"h@x"}]`,
		`"userName":"leaver","externalId":"e1"`, `"userName":"back","externalId":"e2","active":false`,
		`"userName":"orphan","externalId":"e3"`, `"userName":"same","externalId":"e4"`,
	} {
		s.user([]string{"u0", "u1", "u2", "u3", "u4"}[i], `{`+text+`,"$owner":"okta"}`)
	}
	r := s.resource(schema.WithOwner(schema.GroupType), "g", `{"displayName":"G","externalId":"G","$owner":"okta"}`)
	_, _, err := s.groups.PutMembers(context.Background(), &store.Change{ID: "g", After: r, Members: &schema.MemberDelta{Add: []schema.Member{{Value: "u0", Type: "User"}, {Value: "u1", Type: "User"}}}})
	require.NoError(s, err)
	dept := schema.EnterpriseUserURI + ":department"
	return reconcile.Provider{
		Users: seq(
			Record{UserName: "drift2", ExternalID: "e0", Attributes: map[string]string{"title": "", `emails[type eq "work"].value`: "new@x", "name.givenName": "Ada", dept: "R&D"}},
			Record{UserName: "leaver", ExternalID: "e1", Inactive: true}, Record{UserName: "back", ExternalID: "e2"}, Record{UserName: "same", ExternalID: "e4"},
			Record{UserName: "new", ExternalID: "e5", Inactive: true, Attributes: map[string]string{`emails[type eq "work"].value`: "n@x", "name.givenName": "N", "name.familyName": "E", dept: "D"}},
		),
		Groups: seq(
			reconcile.GroupRecord{DisplayName: "G2", ExternalID: "G", Members: []string{"e0", "same"}},
			reconcile.GroupRecord{DisplayName: "H", ExternalID: "H", Members: []string{"drift2"}},
		),
	}
}

// A plan is carried out by the handler and leaves nothing to repair; every request of
// it is in the audit, with the connection's token.
func TestPlanRepairs(t *testing.T) {
	t.Parallel()
	for _, versions := range []bool{true, false} {
		s := newServed(t, brake.Config{})
		provider := s.differing()
		c := s.compare(provider)
		if !versions {
			for i := range c.Mismatches {
				c.Mismatches[i].Version = ""
			}
		}
		plan := c.Plan(everything)
		var text bytes.Buffer
		require.NoError(t, plan.WriteText(&text))
		var rows []string
		for line := range strings.Lines(text.String()) {
			rows = append(rows, strings.Join(strings.Fields(line), " "))
		}
		require.Equal(t, []string{
			"9 requests", "",
			"STEP REQUEST NAME NOTE",
			"1 PATCH /Users/u2 back active: false → true",
			"2 PATCH /Groups/g G2 displayName: G → G2",
			`3 PATCH /Users/u0 drift2 userName: drift → drift2; name.givenName: - → Ada; title: Dr → -; emails[type eq "work"].value: old@x → new@x; ` + schema.EnterpriseUserURI + `:department: - → R&D`,
			"4 PATCH /Groups/g G2 1 join: same",
			"5 POST /Groups H create with 1 members",
			"6 POST /Users new create, inactive",
			"7 PATCH /Users/u1 leaver active: true → false",
			"8 PATCH /Groups/g G2 1 leave: leaver",
			"9 PATCH /Users/u3 orphan active: true → false",
		}, rows)

		var doc bytes.Buffer // shown, kept, and applied later
		require.NoError(t, plan.WriteJSON(&doc))
		plan, err := reconcile.ReadPlan(&doc)
		require.NoError(t, err)
		results, err := plan.Apply(t.Context(), s.client.Do)
		require.NoError(t, err)
		require.Equal(t, 9, results.Count(reconcile.Applied), "%+v", results)

		again := s.compare(provider)
		require.Equal(t, []string{`orphaned User "orphan" u3: inactive`}, said(again))
		require.Empty(t, again.Plan(everything).Steps)
		writes := 0
		for _, r := range s.audit {
			if r.Method != http.MethodGet {
				writes++
				require.Equal(t, []string{"t", "okta"}, []string{r.Actor, r.Connection})
				require.NotEmpty(t, r.Changes)
			}
		}
		require.Equal(t, 9, writes)
	}
}

func TestPlanOfTheZeroRepairIsEmpty(t *testing.T) {
	t.Parallel()
	s := newServed(t, brake.Config{})
	c := s.compare(s.differing())
	require.Empty(t, c.Plan(reconcile.Repair{}).Steps)
	only := c.Plan(reconcile.Repair{Attributes: true})
	require.Len(t, only.Steps, 2)
	require.NotContains(t, string(only.Steps[1].Body), "remove", "without Clear no value is removed")
	require.Len(t, c.Plan(reconcile.Repair{Deactivate: true}).Steps, 1)
	require.Len(t, c.Plan(reconcile.Repair{Reactivate: true}).Steps, 1)
	require.Len(t, c.Plan(reconcile.Repair{DeactivateOrphans: true}).Steps, 1)
	require.Len(t, c.Plan(reconcile.Repair{Join: true}).Steps, 1)
	require.Len(t, c.Plan(reconcile.Repair{Leave: true}).Steps, 1)
	require.Len(t, c.Plan(reconcile.Repair{Create: true}).Steps, 2)
}

// What changed after the comparison is left as it is.
func TestPlanSkipsWhatHasChanged(t *testing.T) {
	t.Parallel()
	for _, versions := range []bool{true, false} {
		s := newServed(t, brake.Config{})
		c := s.compare(s.differing())
		if !versions {
			for i := range c.Mismatches {
				c.Mismatches[i].Version = ""
			}
		}
		plan := c.Plan(reconcile.Repair{Create: true, Attributes: true, Deactivate: true, DeactivateOrphans: true})
		meanwhile := func(method, path, body string) {
			resp, err := s.client.Do(t.Context(), reconcile.Request{Method: method, Path: path, Body: []byte(body)})
			require.NoError(t, err)
			require.Less(t, resp.Status, 300, string(resp.Body))
		}
		patch := func(op string) string {
			return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + op + `]}`
		}
		meanwhile("PATCH", "/Users/u0", patch(`{"op":"replace","path":"name.givenName","value":"Eve"}`))
		meanwhile("PATCH", "/Users/u1", patch(`{"op":"replace","path":"active","value":false}`))
		meanwhile("PATCH", "/Groups/g", patch(`{"op":"replace","path":"displayName","value":"X"}`))
		meanwhile("DELETE", "/Users/u3", "")
		meanwhile("POST", "/Users", `{"schemas":["`+schema.UserURI+`"],"userName":"new"}`)
		results, err := plan.Apply(t.Context(), s.client.Do)
		require.NoError(t, err)
		got := map[string]string{}
		for _, r := range results.Results {
			got[r.Step.Name] = string(r.Outcome) + ": " + r.Detail
		}
		changed := func(path string) string {
			if versions {
				return "skipped: the resource has changed since it was compared"
			}
			return "skipped: the resource has changed since it was compared: " + path
		}
		require.Equal(t, map[string]string{
			"drift2": changed("name.givenName"), "leaver": changed("active"), "G2": changed("displayName"), "orphan": "skipped: the resource is gone",
			"new": "skipped: it is there already: 409: userName is already in use", "H": "applied: ",
		}, got)
		var text, doc bytes.Buffer
		require.NoError(t, results.WriteText(&text))
		require.NoError(t, results.WriteJSON(&doc))
		require.Contains(t, text.String(), "5 skipped")
		var read struct {
			Counts  map[reconcile.Outcome]int
			Results []reconcile.Result
		}
		require.NoError(t, json.Unmarshal(doc.Bytes(), &read))
		require.Equal(t, map[reconcile.Outcome]int{"applied": 1, "skipped": 5, "refused": 0, "not tried": 0}, read.Counts)
		require.Len(t, read.Results, len(plan.Steps))
	}
}

// The brake stops a plan as it stops a provider.
func TestPlanStopsAtTheBrake(t *testing.T) {
	t.Parallel()
	s := newServed(t, brake.Config{Leavers: brake.Bound{Most: 1}})
	c := s.compare(s.differing())
	results, err := c.Plan(everything).Apply(t.Context(), s.client.Do)
	require.ErrorContains(t, err, "the plan stopped at step 9 of 9: 503: stopped by the brake")
	require.Equal(t, 8, results.Count(reconcile.Applied))
	require.Equal(t, 1, results.Count(reconcile.Refused))
}

func TestPlanStops(t *testing.T) {
	t.Parallel()
	step := func(name string) reconcile.Step {
		return reconcile.Step{Name: name, Method: "PATCH", Path: "/Users/" + name, Version: "1", Body: json.RawMessage(`{}`)}
	}
	plan := &reconcile.Plan{Steps: []reconcile.Step{step("a"), step("b"), step("c")}}
	failed := errors.New("connection reset")
	for name, c := range map[string]struct {
		answer  reconcile.Response
		err     error
		want    string
		refused reconcile.Outcome
	}{
		"no answer":     {err: failed, want: "connection reset", refused: reconcile.Refused},
		"401":           {answer: reconcile.Response{Status: 401}, want: "401", refused: reconcile.Refused},
		"redirect":      {answer: reconcile.Response{Status: 302}, want: "302", refused: reconcile.Refused},
		"rate":          {answer: reconcile.Response{Status: 429, Body: []byte(`{"detail":"slower"}`)}, want: "429: slower", refused: reconcile.Refused},
		"proxy's error": {answer: reconcile.Response{Status: 502, Body: []byte(`<html>`)}, want: "502", refused: reconcile.Refused},
	} {
		n := 0
		results, err := plan.Apply(t.Context(), func(context.Context, reconcile.Request) (reconcile.Response, error) {
			if n++; n == 2 {
				return c.answer, c.err
			}
			return reconcile.Response{Status: 204}, nil
		})
		require.ErrorContains(t, err, "the plan stopped at step 2 of 3: "+c.want, name)
		require.Equal(t, []reconcile.Outcome{reconcile.Applied, c.refused, reconcile.NotTried},
			[]reconcile.Outcome{results.Results[0].Outcome, results.Results[1].Outcome, results.Results[2].Outcome}, name)
	}
	// A refusal of one step does not stop the others.
	results, err := plan.Apply(t.Context(), func(_ context.Context, r reconcile.Request) (reconcile.Response, error) {
		require.Equal(t, `W/"1"`, r.IfMatch)
		return reconcile.Response{Status: 400, Body: []byte(`{"detail":"no"}`)}, nil
	})
	require.NoError(t, err)
	require.Equal(t, 3, results.Count(reconcile.Refused))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = plan.Apply(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
}

// A plan that was edited can neither delete nor leave the types.
func TestReadPlanRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"steps":[{"method":"DELETE","path":"/Users/1","body":{}}]}`:              "only POST and PATCH",
		`{"steps":[{"method":"PATCH","path":"/Users","body":{}}]}`:                 "a PATCH that of a resource",
		`{"steps":[{"method":"POST","path":"/Users/1","body":{}}]}`:                "a POST has the path of a type",
		`{"steps":[{"method":"PATCH","path":"/Users/..","body":{}}]}`:              "path",
		`{"steps":[{"method":"PATCH","path":"//host/Users","body":{}}]}`:           "path",
		`{"steps":[{"method":"PATCH","path":"@host/Users/1","body":{}}]}`:          "path",
		`{"steps":[{"method":"PATCH","path":"/Users/1?attributes=id","body":{}}]}`: "path",
		`{"steps":[{"method":"PATCH","path":"/Users/1"}]}`:                         "no JSON",
		`{"steps":[{"method":"POST","path":"/Bulk","body":{}}]}`:                   "could delete",
		`{"steps":[{"method":"POST","path":"/bulk","body":{}}]}`:                   "could delete",
		`{"steps":[{"method":"POST","path":"/%42ulk","body":{}}]}`:                 "could delete",
		`{`: "the plan",
	} {
		_, err := reconcile.ReadPlan(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

// Large changes of members are in requests of 100.
func TestPlanSplitsMembers(t *testing.T) {
	t.Parallel()
	s := newServed(t, brake.Config{Off: true})
	var users []Record
	var members []string
	for i := range 250 {
		name := strings.Repeat("x", i+1)
		s.user(name, `{"userName":"`+name+`","$owner":"okta"}`)
		users, members = append(users, Record{UserName: name}), append(members, name)
	}
	r := s.resource(schema.WithOwner(schema.GroupType), "g", `{"displayName":"G","externalId":"G","$owner":"okta"}`)
	_, err := s.groups.Create(t.Context(), &store.Change{ID: "g", After: r})
	require.NoError(t, err)
	for _, want := range [][]string{members, nil} {
		provider := reconcile.Provider{Users: seq(users...), Groups: seq(reconcile.GroupRecord{DisplayName: "G", ExternalID: "G", Members: want})}
		plan := s.compare(provider).Plan(everything)
		require.Len(t, plan.Steps, 3)
		results, err := plan.Apply(t.Context(), s.client.Do)
		require.NoError(t, err)
		require.Equal(t, 3, results.Count(reconcile.Applied), "each step has the version that the one before made")
		require.Empty(t, s.compare(provider).Mismatches)
	}
}

package secevent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/secevent"
)

// figure is an example of RFC 9967 and the event that it is about.
type figure struct {
	number int
	full   bool
	event  event.Event
	// adjust makes the claims of the figure those of the token, where the RFC leaves
	// a choice. nil: they are the same.
	adjust func(claims map[string]any)
}

// user returns a user with attributes as JSON members.
func user(t *testing.T, members string) *schema.Resource {
	t.Helper()
	return resource(t, schema.UserType, `{"schemas":["`+schema.UserURI+`"],`+members+`}`)
}

func resource(t *testing.T, rt *schema.ResourceType, text string) *schema.Resource {
	t.Helper()
	v, err := schema.ParseJSON([]byte(text))
	require.NoError(t, err)
	d, err := rt.Decode(v.(schema.JSONObject), schema.Strict())
	require.NoError(t, err)
	return &schema.Resource{Type: rt, ID: "1", Version: "a330bc54f0671c9", Attributes: d.Attributes}
}

func figures(t *testing.T) []figure {
	jdoe := `"emails":[{"type":"work","value":"jdoe@example.com"}],"userName":"jdoe","name":{"givenName":"John","familyName":"Doe"}`
	group := resource(t, schema.GroupType, `{"schemas":["`+schema.GroupURI+`"],"displayName":"CRM","externalId":"crmUsers"}`)
	joined := &schema.MemberDelta{Add: []schema.Member{{Value: "2819c223-7f76-453a-919d-413861904646"}}}
	put := user(t, `"userName":"jdoe","externalId":"jdoe","name":{"formatted":"Mr. Jon Jack Doe III","familyName":"Doe","givenName":"Jon","middleName":"Jack"},"emails":[{"value":"jdoe@example.com"},{"value":"anon@jdoe.org"}]`)
	old := user(t, `"userName":"j","externalId":"jdoe"`)
	response := func(text string) event.Event {
		return event.Event{Kind: event.AsyncResponse, Response: json.RawMessage(text)}
	}
	withID := func(o map[string]any) { // data is the final representation
		o["id"], o["meta"] = "1", map[string]any{"resourceType": "User", "version": `W/"a330bc54f0671c9"`}
	}
	list := []figure{
		{4, true, event.Event{After: user(t, `"externalId":"jdoe",`+jdoe), Attributes: []string{"name"}}, func(c map[string]any) {
			payload := c["events"].(map[string]any)["urn:ietf:params:scim:event:prov:create:full"].(map[string]any)
			payload["version"] = `W/"a330bc54f0671c9"`
			withID(payload["data"].(map[string]any))
			payload["data"].(map[string]any)["externalId"] = "jdoe"
		}},
		{5, false, event.Event{After: user(t, `"externalId":"jdoe",`+jdoe), Attributes: []string{"name", "userName", "password", "emails"}}, func(c map[string]any) {
			c["events"].(map[string]any)["urn:ietf:params:scim:event:prov:create:notice"].(map[string]any)["version"] = `W/"a330bc54f0671c9"`
		}},
		{6, true, event.Event{Before: group, After: group, Members: joined, Attributes: []string{"members"}}, func(c map[string]any) {
			// display and $ref, which the service provider derives, are left out.
			c["events"].(map[string]any)["urn:ietf:params:scim:event:prov:patch:full"].(map[string]any)["data"].(map[string]any)["Operations"].([]any)[0].(map[string]any)["value"] =
				[]any{map[string]any{"value": "2819c223-7f76-453a-919d-413861904646"}}
		}},
		{7, false, event.Event{Before: group, After: group, Members: joined, Attributes: []string{"members"}}, nil},
		{8, true, event.Event{Cause: event.ByPut, Before: old, After: put, Attributes: []string{"userName"}}, func(c map[string]any) {
			data := c["events"].(map[string]any)["urn:ietf:params:scim:event:prov:put:full"].(map[string]any)["data"].(map[string]any)
			withID(data)
			delete(data, "roles") // [] and unassigned are one (RFC 7643 §2.5)
			c["sub_id"].(map[string]any)["externalId"] = "jdoe"
		}},
		{9, false, event.Event{Cause: event.ByPut, Before: old, After: put, Attributes: []string{"userName", "externalId", "name", "roles", "emails"}}, func(c map[string]any) {
			c["sub_id"].(map[string]any)["externalId"] = "jdoe"
		}},
		{10, false, event.Event{Before: user(t, `"userName":"a","externalId":"jDoe"`), Kinds: []event.Kind{event.Deleted}}, nil},
		{11, false, event.Event{Before: old, After: user(t, `"userName":"j"`), Kinds: []event.Kind{event.Reactivated}}, nil},
		{14, false, response(`{"method":"PUT","version":"W/\"huJj29dMNgu3WXPD\"","status":"200"}`), nil},
		{15, false, response(`{"method":"PUT","version":"W/\"huJj29dMNgu3WXPD\"","status":"400","response":{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"invalidSyntax","detail":"Request is unparsable","status":"400"}}`), nil},
		{16, false, response(`{"method":"POST","bulkId":"qwerty","version":"W/\"oY4m4wn58tkVjJxK\"","status":"201"}`), nil},
		{17, false, response(`{"method":"PUT","version":"W/\"huJj29dMNgu3WXPD\"","status":"200"}`), nil},
		{18, false, response(`{"method":"PATCH","version":"W/\"huJj29dMNgu3WXPD\"","status":"200"}`), nil},
		{19, false, response(`{"method":"DELETE","status":"204"}`), nil},
	}
	for i := range list {
		if list[i].event.Kind == "" {
			list[i].event.Kind = event.Changed
		}
	}
	return list
}

func TestFigures(t *testing.T) {
	t.Parallel()
	prove(t, "Y-1 Y-6 Y-7 Y-8 Y-9 Y-10 Y-11 Y-12 Y-15 Y-25 Y-27", "the examples of RFC 9967", func(t *testing.T) {
		for _, f := range figures(t) {
			t.Run(fmt.Sprintf("figure %d", f.number), func(t *testing.T) { f.check(t) })
		}
	})
}

// check issues the token of the event and compares it with the figure, but for
// jti, which is derived, and txn, which most figures lack.
func (f *figure) check(t *testing.T) {
	text, err := os.ReadFile(fmt.Sprintf("testdata/rfc9967/figure-%02d.json", f.number))
	require.NoError(t, err)
	var want map[string]any
	require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(string(text), `"version": "a330bc54f0671c9"`, `"version": "W/\"a330bc54f0671c9\""`)), &want))
	subject := want["sub_id"].(map[string]any)
	f.event.Path = subject["uri"].(string)
	f.event.Time = time.Unix(int64(want["iat"].(float64)), 0)
	f.event.Transaction, _ = want["txn"].(string)
	var audience []string
	for _, one := range want["aud"].([]any) {
		audience = append(audience, one.(string))
	}
	if f.adjust != nil {
		f.adjust(want)
	}
	got := f.issue(t, secevent.Config{Issuer: want["iss"].(string), Audience: audience, Full: f.full})
	require.NotEmpty(t, got["jti"])
	delete(got, "jti")
	delete(want, "jti")
	if want["txn"] == nil {
		delete(got, "txn")
	}
	require.Equal(t, want, got)
}

// issue returns the claims of the token of the event.
func (f *figure) issue(t *testing.T, cfg secevent.Config) map[string]any {
	var claims map[string]any
	cfg.Key, _ = newKey(t)
	cfg.Deliver = func(_ context.Context, token secevent.Token) error {
		signed, err := jose.ParseSignedCompact(token.Text, []jose.SignatureAlgorithm{jose.ES256})
		require.NoError(t, err)
		return json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &claims)
	}
	issuer, err := secevent.New(cfg)
	require.NoError(t, err)
	require.NoError(t, issuer.Handle(context.Background(), &f.event))
	return claims
}

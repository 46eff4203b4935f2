package logout_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/oauth/logout"
	"github.com/seed5f3efb56/scim/scimtest"
)

const ada = `{"format":"email","email":"ada@acme.example"}`

// Events that end sessions, in the shapes that transmitters send.
func TestEventsThatEndSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, c := range []struct{ name, payload, subject, reason string }{
		{logout.SessionRevoked, `{"event_timestamp":1,"initiating_entity":"policy","reason_admin":{"de":"Land","en":"Landspeed"},"reason_user":{"en":"x"}}`, ada, `session-revoked by policy: "Landspeed", jti "`},
		{logout.SessionRevoked, `{"reason_admin":"a text"}`, `{"format":"complex","user":` + ada + `,"session":{"format":"opaque","id":"1"},"tenant":{"format":"opaque","id":"2"}}`, `session-revoked: "a text", jti "`},
		{logout.SessionRevoked, `{"subject":{"format":"iss_sub","iss":"` + okta + `","sub":"00u1"}}`, "", `session-revoked, jti "`},
		{logout.SessionsRevoked, `{"subject":{"subject_type":"iss-sub","iss":"` + okta + `","sub":"00u1"}}`, "", `sessions-revoked, jti "`},
		{logout.AccountDisabled, `{"reason":"hijacking"}`, `{"format":"scim","externalId":"00u1"}`, `account-disabled, jti "`},
		{logout.AccountPurged, `{"reason_admin":{}}`, ada, `account-purged, jti "`},
		{logout.CredentialCompromise, `{"credential_type":"password","reason_admin":{"fr":"vol"}}`, ada, `credential-compromise: "vol", jti "`},
	} {
		var pairs []any
		if c.subject != "" {
			pairs = []any{"sub_id", subject(c.subject)}
		}
		got := w.push(w.event(c.name, c.payload, pairs...))
		require.Equal(t, 202, got.Code, "%s\n%s", got.Body, w.logged())
		require.Empty(t, got.Body.String())
		require.Equal(t, []string{"acme ada"}, w.noted(), c.payload)
		rec := w.records[len(w.records)-1]
		require.Equal(t, []string{"acme", "okta", okta}, []string{rec.Tenant, rec.Connection, rec.Actor})
		require.Contains(t, rec.Reason, c.reason)
	}
}

// Events that end no sessions are acknowledged: of users of others the transmitter
// learns nothing.
func TestEventsThatEndNothing(t *testing.T) {
	t.Parallel()
	var state string
	w := newWorld(t, func(c *logout.Config) {
		c.Verified = func(_ context.Context, s logout.Source, got string) { state = s.Connection + " " + got }
	})
	for name, token := range map[string]string{
		"nobody":                  w.event(logout.SessionRevoked, `{}`, "sub_id", subject(`{"format":"email","email":"nobody@acme.example"}`)),
		"of another connection":   w.event(logout.SessionRevoked, `{}`, "sub_id", subject(`{"format":"email","email":"eve@acme.example"}`)),
		"of another tenant":       w.event(logout.SessionRevoked, `{}`, "sub_id", subject(`{"format":"email","email":"gil@globex.example"}`)),
		"of two":                  w.event(logout.SessionRevoked, `{}`, "sub_id", subject(`{"format":"email","email":"twin@acme.example"}`)),
		"of another issuer":       w.event(logout.SessionRevoked, `{}`, "sub_id", subject(`{"format":"iss_sub","iss":"https://evil.example","sub":"00u1"}`)),
		"another event":           w.event("https://schemas.openid.net/secevent/caep/event-type/device-compliance-change", `{"current_status":"not-compliant"}`, "sub_id", subject(ada)),
		"the payload is not read": w.event("https://example.com/event", `7`),
		"verification":            w.event(logout.Verification, `{"state":"VGhpcyBp"}`, "sub_id", subject(`{"format":"opaque","id":"stream-1"}`)),
	} {
		got := w.push(token)
		require.Equal(t, 202, got.Code, "%s: %s", name, got.Body)
		require.Empty(t, got.Body.String(), name)
		require.Empty(t, w.noted(), name)
	}
	require.Equal(t, "okta VGhpcyBp", state)
}

// A token that breaks one rule is refused with the error of RFC 8935.
func TestEventsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *logout.Config) { c.Burst = 1000 })
	now := w.now().Unix()
	codes := map[string]string{
		"no connection has": "invalid_issuer", "aud is": "invalid_audience", "the signature is not": "invalid_key", "no key of": "invalid_key",
	}
	bad := w.forgeries("secevent+jwt", map[string]any{
		"iss": okta, "aud": stream, "iat": now, "jti": "1", "sub_id": subject(ada),
		"events": map[string]any{logout.SessionRevoked: map[string]any{}},
	})
	for reason, token := range map[string]string{
		"jti, iat or events are missing": w.event(logout.SessionRevoked, `{}`, "sub_id", subject(ada), "jti", nil),
		"events are missing":             w.event(logout.SessionRevoked, `{}`, "sub_id", subject(ada), "events", nil),
		"iat or events":                  w.event(logout.SessionRevoked, `{}`, "sub_id", subject(ada), "iat", nil),
		"in the future":                  w.event(logout.SessionRevoked, `{}`, "sub_id", subject(ada), "iat", now+300),
		"more than 24h0m0s ago":          w.event(logout.SessionRevoked, `{}`, "sub_id", subject(ada), "iat", now-86400-60),
		"it has expired":                 w.event(logout.SessionRevoked, `{}`, "sub_id", subject(ada), "exp", now-61),
		"the event has no sub_id":        w.event(logout.SessionRevoked, `{}`),
		"the event cannot be read":       w.event(logout.SessionRevoked, `7`, "sub_id", subject(ada)),
		"the claims cannot be read":      w.event(logout.SessionRevoked, `{}`, "events", 7),
		`the format of the subject`:      w.event(logout.SessionRevoked, `{}`, "sub_id", subject(`{"format":"did","url":"did:x"}`)),
		"a member of the subject":        w.event(logout.SessionRevoked, `{}`, "sub_id", subject(`{"format":"email"}`)),
	} {
		bad[token] = reason
	}
	for token, reason := range bad {
		got := w.push(token)
		require.Equal(t, 400, got.Code, reason)
		require.Equal(t, "application/json", got.Header().Get("Content-Type"))
		require.Equal(t, "en", got.Header().Get("Content-Language"))
		var answer struct{ Err, Description string }
		require.NoError(t, json.Unmarshal(got.Body.Bytes(), &answer))
		want := "invalid_request"
		for begin, code := range codes {
			if strings.HasPrefix(reason, begin) {
				want = code
			}
		}
		require.Equal(t, want, answer.Err, reason)
		require.NotEmpty(t, answer.Description)
		require.NotContains(t, got.Body.String(), "acme", reason)
		require.Contains(t, w.logged(), reason)
	}
	for _, kind := range []string{"", "application/jwt", "application/json"} {
		r := httptest.NewRequest("POST", stream, strings.NewReader(w.event(logout.SessionRevoked, `{}`, "sub_id", subject(ada))))
		r.Header.Set("Content-Type", kind)
		got := httptest.NewRecorder()
		w.s.Events().ServeHTTP(got, r)
		require.Equal(t, 400, got.Code, kind)
	}
	got := httptest.NewRecorder()
	w.s.Events().ServeHTTP(got, httptest.NewRequest("GET", stream, nil))
	require.Equal(t, http.StatusMethodNotAllowed, got.Code)
	require.Equal(t, 401, w.revoke(w.event(logout.SessionRevoked, `{}`, "aud", endpoint, "exp", now+60), byEmail).Code, "at the other door")
	require.Empty(t, w.noted())
	require.Len(t, w.records, 5)
}

// A token that was received is acknowledged and does nothing more; one that failed is
// not lost.
func TestEventIsReceivedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	token := w.event(logout.SessionRevoked, `{}`, "sub_id", subject(ada))
	w.fail = errors.New("locked")
	for range 2 {
		got := w.push(token)
		require.Equal(t, 503, got.Code)
		require.Empty(t, got.Body.String())
	}
	w.fail = nil
	w.noted()
	for range 3 {
		require.Equal(t, 202, w.push(token).Code)
	}
	require.Equal(t, []string{"acme ada"}, w.noted())
	w.advance(24*time.Hour + 59*time.Second)
	require.Equal(t, 202, w.push(token).Code)
	require.Empty(t, w.noted())
	w.advance(time.Second)
	require.Equal(t, 400, w.push(token).Code)
	require.Contains(t, w.logged(), "ago")
}

// The account itself is changed by SCIM alone.
func TestEventsChangeNoUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	get := func() *scimtest.Reply { return w.client["acme-okta"].Get("/Users/" + w.id("acme-okta", "ada")).Is(200) }
	before := get().String("meta.version")
	require.Equal(t, 202, w.push(w.event(logout.AccountDisabled, `{}`, "sub_id", subject(ada))).Code)
	require.Equal(t, before, get().String("meta.version"))
}

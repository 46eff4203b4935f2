package console_test

import (
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/console"
)

func TestReconcile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("acme", "grace")
	f.user("acme", "alan")
	f.user("acme", "orphan")
	token := f.token("/reconcile")
	w := f.upload(token, "login,status\ngrace,ACTIVE\nalan,SUSPENDED\nada,ACTIVE\n,ACTIVE\n", "what", "first", "userName", "login", "active", "status", "activeValues", "active")
	require.Equal(t, 200, w.Code, w.Body)
	page := w.Body.String()
	for _, want := range []string{"Missing here", "<bdi>ada</bdi>", "Active here, not there", "<bdi>alan</bdi>", "nobody&#39;s charge", "<bdi>orphan</bdi>", "the record has no userName; line 5"} {
		require.Contains(t, strings.ReplaceAll(page, "In nobody", "nobody"), want)
	}
	require.Contains(t, page, `value="login"`, "the form keeps what was sent")

	w = f.upload(token, `{"userName":"grace"}`+"\n", "what", "first", "as", "json")
	require.Equal(t, 200, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Contains(t, w.Body.String(), `"orphan"`)

	for content, want := range map[string]string{
		"other\nx\n":                 "the file has not one column",
		"userName\n\"broken":         "line",
		`{"userName":`:               "line 1",
		"":                           "line of names",
		"userName,active\nx,maybe\n": "neither active nor inactive",
	} {
		w := f.upload(token, content, "active", map[bool]string{true: "active"}[strings.Contains(content, "active")])
		require.Equal(t, 400, w.Code, content)
		require.Contains(t, w.Body.String(), want)
	}
	require.Equal(t, 400, f.upload(token, "userName\n"+strings.Repeat("x", 65<<20)).Code, "too large")
}

var sealedPlan = regexp.MustCompile(`name="plan" value="([^"]+)"`)

// What differs is shown without private values, and repair by a plan that was shown
// first: in the name of the connection, with its audit records.
func TestDriftIsRepaired(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withConnections, func(f *fixture, s *scim.Config, _ *console.Config) { s.AuditTrail = f.db })
	f.scim("acme", "POST", "/Users", `{"userName":"grace","externalId":"e1","title":"Engineer","active":true,"emails":[{"value":"old@private.example","type":"work"}]}`)
	orphan := f.scim("acme", "POST", "/Users", `{"userName":"orphan","externalId":"e2","active":true}`)
	f.user("rival", "secret-rival")
	token := f.token("/reconcile")
	file := "login,id,mail,job,state\ngrace,e1,new@private.example,Admiral,true\nalan,e3,alan@private.example,,true\n"
	columns := []string{"userName", "login", "externalId", "id", "active", "state", "others", `title=job, emails[type eq "work"].value = mail`, "connection", "okta"}
	w := f.upload(token, file, append(columns, "repair", "attributes", "repair", "create", "repair", "orphans")...)
	require.Equal(t, 200, w.Code, w.Body)
	page := w.Body.String()
	for _, want := range []string{"title: here &#34;Engineer&#34;, there &#34;Admiral&#34;", "emails[type eq &#34;work&#34;].value differs", "Orphaned", "<bdi>orphan</bdi>", "Missing here", "<bdi>alan</bdi>", "Plan <span class=\"muted\">(3 requests)</span>"} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "private.example")
	require.NotContains(t, page, "secret-rival")
	require.NotContains(t, f.page("/directory/Users?q=title+eq+%22Admiral%22"), "<bdi>grace</bdi>", "nothing is changed yet")

	plan := sealedPlan.FindStringSubmatch(page)[1]
	send := func(fields ...string) *httptest.ResponseRecorder {
		v := url.Values{"plan": {plan}, "connection": {"okta"}, "reason": {"drift"}}
		for i := 0; i < len(fields); i += 2 {
			v.Set(fields[i], fields[i+1])
		}
		return f.post("/reconcile", "/reconcile/repair", v)
	}
	require.Equal(t, 400, send("reason", " ").Code)
	require.Equal(t, 400, send("plan", plan[1:]).Code)
	require.Equal(t, 400, send("connection", "entra").Code)
	f.as.Tenant = "rival"
	require.Equal(t, 400, send().Code, "of another tenant")
	f.as.Tenant = "acme"
	w = send()
	require.Equal(t, 200, w.Code, w.Body)
	require.Contains(t, w.Body.String(), "<dt>Applied</dt><dd>3</dd>")
	require.Contains(t, f.page("/directory/Users?q=title+eq+%22Admiral%22"), "<bdi>grace</bdi>")
	require.Contains(t, f.page("/directory/Users/"+orphan), ">inactive<")
	require.Contains(t, f.page("/connections/okta"), "revoked", "the token of the repair")
	activity := f.page("/activity")
	require.Contains(t, activity, "repair by a plan")
	require.Contains(t, activity, "drift")

	w = f.upload(token, "login,id\ngrace,e1\n", "userName", "login", "externalId", "id")
	require.NotContains(t, w.Body.String(), "title: here", "a file says nothing about columns that it has not")
	w = f.upload(token, `{"userName":"grace","externalId":"e1","title":"Captain"}`, "connection", "okta")
	require.Contains(t, w.Body.String(), "there &#34;Captain&#34;")
	w = f.upload(token, file, append(columns, "repair", "attributes")...)
	require.Contains(t, w.Body.String(), "There is nothing to repair.")
	w = send()
	require.Equal(t, 200, w.Code)
	require.NotContains(t, w.Body.String(), "<dt>Applied</dt><dd>3</dd>", "a plan is of one time")
	f.post("/connections/okta", "/connections/okta/state", url.Values{"to": {"paused"}, "reason": {"x"}})
	require.Equal(t, 409, send().Code)
	require.Equal(t, 400, f.upload(token, file, append(columns[:6], "connection", "secret-rival")...).Code)
	require.Equal(t, 400, f.upload(token, file, append(columns[:6], "others", "title")...).Code)
}

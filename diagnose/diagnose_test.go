package diagnose_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/diagnose"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// service is a handler that is observed.
type service struct {
	*testing.T
	h     *scim.Handler
	d     *diagnose.Diagnosis
	clock time.Time
	token string
	agent string
	users store.Store
}

func newService(t *testing.T, adjust func(*scim.Config), config diagnose.Config) *service {
	t.Helper()
	s := &service{T: t, clock: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), token: "secret"}
	now := func() time.Time { return s.clock }
	config.Now = now
	s.d = diagnose.New(config)
	db := memstore.New()
	var tokens []store.Token
	for _, name := range []string{"secret", "other"} {
		token := scim.HashToken(name, name)
		token.Tenant, token.Connection = "acme", name
		tokens = append(tokens, token)
	}
	s.users = db.Store(schema.UserType)
	c := scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(tokens...), Tx: db, Logger: slog.New(slog.DiscardHandler), Now: now,
		Endpoints: []scim.Endpoint{scim.Users(s.users), scim.Groups(db.Store(schema.GroupType))},
		Limits:    scim.Limits{Rate: math.Inf(1), TenantRate: math.Inf(1)}, Observe: s.d.Observe,
	}
	if adjust != nil {
		adjust(&c)
	}
	h, err := scim.New(c)
	require.NoError(t, err)
	s.h = h
	return s
}

// send sends a request and returns the status and the id of the resource.
func (s *service) send(method, path, body string) (status int, id string) {
	s.clock = s.clock.Add(time.Second)
	r := httptest.NewRequest(method, scimtest.BaseURL+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+s.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	if s.agent != "" {
		r.Header.Set("User-Agent", s.agent)
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	var resource struct{ ID string }
	_ = json.Unmarshal(w.Body.Bytes(), &resource)
	return w.Code, resource.ID
}

// must is send of a request that succeeds.
func (s *service) must(method, path, body string) string {
	s.Helper()
	status, id := s.send(method, path, body)
	require.Less(s, status, 300, "%s %s %s", method, path, body)
	return id
}

func (s *service) filter(path, filter string) int {
	status, _ := s.send("GET", path+"?filter="+url.QueryEscape(filter), "")
	return status
}

// user creates a user as Entra ID does, with members in place of those of the default
// mapping ("" leaves one out).
func (s *service) user(i int, replaced map[string]string) (path string) {
	s.Helper()
	members := map[string]string{
		"externalId": fmt.Sprintf(`"6c2f3a3e-0b62-4a6b-9d0e-%012d"`, i), "userName": fmt.Sprintf(`"pat.jensen%d@example.com"`, i),
		"active": "true", "displayName": `"Pat Jensen"`, "emails": fmt.Sprintf(`[{"primary":true,"type":"work","value":"pat.jensen%d@example.com"}]`, i),
		"name": `{"formatted":"Pat Jensen","familyName":"Jensen","givenName":"Pat"}`, "meta": `{"resourceType":"User"}`,
	}
	for name, value := range replaced {
		members[name] = value
	}
	text := []string{`"schemas":["` + schema.UserURI + `","` + schema.EnterpriseUserURI + `"]`}
	for name, value := range members {
		if value != "" {
			text = append(text, fmt.Sprintf("%q:%s", name, value))
		}
	}
	return "/Users/" + s.must("POST", "/Users", "{"+strings.Join(text, ",")+"}")
}

// patch is a PATCH with operations.
func patch(ops ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(ops, ",") + `]}`
}

func (s *service) codes() []string {
	var out []string
	for _, f := range s.d.Findings("acme", "secret") {
		out = append(out, f.Code)
	}
	return out
}

func (s *service) finding(code string) (diagnose.Finding, bool) {
	all := s.d.Findings("acme", "secret")
	i := slices.IndexFunc(all, func(f diagnose.Finding) bool { return f.Code == code })
	if i < 0 {
		return diagnose.Finding{}, false
	}
	return all[i], true
}

func group(name string, more ...string) string {
	return scimtest.Group(name, more...)
}

// exchange is what a provider sends that has one fault, and what the same provider
// sends without it.
type exchange struct {
	code     string
	provider string // the guess
	adjust   func(*scim.Config)
	faulty   func(s *service)
	healthy  func(s *service)
	want     []string // texts of Seen, Title or Do
}

func users(n int, replaced map[string]string) func(*service) {
	return func(s *service) {
		for i := range n {
			s.user(i, replaced)
		}
	}
}

// legacy is a request by which Entra ID is told: an operation of its older dialect
// (learn.microsoft.com, Application provisioning: SCIM compatibility).
func legacy(s *service) {
	path := s.user(900, nil)
	s.must("PATCH", path, patch(`{"op":"Replace","path":"displayName","value":"P"}`))
}

func repeat(n int, f func(s *service, i int)) func(*service) {
	return func(s *service) {
		for i := range n {
			f(s, i)
		}
	}
}

var exchanges = []exchange{
	{
		// Without the mapping no deactivation arrives: MicrosoftDocs/azure-docs#93829,
		// grokability/snipe-it#19526. The default expression, and accountEnabled in its
		// place: cloudflare/cloudflare-docs#30543. How IsSoftDeleted is used:
		// learn.microsoft.com, How application provisioning works (deprovisioning).
		code: "active-missing", provider: "entra",
		faulty: func(s *service) {
			s.must("POST", "/Groups", group("Staff", `"schemas":["`+schema.GroupURI+`","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"]`))
			users(6, map[string]string{"active": ""})(s)
		},
		healthy: func(s *service) {
			users(6, map[string]string{"active": ""})(s)
			s.must("PATCH", s.user(7, map[string]string{"active": ""}), patch(`{"op":"Replace","path":"active","value":"False"}`))
		},
		want: []string{"6 of the last 6 users were created without `active`", "IsSoftDeleted"},
	},
	{
		// IsSoftDeleted is False for people who are in scope: the sense of the default
		// expression, quoted in Unleash/unleash#9336 and MicrosoftDocs/azure-docs#93829.
		code: "active-inverted", provider: "entra",
		faulty: func(s *service) {
			users(3, map[string]string{"active": `"False"`})(s)
			s.must("PATCH", s.user(9, map[string]string{"active": `"False"`}), patch(`{"op":"Add","path":"title","value":"Dr"}`))
		},
		healthy: func(s *service) {
			users(3, map[string]string{"active": `"True"`})(s)
			users(1, map[string]string{"userName": `"gone@example.com"`, "active": "false"})(s)
		},
		want: []string{"4 of the last 4 users were created with `active` false", "Not([IsSoftDeleted])"},
	},
	{
		// The default mapping gives mailNickname to externalId; MicrosoftDocs/azure-docs#101526
		// asks for objectId, and #69401 shows the example with the nickname.
		code: "external-id-nickname",
		faulty: repeat(4, func(s *service, i int) {
			s.user(i, map[string]string{"externalId": fmt.Sprintf(`"Pat.Jensen%d"`, i)})
		}),
		healthy: users(4, nil),
		want:    []string{"externalId looks like mailNickname", "4 of the last 4"},
	},
	{
		// externalId is optional, and templates of OneLogin (developers.onelogin.com/scim)
		// need not have it; MicrosoftDocs/azure-docs#69431.
		code: "external-id-missing", provider: "onelogin",
		faulty:  func(s *service) { s.agent = "OneLogin SCIM"; users(5, map[string]string{"externalId": ""})(s) },
		healthy: users(5, nil),
		want:    []string{"externalId\": \"{$user.id}"},
	},
	{
		// A mapping of objectId where a name is expected: MicrosoftDocs/azure-docs#43807
		// shows it for id.
		code: "user-name-object-id",
		faulty: repeat(3, func(s *service, i int) {
			s.user(i, map[string]string{"userName": fmt.Sprintf(`"0a1b2c3d-0b62-4a6b-9d0e-%012d"`, i)})
		}),
		healthy: users(3, nil),
		want:    []string{"3 of the last 3"},
	},
	{
		// authentik sends " " for a name that is missing (authentik/providers/scim/clients/users.py).
		code: "display-name-empty", provider: "authentik",
		faulty: func(s *service) {
			s.agent = "goauthentik.io/scim authentik/2025.6"
			users(5, map[string]string{"displayName": `" "`})(s)
		},
		healthy: users(5, nil),
		want:    []string{"5 of the last 5"},
	},
	{
		// The name of the group comes from an attribute that is empty; displayName is required
		// (RFC 7643 §4.2).
		code: "group-name-empty",
		faulty: repeat(2, func(s *service, _ int) {
			s.send("POST", "/Groups", `{"schemas":["`+schema.GroupURI+`"],"displayName":""}`)
		}),
		healthy: func(s *service) { s.must("POST", "/Groups", group("A")); s.must("POST", "/Groups", group("B")) },
		want:    []string{"2 of the last 2"},
	},
	{
		// One custom attribute of a mapping, and every change fails for ever: langwatch/langwatch#6972,
		// imulab/go-scim#54; unknown names are refused by a strict service.
		code: "attribute-refused", provider: "entra",
		adjust: func(c *scim.Config) { strict(c) },
		faulty: func(s *service) {
			path := s.user(1, map[string]string{"meta": ""})
			for range 3 {
				status, _ := s.send("PATCH", path, patch(`{"op":"Replace","path":"costBadge","value":"7"}`, `{"op":"Replace","path":"title","value":"Dr"}`))
				require.Equal(s, 400, status)
			}
		},
		healthy: func(s *service) {
			path := s.user(1, map[string]string{"meta": ""})
			for range 3 {
				s.send("PATCH", path, patch(`{"op":"replace","path":"active","value":"perhaps"}`))
			}
			s.must("PATCH", path, patch(`{"op":"replace","path":"active","value":true}`))
		},
		want: []string{"every PATCH with `costBadge` is 400", "3 requests (PATCH) were refused"},
	},
	{
		// wso2/product-is#21042, pulumi/docs#13236: a group with people whom nobody has provisioned
		// is refused as a whole.
		code: "groups-before-members", provider: "okta",
		adjust: func(c *scim.Config) { c.RequireMembers = true },
		faulty: func(s *service) {
			s.agent = "Okta SCIM Client 1.0.0"
			for _, id := range []string{"23a35c27-23d3-4c03-b4c5-6443c09e7173", "44250c26-5405-49a5-a2ea-11ae1ee4b36d"} {
				status, _ := s.send("POST", "/Groups", group("Staff", `"members":[{"value":"`+id+`","display":"pat.jensen@example.com"}]`))
				require.Equal(s, 400, status)
			}
		},
		healthy: func(s *service) {
			path := s.user(1, nil)
			for _, name := range []string{"A", "B"} {
				s.must("POST", "/Groups", group(name, `"members":[{"value":"`+strings.TrimPrefix(path, "/Users/")+`"}]`))
			}
		},
		want: []string{"groups come before their members", "Push Groups"},
	},
	{
		// OneLogin's rules set members by a parameter that the administrator chooses
		// (goauthentik/authentik#11249 for its groups); Okta's display beside the value is the name.
		code: "members-by-name",
		faulty: repeat(2, func(s *service, i int) {
			s.must("POST", "/Groups", group(fmt.Sprint("g", i), `"members":[{"value":"pat.jensen@example.com"}]`))
		}),
		healthy: repeat(2, func(s *service, i int) {
			s.must("POST", "/Groups", group(fmt.Sprint("g", i), `"members":[{"value":"42","display":"pat.jensen@example.com"}]`))
		}),
		want: []string{"2 of the last 2"},
	},
	{
		// mitodl/keycloak-scim: an empty group is a PUT without members (GroupAdapter).
		code: "put-without-members", provider: "keycloak",
		faulty: func(s *service) {
			s.agent = "keycloak-scim"
			path := "/Groups/" + s.must("POST", "/Groups", group("G"))
			s.must("PUT", path, group("G"))
			s.must("PUT", path, group("G"))
		},
		healthy: func(s *service) {
			path := "/Groups/" + s.must("POST", "/Groups", group("G"))
			s.must("PUT", path, group("G", `"members":[]`))
			s.must("PUT", path, group("G", `"members":[{"value":"1"}]`))
		},
		want: []string{"2 of the last 2", "group-patchOp"},
	},
	{
		// Entra looks a user up, finds nobody, and is answered 409 by the same account:
		// Metatavu/keycloak-scim-server#74. Okta repeats it every half hour: lightdash/lightdash#22402.
		code: "conflict-repeated", provider: "entra",
		faulty: func(s *service) {
			legacy(s)
			s.user(1, map[string]string{"externalId": ""})
			body := scimtest.User("pat.jensen1@example.com", `"externalId":"6c2f3a3e-0b62-4a6b-9d0e-000000000099"`)
			for range 3 {
				require.Equal(s, 200, s.filter("/Users", `externalId eq "6c2f3a3e-0b62-4a6b-9d0e-000000000099"`))
				status, _ := s.send("POST", "/Users", body)
				require.Equal(s, 409, status)
			}
		},
		healthy: func(s *service) { // authentik adopts the user after the 409
			path := s.user(1, nil)
			s.send("POST", "/Users", scimtest.User("pat.jensen1@example.com"))
			s.filter("/Users", `userName eq "pat.jensen1@example.com"`)
			s.must("PUT", path, scimtest.User("pat.jensen1@example.com"))
		},
		want: []string{"Users who were created again after a 409: 1, 3 times in all", "Matching precedence"},
	},
	{
		// Without a soft delete the provisioning service sends DELETE when somebody leaves the scope:
		// learn.microsoft.com, How application provisioning works (deprovisioning).
		code:   "delete-without-deactivation",
		faulty: repeat(3, func(s *service, i int) { s.must("DELETE", s.user(i, nil), "") }),
		healthy: repeat(3, func(s *service, i int) {
			path := s.user(i, nil)
			s.must("PATCH", path, patch(`{"op":"Replace","path":"active","value":"False"}`))
			s.must("DELETE", path, "")
		}),
		want: []string{"3 of the last 3 deletions of users came from a connection that deactivated no user since 2026-11-02."},
	},
	{
		// learn.microsoft.com, Develop a SCIM endpoint: the look-up by the work e-mail address;
		// RIPAGlobal/scimitar#115.
		code: "lookup-by-other",
		faulty: repeat(3, func(s *service, i int) {
			require.Equal(s, 200, s.filter("/Users", fmt.Sprintf(`emails[type eq "work"].value eq "pat.jensen%d@example.com"`, i)))
		}),
		healthy: repeat(3, func(s *service, i int) {
			s.filter("/Users", fmt.Sprintf(`userName eq "pat.jensen%d@example.com"`, i))
			s.filter("/Users", fmt.Sprintf(`externalId eq "%d"`, i))
			s.filter("/Groups", `id eq "1" and members eq "2"`)
		}),
		want: []string{"3 of the last 3 look-ups of users were by `emails`"},
	},
	{
		// A filter without quotes, as one line of Microsoft's documentation has it (Develop a SCIM
		// endpoint).
		code:    "filter-refused",
		faulty:  repeat(3, func(s *service, i int) { require.Equal(s, 400, s.filter("/Users", "externalId eq pat jensen")) }),
		healthy: repeat(3, func(s *service, i int) { s.filter("/Users", `externalId eq "pat jensen"`) }),
		want:    []string{"3 of the last 3 filters were refused. The last one compares with a value that has no quotes."},
	},
	{
		// The test of Okta (developer.okta.com, SCIM 2.0): two listings, and nothing after them until
		// people are assigned.
		code: "test-only", provider: "okta",
		faulty: func(s *service) {
			s.agent = "Okta SCIM Client 1.0.0"
			s.must("GET", "/Users?startIndex=1&count=2", "")
			s.must("GET", "/Groups?startIndex=1&count=100", "")
			s.clock = s.clock.Add(5 * time.Hour)
		},
		healthy: func(s *service) {
			s.must("GET", "/Users?startIndex=1&count=2", "")
			s.user(1, nil)
			s.clock = s.clock.Add(5 * time.Hour)
		},
		want: []string{"2 requests arrived in 5h0m0s, and none of them writes.", "Deactivate Users"},
	},
	{
		// Providers add itemsPerPage to startIndex (PostHog/posthog#51441); one that adds the count it
		// asked for loses the people between.
		code:   "paging-skips",
		adjust: func(c *scim.Config) { c.Limits.MaxResults = 10 },
		faulty: func(s *service) {
			for _, start := range []int{1, 101, 201, 301} {
				s.must("GET", fmt.Sprintf("/Users?startIndex=%d&count=100", start), "")
			}
		},
		healthy: func(s *service) {
			for _, start := range []int{1, 11, 21, 1, 11, 21} {
				s.must("GET", fmt.Sprintf("/Users?startIndex=%d&count=100", start), "")
			}
		},
		want: []string{"3 of the last 3 pages began after the end of the page before."},
	},
	{
		// A manager that is read elsewhere than it was written is sent in every cycle:
		// MicrosoftDocs/azure-docs#11784.
		code: "same-change-again", provider: "entra",
		faulty: func(s *service) {
			for i := range 2 {
				path := s.user(i, nil)
				for range 3 {
					s.must("PATCH", path, patch(`{"op":"Add","path":"`+schema.EnterpriseUserURI+`:manager","value":"26118915-6090-4610-87e4-49d8ca9f808d"}`))
				}
			}
		},
		healthy: func(s *service) { // Okta sends the whole user each time
			path := s.user(1, nil)
			for range 5 {
				s.must("PUT", path, scimtest.User("pat.jensen1@example.com"))
			}
		},
		want: []string{"2 changes arrived three times or more", "6 times in all"},
	},
	{
		// Two sources of the status, as in the test of the gallery (AzureAD/SCIMReferenceCode), which
		// disables and restores one user; here it goes on.
		code: "status-flaps",
		faulty: func(s *service) {
			path := s.user(1, nil)
			for i := range 6 {
				s.must("PATCH", path, patch(fmt.Sprintf(`{"op":"replace","value":{"active":%t}}`, i%2 == 1)))
			}
		},
		healthy: func(s *service) {
			path := s.user(1, nil)
			for i := range 2 {
				s.must("PATCH", path, patch(fmt.Sprintf(`{"op":"replace","value":{"active":%t}}`, i%2 == 1)))
			}
		},
		want: []string{"1 users changed four times or more"},
	},
	{
		// Entra remembers ids (projectinsight.com, How user deletions work with SCIM); authentik takes a
		// 404 of a PUT for a user that is gone (goauthentik/authentik#16678).
		code: "unknown-id",
		faulty: func(s *service) {
			for range 2 {
				s.send("PATCH", "/Users/5d48a0a8e9f04aa38008", patch(`{"op":"Replace","path":"displayName","value":"x"}`))
			}
		},
		healthy: func(s *service) {
			path := s.user(1, nil)
			s.must("DELETE", path, "")
			s.send("DELETE", path, "") // the validator deletes twice
		},
		want: []string{"1 ids were answered 404 twice or more, 2 times in all."},
	},
	{
		// docs.getaxonflow.com, SCIM troubleshooting: a wrong base URL is the first thing to look for.
		code: "wrong-path",
		faulty: func(s *service) {
			s.send("GET", "/Users/Users?filter=x", "")
			s.send("GET", "/Users/Groups?filter=x", "")
		},
		healthy: func(s *service) {
			s.send("GET", "/Users", "")
			s.send("GET", "/ServiceProviderConfig", "")
			s.send("GET", "/x", "")
		},
		want: []string{"2 of the last 2 requests"},
	},
	{
		// Okta's AIW applications send groups whole, by PUT (developer.okta.com, SCIM 2.0).
		code: "too-large", provider: "okta",
		adjust: func(c *scim.Config) { c.Limits.Members = 2 },
		faulty: func(s *service) {
			s.agent = "Okta SCIM Client 1.0.0"
			path := "/Groups/" + s.must("POST", "/Groups", group("G"))
			for range 2 {
				status, _ := s.send("PUT", path, group("G", `"members":[{"value":"1"},{"value":"2"},{"value":"3"}]`))
				require.Equal(s, 413, status)
			}
		},
		healthy: func(s *service) {
			path := "/Groups/" + s.must("POST", "/Groups", group("G"))
			s.must("PUT", path, group("G", `"members":[{"value":"1"},{"value":"2"}]`))
		},
		want: []string{"2 of the last 3 changes"},
	},
	{
		// Okta sends a random password with every user (developer.okta.com, SCIM 2.0).
		code: "password-sent", provider: "okta",
		faulty: func(s *service) {
			s.agent = "Okta SCIM Client 1.0.0"
			users(3, map[string]string{"password": `"1mz050nq"`})(s)
		},
		healthy: users(3, nil),
		want:    []string{"Sync Password"},
	},
	{
		// Entra as a puller asks for what changed after its last cycle, with seven digits
		// (AzureAD/SCIMReferenceCode).
		code: "clock-ahead",
		faulty: repeat(2, func(s *service, _ int) {
			require.Equal(s, 200, s.filter("/Users", `meta.lastModified ge "2026-11-02T10:30:00.0000000Z"`))
		}),
		healthy: func(s *service) {
			s.filter("/Users", `meta.lastModified ge "2026-11-02T08:00:00.0000000Z"`)
			s.filter("/Users", `meta.lastModified ge "0001-01-03T00:00:00.0000000Z" and meta.lastModified le "9999-12-31T23:59:59.9999999Z"`)
		},
		want: []string{"2 of the last 2 filters"},
	},
	{
		// After a rotation the provider goes on with the old token until an administrator enters the
		// new one; Entra is then in quarantine (learn.microsoft.com Q&A 4969398, devforum.okta.com 33265).
		code: "unauthorized", provider: "okta",
		faulty: func(s *service) {
			s.agent = "Okta SCIM Client 1.0.0"
			s.user(1, nil)
			s.token = "revoked"
			for range 5 {
				status, _ := s.send("GET", "/Users", "")
				require.Equal(s, 401, status)
			}
		},
		healthy: func(s *service) {
			s.agent = "Okta SCIM Client 1.0.0"
			s.user(1, nil)
			s.token = "revoked"
			for range 5 {
				s.send("GET", "/Users", "")
			}
			s.token = "secret"
			s.send("GET", "/Users", "")
		},
		want: []string{"5 requests in a row with the User-Agent of this connection", "Test API Credentials"},
	},
}

// strict makes the handler read the connection's requests strictly.
func strict(c *scim.Config) {
	token := scim.HashToken("secret", "secret")
	token.Tenant, token.Connection, token.Client = "acme", "secret", "strict"
	c.Auth = scim.BearerTokens(token)
}

func TestRules(t *testing.T) {
	t.Parallel()
	var tested []string
	for _, x := range exchanges {
		tested = append(tested, x.code)
		t.Run(x.code, func(t *testing.T) {
			t.Parallel()
			config := diagnose.Config{}
			if x.code == "paging-skips" {
				config.MaxResults = 10
			}
			s := newService(t, x.adjust, config)
			x.faulty(s)
			f, found := s.finding(x.code)
			require.True(t, found, "found: %q", s.codes())
			all := f.Title + "\n" + f.Seen + "\n" + f.Do
			for _, want := range x.want {
				require.Contains(t, all, want)
			}
			if x.provider != "" {
				require.Equal(t, x.provider, f.Provider)
			}
			require.NotZero(t, f.Count)
			require.False(t, f.First.IsZero() || f.Last.IsZero() || f.Last.Before(f.First), "%v %v", f.First, f.Last)
			require.Equal(t, "https://github.com/seed5f3efb56/scim/blob/main/docs/diagnose.md#"+x.code, f.Docs)
			for _, g := range s.d.Findings("acme", "secret") {
				text, err := json.Marshal(g)
				require.NoError(t, err)
				require.NotRegexp(t, `(?i)jensen|1mz050nq|6c2f3a3e|@example`, string(text), "a person's data")
			}
			require.Empty(t, s.d.Findings("acme", "other"))
			require.Empty(t, s.d.Findings("", "secret"))
			s.clock = s.clock.Add(8 * 24 * time.Hour)
			require.Empty(t, s.codes(), "after Keep")

			s = newService(t, x.adjust, config)
			x.healthy(s)
			require.NotContains(t, s.codes(), x.code, "healthy")
		})
	}
	slices.Sort(tested)
	require.Equal(t, diagnose.Codes(), tested, "each rule has an exchange")
}

// A connection of each known kind that does everything right has no finding.
func TestAHealthyConnectionHasNoFindings(t *testing.T) {
	t.Parallel()
	s := newService(t, nil, diagnose.Config{})
	for i := range 70 {
		s.filter("/Users", fmt.Sprintf(`userName eq "pat.jensen%d@example.com"`, i))
		path := s.user(i, nil)
		s.must("PATCH", path, patch(`{"op":"Replace","path":"displayName","value":"`+fmt.Sprint(i)+`"}`))
		if i%3 == 0 {
			s.must("PATCH", path, patch(`{"op":"Replace","path":"active","value":"False"}`))
		}
		s.must("POST", "/Groups", group(fmt.Sprint("g", i), `"members":[{"value":"`+strings.TrimPrefix(path, "/Users/")+`"}]`))
	}
	s.clock = s.clock.Add(5 * time.Hour)
	require.Empty(t, s.codes())
}

// A finding goes away once what it complains of is corrected.
func TestFindingsGoAway(t *testing.T) {
	t.Parallel()
	s := newService(t, strict, diagnose.Config{})
	path := s.user(1, map[string]string{"meta": ""})
	for range 3 {
		s.send("PATCH", path, patch(`{"op":"replace","path":"costBadge","value":"7"}`))
		s.send("PATCH", path, patch(`{"op":"replace","path":"nickName","value":7}`))
	}
	f, _ := s.finding("attribute-refused")
	require.Contains(t, f.Seen, "1 other attributes are refused too")
	s.must("PATCH", path, patch(`{"op":"replace","path":"nickName","value":"P"}`))
	f, _ = s.finding("attribute-refused")
	require.NotContains(t, f.Seen, "other attributes")

	s = newService(t, nil, diagnose.Config{})
	users(5, map[string]string{"active": ""})(s)
	require.Contains(t, s.codes(), "active-missing")
	s.user(6, nil)
	require.NotContains(t, s.codes(), "active-missing")
}

func TestProviderOfTheConfiguration(t *testing.T) {
	t.Parallel()
	s := newService(t, nil, diagnose.Config{Docs: "https://intranet.example.com/scim", Provider: func(tenant, connection string) string {
		require.Equal(t, []string{"acme", "secret"}, []string{tenant, connection})
		return "okta"
	}})
	users(5, map[string]string{"active": ""})(s)
	f, ok := s.finding("active-missing")
	require.True(t, ok)
	require.Equal(t, []string{"okta", "Provisioning, To App: tick Deactivate Users.", "https://intranet.example.com/scim#active-missing"}, []string{f.Provider, f.Do, f.Docs})
	require.Equal(t, diagnose.Error, s.d.Findings("acme", "secret")[0].Severity, "the worst first")
}

// Requests with a wrong credential are of no connection if several have the client.
func TestUnauthorizedOfSeveralConnections(t *testing.T) {
	t.Parallel()
	s := newService(t, nil, diagnose.Config{})
	for _, token := range []string{"secret", "other", "x", "x", "x", "x", "x", "x"} {
		s.token = token
		s.send("GET", "/Users", "")
	}
	require.NotContains(t, s.codes(), "unauthorized")
	require.Empty(t, s.d.Findings("acme", "other"))
	all := s.d.Findings("", "")
	require.Len(t, all, 1)
	require.Equal(t, "unauthorized", all[0].Code)
	for range 10 {
		s.token = "secret"
		s.send("GET", "/Users", "")
	}
	require.Empty(t, s.d.Findings("", ""))
}

// Strangers make up clients, and a connection sends whatever it likes: memory is
// bounded, and nothing panics.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	d := diagnose.New(diagnose.Config{Connections: 20})
	request := func(path string) *http.Request { return httptest.NewRequest("POST", path, nil) }
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	fill := func(from, n int) {
		for i := from; i < from+n; i++ {
			d.Observe(t.Context(), &scim.Exchange{Start: start, Status: 401, UserAgent: strings.Repeat("x", 1000) + fmt.Sprint(i), Request: request("/x")})
			d.Observe(t.Context(), &scim.Exchange{Start: start, Status: 401, UserAgent: fmt.Sprint(i), Request: request("/x")})
			for _, x := range []scim.Exchange{
				{Method: "PATCH", Route: "/Users/{id}", Operation: scim.OperationPatch, Type: "User", Status: 404, Body: []byte(patch(`{"op":7,"path":[]}`, `7`, `{"op":"add","value":"x"}`))},
				{Method: "PATCH", Route: "/Users/{id}", Operation: scim.OperationPatch, Type: "User", Status: 200, Body: []byte(patch(fmt.Sprintf(`{"op":"replace","path":"active","value":%t}`, i%2 == 0)))},
				{Method: "PATCH", Route: "/Groups/{id}", Operation: scim.OperationPatch, Type: "Group", Status: 200, Body: []byte(patch(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":%d},7]}`, i)))},
				{Method: "POST", Route: "/Users", Operation: scim.OperationCreate, Type: "User", Status: 409, Body: []byte(fmt.Sprintf(`{"userName":"u%d","active":[]}`, i))},
				{Method: "POST", Route: "/Users", Operation: scim.OperationCreate, Type: "User", Status: 400, Detail: fmt.Sprintf(`unknown attribute "a%d"`, i), Body: []byte(`{"USERNAME":7`)},
				{Method: "POST", Route: "/Users/.search", Operation: scim.OperationQuery, Type: "User", Status: 200, Body: []byte(`{"filter":"((((","startIndex":"x"}`)},
			} {
				x.Start, x.Authenticated, x.Connection, x.Request = start, true, fmt.Sprint(i%20), request(fmt.Sprint("/Users/", i))
				d.Observe(t.Context(), &x)
			}
			_ = d.Findings("", fmt.Sprint(i%20))
		}
	}
	fill(0, 1_500)
	before := inUse()
	fill(1_500, 1_500)
	after := inUse()
	t.Logf("20 connections: %d KiB, then %d KiB", before>>10, after>>10)
	require.Less(t, int64(after)-int64(before), int64(2<<20), "no growth")
	runtime.KeepAlive(d)
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// docs/diagnose.md has a section for each rule.
func TestEachRuleIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/diagnose.md")
	require.NoError(t, err)
	var sections []string
	for _, m := range regexp.MustCompile(`(?m)^### ([a-z-]+)$`).FindAllSubmatch(text, -1) {
		sections = append(sections, string(m[1]))
	}
	slices.Sort(sections)
	require.Equal(t, diagnose.Codes(), sections)
}

// Package tenanttest proves over HTTP that no kind of credentials of one tenant lets
// see or change anything of another, through any door of a service, for the tests of
// applications that are in several modules.
package tenanttest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/scimtest"
)

// Credential is one kind of credentials: the header Authorization of each of two
// tenants. All credentials of a tenant are of one connection.
type Credential struct {
	Name    string
	Headers [2]string
}

// Service is a service with two tenants.
type Service struct {
	Handler     http.Handler
	BaseURL     string // of SCIM
	Credentials []Credential
	// Revoke ends the sessions of a user of a tenant by id (scim.Handler.Revoke).
	Revoke func(tenant int, id string) error
	// SignIn signs a user of a tenant in by userName (scim.Handler.SignIn), with the
	// password of the user.
	SignIn func(tenant int, userName string) error
}

// Password is that of the users that [Run] creates.
const Password = "correct horse"

// Run proves it. Each request with the ids and names of the other tenant is answered
// byte for byte like one with ids and names that nobody has, which the first credentials
// send.
func Run(t *testing.T, s Service) {
	w := &world{Service: s}
	var nobodies [2]*person
	for tenant := range w.people {
		w.people[tenant] = w.populate(t, tenant)
		nobodies[tenant] = w.people[tenant].nobody()
	}
	each := [2][]string{w.look(t, 0, w.people[0].each()), w.look(t, 1, w.people[1].each())}
	lists := [2][]string{w.look(t, 0, all), w.look(t, 1, all)}
	unknown := [2][]string{make([]string, len(doors)), make([]string, len(doors))} // the answers about nobody
	for _, c := range s.Credentials {
		for attacker := range c.Headers {
			for i, d := range doors {
				t.Run(c.Name+"/"+d.name+[2]string{"", ", the other way round"}[attacker], func(t *testing.T) {
					victim := w.people[1-attacker]
					a := &client{w, c.Headers[attacker]}
					other := a.through(t, d, victim)
					if unknown[attacker][i] == "" {
						unknown[attacker][i] = a.through(t, d, nobodies[1-attacker])
					}
					require.Equal(t, unknown[attacker][i], other)
					require.NotContains(t, strings.ToLower(other), victim.marker)
					if d.writes {
						require.Equal(t, lists[1-attacker], w.look(t, 1-attacker, all), "what the other tenant has")
					}
				})
			}
			other := 1 - attacker
			require.Equal(t, lists[other], w.look(t, other, all), "what the other tenant has after %s", c.Name)
			require.Equal(t, each[other], w.look(t, other, w.people[other].each()), "what the other tenant has after %s", c.Name)
		}
	}
	for attacker := range w.people {
		victim, nobody := w.people[1-attacker], nobodies[1-attacker]
		if s.Revoke != nil {
			t.Run("Revoke", func(t *testing.T) {
				require.NoError(t, s.Revoke(1-attacker, victim.User))
				err := s.Revoke(attacker, victim.User)
				require.Error(t, err)
				require.Equal(t, s.Revoke(attacker, nobody.User), err)
			})
		}
		if s.SignIn != nil {
			t.Run("SignIn", func(t *testing.T) {
				require.NoError(t, s.SignIn(1-attacker, victim.Name))
				err := s.SignIn(attacker, victim.Name)
				require.Error(t, err)
				require.Equal(t, s.SignIn(attacker, nobody.Name), err)
			})
		}
	}
}

type world struct {
	Service
	people [2]*person
}

// person is a user of a tenant, with what names it.
type person struct {
	marker             string // is part of all of its values, and of no other's
	User, Group, Other string // ids: the user, a group with it, a second user
	Name, ExternalID   string
	Team               string // displayName of the group
	Cursor             string // of the list of users

	sent *regexp.Regexp // of what replace replaces
}

// nobody has ids and names of the same form, which nobody has.
func (p *person) nobody() *person {
	id := func(of, digits string) string {
		if len(of) == 36 {
			return "ffffffff-ffff-4fff-8fff-ffffffffff" + digits
		}
		return "u99999999" + digits
	}
	return &person{
		marker: p.marker, User: id(p.User, "01"), Group: id(p.Group, "02"), Other: id(p.Other, "03"),
		Name: "nobody@example.com", ExternalID: "nobody-ext", Team: "nobody team", Cursor: "bm9ib2R5",
	}
}

// replace gives ids and names of a person in a response one form for all. Ids stand
// between quotes and slashes.
func (p *person) replace(text string) string {
	if p.sent == nil {
		var values []string
		for _, value := range []string{p.User, p.Group, p.Other, p.Name, p.ExternalID, p.Team, url.QueryEscape(p.Name)} {
			values = append(values, regexp.QuoteMeta(value))
		}
		p.sent = regexp.MustCompile(`(?i)\b(?:` + strings.Join(values, "|") + `)\b`)
	}
	return p.sent.ReplaceAllString(text, "SENT")
}

// populate creates two users and a group.
func (w *world) populate(t *testing.T, tenant int) *person {
	t.Helper()
	c := &client{w, w.Credentials[0].Headers[tenant]}
	p := &person{marker: [2]string{"zebra", "yak"}[tenant]}
	p.Name, p.ExternalID, p.Team = p.marker+"-1@example.com", p.marker+"-ext", p.marker+" team"
	p.User = c.create(t, "/Users", scimtest.User(p.Name, `"password":"`+Password+`"`, `"externalId":"`+p.ExternalID+`"`, `"displayName":"Full `+p.marker+`"`, `"title":"`+p.marker+` keeper"`,
		`"emails":[{"value":"`+p.Name+`","type":"work","primary":true}]`))
	p.Other = c.create(t, "/Users", scimtest.User(p.marker+"-2@example.com", `"title":"second `+p.marker+`"`))
	p.Group = c.create(t, "/Groups", scimtest.Group(p.Team, `"members":[{"value":"`+p.User+`"}]`))
	var page struct{ NextCursor string }
	require.NoError(t, json.Unmarshal(c.do(t, "GET", "/Users?cursor&count=1", "").Body.Bytes(), &page))
	require.NotEmpty(t, page.NextCursor)
	p.Cursor = page.NextCursor
	return p
}

// all are the paths of all that a tenant has.
var all = []string{"/Users?sortBy=userName", "/Groups"}

// each returns the paths of each resource.
func (p *person) each() []string {
	return []string{"/Users/" + p.User, "/Users/" + p.Other, "/Groups/" + p.Group}
}

// look returns what a tenant has at the paths.
func (w *world) look(t *testing.T, tenant int, paths []string) (bodies []string) {
	t.Helper()
	c := &client{w, w.Credentials[0].Headers[tenant]}
	for _, path := range paths {
		got := c.do(t, "GET", path, "")
		require.Equal(t, http.StatusOK, got.Code, "%s: %s", path, got.Body)
		bodies = append(bodies, got.Body.String())
	}
	return bodies
}

// client sends requests with an Authorization header.
type client struct {
	*world
	authorization string
}

func (c *client) do(t *testing.T, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, c.BaseURL+path, strings.NewReader(body))
	r.Header.Set("Authorization", c.authorization)
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	c.Handler.ServeHTTP(w, r)
	require.NotEqual(t, http.StatusUnauthorized, w.Code, "the credentials are refused")
	require.Less(t, w.Code, 502, "%s %s: %s", method, path, w.Body)
	require.NotEqual(t, http.StatusInternalServerError, w.Code, "%s %s: %s", method, path, w.Body)
	return w
}

func (c *client) create(t *testing.T, path, body string) string {
	t.Helper()
	w := c.do(t, "POST", path, body)
	require.Equal(t, http.StatusCreated, w.Code, "%s: %s", path, w.Body)
	return scimtest.ID(w.Header().Get("Location"))
}

// through sends the request of a door and returns the response in a form that does not
// depend on the ids and names that were sent, on times and on ids that are new. What
// was created is deleted again.
func (c *client) through(t *testing.T, d door, p *person) string {
	t.Helper()
	method, path, body := d.request(p)
	w := c.do(t, method, path, body)
	text := w.Body.String()
	made := created(w)
	out := p.replace(strings.Join([]string{http.StatusText(w.Code), w.Header().Get("Content-Type"), w.Header().Get("Location"), w.Header().Get("WWW-Authenticate"), text}, "\n"))
	for _, path := range made {
		w := c.do(t, "DELETE", path, "")
		require.Equal(t, http.StatusNoContent, w.Code, "%s: %s", path, w.Body)
		out = regexp.MustCompile(`\b`+regexp.QuoteMeta(scimtest.ID(path))+`\b`).ReplaceAllString(out, "NEW")
	}
	return times.ReplaceAllString(out, "TIME")
}

var (
	times = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
	tail  = regexp.MustCompile(`/(?:Users|Groups)/[^/]+$`)
)

// created returns the paths of what a response says was created.
func created(w *httptest.ResponseRecorder) (paths []string) {
	if w.Code == http.StatusCreated {
		paths = append(paths, tail.FindString(w.Header().Get("Location")))
	}
	var bulk struct {
		Operations []struct{ Method, Location string }
	}
	_ = json.Unmarshal(w.Body.Bytes(), &bulk) // another body has none
	for _, op := range bulk.Operations {
		if op.Method == http.MethodPost && op.Location != "" {
			paths = append(paths, tail.FindString(op.Location))
		}
	}
	return paths
}

package scimtest

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed5f3efb56/scim"
)

// BaseURL is the Config.BaseURL a handler under test is built with.
const BaseURL = "https://scim.example.com/scim/v2"

// row is one case.
type row struct {
	ids   string // of requirements.txt, space separated, for example "P-46 P-53"
	name  string // the behaviour in a sentence
	prove func(c *Case)
}

// Run runs every case against one handler, which serves schema.UserType and
// schema.GroupType (scim.Users, scim.Groups) with a transactor, and
// authenticates with auth. The handler's other configuration is the default.
// A case that fails prints the requirements that it proves. app, at most one,
// declares what the application does differently. Cases that send thousands of
// writes are left out with -short.
func Run(t *testing.T, open func(t *testing.T, auth scim.Authenticator) http.Handler, app ...App) {
	run(t, open, func(place, ids, name string) {}, app...)
}

// run is [Run] and calls passed after each case that ran and passed: with "kit",
// the ids of the requirements and the name of the case.
func run(t *testing.T, open func(t *testing.T, auth scim.Authenticator) http.Handler, passed func(place, ids, name string), app ...App) {
	k := newKit(t, open, append(app, App{})[0])
	t.Run("App", func(t *testing.T) {
		t.Parallel()
		for _, d := range declarations {
			if d.declared(k.App) {
				t.Run(d.name, func(t *testing.T) { d.prove(newCase(t, k)) })
			}
		}
	})
	for _, a := range areas {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range a.rows {
				t.Run(r.ids+" "+r.name, func(t *testing.T) {
					conclude(t, r.ids, func() { passed("kit", r.ids, r.name) })
					r.prove(newCase(t, k))
				})
			}
		})
	}
}

// conclude waits for the end of a case, also of its subtests and clean-ups. A
// case that failed logs the requirements with the ids; for one that ran and
// passed, passed is called.
func conclude(t *testing.T, ids string, passed func()) {
	t.Cleanup(func() {
		switch {
		case t.Failed():
			t.Log("the case proves:\n" + describe(ids))
		case !t.Skipped():
			passed()
		}
	})
}

var tenants atomic.Int64

// authenticator takes tenant and client from the token: "tenant" or
// "tenant/strict", with any name of scim.ParseClient.
type authenticator struct{ app App }

func (authenticator) Challenge() string { return `Bearer realm="scimtest"` }

func (authenticator) Schemes() []scim.AuthenticationScheme {
	return []scim.AuthenticationScheme{{Type: "oauthbearertoken", Name: "Bearer Token", Description: "for tests"}}
}

func (a authenticator) Authenticate(r *http.Request) (*scim.Principal, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || !strings.HasPrefix(token, "t") {
		return nil, scim.ErrUnauthenticated
	}
	token, name, _ := strings.Cut(token, "/")
	client, err := scim.ParseClient(name)
	tenant, ok := a.app.tenant(token)
	if err != nil || !ok {
		return nil, scim.ErrUnauthenticated
	}
	return &scim.Principal{Tenant: tenant, TokenID: "token of " + token, Client: client}, nil
}

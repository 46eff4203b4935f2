package scimtest

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/seed5f3efb56/scim"
)

// App declares what the application under test does differently from an
// application that keeps all of SCIM. [Run] then expects that instead, and proves
// each declaration: one that is not true fails the test.
type App struct {
	// Tenant returns the name of tenant n, counted from 1: for tenants that are
	// numbers strconv.Itoa, for UUIDs a text such as
	// "00000000-0000-4000-8000-000000000001" with n at its end. nil makes names.
	// The tenants of a run are those from 1 to about 1,500, each with an empty
	// database.
	Tenant func(n int) string
	// SingleTenant says that the application has no tenants. open is then called
	// for each tenant of the kit and returns the handler of an application with
	// an empty database; principals have no tenant.
	SingleTenant bool
	// MembersAreUsers says that only users are members of groups. A group as a
	// member is 400; an id of no user is not kept as a member.
	MembersAreUsers bool
	// TwoStateActive says that active is always true or false, as in a column
	// that is NOT NULL.
	TwoStateActive bool
	// Filled are single-valued string attributes of users that always have a value,
	// such as "displayName" and "name.familyName": if the client sends none, the
	// application makes one, at creation and with each change. An empty string that
	// the client sends is a value and stays.
	Filled []string
}

// kit is a run of the cases.
type kit struct {
	App
	open   func(t *testing.T, auth scim.Authenticator) http.Handler
	shared http.Handler // of all tenants, nil with SingleTenant
}

func newKit(t *testing.T, open func(t *testing.T, auth scim.Authenticator) http.Handler, app App) *kit {
	k := &kit{App: app, open: open}
	if !app.SingleTenant {
		k.shared = open(t, authenticator{app})
	}
	return k
}

// handler returns the handler of a new tenant.
func (k *kit) handler(t *testing.T) http.Handler {
	if k.SingleTenant {
		return k.open(t, authenticator{k.App})
	}
	return k.shared
}

// tenant returns the name of the tenant of a token such as "t7"; false if there is
// none.
func (a App) tenant(token string) (string, bool) {
	n, err := strconv.Atoi(token[min(1, len(token)):])
	switch {
	case a.SingleTenant:
		return "", true
	case a.Tenant == nil:
		return token, true
	}
	return a.Tenant(n), err == nil
}

// slow leaves a case out with -short: one that sends thousands of writes.
func (c *Case) slow() {
	if testing.Short() {
		c.Skip("slow: left out with -short")
	}
}

func (c *Case) needsTenants() {
	if c.kit.SingleTenant {
		c.Skip("the application has no tenants")
	}
}

func (c *Case) needsNesting() {
	if c.kit.MembersAreUsers {
		c.Skip("members are users only")
	}
}

//go:build !race

package main

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/storetest"
)

// The kits are not run with the race detector, which has them take minutes.

// kitApp is an application with the organisations of the kits.
func kitApp(t *testing.T, name string, organisations int) *app {
	db, err := open(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.close()) })
	values := make([]string, 0, organisations)
	for n := range organisations {
		values = append(values, fmt.Sprintf("(%d, 'kit')", n+1))
	}
	_, err = db.ExecContext(t.Context(), "INSERT INTO organisations (id, name) VALUES "+strings.Join(values, ", ")+" ON CONFLICT DO NOTHING")
	require.NoError(t, err)
	a, err := newApp(t.Context(), db, bcrypt.MinCost)
	require.NoError(t, err)
	return a
}

func TestTablesOfOrganisationsPassTheKitForStores(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		storetest.Run(t, func(t *testing.T) storetest.Fixture {
			a := kitApp(t, fresh(t), 100)
			return storetest.Fixture{
				Users: a.accounts, Groups: a.teams, Tx: a.scimDB,
				Tenant: strconv.Itoa, Owned: true, MembersAreUsers: true, TwoStateActive: true,
			}
		})
	})
}

func TestHandlerPassesTheKitForHandlers(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(*testing.T) string) {
		scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
			a := kitApp(t, fresh(t), 20000)
			a.limits.Rate = math.Inf(1) // the kit sends thousands of requests at once
			h, err := a.newSCIM(scimtest.BaseURL, connected{auth})
			require.NoError(t, err)
			return h
		}, scimtest.App{Tenant: strconv.Itoa, MembersAreUsers: true, TwoStateActive: true})
	})
}

// connected gives the clients of the kit a connection.
type connected struct{ scim.Authenticator }

func (c connected) Authenticate(r *http.Request) (*scim.Principal, error) {
	p, err := c.Authenticator.Authenticate(r)
	if p == nil {
		return nil, err
	}
	principal := *p
	principal.Connection = "kit"
	return &principal, err
}

func (c connected) Challenge() string {
	return c.Authenticator.(interface{ Challenge() string }).Challenge()
}

func (c connected) Schemes() []scim.AuthenticationScheme {
	return c.Authenticator.(interface {
		Schemes() []scim.AuthenticationScheme
	}).Schemes()
}

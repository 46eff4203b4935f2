package scimtest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// The body of a test of a handler. The kit passes the authenticator.
func ExampleRun() {
	_ = func(t *testing.T) {
		scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler {
			db := memstore.New()
			h, err := scim.New(scim.Config{
				BaseURL:   scimtest.BaseURL,
				Auth:      auth,
				Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
				Tx:        db,
			})
			require.NoError(t, err)
			return h
		})
	}
}

// application stands for an application under test.
type application struct {
	handler        http.Handler
	login          func(name, password string) (cookie string, err error)
	accepts        func(cookie string) (bool, error)
	stopSessions   func(fail bool)
	startOwnBinary func(t *testing.T) (baseURL string, kill func())
}

// The body of a test of the whole application.
func ExampleLeaver() {
	_ = func(t *testing.T, a application) {
		scimtest.Leaver{
			Handler: a.handler, Token: "the provider's",
			Access: []scimtest.Access{{
				Name:   "session",
				SignIn: func(p scimtest.Person) (string, error) { return a.login(p.UserName, p.Password) },
				Alive:  a.accepts,
			}},
			Fail:  a.stopSessions,   // optional
			Start: a.startOwnBinary, // optional
		}.Run(t)
	}
}

package scimtest

import (
	"fmt"
	"net/http"
	"testing"
)

// Leaver is a running application and the ways into it. [Leaver.Run] proves that
// a user who left is out: by PATCH, PUT and DELETE, renamed in the same request,
// with another spelling of false, while the end of access fails, while the user
// signs in, and when the process is killed.
//
// The kit acts as the identity provider and as the users. It creates users with
// new names and looks at no others, so the application may have users already. It
// leaves its users behind: use a database of the test.
type Leaver struct {
	// Handler serves the SCIM endpoints under BaseURL; "" is [BaseURL]. They are
	// those of schema.UserType with an attribute active.
	Handler http.Handler
	BaseURL string
	// Token is the bearer token of the identity provider.
	Token string
	// Access has every way into the application: sessions by password and by
	// single sign-on, API keys, refresh tokens. The kit proves nothing about a way
	// that is not here. At least one is required.
	Access []Access

	// Fail, if not nil, makes the end of access fail until it is called with
	// false: a token service is down, a hook returns an error. If it is nil,
	// this part is reported as not proven.
	Fail func(failing bool)
	// Start, if not nil, starts the application as a separate process on the data
	// of Handler and returns the base URL of its SCIM endpoints. kill ends the
	// process at once, as SIGKILL does, and returns after its end. The process
	// may also end itself between the commit and the end of access. If Start is
	// nil, this part is reported as not proven.
	Start func(t *testing.T) (baseURL string, kill func())

	// Domain is the domain of the users' addresses; "" is example.com.
	Domain string
	// Members are further members of the JSON of users that the application
	// requires, for example `"title":"x"`. The kit sends userName, externalId,
	// name, displayName, emails, active and password.
	Members []string
}

// Access is a way into the application. The kit calls its functions concurrently.
type Access struct {
	Name string // in failures, for example "session" or "API key"
	// SignIn signs a person in by the application's own code, and returns what
	// authenticates the requests after it, such as a cookie; "" if the application
	// refuses. An error is a fault of the application or of the test, not a
	// refusal.
	SignIn func(p Person) (credential string, err error)
	// Alive reports whether the application accepts the credential in a request of
	// the user.
	Alive func(credential string) (bool, error)
}

// Person is a user as a login sees one. A login by password uses UserName and
// Password; a callback of single sign-on gets ExternalID as subject, and Email and
// UserName as claims. Passwords of all persons are equal, since single sign-on has
// none.
type Person struct {
	ID         string // of the SCIM resource
	UserName   string
	ExternalID string
	Email      string
	Password   string
}

// Run runs each case as a subtest, one after the other. A failure says what did
// not happen, and what to do. Parts that a nil field leaves out are logged as not
// proven.
func (l Leaver) Run(t *testing.T) {
	t.Helper()
	if err := l.check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range leaverCases {
		if missing := c.missing(l); missing != "" {
			t.Logf("not proven: %s: %s", c.name, missing)
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if err := c.prove(&leaving{Leaver: l, t: t}); err != nil {
				t.Error(err)
			}
		})
	}
}

// check returns what the application did not declare, or nil.
func (l Leaver) check() error {
	if l.Handler == nil || l.Token == "" {
		return fmt.Errorf("scimtest.Leaver: Handler and Token are required")
	}
	if len(l.Access) == 0 {
		return fmt.Errorf("scimtest.Leaver: Access is empty: name every way into the application")
	}
	for _, a := range l.Access {
		if a.Name == "" || a.SignIn == nil || a.Alive == nil {
			return fmt.Errorf("scimtest.Leaver: Access %q needs a name, SignIn and Alive", a.Name)
		}
	}
	return nil
}

// leaverCase is one case of [Leaver.Run].
type leaverCase struct {
	name  string
	needs func(l Leaver) string // what the application did not declare; nil for nothing
	prove func(l *leaving) error
}

func (c leaverCase) missing(l Leaver) string {
	if c.needs == nil {
		return ""
	}
	return c.needs(l)
}

func needsFail(l Leaver) string {
	if l.Fail == nil {
		return "Leaver.Fail is nil, so no failure of the end of access was tried"
	}
	return ""
}

func needsStart(l Leaver) string {
	if l.Start == nil {
		return "Leaver.Start is nil, so no process was killed"
	}
	return ""
}

// fault is what a case found.
type fault struct{ found, remedy string }

func (f *fault) Error() string { return f.found + "\nWhat to do: " + f.remedy }

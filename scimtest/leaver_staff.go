package scimtest

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/seed5f3efb56/scim/schema"
)

// leaving is a running case.
type leaving struct {
	Leaver
	t *testing.T
}

// member is a user with the credentials that it got.
type member struct {
	Person
	former []Person // the person under earlier names
	held   []held
}

// held is a credential of an access.
type held struct {
	Access
	credential string
}

const usersOfItsOwn = "let the provider create users; see Leaver.Domain and Leaver.Members for what the application requires of them"

const succeedWhenEnded = "let Hooks.Revoke and Hooks.EndSessions succeed if nothing is left to end, and end what is left"

const leaverPassword = "Correct-horse-7-battery"

// person returns a new person. name is the beginning of its userName.
func (l *leaving) person(name string) Person {
	domain := l.Domain
	if domain == "" {
		domain = "example.com"
	}
	unique := strings.ToLower(rand.Text()[:10])
	return Person{
		UserName:   name + "." + unique + "@" + domain,
		ExternalID: "subject-" + unique,
		Email:      name + "." + unique + ".mail@" + domain,
		Password:   leaverPassword,
	}
}

// json returns the JSON of a user.
func (l *leaving) json(p Person, active string) string {
	return User(p.UserName, slices.Concat([]string{
		`"active":` + active,
		`"externalId":` + quote(p.ExternalID),
		`"displayName":"Ada Weiss"`,
		`"name":{"givenName":"Ada","familyName":"Weiss","formatted":"Ada Weiss"}`,
		`"emails":[{"value":` + quote(p.Email) + `,"type":"work","primary":true}]`,
	}, l.Members)...)
}

// withPassword adds the person's password to the JSON of a user.
func withPassword(user string, p Person) string {
	return strings.TrimSuffix(user, "}") + `,"password":` + quote(p.Password) + "}"
}

// create provisions a person.
func (l *leaving) create(p Person) (*member, *answer) {
	got := l.inProcess().send(request{http.MethodPost, "/Users", withPassword(l.json(p, "true"), p)})
	p.ID = got.id
	return &member{Person: p}, got
}

// hire provisions a new person, who then signs in twice by each access.
func (l *leaving) hire(name string) (*member, error) {
	m, got := l.create(l.person(name))
	if got.status != http.StatusCreated {
		return nil, got.unexpected("a new user was not created", usersOfItsOwn)
	}
	return m, l.signIn(m)
}

// signIn signs a member in twice by each access, which must succeed.
func (l *leaving) signIn(m *member) error {
	for _, a := range l.Access {
		for range 2 {
			credential, err := a.SignIn(m.Person)
			if err != nil {
				return signInFailed(a, m.Person, err)
			}
			if credential == "" {
				return &fault{
					fmt.Sprintf("%s: %s is active, and the application refused the sign-in", a.Name, m.UserName),
					"find the account by its key (the ,key column of userName) or by externalId, among the accounts that are not deleted, and look at Access.SignIn of the test",
				}
			}
			m.held = append(m.held, held{a, credential})
		}
	}
	return l.alive(m)
}

func signInFailed(a Access, p Person, err error) error {
	return &fault{fmt.Sprintf("%s: the sign-in of %s failed: %v", a.Name, p.UserName, err), `let Access.SignIn return "" and no error for a refusal, and mend other errors`}
}

// alive demands that all credentials of a member are accepted.
func (l *leaving) alive(m *member) error {
	for _, h := range m.held {
		ok, err := h.Alive(h.credential)
		if err != nil {
			return aliveFailed(h, m, err)
		}
		if !ok {
			return &fault{
				fmt.Sprintf("%s: %s is active, and the application does not accept the credential that it gave out", h.Name, m.UserName),
				"end only the access of the user that the event names, and look at Access.Alive of the test",
			}
		}
	}
	return nil
}

func aliveFailed(h held, m *member, err error) error {
	return &fault{fmt.Sprintf("%s: a request of %s failed: %v", h.Name, m.UserName, err), "let Access.Alive return false and no error for a credential that is not accepted, and mend other errors"}
}

// accepted returns the first credential of a member that is accepted, or nil.
func (l *leaving) accepted(m *member) (*held, error) {
	for _, h := range m.held {
		ok, err := h.Alive(h.credential)
		if err != nil {
			return nil, aliveFailed(h, m, err)
		}
		if ok {
			return &h, nil
		}
	}
	return nil, nil
}

// out demands that a member is out: no credential is accepted, no sign-in succeeds.
// when says what happened before, as the beginning of a sentence; remedy is that
// for a credential which is accepted.
func (l *leaving) out(when string, m *member, remedy string) error {
	if err := l.ended(when, m, remedy); err != nil {
		return err
	}
	return l.refused(when, m)
}

// What an application has to do if access did not end.
const (
	endAll     = "end every access of the user: in Hooks.EndSessions what is in the database of the write, in Hooks.Revoke what is elsewhere (keys, tokens, caches); find it by the id of the account, not by a name; let no cache answer for a credential that ended"
	endForGood = "end access for good when the user leaves, instead of a look at active in each request, and bind it to the id of the account, not to a name"
	lockLogin  = "lock the account's row while a session is written in the same database, and look at active under the lock; look at active once more after a key or a session elsewhere was written (docs/lifecycle.md, the login rule)"
	reportAll  = "return the error from the hook; without it the provider is told that the access ended"
	keepIntent = "keep the pending revocations (Config.Outbox) in the database of the users, and let Hooks.Revoke end everything that still is, each time"
)

// ended demands that no credential of a member is accepted.
func (l *leaving) ended(when string, m *member, remedy string) error {
	h, err := l.accepted(m)
	if err != nil || h == nil {
		return err
	}
	return &fault{
		fmt.Sprintf("%s, and the %s of %s from before is still accepted", when, h.Name, m.UserName),
		remedy,
	}
}

// refused demands that a member cannot sign in, under any name and spelling.
func (l *leaving) refused(when string, m *member) error {
	for _, p := range append([]Person{m.Person}, m.former...) {
		for _, name := range spellings(p.UserName) {
			p.UserName = name
			for _, a := range l.Access {
				credential, err := a.SignIn(p)
				if err != nil {
					return signInFailed(a, p, err)
				}
				if credential != "" {
					return &fault{
						fmt.Sprintf("%s, and %s signed in as %q (%s)", when, m.UserName, p.UserName, a.Name),
						"a login finds the account by its key (schema.FoldKey, the ,key column) or by externalId, never by an e-mail address; it refuses an account that is inactive or deleted, and creates none for a person who was removed",
					}
				}
			}
		}
	}
	return nil
}

// spellings returns a name in spellings that SCIM compares as equal.
func spellings(name string) []string {
	list := []string{name}
	for _, other := range []string{strings.ToUpper(name), strings.Replace(name, "ss", "ß", 1), strings.Replace(name, "a", "ａ", 1)} {
		if schema.FoldKey(other) == schema.FoldKey(name) && !slices.Contains(list, other) {
			list = append(list, other)
		}
	}
	return list
}

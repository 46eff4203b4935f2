package scim_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// signIn returns the id of the user for whom SignIn called its function.
func (w *world) signIn(tenant string, p scim.Person) (id string, err error) {
	err = w.h.SignIn(context.Background(), tenant, p, func(_ context.Context, user *schema.Resource) error {
		id = user.ID
		return nil
	})
	return id, err
}

// refused requires that SignIn returns an error and does not call its function.
func (w *world) refused(want error, p scim.Person) {
	w.Helper()
	id, err := w.signIn("", p)
	require.ErrorIs(w, err, want, "%+v", p)
	require.ErrorIs(w, err, scim.ErrSignInRefused)
	require.Empty(w, id, "the function was called")
}

func TestSignInFindsUserByEachKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	path := w.user("Élodie@example.com", `"externalId":"00u1"`, `"emails":[{"value":"other@example.com"}]`)
	id := scimtest.ID(path)
	w.user("else", `"externalId":"00u2"`)
	for _, p := range []scim.Person{
		{ID: id}, {ExternalID: "00u1"}, {Subject: "00u1"},
		{UserName: "Élodie@example.com"}, {UserName: "e\u0301LODIE@EXAMPLE.COM"},
	} {
		got, err := w.signIn("", p)
		require.NoError(t, err, "%+v", p)
		require.Equal(t, id, got, "%+v", p)
	}
	for _, p := range []scim.Person{
		{ExternalID: "00U1"}, {Subject: "00u"}, {ID: id + "0"}, {UserName: "elodie@example.com"}, {UserName: "other@example.com"},
		{ExternalID: "other@example.com"}, {UserName: "00u1"}, {UserName: "a\x00"}, {ExternalID: "\xff"},
	} {
		w.refused(scim.ErrUnknownOrDeleted, p)
	}
}

func TestSignInWantsOneKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.user("a", `"externalId":"1"`)
	for _, p := range []scim.Person{{}, {UserName: "a", ExternalID: "1"}, {Subject: "1", ExternalID: "1"}} {
		_, err := w.signIn("", p)
		require.ErrorContains(t, err, "exactly one key")
	}
}

func TestSignInTellsRemovedUsersFromUnknownOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keep)
	keys := func(path, name, external string) []scim.Person {
		return []scim.Person{{ID: scimtest.ID(path)}, {UserName: name}, {ExternalID: external}, {Subject: external}}
	}
	for _, end := range []struct {
		want error
		do   func(path string)
	}{
		{scim.ErrInactive, func(path string) { w.patch(200, path, deactivate) }},
		{scim.ErrInactive, func(path string) {
			w.do(200, "PUT", path, scimtest.User("ada", `"externalId":"1"`, `"active":false`))
		}},
		{scim.ErrDeleted, func(path string) { w.gone(path) }},
	} {
		for _, p := range keys("/Users/none", "ada", "1") {
			w.refused(scim.ErrUnknownUser, p)
		}
		path := w.user("ada", `"externalId":"1"`)
		end.do(path)
		for _, p := range keys(path, "ADA", "1") {
			w.refused(end.want, p)
		}
		w.refused(scim.ErrUnknownUser, scim.Person{ExternalID: "2"})
		if end.want != scim.ErrDeleted {
			w.gone(path)
		}
		_, err := w.users.(store.Purger).Purge(context.Background(), epoch.Add(time.Hour), 10)
		require.NoError(t, err)
	}
}

// A live user has the key of one that was deleted.
func TestSignInPrefersLiveUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, keep)
	w.gone(w.user("ada", `"externalId":"1"`))
	path := w.user("ada", `"externalId":"1"`)
	for _, p := range []scim.Person{{UserName: "ada"}, {ExternalID: "1"}} {
		got, err := w.signIn("", p)
		require.NoError(t, err)
		require.Equal(t, scimtest.ID(path), got)
	}
}

func TestSignInWithDeactivateOnDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) { c.Endpoints[0].OnDelete = scim.DeactivateOnDelete })
	w.gone(w.user("ada"))
	w.refused(scim.ErrInactive, scim.Person{UserName: "ada"})
}

// A store that cannot tell whether a user was deleted never makes SignIn answer
// that the user is unknown.
func TestSignInWithoutTombstones(t *testing.T) {
	t.Parallel()
	for name, adjust := range map[string]func(*world, *scim.Config){
		"the store deletes for good": nil,
		"the store cannot find them": func(w *world, c *scim.Config) {
			keep(w, c)
			c.Endpoints[0].Store = forgetful{w.users}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, adjust)
			w.gone(w.user("ada", `"externalId":"1"`))
			w.refused(scim.ErrUnknownOrDeleted, scim.Person{UserName: "ada"})
			w.refused(scim.ErrUnknownOrDeleted, scim.Person{ExternalID: "1"})
			w.refused(scim.ErrUnknownOrDeleted, scim.Person{UserName: "never"})
		})
	}
}

// forgetful is a store that does not find its tombstones.
type forgetful struct{ store.Store }

func (f forgetful) Describe() store.Capabilities { return store.Describe(f.Store) }

func (f forgetful) FindDeleted(context.Context, schema.AttrPath, schema.Value) (bool, error) {
	return false, errors.ErrUnsupported
}

// The tombstones of a store within wrappers are found.
func TestSignInThroughWrapper(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		keep(w, c)
		c.Endpoints[0].Store = wrapped{w.users}
	})
	w.gone(w.user("ada"))
	w.refused(scim.ErrDeleted, scim.Person{UserName: "ada"})
}

func TestSignInRefusesAmbiguousKey(t *testing.T) {
	t.Parallel()
	for name, adjust := range map[string]func(*world, *scim.Config){
		"the store filters": nil,
		"pages of one resource": func(_ *world, c *scim.Config) {
			c.Limits.PageBytes = 1
		},
		"the library filters": func(w *world, c *scim.Config) {
			c.Endpoints[0].Store = plain{w.users}
			c.Limits.PageBytes = 1
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, adjust)
			w.user("a", `"externalId":"1"`)
			b := w.user("b", `"externalId":"1"`)
			w.patch(200, b, deactivate)
			w.user("c", `"externalId":"2"`)
			w.refused(scim.ErrAmbiguousUser, scim.Person{ExternalID: "1"})
			w.refused(scim.ErrAmbiguousUser, scim.Person{Subject: "1"})
			_, err := w.signIn("", scim.Person{UserName: "a"})
			require.NoError(t, err)
		})
	}
}

// plain is a store that declares no capabilities but versions.
type plain struct{ store.Store }

func (plain) Describe() store.Capabilities { return store.Capabilities{Versions: true} }

func TestSignInWithinTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		keep(w, c)
		token := scim.HashToken("okta", "secret")
		token.Tenant = "a"
		c.Auth = scim.BearerTokens(token)
	})
	path := w.user("ada", `"externalId":"1"`)
	for _, p := range []scim.Person{{UserName: "ada"}, {ExternalID: "1"}, {ID: scimtest.ID(path)}} {
		_, err := w.signIn("a", p)
		require.NoError(t, err)
		for _, tenant := range []string{"", "b"} {
			_, err = w.signIn(tenant, p)
			require.ErrorIs(t, err, scim.ErrUnknownUser)
		}
	}
	w.gone(path)
	_, err := w.signIn("a", scim.Person{UserName: "ada"})
	require.ErrorIs(t, err, scim.ErrDeleted)
	_, err = w.signIn("b", scim.Person{UserName: "ada"})
	require.ErrorIs(t, err, scim.ErrUnknownUser)
}

// Without a value of active a user is active, and no event has ended a session.
func TestSignInWithoutActive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.do(201, "POST", "/Users", scimtest.User("ada"))
	_, err := w.signIn("", scim.Person{UserName: "ada"})
	require.NoError(t, err)
}

func TestSignInFunctionIsPartOfTheTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	path := w.user("ada")
	var group *schema.Resource
	create := func(result error) error {
		return w.h.SignIn(context.Background(), "", scim.Person{UserName: "ada"}, func(ctx context.Context, user *schema.Resource) error {
			require.Equal(t, scimtest.ID(path), user.ID)
			require.Equal(t, "ada", user.Attributes.Get(schema.User.Attribute("userName")).Text())
			name := (&schema.Object{}).With(schema.Group.Attribute("displayName"), schema.String("g"))
			group = &schema.Resource{Type: schema.GroupType, ID: user.ID + "-g", Created: epoch, LastModified: epoch, Attributes: name}
			_, err := w.groups.Create(ctx, &store.Change{ID: group.ID, After: group, At: epoch})
			require.NoError(t, err)
			return result
		})
	}
	failed := errors.New("the session table is full")
	require.Equal(t, failed, create(failed))
	w.do(404, "GET", "/Groups/"+group.ID, "")
	require.NoError(t, create(nil))
	w.do(200, "GET", "/Groups/"+group.ID, "")
}

func TestSignInNeedsTransactionsAndActive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, c *scim.Config) { c.Tx, c.Outbox = nil, nil })
	w.user("ada")
	_, err := w.signIn("", scim.Person{UserName: "ada"})
	require.ErrorContains(t, err, "SignIn needs Config.Tx")

	w = newWorld(t, func(w *world, c *scim.Config) { c.Endpoints = c.Endpoints[1:] })
	_, err = w.signIn("", scim.Person{UserName: "ada"})
	require.ErrorContains(t, err, "SignIn needs an endpoint of users")
}

// people is a type of users with an attribute for the subject of single sign-on.
func people(t *testing.T) *schema.ResourceType {
	login, err := schema.New(schema.Schema{ID: "urn:example:Login", Name: "Login", Attributes: []*schema.Attribute{
		{Name: "subject", CaseExact: true}, {Name: "folded"}, {Name: "number", Type: schema.TypeInteger},
	}})
	require.NoError(t, err)
	typ, err := schema.NewResourceType(schema.ResourceType{
		Name: "User", Endpoint: "/Users", Schema: schema.User, Extensions: []schema.Extension{{Schema: login}},
	})
	require.NoError(t, err)
	return typ
}

func TestSignInBySubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, c *scim.Config) {
		typ := people(w.T)
		c.Endpoints = []scim.Endpoint{{Type: typ, Store: w.db.Store(typ)}}
		c.Subject = "urn:example:Login:subject"
	})
	path := w.user("ada", `"externalId":"1"`, `"urn:example:Login":{"subject":"s1"}`)
	got, err := w.signIn("", scim.Person{Subject: "s1"})
	require.NoError(t, err)
	require.Equal(t, scimtest.ID(path), got)
	w.refused(scim.ErrUnknownOrDeleted, scim.Person{Subject: "1"})
	w.refused(scim.ErrUnknownOrDeleted, scim.Person{Subject: "S1"})
	_, err = w.signIn("", scim.Person{ExternalID: "1"})
	require.NoError(t, err)
}

func TestNewRejectsSubject(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"emails.value":             "an e-mail address is not a subject",
		"phoneNumbers.value":       "has several values",
		"userName":                 "is not a string that is compared byte for byte",
		"urn:example:Login:folded": "is not a string that is compared byte for byte",
		"urn:example:Login:number": "is not a string that is compared byte for byte",
		"password":                 "is not a string that is compared byte for byte",
		"sub":                      `users have no attribute "sub"`,
	} {
		db, typ := memstore.New(), people(t)
		c := scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("okta", "secret")), Tx: db,
			Endpoints: []scim.Endpoint{{Type: typ, Store: db.Store(typ)}}, Subject: "urn:example:Login:subject",
		}
		_, err := scim.New(c)
		require.NoError(t, err)
		c.Subject = path
		_, err = scim.New(c)
		require.ErrorContains(t, err, want)
	}
}

// sessions are sessions outside of the store.
type sessions struct {
	mu   sync.Mutex
	live map[string]int // by id of the user
}

func (s *sessions) begin(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live[id]++
}

func (s *sessions) end(_ context.Context, e *event.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, e.ResourceID)
	return nil
}

func (s *sessions) count(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[id]
}

// leave has the requests that end the access of a user.
var leave = map[string]func(w *world, path string) int{
	"PATCH": func(w *world, path string) int {
		return send(w.h, "PATCH", path, scimtest.PatchOp(deactivate)).Code
	},
	"PUT": func(w *world, path string) int {
		return send(w.h, "PUT", path, scimtest.User("ada", `"active":false`)).Code
	},
	"DELETE": func(w *world, path string) int { return send(w.h, "DELETE", path, "").Code },
}

// survivors returns how many sessions a user has after a request that ends access
// arrived while enter was about to begin a session, and had some time to end.
func survivors(t *testing.T, patience time.Duration, request func(*world, string) int, enter func(w *world, path string, begin func()) error) int {
	s := &sessions{live: map[string]int{}}
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Hooks.Revoke = s.end
	})
	path := w.user("ada")
	ended := make(chan int, 1)
	err := enter(w, path, func() {
		go func() { ended <- request(w, path) }()
		select { // a login without the lock is overtaken here
		case code := <-ended:
			ended <- code
		case <-time.After(patience):
		}
		s.begin(scimtest.ID(path))
	})
	require.NoError(t, err)
	require.Less(t, <-ended, 300)
	return s.count(scimtest.ID(path))
}

// A deactivation that arrives while a session is made ends the session. A login
// that only looks at the user before is the counter-example.
func TestSignInHoldsOffDeactivation(t *testing.T) {
	t.Parallel()
	for name, request := range leave {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Zero(t, survivors(t, 20*time.Millisecond, request, func(w *world, path string, begin func()) error {
				return w.h.SignIn(context.Background(), "", scim.Person{UserName: "ada"}, func(context.Context, *schema.Resource) error {
					begin()
					return nil
				})
			}))
			require.NotZero(t, survivors(t, 10*time.Second, request, func(w *world, path string, begin func()) error {
				_, err := w.users.Get(context.Background(), scimtest.ID(path), store.GetOptions{})
				begin()
				return err
			}), "the test does not find a login without a lock")
		})
	}
}

// Logins and deactivations at the same time leave no session.
func TestConcurrentSignIns(t *testing.T) {
	t.Parallel()
	for name, request := range leave {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 30 {
				s := &sessions{live: map[string]int{}}
				w := newWorld(t, func(_ *world, c *scim.Config) { c.Hooks.EndSessions = s.end })
				path := w.user("ada")
				var wg sync.WaitGroup
				for range 4 {
					wg.Add(1)
					go func() {
						defer wg.Done()
						for err := error(nil); err == nil; {
							err = w.h.SignIn(context.Background(), "", scim.Person{UserName: "ada"}, func(_ context.Context, user *schema.Resource) error {
								s.begin(user.ID)
								return nil
							})
						}
					}()
				}
				require.Less(t, request(w, path), 300)
				wg.Wait()
				require.Zero(t, s.count(scimtest.ID(path)))
			}
		})
	}
}

package scim_test

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/event"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// pickyGroups is a store of groups that keeps only existing users as members, as
// a foreign key does.
type pickyGroups struct {
	store.MemberStore
	users store.Store
}

func (s pickyGroups) Unwrap() store.Store { return s.MemberStore }

func (s pickyGroups) PutMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	var known []schema.Member
	for _, m := range c.Members.Add {
		if _, err := s.users.Get(ctx, m.Value, store.GetOptions{}); err == nil {
			known = append(known, m)
		}
	}
	kept := *c
	kept.Members = &schema.MemberDelta{Add: known}
	return s.MemberStore.PutMembers(ctx, &kept)
}

func TestCreatedGroupReportsStoredMembersOnly(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := db.Store(schema.UserType)
	var joined []schema.Member
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Users(users), scim.Groups(pickyGroups{db.Store(schema.GroupType).(store.MemberStore), users})},
		Hooks: scim.Hooks{Before: func(_ context.Context, e *event.Event) error {
			if e.Kind == event.MembersChanged {
				joined = e.Members.Add
			}
			return nil
		}},
	})
	require.NoError(t, err)
	ann := made(t, h, "/Users", scimtest.User("ann"))
	made(t, h, "/Groups", scimtest.Group("Admins", `"members":[{"value":"`+ann+`"},{"value":"not-hired-yet"}]`))
	require.Equal(t, []schema.Member{{Value: ann, Type: "User"}}, joined)
}

func TestHooksThatEndAccessNeedActive(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	userName := *schema.User.Attribute("userName")
	core, err := schema.New(schema.Schema{ID: schema.UserURI, Name: "User", Attributes: []*schema.Attribute{&userName}})
	require.NoError(t, err)
	reduced, err := schema.NewResourceType(schema.ResourceType{Name: "User", Endpoint: "/Users", Schema: core})
	require.NoError(t, err)
	hook := func(context.Context, *event.Event) error { return nil }
	for _, endpoints := range [][]scim.Endpoint{
		{{Type: reduced, Store: db.Store(reduced)}},
		{scim.Groups(db.Store(schema.GroupType))},
	} {
		_, err := scim.New(scim.Config{
			BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: db, Endpoints: endpoints,
			Hooks: scim.Hooks{EndSessions: hook},
		})
		require.ErrorContains(t, err, "attribute active")
	}
}

// vanishing is a store of groups that deletes a group between the list and the
// read of its members.
type vanishing struct {
	store.MemberStore
	gone string
}

func (s *vanishing) Unwrap() store.Store { return s.MemberStore }

func (s *vanishing) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	if id == s.gone {
		return func(yield func(schema.Member, error) bool) { yield(schema.Member{}, store.ErrNotFound) }
	}
	return s.MemberStore.Members(ctx, id)
}

func TestListSucceedsWhileAGroupIsDeleted(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	groups := &vanishing{MemberStore: db.Store(schema.GroupType).(store.MemberStore)}
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{scim.Groups(groups)},
	})
	require.NoError(t, err)
	made(t, h, "/Groups", scimtest.Group("a"))
	groups.gone = made(t, h, "/Groups", scimtest.Group("b", `"members":[{"value":"x"}]`))
	for _, path := range []string{"/Groups", "/Groups?filter=members.display+co+%22x%22"} {
		w := send(h, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	}
}

func TestDefaultKeepsSentValues(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	users := scim.Users(db.Store(schema.UserType))
	users.Default = func(_ context.Context, _ *scim.Principal, o *schema.Object) *schema.Object {
		return o.With(schema.User.Attribute("active"), schema.Value{})
	}
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Auth: scim.BearerTokens(scim.HashToken("test", "secret")), Tx: db, Logger: slog.New(slog.DiscardHandler),
		Endpoints: []scim.Endpoint{users},
	})
	require.NoError(t, err)
	w := send(h, http.MethodPost, "/Users", scimtest.User("ann", `"active":false`))
	require.Equal(t, http.StatusCreated, w.Code)
	require.Contains(t, w.Body.String(), `"active":false`)
}

func TestBaseURLOfAPrincipalIsChecked(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h, err := scim.New(scim.Config{
		BaseURL: scimtest.BaseURL, Tx: db, Logger: slog.New(slog.DiscardHandler),
		Auth: scim.AuthenticatorFunc(func(r *http.Request) (*scim.Principal, error) {
			return &scim.Principal{BaseURL: r.Header.Get("X-Base")}, nil
		}),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType))},
	})
	require.NoError(t, err)
	for base, status := range map[string]int{"https://other.example.com/v2/": 200, "": 200, "/v2": 500, "v2": 500, "ftp://x/": 500} {
		r := httptest.NewRequest("GET", scimtest.BaseURL+"/Users?filter=manager.$ref+pr", nil)
		r.URL.RawQuery = "filter=" + scimtest.Query(schema.EnterpriseUserURI+`:manager.$ref eq "Users/1"`)
		r.Header.Set("X-Base", base)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, status, w.Code, "%q: %s", base, w.Body)
	}
}

// reducedUsers is a store with another resource type.
type reducedUsers struct {
	store.Store
	typ *schema.ResourceType
}

func (s reducedUsers) Type() *schema.ResourceType { return s.typ }

// A store on a table with few columns, served as a full user, would answer 200
// to attributes that it drops.
func TestNewRejectsStoreOfAnotherType(t *testing.T) {
	t.Parallel()
	core, err := schema.New(schema.Schema{ID: schema.UserURI, Name: "User", Attributes: []*schema.Attribute{schema.User.Attribute("userName")}})
	require.NoError(t, err)
	reduced, err := schema.NewResourceType(schema.ResourceType{Name: "User", Endpoint: "/Users", Schema: core})
	require.NoError(t, err)
	db := memstore.New()
	users := reducedUsers{db.Store(reduced), reduced}
	cfg := scim.Config{BaseURL: scimtest.BaseURL, Auth: scim.InsecureNoAuthentication(), Tx: db, Endpoints: []scim.Endpoint{{Type: schema.UserType, Store: users}}}
	_, err = scim.New(cfg)
	require.ErrorContains(t, err, "type of its own")
	cfg.Endpoints = []scim.Endpoint{scim.Users(users)}
	_, err = scim.New(cfg)
	require.NoError(t, err)
}

// unreadGroups is a store of groups whose members must not be read.
type unreadGroups struct{ store.MemberStore }

func (s unreadGroups) Unwrap() store.Store { return s.MemberStore }

func (s unreadGroups) Members(context.Context, string) iter.Seq2[schema.Member, error] {
	panic("the members are read")
}

// A new group is created with its members in one call. Neither the events nor
// the audit read the members back.
func TestNewGroupReadsNoMembers(t *testing.T) {
	t.Parallel()
	var joined []schema.Member
	var audit []scim.AuditRecord
	w := newWorld(t, func(w *world, c *scim.Config) {
		c.Endpoints[1].Store = unreadGroups{w.groups}
		c.Audit = func(_ context.Context, rec scim.AuditRecord) { audit = append(audit, rec) }
		c.Hooks.Before = func(_ context.Context, e *event.Event) error {
			if e.Kind == event.MembersChanged {
				joined = e.Members.Add
			}
			return nil
		}
	})
	w.do(201, "POST", "/Groups?excludedAttributes=members", scimtest.Group("g", `"members":[{"value":"x","type":"User"}]`))
	require.Equal(t, []schema.Member{{Value: "x", Type: "User"}}, joined)
	require.Contains(t, audit[0].Changes, scim.AuditChange{Path: "members", New: `["x"]`})
}

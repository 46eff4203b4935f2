package sqlstore_test

import (
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
	"github.com/seed5f3efb56/scim/store/memstore"
)

// backend is implemented by the databases of both packages.
type backend interface {
	store.Transactor
	Store(*schema.ResourceType) store.Store
}

// serve returns a handler on a store, in the default configuration as far as it is
// not changed.
func serve(t testing.TB, db backend, auth scim.Authenticator, change ...func(*scim.Config)) http.Handler {
	cfg := scim.Config{
		BaseURL: scimtest.BaseURL, Auth: auth, Tx: db, Logger: slog.New(slog.DiscardHandler),
		Limits:    scim.Limits{Rate: math.Inf(1)}, // the kit sends thousands of requests at once
		CursorKey: []byte("the same key in all the processes"),
		Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))},
	}
	for _, f := range change {
		f(&cfg)
	}
	h, err := scim.New(cfg)
	require.NoError(t, err)
	return h
}

// tenantToken uses every token as the name of a tenant, like the authenticator of
// scimtest.
type tenantToken struct{}

func (tenantToken) Authenticate(r *http.Request) (*scim.Principal, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || !strings.HasPrefix(token, "t") {
		return nil, scim.ErrUnauthenticated
	}
	tenant, name, _ := strings.Cut(token, "/")
	client, err := scim.ParseClient(name)
	if err != nil {
		return nil, scim.ErrUnauthenticated
	}
	return &scim.Principal{Tenant: tenant, TokenID: "token of " + tenant, Client: client}, nil
}

func (tenantToken) Challenge() string { return `Bearer realm="scimtest"` }

func (tenantToken) Schemes() []scim.AuthenticationScheme {
	return []scim.AuthenticationScheme{{Type: "oauthbearertoken", Name: "Bearer Token", Description: "for tests"}}
}

// onEachHandler runs a test on a handler over every kind of store.
func onEachHandler(t *testing.T, test func(t *testing.T, c *scimtest.Client), change ...func(*scim.Config)) {
	onEach(t, func(t *testing.T, d database) {
		test(t, scimtest.NewClient(t, serve(t, d.store(t), tenantToken{}, change...), "t"))
	})
	t.Run("Memory", func(t *testing.T) {
		t.Parallel()
		test(t, scimtest.NewClient(t, serve(t, memstore.New(), tenantToken{}, change...), "t"))
	})
}

func TestConformanceOverHTTP(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		scimtest.Run(t, func(t *testing.T, auth scim.Authenticator) http.Handler { return serve(t, d.store(t), auth) })
	})
}

// M-16: POST, PUT and PATCH compare members by exact id, also a PATCH that removes
// them by value eq; other selections fold case (Z-26).
func TestMembersByExactID(t *testing.T) {
	onEachHandler(t, func(t *testing.T, c *scimtest.Client) {
		const both = `[{"value":"aB1"},{"value":"Ab1"}]`
		group := c.NewGroup("g", `"members":`+both)
		for _, write := range []func(){
			func() {},
			func() { c.Put(group, scimtest.Group("g", `"members":`+both)).Is(200) },
			func() { c.Patch(group, `{"op":"replace","path":"members","value":`+both+`}`).Is(204) },
			func() { c.Patch(group, `{"op":"remove","path":"members[value eq \"AB1\"]"}`).Is(204) },
			func() {
				c.Patch(group, `{"op":"remove","path":"members[value eq \"ab1\" or value eq \"AB1\"]"}`).Is(204)
			},
		} {
			write()
			c.Get(group).Has("members.#", "2", "members[0].value", `"aB1"`, "members[1].value", `"Ab1"`)
		}
		c.Patch(group, `{"op":"remove","path":"members[value eq \"aB1\"]"}`).Is(204)
		c.Get(group).Has("members.#", "1", "members[0].value", `"Ab1"`)
		c.Patch(group, `{"op":"remove","path":"members[value sw \"AB\"]"}`).Is(204)
		c.Get(group).Has("members", "")
	})
}

// N-14: groups that have a group of the user as a member are indirect.
func TestIndirectGroups(t *testing.T) {
	onEachHandler(t, func(t *testing.T, c *scimtest.Client) {
		user := c.NewUser("u")
		c.NewUser("other")
		inner := c.NewGroup("inner", `"members":[{"value":"`+scimtest.ID(user)+`"}]`)
		outer := c.NewGroup("outer", `"members":[{"value":"`+scimtest.ID(inner)+`"}]`)
		c.Get(user).Has("groups.#", "2", "groups[0].type", `"direct"`, "groups[1].display", `"outer"`, "groups[1].type", `"indirect"`)
		c.Filter("/Users", `groups.value eq "`+scimtest.ID(outer)+`"`).Total(1).Has("Resources[0].groups.#", "2")
	}, func(cfg *scim.Config) { cfg.IndirectGroups = 3 })
}

// N-18: the displays of members, where a client asks for them.
func TestMemberDisplays(t *testing.T) {
	onEachHandler(t, func(t *testing.T, c *scimtest.Client) {
		var refs []string
		for i := range 120 {
			refs = append(refs, `{"value":"`+scimtest.ID(c.NewUser(fmt.Sprint("u", i)))+`"}`)
		}
		group := c.NewGroup("g", `"members":[`+strings.Join(refs, ",")+`]`)
		got := c.Get(group + "?attributes=members.value,members.display").Is(200)
		for _, one := range got.Value("members").([]any) {
			m := one.(map[string]any)
			c.Get("/Users/"+m["value"].(string)).Is(200).Has("userName", fmt.Sprintf("%q", m["display"]))
		}
		c.Get(group).Has("members.#", "120", "members[0].display", "")
	})
}

// A member id that no resource has is refused if a store cannot keep it.
func TestInvalidMemberIDs(t *testing.T) {
	onEachHandler(t, func(t *testing.T, c *scimtest.Client) {
		group := c.NewGroup("g")
		for value, status := range map[string]int{
			"elsewhere": 200, strings.Repeat("x", 255): 200, "Ünï cødé": 200,
			`\u0000`: 400, `\u0001`: 400, strings.Repeat("x", 256): 400,
		} {
			got := c.Patch(group, `{"op":"add","path":"members","value":[{"value":"`+value+`"}]}`)
			require.Contains(t, []int{status, 204 + status - 200}, got.Status, value)
			if status == 400 {
				got.Fails(400, "invalidValue")
			}
		}
		c.Get(group).Is(200).Has("members.#", "3")
	})
}

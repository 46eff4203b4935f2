package scim_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store"
)

// clientNames are the kinds of clients, as tokens name them.
var clientNames = []string{"default", "strict", "interop", "ipsie-al1", "ipsie-al2"}

// profiled returns a client of each kind on one handler; adjust may be nil.
func profiled(t *testing.T, adjust func(c *scim.Config)) map[string]*scimtest.Client {
	t.Helper()
	var tokens []store.Token
	for _, name := range clientNames {
		token := scim.HashToken(name, "secret of "+name)
		token.Client = name
		tokens = append(tokens, token)
	}
	w := newWorld(t, func(_ *world, c *scim.Config) {
		c.Auth = scim.BearerTokens(tokens...)
		if adjust != nil {
			adjust(c)
		}
	})
	all := map[string]*scimtest.Client{}
	for _, name := range clientNames {
		all[name] = scimtest.NewClient(t, w.h, "secret of "+name)
	}
	return all
}

// profileRule is a rule that some clients have. try sends a request and returns the
// response. held is the status and scimType where the rule holds, loose those where
// it does not: by name of the client, "" for all others.
type profileRule struct {
	name  string
	try   func(c *scimtest.Client) *scimtest.Reply
	held  string
	by    []string
	loose map[string]string
}

var interopAndAbove = []string{"interop", "ipsie-al1", "ipsie-al2"}

func patchOf(members, op string) func(c *scimtest.Client) *scimtest.Reply {
	return func(c *scimtest.Client) *scimtest.Reply {
		path := c.NewUser(fmt.Sprintf("u%p", c), members)
		r := c.Patch(path, op)
		c.Delete(path).Is(204)
		return r
	}
}

var profileRules = []profileRule{
	{
		"RequirePath", patchOf(`"title":"t"`, `{"op":"replace","value":{"title":"x"}}`),
		"400 invalidSyntax", interopAndAbove, nil,
	},
	{
		"RequirePath: no operation of the message is carried out", func(c *scimtest.Client) *scimtest.Reply {
			path := c.NewUser(fmt.Sprintf("u%p", c), `"title":"t"`)
			r := c.Patch(path, `{"op":"replace","path":"title","value":"x"}`, `{"op":"add","value":{"nickName":"n"}}`)
			if r.Status == 400 {
				c.Get(path).Is(200).Has("title", `"t"`)
			}
			c.Delete(path).Is(204)
			return r
		}, "400 invalidSyntax", interopAndAbove, nil,
	},
	{
		"SubAttributePaths: replace", patchOf(`"emails":[{"type":"work","value":"a@x.example"}]`, `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"b@x.example"}}`),
		"400 invalidPath", interopAndAbove, nil,
	},
	{
		"SubAttributePaths: add", patchOf(`"emails":[{"type":"work","value":"a@x.example"}]`, `{"op":"add","path":"emails[type eq \"work\"]","value":{"display":"d"}}`),
		"400 invalidPath", interopAndAbove, nil,
	},
	{
		"SubAttributePaths: remove", patchOf(`"emails":[{"type":"work","value":"a@x.example"}]`, `{"op":"remove","path":"emails[type eq \"work\"]"}`),
		"400 invalidPath", interopAndAbove, nil,
	},
	{
		"SubAttributePaths: a sub-attribute may be the target", patchOf(`"emails":[{"type":"work","value":"a@x.example"}]`, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"b@x.example"}`),
		"200", clientNames, nil,
	},
	{
		"SubAttributePaths: one member can be removed", func(c *scimtest.Client) *scimtest.Reply {
			path := c.NewGroup("g", `"members":[{"value":"one"},{"value":"two"}]`)
			r := c.Patch(path, `{"op":"remove","path":"members[value eq \"one\"]"}`)
			c.Get(path).Is(200).Has("members.#", "1", "members[0].value", `"two"`)
			return r
		}, "204", clientNames, nil,
	},
	{
		"UnknownInvalidSyntax: path", patchOf(`"title":"t"`, `{"op":"add","path":"favouriteColour","value":"red"}`),
		"400 invalidSyntax", interopAndAbove, map[string]string{"": "400 invalidPath"},
	},
	{
		"UnknownInvalidSyntax: sub-attribute of a path", patchOf(`"title":"t"`, `{"op":"add","path":"name.nick","value":"red"}`),
		"400 invalidSyntax", interopAndAbove, map[string]string{"": "400 invalidPath"},
	},
	{
		"UnknownInvalidSyntax: path with an unknown schema URI", patchOf(`"title":"t"`, `{"op":"add","path":"urn:example:x:colour","value":"red"}`),
		"400 invalidSyntax", interopAndAbove, map[string]string{"": "400 invalidPath"},
	},
	{
		"UnknownInvalidSyntax: schema URI of a value", patchOf(`"title":"t"`, `{"op":"add","path":"schemas","value":["urn:example:x"]}`),
		"400 invalidSyntax", interopAndAbove, map[string]string{"default": "200", "strict": "400 invalidValue"},
	},
	{
		"UnknownInvalidSyntax: a path that is none stays invalidPath", patchOf(`"title":"t"`, `{"op":"add","path":"a b","value":"red"}`),
		"400 invalidPath", clientNames, nil,
	},
	{
		"UnknownAttributes: an unknown attribute of a body", post(scimtest.User("", `"userName":"x"`, `"favouriteColour":"red"`)),
		"201", []string{"default"}, map[string]string{"": "400 invalidSyntax"},
	},
	{
		"UnknownAttributes: an unknown schema URI of a body", post(`{"schemas":["` + schema.UserURI + `","urn:example:x"],"userName":"x"}`),
		"201", []string{"default"}, map[string]string{"": "400 invalidSyntax"},
	},
	{
		"a filter on an unknown attribute", func(c *scimtest.Client) *scimtest.Reply { return c.Filter("/Users", `favouriteColour eq "red"`) },
		"400 invalidFilter", clientNames, nil,
	},
	{
		"PublishedPassword: body", post(scimtest.User("x", `"password":"t1meMa$heen"`)),
		"400 invalidSyntax", interopAndAbove, map[string]string{"": "201"},
	},
	{
		"PublishedPassword: path", patchOf(`"title":"t"`, `{"op":"replace","path":"password","value":"t1meMa$heen"}`),
		"400 invalidSyntax", interopAndAbove, nil,
	},
	{
		"PublishedPassword: attributes", func(c *scimtest.Client) *scimtest.Reply { return c.Get("/Users?attributes=password") },
		"400 invalidValue", interopAndAbove, nil,
	},
	{
		"PublishedPassword: filter", func(c *scimtest.Client) *scimtest.Reply { return c.Filter("/Users", `password eq "x"`) },
		"400 invalidFilter", clientNames, nil,
	},
}

// post creates a resource and deletes it again.
func post(body string) func(c *scimtest.Client) *scimtest.Reply {
	body = strings.Replace(body, `"userName":"",`, "", 1)
	return func(c *scimtest.Client) *scimtest.Reply {
		r := c.Post("/Users", body)
		if r.Status == 201 {
			c.Delete("/Users/" + r.String("id")).Is(204)
		}
		return r
	}
}

// Every rule of a profile is carried out for the clients that have it, and only
// for them.
func TestRulesOfProfiles(t *testing.T) {
	t.Parallel()
	for _, rule := range profileRules {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			for name, c := range profiled(t, nil) {
				want, listed := rule.loose[name]
				if !listed {
					want = rule.loose[""]
				}
				if want == "" {
					want = "200"
				}
				if slices.Contains(rule.by, name) {
					want = rule.held
				}
				r := rule.try(c)
				scimType, _ := r.Value("scimType").(string)
				require.Equal(t, want, strings.TrimSpace(fmt.Sprint(r.Status, " ", scimType)), "%s: %s", name, r.Text)
			}
		})
	}
}

// Replace of a complex attribute unassigns what the value does not have, for the
// interop profile; otherwise it is merged (RFC 7644 §3.5.2.3). Immutable and
// readOnly sub-attributes stay, and an extension is no value.
func TestReplaceOfComplexAttributes(t *testing.T) {
	t.Parallel()
	for name, c := range profiled(t, nil) {
		whole := slices.Contains(interopAndAbove, name)
		family, division := `"F"`, `"D"`
		if whole {
			family = ""
		}
		path := c.NewUser(name, `"name":{"givenName":"G","familyName":"F"}`, `"`+schema.EnterpriseUserURI+`":{"department":"A","division":"D"}`)
		c.Patch(path, `{"op":"replace","path":"name","value":{"givenName":"H"}}`).Is(200).Has("name.givenName", `"H"`, "name.familyName", family)
		c.Patch(path, `{"op":"add","path":"name","value":{"middleName":"M"}}`).Is(200).Has("name.givenName", `"H"`, "name.middleName", `"M"`)
		c.Patch(path, `{"op":"replace","path":"`+schema.EnterpriseUserURI+`","value":{"department":"B"}}`).Is(200).
			Has("['"+schema.EnterpriseUserURI+"'].department", `"B"`, "['"+schema.EnterpriseUserURI+"'].division", division)
	}
}

// A page has at most 1,000 resources for AL2, whatever the limit; the document says so.
func TestPagesOfProfiles(t *testing.T) {
	t.Parallel()
	all := profiled(t, func(c *scim.Config) { c.Limits.MaxResults, c.Limits.PageSize = 2000, 1500 })
	for i := range 1001 {
		all["default"].NewUser(fmt.Sprint("user", i))
	}
	for name, c := range all {
		page, most := 1001, "2000"
		if name == "ipsie-al2" {
			page, most = 1000, "1000"
		}
		for _, query := range []string{"attributes=id", "attributes=id&count=1500", "attributes=id&count=1500&cursor="} {
			require.Len(t, c.Get("/Users?"+query).Is(200).Value("Resources"), page, "%s %s", name, query)
		}
		require.Len(t, c.Post("/Users/.search", `{"schemas":["`+scim.SearchURI+`"],"count":1500,"attributes":["id"]}`).Is(200).Value("Resources"), page, name)
		c.Get("/ServiceProviderConfig").Is(200).Has("filter.maxResults", most, "pagination.maxPageSize", most)
	}
}

// The schema has the password of users only where it is kept, and not for AL2,
// which refuses it also there.
func TestPasswordIsPublishedWhereItIsKept(t *testing.T) {
	t.Parallel()
	kept := 0
	setPassword := func(c *scim.Config) {
		c.SetPassword = func(context.Context, *schema.Resource, schema.Secrets) error { kept++; return nil }
	}
	published := func(c *scimtest.Client) bool {
		one, list := c.Get("/Schemas/"+schema.UserURI).Is(200), c.Get("/Schemas").Is(200)
		has := strings.Contains(one.Text, `"name":"password"`)
		require.Equal(t, has, strings.Contains(list.Text, `"name":"password"`))
		c.Get("/ServiceProviderConfig").Has("changePassword.supported", fmt.Sprint(has))
		return has
	}
	for name, c := range profiled(t, nil) {
		require.False(t, published(c), name)
	}
	for name, c := range profiled(t, setPassword) {
		want, status := name != "ipsie-al2", 201
		if !want {
			status = 400
		}
		require.Equal(t, want, published(c), name)
		kept = 0
		c.Post("/Users", scimtest.User(name, `"password":"t1meMa$heen"`)).Is(status)
		require.Equal(t, want, kept == 1, name)
	}
	require.NotNil(t, schema.User.Password(), "the schema of the package stays as it is")
}

// The look-ups of IPSIE AL1 and AL2.
func TestLookupsOfIPSIE(t *testing.T) {
	t.Parallel()
	for _, name := range interopAndAbove {
		c := profiled(t, nil)[name]
		user := scimtest.ID(c.NewUser("Ada", `"externalId":"X-1"`, `"emails":[{"type":"work","value":"ada@x.example"},{"type":"home","value":"ada@y.example"}]`))
		c.NewUser("Bob", `"externalId":"x-1"`, `"emails":[{"type":"home","value":"ada@x.example2"}]`)
		group := scimtest.ID(c.NewGroup("Staff", `"externalId":"G-1"`, `"members":[{"value":"`+user+`"}]`))
		c.NewGroup("Empty")
		for filter, want := range map[string][]string{
			`userName eq "ada"`:                                   {user},
			`userName eq "nobody"`:                                {},
			`externalId eq "X-1"`:                                 {user},
			`externalId eq "X-2"`:                                 {},
			`emails[value eq "ada@x.example"]`:                    {user},
			`emails[type eq "work" and value eq "ada@x.example"]`: {user},
			`emails[type eq "home" and value eq "ada@x.example"]`: {},
			`emails[type eq "home" and value eq "ada@y.example"]`: {user},
		} {
			require.Equal(t, want, c.Filter("/Users", filter).Is(200).Strings("id"), "%s: %s", name, filter)
		}
		for filter, want := range map[string][]string{
			`displayName eq "staff"`:           {group},
			`externalId eq "G-1"`:              {group},
			`externalId eq "g-1"`:              {},
			`members[value eq "` + user + `"]`: {group},
			`members[value eq "other"]`:        {},
		} {
			require.Equal(t, want, c.Filter("/Groups", filter).Is(200).Strings("id"), "%s: %s", name, filter)
		}
	}
}

// What IPSIE asks of every application: a user is deactivated and activated by PATCH,
// the name of a deleted user is free, 50 members change in one PATCH.
func TestLifecycleOfIPSIE(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ipsie-al1", "ipsie-al2"} {
		c := profiled(t, nil)[name]
		path := c.NewUser("ada", `"active":true`)
		c.Patch(path, `{"op":"replace","path":"active","value":false}`).Is(200).Has("active", "false")
		c.Patch(path, `{"op":"replace","path":"active","value":true}`).Is(200).Has("active", "true")
		c.Delete(path).Is(204)
		c.Get(path).Fails(404, "")
		require.NotEqual(t, path, c.NewUser("ada"))
		c.Post("/Users", scimtest.User("ADA")).Fails(409, "uniqueness")
		var ops []string
		for i := range 60 {
			ops = append(ops, fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"m%d"}]}`, i))
		}
		group := c.NewGroup("g")
		c.Patch(group, ops...).Is(204)
		c.Get(group).Has("members.#", "60")
	}
}

// A policy that contradicts the client of a token is an error of New, or 500 where
// the token is in a store. It never holds in silence: neither is a user kept that the
// client deleted, nor one deleted that the application wants to keep.
func TestPolicyThatContradictsTheClient(t *testing.T) {
	t.Parallel()
	for _, name := range clientNames {
		for _, policy := range []scim.Policy{{OnDelete: scim.DeactivateOnDelete}, {OnTwin: scim.RestoreInactive}} {
			contradicts := slices.Contains(interopAndAbove, name)
			token := scim.HashToken("one", "secret")
			token.Client, token.Policy = name, "careful"
			w := newWorld(t, func(w *world, c *scim.Config) {
				c.Endpoints[0].Policies = map[string]scim.Policy{"careful": policy}
				c.Auth = scim.StoredTokens(w.db, w.now)
			})
			require.NoError(t, w.db.AddToken(context.Background(), token))
			users := w.as("Bearer secret", "GET", "/Users", "").Code
			fixed := scim.Users(w.users)
			fixed.Policies = map[string]scim.Policy{"careful": policy}
			_, err := scim.New(scim.Config{BaseURL: scimtest.BaseURL, Tx: w.db, Auth: scim.BearerTokens(token), Endpoints: []scim.Endpoint{fixed}})
			if !contradicts {
				require.Equal(t, 200, users)
				require.NoError(t, err)
				continue
			}
			require.Equal(t, 500, users, name)
			require.ErrorContains(t, err, "client "+name)
		}
	}
}

// ParseClient and String are inverse; other names are errors.
func TestNamesOfClients(t *testing.T) {
	t.Parallel()
	for i, name := range clientNames {
		c, err := scim.ParseClient(name)
		require.NoError(t, err)
		require.Equal(t, scim.Client(i), c)
		require.Equal(t, name, c.String())
	}
	c, err := scim.ParseClient("")
	require.NoError(t, err)
	require.Equal(t, scim.DefaultClient, c)
	for _, name := range []string{"Strict", "ipsie", "lax", " interop"} {
		_, err := scim.ParseClient(name)
		require.ErrorContains(t, err, "unknown client")
	}
	require.Equal(t, "Client(5)", scim.Client(5).String(), "a new client needs a name in clientNames")
	require.Equal(t, schema.Strict(), scim.Client(200).Profile())
}

// The operations of a bulk request have the rules of its client; the PATCH that
// completes a circle of references is the library's own.
func TestBulkOfProfiles(t *testing.T) {
	t.Parallel()
	group := func(id, member string) string {
		return `{"method":"POST","path":"/Groups","bulkId":"` + id + `","data":` + scimtest.Group(id, `"members":[{"type":"Group","value":"bulkId:`+member+`"}]`) + `}`
	}
	for name, c := range profiled(t, nil) {
		path := c.NewUser(name)
		change := `{"method":"PATCH","path":"` + path + `","data":` + scimtest.PatchOp(`{"op":"replace","value":{"title":"t"}}`) + `}`
		r := c.Post("/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+group("a", "b")+`,`+group("b", "a")+`,`+change+`]}`).Is(200)
		want := `"200"`
		if slices.Contains(interopAndAbove, name) {
			want = `"400"`
		}
		r.Has("Operations[0].status", `"201"`, "Operations[1].status", `"201"`, "Operations[2].status", want)
		for i := range 2 {
			c.Get(scimtest.Path(r.String(fmt.Sprintf("Operations[%d].location", i)))).Is(200).Has("members.#", "1")
		}
	}
}

package scimtest

import (
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"
)

// clientKinds are the kinds of clients, as scim.ParseClient reads them. Those from
// the third on have the rules of the interop profile (docs/profiles.md).
var clientKinds = []string{"default", "strict", "interop", "ipsie-al1", "ipsie-al2"}

// each runs a proof as every kind of client, each in a fresh tenant. interop says
// that the client has the rules of the interop profile; clients that a policy of the
// application contradicts are left out.
func (c *Case) each(prove func(c *Client, interop bool)) {
	for i, kind := range clientKinds {
		client := newCase(c.T, c.kit).as(kind)
		if i > 1 && client.Get("/ServiceProviderConfig").Status == http.StatusInternalServerError {
			continue
		}
		prove(client, i > 1)
	}
}

// as returns a client of a kind in the tenant of the case.
func (c *Case) as(kind string) *Client {
	client := *c.Default
	client.token = c.token + "/" + kind
	return &client
}

var profileLookups = []row{
	{"F-6 F-20", "the look-ups of IPSIE, as every kind of client", func(c *Case) {
		c.each(func(c *Client, _ bool) {
			ada := ID(c.NewUser("Ada", `"externalId":"X-1"`, `"emails":[{"type":"work","value":"ada@x.example"},{"type":"home","value":"ada@y.example"}]`))
			c.NewUser("Bob", `"externalId":"x-1"`, `"emails":[{"type":"home","value":"bob@x.example"}]`)
			staff := ID(c.NewGroup("Staff", `"externalId":"G-1"`, `"members":[{"value":`+quote(ada)+`}]`))
			c.NewGroup("Empty")
			for _, l := range []struct{ path, filter, want string }{
				{"/Users", `userName eq "ada"`, ada},
				{"/Users", `userName eq "nobody"`, ""},
				{"/Users", `externalId eq "X-1"`, ada},
				{"/Users", `externalId eq "X-2"`, ""},
				{"/Users", `emails[value eq "ada@x.example"]`, ada},
				{"/Users", `emails[type eq "work" and value eq "ada@x.example"]`, ada},
				{"/Users", `emails[type eq "home" and value eq "ada@x.example"]`, ""},
				{"/Groups", `displayName eq "staff"`, staff},
				{"/Groups", `externalId eq "G-1"`, staff},
				{"/Groups", `externalId eq "g-1"`, ""},
				{"/Groups", `members[value eq ` + quote(ada) + `]`, staff},
				{"/Groups", `members[value eq "other"]`, ""},
			} {
				require.Equal(c.t, strings.Fields(l.want), c.Filter(l.path, l.filter).Is(200).Strings("id"), "%s: %s", c.token, l.filter)
			}
		})
	}},
}

var profilePatches = []row{
	{"P-28 P-9", "an operation without path is carried out; for the interop profile it is invalidSyntax, and nothing changes", func(c *Case) {
		c.each(func(c *Client, interop bool) {
			path := c.NewUser("u", `"title":"t"`)
			r := c.Patch(path, `{"op":"replace","path":"title","value":"x"}`, `{"op":"add","value":{"nickName":"n"}}`)
			if !interop {
				r.Is(200).Has("title", `"x"`, "nickName", `"n"`)
				return
			}
			r.Fails(400, "invalidSyntax")
			c.Get(path).Is(200).Has("title", `"t"`, "nickName", "")
		})
	}},
	{"P-17", "an unknown attribute in a path is invalidPath, for the interop profile invalidSyntax", func(c *Case) {
		c.each(func(c *Client, interop bool) {
			want := "invalidPath"
			if interop {
				want = "invalidSyntax"
			}
			path := c.NewUser("u")
			for _, p := range []string{"colour", "name.colour", user + ":colour"} {
				c.Patch(path, add(p, `"red"`)).Fails(400, want)
			}
		})
	}},
	{"P-49 P-50", "elements are removed by a filter; the interop profile allows it for members alone", func(c *Case) {
		c.each(func(c *Client, interop bool) {
			path := c.NewUser("u", `"emails":[{"type":"work","value":"a@x.example"},{"type":"home","value":"b@x.example"}]`)
			r := c.Patch(path, remove(`emails[type eq "work"]`))
			if interop {
				r.Fails(400, "invalidPath")
			}
			c.Patch(path, replace(`emails[type eq "home"].value`, `"c@x.example"`)).Is(200)
			want := map[bool][]any{true: {"a@x.example", "c@x.example"}, false: {"c@x.example"}}[interop]
			var got []any
			emails, _ := c.Get(path).Is(200).Value("emails").([]any)
			for _, one := range emails {
				got = append(got, one.(map[string]any)["value"])
			}
			require.ElementsMatch(c.t, want, got, c.token)
			group := c.NewGroup("g", `"members":[{"value":`+quote(ID(path))+`}]`)
			c.Patch(group, remove(`members[value eq `+quote(ID(path))+`]`)).Is(204)
			c.Get(group).Is(200).Has("members", "")
		})
	}},
}

package scimtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

var modelCommon = []row{
	{"M-21 C-4", "meta of any value is ignored", func(c *Case) {
		c.Both(func(c *Client) {
			for _, meta := range []string{
				`{"created":"1999-01-01T00:00:00Z","lastModified":"1999-01-01T00:00:00Z","resourceType":"Group","location":"https://evil.example","version":"W/\"x\""}`,
				`{"created":"yesterday"}`, `{"created":5}`, `"x"`, `[]`, `null`, `5`, `{"unheard":"of"}`,
			} {
				c.keeps([]string{`"meta":` + meta}, "meta.resourceType", `"User"`, "meta.unheard", "")
			}
			path := c.NewUser("u", `"meta":{"created":"1999-01-01T00:00:00Z","location":"https://evil.example"}`)
			before := c.Get(path)
			require.Greater(c.t, before.Time("meta.created").Year(), 2000)
			require.Equal(c.t, BaseURL+path, before.String("meta.location"))
			after := c.Put(path, User("u", `"title":"t"`, `"meta":{"created":"1999-01-01T00:00:00Z","lastModified":"1999-01-01T00:00:00Z"}`)).Is(200)
			require.Equal(c.t, before.String("meta.created"), after.String("meta.created"))
			require.Greater(c.t, after.Time("meta.lastModified").Year(), 2000)
			for _, p := range []string{"meta", "meta.created", "META.LOCATION", "meta.version", "meta.resourceType"} {
				c.Patch(path, `{"op":"replace","path":"`+p+`","value":"x"}`).Fails(400, "mutability")
				c.Patch(path, `{"op":"remove","path":"`+p+`"}`).Fails(400, "mutability")
			}
		})
	}},
	{"M-22", "meta.resourceType is the name of the type", func(c *Case) {
		c.Both(func(c *Client) {
			u, g := c.NewUser("u"), c.NewGroup("g")
			c.Get(u).Has("meta.resourceType", `"User"`)
			c.Get(g).Has("meta.resourceType", `"Group"`)
			c.Filter("/", `meta.resourceType eq "User"`).Total(1).Has("Resources[0].id", quote(ID(u)))
			c.Filter("/", `meta.resourceType eq "Group"`).Total(1).Has("Resources[0].id", quote(ID(g)))
			c.Filter("/Users", `meta.resourceType eq "user"`).Total(0)
		})
	}},
	{"M-23 M-24", "created never changes; lastModified equals it until something changes", func(c *Case) {
		c.Both(func(c *Client) {
			for _, r := range []*Reply{c.Post("/Users", User("u")), c.Post("/Groups", Group("g"))} {
				require.Equal(c.t, r.Is(201).String("meta.created"), r.String("meta.lastModified"))
				require.Regexp(c.t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`, r.String("meta.created"))
			}
			made := c.Post("/Users", User("v")).Is(201)
			path := "/Users/" + made.String("id")
			changed := c.Patch(path, `{"op":"add","path":"title","value":"t"}`).Is(200)
			require.Equal(c.t, made.String("meta.created"), changed.String("meta.created"))
			require.True(c.t, changed.Time("meta.lastModified").After(made.Time("meta.lastModified")))
			replaced := c.Put(path, User("v", `"title":"u"`)).Is(200)
			require.Equal(c.t, made.String("meta.created"), replaced.String("meta.created"))
			require.True(c.t, replaced.Time("meta.lastModified").After(changed.Time("meta.lastModified")))
			same := c.Patch(path, `{"op":"replace","path":"title","value":"u"}`).Is(200)
			require.Equal(c.t, replaced.String("meta.lastModified"), same.String("meta.lastModified"))
			require.Equal(c.t, same.Text, c.Get(path).Text)
		})
	}},
	{"M-24", "a change of members is a modification of the group and not of the user", func(c *Case) {
		u, g := c.Default.NewUser("u"), c.Default.NewGroup("g")
		before, group := c.Default.Get(u), c.Default.Get(g)
		c.Default.Patch(g, `{"op":"add","path":"members","value":[{"value":"`+ID(u)+`"}]}`)
		require.True(c, c.Default.Get(g).Time("meta.lastModified").After(group.Time("meta.lastModified")))
		require.Equal(c, before.String("meta.lastModified"), c.Default.Get(u).String("meta.lastModified"))
	}},
	{"M-25 C-2", "meta.location is the URI of the resource and the Content-Location", func(c *Case) {
		c.Both(func(c *Client) {
			for _, r := range representations(c) {
				if r.Value("meta") == nil {
					continue
				}
				location := r.String("meta.location")
				require.Equal(c.t, r.Header.Get("Content-Location"), location, r.line)
				found := c.Get(Path(location)).Is(200)
				require.Equal(c.t, r.String("id"), found.String("id"))
			}
		})
	}},
	{"M-26", "meta is returned by default, and in part when its sub-attributes are named", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			all := []string{"created", "lastModified", "location", "resourceType", "version"}
			require.Equal(c.t, all, c.Get(path).Keys("meta"))
			require.Equal(c.t, all, c.Get(path+"?attributes=meta").Keys("meta"))
			require.Equal(c.t, all, c.Get("/Users").Keys("Resources[0].meta"))
			c.Get(path+"?attributes=userName").Is(200).Has("meta", "")
			c.Get(path+"?excludedAttributes=meta").Is(200).Has("meta", "")
			require.Equal(c.t, []string{"location"}, c.Get(path+"?attributes=meta.location").Keys("meta"))
			require.Equal(c.t, []string{"created", "version"}, c.Get(path+"?attributes=META.CREATED,meta.version").Keys("meta"))
			require.Equal(c.t, []string{"created", "lastModified", "resourceType", "version"}, c.Get(path+"?excludedAttributes=meta.location").Keys("meta"))
		})
	}},
	{"M-28", "common attributes need no URN and have no schema", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u", `"externalId":"e"`)
			c.NewGroup("g", `"externalId":"e"`)
			for _, f := range []string{`meta.created gt "2001-01-01T00:00:00Z"`, `externalId eq "e"`, `id pr`, `meta.resourceType pr`, `meta.lastModified ge "2001-01-01T00:00:00Z"`} {
				c.Filter("/Users", f).Total(1)
				c.Filter("/Groups", f).Total(1)
				c.Filter("/", f).Total(2)
			}
			for _, id := range c.Get("/Schemas").Is(200).Strings("id") {
				require.NotContains(c.t, strings.ToLower(id), "common")
			}
			for _, s := range []string{user, grp, ent} {
				list := c.Get("/Schemas/" + s).Is(200)
				n, _ := list.Value("attributes").([]any)
				for i := range n {
					require.NotContains(c.t, []string{"id", "meta", "schemas", "externalId"}, list.String(fmt.Sprintf("attributes[%d].name", i)))
				}
			}
		})
	}},
	{"M-29", "attribute names in a body are read without case and returned as the schema spells them", func(c *Case) {
		c.Both(func(c *Client) {
			body := `{"SCHEMAS":["` + strings.ToUpper(user) + `"],"USERNAME":"made","NAME":{"GIVENNAME":"g"},"EMails":[{"VALUE":"a@b.example","Type":"work","PRIMARY":true}],"externalID":"e",` +
				`"` + strings.ToUpper(ent) + `":{"EmployeeNUMBER":"1","Manager":{"VALUE":"m"}}}`
			pairs := []string{"schemas", `["` + user + `","` + ent + `"]`, "userName", `"made"`, "name", `{"givenName":"g"}`, "emails", `[{"value":"a@b.example","type":"work","primary":true}]`,
				"externalId", `"e"`, enterprisePath("employeeNumber"), `"1"`, enterprisePath("manager.value"), `"m"`, "USERNAME", "", "NAME", ""}
			made := c.Post("/Users", body).Is(201).Has(pairs...)
			c.Get("/Users/" + made.String("id")).Has(pairs...)
			c.Put("/Users/"+made.String("id"), body).Is(200).Has(pairs...)
			g := c.Post("/Groups", `{"Schemas":["`+grp+`"],"DISPLAYNAME":"g","Members":[{"Value":"`+made.String("id")+`","TYPE":"User"}]}`).Is(201)
			g.Has("displayName", `"g"`, "members[0].value", quote(made.String("id")), "members.#", "1")
			c.Do("PATCH", "/Users/"+made.String("id"), `{"SCHEMAS":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"operations":[{"OP":"add","PATH":"TITLE","VALUE":"t"}]}`).Is(200).Has("title", `"t"`)
		})
	}},
	{"M-31 M-29", "the order of members does not matter", func(c *Case) {
		c.Both(func(c *Client) {
			made := c.Post("/Users", `{`+enterprise(`"division":"d"`)+`,"name":{"givenName":"g"},"userName":"u",`+schemas(ent, user)+`}`).Is(201)
			made.Has(enterprisePath("division"), `"d"`, "name.givenName", `"g"`, "userName", `"u"`)
			path := "/Users/" + made.String("id")
			c.Put(path, `{"title":"t","userName":"u","schemas":["`+user+`"]}`).Is(200).Has("title", `"t"`)
			c.Do("PATCH", path, `{"Operations":[{"value":"v","path":"title","op":"replace"}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`).Is(200).Has("title", `"v"`)
			c.Post("/Users/.search", `{"count":1,"filter":"title eq \"v\"","schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`).Total(1)
		})
	}},
	{"M-32", "a response shows the stored resource and not the request", func(c *Case) {
		sent := []string{`"unheardOf":"x"`, `"name":{"unheardOf":"x","givenName":"g"}`, `"emails":[{"value":"a@b.example","unheardOf":1}]`, enterprise(`"unheardOf":{"a":[1]}`), `"urn:x:y":{"a":1}`}
		for _, one := range sent {
			c.Strict.refuses("invalidSyntax", one)
		}
		c.Default.keeps(sent, "unheardOf", "", "name", `{"givenName":"g"}`, "emails", `[{"value":"a@b.example"}]`, "['"+ent+"']", "", "['urn:x:y']", "", "schemas", `["`+user+`"]`)
		path := c.Default.NewUser("u", sent...)
		require.NotContains(c, c.Default.Get(path).Text, "unheardOf")
		c.Default.Filter("/Users", `userName eq "u"`).Total(1)
	}},
}

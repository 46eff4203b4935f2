package scimtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

// representations are responses with one resource each: a user and a group,
// created, read, replaced, patched, listed and searched for.
func representations(c *Client) []*Reply {
	c.t.Helper()
	u, g := c.Post("/Users", User("represented")).Is(201), c.Post("/Groups", Group("represented")).Is(201)
	up, gp := "/Users/"+u.String("id"), "/Groups/"+g.String("id")
	return []*Reply{
		u, g,
		c.Get(up).Is(200), c.Get(gp).Is(200),
		c.Get(up + "?attributes=userName").Is(200), c.Get(gp + "?excludedAttributes=displayName,id,schemas").Is(200),
		c.Get(up + "?excludedAttributes=schemas,id").Is(200), c.Get(up + "?attributes=nickName").Is(200),
		c.Put(up, User("represented", `"title":"x"`)).Is(200), c.Put(gp, Group("renamed")).Is(200),
		c.Patch(up, `{"op":"add","path":"nickName","value":"n"}`).Is(200),
		c.Patch(gp, `{"op":"replace","path":"displayName","value":"again"}`).Is(200),
	}
}

var modelSchemas = []row{
	{"M-1 M-11", "every representation has schemas, each once and the base first, and an id", func(c *Case) {
		c.Both(func(c *Client) {
			for _, r := range representations(c) {
				checkSchemas(r, "")
				require.NotEmpty(c.t, r.String("id"), r.line)
			}
			search := func(more string) *Reply {
				return c.Post("/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]`+more+`}`)
			}
			for _, r := range []*Reply{
				c.Get("/Users"), c.Get("/Groups"), c.Get("/"), c.Get("/Users?attributes=userName"), c.Get("/Groups?excludedAttributes=id,schemas"),
				search(""), search(`,"attributes":["nickName"]`), search(`,"excludedAttributes":["schemas","id"]`),
			} {
				r.Is(200)
				list, _ := r.Value("Resources").([]any)
				require.NotEmpty(c.t, list, r.line)
				for i := range list {
					checkSchemas(r, fmt.Sprintf("Resources[%d].", i))
					require.NotEmpty(c.t, r.String(fmt.Sprintf("Resources[%d].id", i)), r.line)
				}
			}
		})
	}},
	{"M-2", "a resource without schemas is invalidSyntax and stores nothing", func(c *Case) {
		c.strictly(func(c *Client) {
			for _, s := range []string{``, `"schemas":null,`, `"schemas":[],`, `"schemas":"` + user + `",`, `"schemas":{},`, `"schemas":true,`,
				`"schemas":[null],`, `"schemas":[5],`, `"schemas":[["` + user + `"]],`, `"schemas":[{"value":"` + user + `"}],`, `"schemas":["` + user + `",null],`} {
				c.Post("/Users", `{`+s+`"userName":"x"}`).Fails(400, "invalidSyntax")
				c.Post("/Groups", `{`+strings.ReplaceAll(s, user, grp)+`"displayName":"x"}`).Fails(400, "invalidSyntax")
			}
			c.Get("/").Total(0)
			path := c.NewUser("kept")
			c.Put(path, `{"userName":"changed"}`).Fails(400, "invalidSyntax")
			c.Get(path).Has("userName", `"kept"`)
		})
	}},
	{"M-3", "a schema that the type does not declare is refused for the strict client", func(c *Case) {
		for _, uri := range []string{"urn:x:y", grp, "", "User", "urn:ietf:params:scim:api:messages:2.0:Error", user + ":x", " " + user} {
			c.Strict.refuses("invalidSyntax", schemas(user, uri))
			c.Strict.refuses("invalidSyntax", schemas(uri, user))
		}
		c.Strict.Post("/Groups", Group("g", schemas(grp, ent))).Fails(400, "invalidSyntax")
		c.Default.Get("/Groups").Total(0)
	}},
	{"M-3", "a schema that the type does not declare is ignored by default and never returned", func(c *Case) {
		for _, uri := range []string{"urn:x:y", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/User"} {
			c.Default.keeps([]string{schemas(user, uri)}, "schemas", `["`+user+`"]`)
			c.Default.keeps([]string{schemas(uri)}, "schemas", `["`+user+`"]`)
		}
		c.Default.Post("/Groups", Group("g", schemas(grp, ent, "urn:x:y"))).Is(201).Has("schemas", `["`+grp+`"]`)
	}},
	{"M-4", "schemas never holds a value twice", func(c *Case) {
		c.Both(func(c *Client) {
			c.keeps([]string{schemas(user, user)}, "schemas", `["`+user+`"]`)
			c.keeps([]string{schemas(user, strings.ToUpper(user))}, "schemas", `["`+user+`"]`)
			c.keeps([]string{schemas(ent, user, ent, user), enterprise(`"division":"d"`)}, "schemas", `["`+user+`","`+ent+`"]`)
			path := c.NewUser("u")
			for _, op := range []string{`{"op":"add","path":"schemas","value":["` + user + `"]}`, `{"op":"add","value":{"schemas":["` + user + `","` + user + `"]}}`} {
				c.Patch(path, op).Is(200).Has("schemas", `["`+user+`"]`)
			}
		})
	}},
	{"M-5", "the order of schemas does not matter", func(c *Case) {
		c.Both(func(c *Client) {
			data := []string{enterprise(`"employeeNumber":"1"`)}
			for _, s := range []string{schemas(user, ent), schemas(ent, user)} {
				c.keeps(append([]string{s}, data...), "schemas", `["`+user+`","`+ent+`"]`, enterprisePath("employeeNumber"), `"1"`)
			}
		})
	}},
	{"M-6", "schemas without the base schema is refused", func(c *Case) {
		c.strictly(func(c *Client) {
			c.refuses("invalidSyntax", schemas(ent))
			c.refuses("invalidSyntax", schemas(ent), enterprise(`"division":"d"`))
		})
		c.Strict.refuses("invalidSyntax", schemas("urn:x:y"))
		c.Both(func(c *Client) { // another type that is served
			c.refuses("invalidSyntax", schemas(grp))
			c.Post("/Groups", Group("g", schemas(user))).Fails(400, "invalidSyntax")
		})
	}},
	{"M-7", "extension attributes are only under the URI of the extension", func(c *Case) {
		c.Both(func(c *Client) {
			c.keeps([]string{schemas(user, ent), enterprise(`"employeeNumber":"1"`, `"manager":{"value":"m"}`)},
				enterprisePath("employeeNumber"), `"1"`, enterprisePath("manager.value"), `"m"`, "employeeNumber", "", "manager", "")
		})
		for _, member := range []string{`"employeeNumber":"1"`, `"manager":{"value":"m"}`, enterprise(`"userName":"y"`), quote(user) + `:{"title":"x"}`} {
			c.Strict.refuses("invalidSyntax", member)
		}
		c.Default.keeps([]string{`"employeeNumber":"1"`}, "employeeNumber", "", "['"+ent+"']", "")
	}},
	{"M-8 C-11", "the returned schemas are those of the extensions in use", func(c *Case) {
		both := `["` + user + `","` + ent + `"]`
		c.Both(func(c *Client) {
			c.keeps([]string{schemas(user, ent)}, "schemas", `["`+user+`"]`)
			c.keeps([]string{schemas(user, ent), enterprise()}, "schemas", `["`+user+`"]`, "['"+ent+"']", "")
			c.keeps([]string{schemas(user, ent), enterprise(`"division":null`)}, "schemas", `["`+user+`"]`, "['"+ent+"']", "")
			c.keeps([]string{schemas(user, ent), quote(ent) + ":null"}, "schemas", `["`+user+`"]`)
			c.keeps([]string{schemas(user), enterprise(`"division":"d"`)}, "schemas", both, enterprisePath("division"), `"d"`)
			c.keeps([]string{schemas(user), quote(strings.ToUpper(ent)) + `:{"DIVISION":"d"}`}, "schemas", both, enterprisePath("division"), `"d"`)
			path := c.NewUser("u")
			c.Patch(path, `{"op":"add","path":"`+ent+`:division","value":"d"}`).Is(200).Has("schemas", both)
			c.Patch(path, `{"op":"remove","path":"`+ent+`:division"}`).Is(200).Has("schemas", `["`+user+`"]`, "['"+ent+"']", "")
			c.Patch(path, `{"op":"add","value":{"`+ent+`":{"division":"d","costCenter":"c"}}}`).Is(200).Has("schemas", both)
			c.Patch(path, `{"op":"remove","path":"`+ent+`"}`).Is(200).Has("schemas", `["`+user+`"]`)
			c.Put(path, User("u", enterprise(`"division":"d"`))).Is(200).Has("schemas", both)
			c.Put(path, User("u")).Is(200).Has("schemas", `["`+user+`"]`, "['"+ent+"']", "")
		})
	}},
}

// checkSchemas demands that schemas of the resource at prefix is a list of
// different URIs, the base schema first.
func checkSchemas(r *Reply, prefix string) {
	r.t.Helper()
	list, _ := r.Value(prefix + "schemas").([]any)
	require.NotEmpty(r.t, list, "%s: %s", r.line, r.Text)
	require.Contains(r.t, []any{user, grp}, list[0], r.line)
	seen := map[any]bool{}
	for _, uri := range list {
		require.False(r.t, seen[uri], "%s: %s", r.line, r.Text)
		require.Contains(r.t, []any{user, grp, ent}, uri, r.line)
		seen[uri] = true
	}
}

package scimtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

var replaces = []row{
	{"W-1 W-10", "PUT replaces and returns 200 with the entire resource, as the next GET does", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("a", jensen...)
			got := c.Put(path, User("b", `"title":"new"`, enterprise(`"department":"d"`))).Is(200)
			got.Has("userName", `"b"`, "title", `"new"`, "id", quote(ID(path)), "emails", "")
			require.Equal(c.t, BaseURL+path, got.Header.Get("Content-Location"))
			require.Equal(c.t, "application/scim+json", got.Header.Get("Content-Type"))
			again := c.Get(path).Is(200)
			require.JSONEq(c.t, again.Text, got.Text)
			require.Equal(c.t, again.Header.Get("ETag"), got.Header.Get("ETag"))
			g := c.NewGroup("g")
			c.Put(g, Group("h")).Is(200).Has("displayName", `"h"`)
		})
	}},
	{"W-1 M-32", "a PUT of the body of a GET changes nothing", func(c *Case) {
		c.Both(func(c *Client) {
			u := c.NewUser("a", jensen...)
			g := c.NewGroup("g", `"members":[{"value":"`+ID(u)+`"}]`)
			for _, path := range []string{u, g} {
				before := c.Get(path).Is(200)
				after := c.Put(path, before.Text).Is(200)
				require.JSONEq(c.t, before.Text, after.Text)
				require.Equal(c.t, before.Header.Get("ETag"), after.Header.Get("ETag"))
			}
		})
	}},
	{"W-2", "PUT never creates, also with an unknown id in the path or the body", func(c *Case) {
		c.Both(func(c *Client) {
			u := c.NewUser("a")
			for _, path := range []string{"/Users/unknown", "/Users/" + strings.ToUpper(ID(u)) + "x", "/Users/%00", "/Users/%ff", "/Users/a%2Fb"} {
				c.Put(path, User("new", `"id":"unknown"`)).Fails(404, "")
			}
			c.Put("/Groups/unknown", Group("g")).Fails(404, "")
			c.Put("/Groups/"+ID(u), Group("g")).Fails(404, "")
			for _, path := range []string{"/Users", "/Groups", "/Users/", "/", "/Schemas", "/ServiceProviderConfig", "/ResourceTypes/User", "/Bulk", "/Users/.search"} {
				c.Put(path, User("new")).Fails(405, "")
			}
			c.Put(u+"/x", User("new")).Fails(404, "")
			c.Get("/").Total(1)
			c.Delete(u).Is(204)
			c.Put(u, User("a")).Fails(404, "")
		})
	}},
	{"W-3", "values given replace the old ones, lists as a whole", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("a", `"name":{"givenName":"G","familyName":"F"}`,
				`"emails":[{"value":"a@x.example","type":"work","primary":true},{"value":"b@x.example","type":"home"}]`, enterprise(`"department":"d","manager":{"value":"m","displayName":"M"}`))
			c.Put(path, User("a", `"name":{"givenName":"H"}`, `"emails":[{"value":"c@x.example"}]`, enterprise(`"manager":{"value":"n"}`))).Is(200)
			c.Get(path).Is(200).Has("emails", `[{"value":"c@x.example"}]`, "name", `{"givenName":"H"}`, enterprisePath("department"), "", enterprisePath("manager.value"), `"n"`)
			c.Put(path, User("a", `"emails":[{"value":"c@x.example","type":"work"},{"value":"c@x.example","type":"home"}]`)).Is(200).Has("emails.#", "2")
			c.Put(path, User("a", `"active":false`)).Is(200).Has("active", "false", "emails", "", "name", "")
			c.Put(path, User("a", `"active":true`)).Is(200).Has("active", "true")
		})
	}},
	{"W-4", "readWrite attributes left out are cleared", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("a", append([]string{`"nickName":"n"`, `"ims":[{"value":"x"}]`, `"profileUrl":"https://x.example/a"`}, jensen...)...)
			c.Put(path, User("a")).Is(200)
			c.Get(path).Is(200).Only("id", "meta", "schemas", "userName")
			c.Filter("/Users", "nickName pr or emails pr or externalId pr").Total(0)
		})
	}},
	{"W-5 T-13", "null and [] clear", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("a", append([]string{`"roles":[{"value":"r"}]`, `"nickName":"n"`}, jensen...)...)
			c.Put(path, User("a", `"roles":[]`, `"emails":null`, `"nickName":null`, `"name":null`, `"phoneNumbers":[]`, `"active":null`, quote(ent)+`:null`)).Is(200)
			c.Get(path).Is(200).Only("id", "meta", "schemas", "userName")
			c.Put(path, User("a", `"name":{}`, enterprise())).Is(200)
			c.Get(path).Is(200).Only("id", "meta", "schemas", "userName")
		})
	}},
	{"W-8", "readOnly values are ignored: id, meta, groups and the names that the service provider fills in", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("a", enterprise(`"manager":{"value":"m"}`))
			other := c.NewUser("other")
			before := c.Get(path).Is(200)
			same := append(before.filledMembers(), enterprise(`"manager":{"value":"m"}`))
			for _, member := range []string{
				`"id":"mine"`, `"id":"` + ID(other) + `"`, `"id":null`, `"id":5`, `"meta":{"created":"1999-01-01T00:00:00Z","resourceType":"Group","version":"x","location":"https://evil.example/"}`,
				`"meta":null`, `"meta":{"created":"x"}`, `"groups":[{"value":"g","display":"admins"}]`, `"groups":[]`, `"groups":null`,
			} {
				got := c.Put(path, User("a", append(same, member)...)).Is(200)
				require.JSONEq(c.t, before.Text, got.Text, member)
			}
			require.Equal(c.t, before.Text, c.Get(path).Is(200).Text)
			c.Get(other).Is(200).Has("userName", `"other"`)
		})
	}},
	{"W-9 A-11", "a required attribute must be given", func(c *Case) {
		c.Both(func(c *Client) {
			u, g := c.NewUser("a", `"title":"t"`), c.NewGroup("g")
			for _, body := range []string{`{` + schemas(user) + `}`, `{` + schemas(user) + `,"title":"x"}`, `{` + schemas(user) + `,"userName":null}`, `{` + schemas(user) + `,"userName":""}`} {
				c.Put(u, body).Fails(400, "invalidValue")
			}
			c.Put(g, `{`+schemas(grp)+`}`).Fails(400, "invalidValue")
			c.Put(g, `{`+schemas(grp)+`,"displayName":null,"members":[]}`).Fails(400, "invalidValue")
			c.Get(u).Is(200).Has("userName", `"a"`, "title", `"t"`)
		})
	}},
	{"W-11", "a change moves lastModified and the version; created and id stay; no change moves nothing", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("a")
			before := c.Get(path).Is(200)
			after := c.Put(path, User("a", `"title":"x"`)).Is(200)
			require.True(c.t, after.Time("meta.lastModified").After(before.Time("meta.lastModified")))
			require.NotEqual(c.t, before.String("meta.version"), after.String("meta.version"))
			require.Equal(c.t, after.String("meta.version"), after.Header.Get("ETag"))
			after.Has("meta.created", quote(before.String("meta.created")), "id", quote(ID(path)), "meta.location", quote(BaseURL+path), "meta.resourceType", `"User"`)
			again := c.Put(path, User("a", append(after.filledMembers(), `"TITLE":"x"`)...)).Is(200)
			require.JSONEq(c.t, after.Text, again.Text)
		})
	}},
	{"W-12 M-8", "extensions follow the same rules and schemas follows the content", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("a", enterprise(`"department":"d"`))
			c.Put(path, User("a")).Is(200).Has("schemas", `["`+user+`"]`, "['"+ent+"']", "")
			c.Put(path, User("a", enterprise(`"department":"e"`))).Is(200).Has("schemas", `["`+user+`","`+ent+`"]`, enterprisePath("department"), `"e"`)
			c.Put(path, User("a", schemas(user, ent), enterprise())).Is(200).Has("schemas", `["`+user+`"]`)
			c.Put(path, `{`+schemas(ent, user)+`,"userName":"a",`+enterprise(`"costCenter":"1"`)+`}`).Is(200).Has("schemas", `["`+user+`","`+ent+`"]`)
		})
	}},
	{"W-14", "a PUT that fails changes neither the resource nor its version", func(c *Case) {
		c.strictly(func(c *Client) {
			c.NewUser("taken")
			path := c.NewUser("a", jensen...)
			before := c.Get(path).Is(200)
			for _, body := range []string{
				``, `{`, `[]`, `null`, `"x"`, `5`, `{}`, User("a")[:20], User("a") + "x", User("a") + User("b"), `{"userName":"a"}`, `{"schemas":["` + ent + `"],"userName":"a"}`,
				User("a", `"active":"maybe"`), User("a", `"active":5`), User("a", `"emails":[5]`), User("a", `"emails":["x@x.example"]`), User("a", `"emails":[[]]`), User("a", `"name":5`),
				User("a", `"title":5`), User("a", `"title":{}`), User("a", `"title":true`), User("a", `"title":["a","b"]`), User("a", `"profileUrl":"http://[bad"`), User("a", `"emails":{"value":{}}`),
				User("a", `"emails":[{"value":"a"},{"value":5}]`), User("a", `"emails":[{"primary":"x","value":"v"}]`), User("a", `"emails":[{"value":"a","primary":true},{"value":"b","primary":true}]`),
				User("a", enterprise(`"manager":{"value":5}`)), User("a", quote(ent)+`:5`), User("a", `"externalId":5`), User("taken"), User("TAKEN", `"title":"x"`),
				User("a", `"password":5`), User("a", `"x509Certificates":[{"value":"!!!"}]`), nested(schema.MaxDepth+1, `{"a":`, "", ""),
			} {
				got := c.Put(path, body)
				require.Contains(c.t, []int{400, 409}, got.Status, "%s: %s", got.line, got.Text)
				scimType, _ := got.Value("scimType").(string)
				require.Contains(c.t, []string{"invalidSyntax", "invalidValue", "uniqueness"}, scimType, got.line)
				got.Fails(got.Status, scimType)
			}
			require.Equal(c.t, before.Text, c.Get(path).Is(200).Text)
		})
	}},
	{"A-10 W-14 E-17", "PUT to a taken userName is 409 and changes nothing; its own userName, also in another case, is accepted", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("Taken")
			path := c.NewUser("a", `"title":"t"`)
			before := c.Get(path).Is(200).Text
			c.Put(path, User("tAKEN")).Fails(409, "uniqueness")
			require.Equal(c.t, before, c.Get(path).Is(200).Text)
			c.Put(path, User("a", `"title":"u"`)).Is(200)
			c.Put(path, User("A")).Is(200).Has("userName", `"A"`)
		})
	}},
	{"W-15", "PUT of a group replaces its members and keeps those that stay as they are", func(c *Case) {
		c.Both(func(c *Client) {
			var ids []string
			for i := range 3 {
				ids = append(ids, ID(c.NewUser(fmt.Sprint("u", i))))
			}
			list := func(ids ...string) string {
				var out []string
				for _, id := range ids {
					out = append(out, `{"value":"`+id+`"}`)
				}
				return `"members":[` + strings.Join(out, ",") + `]`
			}
			path := c.NewGroup("g", list(ids[0], ids[1]))
			before := c.Get(path).Is(200)
			kept := before.Value(before.member(ids[1]))
			got := c.Put(path, Group("g", list(ids[1], ids[2]))).Is(200)
			require.ElementsMatch(c.t, []string{ids[1], ids[2]}, got.memberIDs())
			require.Contains(c.t, got.Value("members"), kept)
			require.JSONEq(c.t, got.Text, c.Get(path).Is(200).Text)
			c.Get("/Users/"+ids[0]).Is(200).Has("groups", "")
			c.Get("/Users/"+ids[2]).Is(200).Has("groups[0].value", quote(ID(path)))
			require.ElementsMatch(c.t, ids[:1], c.Put(path, Group("g", list(ids[0], ids[0], ids[0]))).Is(200).memberIDs())
			c.Put(path, Group("g", `"members":null`)).Is(200).Has("members", "")
			c.Put(path, Group("g", list(ids...))).Is(200).Has("members.#", "3")
			c.Put(path, Group("g")).Is(200).Has("members", "") // Keycloak
		})
	}},
	{"W-15", "the name, type and $ref of a member are those of the service provider", func(c *Case) {
		c.Both(func(c *Client) {
			u := c.NewUser("u")
			path := c.NewGroup("g")
			c.Put(path, Group("g", `"members":[{"value":"`+ID(u)+`","display":"evil","type":"User","$ref":"`+BaseURL+u+`"}]`)).Is(200).
				Has("members[0].value", quote(ID(u)), "members[0].$ref", quote(BaseURL+u), "members[0].type", `"User"`)
			for _, wrong := range []string{`"members":[{}]`, `"members":[{"type":"User"}]`, `"members":[{"value":""}]`, `"members":[{"value":5}]`, `"members":[5]`, `"members":"x"`, `"members":[{"value":"a"},null]`} {
				got := c.Put(path, Group("g", wrong))
				require.Contains(c.t, []int{200, 400}, got.Status, got.line)
			}
		})
	}},
	{"W-1 M-29", "attribute names in a body are read without case, and an attribute given twice is invalidSyntax", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("a")
			c.Put(path, `{"SCHEMAS":["`+strings.ToUpper(user)+`"],"USERNAME":"b","NAME":{"GIVENNAME":"x"},"`+strings.ToUpper(ent)+`":{"DEPARTMENT":"d"}}`).Is(200).
				Has("userName", `"b"`, "name.givenName", `"x"`, enterprisePath("department"), `"d"`)
			c.Put(path, User("b", `"username":"c"`)).Fails(400, "invalidSyntax")
		})
	}},
	{"W-8 W-12", "unknown attributes are ignored by default and invalidSyntax for the strict client", func(c *Case) {
		path := c.Default.NewUser("a")
		for _, member := range []string{`"nope":1`, `"department":"x"`, `"name":{"nope":1}`, `"urn:x:y":{"a":1}`, enterprise(`"nope":true`)} {
			c.Strict.Put(path, User("a", member)).Fails(400, "invalidSyntax")
			got := c.Default.Put(path, User("a", member)).Is(200)
			require.NotContains(c.T, got.Text, "nope")
		}
		c.Strict.Put(path, `{`+schemas(user, "urn:x:y")+`,"userName":"a"}`).Fails(400, "invalidSyntax")
		c.Default.Put(path, `{`+schemas(user, "urn:x:y")+`,"userName":"a"}`).Is(200).Has("schemas", `["`+user+`"]`)
	}},
}

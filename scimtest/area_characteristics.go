package scimtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

var characteristicsMutability = []row{
	{"A-2 C-4 N-13", "readOnly attributes of any value are ignored in POST and PUT", func(c *Case) {
		c.Both(func(c *Client) {
			for _, groups := range []string{`[{"value":"g"}]`, `[]`, `null`, `"x"`, `5`, `{"value":1}`, `[{"unheard":"of"}]`} {
				c.keeps([]string{`"groups":` + groups}, "groups", "")
			}
			path := c.NewUser("u")
			c.NewGroup("g", `"members":[{"value":"`+ID(path)+`"}]`)
			c.Put(path, User("u", `"groups":[]`)).Is(200).Has("groups.#", "1")
			c.Put(path, User("u")).Is(200).Has("groups.#", "1")
		})
	}},
	{"A-2 N-13 P-2", "a PATCH path to a readOnly attribute is a mutability error", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", enterprise(`"manager":{"value":"m"}`))
			before := c.Get(path).Text
			for _, p := range []string{"groups", "groups.value", "groups[value eq \\\"g\\\"]", "groups[value eq \\\"g\\\"].display", user + ":groups", "GROUPS",
				"id", "meta", "meta.created", ent + ":manager.displayName", strings.ToUpper(ent) + ":MANAGER.DISPLAYNAME"} {
				for _, op := range []string{"add", "replace"} {
					c.Patch(path, `{"op":"`+op+`","path":"`+p+`","value":"x"}`).Fails(400, "mutability")
				}
				c.Patch(path, `{"op":"remove","path":"`+p+`"}`).Fails(400, "mutability")
			}
			require.Equal(c.t, before, c.Get(path).Text)
		})
	}},
	{"A-2", "readOnly members of a PATCH value without path are ignored by default and refused for the strict client", func(c *Case) {
		path := c.Default.NewUser("u")
		for _, value := range []string{`{"id":"x","title":"t"}`, `{"groups":[{"value":"g"}],"title":"t"}`, `{"meta":{"created":"x"},"title":"t"}`} {
			c.Strict.Patch(path, `{"op":"replace","value":`+value+`}`).Fails(400, "mutability")
			c.Default.Get(path).Has("title", "")
			c.Default.Patch(path, `{"op":"replace","value":`+value+`}`).Is(200).Has("title", `"t"`, "groups", "", "id", quote(ID(path)))
			c.Default.Patch(path, `{"op":"remove","path":"title"}`).Is(200)
		}
	}},
	{"A-4 A-6", "a password is never returned", func(c *Case) {
		c.Both(func(c *Client) {
			secret := "t1meMa$heen"
			replies := []*Reply{c.Post("/Users", User("u", `"password":"`+secret+`"`)).Is(201)}
			path := "/Users/" + replies[0].String("id")
			for _, q := range []string{"", "?attributes=password", "?attributes=userName,PASSWORD", "?attributes=" + user + ":password", "?excludedAttributes=userName"} {
				replies = append(replies,
					c.Get(path+q), c.Get("/Users"+q), c.Get("/"+q),
					c.Put(path+q, User("u", `"password":"`+secret+`"`)),
					c.Do("PATCH", path+q, PatchOp(`{"op":"replace","path":"password","value":"`+secret+`"}`)),
					c.Do("PATCH", path+q, PatchOp(`{"op":"add","value":{"password":"`+secret+`"}}`)))
			}
			for _, r := range append(replies, c.Post("/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"attributes":["password"]}`)) {
				require.Less(c.t, r.Status, 300, "%s: %s", r.line, r.Text)
				require.NotContains(c.t, strings.ToLower(r.Text), "password", r.line)
				require.NotContains(c.t, r.Text, secret, r.line)
			}
		})
	}},
	{"A-4", "an error does not repeat a password", func(c *Case) {
		c.Both(func(c *Client) {
			for _, body := range []string{`"password":{"value":"t1meMa$heen"}`, `"password":["t1meMa$heen","t1meMa$heen"]`, `"password":"t1meMa$heen","active":"perhaps"`} {
				r := c.Post("/Users", User("u", body))
				r.Fails(400, "invalidValue")
				require.NotContains(c.t, r.Text, "t1meMa$heen")
			}
		})
	}},
	{"A-4 A-16", "a password cannot be filtered or sorted by", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u", `"password":"t1meMa$heen"`)
			for _, op := range []string{`eq "t1meMa$heen"`, `eq "wrong"`, `ne "wrong"`, `sw "t"`, `co "i"`, `gt "a"`, `pr`, `eq null`} {
				for _, path := range []string{"/Users", "/Groups"} {
					c.Filter(path, "password "+op).Fails(400, "invalidFilter")
				}
				c.Filter("/Users", user+":PassWord "+op).Fails(400, "invalidFilter")
				c.Filter("/Users", `not (password `+op+`) or userName eq "u"`).Fails(400, "invalidFilter")
				c.Post("/Users/.search", map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}, "filter": "password " + op}).Fails(400, "invalidFilter")
			}
			c.Get("/Users?sortBy=password").Fails(400, "invalidValue")
		})
	}},
	{"A-5 A-7", "attributes returned always stay, and attributes returned by default go, when the client names others", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"title":"t"`, `"name":{"givenName":"g","familyName":"f"}`, `"emails":[{"value":"a@b.example","type":"work"}]`)
			c.Get(path).Only("emails", "id", "meta", "name", "schemas", "title", "userName")
			c.Get(path+"?attributes=id").Only("id", "schemas")
			c.Get(path+"?attributes=userName").Only("id", "schemas", "userName")
			c.Get(path+"?excludedAttributes=id,schemas,emails,name").Only("id", "meta", "schemas", "title", "userName")
			c.Get(path+"?attributes=name.givenName,emails.type").Has("name", `{"givenName":"g"}`, "emails", `[{"type":"work"}]`, "title", "")
			c.Get(path+"?excludedAttributes=name.givenName,emails.type").Has("name", `{"familyName":"f"}`, "emails", `[{"value":"a@b.example"}]`, "title", `"t"`)
		})
	}},
}

var characteristicsValues = []row{
	{"A-9 N-6", "a value is returned in the case in which it was sent", func(c *Case) {
		c.Both(func(c *Client) {
			c.keeps([]string{`"externalId":"AbC"`, `"nickName":"McFly"`, `"title":"CEO"`, `"emails":[{"value":"Ann.Other@B.example","type":"Work"}]`, enterprise(`"employeeNumber":"aB1"`)},
				"externalId", `"AbC"`, "nickName", `"McFly"`, "title", `"CEO"`, "emails[0].value", `"Ann.Other@B.example"`, "emails[0].type", `"Work"`, enterprisePath("employeeNumber"), `"aB1"`)
			path := c.NewUser("BJensen")
			c.Get(path).Has("userName", `"BJensen"`)
			c.Put(path, User("bJENSEN")).Is(200).Has("userName", `"bJENSEN"`)
			c.Patch(path, `{"op":"replace","path":"userName","value":"bjensen"}`).Is(200).Has("userName", `"bjensen"`)
		})
	}},
	{"A-10 C-7 W-12 N-6", "a taken userName in any spelling is 409 on POST, PUT and PATCH and changes nothing", func(c *Case) {
		c.Both(func(c *Client) {
			for i, pair := range [][2]string{{"bjensen", "BJensen"}, {"jürgen", "JÜRGEN"}, {"ångström", "a\u030angström"}, {"straße", "STRASSE"}, {"Σίσυφος", "σίσυφοσ"}, {"x y", "X Y"}} {
				taken, other := pair[0], pair[1]
				path := c.NewUser(taken)
				for j, name := range []string{taken, other} {
					c.Post("/Users", User(name)).Fails(409, "uniqueness")
					victim := c.NewUser(fmt.Sprintf("other%d%d", i, j), `"title":"t"`)
					before := c.Get(victim).Text
					c.Put(victim, User(name, `"title":"changed"`)).Fails(409, "uniqueness")
					c.Patch(victim, `{"op":"replace","path":"title","value":"changed"}`, `{"op":"replace","path":"userName","value":`+quote(name)+`}`).Fails(409, "uniqueness")
					c.Patch(victim, `{"op":"add","value":{"userName":`+quote(name)+`}}`).Fails(409, "uniqueness")
					require.Equal(c.t, before, c.Get(victim).Text)
				}
				c.Put(path, User(taken, `"title":"own"`)).Is(200)
				c.Put(path, User(other)).Is(200).Has("userName", quote(other))
				c.Patch(path, `{"op":"replace","path":"userName","value":`+quote(taken)+`}`).Is(200)
				c.Filter("/Users", `userName eq `+quote(other)).Total(1)
			}
		})
	}},
	{"A-10", "a userName is free again after a rename or a deletion", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			c.Put(path, User("v")).Is(200)
			again := c.NewUser("u")
			c.Patch(path, `{"op":"replace","path":"userName","value":"U"}`).Fails(409, "uniqueness")
			c.Delete(again).Is(204)
			c.Patch(path, `{"op":"replace","path":"userName","value":"U"}`).Is(200)
		})
	}},
	{"A-10", "values that need not be unique may be equal, also in other tenants, types and attributes", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u", `"displayName":"d"`, `"emails":[{"value":"a@b.example"}]`, enterprise(`"employeeNumber":"1"`))
			c.NewUser("v", `"displayName":"d"`, `"emails":[{"value":"a@b.example"}]`, enterprise(`"employeeNumber":"1"`))
			c.NewGroup("u")
			c.NewGroup("u")
		})
		c.Default.NewUser("u")
		c.OtherTenant().NewUser("u")
	}},
	{"A-11 N-6 N-16", "a required attribute that is missing, null or blank is invalidValue", func(c *Case) {
		c.Both(func(c *Client) {
			path, group := c.NewUser("u"), c.NewGroup("g")
			for _, v := range []string{"", `"NAME":null,`, `"NAME":"",`, `"NAME":"  ",`, `"NAME":"\t\n",`, `"NAME":[],`} {
				for _, one := range []struct{ path, uri, name string }{{path, user, "userName"}, {group, grp, "displayName"}} {
					body := `{` + strings.ReplaceAll(v, "NAME", one.name) + `"schemas":["` + one.uri + `"]}`
					c.Post(one.path[:strings.LastIndexByte(one.path, '/')], body).Fails(400, "invalidValue")
					c.Put(one.path, body).Fails(400, "invalidValue")
				}
			}
			for _, v := range []string{`null`, `""`, `" "`, `[]`} {
				c.Patch(path, `{"op":"replace","path":"userName","value":`+v+`}`).Fails(400, "invalidValue")
				c.Patch(group, `{"op":"replace","value":{"displayName":`+v+`}}`).Fails(400, "invalidValue")
			}
			c.Patch(path, `{"op":"remove","path":"userName"}`).Fails(400, "mutability")
			c.Patch(group, `{"op":"remove","path":"displayName"}`).Fails(400, "mutability")
			c.Get(path).Has("userName", `"u"`)
			c.Get(group).Has("displayName", `"g"`)
			c.Get("/").Total(2)
		})
	}},
	{"A-12", "a sub-attribute is required only where its parent has a value", func(c *Case) {
		c.Both(func(c *Client) {
			c.keeps([]string{enterprise(`"division":"d"`)}, enterprisePath("manager"), "")
			c.NewGroup("g")
			c.Post("/Groups", Group("h", `"members":[{"type":"User"}]`)).Fails(400, "invalidValue")
			c.Get("/Groups").Total(1)
		})
	}},
	{"A-13", "values outside canonicalValues are kept by default and refused for the strict client", func(c *Case) {
		for _, name := range []string{"emails", "phoneNumbers", "ims", "addresses", "photos"} {
			value := `"` + name + `":[{"value":"https://a.example","type":"nonsense"}]`
			if name == "addresses" {
				value = `"addresses":[{"region":"r","type":"nonsense"}]`
			}
			c.Default.keeps([]string{value}, name+"[0].type", `"nonsense"`)
			c.Strict.refuses("invalidValue", value)
			path := c.Strict.NewUser("u")
			c.Strict.Patch(path, `{"op":"add","value":{`+value+`}}`).Fails(400, "invalidValue")
			c.Strict.Delete(path).Is(204)
		}
		c.Strict.keeps([]string{`"emails":[{"value":"a@b.example","type":"WORK"}]`, `"roles":[{"value":"r","type":"anything"}]`, `"entitlements":[{"value":"e","type":"anything"}]`},
			"emails[0].type", `"WORK"`, "roles[0].type", `"anything"`, "entitlements[0].type", `"anything"`)
	}},
	{"A-15 N-18", "by default a reference to an unknown resource is accepted", func(c *Case) {
		c.Both(func(c *Client) {
			if !c.app.membersAreUsers() {
				group := c.NewGroup("g", `"members":[{"value":"nobody"}]`)
				c.Get(group).Has("members[0].value", `"nobody"`)
				c.Patch(group, `{"op":"add","path":"members","value":[{"value":"none"}]}`)
				c.Get(group).Has("members.#", "2")
			}
			c.keeps([]string{enterprise(`"manager":{"value":"nobody"}`)}, enterprisePath("manager.value"), `"nobody"`)
		})
	}},
	{"A-1 A-14", "published attributes carry the characteristics that apply to their type, defaults filled in", func(c *Case) {
		for _, a := range c.Default.attributes(user, grp, ent) {
			exact, unique := a.value["caseExact"], a.value["uniqueness"]
			switch a.value["type"] {
			case "boolean", "dateTime", "complex":
				require.Nil(c, unique, a.path)
				require.Nil(c, exact, a.path)
			case "string":
				require.Contains(c, []any{"none", "server", "global"}, unique, a.path)
				id := a.path == ent+":manager.value" || a.path == user+":groups.value"
				require.Equal(c, id, exact, a.path) // RFC 7643 §3.1, §4.3, errata 8472
			case "reference", "binary":
				require.Equal(c, true, exact, a.path)
			}
			require.Equal(c, a.value["type"] == "reference", a.value["referenceTypes"] != nil, a.path)
			require.Equal(c, a.value["type"] == "complex", a.value["subAttributes"] != nil, a.path)
			require.Equal(c, a.path == user+":userName", unique == "server", a.path)
			require.Equal(c, strings.HasSuffix(a.path, ":userName") || strings.HasSuffix(a.path, ":Group:displayName"), a.value["required"], a.path)
		}
	}},
}

// published is one attribute as /Schemas shows it.
type published struct {
	path  string
	value map[string]any
}

// attributes returns all attributes and sub-attributes of schemas.
func (c *Client) attributes(uris ...string) []published {
	c.t.Helper()
	var out []published
	var walk func(prefix string, list any)
	walk = func(prefix string, list any) {
		for _, one := range list.([]any) {
			a := published{prefix + fmt.Sprint(one.(map[string]any)["name"]), one.(map[string]any)}
			out = append(out, a)
			if subs, ok := a.value["subAttributes"]; ok {
				walk(a.path+".", subs)
			}
		}
	}
	for _, uri := range uris {
		list := c.Get("/Schemas/" + uri).Is(200).Value("attributes")
		require.NotEmpty(c.t, list, uri)
		walk(uri+":", list)
	}
	return out
}

package scimtest

import (
	"strings"

	"github.com/stretchr/testify/require"
)

// multi are the multi-valued attributes of a user whose values can be primary.
var multi = []string{"emails", "phoneNumbers", "ims", "photos", "addresses", "entitlements", "roles", "x509Certificates"}

// twoValues returns a list of two different values, each with the members given.
func twoValues(name, first, second string) string {
	a, b := `"value":"MAA="`, `"value":"MAIFAA=="`
	if name == "addresses" {
		a, b = `"region":"a"`, `"region":"b"`
	}
	return quote(name) + `:[{` + a + first + `},{` + b + second + `}]`
}

var valuesMulti = []row{
	{"N-1", "two primary values are refused, one or none is kept", func(c *Case) {
		c.Both(func(c *Client) {
			for _, name := range multi {
				c.refuses("invalidValue", twoValues(name, `,"primary":true`, `,"primary":true`))
				c.keeps([]string{twoValues(name, `,"primary":true`, ``)}, name+"[0].primary", "true", name+"[1].primary", "")
				c.keeps([]string{twoValues(name, `,"primary":false`, `,"primary":true`)}, name+"[0].primary", "false", name+"[1].primary", "true")
				c.keeps([]string{twoValues(name, ``, ``)}, name+".#", "2", name+"[0].primary", "")
				path := c.NewUser("u")
				c.Patch(path, `{"op":"add","value":{`+twoValues(name, `,"primary":true`, `,"primary":true`)+`}}`).Fails(400, "invalidValue")
				c.Patch(path, `{"op":"replace","value":{`+twoValues(name, `,"primary":true`, `,"primary":true`)+`}}`).Fails(400, "invalidValue")
				c.Get(path).Has(name, "")
				c.forget(path)
			}
		})
	}},
	{"N-1 P-29", "a new primary value takes the flag from the old one", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"emails":[{"value":"a@b.example","primary":true},{"value":"c@b.example"}]`)
			c.Patch(path, `{"op":"add","path":"emails","value":[{"value":"d@b.example","primary":true}]}`).Is(200).Has("emails[2].primary", "true")
			for _, filter := range []string{`emails[primary eq true and value eq "d@b.example"]`, `not (emails[primary eq true and value ne "d@b.example"])`} {
				c.Filter("/Users", filter).Total(1)
			}
			c.Patch(path, `{"op":"replace","path":"emails[value eq \"c@b.example\"].primary","value":true}`).Is(200)
			c.Filter("/Users", `emails[primary eq true and value ne "c@b.example"]`).Total(0)
		})
	}},
	{"N-2", "a missing primary counts as false", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u", `"emails":[{"value":"a@b.example"}]`)
			c.NewUser("v", `"emails":[{"value":"a@b.example","primary":true}]`)
			c.NewUser("w", `"emails":[{"value":"a@b.example","primary":false}]`)
			require.ElementsMatch(c.t, []string{"u", "w"}, c.Filter("/Users", `emails[primary eq false]`).Total(2).Strings("userName"))
			require.ElementsMatch(c.t, []string{"v"}, c.Filter("/Users", `emails[primary eq true]`).Total(1).Strings("userName"))
			require.ElementsMatch(c.t, []string{"v"}, c.Filter("/Users", `emails.primary eq true`).Total(1).Strings("userName"))
			require.ElementsMatch(c.t, []string{"u", "w"}, c.Filter("/Users", `emails[primary ne true]`).Total(2).Strings("userName"))
		})
	}},
	{"N-3", "a value is not returned twice with the same type", func(c *Case) {
		c.Both(func(c *Client) {
			for _, name := range []string{"emails", "phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates"} {
				typ := map[string]string{"ims": "aim", "photos": "photo", "phoneNumbers": "work", "emails": "work"}[name]
				if typ == "" {
					typ = "t"
				}
				value := `{"value":"MAA=","type":"` + typ + `"}`
				c.keeps([]string{quote(name) + ":[" + value + "," + value + "]"}, name, "["+value+"]")
				c.keeps([]string{quote(name) + ":[" + value + `,{"value":"MAA="}]`}, name+".#", "2")
				path := c.NewUser("u", quote(name)+":["+value+"]")
				c.Patch(path, `{"op":"add","path":"`+name+`","value":[`+value+`]}`).Is(200).Has(name, "["+value+"]")
				c.forget(path)
			}
			c.keeps([]string{`"emails":[{"value":"a@b.example","type":"work"},{"value":"A@B.example","type":"WORK"}]`}, "emails.#", "1")
			c.keeps([]string{`"emails":[{"value":"a@b.example","type":"work"},{"value":"a@b.example","type":"home"}]`}, "emails.#", "2")
			c.keeps([]string{`"emails":[{"value":"a@b.example","type":"work"},{"value":"A@b.example","type":"work","primary":true,"display":"D"}]`}, "emails", `[{"value":"a@b.example","type":"work","primary":true,"display":"D"}]`)
			c.keeps([]string{`"addresses":[{"region":"r"},{"region":"r"}]`}, "addresses.#", "1")
			c.keeps([]string{`"addresses":[{"region":"r"},{"region":"s"}]`}, "addresses.#", "2")
		})
	}},
	{"N-3 P-35 P-66", "values that PATCH brings or makes with the same type and value are merged", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(`"emails":[{"value":"a@b.example","type":"work"},{"value":"c@b.example","type":"work","display":"D","primary":true}]`)
			r := c.becomes(path, replace(`emails[type eq "work"].value`, `"n@b.example"`), "emails", `[{"value":"n@b.example","type":"work","display":"D","primary":true}]`)
			c.Put(path, r.Text).Is(200)
			require.Equal(c.t, r.Text, c.Get(path).Text, "PUT of what GET returned changes nothing")
			c.becomes(path, add("emails", `[{"value":"a@b.example","type":"home"},{"value":"A@b.example","type":"home","primary":true,"display":"E"}]`),
				"emails", `[{"value":"n@b.example","type":"work","display":"D","primary":false},{"value":"a@b.example","type":"home","primary":true,"display":"E"}]`)
			c.stays(path, add("emails", `[{"value":"a@b.example","type":"home"},{"value":"A@b.example","type":"home","primary":true}]`))
			c.becomes(path, remove("emails.type")+","+replace("emails.value", `"z@b.example"`), "emails", `[{"value":"z@b.example","display":"D","primary":true}]`)
		})
	}},
	{"N-4", "URIs are made canonical", func(c *Case) {
		c.Both(func(c *Client) {
			for sent, want := range map[string]string{
				"HTTP://Example.com:80/a/../b": "http://example.com/b", "https://EXAMPLE.com:443/%7euser/": "https://example.com/~user/",
				"https://example.com/%c3%bc": "https://example.com/%C3%BC", "https://example.com/a/./b": "https://example.com/a/b",
				"https://example.com/Path?Q=1": "https://example.com/Path?Q=1", "https://example.com:8443/": "https://example.com:8443/",
				"https://example.com": "https://example.com/", "http://Example.com:80?q": "http://example.com/?q",
			} {
				c.keeps([]string{`"profileUrl":` + quote(sent), `"photos":[{"value":` + quote(sent) + `}]`}, "profileUrl", quote(want), "photos[0].value", quote(want))
				path := c.NewUser("u", `"profileUrl":`+quote(sent))
				c.Filter("/Users", `profileUrl eq `+quote(want)).Total(1)
				c.Filter("/Users", `profileUrl eq `+quote(sent)).Total(1)
				c.Patch(path, `{"op":"replace","path":"profileUrl","value":"https://example.com/else"}`, `{"op":"replace","path":"profileUrl","value":`+quote(sent)+`}`).Is(200).Has("profileUrl", quote(want))
				c.forget(path)
			}
		})
	}},
	{"N-5 T-7", "the $ref a client sends does not compete with the value: one member, whatever the URI's version", func(c *Case) {
		c.Both(func(c *Client) {
			u := c.NewUser("u")
			id := ID(u)
			var members []string
			for _, uri := range []string{"https://scim.example.com/scim/Users/" + id, BaseURL + u, "../Users/" + id, "https://elsewhere.example/v1/Users/" + id} {
				members = append(members, `{"value":"`+id+`","$ref":`+quote(uri)+`}`)
			}
			g := c.NewGroup("g", `"members":[`+strings.Join(members, ",")+`]`)
			c.Get(g).Has("members.#", "1", "members[0].$ref", quote(BaseURL+u))
			c.Patch(g, `{"op":"add","path":"members","value":[`+strings.Join(members, ",")+`]}`)
			c.Get(g).Has("members.#", "1")
			for _, uri := range []string{BaseURL + u, "https://scim.example.com/scim" + u, "https://scim.example.com/scim/v1" + u, "Users/" + id, "../Users/" + id} {
				c.Filter("/Groups", `members.$ref eq `+quote(uri)).Total(1)
				c.Filter("/Groups", `displayName eq "g" and not (members[$ref ne `+quote(uri)+`])`).Total(1)
			}
			for _, uri := range []string{BaseURL + "/Users/other", BaseURL + "/Groups/" + id, "https://elsewhere.example" + u, "Users/", "x"} {
				c.Filter("/Groups", `members.$ref eq `+quote(uri)).Total(0)
			}
			c.Patch(g, `{"op":"remove","path":"members[$ref eq `+strings.ReplaceAll(quote(BaseURL+u), `"`, `\"`)+`]"}`).Is(204)
			c.Get(g).Has("members", "")
			boss := c.NewUser("v", enterprise(`"manager":{"value":"`+id+`","$ref":"../Users/`+id+`"}`))
			c.Get(boss).Has(enterprisePath("manager.$ref"), quote(BaseURL+u))
		})
	}},
}

var valuesUser = []row{
	{"N-6", "userName is compared without case", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("BJensen@Example.com")
			for _, f := range []string{`userName eq "bjensen@example.com"`, `userName sw "bjENSEN"`, `userName co "@EX"`, `userName ew ".COM"`, `not (userName ne "BJENSEN@example.com")`} {
				c.Filter("/Users", f).Total(1)
			}
		})
	}},
	{"N-7", "other formats of languages, locales and time zones are kept by default and refused for the strict client", func(c *Case) {
		for name, values := range map[string][2][]string{
			"preferredLanguage": {{"en", "en-US", "en-US, fr;q=0.5", "da, en-gb;q=0.8, en;q=0.7", "*"}, {"e n", "", "en;q=2", "_", "en,,fr"}},
			"locale":            {{"en", "en-US", "en_US", "zh-Hant-TW"}, {"e n", "", "en US", "-", "1", "en-US "}},
			"timezone":          {{"America/Los_Angeles", "Europe/Berlin", "UTC", "Etc/GMT+1"}, {"Mars/X", "", "Local", "../etc/passwd", "PST8PDT9", "+02:00"}},
		} {
			for _, v := range values[0] {
				c.Both(func(c *Client) { c.keeps([]string{quote(name) + ":" + quote(v)}, name, quote(v)) })
			}
			for _, v := range values[1] {
				c.Strict.refuses("invalidValue", quote(name)+":"+quote(v))
				c.Default.keeps([]string{quote(name) + ":" + quote(v)}, name, quote(v))
				path := c.Strict.NewUser("u")
				c.Strict.Patch(path, `{"op":"replace","path":"`+name+`","value":`+quote(v)+`}`).Fails(400, "invalidValue")
				c.Strict.forget(path)
			}
		}
	}},
	{"N-10", "values keep the spelling sent and are compared in canonical form", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"emails":[{"value":"bjensen@EXAMPLE.COM"}]`, `"phoneNumbers":[{"value":"tel:+1-201-555-0123"}]`, `"ims":[{"value":"Some Handle"}]`)
			c.Get(path).Has("emails[0].value", `"bjensen@EXAMPLE.COM"`, "phoneNumbers[0].value", `"tel:+1-201-555-0123"`, "ims[0].value", `"Some Handle"`)
			c.Filter("/Users", `emails.value eq "bjensen@example.com"`).Total(1)
			c.Filter("/Users", `ims.value eq "some handle"`).Total(1)
			c.Patch(path, `{"op":"add","path":"emails","value":[{"value":"bjensen@example.com"}]}`).Is(200).Has("emails.#", "1")
		})
	}},
	{"N-11", "a country is ISO 3166-1 alpha-2 for the strict client", func(c *Case) {
		for _, v := range []string{"US", "DE", "gb", "AX"} {
			c.Both(func(c *Client) {
				c.keeps([]string{`"addresses":[{"country":` + quote(v) + `}]`}, "addresses[0].country", quote(v))
			})
		}
		for _, v := range []string{"USA", "Germany", "", "U", "XX", "D ", "UK", "12"} {
			c.Strict.refuses("invalidValue", `"addresses":[{"country":`+quote(v)+`}]`)
			c.Default.keeps([]string{`"addresses":[{"region":"r","country":` + quote(v) + `}]`}, "addresses[0].country", quote(v))
		}
	}},
	{"N-12 N-14", "the groups of a member have id, $ref, display and the type direct", func(c *Case) {
		c.Both(func(c *Client) {
			u := c.NewUser("u")
			g := c.NewGroup("Tour Guides", `"members":[{"value":"`+ID(u)+`"}]`)
			want := `[{"value":"` + ID(g) + `","$ref":"` + BaseURL + g + `","display":"Tour Guides","type":"direct"}]`
			c.Get(u).Has("groups", want)
			c.Get("/Users").Has("Resources[0].groups", want)
			c.Get(u+"?attributes=groups.display").Has("groups", `[{"display":"Tour Guides"}]`)
			c.Get(u+"?excludedAttributes=groups").Has("groups", "")
			c.Filter("/Users", `groups.value eq "`+ID(g)+`"`).Total(1)
			c.Filter("/Users", `groups[value eq "`+ID(g)+`"]`).Total(1)
			c.Filter("/Users", `groups.display eq "tour guides"`).Total(1)
			c.Filter("/Users", `groups.value eq "none"`).Total(0)
			c.Filter("/Users", `not (groups pr)`).Total(0)
			c.Patch(g, `{"op":"replace","path":"displayName","value":"Guides"}`).Is(200)
			c.Get(u).Has("groups[0].display", `"Guides"`)
			c.Patch(g, `{"op":"remove","path":"members[value eq \"`+ID(u)+`\"]"}`)
			c.Get(u).Has("groups", "")
		})
	}},
	{"N-12", "groups follow a PUT and a DELETE of the group", func(c *Case) {
		c.Both(func(c *Client) {
			u := c.NewUser("u")
			g, h := c.NewGroup("g"), c.NewGroup("h", `"members":[{"value":"`+ID(u)+`"}]`)
			c.Put(g, Group("g", `"members":[{"value":"`+ID(u)+`"}]`)).Is(200)
			c.Get(u).Has("groups.#", "2")
			c.Delete(h).Is(204)
			c.Get(u).Has("groups.#", "1", "groups[0].value", quote(ID(g)))
			c.Put(g, Group("g")).Is(200)
			c.Get(u).Has("groups", "")
		})
	}},
	{"N-14", "only direct membership is called direct", func(c *Case) {
		c.needsNesting()
		c.Both(func(c *Client) {
			u := c.NewUser("u")
			inner := c.NewGroup("inner", `"members":[{"value":"`+ID(u)+`"}]`)
			c.NewGroup("outer", `"members":[{"value":"`+ID(inner)+`"}]`)
			r := c.Get(u)
			list, _ := r.Value("groups").([]any)
			for _, one := range list {
				g := one.(map[string]any)
				require.Equal(c.t, g["display"] == "inner", g["type"] == "direct", r.Text)
			}
			require.Contains(c.t, r.Text, ID(inner))
		})
	}},
	{"N-15", "a certificate is one DER certificate for the strict client", func(c *Case) {
		for _, v := range []string{"MAAwAA==", "AAAA", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"} {
			c.Strict.refuses("invalidValue", `"x509Certificates":[{"value":`+quote(v)+`}]`)
			c.Default.keeps([]string{`"x509Certificates":[{"value":` + quote(v) + `}]`}, "x509Certificates[0].value", quote(v))
		}
	}},
	{"N-20 A-12", "a manager is the id of a resource; $ref is derived from it", func(c *Case) {
		c.Both(func(c *Client) {
			boss := c.NewUser("boss")
			c.keeps([]string{enterprise(`"manager":{"value":"` + ID(boss) + `"}`)}, enterprisePath("manager"), `{"value":"`+ID(boss)+`","$ref":"`+BaseURL+boss+`"}`)
			c.keeps([]string{enterprise(`"manager":{"value":"` + ID(boss) + `","$ref":"../Users/` + ID(boss) + `"}`)}, enterprisePath("manager.$ref"), quote(BaseURL+boss))
			c.keeps([]string{enterprise(`"manager":{"value":"26118915-6090-4610-87e4-49d8ca9f808d","displayName":"John Smith"}`)}, enterprisePath("manager.value"), `"26118915-6090-4610-87e4-49d8ca9f808d"`, enterprisePath("manager.displayName"), "")
			c.NewUser("u", enterprise(`"manager":{"value":"aB"}`))
			c.Filter("/Users", ent+`:manager.value eq "aB"`).Total(1)
			c.Filter("/Users", ent+`:manager.value eq "ab"`).Total(0)
		})
	}},
	{"N-21 C-4", "manager.displayName is readOnly", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", enterprise(`"manager":{"value":"m","displayName":"x"}`))
			c.Get(path).Has(enterprisePath("manager.displayName"), "")
			c.Put(path, User("u", enterprise(`"manager":{"value":"m","displayName":{"wrong":"type"}}`))).Is(200).Has(enterprisePath("manager.displayName"), "")
			c.Patch(path, `{"op":"replace","path":"`+ent+`:manager.displayName","value":"x"}`).Fails(400, "mutability")
		})
	}},
}

var valuesGroup = []row{
	{"N-16", "a group needs a displayName, and its schema says so", func(c *Case) {
		c.Both(func(c *Client) {
			c.Post("/Groups", `{"schemas":["`+grp+`"]}`).Fails(400, "invalidValue")
			c.Post("/Groups", `{"schemas":["`+grp+`"],"members":[]}`).Fails(400, "invalidValue")
			for _, a := range c.attributes(grp) {
				require.Equal(c.t, a.path == grp+":displayName", a.value["required"], a.path)
			}
		})
	}},
	{"N-17", "a member is added and removed as a whole; its sub-attributes do not change", func(c *Case) {
		c.Both(func(c *Client) {
			a, b := c.NewUser("a"), c.NewUser("b")
			g := c.NewGroup("g", `"members":[{"value":"`+ID(a)+`"}]`)
			for _, sub := range []string{"value", "type", "$ref"} {
				c.Patch(g, `{"op":"replace","path":"members[value eq \"`+ID(a)+`\"].`+sub+`","value":"`+ID(b)+`"}`).Fails(400, "mutability")
				c.Patch(g, `{"op":"remove","path":"members[value eq \"`+ID(a)+`\"].`+sub+`"}`).Fails(400, "mutability")
			}
			c.Patch(g, `{"op":"replace","path":"members[value eq \"`+ID(a)+`\"].display","value":"x"}`).Fails(400, "mutability")
			c.Patch(g, `{"op":"remove","path":"members[value eq \"`+ID(a)+`\"]"}`, `{"op":"add","path":"members","value":[{"value":"`+ID(b)+`"}]}`)
			c.Get(g).Has("members.#", "1", "members[0].value", quote(ID(b)))
			c.Put(g, Group("g", `"members":[{"value":"`+ID(a)+`"}]`)).Is(200).Has("members.#", "1", "members[0].value", quote(ID(a)))
		})
	}},
	{"N-18", "a member gets $ref and type from the resource it names", func(c *Case) {
		c.needsNesting()
		c.Both(func(c *Client) {
			u, inner := c.NewUser("u", `"displayName":"Ursula"`), c.NewGroup("inner")
			g := c.NewGroup("g", `"members":[{"value":"`+ID(u)+`"},{"value":"`+ID(inner)+`","type":"User","$ref":"https://evil.example/"}]`)
			r := c.Get(g).Has("members.#", "2")
			for i := range 2 {
				one := r.Value([]string{"members[0]", "members[1]"}[i]).(map[string]any)
				if one["value"] == ID(u) {
					require.Equal(c.t, []any{BaseURL + u, "User"}, []any{one["$ref"], one["type"]})
					continue
				}
				require.Equal(c.t, []any{ID(inner), BaseURL + inner, "Group"}, []any{one["value"], one["$ref"], one["type"]})
			}
		})
	}},
	{"N-18", "members.display is the service provider's; that of a client is ignored", func(c *Case) {
		c.Both(func(c *Client) {
			u := c.NewUser("u")
			g := c.NewGroup("g", `"members":[{"value":"`+ID(u)+`","display":"sent"}]`)
			require.NotContains(c.t, c.Get(g).Text, "sent")
			c.Patch(g, `{"op":"add","path":"members","value":[{"value":"x","display":"sent"}]}`)
			require.NotContains(c.t, c.Get(g).Text, "sent")
		})
	}},
	{"N-19", "groups nest, and a cycle is harmless", func(c *Case) {
		c.needsNesting()
		c.Both(func(c *Client) {
			a := c.NewGroup("a")
			b := c.NewGroup("b", `"members":[{"type":"Group","value":"`+ID(a)+`"}]`)
			c.Get(b).Has("members[0].type", `"Group"`, "members[0].$ref", quote(BaseURL+a))
			c.Patch(a, `{"op":"add","path":"members","value":[{"type":"Group","value":"`+ID(b)+`"},{"value":"`+ID(a)+`"}]}`)
			c.Get(a).Is(200).Has("members.#", "2")
			u := c.NewUser("u")
			c.Patch(a, `{"op":"add","path":"members","value":[{"value":"`+ID(u)+`"}]}`)
			c.Get(u).Is(200)
			c.Filter("/Groups", `members.value eq "`+ID(a)+`"`).Total(2)
			c.Filter("/Groups", `members[type eq "Group"]`).Total(2)
			c.Delete(a).Is(204)
			c.Get(b).Is(200).Has("members", "")
		})
	}},
}

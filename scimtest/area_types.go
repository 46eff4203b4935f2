package scimtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// otherValues returns JSON values of every kind but the named ones.
func otherValues(kinds ...string) []string {
	var out []string
	for _, v := range [][2]string{{"boolean", "true"}, {"number", "5"}, {"number", "-1.5e3"}, {"string", `"text"`}, {"object", `{"a":"b"}`}, {"object", `{"value":{"a":1}}`}, {"array", `["a","b"]`}, {"array", `[[1]]`}} {
		if !strings.Contains(strings.Join(kinds, " "), v[0]) {
			out = append(out, v[1])
		}
	}
	return out
}

var typesSimple = []row{
	{"T-1", "a string is a JSON string and nothing else", func(c *Case) {
		c.strictly(func(c *Client) {
			for _, v := range otherValues("string") {
				for _, name := range []string{"nickName", "displayName", "title", "userType", "externalId", "password", "locale", "timezone", "preferredLanguage"} {
					c.refuses("invalidValue", quote(name)+":"+v)
				}
				c.refuses("invalidValue", `"name":{"givenName":`+v+`}`)
				c.refuses("invalidValue", `"emails":[{"value":`+v+`}]`)
				c.refuses("invalidValue", enterprise(`"department":`+v))
				c.Post("/Users", `{"schemas":["`+user+`"],"userName":`+v+`}`).Fails(400, "invalidValue")
				c.Post("/Groups", `{"schemas":["`+grp+`"],"displayName":`+v+`}`).Fails(400, "invalidValue")
				path := c.NewUser("patched")
				c.Patch(path, `{"op":"add","path":"title","value":`+v+`}`).Fails(400, "invalidValue")
				c.Patch(path, `{"op":"replace","path":"name.givenName","value":`+v+`}`).Fails(400, "invalidValue")
				c.Patch(path, `{"op":"replace","path":"`+ent+`:department","value":`+v+`}`).Fails(400, "invalidValue")
				c.forget(path)
			}
		})
	}},
	{"T-1 H-1", "any Unicode text is returned as it was sent", func(c *Case) {
		c.Both(func(c *Client) {
			for _, text := range []string{"Jürgen", "e\u0301 and é", "👩‍👩‍👧", "日本語", "עברית", "a\\b\"c/d", "tab\tline\nend\r", "\u0001\u001f", "\u2028\u2029", " leading and trailing ", "<b>&amp;</b>", "\ufeff", "\U0010ffff", "%20+", strings.Repeat("x", 10000)} {
				c.keeps([]string{`"nickName":` + quote(text), `"name":{"formatted":` + quote(text) + `}`}, "nickName", quote(text), "name.formatted", quote(text))
				path := c.NewUser("u", `"title":`+quote(text))
				if len(text) < 100 {
					c.Filter("/Users", `title eq `+quote(text)).Total(1).Has("Resources[0].title", quote(text))
				}
				c.forget(path)
			}
			c.keeps([]string{`"nickName":"\u00e9\ud83d\ude00\/"`}, "nickName", `"é😀/"`)
			c.keeps([]string{`"nickName":"a\u0000b"`}, "nickName", `"a\u0000b"`)
		})
	}},
	{"T-2", "a boolean is true or false", func(c *Case) {
		c.Both(func(c *Client) {
			c.keeps([]string{`"active":true`}, "active", "true")
			c.keeps([]string{`"active":false`}, "active", "false")
			for _, v := range append(otherValues("boolean"), `"yes"`, `"1"`, `0`, `1`, `"tru"`, `"truefalse"`) {
				c.refuses("invalidValue", `"active":`+v)
				c.refuses("invalidValue", `"emails":[{"value":"a@b.example","primary":`+v+`}]`)
				path := c.NewUser("patched")
				c.Patch(path, `{"op":"replace","path":"active","value":`+v+`}`).Fails(400, "invalidValue")
				c.Patch(path, `{"op":"replace","value":{"active":`+v+`}}`).Fails(400, "invalidValue")
				c.forget(path)
			}
		})
	}},
	{"T-2", "a boolean as a string is accepted by default and refused for the strict client", func(c *Case) {
		for text, want := range map[string]string{"true": "true", "True": "true", "TRUE": "true", "false": "false", "False": "false", "FALSE": "false"} {
			c.Strict.refuses("invalidValue", `"active":`+quote(text))
			c.Strict.refuses("invalidValue", `"emails":[{"value":"a@b.example","primary":`+quote(text)+`}]`)
			c.Default.keeps([]string{`"active":` + quote(text)}, "active", want)
			c.Default.keeps([]string{`"emails":[{"value":"a@b.example","primary":` + quote(text) + `}]`}, "emails[0].primary", want)
			path := c.Default.NewUser("u")
			c.Default.Patch(path, `{"op":"Replace","path":"active","value":`+quote(text)+`}`).Is(200).Has("active", want)
			c.Default.Filter("/Users", `userName eq "u" and active eq `+quote(text)).Total(1)
			c.Default.forget(path)
		}
		c.Both(func(c *Client) { c.refuses("invalidValue", `"active":""`) })
	}},
	{"T-4", "a dateTime in a filter is one with date and time", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u")
			for _, at := range []string{"2011-05-13T04:42:34Z", "2011-05-13T04:42:34.123+02:00", "2011-05-13T04:42:34.1234567Z", "2011-05-13T04:42:34-14:00", "2011-05-13T04:42:34"} {
				c.Filter("/Users", `meta.created gt "`+at+`"`).Total(1)
				c.Filter("/Users", `meta.lastModified lt "`+at+`"`).Total(0)
			}
			for _, at := range []string{`"2011-05-13"`, `"04:42:34"`, `"2011-05-13 04:42:34Z"`, `"2011-13-13T04:42:34Z"`, `"2011-02-30T04:42:34Z"`, `"2011-05-13T24:42:34Z"`, `"2011-05-13T04:42Z"`, `"2011-05-13T04:42:34+25:00"`, `"yesterday"`, `1305261754`, `true`} {
				c.Filter("/Users", `meta.created gt `+at).Fails(400, "invalidFilter")
			}
		})
	}},
	{"T-5", "a binary is base64, padded or not", func(c *Case) {
		c.strictly(func(c *Client) {
			for _, v := range append(otherValues("string"), `"!!!"`, `"MAA-"`, `"MAA_"`, `"MA=A"`, `"M"`, `"MAA==="`, `"MA A"`, `"=" `, `"-----BEGIN CERTIFICATE-----"`) {
				c.refuses("invalidValue", `"x509Certificates":[{"value":`+v+`}]`)
			}
			for _, v := range []string{"MAA=", "MAA"} { // an empty ASN.1 SEQUENCE
				c.keeps([]string{`"x509Certificates":[{"value":"` + v + `"}]`}, "x509Certificates[0].value", quote(v))
			}
		})
	}},
	{"T-6", "a reference is a URI", func(c *Case) {
		c.Both(func(c *Client) {
			for _, v := range append(otherValues("string"), `"http://[bad"`, `"http://a.example:port/"`, `"%zz"`, `":x"`) {
				c.refuses("invalidValue", `"profileUrl":`+v)
				c.refuses("invalidValue", `"photos":[{"value":`+v+`}]`)
			}
			for _, v := range []string{"https://a.example/Users/1", "Users/1", "../Groups/1", "/x", "urn:uuid:1", "mailto:a@b.example", "https://a.example/?q=1#f", "//a.example/x", "#f", "?q"} {
				c.keeps([]string{`"profileUrl":` + quote(v)}, "profileUrl", quote(v))
			}
		})
		c.Strict.refuses("invalidValue", `"profileUrl":"has space"`)
		c.Default.keeps([]string{`"profileUrl":"has space"`}, "profileUrl", `"has space"`)
	}},
	{"T-6", "a reference is compared with case", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u", `"profileUrl":"https://a.example/Path"`)
			c.Filter("/Users", `profileUrl eq "https://a.example/Path"`).Total(1)
			c.Filter("/Users", `profileUrl eq "https://a.example/path"`).Total(0)
			c.Filter("/Users", `profileUrl co "Pa"`).Total(1)
			c.Filter("/Users", `profileUrl co "pa"`).Total(0)
		})
	}},
	{"T-8 N-12 N-18 N-20", "GET of a reference returns its target, and 404 after the target is deleted", func(c *Case) {
		c.Both(func(c *Client) {
			boss := c.NewUser("boss")
			u := c.NewUser("u", enterprise(`"manager":{"value":"`+ID(boss)+`"}`))
			g := c.NewGroup("g", `"members":[{"value":"`+ID(u)+`"}]`)
			for uri, target := range map[string]string{
				c.Get(g).String("members[0].$ref"): u, c.Get(u).String("groups[0].$ref"): g, c.Get(u).String(enterprisePath("manager.$ref")): boss,
			} {
				require.Equal(c.t, BaseURL+target, uri)
				c.Get(Path(uri)).Is(200).Has("id", quote(ID(target)))
			}
			uri := c.Get(u).String(enterprisePath("manager.$ref"))
			c.Delete(boss).Is(204)
			c.Get(Path(uri)).Fails(404, "")
			c.Get(u).Is(200).Has(enterprisePath("manager.value"), quote(ID(boss)))
		})
	}},
}

var typesComposed = []row{
	{"T-9", "a complex value is an object", func(c *Case) {
		c.Both(func(c *Client) {
			for _, v := range []string{`"x"`, `5`, `true`, `["x"]`, `[{"givenName":"g"},{"givenName":"h"}]`} {
				c.refuses("invalidValue", `"name":`+v)
				path := c.NewUser("patched")
				c.Patch(path, `{"op":"replace","path":"name","value":`+v+`}`).Fails(400, "invalidValue")
				c.Patch(path, `{"op":"add","value":{"name":`+v+`}}`).Fails(400, "invalidValue")
				c.forget(path)
			}
			for _, v := range []string{`5`, `true`, `"x"`, `["x"]`, `[{}]`} {
				c.refuses("invalidValue", quote(ent)+":"+v)
			}
			for _, v := range []string{`true`, `["x"]`} {
				c.refuses("invalidValue", enterprise(`"manager":`+v))
				c.refuses("invalidValue", `"emails":[`+v+`]`)
			}
		})
		c.Strict.refuses("invalidValue", `"emails":["a@b.example"]`)
		c.Strict.refuses("invalidValue", `"emails":[5]`)
		c.Strict.refuses("invalidValue", enterprise(`"manager":"m"`))
		c.Default.keeps([]string{enterprise(`"manager":"m"`)}, enterprisePath("manager.value"), `"m"`)
	}},
	{"T-11", "a simple attribute has no sub-attributes", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"title":"t"`)
			for _, p := range []string{"userName.x", "title.value", "active.value", "externalId.x", "id.x", "name.givenName.x", "emails.value.x", "title[value eq \\\"t\\\"]"} {
				c.Patch(path, `{"op":"replace","path":"`+p+`","value":"x"}`).Fails(400, "invalidPath")
				c.Patch(path, `{"op":"remove","path":"`+p+`"}`).Fails(400, "invalidPath")
			}
			for _, p := range []string{"userName.x", "title.value", "name.givenName.x", ent + ":department.x", "id.x"} {
				c.Filter("/Users", p+` eq "x"`).Fails(400, "invalidFilter")
			}
		})
	}},
	{"T-12", "a multi-valued attribute is an array, a singular one is not", func(c *Case) {
		c.strictly(func(c *Client) {
			for _, name := range []string{"emails", "phoneNumbers", "ims", "photos", "addresses", "entitlements", "roles", "x509Certificates"} {
				for _, v := range []string{`"x"`, `5`, `true`, `[5]`, `[true]`, `["x"]`, `[[]]`, `[[{}]]`, `[{"type":"work"},"x"]`, `[{"type":"work"},5]`} {
					c.refuses("invalidValue", quote(name)+":"+v)
				}
			}
			for _, v := range []string{`["a"]`, `["a","b"]`, `[[]]`, `[null]`} {
				for _, name := range []string{"nickName", "active", "name", "profileUrl", ent} {
					c.refuses("invalidValue", quote(name)+":"+v)
				}
			}
			c.keeps([]string{`"emails":[{"value":"a@b.example","display":"d","type":"work","primary":true},{"value":"c@b.example"}]`},
				"emails", `[{"value":"a@b.example","display":"d","type":"work","primary":true},{"value":"c@b.example"}]`)
		})
	}},
	{"T-12", "one object for a list is a list of one by default and refused for the strict client", func(c *Case) {
		value := `"emails":{"value":"a@b.example","type":"work"}`
		c.Strict.refuses("invalidValue", value)
		c.Default.keeps([]string{value}, "emails", `[{"value":"a@b.example","type":"work"}]`)
		c.Default.keeps([]string{`"phoneNumbers":{"value":"1","primary":true}`}, "phoneNumbers", `[{"value":"1","primary":true}]`)
	}},
	{"T-13", "null and an empty array are unassigned and never returned", func(c *Case) {
		c.Both(func(c *Client) {
			all := []string{"name", "displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale", "timezone", "active", "password",
				"emails", "phoneNumbers", "ims", "photos", "addresses", "groups", "entitlements", "roles", "x509Certificates", "externalId", "meta", "id", ent}
			for _, v := range []string{"null", "[]"} {
				var members []string
				for _, name := range all {
					members = append(members, quote(name)+":"+v)
				}
				made := c.Post("/Users", User("u", members...)).Is(201)
				made.Only("id", "meta", "schemas", "userName")
				path := "/Users/" + made.String("id")
				c.Put(path, User("u", `"title":"t"`, `"emails":[{"value":"a@b.example"}]`, `"name":{"givenName":"g"}`, `"active":true`)).Is(200)
				c.Put(path, User("u", members...)).Is(200).Only("id", "meta", "schemas", "userName")
				require.NotContains(c.t, c.Get(path).Text, "null")
				require.NotContains(c.t, c.Get("/Users").Text, "null")
				c.forget(path)
			}
			c.keeps([]string{`"name":{"givenName":null,"familyName":"f"}`, `"emails":[null,{"value":"a@b.example","type":null}]`}, "name", `{"familyName":"f"}`, "emails", `[{"value":"a@b.example"}]`)
			c.keeps([]string{`"name":{}`, `"emails":[{}]`, `"roles":[null]`, `"addresses":[{"region":null}]`, enterprise(`"manager":{}`)}, "name", "", "emails", "", "roles", "", "addresses", "", "['"+ent+"']", "", "schemas", `["`+user+`"]`)
		})
	}},
	{"T-13", "an empty string where the type has none unassigns by default and is refused for the strict client", func(c *Case) {
		for _, member := range []string{`"emails":""`, `"name":""`, `"emails":[""]`, `"x509Certificates":[{"value":""}]`, `"addresses":""`, enterprise(`"manager":""`)} {
			c.Strict.refuses("invalidValue", member)
			c.Default.keeps([]string{member}, "active", "", "name", "", "x509Certificates", "", "addresses", "", "['"+ent+"']", "")
		}
		c.Both(func(c *Client) {
			c.keeps([]string{`"title":""`, `"name":{"givenName":""}`, `"externalId":""`}, "title", `""`, "name", `{"givenName":""}`, "externalId", `""`)
		})
	}},
	{"T-13 P-72", "PATCH with null or an empty array unassigns", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			set := `{"op":"add","value":{"nickName":"n","active":true,"name":{"givenName":"g","familyName":"f"},"emails":[{"value":"a@b.example"}],"` + ent + `":{"division":"d"}}}`
			for _, v := range []string{"null", "[]"} {
				for p, gone := range map[string]string{"nickName": "nickName", "active": "active", "name": "name", "emails": "emails", "name.givenName": "name.givenName",
					ent + ":division": enterprisePath("division"), ent: "['" + ent + "']"} {
					c.Patch(path, set).Is(200).Has("nickName", `"n"`, "emails.#", "1")
					c.Patch(path, `{"op":"replace","path":"`+p+`","value":`+v+`}`).Is(200).Has(gone, "")
				}
				c.Patch(path, set).Is(200)
				c.Patch(path, `{"op":"replace","value":{"nickName":`+v+`,"name":{"givenName":`+v+`},"emails":`+v+`}}`).Is(200).Has("nickName", "", "name", `{"familyName":"f"}`, "emails", "")
			}
		})
	}},
	{"T-13 F-10", "pr is false for an unassigned attribute and for the empty string", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u", `"nickName":""`, `"title":null`, `"emails":[]`, `"roles":[{"value":"r"}]`, `"active":false`)
			for filter, n := range map[string]int{"nickName pr": 0, "title pr": 0, "emails pr": 0, "emails.value pr": 0, "name pr": 0, "roles pr": 1, "active pr": 1, "roles.type pr": 0, "userName pr": 1, ent + ":division pr": 0, "not (title pr)": 1} {
				if c.app.mentions(filter) {
					continue // proven by the cases of App
				}
				c.Filter("/Users", filter).Total(n)
			}
			c.Get("/Users").Has("Resources[0].nickName", `""`)
		})
	}},
	{"F-10 T-13", "pr is false for a complex attribute with nothing but empty strings in it", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"name":{"givenName":"","familyName":""}`, `"emails":[{"value":""}]`, `"addresses":[{"region":""},{"locality":""}]`, enterprise(`"department":""`, `"manager":{"value":""}`))
			for _, f := range []string{"name", "emails", "addresses", ent, ent + ":manager", "name.givenName", "emails.value"} {
				if c.app.mentions(f) {
					continue // proven by the cases of App
				}
				c.Filter("/Users", f+" pr").Total(0)
				c.Filter("/Users", "not ("+f+" pr)").Total(1)
			}
			c.Filter("/Users", `emails ne null and emails[value eq ""]`).Total(1)
			c.Patch(path, add("name.givenName", `"g"`)+","+add("addresses", `[{"country":"AT"}]`)+","+add(ent+":manager", `{"value":"m"}`)).Is(200)
			for f, n := range map[string]int{"name": 1, "emails": 0, "addresses": 1, ent: 1, ent + ":manager": 1} {
				c.Filter("/Users", f+" pr").Total(n)
			}
		})
	}},
	{"T-12 T-13", "a value of any size, and of any depth within the bound, is stored or refused; one level deeper is invalidSyntax", func(c *Case) {
		c.Both(func(c *Client) {
			within := []string{nested(schema.MaxDepth-1, "[", "", "]"), nested(schema.MaxDepth-1, `{"a":`, "1", "}")}
			for _, name := range []string{"title", "emails", "name", "meta", "groups", "unheardOf", "schemas"} {
				body := func(deep string) string {
					return fmt.Sprintf(`{"schemas":["%s"],"userName":"deep",%q:%s}`, user, name, deep)
				}
				for _, deep := range within {
					r := c.Post("/Users", body(deep))
					require.Contains(c.t, []int{201, 400, 409}, r.Status, "%s: %s", r.line, r.Text)
				}
				for _, deep := range tooDeep() {
					c.Post("/Users", body(deep)).Fails(400, "invalidSyntax")
				}
			}
			list := strings.TrimSuffix(strings.Repeat(`{"value":"a@b.example","type":"work"},`, 5000), ",")
			c.keeps([]string{`"emails":[` + list + `]`}, "emails.#", "1")
		})
		for _, deep := range []string{nested(schema.MaxDepth-1, "[", "", "]"), nested(schema.MaxDepth-1, `{"a":`, "1", "}")} {
			made := c.Default.Post("/Users", User("deep", `"unheardOf":`+deep)).Is(201)
			c.Default.Delete("/Users/" + made.String("id")).Is(204)
		}
	}},
}

var typesAll = []row{
	{"T-1 T-2 T-5 T-6 T-9 T-12", "every published attribute refuses every value of another type, wherever it stands", func(c *Case) {
		c.strictly(func(c *Client) {
			path, group := c.NewUser("u"), c.NewGroup("g")
			before := c.Get("/").Text
			for _, uri := range []string{user, ent, grp} {
				lists := map[string]bool{}
				for _, a := range c.attributes(uri) {
					lists[a.path] = a.value["multiValued"] == true
					if a.value["mutability"] == "readOnly" || strings.HasPrefix(a.path, user+":groups") {
						continue
					}
					name := strings.TrimPrefix(a.path, uri+":")
					for _, wrong := range wrongFor(a) {
						member := memberOf(name, wrong, lists[uri+":"+strings.Split(name, ".")[0]])
						if uri == ent {
							member = enterprise(member)
						}
						target := path
						body := User("v", member)
						if uri == grp {
							target, body = group, Group("h", member)
						}
						if name == "userName" || name == "displayName" && uri == grp {
							body = `{"schemas":["` + uri + `"],` + member + `}`
						}
						c.Post(target[:strings.LastIndexByte(target, '/')], body).Fails(400, "invalidValue")
						c.Put(target, body).Fails(400, "invalidValue")
						c.Patch(target, `{"op":"add","value":{`+member+`}}`).Fails(400, "invalidValue")
						c.Patch(target, `{"op":"replace","value":{`+member+`}}`).Fails(400, "invalidValue")
					}
				}
			}
			require.Equal(c.t, before, c.Get("/").Text)
		})
	}},
}

// wrongFor returns JSON values that no profile reads as the attribute.
func wrongFor(a published) []string {
	if a.value["multiValued"] == true {
		return []string{`5`, `true`, `"text"`, `[5]`, `[true]`, `["text"]`, `[[{"value":"x"}]]`}
	}
	switch a.value["type"] {
	case "boolean":
		return []string{`5`, `"text"`, `{"a":1}`, `[true,false]`}
	case "binary":
		return []string{`5`, `true`, `"!"`, `{"a":1}`, `["MAA=","MAA="]`}
	case "complex":
		return []string{`5`, `true`, `[{"value":"a"},{"value":"b"}]`}
	case "reference":
		return []string{`5`, `true`, `"http://[bad"`, `{"a":1}`, `["a","b"]`}
	}
	return []string{`5`, `true`, `{"a":1}`, `["a","b"]`}
}

// memberOf returns the member that gives the attribute, or sub-attribute, a
// value.
func memberOf(name, value string, list bool) string {
	parent, sub, ok := strings.Cut(name, ".")
	switch {
	case !ok:
		return quote(name) + ":" + value
	case list:
		return quote(parent) + ":[{" + quote(sub) + ":" + value + "}]"
	}
	return quote(parent) + ":{" + quote(sub) + ":" + value + "}"
}

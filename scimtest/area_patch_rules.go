package scimtest

import (
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"
)

var patchSequence = []row{
	{"P-8", "each operation works on the result of the one before", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser()
			c.becomes(path, add("emails", `[{"value":"x@x.example"}]`)+","+replace(`emails[value eq "x@x.example"].type`, `"work"`)+","+add(`emails[type eq "work"].display`, `"d"`),
				"emails", `[{"value":"x@x.example","type":"work","display":"d"}]`)
			c.becomes(path, replace("title", `"a"`)+","+replace("title", `"b"`)+","+remove("emails")+","+add("emails", `{"value":"y@x.example"}`), "title", `"b"`, "emails", `[{"value":"y@x.example"}]`)
			c.becomes(path, add("nickName", `"n"`)+","+remove("title")+","+remove("nickName"), "title", "", "nickName", "")
			c.fails(path, "noTarget", add("emails", `{"value":"z@x.example","type":"other"}`)+","+remove(`emails[type eq "other"]`)+`,{"op":"replace","path":"emails[type eq \"other\"]","value":{"value":"v@x.example"}}`)
			a, b, group := c.anyUser(), c.anyUser(), c.anyGroup()
			c.becomes(group, add("members", refs(a, b))+","+remove(`members[value eq `+quote(ID(a))+`]`), "members.#", "1", "members[0].value", quote(ID(b)))
			c.becomes(group, remove("members")+","+add("members", refs(a)), "members.#", "1", "members[0].value", quote(ID(a)))
			c.becomes(group, replace("members", refs(b))+","+add("members", refs(a))+","+remove(`members[value eq `+quote(ID(b))+`]`)+","+replace("displayName", `"new"`), "members.#", "1", "members[0].value", quote(ID(a)))
			c.becomes(group, add("members", refs(b))+","+remove(`members[value ne `+quote(ID(b))+`]`), "members.#", "1", "members[0].value", quote(ID(b)))
		})
	}},
	{"P-9 P-10 P-22", "if one operation fails, nothing is changed", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails, `"title":"t"`, enterprise(`"department":"d"`))
			good := strings.Join([]string{replace("title", `"changed"`), remove("emails"), add("nickName", `"n"`), replace(ent+":department", `"e"`), replace("password", `"t1meMa$heen"`)}, ",")
			for bad, scimType := range map[string]string{
				replace("id", `"x"`): "mutability", remove("userName"): "mutability", replace("nope", `1`): "invalidPath", replace("active", `"maybe"`): "invalidValue", replace("userName", `""`): "invalidValue",
				remove("emails[nope pr]"): "invalidFilter", replace(`photos[type eq "x"]`, `{"value":"https://x.example"}`): "noTarget", `{"op":"remove"}`: "noTarget", `{"op":"add","path":"title"}`: "invalidValue", `{"op":"move"}`: "invalidSyntax",
			} {
				c.fails(path, scimType, good+","+bad, bad+","+good, good+","+bad+","+good)
			}
			taken := c.NewUser("taken")
			before := c.Get(path).Text
			c.Patch(path, good, replace("userName", `"TAKEN"`)).Fails(409, "uniqueness")
			require.Equal(c.t, before, c.Get(path).Text)

			group := c.anyGroup(`"members":` + refs(taken))
			c.fails(group, "mutability", add("members", refs(path))+","+remove("displayName"), remove("members")+","+replace("id", `"x"`))
			c.fails(group, "invalidValue", replace("members", refs(path))+","+add("members", `[{"value":{}}]`))
			c.Get(path).Has("groups", "")
			c.Get(taken).Has("groups.#", "1")
		})
	}},
	{"P-19 P-20", "schemas follows the changes of extensions", func(c *Case) {
		c.Both(func(c *Client) {
			both, one := `["`+user+`","`+ent+`"]`, `["`+user+`"]`
			c.becomes(c.anyUser(), add("schemas", `["`+ent+`"]`)+","+add(ent+":department", `"d"`), "schemas", both, enterprisePath("department"), `"d"`)
			c.becomes(c.anyUser(), add("schemas", quote(ent))+","+add("", `{"`+ent+`":{"department":"d"}}`), "schemas", both, enterprisePath("department"), `"d"`)
			c.becomes(c.anyUser(), replace("schemas", both)+","+replace(ent+":manager.value", `"m"`), "schemas", both, enterprisePath("manager.value"), `"m"`)
			c.becomes(c.anyUser(), add(ent+":employeeNumber", `"1"`), "schemas", both, enterprisePath("employeeNumber"), `"1"`)
			c.becomes(c.anyUser(), replace(ent+":manager.value", `"m"`), "schemas", both)
			c.becomes(c.anyUser(), add("", `{"`+ent+`:costCenter":"1"}`), "schemas", both)
			path := c.anyUser(enterprise(`"department":"d"`))
			c.becomes(path, remove(`schemas[value eq "`+ent+`"]`)+","+add(ent+":division", `"v"`), "schemas", both, enterprisePath("department"), "", enterprisePath("division"), `"v"`)
			c.becomes(path, remove(ent+":division"), "schemas", one)
			c.stays(path, add("schemas", one), replace("schemas", one), add("schemas", quote(user)))
			c.stays(path, add("", `{"schemas":`+one+`}`), replace("", `{"schemas":`+both+`}`))
			c.stays(path, add("schemas", both)) // an extension without content is not there (Z-2)
			c.fails(path, "mutability", remove("schemas"), remove(`schemas[value eq "`+user+`"]`), remove(`schemas eq "`+user+`"`))
			c.fails(path, "invalidValue", add("schemas", "5"), add("schemas", `[5]`), add("schemas", `{"value":"x"}`), replace("schemas", `[]`), replace("schemas", `["`+ent+`"]`), replace("schemas", "null"))
		})
	}},
	{"P-19", "unknown URIs added to schemas are ignored by default (Entra ID) and refused for the strict client", func(c *Case) {
		path := c.Default.anyUser()
		c.Strict.fails(path, "invalidValue", add("schemas", `["urn:example:x"]`), add("schemas", quote(grp)), add("", `{"schemas":["urn:example:x"]}`), replace("", `{"schemas":["`+ent+`"]}`), add("", `{"schemas":5}`))
		c.Default.stays(path, add("", `{"schemas":["urn:example:x"]}`), replace("", `{"schemas":["urn:example:x"]}`))
		c.Default.stays(path, add("schemas", `["urn:example:x"]`), add("schemas", quote(grp)))
	}},
	{"P-26 P-54", "a value of schemas is selected by schemas eq and by schemas[value eq]", func(c *Case) {
		c.Both(func(c *Client) {
			for _, p := range []string{`schemas eq "` + ent + `"`, `schemas[value eq "` + ent + `"]`, `SCHEMAS EQ "` + ent + `"`, `schemas[value sw "urn:ietf:params:scim:schemas:extension"]`} {
				c.becomes(c.anyUser(enterprise(`"department":"d"`), `"title":"t"`), remove(p), "schemas", `["`+user+`"]`, "title", `"t"`, enterprisePath("department"), "")
			}
			c.stays(c.anyUser(`"title":"t"`), remove(`schemas eq "`+ent+`"`), remove(`schemas[value eq "urn:example:x"]`))
		})
	}},
	{"P-22 P-35 P-74", "a PATCH without effect is a success and moves neither version nor lastModified", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails, `"title":"t"`, `"active":true`, `"name":{"givenName":"g","familyName":"f"}`, `"photos":[{"value":"https://x.example/a","type":"photo"}]`, enterprise(`"department":"d","manager":{"value":"m"}`))
			c.stays(path,
				add("title", `"t"`), replace("title", `"t"`), add("active", "true"), replace("active", "true"),
				add("name", `{"givenName":"g"}`), replace("name", `{"givenName":"g"}`), replace("name", `{"familyName":"f","givenName":"g"}`), add("name.givenName", `"g"`), replace("name.givenName", `"g"`), add("name", `{}`),
				add("emails", `[{"value":"h@y.example","type":"home"}]`), add("emails", `{"value":"w@x.example","type":"work","primary":true}`), add("emails", `{"type":"home","value":"H@Y.EXAMPLE"}`), add("emails", `[]`),
				replace("emails", `[{"value":"w@x.example","type":"work","primary":true},{"value":"h@y.example","type":"home"}]`), add("emails", `[{"value":"h@y.example","type":"home"},{"value":"h@y.example","type":"home"}]`),
				add(`emails[type eq "work"].value`, `"w@x.example"`), replace(`emails[type eq "work"].primary`, "true"), add(`emails[type eq "work"]`, `{"primary":true}`), replace(`emails[type eq "work"]`, `{"value":"w@x.example","type":"work","primary":true}`),
				add("photos", `[{"type":"photo","value":"https://x.example/a"}]`),
				add(ent+":department", `"d"`), replace(ent+":manager", `{"value":"m"}`), add(ent, `{"department":"d"}`), add("", `{"`+ent+`":{"department":"d","manager":{"value":"m"}},"title":"t"}`), replace("", `{"`+ent+`:department":"d"}`),
				add("", `{}`), replace("", `{}`), remove("nickName"), replace("nickName", "null"), replace("phoneNumbers", "[]"), remove("phoneNumbers"),
				add("nickName", `"n"`)+","+remove("nickName"), replace("title", `"x"`)+","+replace("title", `"t"`),
			)
			group := c.anyGroup(`"members":` + refs(path))
			c.stays(group, add("members", refs(path)), add("members", refs(path, path)), replace("members", refs(path)), add("members", `[]`), remove(`members[value eq "nope"]`), add("displayName", quote(c.Get(group).String("displayName"))),
				remove("members")+","+add("members", refs(path)))
			c.becomes(group, add("members", refs(path))+","+replace("displayName", `"new"`), "members.#", "1")
		})
	}},
	{"P-22 P-74", "another spelling of the same value is a change: the spelling sent is kept", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(`"title":"t"`, twoEmails)
			c.becomes(path, replace("title", `"T"`), "title", `"T"`)
			c.becomes(path, replace(`emails[type eq "home"].value`, `"H@y.example"`), "emails[1].value", `"H@y.example"`)
			c.becomes(path, replace("userName", quote(strings.ToUpper(c.Get(path).String("userName")))))
		})
	}},
	{"P-24 P-52", "required attributes are present after every operation", func(c *Case) {
		c.Both(func(c *Client) {
			path, group := c.anyUser(), c.anyGroup()
			c.fails(path, "mutability", remove("userName"), remove("userName")+","+add("userName", `"new"`))
			c.fails(group, "mutability", remove("displayName"), remove("displayName")+","+add("displayName", `"new"`), add("externalId", `"x"`)+","+remove("displayName"))
			c.fails(path, "invalidValue", replace("userName", "null"), replace("userName", `""`), replace("userName", `" "`), add("userName", "null"), add("", `{"userName":null}`), replace("", `{"userName":""}`), replace("userName", "[]"))
		})
	}},
	{"P-25", "one PATCH of many operations makes one new version", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser()
			r := c.becomes(path, add("title", `"t"`)+","+add("nickName", `"n"`)+","+add("emails", `[{"value":"a@x.example"}]`))
			c.Put(path, User(c.Get(path).String("userName"), `"title":"u"`), "If-Match: "+r.Header.Get("ETag")).Is(200)
		})
	}},
	{"P-27 P-72", "null and [] unassign", func(c *Case) {
		c.Both(func(c *Client) {
			full := []string{twoEmails, `"title":"t"`, `"nickName":"n"`, `"active":false`, `"name":{"givenName":"g","familyName":"f"}`, enterprise(`"department":"d","manager":{"value":"m"}`)}
			for _, one := range []struct{ path, value, at, left string }{
				{"nickName", "null", "nickName", ""}, {"NICKNAME", "null", "nickName", ""}, {"emails", "[]", "emails", ""}, {"emails", "null", "emails", ""}, {"emails", "[null]", "emails", ""}, {"name", "null", "name", ""},
				{"name.givenName", "null", "name", `{"familyName":"f"}`}, {"name", `{"givenName":null}`, "name", `{"familyName":"f"}`}, {"name", `{"givenName":null,"familyName":null}`, "name", ""},
				{`emails[type eq "home"]`, "null", "emails.#", "1"}, {`emails[type eq "home"].value`, "null", "emails[1]", `{"type":"home"}`}, {`emails[type pr]`, "null", "emails", ""},
				{ent + ":department", "null", enterprisePath("department"), ""}, {ent + ":manager", "null", enterprisePath("manager"), ""}, {ent + ":manager.value", "null", enterprisePath("manager"), ""}, {ent, "null", "schemas", `["` + user + `"]`},
				{"", `{"nickName":null,"title":"t"}`, "nickName", ""}, {"", `{"emails":[]}`, "emails", ""}, {"", `{"` + ent + `":null}`, "schemas", `["` + user + `"]`}, {"", `{"name":{"givenName":null}}`, "name", `{"familyName":"f"}`}, {"", `{"` + ent + `":{"manager":null}}`, enterprisePath("manager"), ""},
			} {
				c.becomes(c.anyUser(full...), replace(one.path, one.value), one.at, one.left, "title", `"t"`, "active", "false")
			}
			group := c.anyGroup(`"members":` + refs(c.anyUser()))
			c.becomes(group, replace("members", "[]"), "members", "")
			c.becomes(c.anyGroup(`"members":`+refs(c.anyUser())), replace("members", "null"), "members", "")
			c.becomes(c.anyGroup(`"members":`+refs(c.anyUser())), replace("", `{"members":[]}`), "members", "")
		})
	}},
}

var patchValues = []row{
	{"P-14 P-43 P-53 P-70 P-10", "an operation on a readOnly attribute is a mutability error", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(enterprise(`"manager":{"value":"m"}`))
			c.anyGroup(`"members":` + refs(path))
			for _, p := range []string{"id", "ID", user + ":id", "meta", "meta.created", "meta.version", "meta.lastModified", "meta.resourceType", "meta.location", "groups", "groups.display", `groups[value pr]`, `groups[value pr].display`, `groups[value eq "nope"]`, ent + ":manager.displayName"} {
				for _, v := range []string{`"x"`, `[{"value":"x"}]`, "null", `[]`, `{}`} {
					c.fails(path, "mutability", add(p, v), replace(p, v))
				}
				c.fails(path, "mutability", remove(p))
			}
			c.fails(path, "mutability", replace("id", quote(ID(path))), add("meta.resourceType", `"User"`)) // also with the same value
		})
	}},
	{"P-14 N-21", "readOnly parts of a value are ignored by default, as in a POST, and refused for the strict client", func(c *Case) {
		path := c.Default.anyUser()
		for _, op := range []string{replace(ent+":manager", `{"displayName":"Boss"}`), add(ent, `{"manager":{"displayName":"Boss"}}`), replace("", `{"`+ent+`":{"manager":{"displayName":null}}}`)} {
			c.Strict.fails(path, "mutability", op, add("title", `"t"`)+","+op)
			c.Default.stays(path, op)
		}
		c.Strict.fails(path, "mutability", add(ent+":manager", `{"value":"m","displayName":"Boss"}`))
		c.Default.becomes(path, add(ent+":manager", `{"value":"m","displayName":"Boss"}`), enterprisePath("manager.value"), `"m"`, enterprisePath("manager.displayName"), "")
		c.Strict.becomes(path, add(ent+":manager", `{"value":"n"}`), enterprisePath("manager.value"), `"n"`)
	}},
	{"P-16 P-10", "a value of the wrong type is invalidValue", func(c *Case) {
		c.strictly(func(c *Client) {
			path, group := c.anyUser(twoEmails), c.anyGroup()
			for _, one := range [][2]string{
				{"active", `"maybe"`}, {"active", "1"}, {"active", "0"}, {"active", `{"value":true}`}, {"active", "[true,false]"}, {"active", `"yes"`},
				{"title", "5"}, {"title", "true"}, {"title", `{}`}, {"title", `{"value":"t"}`}, {"title", `["a","b"]`}, {"title", `[["a"]]`}, {"userName", "5"}, {"userName", `{"a":1}`},
				{"name", `"x"`}, {"name", "5"}, {"name", "true"}, {"name", `["x"]`}, {"name", `[{"givenName":"a"},{"givenName":"b"}]`}, {"name", `{"givenName":5}`}, {"name", `{"givenName":{"x":"y"}}`}, {"name.givenName", "5"}, {"name.givenName", `{"givenName":"x"}`},
				{"emails", "5"}, {"emails", "true"}, {"emails", `[5]`}, {"emails", `[[]]`}, {"emails", `[{"value":5}]`}, {"emails", `[{"value":{"x":1}}]`}, {"emails", `[{"value":"a@b.example","primary":"maybe"}]`}, {"emails", `[{"value":"a@b.example"},5]`}, {"emails", `[{"value":["a","b"]}]`},
				{`emails[type eq "work"]`, "5"}, {`emails[type eq "work"]`, `[5]`}, {`emails[type eq "work"].value`, "5"}, {`emails[type eq "work"].value`, `{"value":"x"}`}, {`emails[type eq "work"].primary`, `"maybe"`}, {`emails[type eq "work"].primary`, "1"}, {"emails.value", "5"}, {"emails.type", `[1]`},
				{ent, "5"}, {ent, `"x"`}, {ent, `[{"department":"a"},{"department":"b"}]`}, {ent, `{"department":5}`}, {ent + ":department", "5"}, {ent + ":manager", "5"}, {ent + ":manager", "true"}, {ent + ":manager", `{"value":5}`}, {ent + ":manager.value", "5"},
				{"password", "5"}, {"password", `{"value":"x"}`}, {"password", `["a","b"]`}, {"externalId", "5"}, {"externalId", `{"a":1}`}, {"addresses", `[{"country":5}]`}, {"addresses", `[{"formatted":["a","b"]}]`}, {"photos", `[{"value":5}]`}, {"x509Certificates", `[{"value":5}]`},
			} {
				c.fails(path, "invalidValue", add(one[0], one[1]), replace(one[0], one[1]))
				if !strings.Contains(one[0], "[") {
					c.fails(path, "invalidValue", add("", `{`+quote(one[0])+`:`+one[1]+`}`), replace("", `{"nickName":"n",`+quote(one[0])+`:`+one[1]+`}`))
				}
			}
			for _, v := range []string{"5", "true", `[5]`, `[{"value":5}]`, `[{"value":""}]`, `[{}]`, `[{"display":"x"}]`, `[{"value":null}]`, `[["x"]]`, `{"value":{}}`, `[{"value":"a"},{"type":"User"}]`} {
				c.fails(group, "invalidValue", add("members", v), replace("members", v), add("", `{"members":`+v+`}`), replace("", `{"members":`+v+`}`))
			}
		})
	}},
	{"P-16", "values that the default client may send for providers' sake are of the wrong type for the strict client", func(c *Case) {
		path, group := c.Default.anyUser(twoEmails), c.Default.anyGroup()
		for _, one := range []struct{ path, value, at, becomes string }{
			{"active", `"False"`, "active", "false"}, {"active", `"true"`, "active", "true"}, {"title", `["t"]`, "title", `"t"`}, {"name", `[{"givenName":"g"}]`, "name.givenName", `"g"`}, {"name.familyName", `["f"]`, "name.familyName", `"f"`}, {"active", `[false]`, "active", "false"},
			{ent + ":manager", `"m"`, enterprisePath("manager.value"), `"m"`}, {ent + ":manager", `[{"value":"n"}]`, enterprisePath("manager.value"), `"n"`}, {ent + ":manager", `""`, enterprisePath("manager"), ""},
			{`emails[type eq "home"].primary`, `"True"`, "emails[1].primary", "true"}, {`emails[type eq "work"].display`, `["d"]`, "emails[0].display", `"d"`}, {"addresses", `""`, "addresses", ""},
		} {
			c.Strict.fails(path, "invalidValue", replace(one.path, one.value))
			c.Default.Patch(path, replace(one.path, one.value)).Is(200).Has(one.at, one.becomes)
		}
		c.Strict.fails(group, "invalidValue", add("members", `"x"`), add("members", `["x"]`), add("members", `""`))
		member := quote(c.Default.aMember("x"))
		c.Default.becomes(group, add("members", `[`+member+`]`), "members[0].value", member)
	}},
	{"P-16 P-14 P-10", "a value of any JSON type at any path is accepted or 400, and a 400 changes nothing", func(c *Case) {
		c.slow()
		values := []string{`null`, `true`, `0`, `-1.5e3`, `1e999`, `9223372036854775808`, `""`, `" "`, `"x"`, `"\u0000"`, `[]`, `{}`, `[null]`, `[[]]`, `[{}]`, `{"":""}`, `{"value":null}`, `{"value":"x"}`, `{"value":{"value":[]}}`, `[{"value":"x","type":"work","primary":true},{"value":"x","type":"work","primary":true}]`, `{"primary":true}`, `["x","y"]`, `{"type":5}`, `{"members":[{"value":"x"}]}`}
		c.Both(func(c *Client) {
			c.survives(c.anyGroup(`"members":`+refs(c.anyUser())), values, "id", "meta", "schemas", "displayName", "members", "members.value", `members[value eq "x"]`, `members[value pr].type`, "members.display", "")
			paths := []string{"id", "schemas", "meta", "externalId", "name.givenName", "photos.value", ""}
			for _, a := range c.attributes(user, ent) {
				path := strings.TrimPrefix(a.path, user+":")
				if !regexp.MustCompile(`^(phoneNumbers|ims|photos|entitlements|roles|addresses|name)\.`).MatchString(path) { // like those of emails
					paths = append(paths, path, path+`[value eq "x"]`, path+`[type eq "work"].value`)
				}
			}
			c.survives(c.anyUser(twoEmails, `"name":{"givenName":"g"}`, enterprise(`"manager":{"value":"m"}`)), values, paths...)
		})
	}},
	{"P-21 P-38 P-59", "a value made primary makes all others of its attribute not primary", func(c *Case) {
		c.Both(func(c *Client) {
			for _, op := range []string{
				add("emails", `[{"value":"n@z.example","type":"other","primary":true}]`), add("emails", `{"value":"n@z.example","primary":true}`), add("", `{"emails":[{"value":"n@z.example","primary":true}]}`),
				add("emails", `[{"value":"h@y.example","type":"home","primary":true}]`), add(`emails[type eq "home"].primary`, "true"), replace(`emails[type eq "home"].primary`, "true"), replace(`emails[type eq "home"]`, `{"value":"h@y.example","primary":true}`), add(`emails[type eq "home"]`, `{"primary":true}`),
				add("emails", `[{"value":"n@z.example","primary":true},{"value":"m@z.example"}]`), add("emails", `[{"value":"n@z.example"},{"value":"m@z.example","primary":true}]`),
			} {
				r := c.becomes(c.anyUser(twoEmails), op, "emails[0].primary", "false", "emails[0].value", `"w@x.example"`)
				require.Equal(c.t, 1, strings.Count(r.Text, `"primary":true`), r.Text)
			}
			for _, op := range []string{add("phoneNumbers", `[{"value":"+1","primary":true}]`), replace(`emails[type eq "home"].primary`, "false")} {
				c.becomes(c.anyUser(twoEmails), op, "emails[0].primary", "true")
			}
			c.becomes(c.anyUser(twoEmails), add("emails", `{"value":"a@z.example","primary":true}`)+","+add("emails", `{"value":"b@z.example","primary":true}`), "emails[0].primary", "false", "emails[2].primary", "false", "emails[3].primary", "true")
		})
	}},
	{"P-21 P-10", "one operation that brings two primary values is invalidValue", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails)
			two := `[{"value":"a@z.example","primary":true},{"value":"b@z.example","primary":true}]`
			c.fails(path, "invalidValue", add("emails", two), replace("emails", two), add("", `{"emails":`+two+`}`), replace("", `{"emails":`+two+`}`), replace("emails[type pr].primary", "true"), add("emails.primary", "true"), add("addresses", `[{"region":"a","primary":true},{"region":"b","primary":true}]`))
		})
	}},
}

package scimtest

import (
	"strings"

	"github.com/stretchr/testify/require"
)

// twoEmails is the attribute that many of the cases change.
const twoEmails = `"emails":[{"value":"w@x.example","type":"work","primary":true},{"value":"h@y.example","type":"home"}]`

var patchMessage = []row{
	{"P-1", "PATCH is announced and works", func(c *Case) {
		c.Both(func(c *Client) {
			c.Get("/ServiceProviderConfig").Is(200).Has("patch.supported", "true")
			c.becomes(c.anyUser(), add("title", `"t"`), "title", `"t"`)
			c.becomes(c.anyGroup(), add("externalId", `"e"`), "externalId", `"e"`)
		})
	}},
	{"P-2 P-10", "a message that does not name PatchOp is invalidSyntax", func(c *Case) {
		c.strictly(func(c *Client) {
			path := c.anyUser()
			before := c.Get(path).Text
			rest := `"Operations":[` + add("title", `"t"`) + `]}`
			for _, s := range []string{`{`, `{"schemas":[],`, `{"schemas":null,`, `{"schemas":"` + patchOp + `",`, `{"schemas":5,`, `{"schemas":{},`, `{"schemas":[5],`, `{"schemas":[["` + patchOp + `"]],`,
				`{"schemas":["` + user + `"],`, `{"schemas":["` + searchRequest + `"],`, `{"schemas":["` + patchOp + ` "],`, `{"schemas":["` + patchOp + `:x"],`, `{"schema":["` + patchOp + `"],`} {
				c.Do("PATCH", path, s+rest).Fails(400, "invalidSyntax")
			}
			require.Equal(c.t, before, c.Get(path).Text)
			for i, s := range []string{`{"schemas":["` + patchOp + `"],`, `{"SCHEMAS":["` + patchOp + `"],`, `{"schemas":["` + user + `","` + patchOp + `"],`, `{"extra":{"a":[1]},"id":"x","schemas":["` + patchOp + `"],`} {
				c.Do("PATCH", path, s+`"operations":[`+replace("title", quote(strings.Repeat("t", i+1)))+`]}`).Is(200)
			}
		})
	}},
	{"P-2 P-10", "a body that is not a JSON object is invalidSyntax", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser()
			for _, body := range []string{"", " ", "null", "true", "5", `"x"`, "[]", "[" + PatchOp(add("title", `"t"`)) + "]", "{", PatchOp(add("title", `"t"`)) + "}", PatchOp(add("title", `"t"`))[1:],
				PatchOp(`{"op":"add","path":"title","value":"t",}`), PatchOp(`{'op':'add'}`), PatchOp(add("title", "t")), PatchOp(add("title", "NaN")), PatchOp(add("title", `"t"`), ""), "\ufeff{}",
			} {
				c.Do("PATCH", path, body).Fails(400, "invalidSyntax")
			}
			for _, deep := range tooDeep() {
				c.Do("PATCH", path, deep).Fails(400, "invalidSyntax")
				c.Do("PATCH", path, PatchOp(add("title", deep))).Fails(400, "invalidSyntax")
			}
			c.Get(path).Has("title", "")
		})
	}},
	{"P-3 P-10", "Operations that is not an array of operations is invalidSyntax", func(c *Case) {
		c.strictly(func(c *Client) {
			path := c.anyUser()
			for _, ops := range []string{"", `,"Operations":null`, `,"Operations":[]`, `,"Operations":{}`, `,"Operations":` + add("title", `"t"`), `,"Operations":"x"`, `,"Operations":5`,
				`,"Operations":[null]`, `,"Operations":[5]`, `,"Operations":["x"]`, `,"Operations":[[]]`, `,"Operations":[` + add("title", `"t"`) + `,null]`, `,"operation":[` + add("title", `"t"`) + `]`,
				`,"Operations":[` + add("title", `"t"`) + `],"operations":[` + add("title", `"t"`) + `]`} {
				c.Do("PATCH", path, `{"schemas":["`+patchOp+`"]`+ops+`}`).Fails(400, "invalidSyntax")
			}
			c.Get(path).Has("title", "")
		})
	}},
	{"P-3", "the limit on operations is accepted, one operation more is refused", func(c *Case) {
		op := add("title", `"t"`)
		path := c.Default.anyUser()
		c.Default.Patch(path, strings.Repeat(op+",", 10000)+op).Fails(400, "invalidSyntax")
		c.Default.Get(path).Has("title", "")
		c.Default.becomes(path, strings.Repeat(op+",", 9999)+op, "title", `"t"`)
	}},
	{"P-4 P-6 P-10", "op is add, remove or replace; anything else is invalidSyntax", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser()
			for _, op := range []string{``, `"op":null,`, `"op":5,`, `"op":"",`, `"op":[],`, `"op":["add"],`, `"op":{"op":"add"},`, `"op":true,`, `"op":"move","from":"nickName",`, `"op":"copy","from":"nickName",`, `"op":"test",`,
				`"op":"add ",`, `"op":" add",`, `"op":"adds",`, `"op":"update",`, `"op":"delete",`, `"operation":"add",`, `"op":"add","op":"remove",`, `"op":"add","OP":"add",`, `"op":"ａｄｄ",`} {
				c.fails(path, "invalidSyntax", `{`+op+`"path":"title","value":"t"}`, add("title", `"t"`)+`,{`+op+`"path":"title","value":"t"}`)
			}
		})
	}},
	{"P-4", "op is read without case, and unknown members of an operation are ignored (Entra ID, Z-22)", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser()
			for _, op := range []string{"Add", "ADD", "aDD", "Replace", "REPLACE"} {
				c.becomes(path, `{"op":"`+op+`","path":"title","value":`+quote(op)+`,"name":"x","id":5,"from":[null]}`, "title", quote(op))
			}
			c.becomes(path, `{"OP":"Remove","Path":"title"}`, "title", "")
			c.becomes(path, `{"value":"t","path":"title","op":"add"}`, "title", `"t"`)
		})
	}},
	{"P-23 P-10", "PATCH of an unknown resource is 404 and creates nothing", func(c *Case) {
		c.Both(func(c *Client) {
			u, g := c.anyUser(), c.anyGroup()
			for _, path := range []string{"/Users/nope", "/Groups/nope", "/Users/" + ID(g), "/Groups/" + ID(u), u + "x", "/Users/%00", "/Users/%ff", "/Users/..%2f", u + "/title"} {
				c.Patch(path, add("displayName", `"d"`)).Fails(404, "")
			}
			c.Get("/").Total(2)
			c.Delete(u).Is(204)
			c.Patch(u, add("displayName", `"d"`)).Fails(404, "")
			for _, path := range []string{"/Users", "/Groups", "/", "/Users/.search", "/Schemas", "/Schemas/" + user, "/ResourceTypes/User", "/ServiceProviderConfig"} {
				r := c.Patch(path, add("displayName", `"d"`)).Is(405)
				require.NotEmpty(c.t, r.Header.Get("Allow"))
			}
		})
	}},
	{"P-11", "a PATCH of a user is 200 with the body of a GET", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails, enterprise(`"department":"d"`))
			c.anyGroup(`"members":` + refs(path))
			r := c.Patch(path, add("title", `"t"`)).Is(200)
			require.Equal(c.t, c.Get(path).Text, r.Text)
			require.Equal(c.t, BaseURL+path, r.Header.Get("Content-Location"))
			r.Has("title", `"t"`, "groups.#", "1", "emails.#", "2", enterprisePath("department"), `"d"`)
		})
	}},
	{"P-11 P-12", "attributes and excludedAttributes shape the response to PATCH as that to GET", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails, enterprise(`"department":"d"`))
			for i, q := range []string{"?attributes=userName", "?attributes=title", "?attributes=id", "?excludedAttributes=emails,meta", "?excludedAttributes=name.givenName,emails.type", "?attributes=emails.value," + ent + ":department", "?ATTRIBUTES=USERNAME"} {
				r := c.Do("PATCH", path+q, PatchOp(replace("title", quote(strings.Repeat("t", i+1))))).Is(200)
				require.JSONEq(c.t, c.Get(path+q).Text, r.Text)
			}
			c.Do("PATCH", path+"?attributes=userName&excludedAttributes=title", PatchOp(remove("title"))).Fails(400, "invalidValue")
			c.Get(path).Has("title", `"ttttttt"`)
		})
	}},
	{"P-12 P-11 P-13", "a change of members alone is 204 with the ETag, or 200 if attributes were asked for", func(c *Case) {
		c.Both(func(c *Client) {
			a, b, path := c.anyUser(), c.anyUser(), c.anyGroup()
			r := c.Patch(path, add("members", refs(a))).Is(204)
			require.Empty(c.t, r.Text)
			require.Equal(c.t, c.Get(path).Has("members.#", "1").Header.Get("ETag"), r.Header.Get("ETag"))
			for i, q := range []string{"?attributes=displayName", "?attributes=members", "?excludedAttributes=members", "?attributes=id"} {
				op := add("members", refs(b))
				if i%2 == 1 {
					op = remove(`members[value eq ` + quote(ID(b)) + `]`)
				}
				r := c.Do("PATCH", path+q, PatchOp(op)).Is(200)
				require.JSONEq(c.t, c.Get(path+q).Text, r.Text)
				require.Equal(c.t, c.Get(path).Header.Get("ETag"), r.Header.Get("ETag"))
			}
			c.Patch(path, add("members", refs(b)), replace("displayName", `"new"`)).Is(200).Has("members.#", "2", "displayName", `"new"`)
		})
	}},
}

var patchPaths = []row{
	{"P-5 P-10", "a path against the grammar is invalidPath", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails, `"name":{"givenName":"g"}`)
			for _, p := range []string{"name.", "emails[", ".x", ".", "a..b", "name..givenName", `emails[type eq "work"]x`, `emails[type eq "work"`, `emails]`, `emails[type eq "work"]]`, `emails[type eq "work"].`, `emails[type eq "work"]..value`,
				`emails[type eq "work"].value.x`, `emails[type eq "work"][value pr]`, `emails[type eq "work"].value[x pr]`, `[type eq "work"]`, `[]`, "name.givenName.x", "name givenName", " ", "\t", "title,nickName", "title;", "title/", "$", "*", "#", "title=t",
				"urn:", ":title", user + ":", user + ":name.", user + "::title", "urn:x", "title\x00", "ti\ttle", "tïtle", "0title", "-title", `"title"`, "title\n", "name.[givenName pr]", "emails.[type pr]", "emails .value", "emails [type pr]", strings.Repeat("a", filterLength+1), strings.Repeat("a.", filterLength/2+1), nested(filterDepth+1, "[", "", "")} {
				c.fails(path, "invalidPath", replace(p, `"v"`), add(p, `"v"`), remove(p))
			}
			c.fails(path, "invalidPath", `{"op":"add","path":"","value":{"title":"t"}}`, `{"op":"replace","path":"","value":"t"}`, `{"op":"remove","path":""}`)
			c.fails(path, "invalidSyntax", `{"op":"add","path":5,"value":"t"}`, `{"op":"add","path":["title"],"value":"t"}`, `{"op":"remove","path":{"x":"title"}}`, `{"op":"remove","path":true}`)
		})
	}},
	{"P-6 P-10", "array indexes and JSON pointers are invalidPath", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails)
			for _, p := range []string{"emails[0]", "emails[0].value", "emails[1]", "emails[-1]", "emails.0", "emails.0.value", "/emails/0", "/emails/-", "/title", "/", "emails/0", "emails[ 0 ]"} {
				c.fails(path, "invalidPath", replace(p, `{"value":"v"}`), add(p, `"v"`), remove(p))
			}
		})
	}},
	{"P-7", "names in a path are compared without case and may carry the schema URI", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails)
			for i, p := range []string{"NAME.familyname", user + ":NAME.familyname", strings.ToUpper(user) + ":name.FamilyName", "Name.FAMILYNAME", user + ":name.familyName"} {
				name := quote(strings.Repeat("n", i+1))
				c.becomes(path, replace(p, name), "name.familyName", name)
			}
			for i, p := range []string{`EMAILS[TYPE EQ "work"].DISPLAY`, user + `:emails[type eq "work"].display`, `Emails[ type  Eq "WORK" ].Display`, strings.ToLower(user) + `:emails[Value eq "W@X.EXAMPLE"].display`, user + `:emails[not (type eq "home")].display`, ` emails[type eq "work"].display `} {
				name := quote(strings.Repeat("d", i+1))
				c.becomes(path, replace(p, name), "emails[0].display", name, "emails[1].display", "")
			}
			for i, p := range []string{ent + ":department", strings.ToUpper(ent) + ":DEPARTMENT", strings.ToLower(ent) + ":Department"} {
				name := quote(strings.Repeat("d", i+1))
				c.becomes(path, replace(p, name), enterprisePath("department"), name)
			}
			c.becomes(path, replace("", `{"NICKNAME":"n","Name":{"GIVENNAME":"g"},"`+strings.ToUpper(ent)+`":{"Manager":{"VALUE":"m"}}}`), "nickName", `"n"`, "name.givenName", `"g"`, enterprisePath("manager.value"), `"m"`)
		})
	}},
	{"P-17 P-10", "a path to an attribute that no schema defines is invalidPath", func(c *Case) {
		c.Both(func(c *Client) {
			path, group := c.anyUser(twoEmails, `"name":{"givenName":"g"}`), c.anyGroup()
			for _, p := range []string{"nope", "name.nope", "emails.nope", `emails[type eq "work"].nope`, user + ":nope", grp + ":displayName", "urn:example:2.0:X:nope", "members", `members[value eq "x"]`, "title.value", "userName.x", `nope[type eq "x"]`, "displayName.value", "password.value", `name.givenName[value eq "g"]`} {
				c.fails(path, "invalidPath", add(p, `"v"`), replace(p, `"v"`), remove(p))
			}
			for _, p := range []string{"nope", "userName", "emails", "members.nope", `members[value eq "x"].nope`, user + ":displayName"} {
				c.fails(group, "invalidPath", add(p, `"v"`), replace(p, `"v"`), remove(p))
			}
		})
	}},
	{"P-17", "unknown members of a value without path are ignored by default and refused for the strict client (Z-3)", func(c *Case) {
		path := c.Default.anyUser()
		for i, value := range []string{`"nope":"x"`, `"nope":{"a":[null]}`, `"urn:example:2.0:X":{"a":1}`, `"urn:example:2.0:X:a":1`, `"emails.nope":"x"`} {
			c.Strict.fails(path, "invalidPath", replace("", `{`+value+`,"title":"t"}`), add("", `{"title":"t",`+value+`}`))
			title := quote(strings.Repeat("t", i+1))
			c.Default.becomes(path, replace("", `{`+value+`,"title":`+title+`}`), "title", title, "nope", "")
			c.Default.stays(path, add("", `{`+value+`}`))
		}
		for _, value := range []string{`{"name":{"nope":"x","givenName":"g"}}`, `{"emails":[{"nope":"x","value":"a@b.example"}]}`, `{"` + ent + `":{"nope":"x","department":"d"}}`} {
			c.Strict.fails(path, "invalidSyntax", replace("", value))
			c.Default.becomes(path, replace("", value), "name.nope", "", "emails[0].nope", "", enterprisePath("nope"), "")
		}
	}},
	{"P-18 P-10", "a wrong filter in a path is invalidFilter", func(c *Case) {
		c.strictly(func(c *Client) {
			path, group := c.anyUser(twoEmails), c.anyGroup()
			for _, f := range []string{`type foo "x"`, `nope eq "x"`, `primary gt true`, `primary eq 5`, `type eq 5`, `type`, `type eq`, `*`, `first`, `eq "x"`, `type eq "work" and`, `(type eq "work"`, `type eq "work")`, `type eq "work`, `type eq work`, `not type eq "x"`, `type eq "a" xor type eq "b"`,
				`type.x eq "a"`, `emails.type eq "work"`, `type eq "\x"`, `type co null`, `type eq true`, `value pr "x"`, `type eq "work" "home"`, nested(filterDepth+1, "(", "type pr", ")"), strings.Repeat(`type eq "a" or `, filterComparisons) + `type pr`} {
				c.fails(path, "invalidFilter", replace("emails["+f+"]", `{"value":"v"}`), add("emails["+f+"].display", `"v"`), remove("emails["+f+"]"), remove("emails["+f+"].display"))
			}
			c.fails(group, "invalidFilter", remove(`members[nope eq "x"]`), remove(`members[value eq 5]`), remove(`members[value foo "x"]`))
		})
	}},
	{"P-5 P-7", "every operator works in a path, and so do and, or, not and parentheses", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails)
			for i, f := range []string{`type eq "work"`, `type ne "home"`, `value co "@x"`, `value sw "w"`, `value ew "x.example"`, `primary pr`, `value gt "m"`, `value ge "w@x.example"`, `primary eq true`, `primary eq true and type eq "work"`,
				`type eq "nope" or value sw "W"`, `not (type eq "home")`, `not (value sw "h") and (type eq "a" or type eq "work")`, `not (value lt "m") and (type eq "work" or (type eq "b"))`, `primary ne false and type pr`, `type eq "\u0077ork"`, `display ne null or type eq "work"`} {
				name := quote(strings.Repeat("d", i+1))
				c.becomes(path, replace("emails["+f+"].display", name), "emails[0].display", name, "emails[1].display", "")
			}
		})
	}},
}

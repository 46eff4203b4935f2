package scimtest

import "github.com/stretchr/testify/require"

var patchAdd = []row{
	{"P-28", "add without path adds each attribute of the value by its own rule", func(c *Case) {
		c.Both(func(c *Client) {
			// RFC 7644 §3.5.2.1, the second example.
			path := c.anyUser(twoEmails, `"nickName":"Barbara"`, `"name":{"familyName":"Jensen"}`)
			c.becomes(path, add("", `{"emails":[{"value":"babs@jensen.org","type":"home"}],"nickname":"Babs"}`), "emails.#", "3", "emails[2]", `{"value":"babs@jensen.org","type":"home"}`, "emails[0].value", `"w@x.example"`, "nickName", `"Babs"`, "nickname", "")
			c.becomes(path, add("", `{"name":{"givenName":"Barbara"},"active":false,"phoneNumbers":[{"value":"1"},{"value":"2"}],"title":"t","`+ent+`":{"department":"d"}}`),
				"name", `{"familyName":"Jensen","givenName":"Barbara"}`, "active", "false", "phoneNumbers.#", "2", "title", `"t"`, enterprisePath("department"), `"d"`, "emails.#", "3")
			c.becomes(path, add("", `{"`+user+`:title":"u","name.familyName":"J","`+ent+`":{"division":"v"}}`), "title", `"u"`, "name.familyName", `"J"`, "name.givenName", `"Barbara"`, "['"+ent+"']", `{"department":"d","division":"v"}`)
			a, b := c.anyUser(), c.anyUser()
			c.becomes(c.anyGroup(`"members":`+refs(a)), add("", `{"members":`+refs(b)+`,"displayName":"d"}`), "members.#", "2", "displayName", `"d"`)
		})
	}},
	{"P-29 P-10", "add without a value, or without path and with a value that is not an object, is invalidValue", func(c *Case) {
		c.strictly(func(c *Client) {
			path := c.anyUser(twoEmails)
			for _, p := range []string{"title", "emails", "name", "name.givenName", `emails[type eq "work"]`, `emails[type eq "work"].display`, ent, ent + ":department", "schemas", "password", ""} {
				c.fails(path, "invalidValue", add(p, ""), replace(p, ""))
			}
			for _, v := range []string{"null", "true", "5", `"x"`, `"title"`, "[]", `[{"title":"t"}]`, `["title","t"]`, `""`} {
				c.fails(path, "invalidValue", add("", v), replace("", v), `{"op":"add","path":null,"value":`+v+`}`)
			}
			c.fails(path, "invalidValue", `{"op":"add","path":"title","values":"t"}`)
			c.fails(c.anyGroup(), "invalidValue", add("members", ""))
		})
	}},
	{"P-30 P-31", "add sets a singular attribute, whether it has a value or not", func(c *Case) {
		c.Both(func(c *Client) {
			for _, one := range []struct{ path, first, second string }{
				{"title", `"T"`, `"U"`}, {"displayName", `"a"`, `"b"`}, {"nickName", `"亀"`, `"żółw \"x\" \\ / \u0001"`}, {"active", "false", "true"}, {"externalId", `"e"`, `"E"`}, {"profileUrl", `"https://a.example/x"`, `"https://b.example/"`},
				{"userType", `"a"`, `"b"`}, {"locale", `"en-US"`, `"de-DE"`}, {"preferredLanguage", `"en"`, `"de"`}, {"timezone", `"Europe/Vienna"`, `"America/Denver"`}, {"userName", `"any1"`, `"any2"`},
			} {
				path := c.anyUser()
				c.becomes(path, add(one.path, one.first), one.path, one.first)
				c.becomes(path, add(one.path, one.second), one.path, one.second)
				c.Delete(path).Is(204)
			}
			group := c.anyGroup(`"members":` + refs(c.anyUser()))
			c.becomes(group, add("displayName", `"new"`), "displayName", `"new"`, "members.#", "1")
			c.becomes(group, add("externalId", `"e"`), "externalId", `"e"`, "members.#", "1")
		})
	}},
	{"P-32 P-33", "add to a singular complex attribute leaves the other sub-attributes", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser()
			c.becomes(path, add("name", `{"givenName":"g"}`), "name", `{"givenName":"g"}`)
			c.becomes(path, add("name", `{"familyName":"f"}`), "name", `{"givenName":"g","familyName":"f"}`)
			c.becomes(path, add("name", `{"familyName":"F","MiddleName":"m"}`), "name", `{"givenName":"g","familyName":"F","middleName":"m"}`)
			c.becomes(path, add("name.familyName", `"x"`), "name", `{"givenName":"g","familyName":"x","middleName":"m"}`)
			c.becomes(path, add("name.honorificPrefix", `"Dr."`), "name.honorificPrefix", `"Dr."`, "name.givenName", `"g"`)
			c.fails(path, "invalidValue", add("name", `"x"`), add("name", `5`))
			c.becomes(c.anyUser(), add("name.familyName", `"f"`), "name", `{"familyName":"f"}`)
			c.becomes(c.anyUser(), add(ent+":manager.value", `"m"`), enterprisePath("manager.value"), `"m"`)
			path = c.anyUser(enterprise(`"manager":{"value":"m"},"department":"d"`))
			c.becomes(path, add(ent+":manager", `{"value":"n"}`), enterprisePath("manager.value"), `"n"`, enterprisePath("department"), `"d"`)
		})
	}},
	{"P-42 P-20", "add to an extension: by qualified path, as a whole, and as a member of a value", func(c *Case) {
		c.Both(func(c *Client) {
			both := `["` + user + `","` + ent + `"]`
			for _, op := range []string{add(ent+":department", `"d"`), add(ent, `{"department":"d"}`), add("", `{"`+ent+`":{"department":"d"}}`), add("", `{"`+ent+`:department":"d"}`), add(user+":title", `"t"`) + "," + add(ent+":DEPARTMENT", `"d"`)} {
				c.becomes(c.anyUser(), op, "schemas", both, enterprisePath("department"), `"d"`)
				c.becomes(c.anyUser(enterprise(`"division":"v"`)), op, "schemas", both, "['"+ent+"']", `{"department":"d","division":"v"}`)
			}
			path := c.anyUser()
			c.becomes(path, add(ent, `{"employeeNumber":"1","manager":{"value":"m"}}`), enterprisePath("employeeNumber"), `"1"`, enterprisePath("manager.value"), `"m"`)
			c.becomes(path, add(ent, `{"employeeNumber":null,"costCenter":"c"}`), enterprisePath("employeeNumber"), "", enterprisePath("costCenter"), `"c"`)
			c.stays(path, add(ent, `{}`))
		})
	}},
}

var patchAddValues = []row{
	{"P-34 P-37", "add appends to a multi-valued attribute, a list or one value", func(c *Case) {
		c.Both(func(c *Client) {
			for _, one := range []struct{ name, a, b, d string }{
				{"emails", `{"value":"a@x.example"}`, `{"value":"b@x.example","type":"work"}`, `{"value":"a@x.example","type":"other"}`},
				{"phoneNumbers", `{"value":"+1","type":"work"}`, `{"value":"+1","type":"mobile"}`, `{"value":"+2"}`}, {"ims", `{"value":"a"}`, `{"value":"b"}`, `{"value":"c"}`},
				{"photos", `{"value":"https://x.example/a"}`, `{"value":"https://x.example/A"}`, `{"value":"https://x.example/b"}`}, {"roles", `{"value":"a"}`, `{"value":"b"}`, `{"value":"c","display":"C"}`}, {"entitlements", `{"value":"a"}`, `{"value":"b"}`, `{"value":"c"}`},
				{"addresses", `{"region":"a","type":"work"}`, `{"region":"b","type":"work"}`, `{"formatted":"x\ny"}`},
			} {
				path := c.anyUser(`"title":"t"`)
				c.becomes(path, add(one.name, "["+one.a+"]"), one.name, "["+one.a+"]")
				c.becomes(path, add(one.name, one.b), one.name, "["+one.a+","+one.b+"]")
				c.becomes(path, add("", "{"+quote(one.name)+":"+one.d+"}"), one.name, "["+one.a+","+one.b+","+one.d+"]", "title", `"t"`)
				path = c.anyUser()
				c.becomes(path, add(one.name, "["+one.a+","+one.b+","+one.d+","+one.a+"]"), one.name, "["+one.a+","+one.b+","+one.d+"]")
				c.stays(path, add(one.name, one.b), add(one.name, "["+one.d+","+one.a+"]"))
			}
		})
	}},
	{"P-34 P-35", "an added value that exists takes over the new sub-attributes", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails)
			c.becomes(path, add("emails", `[{"value":"h@y.example","type":"home","display":"d"}]`), "emails.#", "2", "emails[1]", `{"value":"h@y.example","type":"home","display":"d"}`)
			c.becomes(path, add("emails", `[{"value":"h@y.example","type":"home","display":"e"},{"value":"n@z.example"}]`), "emails.#", "3", "emails[1].display", `"e"`)
		})
	}},
	{"P-39", "add on a value path adds sub-attributes to the values that match", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails)
			c.becomes(path, add(`emails[type eq "work"]`, `{"display":"d"}`), "emails[0]", `{"value":"w@x.example","type":"work","primary":true,"display":"d"}`, "emails[1]", `{"value":"h@y.example","type":"home"}`)
			c.becomes(path, add(`emails[type eq "work"]`, `{"display":"e","value":"n@x.example"}`), "emails[0]", `{"value":"n@x.example","type":"work","primary":true,"display":"e"}`)
			c.becomes(path, add(`emails[type pr]`, `{"display":"all"}`), "emails[0].display", `"all"`, "emails[1].display", `"all"`)
			c.stays(path, add(`emails[type pr]`, `{}`), add(`emails[type pr]`, "null"))
		})
	}},
	{"P-40", "add on a sub-attribute of a value path sets it in all values that match", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(`"emails":[{"value":"a@x.example","type":"work"},{"value":"h@y.example","type":"home"},{"value":"b@x.example","type":"work","display":"old"}]`)
			c.becomes(path, add(`emails[type eq "work"].display`, `"d"`), "emails[0].display", `"d"`, "emails[1].display", "", "emails[2].display", `"d"`)
			c.becomes(path, add(`emails[type eq "work" and value sw "b"].type`, `"other"`), "emails[0].type", `"work"`, "emails[2].type", `"other"`)
			c.becomes(path, add(`emails[not (type eq "home")].primary`, "false"), "emails[0].primary", "false", "emails[1].primary", "", "emails[2].primary", "false")
		})
	}},
	{"P-41", "add on a value path without match creates the value from the filter by default (Entra ID, Z-25) and is noTarget for the strict client", func(c *Case) {
		for _, one := range []struct{ path, value, at, want string }{
			{`emails[type eq "other"].value`, `"a@x.example"`, "emails", `[{"value":"w@x.example","type":"work","primary":true},{"value":"h@y.example","type":"home"},{"type":"other","value":"a@x.example"}]`},
			{`phoneNumbers[type eq "mobile"].value`, `"+1"`, "phoneNumbers", `[{"type":"mobile","value":"+1"}]`},
			{`addresses[type eq "work"].locality`, `"Vienna"`, "addresses", `[{"type":"work","locality":"Vienna"}]`},
			{`phoneNumbers[type eq "work" and primary eq true].value`, `"+1"`, "phoneNumbers", `[{"type":"work","primary":true,"value":"+1"}]`},
			{`phoneNumbers[type eq "work" and (display eq "d" and primary eq false)].value`, `"+1"`, "phoneNumbers", `[{"type":"work","primary":false,"display":"d","value":"+1"}]`},
			{`emails[type eq "other"]`, `{"value":"a@x.example"}`, "emails[2]", `{"type":"other","value":"a@x.example"}`},
		} {
			path := c.Default.anyUser(twoEmails)
			c.Strict.fails(path, "noTarget", add(one.path, one.value))
			c.Default.becomes(path, add(one.path, one.value), one.at, one.want)
			c.Default.stays(path, add(one.path, one.value))
		}
		path := c.Default.anyUser(twoEmails)
		for _, p := range []string{`emails[type ne "work" and type ne "home"].value`, `emails[type eq "a" or type eq "b"].value`, `emails[not (type pr)].value`, `emails[type co "x"].value`, `emails[type eq "a" and type eq "b"].value`, `emails[value eq "x@x.example"].value`, `emails[display pr].value`, `emails[type eq null].value`, `emails[type eq "work" and value eq "nope"].value`} {
			for _, c := range []*Client{c.Strict, c.Default} {
				c.fails(path, "noTarget", add(p, `"n@x.example"`))
			}
		}
	}},
	{"P-41 P-67", "a value created as primary is the only primary one", func(c *Case) {
		path := c.Default.anyUser(twoEmails)
		c.Default.becomes(path, add(`emails[type eq "other" and primary eq true].value`, `"o@x.example"`), "emails[0].primary", "false", "emails[2]", `{"type":"other","primary":true,"value":"o@x.example"}`)
	}},
	{"P-45 P-34", "several members are added at once, each once; display is ignored, $ref and type are completed", func(c *Case) {
		c.Both(func(c *Client) {
			a, b, group := c.anyUser(`"displayName":"Ann"`), c.anyUser(), c.anyGroup()
			nested, kind := c.anyGroup(), "Group"
			if c.app.membersAreUsers() {
				nested, kind = c.anyUser(), "User"
			}
			after := c.becomes(group, add("members", `[{"value":`+quote(ID(a))+`,"display":"Nobody","$ref":"https://evil.example/Users/x"},{"value":`+quote(ID(b))+`,"type":"User"},{"value":`+quote(ID(nested))+`,"type":`+quote(kind)+`},{"value":`+quote(ID(a))+`}]`),
				"members.#", "3")
			for path, typ := range map[string]string{a: `"User"`, b: `"User"`, nested: quote(kind)} {
				after.Has(after.member(path)+".$ref", quote(BaseURL+path), after.member(path)+".type", typ)
			}
			require.NotContains(c.t, c.Get(group).Text, "Nobody")
			c.Get(a).Has("groups[0].value", quote(ID(group)), "groups[0].$ref", quote(BaseURL+group))
			c.Get(nested).Has("members", "")
		})
	}},
	{"P-45", "members of a group can be added one by one, in one request or in many", func(c *Case) {
		c.Both(func(c *Client) {
			group, ops := c.anyGroup(), ""
			for range 20 {
				path := c.anyUser()
				c.becomes(group, add("members", refs(path)))
				ops += add("members", refs(c.anyUser())) + ","
			}
			c.becomes(group, ops+add("members", refs(c.anyUser())), "members.#", "41")
		})
	}},
}

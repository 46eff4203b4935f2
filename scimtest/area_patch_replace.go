package scimtest

var patchReplace = []row{
	{"P-57", "replace without path replaces each named attribute, lists as a whole, and leaves the others", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails, `"title":"t"`, `"nickName":"n"`, `"phoneNumbers":[{"value":"1"}]`, enterprise(`"department":"d"`))
			name := quote(c.Get(path).String("userName"))
			// RFC 7644 §3.5.2.3, the last example.
			c.becomes(path, replace("", `{"emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}],"nickname":"Babs"}`),
				"emails", `[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}]`, "nickName", `"Babs"`, "userName", name, "title", `"t"`, "phoneNumbers.#", "1", enterprisePath("department"), `"d"`)
			c.becomes(path, replace("", `{"emails":[{"value":"one@x.example"}],"name":{"givenName":"g"}}`), "emails", `[{"value":"one@x.example"}]`, "name", `{"givenName":"g"}`)
			c.becomes(path, replace("", `{"name":{"familyName":"f"}}`), "name", `{"givenName":"g","familyName":"f"}`)
			a, b := c.anyUser(), c.anyUser()
			group := c.anyGroup(`"externalId":"e"`, `"members":`+refs(a))
			c.becomes(group, replace("", `{"members":`+refs(b)+`}`), "members.#", "1", "members[0].value", quote(ID(b)), "externalId", `"e"`)
			c.becomes(group, replace("", `{"displayName":"new"}`), "members.#", "1", "displayName", `"new"`)
		})
	}},
	{"P-58 P-10", "replace without path needs an object of attributes", func(c *Case) {
		c.strictly(func(c *Client) {
			for _, v := range []string{"", "null", `"x"`, "5", "true", "[]", `[{"title":"t"}]`, `[[{"title":"t"}]]`} {
				c.fails(c.anyUser(), "invalidValue", replace("", v))
			}
		})
	}},
	{"P-60 P-61", "replace sets a singular attribute, whether it has a value or not", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser()
			for _, one := range []struct{ path, value string }{{"title", `"t"`}, {"title", `"u"`}, {"nickName", `"n"`}, {"active", "false"}, {"active", "true"}, {"externalId", `"e"`}, {"userName", `"renamed"`}, {"profileUrl", `"https://x.example/"`}, {"displayName", `"d"`}} {
				c.becomes(path, replace(one.path, one.value), one.path, one.value)
			}
			c.becomes(path, replace("phoneNumbers", `[{"value":"1"}]`), "phoneNumbers", `[{"value":"1"}]`)
			c.becomes(path, replace("name", `{"givenName":"g"}`), "name", `{"givenName":"g"}`)
			c.becomes(path, replace("addresses", `[{"region":"r"},{"region":"s","type":"work"}]`), "addresses.#", "2")
			c.Filter("/Users", `userName eq "renamed"`).Total(1)
		})
	}},
	{"P-63 P-64", "replace of a singular complex attribute leaves the sub-attributes that are not given", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(`"name":{"givenName":"g","familyName":"f"}`)
			c.becomes(path, replace("name", `{"givenName":"X"}`), "name", `{"givenName":"X","familyName":"f"}`)
			c.becomes(path, replace("name", `{"middleName":"m","GIVENNAME":"Y"}`), "name", `{"givenName":"Y","familyName":"f","middleName":"m"}`)
			c.becomes(path, replace("name.familyName", `"z"`), "name", `{"givenName":"Y","familyName":"z","middleName":"m"}`)
			c.becomes(c.anyUser(), replace("name.familyName", `"f"`), "name", `{"familyName":"f"}`)
			c.becomes(c.anyUser(`"name":{"givenName":"g"}`), replace("name.familyName", `"f"`), "name", `{"givenName":"g","familyName":"f"}`)
		})
	}},
	{"P-70 P-71", "replace of members' sub-attributes: another value is a mutability error, the same one changes nothing", func(c *Case) {
		c.Both(func(c *Client) {
			a, b := c.anyUser(), c.anyUser()
			group := c.anyGroup(`"members":` + refs(a))
			one := `members[value eq ` + quote(ID(a)) + `]`
			c.fails(group, "mutability", replace(one+".value", quote(ID(b))), replace(one, `{"value":`+quote(ID(b))+`}`), add(one+".value", quote(ID(b))), replace(one+".type", `"Group"`), replace(one+".$ref", quote(BaseURL+b)), replace(one+".display", `"x"`), replace("members.value", quote(ID(b))))
			c.stays(group, replace(one+".value", quote(ID(a))), replace(one, `{"value":`+quote(ID(a))+`}`), replace(one+".type", `"User"`), replace(one+".$ref", quote(BaseURL+a)), add(one, `{"value":`+quote(ID(a))+`,"type":"user"}`))
			c.fails(group, "noTarget", replace(`members[value eq "nope"].value`, quote(ID(b))), add(`members[value eq "nope"].value`, quote(ID(b))), replace(`members[value eq "nope"]`, `{"value":`+quote(ID(b))+`}`))
		})
	}},
	{"P-73", "replace in an extension: by qualified path, as a whole, and as a member of a value", func(c *Case) {
		c.Both(func(c *Client) {
			for _, op := range []string{replace(ent+":department", `"e"`), replace(ent, `{"department":"e"}`), replace("", `{"`+ent+`":{"department":"e"}}`), replace("", `{"`+ent+`:department":"e"}`)} {
				c.becomes(c.anyUser(enterprise(`"department":"d","division":"v"`)), op, "['"+ent+"']", `{"department":"e","division":"v"}`)
				c.becomes(c.anyUser(), op, "['"+ent+"']", `{"department":"e"}`, "schemas.#", "2")
			}
			path := c.anyUser(enterprise(`"manager":{"value":"m"}`))
			c.becomes(path, replace(ent+":manager.value", `"n"`), enterprisePath("manager.value"), `"n"`)
			c.becomes(path, replace(ent+":manager", `{"value":"o"}`), enterprisePath("manager.value"), `"o"`)
			c.becomes(path, replace("", `{"`+ent+`":{"manager":{"value":"p"},"costCenter":"c"}}`), enterprisePath("manager.value"), `"p"`, enterprisePath("costCenter"), `"c"`)
		})
	}},
	{"P-75", "names of a value without path are paths: qualified and dotted ones work (Entra ID, Z-32)", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(`"name":{"familyName":"f"}`)
			c.becomes(path, replace("", `{"`+ent+`:department":"D","name.givenName":"G","`+user+`:title":"T","`+ent+`:manager.value":"M","`+user+`:name.middleName":"N"}`),
				enterprisePath("department"), `"D"`, "name", `{"familyName":"f","givenName":"G","middleName":"N"}`, "title", `"T"`, enterprisePath("manager.value"), `"M"`)
			c.becomes(path, add("", `{"NAME.GIVENNAME":"H","emails":[{"value":"a@x.example"}]}`), "name.givenName", `"H"`, "emails.#", "1")
			for _, text := range []string{`['name.givenName']`, `['` + ent + `:department']`, `['` + user + `:title']`} {
				c.Get(path).Has(text, "")
			}
			c.becomes(path, replace("", `{"emails[value eq \"a@x.example\"].type":"work","`+user+`:emails[type eq \"work\"].display":"d"}`), "emails", `[{"value":"a@x.example","type":"work","display":"d"}]`)
			c.fails(path, "invalidFilter", replace("", `{"title":"x","emails[type foo \"work\"].value":"x"}`))
			c.fails(path, "invalidPath", replace("", `{"title":"x","emails[type eq \"work\"].nope":"x"}`), replace("", `{"emails[type eq \"work\"]x":"x"}`))
			c.fails(path, "mutability", replace(ent+":manager.displayName", `"x"`))
		})
	}},
}

var patchReplaceValues = []row{
	{"P-59", "replace of one value that is primary resets the others (the RFC's example)", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(`"addresses":[{"type":"work","streetAddress":"old","region":"r"},{"type":"home","streetAddress":"home","primary":true}]`)
			c.becomes(path, replace(`addresses[type eq "work"]`, `{"type":"work","streetAddress":"911 Universal City Plaza","locality":"Hollywood","region":"CA","postalCode":"91608","country":"US","formatted":"911 Universal City Plaza\nHollywood, CA 91608 US","primary":true}`),
				"addresses[0]", `{"type":"work","streetAddress":"911 Universal City Plaza","locality":"Hollywood","region":"CA","postalCode":"91608","country":"US","formatted":"911 Universal City Plaza\nHollywood, CA 91608 US","primary":true}`,
				"addresses[1]", `{"type":"home","streetAddress":"home","primary":false}`)
		})
	}},
	{"P-62", "replace of a multi-valued attribute replaces all its values", func(c *Case) {
		c.Both(func(c *Client) {
			a, b, d := c.anyUser(), c.anyUser(), c.anyUser()
			group := c.anyGroup(`"externalId":"e"`, `"members":`+refs(a, b))
			// RFC 7644 §3.5.2.3: replace all members.
			c.becomes(group, replace("members", refs(d)), "members.#", "1", "members[0].value", quote(ID(d)), "externalId", `"e"`)
			c.becomes(group, replace("members", refs(a, d, a)), "members.#", "2")
			c.Get(b).Has("groups", "")
			path := c.anyUser(twoEmails)
			c.becomes(path, replace("emails", `[{"value":"n@x.example"}]`), "emails", `[{"value":"n@x.example"}]`)
			c.becomes(path, replace("emails", `[{"value":"m@x.example","type":"work"},{"value":"n@x.example"},{"value":"n@x.example"}]`), "emails", `[{"value":"m@x.example","type":"work"},{"value":"n@x.example"}]`)
		})
	}},
	{"P-62", "one value where a list is replaced is the list by default and refused for the strict client (Z-30)", func(c *Case) {
		path, group := c.Default.anyUser(twoEmails), c.Default.anyGroup()
		for _, op := range []string{replace("emails", `{"value":"n@x.example"}`), replace("", `{"phoneNumbers":{"value":"1"}}`)} {
			c.Strict.fails(path, "invalidValue", op)
			c.Default.becomes(path, op)
		}
		c.Default.Get(path).Has("emails", `[{"value":"n@x.example"}]`, "phoneNumbers", `[{"value":"1"}]`)
		member := `{"value":` + quote(c.Default.aMember("x")) + `}`
		c.Strict.fails(group, "invalidValue", replace("members", member))
		c.Default.becomes(group, replace("members", member), "members.#", "1")
	}},
	{"P-65", "replace on a value path replaces all records that match", func(c *Case) {
		c.Both(func(c *Client) {
			two := `"phoneNumbers":[{"value":"1","type":"work","display":"a"},{"value":"2","type":"home"},{"value":"3","type":"work","display":"b"}]`
			c.becomes(c.anyUser(two), replace(`phoneNumbers[value eq "1" or value eq "2"]`, `{"display":"d"}`), "phoneNumbers", `[{"display":"d"},{"value":"3","type":"work","display":"b"}]`) // equal ones are one
			c.becomes(c.anyUser(two), replace(`phoneNumbers[type eq "work"]`, `{"value":"9","type":"mobile"}`), "phoneNumbers", `[{"value":"9","type":"mobile"},{"value":"2","type":"home"}]`)
			c.becomes(c.anyUser(two), replace(`phoneNumbers[type eq "home"]`, `{"value":"9"}`), "phoneNumbers[1]", `{"value":"9","type":"home"}`) // the filter's own terms stay
			c.becomes(c.anyUser(two), replace(`phoneNumbers[value eq "1"]`, `{"value":"1","display":"z"}`), "phoneNumbers[0]", `{"value":"1","display":"z"}`)
			c.becomes(c.anyUser(two), replace(`phoneNumbers[type eq "home"]`, "null"), "phoneNumbers.#", "2")
		})
	}},
	{"P-66", "replace of a sub-attribute of a value path sets it in all records that match", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(`"addresses":[{"type":"work","streetAddress":"a","region":"r"},{"type":"home","streetAddress":"b"},{"type":"work","locality":"l"}]`)
			c.becomes(path, replace(`addresses[type eq "work"].streetAddress`, `"1010 Broadway Ave"`), "addresses", `[{"type":"work","streetAddress":"1010 Broadway Ave","region":"r"},{"type":"home","streetAddress":"b"},{"type":"work","locality":"l","streetAddress":"1010 Broadway Ave"}]`)
			c.becomes(path, replace(`addresses[type eq "home"].streetAddress`, `"x"`), "addresses[1].streetAddress", `"x"`, "addresses.#", "3")
		})
	}},
	{"P-67 P-68 P-10", "replace on a value path without match is noTarget; by default it creates a value where a sub-attribute follows (Entra ID, Z-29)", func(c *Case) {
		for _, one := range []struct{ path, value, at, want string }{
			{`emails[type eq "other"].value`, `"a@x.example"`, "emails[2]", `{"type":"other","value":"a@x.example"}`},
			{`phoneNumbers[type eq "work"].value`, `"+1"`, "phoneNumbers", `[{"type":"work","value":"+1"}]`},
			{`addresses[type eq "work"].formatted`, `"f"`, "addresses", `[{"type":"work","formatted":"f"}]`},
		} {
			path := c.Default.anyUser(twoEmails)
			c.Strict.fails(path, "noTarget", replace(one.path, one.value))
			c.Default.becomes(path, replace(one.path, one.value), one.at, one.want)
		}
		path := c.Default.anyUser(twoEmails)
		for _, op := range []string{replace(`emails[type eq "nope"]`, `{"value":"x@x.example"}`), replace(`phoneNumbers[type eq "work"]`, `{"value":"1","type":"work"}`), replace(`emails[type eq "a" or type eq "b"].value`, `"x@x.example"`), replace(`emails[value co "nope"].display`, `"x"`), replace(`emails[type ne "work" and type ne "home"].value`, `"x@x.example"`)} {
			c.Strict.fails(path, "noTarget", op, replace("title", `"t"`)+","+op)
			c.Default.fails(path, "noTarget", op, replace("title", `"t"`)+","+op)
		}
	}},
	{"P-69 P-10", "a sub-attribute of a multi-valued attribute without filter means all values; noTarget if there are none (Z-30)", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails)
			c.becomes(path, replace("emails.type", `"other"`), "emails[0].type", `"other"`, "emails[1].type", `"other"`)
			c.becomes(path, add("emails.display", `"d"`), "emails[0].display", `"d"`, "emails[1].display", `"d"`)
			c.becomes(path, replace("emails.primary", "false"), "emails[0].primary", "false")
			c.fails(path, "noTarget", replace("phoneNumbers.type", `"work"`), add("phoneNumbers.value", `"1"`), replace("addresses.region", `"r"`))
		})
	}},
}

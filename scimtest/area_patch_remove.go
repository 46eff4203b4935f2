package scimtest

import "github.com/stretchr/testify/require"

var patchRemove = []row{
	{"P-46 P-10", "remove without path is noTarget", func(c *Case) {
		c.Both(func(c *Client) {
			path, group := c.anyUser(twoEmails), c.anyGroup(`"members":`+refs(c.anyUser()))
			for _, p := range []string{path, group} {
				c.fails(p, "noTarget", `{"op":"remove"}`, `{"op":"Remove"}`, `{"op":"remove","path":null}`, `{"op":"remove","value":{"emails":[]}}`, `{"op":"remove","value":{"title":"t","members":[{"value":"x"}]}}`, `{"op":"remove","value":"emails"}`)
			}
		})
	}},
	{"P-47", "remove of a singular attribute unassigns it and nothing else", func(c *Case) {
		c.Both(func(c *Client) {
			for p, value := range map[string]string{"title": `"t"`, "nickName": `"n"`, "active": "false", "externalId": `"e"`, "profileUrl": `"https://x.example"`, "locale": `"en"`, "timezone": `"Europe/Vienna"`, "name": `{"givenName":"g","familyName":"f"}`, "displayName": `"d"`, user + ":userType": `"u"`, "PREFERREDLANGUAGE": `"en"`} {
				path := c.anyUser()
				before := c.Get(path)
				c.becomes(path, add(p, value)+","+add("emails", `[{"value":"a@x.example"}]`))
				keys := c.Get(path).Keys("")
				if p != "active" && !c.app.fills(p) { // an inactive user stays inactive until told otherwise
					c.becomes(path, remove(p))
					require.Len(c.t, c.Get(path).Keys(""), len(keys)-1, p)
				}
				c.Get(path).Has("emails.#", "1", "userName", quote(before.String("userName")))
			}
			group := c.anyGroup(`"externalId":"e"`, `"members":`+refs(c.anyUser()))
			c.becomes(group, remove("externalId"), "externalId", "", "members.#", "1")
		})
	}},
	{"P-47", "a remove of active neither restores nor ends access", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(`"active":true`)
			if c.app.fills("active") {
				c.Patch(path, remove("active")).Is(200).Has("active", "true")
			} else {
				c.becomes(path, remove("active"), "active", "")
			}
			c.becomes(path, replace("active", "false"), "active", "false")
			c.stays(path, remove("active"), replace("active", "null"), replace("", `{"active":null}`))
			c.becomes(path, replace("active", "true"), "active", "true")
		})
	}},
	{"P-48", "remove of a multi-valued attribute removes all its values", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(twoEmails, `"phoneNumbers":[{"value":"1"}]`)
			c.becomes(path, remove("emails"), "emails", "", "phoneNumbers.#", "1")
			c.Filter("/Users", `emails pr`).Total(0)
			c.becomes(path, remove(user+":PhoneNumbers"), "phoneNumbers", "")
			a, b := c.anyUser(), c.anyUser()
			group := c.anyGroup(`"externalId":"e"`, `"members":`+refs(a, b))
			c.becomes(group, remove("members"), "members", "", "externalId", `"e"`)
			c.Get(a).Has("groups", "")
			c.stays(group, remove("members"))
		})
	}},
	{"P-48 P-49", "remove with a value removes the listed values by default (Entra ID, Z-46) and is refused for the strict client", func(c *Case) {
		a, b, other := c.Default.anyUser(), c.Default.anyUser(), c.Default.anyUser()
		for _, v := range []string{refs(b), `{"value":` + quote(ID(b)) + `}`, `[{"$ref":null,"value":` + quote(ID(b)) + `}]`, refs(b, other), `{"members":` + refs(b) + `}`, `[` + quote(ID(b)) + `]`, quote(ID(b)), `[{"value":` + quote(ID(b)) + `,"display":"x","type":"User"}]`} {
			group := c.Default.anyGroup(`"members":` + refs(a, b))
			c.Strict.fails(group, "invalidValue", operation("remove", "members", v))
			c.Default.becomes(group, operation("remove", "members", v), "members.#", "1", "members[0].value", quote(ID(a)))
			c.Default.stays(group, operation("remove", "members", v), operation("remove", "members", "[]"), operation("remove", "members", refs(other)))
			c.Default.Delete(group).Is(204)
		}
		path := c.Default.anyUser(twoEmails, `"addresses":[{"region":"a"},{"region":"b"}]`)
		for _, op := range []string{operation("remove", "emails", `[{"value":"H@Y.example"}]`), operation("remove", "addresses", `[{"region":"b"}]`)} {
			c.Strict.fails(path, "invalidValue", op)
			c.Default.becomes(path, op)
		}
		c.Default.Get(path).Has("emails", `[{"value":"w@x.example","type":"work","primary":true}]`, "addresses", `[{"region":"a"}]`)
		c.Default.stays(path, operation("remove", "emails", `[]`), operation("remove", "emails", `{"unheard":"of"}`), operation("remove", "emails", `[{"value":"nope"}]`), operation("remove", "emails", `[{"value":"w@x.example","type":"home"}]`))
		for _, v := range []string{"true", `[true]`, `[{"value":{}}]`} {
			c.Default.fails(path, "invalidValue", operation("remove", "emails", v))
		}
	}},
	{"P-49", "remove with a filter on value removes the values it matches", func(c *Case) {
		c.Both(func(c *Client) {
			a, b, d := c.anyUser(), c.anyUser(), c.anyUser()
			group := c.anyGroup(`"members":` + refs(a, b, d))
			require.ElementsMatch(c.t, []string{ID(a), ID(d)}, c.becomes(group, remove(`members[value eq `+quote(ID(b))+`]`)).memberIDs())
			c.becomes(group, remove(`members[value eq `+quote(ID(a))+` or value eq "nope"]`), "members.#", "1", "members[0].value", quote(ID(d)))
			c.becomes(group, remove(`MEMBERS[VALUE eq `+quote(ID(d))+`]`), "members", "")
			group = c.anyGroup(`"members":` + refs(a, b, d))
			c.becomes(group, remove(`members[value eq `+quote(ID(a))+`]`)+","+remove(`members[value eq `+quote(ID(d))+`]`), "members.#", "1")
			c.becomes(group, remove(`members[type eq "User"]`), "members", "")
			path := c.anyUser(twoEmails)
			c.becomes(path, remove(`emails[value eq "H@Y.EXAMPLE"]`), "emails.#", "1")
			c.becomes(path, remove(`emails[value eq "w@x.example"]`), "emails", "")
		})
	}},
	{"P-49", "a member is removed and another added in one request", func(c *Case) {
		c.Both(func(c *Client) {
			a, b := c.anyUser(), c.anyUser()
			group := c.anyGroup(`"members":` + refs(a))
			// RFC 7644 §3.5.2.2, the example that removes and adds a member.
			c.becomes(group, remove(`members[value eq `+quote(ID(a))+`]`)+","+add("members", `[{"display":"James Smith","$ref":`+quote(BaseURL+b)+`,"value":`+quote(ID(b))+`}]`), "members.#", "1", "members[0].value", quote(ID(b)))
		})
	}},
	{"P-50", "remove with a filter on sub-attributes removes the records it matches", func(c *Case) {
		c.Both(func(c *Client) {
			mails := `"emails":[{"value":"a@example.com","type":"work"},{"value":"b@example.org","type":"work"},{"value":"c@example.com","type":"home"}]`
			for f, left := range map[string]string{
				`type eq "work" and value ew "example.com"`: `[{"value":"b@example.org","type":"work"},{"value":"c@example.com","type":"home"}]`,
				`type eq "work"`:                  `[{"value":"c@example.com","type":"home"}]`,
				`not (type eq "work")`:            `[{"value":"a@example.com","type":"work"},{"value":"b@example.org","type":"work"}]`,
				`value co "b@" or type eq "HOME"`: `[{"value":"a@example.com","type":"work"}]`,
				`type ne "work"`:                  `[{"value":"a@example.com","type":"work"},{"value":"b@example.org","type":"work"}]`,
			} {
				c.becomes(c.anyUser(mails), remove("emails["+f+"]"), "emails", left)
			}
			c.becomes(c.anyUser(mails), remove("emails[type pr]"), "emails", "")
			c.becomes(c.anyUser(mails), remove("emails[not (primary eq true)]"), "emails", "")
			c.becomes(c.anyUser(`"addresses":[{"region":"a","country":"AT"},{"region":"b","country":"DE"}]`), remove(`addresses[country eq "AT"]`), "addresses", `[{"region":"b","country":"DE"}]`)
		})
	}},
	{"P-51", "remove of a sub-attribute unassigns it alone; without a sub-attribute left the value is gone", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser(`"name":{"givenName":"g","middleName":"m"}`, `"emails":[{"value":"a@x.example","type":"work","display":"d"},{"value":"b@x.example","type":"home","display":"e"},{"display":"only"}]`, enterprise(`"manager":{"value":"m"},"department":"d"`))
			c.becomes(path, remove("name.middleName"), "name", `{"givenName":"g"}`)
			c.becomes(path, remove("name.givenName"), "name", "")
			c.becomes(path, remove(`emails[type eq "work"].display`), "emails[0]", `{"value":"a@x.example","type":"work"}`, "emails[1].display", `"e"`)
			c.becomes(path, remove(`emails[display eq "only"].display`), "emails.#", "2")
			c.becomes(path, remove(`emails[value co "@"].type`), "emails", `[{"value":"a@x.example"},{"value":"b@x.example","display":"e"}]`)
			c.becomes(path, remove("emails.display"), "emails", `[{"value":"a@x.example"},{"value":"b@x.example"}]`)
			c.becomes(path, remove("emails.value"), "emails", "")
			c.becomes(path, remove(ent+":manager.value"), enterprisePath("manager"), "", enterprisePath("department"), `"d"`)
		})
	}},
	{"P-53", "remove of members' sub-attributes is a mutability error", func(c *Case) {
		c.Both(func(c *Client) {
			a := c.anyUser()
			group := c.anyGroup(`"members":` + refs(a))
			for _, sub := range []string{"value", "type", "$ref", "display"} {
				c.fails(group, "mutability", remove(`members[value eq `+quote(ID(a))+`].`+sub), remove("members."+sub))
			}
		})
	}},
	{"P-54", "members, whose sub-attributes are immutable, are removed and replaced as a whole", func(c *Case) {
		c.Both(func(c *Client) {
			a, b, d, e := c.anyUser(), c.anyUser(), c.anyUser(), c.anyUser()
			group := c.anyGroup(`"members":` + refs(a, b, d))
			c.Patch(group, remove(`members[value eq `+quote(ID(b))+`]`)).Is(204)
			require.ElementsMatch(c.t, []string{ID(a), ID(d)}, c.Get(group).memberIDs())
			c.Patch(group, replace("members", refs(e))).Is(204)
			require.Equal(c.t, []string{ID(e)}, c.Get(group).memberIDs())
			c.Patch(group, remove("members")).Is(204)
			c.Get(group).Has("members", "")
		})
	}},
	{"P-55", "remove of an absent value succeeds and changes nothing (Z-26)", func(c *Case) {
		c.Both(func(c *Client) {
			bare := c.anyUser()
			c.stays(bare, c.removals("name", "active", "displayName")...)
			c.stays(bare, remove("title"), remove("name.givenName"), remove("emails"), remove(`emails[type eq "work"]`), remove(`emails[type eq "work"].value`), remove("emails.type"), remove(ent), remove(ent+":department"), remove(ent+":manager"), remove(ent+":manager.value"), remove("password"), remove("externalId"))
			c.stays(c.anyUser(twoEmails, `"name":{"givenName":"g"}`, enterprise(`"department":"d"`)), remove(`emails[type eq "other"]`), remove(`emails[type eq "other"].value`), remove(`emails[type eq "work"].display`), remove("name.middleName"), remove(ent+":division"), remove(ent+":manager.value"), remove(`emails[value eq "nope"]`))
			a := c.anyUser()
			group := c.anyGroup(`"members":` + refs(a))
			c.stays(group, remove(`members[value eq "notAMember"]`), remove(`members[value eq `+quote(ID(bare))+`]`), remove(`members[value eq "a" or value eq "b"]`), remove(`members[type eq "Group"]`), remove("externalId"))
			c.stays(c.anyGroup(), remove("members"), remove(`members[value eq "x"]`), remove(`members[value eq "x"]`)+","+remove("members"))
		})
	}},
	{"P-56", "remove of an extension attribute, and of an extension; the last attribute takes the URI along (Z-31)", func(c *Case) {
		c.Both(func(c *Client) {
			one := `["` + user + `"]`
			path := c.anyUser(`"title":"t"`, enterprise(`"department":"d","division":"v"`))
			c.becomes(path, remove(ent+":department"), "['"+ent+"']", `{"division":"v"}`, "schemas.#", "2")
			c.becomes(path, remove(ent+":division"), "['"+ent+"']", "", "schemas", one, "title", `"t"`)
			for _, op := range []string{remove(ent), remove(user+":title") + "," + remove(ent), replace(ent, "null"), replace(ent, `{"department":null,"division":null}`), remove(ent+":department") + "," + remove(ent+":division")} {
				c.becomes(c.anyUser(enterprise(`"department":"d","division":"v"`)), op, "['"+ent+"']", "", "schemas", one)
			}
		})
	}},
}

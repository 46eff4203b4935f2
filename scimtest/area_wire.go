package scimtest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

// The cases of this file prove the habits of identity providers, U-1 to U-24 of
// requirements.txt.

var wireReads = []row{
	{"U-1", "a look-up without a match is 200 with an empty list (all providers)", func(c *Case) {
		c.Both(func(c *Client) {
			for _, q := range []string{`/Users?filter=userName+eq+%22a5222dc0%22`, `/Users?filter=userName eq "nobody@x.example"&startIndex=1&count=100`, `/Users?filter=externalId eq "x"`, `/Users?filter=id eq "x"`, `/Users?filter=emails.value eq "x"`,
				`/Groups?excludedAttributes=members&filter=displayName eq "x"`, `/Groups?filter=externalId eq "x"`, "/Users", "/Groups", "/Users?startIndex=1&count=2", "/Groups?startIndex=1&count=100", "/Users?count=1", "/Users?startIndex=2", "/Users?startIndex=1001&count=100"} {
				r := c.Get(q, "Content-Type: application/scim+json; charset=utf-8", "Accept-Charset: utf-8").Total(0)
				require.NotContains(c.t, r.Text, "null")
			}
		})
	}},
	{"U-10", "a filter with a sub-attribute after the bracket concerns one value (Entra ID) and is refused for the strict client", func(c *Case) {
		path := c.Default.NewUser("u", twoEmails)
		for f, n := range map[string]int{`emails[type eq "work"].value eq "w@x.example"`: 1, `emails[type eq "home"].value eq "w@x.example"`: 0, `emails[type eq "WORK"].value eq "W@X.EXAMPLE"`: 1, `Emails[Type Eq "work"].Value Sw "w"`: 1, `emails[type eq "work" and primary eq true].value co "x"`: 1, `emails[type eq "other"].value eq "w@x.example"`: 0} {
			r := c.Default.Filter("/Users", f).Total(n)
			if n == 1 {
				r.Has("Resources[0].id", quote(ID(path)))
			}
			c.Strict.Filter("/Users", f).Fails(400, "invalidFilter")
		}
	}},
	{"U-11", "a complex attribute in a comparison means its value (Entra ID)", func(c *Case) {
		a, b := c.Default.NewUser("a"), c.Default.NewUser("b")
		c.Default.Put(b, User("b", enterprise(`"manager":{"value":`+quote(ID(a))+`}`))).Is(200)
		group := c.Default.NewGroup("g", `"members":`+refs(a))
		r := c.Default.Filter("/Groups?attributes=id", `id eq `+quote(ID(group))+` and members eq `+quote(ID(a))).Total(1)
		require.Equal(c, []string{"id", "schemas"}, r.Keys("Resources[0]"))
		c.Default.Filter("/Groups", `id eq `+quote(ID(group))+` and members eq `+quote(ID(b))).Total(0)
		for _, f := range []string{ent + `:manager eq `, "manager eq ", "Manager.value eq "} {
			r := c.Default.Filter("/Users?attributes=id", `id eq `+quote(ID(b))+` and `+f+quote(ID(a)))
			r.Total(1).Has("Resources[0].id", quote(ID(b)))
		}
		c.Strict.Filter("/Users", ent+`:manager eq `+quote(ID(a))).Fails(400, "invalidFilter")
	}},
	{"U-11 H-15", "an extension attribute without its URI is found where no other has that name (Entra ID)", func(c *Case) {
		boss := ID(c.Default.NewUser("boss"))
		path := c.Default.NewUser("u")
		set := `{"op":"Add","path":"manager","value":[{"$ref":"http://idp.example/Users/1","value":` + quote(boss) + `}]}`
		c.Default.Patch(path, set).Is(200).Has(enterprisePath("manager.value"), quote(boss))
		c.Default.Patch(path, `{"op":"Remove","path":"manager"}`).Is(200).Has(enterprisePath("manager"), "")
		c.Default.Patch(path, `{"op":"Replace","value":{"manager":`+quote(boss)+`,"department":"D"}}`).Is(200).
			Has(enterprisePath("manager.value"), quote(boss), enterprisePath("department"), `"D"`)
		c.Default.Filter("/Users", `department eq "d" and manager pr`).Total(1)
		c.Strict.Patch(path, `{"op":"replace","value":{"department":"E"}}`).Fails(400, "invalidPath")
		c.Strict.Get(path).Has(enterprisePath("department"), `"D"`)
	}},
	{"U-22 P-17", "an operation on an attribute of an unknown extension does not prevent the others (Entra ID)", func(c *Case) {
		const foreign = "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User:tag"
		path := c.Default.NewUser("u", `"active":true`)
		c.Default.Patch(path, `{"op":"Replace","path":"active","value":"False"}`, `{"op":"Replace","path":`+quote(foreign)+`,"value":"1"}`).
			Is(200).Has("active", "false")
		for _, op := range []string{`{"op":"add","value":"1"`, `{"op":"remove"`} {
			version := c.Default.Get(path).Header.Get("ETag")
			c.Default.Patch(path, op+`,"path":`+quote(foreign)+`}`).Is(200)
			require.Equal(c, version, c.Default.Get(path).Header.Get("ETag"))
		}
		for _, wrong := range []string{foreign + "[", foreign + " eq 1", "urn:", "tag", user + ":tag", "urn:example:2.0:X:tag", "urn:ietf:params:scim:schemas:core:2.0:Group:displayName"} {
			c.Default.Patch(path, `{"op":"replace","path":`+quote(wrong)+`,"value":"1"}`).Fails(400, "invalidPath")
		}
		c.Strict.Patch(path, `{"op":"replace","path":`+quote(foreign)+`,"value":"1"}`).Fails(400, "invalidPath")
	}},
	{"U-4 N-18", "a removal of members by an unknown display is not reported as done (WSO2)", func(c *Case) {
		a := ID(c.Default.NewUser("a"))
		group := c.Default.NewGroup("g", `"members":[{"value":`+quote(a)+`,"display":"Kim"}]`)
		if c.Default.Get(group).Has("members.#", "1").Value("members[0].display") != nil {
			return // the store keeps it
		}
		c.Default.Patch(group, `{"op":"remove","path":"members[display eq \"Kim\"]"}`).Fails(400, "invalidFilter")
		c.Default.Patch(c.Default.NewGroup("empty"), `{"op":"remove","path":"members[display eq \"Kim\"]"}`).Is(204)
		c.Default.Get(group).Has("members.#", "1")
	}},
	{"U-14", "inactive users stay visible in GET, lists and filters, with active false (Entra ID, Okta, Google)", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"active":true`, `"externalId":"e"`)
			c.Patch(path, replace("active", "false")).Is(200).Has("active", "false")
			c.Get(path).Is(200).Has("active", "false")
			for _, q := range []string{"/Users", `/Users?filter=userName eq "U"`, `/Users?filter=externalId eq "e"`, `/Users?filter=active eq false`, "/"} {
				c.Get(q).Total(1).Has("Resources[0].active", "false")
			}
			c.Post("/Users", User("u")).Fails(409, "uniqueness")
			c.Patch(path, replace("active", "true")).Is(200).Has("active", "true")
			suspended := c.NewUser("suspended", `"active":false`) // Google creates suspended users
			c.Get(suspended).Has("active", "false")
			c.Put(suspended, User("suspended", `"active":false`, `"title":"t"`)).Is(200).Has("active", "false")
		})
	}},
	{"U-15", "pages have integers, the real total, a stable order and at most count resources (Okta, SailPoint, Entra ID)", func(c *Case) {
		c.Both(func(c *Client) {
			var all []string
			for i := range 7 {
				all = append(all, ID(c.NewUser(fmt.Sprint("u", i))))
			}
			var seen []string
			for start := 1; start <= 7; start += 3 {
				r := c.Get(fmt.Sprintf("/Users?startIndex=%d&count=3", start)).Total(7).Has("startIndex", fmt.Sprint(start), "itemsPerPage", fmt.Sprint(min(3, 8-start)))
				require.Equal(c.t, r.Text, c.Get(fmt.Sprintf("/Users?startindex=%d&COUNT=3", start)).Text)
				seen = append(seen, r.Strings("id")...)
			}
			require.ElementsMatch(c.t, all, seen)
			c.Get("/Users?startIndex=8&count=3").Total(7).Has("startIndex", "8", "itemsPerPage", "0", "Resources", "[]")
			c.Get("/Users?startIndex=0&count=3").Total(7).Has("startIndex", "1", "itemsPerPage", "3") // Entra ID
		})
	}},
	{"U-17", "excludedAttributes=members on reads and queries of groups (Entra ID)", func(c *Case) {
		c.Both(func(c *Client) {
			group := c.NewGroup("g", `"members":`+refs(c.NewUser("u")))
			for _, q := range []string{"?excludedAttributes=members", "?excludedattributes=Members", "?attributes=displayName"} {
				c.Get(group+q).Is(200).Has("members", "", "displayName", `"g"`)
				c.Get("/Groups"+q+`&filter=displayName eq "G"`).Total(1).Has("Resources[0].members", "", "Resources[0].displayName", `"g"`)
			}
			c.Get(group).Has("members.#", "1")
		})
	}},
	{"U-20", "application/json is accepted, the Content-Type of a GET ignored, and the response application/scim+json (Okta, Keycloak, authentik, Rippling)", func(c *Case) {
		c.Both(func(c *Client) {
			for i, media := range []string{"application/json", "application/json; charset=utf-8", "application/scim+json;charset=UTF-8", "Application/SCIM+JSON"} {
				r := c.Post("/Users", User(fmt.Sprint("u", i)), "Content-Type: "+media).Is(201)
				require.Equal(c.t, "application/scim+json", strings.Split(r.Header.Get("Content-Type"), ";")[0])
				c.Do("PATCH", "/Users/"+r.String("id")+"?", PatchOp(add("title", `"t"`)), "Content-Type: "+media, "User-Agent:").Is(200)
			}
			for _, media := range []string{"application/json", "application/scim+json; charset=utf-8", "text/plain", "nonsense"} {
				r := c.Get("/Users", "Content-Type: "+media, "Accept: application/scim+json", "Accept-Charset: utf-8").Total(4)
				require.Equal(c.t, "application/scim+json", strings.Split(r.Header.Get("Content-Type"), ";")[0])
			}
		})
	}},
	{"U-23", "attribute names are read in any case, in bodies, paths, filters and attributes= (Entra ID, SDK clients)", func(c *Case) {
		c.Both(func(c *Client) {
			r := c.Post("/Users", `{"Schemas":["`+strings.ToUpper(user)+`"],"UserName":"u","Emails":[{"Primary":true,".type":"work","Value":"w@x.example","Type":"work"}],"NAME":{"Formatted":"f"}}`)
			if r.Status == 400 { // a name with a dot is unknown, which strict refuses
				r = c.Post("/Users", `{"Schemas":["`+strings.ToUpper(user)+`"],"UserName":"u","Emails":[{"Primary":true,"Value":"w@x.example","Type":"work"}],"NAME":{"Formatted":"f"}}`)
			}
			path := "/Users/" + r.Is(201).Has("userName", `"u"`, "emails", `[{"value":"w@x.example","type":"work","primary":true}]`, "name.formatted", `"f"`, "schemas", `["`+user+`"]`).String("id")
			c.becomes(path, `{"Op":"Replace","Path":"NAME.GIVENNAME","Value":"g"}`, "name.givenName", `"g"`)
			c.Filter("/Users", `USERNAME EQ "u" AND Emails[TYPE Eq "work" And VALUE Co "@"]`).Total(1)
			c.Get(path+"?Attributes=USERNAME,Name.GivenName").Has("userName", `"u"`, "name", `{"givenName":"g"}`, "emails", "")
		})
	}},
}

var wireWrites = []row{
	{"U-3", `"True" and "False" in bodies, PATCH values and filters are booleans (Entra ID, Keycloak), and refused for the strict client`, func(c *Case) {
		for i, text := range []string{"True", "False", "true", "false", "TRUE", "FALSE"} {
			want := strings.ToLower(text)
			made := c.Default.Post("/Users", User(fmt.Sprint("u", i), `"active":`+quote(text), `"roles":[{"value":"r","primary":`+quote(text)+`}]`)).Is(201).Has("active", want, "roles[0].primary", want)
			path := "/Users/" + made.String("id")
			c.Default.Put(path, User(fmt.Sprint("u", i), `"active":`+quote(text))).Is(200).Has("active", want)
			c.Default.Patch(path, replace("active", quote(text))).Is(200).Has("active", want)
			c.Default.Patch(path, replace("", `{"active":`+quote(text)+`}`)).Is(200).Has("active", want)
			c.Default.Filter("/Users", `active eq `+quote(text)+` and id eq `+quote(ID(path))).Total(1)
			c.Strict.Post("/Users", User("v", `"active":`+quote(text))).Fails(400, "invalidValue")
			c.Strict.Put(path, User("v", `"active":`+quote(text))).Fails(400, "invalidValue")
			c.Strict.fails(path, "invalidValue", replace("active", quote(text)), replace("", `{"active":`+quote(text)+`}`))
			c.Strict.Filter("/Users", `active eq `+quote(text)).Fails(400, "invalidFilter")
		}
		for _, text := range []string{"no", "0", "wahr", "T"} {
			c.Default.Post("/Users", User("v", `"active":`+quote(text))).Fails(400, "invalidValue")
		}
	}},
	{"U-12", "readOnly attributes in a body are ignored (Okta, authentik, Ping)", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			group := c.NewGroup("g", `"members":`+refs(path))
			whole := c.Get(path).Text
			c.Put(path, strings.Replace(whole, `"userName":"u"`, `"userName":"u","title":"t"`, 1)).Is(200).Has("title", `"t"`, "groups.#", "1")
			c.Put(path, User("u", `"id":"other"`, `"groups":[]`, `"meta":{"version":"W/\"old\"","resourceType":"Group"}`)).Is(200).Has("id", quote(ID(path)), "groups.#", "1", "meta.resourceType", `"User"`)
			made := c.Post("/Users", User("v", `"id":"mine"`, `"groups":[]`, `"meta":{"resourceType":"User"}`)).Is(201)
			require.NotEqual(c.t, "mine", made.String("id"))
			c.Put(group, c.Get(group).Text).Is(200).Has("members.#", "1")
		})
	}},
	{"U-12", "readOnly attributes in a replace without path are ignored (Okta, authentik), and refused for the strict client", func(c *Case) {
		group := c.Default.NewGroup("g", `"members":`+refs(c.Default.NewUser("u")))
		for i, value := range []string{`"id":` + quote(ID(group)), `"id":"other"`, `"schemas":["` + grp + `"],"id":` + quote(ID(group)), `"meta":{"resourceType":"Group"}`} {
			name := fmt.Sprint("new", i)
			c.Strict.fails(group, "mutability", replace("", `{`+value+`,"displayName":`+quote(name)+`}`))
			c.Default.becomes(group, replace("", `{`+value+`,"displayName":`+quote(name)+`}`), "displayName", quote(name), "members.#", "1", "id", quote(ID(group)))
		}
	}},
	{"U-13", "a duplicate userName in any case is 409 uniqueness with an error body, on POST, PUT and PATCH (all providers)", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("Bjensen@X.example")
			other := c.NewUser("other")
			c.Post("/Users", User("bjensen@x.EXAMPLE")).Fails(409, "uniqueness")
			c.Put(other, User("bjensen@x.EXAMPLE")).Fails(409, "uniqueness")
			c.Patch(other, replace("userName", `"bjensen@x.EXAMPLE"`)).Fails(409, "uniqueness")
			c.Patch(other, replace("", `{"userName":"BJENSEN@x.example","title":"t"}`)).Fails(409, "uniqueness")
			c.Get(other).Has("userName", `"other"`, "title", "")
			c.Filter("/Users", `userName eq "bjensen@x.example"`).Total(1)
		})
	}},
	{"U-16", "a password is never returned (Okta)", func(c *Case) {
		c.Both(func(c *Client) {
			r := c.Post("/Users?attributes=password,userName", User("u", `"password":"1mz050nq"`, `"groups":[]`)).Is(201)
			require.NotContains(c.t, r.Text, "password")
			path := "/Users/" + r.String("id")
			for _, r := range []*Reply{c.Get(path), c.Get(path + "?attributes=password"), c.Patch(path, replace("", `{"password":"1mz050nq"}`)), c.Get("/Users?attributes=password"), c.Put(path, User("u", `"password":"x"`))} {
				require.NotContains(c.t, r.Is(200).Text, "password")
			}
		})
	}},
	{"U-18", `null, "" and [] are accepted for optional attributes (Entra ID, OneLogin, JumpCloud, Okta)`, func(c *Case) {
		c.Both(func(c *Client) {
			c.keeps([]string{`"addresses":null`, `"phoneNumbers":[]`, `"photos":[]`, `"roles":[]`, `"title":null`, `"name":null`, `"emails":null`, `"active":null`, `"externalId":null`}, "addresses", "", "phoneNumbers", "", "title", "", "name", "", "active", "")
			c.keeps([]string{`"nickName":""`, `"locale":null`, `"title":""`, `"name":{"familyName":"","givenName":" "}`}, "name.givenName", `" "`)
		})
		for _, name := range []string{"emails", "addresses", "name", "x509Certificates"} {
			c.Default.keeps([]string{quote(name) + `:""`}, name, "")
			c.Strict.refuses("invalidValue", quote(name)+`:""`)
			path := c.Default.anyUser(twoEmails, `"name":{"givenName":"g"}`)
			c.Strict.fails(path, "invalidValue", replace(name, `""`))
			c.Default.Patch(path, replace(name, `""`)).Is(200).Has(name, "")
		}
	}},
	{"U-19", "emails as one object is a list of one (OneLogin), and refused for the strict client", func(c *Case) {
		one := `"emails":{"value":"w@x.example","type":"work","primary":true}`
		c.Default.keeps([]string{one}, "emails", `[{"value":"w@x.example","type":"work","primary":true}]`)
		c.Strict.refuses("invalidValue", one)
	}},
	{"U-22", "unknown attributes, sub-attributes, URIs and undeclared extensions are ignored (Entra ID, Okta), and refused for the strict client", func(c *Case) {
		for _, members := range [][]string{
			{`"department":"d"`}, {`"manager":null`, `"x":{"y":[1]}`}, {`"emails":[{"value":"a@b.example","unheard":"of"}]`}, {`"name":{"givenName":"g","nope":1}`}, {`"urn:example:params:scim:schemas:extension:acme:2.0:User":{"a":1}`},
			{enterprise(`"nope":"x"`)},
		} {
			c.Default.Post("/Users", User("made", members...)).Is(201)
			path := "/Users/" + c.Default.Filter("/Users", `userName eq "made"`).Total(1).Strings("id")[0]
			c.Default.Put(path, User("made", members...)).Is(200)
			c.Default.Delete(path).Is(204)
			c.Strict.Post("/Users", User("made", members...)).Fails(400, "invalidSyntax")
		}
		named := `{"schemas":["` + user + `","urn:example:x"],"userName":"named"}`
		c.Default.Post("/Users", named).Is(201).Has("schemas", `["`+user+`"]`)
		c.Strict.Post("/Users", named).Fails(400, "invalidSyntax")
		c.Both(func(c *Client) { // an extension that schemas does not name
			c.keeps([]string{enterprise(`"department":"d"`)}, enterprisePath("department"), `"d"`)
		})
		group := `{"schemas":["` + grp + `","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"e","displayName":"g","meta":{"resourceType":"Group"}}`
		c.Default.Post("/Groups", group).Is(201).Has("schemas", `["`+grp+`"]`)
		c.Strict.Post("/Groups", group).Fails(400, "invalidSyntax")
	}},
	{"U-24", "a reference to an unknown resource is accepted (Entra ID's validator, Okta)", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", enterprise(`"manager":{"value":"nobody"}`))
			c.becomes(path, replace(ent+":manager.value", `"somebody"`), enterprisePath("manager.value"), `"somebody"`)
			if c.app.membersAreUsers() {
				return // proven by the cases of App
			}
			known := c.NewUser("known")
			group := c.NewGroup("g", `"members":[{"value":"nobody"},{"value":`+quote(ID(known))+`}]`)
			c.Get(group).Has("members.#", "2")
			c.Patch(group, replace("members", `[{"value":"nobody"},{"value":"no one"},{"value":`+quote(ID(known))+`}]`)).Is(204)
			c.Get(group).Has("members.#", "3")
			c.Get(known).Has("groups.#", "1")
		})
	}},
}

var wirePatches = []row{
	{"U-2", "op is read in any case (Entra ID)", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser()
			c.becomes(path, `{"op":"Add","path":"title","value":"a"},{"op":"Replace","path":"nickName","value":"n","name":"x"},{"op":"REMOVE","path":"title"}`, "title", "", "nickName", `"n"`)
		})
	}},
	{"U-4", "remove of members with a list removes those alone (Entra ID, authentik, JumpCloud), and is refused for the strict client", func(c *Case) {
		a, b := c.Default.anyUser(), c.Default.anyUser()
		for _, value := range []string{`[{"$ref":null,"value":` + quote(ID(b)) + `}]`, refs(b), `{"members":` + refs(b) + `}`} {
			group := c.Default.anyGroup(`"members":` + refs(a, b))
			c.Strict.fails(group, "invalidValue", operation("Remove", "members", value))
			c.Default.becomes(group, operation("Remove", "members", value), "members.#", "1", "members[0].value", quote(ID(a)))
			c.Default.stays(group, operation("Remove", "members", value), operation("remove", "members", `[{"value":"nobody"}]`))
		}
	}},
	{"U-5", "a member that is added twice is a member once (JumpCloud, OneLogin, retries)", func(c *Case) {
		c.Both(func(c *Client) {
			a := c.anyUser()
			group := c.anyGroup()
			c.becomes(group, add("members", `[{"$ref":null,"value":`+quote(ID(a))+`}]`), "members.#", "1")
			c.stays(group, add("members", refs(a)), add("members", refs(a, a)), add("members", `[{"value":`+quote(ID(a))+`,"display":"x"}]`), `{"op":"Add","path":"members","value":`+refs(a)+`},{"op":"Add","path":"members","value":`+refs(a)+`}`)
			c.Get(a).Has("groups.#", "1")
		})
	}},
	{"U-6 U-7", "add and replace on a value path without match create the value (Entra ID), and are noTarget for the strict client", func(c *Case) {
		for _, op := range []string{"Add", "Replace"} {
			path := c.Default.anyUser()
			for _, one := range []struct{ path, value, at, want string }{
				{`emails[type eq "work"].value`, `"w@x.example"`, "emails", `[{"type":"work","value":"w@x.example"}]`},
				{`emails[type eq "home"].value`, `"h@x.example"`, "emails", `[{"type":"work","value":"w@x.example"},{"type":"home","value":"h@x.example"}]`},
				{`phoneNumbers[type eq "mobile"].value`, `"+1"`, "phoneNumbers", `[{"type":"mobile","value":"+1"}]`},
				{`addresses[type eq "work"].locality`, `"Vienna"`, "addresses", `[{"type":"work","locality":"Vienna"}]`},
				{`addresses[type eq "work"].formatted`, `"f"`, "addresses", `[{"type":"work","locality":"Vienna","formatted":"f"}]`},
				{`roles[primary eq "True"].value`, `"Reader"`, "roles", `[{"primary":true,"value":"Reader"}]`},
				{`roles[primary eq "True"].value`, `"Writer"`, "roles", `[{"primary":true,"value":"Writer"}]`},
			} {
				if one.path != `addresses[type eq "work"].formatted` && one.value != `"Writer"` {
					want := "noTarget"
					if strings.Contains(one.path, "True") {
						want = "invalidFilter"
					}
					c.Strict.fails(path, want, operation(op, one.path, one.value))
				}
				c.Default.becomes(path, operation(op, one.path, one.value), one.at, one.want)
			}
			c.Default.Delete(path).Is(204)
		}
	}},
	{"U-8", "the keys of a value without path may be paths (Entra ID with its flag)", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser()
			c.becomes(path, `{"op":"replace","value":{"displayName":"d","name.givenName":"g","name.familyName":"f","`+ent+`:employeeNumber":"1","`+ent+`:department":"dept","`+user+`:title":"t"}}`,
				"displayName", `"d"`, "name", `{"givenName":"g","familyName":"f"}`, enterprisePath("employeeNumber"), `"1"`, enterprisePath("department"), `"dept"`, "title", `"t"`)
			c.Get(path).Only("displayName", "id", "meta", "name", "schemas", "title", ent, "userName")
		})
	}},
	{"U-8", "the keys of a value without path may select values (Entra ID with its flag)", func(c *Case) {
		path := c.Default.anyUser(twoEmails)
		c.Default.Patch(path, `{"op":"replace","value":{"emails[type eq \"work\"].value":"n@x.example","title":"t"}}`).Is(200).Has("title", `"t"`, "emails[0].value", `"n@x.example"`, "emails.#", "2")
	}},
	{"U-9", `a string for manager sets it, "" or {"value":""} clears it (Entra ID), and both are refused for the strict client`, func(c *Case) {
		for i, op := range []string{add(ent+":manager", `"m"`), replace(ent+":manager", `"m"`), `{"op":"Add","path":"` + ent + `:manager","value":[{"$ref":"../Users/m","value":"m"}]}`, replace("", `{"`+ent+`:manager":"m"}`), replace("", `{"`+ent+`":{"manager":"m"}}`)} {
			path := c.Default.anyUser()
			c.Strict.fails(path, "invalidValue", op)
			c.Default.becomes(path, op, enterprisePath("manager.value"), `"m"`)
			clear := []string{remove(ent + ":manager"), replace(ent+":manager", `""`), replace(ent+":manager", `{"value":""}`), replace(ent+":manager", "null"), replace(ent+":manager.value", `null`)}[i]
			c.Default.becomes(path, clear, enterprisePath("manager"), "")
		}
		made := User("made", enterprise(`"manager":"m"`))
		c.Strict.Post("/Users", made).Fails(400, "invalidValue")
		c.Default.Post("/Users", made).Is(201).Has(enterprisePath("manager.value"), `"m"`)
	}},
	{"U-21", "PATCH of a user returns the user, of thousands of members 204 (Entra ID, Okta)", func(c *Case) {
		path := c.Default.anyUser()
		c.Default.Patch(path, replace("", `{"active":false}`)).Is(200).Has("id", quote(ID(path)), "active", "false")
		n := 5000
		if c.kit.MembersAreUsers {
			n = 200 // each of them is created
		}
		var list, ids []string
		for i := range n {
			ids = append(ids, c.Default.aMember(fmt.Sprintf("member%d", i)))
			list = append(list, `{"value":`+quote(ids[i])+`}`)
		}
		group := c.Default.anyGroup()
		c.Default.Patch(group, add("members", "["+strings.Join(list, ",")+"]")).Is(204)
		c.Default.Patch(group, add("members", refs(path)), remove(`members[value eq `+quote(ids[7])+`]`)).Is(204)
		c.Default.Get(group).Has("members.#", strconv.Itoa(n))
		c.Default.Get(path).Has("groups.#", "1")
	}},
}

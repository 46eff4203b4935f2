package scimtest

import (
	"strings"

	"github.com/stretchr/testify/require"
)

var creates = []row{
	{"C-1 C-2 C-3", "POST creates: 201, Location and meta.location agree, and the body is that of a GET", func(c *Case) {
		c.Both(func(c *Client) {
			for _, made := range []*Reply{c.Post("/Users", User("bjensen", full...)), c.Post("/Groups", Group("Tour Guides", `"members":[{"value":"x"}]`)), c.Post("/Users/", User("slash"))} {
				made.Is(201)
				location := made.Header.Get("Location")
				require.Equal(c.t, made.String("meta.location"), location)
				require.Equal(c.t, made.Header.Get("Content-Location"), location)
				require.True(c.t, strings.HasPrefix(location, BaseURL+"/"), location)
				got := c.Get(Path(location)).Is(200)
				require.JSONEq(c.t, made.Text, got.Text)
				require.Equal(c.t, made.Header.Get("ETag"), got.Header.Get("ETag"))
				require.Equal(c.t, made.String("meta.version"), made.Header.Get("ETag"))
			}
		})
	}},
	{"C-1 C-3 M-32", "a whole user comes back as it was sent", func(c *Case) {
		c.Both(func(c *Client) {
			c.keeps(full, "name", `{"formatted":"Ms. Barbara J Jensen, III","familyName":"Jensen","givenName":"Barbara","middleName":"Jane","honorificPrefix":"Ms.","honorificSuffix":"III"}`,
				"emails.#", "2", "emails[0]", `{"value":"bjensen@example.com","type":"work","primary":true}`, "addresses[0].postalCode", `"91608"`, "addresses.#", "2", "phoneNumbers[1].type", `"mobile"`,
				"ims[0].type", `"aim"`, "photos[1].type", `"thumbnail"`, "active", "true", "preferredLanguage", `"en-US"`, "locale", `"en-US"`, "timezone", `"America/Los_Angeles"`, "userType", `"Employee"`, "title", `"Tour Guide"`,
				"roles[0].value", `"admin"`, "entitlements[0].display", `"E"`, "externalId", `"701984"`, "nickName", `"Babs"`, "profileUrl", `"https://login.example.com/bjensen"`,
				enterprisePath("employeeNumber"), `"701984"`, enterprisePath("costCenter"), `"4130"`, enterprisePath("organization"), `"Universal Studios"`, enterprisePath("division"), `"Theme Park"`, enterprisePath("department"), `"Tour Operations"`,
				"password", "", "unheardOf", "")
		})
	}},
	{"C-4", "readOnly attributes in a POST are ignored, in extensions and groups too", func(c *Case) {
		c.Both(func(c *Client) {
			made := c.Post("/Users", User("u", `"id":"mine"`, `"meta":{"created":"1999-01-01T00:00:00Z","version":"W/\"x\""}`, `"groups":[{"value":"g","display":"d"}]`, enterprise(`"manager":{"value":"m","displayName":"x"}`))).Is(201)
			made.Has("groups", "", enterprisePath("manager.displayName"), "", enterprisePath("manager.value"), `"m"`)
			require.NotEqual(c.t, "mine", made.String("id"))
			require.NotContains(c.t, made.Text, "1999")
			g := c.Post("/Groups", Group("g", `"id":"mine"`, `"meta":{"resourceType":"User"}`)).Is(201).Has("meta.resourceType", `"Group"`)
			require.NotEqual(c.t, "mine", g.String("id"))
		})
	}},
	{"C-7 A-10", "a taken userName, in any case, is 409 uniqueness and stores nothing", func(c *Case) {
		c.Default.NewUser("bjensen")
		c.Default.Post("/Users", User("BJensen")).Fails(409, "uniqueness")
		c.Default.Get("/Users").Is(200).Has("totalResults", "1")
	}},
	{"C-7", "a conflict stores no part of the request", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"title":"before"`, `"externalId":"e"`)
			before := c.Get(path).Text
			c.Post("/Users", User("U", `"title":"after"`, `"active":false`, `"password":"x"`)).Fails(409, "uniqueness")
			c.Post("/Users", User("U", `"id":`+quote(ID(path)), `"externalId":"e"`)).Fails(409, "uniqueness")
			require.Equal(c.t, before, c.Get(path).Text)
		})
	}},
	{"C-8 J-1", "attributes and excludedAttributes shape the 201", func(c *Case) {
		c.Both(func(c *Client) {
			members := []string{`"title":"t"`, `"name":{"givenName":"g","familyName":"f"}`}
			c.Post("/Users?attributes=userName", User("a", members...)).Is(201).Only("id", "schemas", "userName")
			c.Post("/Users?attributes=NAME.givenName", User("b", members...)).Is(201).Has("name", `{"givenName":"g"}`).Only("id", "name", "schemas")
			made := c.Post("/Users?excludedAttributes=meta,title,id", User("c", members...)).Is(201)
			made.Only("id", "name", "schemas", "userName")
			require.Equal(c.t, BaseURL+"/Users/"+made.String("id"), made.Header.Get("Location"))
			c.Get("/Users/"+made.String("id")).Is(200).Has("title", `"t"`)
			c.Post("/Groups?excludedAttributes=members", Group("g", `"members":[{"value":`+quote(c.aMember("x"))+`}]`)).Is(201).Has("members", "", "displayName", `"g"`)
			c.Post("/Users?attributes=userName&excludedAttributes=title", User("d")).Fails(400, "invalidValue")
			c.Filter("/Users", `userName eq "d"`).Total(0)
		})
	}},
	{"C-10", "creation without authentication is refused", func(c *Case) {
		anonymous := &Client{t: c.T, handler: c.handler}
		for _, path := range []string{"/Users", "/Groups", "/Me"} {
			r := anonymous.Post(path, User("u"))
			r.Fails(401, "")
			require.NotEmpty(c, r.Header.Get("WWW-Authenticate"))
		}
		c.Default.Get("/").Total(0)
	}},
	{"C-11", "extension data whose URI is not in schemas is kept and its URI added", func(c *Case) {
		c.Both(func(c *Client) {
			c.keeps([]string{schemas(user), enterprise(`"employeeNumber":"1"`)}, enterprisePath("employeeNumber"), `"1"`, "schemas", `["`+user+`","`+ent+`"]`)
		})
	}},
	{"C-1", "POST creates with every attribute alone", func(c *Case) {
		c.Both(func(c *Client) {
			for _, member := range full {
				c.keeps([]string{member})
			}
		})
	}},
	{"C-1", "a group is created with its members, each once", func(c *Case) {
		c.Both(func(c *Client) {
			a, b := c.NewUser("a"), c.NewUser("b")
			list := `"members":[{"value":"` + ID(a) + `"},{"value":"` + ID(b) + `"},{"value":"` + ID(a) + `","type":"User"}]`
			g := c.Post("/Groups", Group("g", list)).Is(201).Has("members.#", "2")
			c.Get("/Groups/"+g.String("id")).Has("members.#", "2")
			wrong := []string{`[{"value":{}}]`, `[{"value":["x"]}]`, `[[{"value":"x"}]]`, `[{"value":"x","$ref":5}]`, `[{"type":"User"}]`}
			if c.isStrict() {
				wrong = append(wrong, `"x"`, `5`, `["x"]`, `[5]`, `[{"value":5}]`, `[{"value":""}]`, `[{}]`, `[null]`, `[{"value":"x","type":5}]`)
			}
			for _, wrong := range wrong {
				c.Post("/Groups", Group("wrong", `"members":`+wrong)).Fails(400, "invalidValue")
				c.Put("/Groups/"+g.String("id"), Group("g", `"members":`+wrong)).Fails(400, "invalidValue")
			}
			c.Get("/Groups").Total(1).Has("Resources[0].members.#", "2")
		})
	}},
}

// full are the attributes of RFC 7643 §8.2 and §8.3.
var full = []string{
	schemas(ent, user),
	`"externalId":"701984"`,
	`"name":{"formatted":"Ms. Barbara J Jensen, III","familyName":"Jensen","givenName":"Barbara","middleName":"Jane","honorificPrefix":"Ms.","honorificSuffix":"III"}`,
	`"displayName":"Babs Jensen"`, `"nickName":"Babs"`, `"profileUrl":"https://login.example.com/bjensen"`,
	`"emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}]`,
	`"addresses":[{"streetAddress":"100 Universal City Plaza","locality":"Hollywood","region":"CA","postalCode":"91608","country":"US","formatted":"100 Universal City Plaza\nHollywood, CA 91608 USA","type":"work","primary":true},` +
		`{"streetAddress":"456 Hollywood Blvd","locality":"Hollywood","region":"CA","postalCode":"91608","country":"US","type":"home"}]`,
	`"phoneNumbers":[{"value":"555-555-5555","type":"work"},{"value":"555-555-4444","type":"mobile"}]`,
	`"ims":[{"value":"someaimhandle","type":"aim"}]`,
	`"photos":[{"value":"https://photos.example.com/profilephoto/72930000000Ccne/F","type":"photo"},{"value":"https://photos.example.com/profilephoto/72930000000Ccne/T","type":"thumbnail"}]`,
	`"userType":"Employee"`, `"title":"Tour Guide"`, `"preferredLanguage":"en-US"`, `"locale":"en-US"`, `"timezone":"America/Los_Angeles"`, `"active":true`, `"password":"t1meMa$heen"`,
	`"roles":[{"value":"admin","display":"Admin","type":"r","primary":true}]`, `"entitlements":[{"value":"e","display":"E"}]`, `"x509Certificates":[{"value":"MAA="}]`,
	enterprise(`"employeeNumber":"701984"`, `"costCenter":"4130"`, `"organization":"Universal Studios"`, `"division":"Theme Park"`, `"department":"Tour Operations"`, `"manager":{"value":"26118915-6090-4610-87e4-49d8ca9f808d","displayName":"John Smith"}`),
}

package scimtest

import (
	"strings"

	"github.com/stretchr/testify/require"
)

// requestEach sends each kind of request for the user and the group at the paths.
func (c *Client) requestEach(user, group string) []*Reply {
	c.t.Helper()
	return []*Reply{
		c.Get(user), c.Do("HEAD", user, nil), c.Put(user, User("x")), c.Patch(user, add("title", `"x"`)), c.Delete(user),
		c.Get(group), c.Put(group, Group("x")), c.Patch(group, add("members", refs(user))), c.Patch(group, remove("members")), c.Delete(group),
	}
}

var securityAccess = []row{
	{"S-2 S-3 S-9", "without valid credentials every endpoint is 401 with WWW-Authenticate, and nothing happens", func(c *Case) {
		path, group := c.Default.NewUser("u"), c.Default.NewGroup("g")
		for _, token := range []string{"", "wrong"} {
			anonymous := NewClient(c.T, c.handler, token)
			replies := append(anonymous.requestEach(path, group),
				anonymous.Get("/Users"), anonymous.Get("/"), anonymous.Get("/Schemas"), anonymous.Get("/ResourceTypes"), anonymous.Get("/Me"), anonymous.Get("/Nope"), anonymous.Get("/Users/nope"), anonymous.Get("/Users?filter=bad"),
				anonymous.Post("/Users", User("v")), anonymous.Post("/Users", "{"), anonymous.Post("/.search", Search()), anonymous.Post("/Bulk", "{}"), anonymous.Delete("/Users"), anonymous.Do("BREW", "/Users", nil))
			for _, r := range replies {
				r.Is(401)
				require.NotEmpty(c, r.Header.Get("WWW-Authenticate"), r.line)
				require.Regexp(c, `^(Bearer|Basic)\b`, r.Header.Get("WWW-Authenticate"))
				if !strings.HasPrefix(r.line, "HEAD") {
					r.Fails(401, "")
					require.Equal(c, replies[0].Text, r.Text, r.line)
				}
			}
		}
		c.Default.Get(path).Is(200).Has("title", "")
		c.Default.Get("/").Total(2)
	}},
	{"S-2", "credentials in a form of no supported scheme are 401", func(c *Case) {
		none := NewClient(c.T, c.handler, "")
		for _, value := range []string{"Bearer", "Bearer ", "Basic " + c.token, "bearer", "token " + c.token, c.token, "Bearer\t" + c.token, "Digest x", "Bearer nope"} {
			r := none.Get("/Users", "Authorization: "+value)
			r.Fails(401, "")
			require.NotEmpty(c, r.Header.Get("WWW-Authenticate"))
		}
		none.Get("/Users?access_token="+c.token).Fails(401, "")
		none.Get("/Users?authorization=Bearer%20"+c.token).Fails(401, "")
		none.Get("/Users", "X-Authorization: Bearer "+c.token).Fails(401, "")
	}},
	{"S-7 S-13", "a password is in no response, error or list, and cannot be selected", func(c *Case) {
		c.Both(func(c *Client) {
			secret := "t1meMa$heen"
			made := c.Post("/Users", User("u", `"password":`+quote(secret)))
			path := "/Users/" + made.Is(201).String("id")
			replies := []*Reply{made, c.Put(path, User("u", `"password":`+quote(secret))), c.Patch(path, replace("password", quote(secret))), c.Patch(path, add("", `{"password":`+quote(secret)+`}`)), c.Patch(path, remove("password")), c.Patch(path, replace("password", "null")),
				c.Get(path + "?attributes=password"), c.Get("/Users?attributes=password"), c.Post("/.search", Search(`"attributes":["password"]`)),
				c.Post("/Users", User("u", `"password":`+quote(secret))), c.Patch(path, replace("password", `{"x":`+quote(secret)+`}`)), c.Patch(path, replace("password", quote(secret))+","+replace("id", quote("x"))),
				c.Filter("/Users", "password eq "+quote(secret)), c.Filter("/Users", "password sw "+quote("t1")), c.Get("/Users?sortBy=password")}
			for _, r := range replies {
				require.NotEqual(c.t, 500, r.Status, r.line)
				require.NotContains(c.t, r.Text, secret, r.line)
			}
			c.stays(path, replace("password", quote(secret)), add("password", quote("other")), remove("password"))
		})
	}},
	{"S-8", "userName is prepared before it is compared: spellings of one name are one name", func(c *Case) {
		c.Both(func(c *Client) {
			for _, names := range [][]string{{"bjensen", "BJENSEN", "BJensen", "ｂｊｅｎｓｅｎ", "Ｂjensen"}, {"jos\u00e9", "jose\u0301", "JOS\u00c9", "JOSE\u0301"}, {"\u00c5sa", "A\u030asa", "\u212bsa"}, {"straße", "STRASSE", "strasse", "STRAẞE"}, {"ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"}, {"ﬁn", "FIN"}, {"admin", "ad\u00admin", "ad\u200bmin", "\ufeffADMIN"}, {"x\u200dy", "xy"}} {
				path := c.NewUser(names[0])
				for _, name := range names {
					c.Post("/Users", User(name)).Fails(409, "uniqueness")
					c.Filter("/Users", "userName eq "+quote(name)).Total(1).Has("Resources[0].id", quote(ID(path)), "Resources[0].userName", quote(names[0]))
					c.Filter("/Users", "userName ne "+quote(name)).Total(0)
				}
				c.Delete(path).Is(204)
			}
			c.NewUser("paypal")
			c.NewUser("pаypal") // Cyrillic а: looks alike, is another
		})
	}},
	{"S-8 N-6", "a userName of invisible characters, or with control characters, is invalidValue", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser()
			for _, name := range []string{"", " ", "\u200b", " \u00ad\u3000", "a\x00", "a\tb", "a\n", "\x7fa", "a\u0085b", "a\u202eb", "\u2066a\u2069", "a\u200f"} {
				c.Post("/Users", User(name)).Fails(400, "invalidValue")
				c.Put(path, User(name)).Fails(400, "invalidValue")
				c.fails(path, "invalidValue", replace("userName", quote(name)), add("", `{"userName":`+quote(name)+`}`))
				c.keeps([]string{`"displayName":` + quote(name)}, "displayName", quote(name))
			}
			c.Post("/Groups", Group("\u200b")).Fails(400, "invalidValue")
			for _, name := range []string{" a b ", "שלום", "a+b@x.example", "✓"} { // RFC 7613 would refuse some
				c.NewUser(name)
			}
		})
	}},
	{"S-14", "an error reveals of a resource only what the client may see", func(c *Case) {
		path := c.Default.NewUser("u", twoEmails)
		other := c.OtherTenant()
		for i, r := range other.requestEach(path, path) {
			unknown := other.requestEach("/Users/nope", "/Users/nope")[i]
			require.Equal(c, unknown.Status, r.Status, r.line)
			require.Equal(c, unknown.Text, r.Text, r.line)
		}
		taken := other.NewUser("v")
		r := c.Default.Put(path, User("V"))
		r.Is(200)
		require.NotContains(c, other.Post("/Users", User("v")).Text, ID(taken), "a 409 does not say whose the name is")
	}},
}

var securityTenants = []row{
	{"S-10 S-12 S-3", "a resource of one tenant does not exist for another, in any operation", func(c *Case) {
		path := c.Default.NewUser("bjensen", `"externalId":"e"`, twoEmails)
		group := c.Default.NewGroup("g", `"members":`+refs(path))
		before := c.Default.Get(path).Text + c.Default.Get(group).Text
		other := c.OtherTenant()
		for _, r := range other.requestEach(path, group) {
			r.Is(404)
		}
		for _, list := range []string{"/Users", "/Groups", "/", `/Users?filter=userName eq "bjensen"`, `/Users?filter=id eq ` + quote(ID(path)), `/Users?filter=externalId eq "e"`, `/Users?filter=emails[type eq "work"].value eq "w@x.example"`, `/Groups?filter=members.value eq ` + quote(ID(path)), `/Groups?filter=displayName eq "g"`,
			`/Users?filter=groups.value eq ` + quote(ID(group)), `/?filter=id pr`, "/Users?sortBy=userName", "/Users?count=0", "/Users?startIndex=1&count=1000"} {
			other.Get(list).Total(0)
		}
		other.Post("/.search", Search()).Total(0)
		other.Post("/Users/.search", Search(`"filter":"userName pr"`)).Total(0)
		require.Equal(c, before, c.Default.Get(path).Text+c.Default.Get(group).Text)
	}},
	{"S-12", "unique values, external ids and names are those of each tenant", func(c *Case) {
		c.needsTenants()
		other := c.OtherTenant()
		for _, one := range []*Client{c.Default, other} {
			path := one.NewUser("bjensen", `"externalId":"e"`)
			one.NewGroup("g", `"externalId":"e"`, `"members":`+refs(path))
			one.Post("/Users", User("BJensen")).Fails(409, "uniqueness")
		}
		require.NotEqual(c, c.Default.Get("/").Strings("id"), other.Get("/").Strings("id"))
		renamed := "/Users/" + other.Filter("/Users", `userName eq "bjensen"`).Strings("id")[0]
		other.Delete(renamed).Is(204)
		c.Default.Get("/Users").Total(1)
		c.Default.Filter("/Groups", "members pr").Total(1)
	}},
	{"S-12 S-14", "a member of a group that belongs to another tenant leads to no resource", func(c *Case) {
		path := c.Default.NewUser("bjensen", `"displayName":"Barbara"`)
		other := c.OtherTenant()
		group := other.NewGroup("g", `"members":`+refs(path))
		other.Patch(group, add("members", refs(path)))
		require.NotContains(c, other.Get(group).Text, "Barbara")
		c.Default.Get(path).Has("groups", "")
		manager := other.anyUser(enterprise(`"manager":{"value":` + quote(ID(path)) + `}`))
		other.Get(manager).Has(enterprisePath("manager.displayName"), "")
		c.Default.Delete(path).Is(204)
		other.Get(group).Is(200)
	}},
	{"S-11 S-12", "headers and parameters that name a tenant have no effect: the tenant comes with the credentials", func(c *Case) {
		path := c.Default.NewUser("u")
		other := c.OtherTenant()
		for _, header := range []string{"X-Tenant: " + c.tenant, "X-Tenant-ID: " + c.tenant, "Tenant: " + c.tenant, "X-Forwarded-Host: " + c.tenant + ".example", "Host: " + c.tenant, "Forwarded: host=" + c.tenant, "X-Original-URL: " + path} {
			other.Get(path, header).Fails(404, "")
			other.Get("/Users?tenant="+c.tenant, header).Total(0)
		}
		other.Get("/"+c.tenant+path).Fails(404, "")
		other.Get("/Tenants/"+c.tenant+path).Fails(404, "")
	}},
}

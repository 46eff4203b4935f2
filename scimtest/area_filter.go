package scimtest

import (
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// certificate is an X.509 certificate as SCIM sends it (RFC 7643 §4.1.2).
const certificate = "MIHFMHmgAwIBAgIBATAFBgMrZXAwDDEKMAgGA1UEAxMBdDAgFw03MDAxMDEwMDAwMDBaGA8yMTA2MDIwNzA2MjgxNlowDDEKMAgGA1UEAxMBdDAqMAUGAytlcAMhADOD80pd5D2tbZljNkUDxTKaDuB+OnGrjAwdlf1IBQl4MAUGAytlcANBAAHcRnRgfFmkzTbR1paDvBQFdThx+n3S0dURO5rQx+IxP6/i3oN4duqP17O5gnjtRpEzng4/YxtFtK7W/pXSHg8="

// inZone returns a time with another offset.
func inZone(t time.Time, hours int) time.Time { return t.In(time.FixedZone("", hours*3600)) }

// populate creates the users of the cases about filters.
func populate(c *Client) {
	c.t.Helper()
	boss := c.NewUser("boss", `"title":""`)
	c.NewUser("alice", `"name":{"givenName":"Alice","familyName":"Jensen"}`, `"title":"Engineer"`, `"userType":"Employee"`, `"active":true`,
		`"emails":[{"value":"alice@example.com","type":"work","primary":true},{"value":"alice@home.example","type":"home"}]`,
		`"profileUrl":"https://example.com/Alice"`, `"externalId":"AbC"`,
		enterprise(`"department":"Sales"`, `"employeeNumber":"9"`, `"manager":{"value":"`+ID(boss)+`"}`))
	c.NewUser("bob", `"userType":"Intern"`, `"active":false`, `"locale":"en-US"`,
		`"emails":[{"value":"bob@corp.example","type":"work"},{"value":"bob@example.com","type":"home"}]`,
		`"ims":[{"value":"bob@foo.example","type":"xmpp"}]`, `"x509Certificates":[{"value":"`+certificate+`"}]`)
	c.NewUser("Carol", `"name":{"familyName":"O'Malley"}`, `"title":"a \"q\" \\ é ] ) and"`, `"nickName":"100%_x"`,
		`"externalId":"abc"`, `"phoneNumbers":[{"value":"tel:+1-201-555-0123"}]`, enterprise(`"employeeNumber":"10"`))
}

// selects proves that filters select users, by GET and by .search, for both
// clients: pairs of a filter and the names, sorted, with spaces between.
func selects(pairs ...string) func(*Case) {
	return func(c *Case) {
		c.Both(func(c *Client) {
			populate(c)
			for i := 0; i < len(pairs); i += 2 {
				c.selects(pairs[i], pairs[i+1])
			}
		})
	}
}

func (c *Client) selects(filter, names string) {
	c.t.Helper()
	if c.app.mentions(filter) {
		return // proven by the cases of App
	}
	want := strings.Fields(names)
	for _, got := range []*Reply{
		c.Filter("/Users?attributes=userName", filter),
		c.Post("/Users/.search", Search(`"filter":`+quote(filter))),
	} {
		require.ElementsMatch(c.t, want, got.Total(len(want)).Strings("userName"), filter)
	}
}

// declines proves that filters are invalidFilter for both clients, by GET and
// by .search.
func declines(filters ...string) func(*Case) {
	return func(c *Case) { c.Both(refusing(filters)) }
}

// declinesStrict is declines for what the default client may send.
func declinesStrict(filters ...string) func(*Case) {
	return func(c *Case) { c.strictly(refusing(filters)) }
}

func refusing(filters []string) func(*Client) {
	return func(c *Client) {
		c.NewUser("alice")
		for _, f := range filters {
			c.Filter("/Users", f).Fails(400, "invalidFilter")
			c.Post("/Users/.search", Search(`"filter":`+quote(f))).Fails(400, "invalidFilter")
		}
	}
}

var filterOperators = []row{
	{"F-1 D-2", "filtering is announced and works", func(c *Case) {
		c.Default.Get("/ServiceProviderConfig").Is(200).Has("filter.supported", "true")
		c.Default.NewUser("a")
		c.Default.NewUser("b")
		c.Default.selects(`userName eq "b"`, "b")
	}},
	{"F-3", "attribute names and operators are read without case", selects(
		`userName eq "alice"`, "alice",
		`USERNAME EQ "alice"`, "alice",
		`Username Eq "alice" AND Active eq true`, "alice",
		`NAME.GIVENNAME eQ "alice" Or username EQ "bob"`, "alice bob",
		`NOT (username eq "bob") aNd Active Pr`, "alice",
		`EMAILS[TYPE EQ "home" AND VALUE SW "bob"]`, "bob",
		strings.ToUpper(ent)+`:DEPARTMENT eq "sales"`, "alice",
	)},
	{"F-6", "eq: identical values, of every type", selects(
		`userName eq "alice"`, "alice",
		`userName eq "alic"`, "",
		`active eq true`, "alice",
		`active eq false`, "bob",
		`emails.primary eq true`, "alice",
		`emails.type eq "home"`, "alice bob",
		`title eq ""`, "boss",
		`meta.created eq "1999-01-01T00:00:00Z"`, "",
		`locale eq "en-US"`, "bob",
	)},
	{"F-7", "ne: not eq, so absent values match and no value of many may be equal (Z-11)", selects(
		`userType ne "Employee"`, "boss bob Carol",
		`userName ne "ALICE"`, "boss bob Carol",
		`active ne true`, "boss bob Carol",
		`emails.type ne "work"`, "boss Carol",
		`emails.value ne "nobody"`, "alice bob boss Carol",
		`emails[type ne "work"]`, "alice bob",
		`not (userType eq "Employee")`, "boss bob Carol",
	)},
	{"F-8", "co: the operand is a substring; the empty one is in every value", selects(
		`name.familyName co "O'Malley"`, "Carol",
		`name.familyName co "o'm"`, "Carol",
		`userName co "o"`, "bob boss Carol",
		`name.familyName co ""`, "alice Carol",
		`emails.value co "@example.com"`, "alice bob",
		`userName co "alicexx"`, "",
	)},
	{"F-9", "sw and ew: at the start, at the end, identity included", selects(
		`userName sw "C"`, "Carol",
		`userName sw "c"`, "Carol",
		`userName sw "CAROL"`, "Carol",
		`userName sw "Carolx"`, "",
		`userName sw ""`, "alice bob boss Carol",
		`emails.value ew "example.com"`, "alice bob",
		`emails.value ew "EXAMPLE.com"`, "alice bob",
		`emails.value ew "bob@example.com"`, "bob",
		`emails.value ew "xbob@example.com"`, "",
		`externalId sw "A"`, "alice",
		`externalId ew "c"`, "Carol",
		`externalId ew "C"`, "alice",
	)},
	{"F-10", "pr: a value that is not empty; a complex one has a sub-attribute", selects(
		`title pr`, "alice Carol",
		`TITLE PR`, "alice Carol",
		`name pr`, "alice Carol",
		`name.givenName pr`, "alice",
		`emails pr`, "alice bob",
		`emails.primary pr`, "alice",
		`emails[type pr]`, "alice bob",
		`ims pr`, "bob",
		`addresses pr`, "",
		`active pr`, "alice bob",
		ent+`:manager pr`, "alice",
		ent+`:department pr`, "alice",
		ent+` pr`, "alice Carol",
		`meta pr and id pr and schemas pr`, "alice bob boss Carol",
		`not (title pr)`, "bob boss",
	)},
	{"F-10 T-13", "pr does not hold for null, an empty list or an empty object", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("a", `"name":{}`, `"emails":[]`, `"title":null`, enterprise())
			for _, f := range []string{"name pr", "emails pr", "title pr", ent + " pr", "emails.value pr"} {
				c.selects(f, "")
			}
			path := c.NewUser("b", `"name":{"givenName":"x"}`)
			c.selects("name pr", "b")
			c.selects("name.givenName pr", "b")
			c.Patch(path, `{"op":"remove","path":"name.givenName"}`).Is(200)
			c.selects("name.givenName pr", "")
			c.selects("name pr", "")
		})
	}},
	{"F-11", "gt, ge, lt and le compare strings by code point, folded unless caseExact", selects(
		`userName gt "boss"`, "Carol",
		`userName ge "boss"`, "boss Carol",
		`userName lt "bob"`, "alice",
		`userName le "BOB"`, "alice bob",
		`userName gt "zz"`, "",
		`externalId gt "AbC"`, "Carol",
		`externalId lt "abc"`, "alice",
		`externalId ge "AbC" and externalId le "AbC"`, "alice",
		`title gt "a"`, "alice Carol",
		`title ge ""`, "alice boss Carol",
		ent+`:employeeNumber lt "9"`, "Carol",
		`name.familyName gt ""`, "alice Carol",
	)},
	{"F-12", "gt, ge, lt and le compare dateTimes as instants", func(c *Case) {
		c.Both(func(c *Client) {
			created := c.Get(c.NewUser("a")).Is(200).Time("meta.created")
			const second = time.Second
			const day, nano = "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.999999999Z07:00"
			east, west := inZone(created, 14), inZone(created, -11)
			for filter, want := range map[string]string{
				`meta.created gt "2011-05-13T04:42:34Z"`:                             "a",
				`meta.created lt "2011-05-13T04:42:34Z"`:                             "",
				`meta.created lt "9999-12-31T23:59:59+14:00"`:                        "a",
				`meta.lastModified ge "2011-05-13T04:42:34.123+02:00"`:               "a",
				`meta.created eq "` + east.Format(nano) + `"`:                        "a",
				`meta.created eq "` + west.Format(nano) + `"`:                        "a",
				`meta.created ne "` + west.Format(nano) + `"`:                        "",
				`meta.created le "` + east.Format(nano) + `"`:                        "a",
				`meta.created ge "` + west.Format(nano) + `"`:                        "a",
				`meta.created gt "` + east.Format(nano) + `"`:                        "",
				`meta.created lt "` + west.Format(nano) + `"`:                        "",
				`meta.created lt "` + west.Add(second).Format(day) + `"`:             "a",
				`meta.created gt "` + east.Add(-second).Format(day) + `"`:            "a",
				`meta.created gt "` + east.Add(second).Format(day) + `"`:             "",
				`meta.created eq meta`:                                               "!",
				`meta[created gt "2011-05-13T04:42:34Z" and resourceType eq "User"]`: "a",
			} {
				if want == "!" {
					c.Filter("/Users", filter).Fails(400, "invalidFilter")
					continue
				}
				c.selects(filter, want)
			}
		})
	}},
	{"F-16 F-18", "and before or; parentheses change the order", selects(
		`userName eq "alice" and active eq true`, "alice",
		`userName eq "alice" and active eq false`, "",
		`userName eq "alice" or active eq false`, "alice bob",
		`userName eq "x" or active eq false`, "bob",
		`userName eq "x" or userName eq "y"`, "",
		`userName eq "alice" or userName eq "bob" and active eq true`, "alice",
		`userName eq "alice" or (userName eq "bob" and active eq true)`, "alice",
		`(userName eq "alice" or userName eq "bob") and active eq false`, "bob",
		`active eq true and userName eq "x" or userName eq "bob"`, "bob",
		`active eq true and (userName eq "x" or userName eq "bob")`, "",
		`((userName eq "alice"))`, "alice",
		`( userName eq "alice" )`, "alice",
		`userName eq "alice" and title pr and emails pr and active eq true`, "alice",
		`userName eq "a" or userName eq "b" or userName eq "bob" or userName eq "c"`, "bob",
	)},
	{"F-17 F-18 F-19", "not negates a parenthesised expression, with or without a space, and binds tighter than and", selects(
		`not (title pr)`, "bob boss",
		`not(title pr)`, "bob boss",
		`NOT (title pr)`, "bob boss",
		`not (userName eq "alice") and active eq true`, "",
		`not (userName eq "alice") and active eq false`, "bob",
		`not (userName eq "alice" and active eq false) and title pr`, "alice Carol",
		`active eq true or not (title pr)`, "alice bob boss",
		`not (not (title pr))`, "alice Carol",
		`not (userName eq "alice" or userName eq "bob")`, "boss Carol",
		`(not (title pr))`, "bob boss",
	)},
	{"F-17", "not without parentheses is invalidFilter", declines(
		`not title pr`, `not userName eq "alice"`, `not`, `not ()`, `not (`, `not (title pr`, `not not (title pr)`, `title not pr`, `(title pr) not`,
	)},
	{"F-2", "the examples of RFC 7644 Figure 2", selects(
		`userName eq "bjensen"`, "",
		`name.familyName co "O'Malley"`, "Carol",
		`userName sw "J"`, "",
		user+`:userName sw "a"`, "alice",
		`title pr`, "alice Carol",
		`meta.lastModified gt "2011-05-13T04:42:34Z"`, "alice bob boss Carol",
		`meta.lastModified ge "2011-05-13T04:42:34Z"`, "alice bob boss Carol",
		`meta.lastModified lt "2011-05-13T04:42:34Z"`, "",
		`meta.lastModified le "2011-05-13T04:42:34Z"`, "",
		`title pr and userType eq "Employee"`, "alice",
		`title pr or userType eq "Intern"`, "alice bob Carol",
		`schemas eq "`+ent+`"`, "alice Carol",
		`userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`, "alice",
		`userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")`, "boss Carol",
		`userType eq "Employee" and (emails.type eq "work")`, "alice",
		`userType eq "Employee" and emails[type eq "work" and value co "@example.com"]`, "alice",
		`emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.example"]`, "alice bob",
	)},
}

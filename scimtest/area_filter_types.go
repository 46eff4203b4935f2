package scimtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

var filterTypes = []row{
	{"F-14 F-33", "booleans are compared by eq, ne and pr only", declines(
		`active gt false`, `active ge true`, `active lt true`, `active le false`, `emails.primary gt false`, `emails[primary ge true]`,
		`active co true`, `active co "t"`, `active sw "t"`, `active ew "e"`, `active co true or userName eq "alice"`,
	)},
	{"F-15 F-33", "binaries are not ordered", func(c *Case) {
		declines(
			`x509Certificates.value gt "AA=="`, `x509Certificates.value ge "AA=="`, `x509Certificates.value lt "AA=="`, `x509Certificates.value le "AA=="`,
			`x509Certificates[value gt "AA=="]`, `x509Certificates gt "AA=="`, `x509Certificates.value eq 5`, `x509Certificates.value eq true`,
		)(c)
		selects(`x509Certificates pr`, "bob", `x509Certificates.value pr`, "bob", `x509Certificates.value eq "`+certificate+`"`, "bob")(c)
	}},
	{"F-33", "a value of another type is invalidFilter", declines(
		`userName eq true`, `userName gt false`, `active eq "yes"`, `active eq 1`, `active eq 0`, `active ne "t"`,
		`meta.created gt "soon"`, `meta.created gt 5`, `meta.created eq true`, `meta.created eq "2011-05-13"`, `meta.created eq "04:42:34Z"`, `meta.created eq ""`,
		`emails.primary eq "work"`, `emails.primary eq 1`, `emails.value eq false`, `profileUrl eq 5`, `schemas eq 5`, `schemas eq true`, `id eq true`,
		`meta.created eq "2011-02-30T00:00:00Z"`, `meta.created gt "2011-05-13T25:00:00Z"`,
	)},
	{"F-33", "a number for a string is refused for the strict client", declinesStrict(
		`userName eq 5`, `userName eq -1.5e3`, `userName co 5`, `id eq 5`, `externalId eq 1`, ent+`:employeeNumber eq 5`, `x509Certificates.value eq "!!!"`,
	)},
	{"F-33", "booleans as strings (Entra ID) are accepted by default and refused for the strict client", func(c *Case) {
		populate(c.Default)
		for _, value := range []string{`"True"`, `"true"`, `"TRUE"`, `True`} {
			c.Default.selects(`active eq `+value, "alice")
			c.Default.selects(`emails[primary eq `+value+`]`, "alice")
			c.Strict.Filter("/Users", `active eq `+value).Fails(400, "invalidFilter")
		}
		c.Default.selects(`active eq "False"`, "bob")
		c.Default.Filter("/Users", `active eq ""`).Fails(400, "invalidFilter")
	}},
	{"F-33", "dateTimes are compared by eq, ne and order, and not as text", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("a")
			for _, op := range []string{"co", "sw", "ew"} {
				got := c.Filter("/Users", `meta.created `+op+` "2011-05-13T04:42:34Z"`)
				got.Fails(400, "invalidFilter")
			}
		})
	}},
	{"F-24", "a multi-valued attribute matches when any value does", selects(
		`emails.value eq "alice@home.example"`, "alice",
		`emails.value co "alice"`, "alice",
		`emails.type eq "home" and emails.type eq "work"`, "alice bob",
		`emails.value sw "bob@c" or emails.value sw "alice@h"`, "alice bob",
		`not (emails.type eq "home")`, "boss Carol",
		`ims.value eq "bob@foo.example"`, "bob",
		`schemas co "enterprise"`, "alice Carol",
	)},
	{"F-25", "a complex attribute is compared by its sub-attribute value; one without is invalidFilter", func(c *Case) {
		selects(
			`emails co "example.com"`, "alice bob",
			`emails.value co "example.com"`, "alice bob",
			`emails eq "ALICE@example.com"`, "alice",
			`emails ne "alice@example.com"`, "bob boss Carol",
			`ims sw "bob"`, "bob",
			`not (emails ew ".com")`, "boss Carol",
		)(c)
		declines(`name eq "x"`, `name co "Alice"`, `meta gt "2011-05-13T04:42:34Z"`, `addresses eq "x"`, `name ne "x"`, ent+` eq "x"`, ent+` co "x"`)(c)
	}},
	{"F-28", "strings are compared with or without case, according to caseExact", func(c *Case) {
		c.Both(func(c *Client) {
			populate(c)
			c.selects(`externalId eq "AbC"`, "alice")
			c.selects(`externalId eq "abc"`, "Carol")
			c.selects(`externalId eq "ABC"`, "")
			c.selects(`externalId co "b"`, "alice Carol")
			c.selects(`externalId co "B"`, "")
			c.selects(`userName eq "CAROL"`, "Carol")
			c.selects(`emails.value eq "Alice@Example.COM"`, "alice")
			c.selects(`title eq "engineer"`, "alice")
			c.selects(`profileUrl eq "https://example.com/Alice"`, "alice")
			c.selects(`profileUrl eq "https://example.com/alice"`, "")
			c.selects(`meta.resourceType eq "user"`, "")
			id := c.Filter("/Users", `userName eq "bob"`).String("Resources[0].id")
			c.selects(`id eq "`+id+`"`, "bob")
			c.selects(`id eq "`+swapCase(id)+`"`, "")
		})
	}},
	{"F-29", "schemas in a filter finds resources with an extension, in either case of the URI's spelling in use", selects(
		`schemas eq "`+ent+`"`, "alice Carol",
		`schemas eq "`+user+`"`, "alice bob boss Carol",
		`schemas ne "`+ent+`"`, "bob boss",
		`not (schemas eq "`+ent+`")`, "bob boss",
		`schemas sw "urn:ietf:params:scim:schemas:extension:"`, "alice Carol",
		`schemas eq "urn:x:y"`, "",
		`schemas pr`, "alice bob boss Carol",
		`SCHEMAS eq "`+ent+`" and userName sw "a"`, "alice",
	)},
	{"F-35", "eq null is unassigned, ne null is assigned; null with other operators is refused (Z-12)", func(c *Case) {
		selects(
			`nickName eq null`, "alice bob boss",
			`nickName ne null`, "Carol",
			`emails eq null`, "boss Carol",
			`emails ne null`, "alice bob",
			`emails.primary ne null`, "alice",
			`active eq null`, "boss Carol",
			`name.givenName eq null`, "bob boss Carol",
			ent+`:department ne null`, "alice",
			`not (nickName eq null)`, "Carol",
			`emails[primary eq null]`, "alice bob",
		)(c)
		declines(`nickName co null`, `nickName sw null`, `nickName ew null`, `nickName gt null`, `meta.created lt null`, `active ge null`, `nickName eq NULL`, `nickName eq Null`)(c)
	}},
	{"F-36", "Unicode is prepared before it is compared: composed and decomposed, wide and narrow", func(c *Case) {
		c.Both(func(c *Client) {
			for _, pair := range [][2]string{{"Jos\u00e9", "jose\u0301"}, {"\uff42ob", "BOB"}, {"stra\u00dfe", "STRASSE"}, {"\ufb01n", "FIN"}, {"\u1f61ς", "\u1f69Σ"}, {"\u00c5", "\u212b"}, {"soft\u00adware", "SOFTWARE"}} {
				path := c.NewUser(pair[0])
				for _, value := range pair {
					c.selects(`userName eq `+quote(value), pair[0])
					c.selects(`userName sw `+quote(value), pair[0])
				}
				require.Equal(c.t, pair[0], c.Get(path).Is(200).String("userName"), "as it was given")
				c.Post("/Users", User(pair[1])).Fails(409, "uniqueness")
				c.Delete(path).Is(204)
			}
		})
	}},
}

// swapCase returns ASCII text in the other case.
func swapCase(s string) string {
	b := []byte(s)
	for i, ch := range b {
		if 'a' <= ch|0x20 && ch|0x20 <= 'z' {
			b[i] = ch ^ 0x20
		}
	}
	return string(b)
}

var filterPaths = []row{
	{"F-30", "attribute paths may carry their URN, in any case", selects(
		user+`:userName eq "alice"`, "alice",
		user+`:name.givenName sw "A"`, "alice",
		user+`:emails.type eq "home"`, "alice bob",
		`URN:IETF:params:scim:schemas:CORE:2.0:user:UserName eq "alice"`, "alice",
		ent+`:employeeNumber eq "9"`, "alice",
		ent+`:department pr and `+user+`:active eq true`, "alice",
		ent+`:manager.value pr`, "alice",
		`not (`+ent+`:employeeNumber eq "9") and (`+ent+`:employeeNumber pr)`, "Carol",
		user+`:emails[type eq "work"]`, "alice bob",
	)},
	{"F-30 F-34", "a URN of another type, or an attribute that the URN does not have, is invalidFilter", declines(
		`urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "x"`, `urn:x:y:1.0:Z:userName eq "x"`, ent+`:userName eq "x"`, user+`:department eq "x"`,
		user+`:`, ent+`: pr`, user+` eq "x"`, `urn:ietf:params:scim:schemas:core:2.0:Users:userName eq "x"`,
	)},
	{"F-34", "an unknown attribute of a single type is invalidFilter", declines(
		`nope eq "x"`, `nope pr`, `name.nope eq "x"`, `emails.nope eq "x"`, `emails[nope pr]`, `userName.value eq "x"`, `meta.nope pr`, `members.value eq "x"`,
		`userName eq "alice" or nope eq "x"`, `not (nope pr)`, `password2 pr`, `groups.nope pr`, `$ref eq "x"`, `id.value eq "x"`,
	)},
	{"A-16 F-39", "a password cannot be guessed by filters", declines(
		`password eq "t1meMa$heen"`, `password pr`, `password sw "t"`, `password ne "x"`, `not (password eq "x")`, user+`:password pr`, `PASSWORD co "a"`, `password eq null`,
	)},
	{"F-38", "common attributes are filterable", func(c *Case) {
		c.Both(func(c *Client) {
			populate(c)
			alice := c.Filter("/Users", `userName eq "alice"`).Is(200)
			c.selects(`id eq "`+alice.String("Resources[0].id")+`"`, "alice")
			c.selects(`id ne "`+alice.String("Resources[0].id")+`"`, "bob boss Carol")
			c.selects(`externalId eq "AbC"`, "alice")
			c.selects(`externalId pr`, "alice Carol")
			c.selects(`meta.resourceType eq "User"`, "alice bob boss Carol")
			c.selects(`meta.resourceType eq "Group"`, "")
			c.selects(`meta.created gt "2001-01-01T00:00:00Z"`, "alice bob boss Carol")
			c.selects(`meta.created eq "`+alice.String("Resources[0].meta.created")+`" and userName eq "alice"`, "alice")
			c.selects(`meta.location eq "`+alice.String("Resources[0].meta.location")+`"`, "alice")
			c.selects(`meta.location ew "/nobody"`, "")
			c.selects(`meta.version eq `+quote(alice.String("Resources[0].meta.version"))+` and userName eq "alice"`, "alice")
		})
	}},
	{"F-38 F-37", "membership is filterable from either side, by value, type, display and $ref", func(c *Case) {
		c.Both(func(c *Client) {
			u, v := c.NewUser("u"), c.NewUser("v")
			g := c.NewGroup("g", `"members":[{"value":"`+ID(u)+`"},{"value":"`+ID(v)+`"}]`)
			nested, inH := "h", refs(u, g)
			if c.app.membersAreUsers() {
				nested, inH = "", refs(u)
			}
			h := c.NewGroup("h", `"members":`+inH)
			c.NewGroup("empty")
			half := ID(v)[:(len(ID(v))+1)/2]
			if strings.HasPrefix(ID(u), half) {
				half = ID(v)
			}
			ref := func(path string) string { return quote(BaseURL + path) }
			for filter, want := range map[string]string{
				`members.value eq "` + ID(u) + `"`:                              "g h",
				`members.value eq "` + ID(v) + `"`:                              "g",
				`members.value eq "` + ID(v) + `x"`:                             "",
				`members eq "` + ID(v) + `"`:                                    "g",
				`members[value eq "` + ID(u) + `"]`:                             "g h",
				`members[value eq "` + ID(u) + `" and type eq "User"]`:          "g h",
				`members[value eq "` + ID(u) + `" and type eq "Group"]`:         "",
				`members[type eq "Group"]`:                                      nested,
				`members.type eq "Group"`:                                       nested,
				`members.value ne "` + ID(v) + `"`:                              "h empty",
				`not (members.value eq "` + ID(u) + `")`:                        "empty",
				`members pr`:                                                    "g h",
				`not (members pr)`:                                              "empty",
				`members eq null`:                                               "empty",
				`members[$ref eq ` + ref(v) + `]`:                               "g",
				`members.$ref eq ` + ref(g):                                     nested,
				`members.$ref co "/Groups/"`:                                    nested,
				`members.value eq "` + ID(u) + `" and displayName eq "h"`:       "h",
				`displayName eq "g" or members.value eq "` + ID(g) + `"`:        "g " + nested,
				`id eq "` + ID(g) + `" and members.value eq "` + ID(u) + `"`:    "g",
				`members.value sw "` + half + `" and members.value pr`:          "g",
				`members[value eq "` + ID(u) + `" or value eq "` + ID(v) + `"]`: "g h",
				`meta.location eq ` + ref(g):                                    "g",
			} {
				got := c.Filter("/Groups", filter).Is(200)
				require.ElementsMatch(c.t, strings.Fields(want), got.Strings("displayName"), filter)
			}
			c.NewUser("w")
			for filter, want := range map[string]string{
				`groups.value eq "` + ID(g) + `"`:                    "u v",
				`groups.value eq "` + ID(h) + `"`:                    "u",
				`groups[value eq "` + ID(h) + `"]`:                   "u",
				`groups eq "` + ID(h) + `"`:                          "u",
				`groups.value eq "nobody"`:                           "",
				`groups.display eq "G"`:                              "u v",
				`groups[display eq "h" and type eq "direct"]`:        "u",
				`groups.$ref eq ` + ref(h):                           "u",
				`groups[$ref eq ` + ref(g) + `] and userName eq "v"`: "v",
				`groups pr`:                       "u v",
				`not (groups pr)`:                 "w",
				`groups.value ne "` + ID(h) + `"`: "v w",
				`groups.value eq "` + ID(g) + `" and userName sw "u"`:                 "u",
				`groups.value eq "` + ID(g) + `" or userName eq "w"`:                  "u v w",
				`not (groups.value eq "` + ID(g) + `")`:                               "w",
				`groups.value eq "` + ID(g) + `" and groups.value eq "` + ID(h) + `"`: "u",
			} {
				c.selects(filter, want)
			}
		})
	}},
	{"F-38 S-12", "membership in a group of another tenant matches no user", func(c *Case) {
		u := c.Default.NewUser("u")
		other := c.OtherTenant()
		g := other.NewGroup("theirs", `"members":[{"value":"`+ID(u)+`"}]`)
		c.Default.selects(`groups.value eq "`+ID(g)+`"`, "")
		c.Default.selects(`groups pr`, "")
		c.Default.Filter("/Groups", `members.value eq "`+ID(u)+`"`).Total(0)
	}},
	{"F-2", "a change, a removal and a deletion are seen by the next filter", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"title":"a"`, `"emails":[{"value":"a@x.example"}]`)
			c.selects(`title eq "a"`, "u")
			c.Patch(path, `{"op":"replace","path":"title","value":"b"}`).Is(200)
			c.selects(`title eq "a"`, "")
			c.selects(`title eq "b"`, "u")
			c.Put(path, User("v", `"emails":[{"value":"b@x.example"}]`)).Is(200)
			c.selects(`title pr`, "")
			c.selects(`userName eq "u" or emails.value eq "a@x.example"`, "")
			c.selects(`emails.value eq "b@x.example"`, "v")
			c.Delete(path).Is(204)
			c.selects(`userName pr`, "")
		})
	}},
	{"F-2", "inactive users stay visible", func(c *Case) {
		path := c.Default.NewUser("u", `"active":true`)
		c.Default.Patch(path, `{"op":"replace","path":"active","value":false}`).Is(200)
		c.Default.selects(`userName eq "u"`, "u")
		c.Default.selects(`active eq false`, "u")
	}},
	{"F-38", "groups are filtered by displayName, externalId and id", func(c *Case) {
		c.Both(func(c *Client) {
			g := c.NewGroup("Tour Guides", `"externalId":"x1"`)
			c.NewGroup("Employees")
			for i, f := range []string{`displayName eq "tour guides"`, `externalId eq "x1"`, `id eq "` + ID(g) + `"`, `displayName sw "Tour" and meta.resourceType eq "Group"`, grp + `:displayName co "GUIDE"`} {
				require.Equal(c.t, []string{"Tour Guides"}, c.Filter("/Groups?excludedAttributes=members", f).Is(200).Strings("displayName"), fmt.Sprint(i))
			}
			c.Filter("/Groups", `userName eq "x"`).Fails(400, "invalidFilter")
		})
	}},
}

package scimtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

var filterGrammar = []row{
	{"F-4", "an empty filter is invalidFilter", declines(` `, "   ", "\t", "\n", `()`, `( )`)},
	{"F-4", "an empty filter is refused for the strict client", declinesStrict(``)},
	{"F-5", "a text outside the grammar is invalidFilter", declines(
		`userName`, `userName eq`, `userName eq `, `eq "a"`, `"a" eq "a"`, `"a"`, `(title pr`, `title pr)`, `((title pr)`, `title pr and`, `and title pr`,
		`title pr or`, `or`, `title pr title pr`, `title pr and and title pr`, `title pr, title pr`, `title pr; title pr`, `emails[type eq 1`,
		`emails[type eq "work"`, `emails type eq "work"]`, `emails[]`, `emails[ ]`, `emails[type eq "work"]]`, `emails[[type eq "work"]]`, `[type eq "work"]`,
		`emails[type]`, `emails["work"]`, `emails[0]`, `emails.`, `.value eq "x"`, `emails..value eq "x"`, `emails.value. eq "x"`, `emails.value.x eq "x"`,
		`userName  eq`, `userName == "a"`, `userName = "a"`, `userName eq eq "a"`, `userName eq "a" "b"`, `userName eq userName title`, `userName pr "a"`,
		`userName&eq "a"`, `userName eq"a" and`, `:userName eq "a"`, `1userName eq "a"`, `user name eq "a"`, `userName eq "a" and (title pr or)`,
		`userName eq ("a")`, `userName (eq "a")`, `(userName) eq "a"`, `not`, `!(title pr)`, `true`, `null`, `5`, `*`, `%`, "\x00", "userName eq \"a\x00\"",
		`userName eq "a" && title pr`, `userName eq "a" || title pr`, `emails[type eq "work"] pr`, `emails[type eq "work"] eq "x"`, `emails [type eq "work"]`,
	)},
	{"F-5", "spaces around and within a filter do not matter where the grammar cannot be misread", selects(
		`  userName eq "alice"  `, "alice",
		`( title pr and ( userType eq "Employee" ) )`, "alice",
		`emails[ type eq "home" and value sw "bob" ]`, "bob",
	)},
	{"F-27", "an unknown operator is named in the detail", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("alice")
			for _, op := range []string{"regex", "like", "in", "is", "matches", "eqq", "contains", "startsWith"} {
				got := c.Filter("/Users", `userName `+op+` "a"`).Fails(400, "invalidFilter")
				require.Contains(c.t, got.String("detail"), op)
			}
		})
	}},
	{"F-31", "literals are JSON: escapes, surrogates, quotes, brackets and words within strings", func(c *Case) {
		c.Both(func(c *Client) {
			for name, nick := range map[string]string{
				"quote": `a "q" é`, "bracket": `x] ) ( [ and or not eq "y"`, "slash": `a\b/c`, "emoji": "😀 \u0301", "tab": "a\tb\nc", "plain": `plain`,
				"percent": `50%25 &+#;=`, "urn": `urn:a:b.c`, "true": `true`, "five": `5`, "null": `null`, "dollar": `$1 ${x} {{y}}`,
			} {
				c.NewUser(name, `"nickName":`+quote(nick))
				c.selects(`nickName eq `+quote(nick), name)
			}
			c.selects(`nickName eq "a \"q\" \u00e9"`, "quote")
			c.selects(`nickName eq "a \u0022q\u0022 \u00E9"`, "quote")
			c.selects(`nickName sw "\ud83d\ude00"`, "emoji")
			c.selects(`nickName eq "a\\b\/c"`, "slash")
			c.selects(`nickName eq "a\tb\u000ac"`, "tab")
			c.selects(`nickName eq "true" or nickName eq "null" or nickName eq "5"`, "true null five")
			c.selects(`nickName eq "x] ) ( [ and or not eq \"y\"" and userName eq "bracket"`, "bracket")
		})
	}},
	{"F-31", "an operand that is not a JSON literal is refused", declines(
		`userName eq 'alice'`, `userName eq "alice`, `userName eq alice"`, `userName eq ""alice"`, `userName eq "a\x"`, `userName eq "\u12"`,
		`userName eq "\ud83d"`, "userName eq \"a\tb\"", "userName eq \"a\nb\"", `userName eq "a\"`, `userName eq {"a":1}`, `userName eq ["a"]`,
		`active eq tru`, `userName eq {}`,
		`userName eq “alice”`, "userName eq `alice`",
	)},
	{"F-31 F-32", "a word without quotes is refused for the strict client (Z-13)", declinesStrict(
		`userName eq alice`, `userName eq userName`, `userName eq TRUE`, `userName eq 01`, `userName eq -`, `userName eq .5`, `userName eq 5.`, `userName eq 1e`, `userName eq 0x1`, `userName eq NaN`,
		`meta.resourceType eq User`, `(meta.resourceType eq User) or (meta.resourceType eq Group)`, `externalId eq jyoung`,
	)},
	{"F-20 F-23", "conditions in brackets hold for one value; value paths combine", selects(
		`emails[type eq "work" and value co "@example.com"]`, "alice",
		`emails.type eq "work" and emails.value co "bob@example.com"`, "bob",
		`emails[type eq "home" and value co "@example.com"]`, "bob",
		`emails[type eq "work"] or ims[type eq "xmpp"]`, "alice bob",
		`emails[type eq "work"] and ims[type eq "xmpp"]`, "bob",
		`not (emails[type eq "work"]) and title pr`, "Carol",
		`(emails[type eq "work"]) and active eq true`, "alice",
		`emails[primary eq true]`, "alice",
		`emails[primary eq true and type eq "work"]`, "alice",
		`emails[primary eq false]`, "alice bob", // a missing primary is false
		`emails[primary ne true]`, "alice bob",
		`emails[not (type eq "work")]`, "alice bob",
		`emails[not (type eq "work") and value ew "@example.com"]`, "bob",
		`name[givenName eq "alice" and familyName sw "J"]`, "alice",
		ent+`:manager[value pr]`, "alice",
		user+`:emails[type eq "home" and value sw "bob"]`, "bob",
	)},
	{"F-21", "the expression in brackets is about sub-attributes of that attribute", declines(
		`emails[foo eq "x"]`, `emails[userName eq "x"]`, `emails[emails.type eq "x"]`, `emails[type.x eq "y"]`, `emails[urn:x:y:type eq "work"]`,
		`emails[`+user+`:emails.type eq "work"]`, `name[type eq "x"]`, `userName[value eq "x"]`, `active[value eq true]`, `emails[value]`,
		`emails.type[value eq "x"]`, `emails[type gt true]`, `emails[primary gt false]`, `emails[primary eq "work"]`, `emails[type eq true]`,
	)},
	{"F-22", "within brackets and, or, not and parentheses nest; brackets do not", func(c *Case) {
		selects(
			`emails[type eq "work" or (type eq "home" and value ew "@example.com")]`, "alice bob",
			`emails[(type eq "work")]`, "alice bob",
			`emails[(type eq "work" or type eq "home") and value ew "@home.example"]`, "alice",
			`emails[type eq "x" or type eq "home" and value sw "b"]`, "bob",
			`emails[not (type eq "work" or value ew "@home.example")]`, "bob",
			`emails[not(not(type eq "home")) and (value pr and (value co "bob"))]`, "bob",
			`emails[type eq "work" and value co "a" and value co "l" and primary eq true]`, "alice",
		)(c)
		declines(`emails[ims[type eq "x"]]`, `emails[emails[type eq "work"]]`, `emails[type eq "work" and ims[type eq "x"]]`, `emails[value[type eq "x"]]`)(c)
	}},
	{"F-20", "attr[filter].sub (Entra ID) is accepted by default and refused for the strict client", func(c *Case) {
		populate(c.Default)
		c.Default.selects(`emails[type eq "work"].value eq "bob@corp.example"`, "bob")
		c.Default.selects(`emails[type eq "work"].value eq "bob@example.com"`, "")
		c.Default.selects(`emails[type eq "home"].value co "bob" and active eq false`, "bob")
		c.Default.selects(ent+`:manager eq "nobody"`, "")
		for _, f := range []string{`emails[type eq "work"].value eq "x"`, ent + `:manager eq "x"`} {
			c.Strict.Filter("/Users", f).Fails(400, "invalidFilter")
		}
	}},
	{"F-39", "quotes, wildcards and statements in values are literals", func(c *Case) {
		c.Both(func(c *Client) {
			for i, nick := range []string{`%`, `_`, `'; DROP TABLE users; --`, `" or userName pr or "`, `\`, `a*b`, `[a-z]`, `.*`, `\%`, `${jndi:x}`, `%s%n`, `()`} {
				name := fmt.Sprintf("u%d", i)
				c.NewUser(name, `"nickName":`+quote(nick))
				c.selects(`nickName eq `+quote(nick), name)
				c.selects(`nickName sw `+quote(nick)+` and nickName ew `+quote(nick)+` and userName eq `+quote(name), name)
			}
			c.NewUser("plain", `"nickName":"plain text"`)
			for _, f := range []string{`nickName co "%"`, `nickName co "_"`, `nickName co "*"`, `nickName sw "%"`, `nickName ew "_"`} {
				require.NotContains(c.t, c.Filter("/Users", f).Is(200).Strings("userName"), "plain", f)
			}
		})
	}},
	{"F-39", "a filter one step beyond the bounds of depth, length and comparisons is invalidFilter, one within them is answered", func(c *Case) {
		c.Both(func(c *Client) {
			for _, f := range []string{
				nested(filterDepth+1, "(", "title pr", ")"),
				nested(filterDepth+1, "(", "", ""),
				nested(filterDepth+1, "not (", "title pr", ")"),
				nested(filterDepth+1, "emails[", `type eq "x"`, "]"),
				"title pr" + strings.Repeat(" or title pr", filterComparisons),
				`title pr or title eq "` + strings.Repeat("a", filterText) + `"`,
				strings.Repeat("a", filterLength) + " pr",
				strings.Repeat("a.", filterLength/2) + "b pr",
				strings.Repeat(" ", filterText+1),
				"urn:" + strings.Repeat("a:", filterLength/2) + "b pr",
				`userName eq ` + strings.Repeat("9", filterText),
				`userName eq "` + strings.Repeat(`\u0041`, filterText/6+1),
			} {
				c.Post("/Users/.search", Search(`"filter":`+quote(f))).Fails(400, "invalidFilter")
				c.Filter("/Users", f).Fails(400, "invalidFilter")
			}
			for _, f := range []string{nested(filterDepth, "(", "title pr", ")"), nested(filterDepth, "not (", "title pr", ")"), "title pr" + strings.Repeat(" or title pr", filterComparisons-1)} {
				c.Filter("/Users", f).Total(0)
			}
		})
	}},
	{"F-39", "a filter of thirty comparisons is answered", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u29")
			var terms []string
			for i := range 30 {
				terms = append(terms, fmt.Sprintf(`userName eq "u%d"`, i))
			}
			c.selects(strings.Join(terms, " or "), "u29")
		})
	}},
	{"F-31 H-1", "bytes that are not UTF-8 are refused", func(c *Case) {
		c.Both(func(c *Client) {
			c.Get("/Users?filter=userName+eq+%22%ff%22").Fails(400, "invalidFilter")
			c.Get("/Users?filter=%ff+pr").Fails(400, "invalidFilter")
		})
	}},
}

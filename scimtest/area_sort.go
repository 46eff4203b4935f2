package scimtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// ordered demands the order of users by GET and by .search, ascending and, in
// reverse, descending. No two of the names have equal keys.
func (c *Client) ordered(sortBy, names string) {
	c.t.Helper()
	want := strings.Fields(names)
	down := slices.Clone(want)
	slices.Reverse(down)
	for order, want := range map[string][]string{"": want, "ascending": want, "descending": down} {
		path, more := "/Users?sortBy="+Query(sortBy), []string{`"sortBy":` + quote(sortBy)}
		if order != "" {
			path, more = path+"&sortOrder="+order, append(more, `"sortOrder":`+quote(order))
		}
		require.Equal(c.t, want, c.Get(path).Is(200).Strings("userName"), path)
		require.Equal(c.t, want, c.Post("/Users/.search", Search(more...)).Is(200).Strings("userName"), path)
	}
}

var sorting = []row{
	{"O-1 D-2", "sorting is announced", func(c *Case) {
		c.Default.Get("/ServiceProviderConfig").Is(200).Has("sort.supported", "true")
	}},
	{"O-2 O-6", "sortBy orders by an attribute, ascending unless told otherwise, by any of its names", func(c *Case) {
		c.Both(func(c *Client) {
			for i, name := range []string{"m", "a", "z", "k"} {
				c.NewUser(name, `"name":{"givenName":"`+string(rune('a'+i))+`"}`, `"title":"`+name+`"`, enterprise(`"department":"`+name+`"`))
			}
			for _, by := range []string{"userName", "USERNAME", user + ":userName", "title", ent + ":department", strings.ToUpper(ent) + ":Department"} {
				c.ordered(by, "a k m z")
			}
			c.ordered("name.givenName", "m a z k")
			c.ordered(user+":name.givenName", "m a z k")
		})
	}},
	{"O-3", "a multi-valued attribute is sorted by its primary value, else by the first", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u1", `"emails":[{"value":"a@x.example","type":"work"},{"value":"z@x.example","type":"home","primary":true}]`)
			c.NewUser("u2", `"emails":[{"value":"b@x.example","type":"other"},{"value":"a@x.example","type":"work"}]`)
			c.NewUser("u3", `"emails":[{"value":"c@x.example","type":"work"},{"value":"y@x.example","type":"home","primary":false}]`)
			c.NewUser("u4")
			for _, by := range []string{"emails.value", "emails", user + ":emails.value"} {
				c.ordered(by, "u2 u3 u1 u4")
			}
		})
	}},
	{"O-4", "a complex attribute sorts by a sub-attribute; without one, or unknown, it is invalidValue", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("a", `"name":{"familyName":"x"}`)
			for _, by := range []string{"name", "meta", "nope", "name.nope", "userName.x", "addresses", ent, user, "urn:x:y:userName", "password", "members", "a b", "userName,title",
				"emails[type eq \"work\"].value", "userName eq \"a\"", "$", ".", "*", "\xff"} {
				c.Get("/Users?sortBy="+Query(by)).Fails(400, "invalidValue")
			}
			c.Get("/Groups?sortBy=userName").Fails(400, "invalidValue")
		})
	}},
	{"O-4", "at the root an attribute that a type does not have is unassigned in the order", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("b", `"displayName":"b"`)
			c.NewGroup("g")
			c.NewUser("a", `"displayName":"a"`)
			require.Equal(c.t, []string{"a", "b", "g"}, c.Get("/?sortBy=userName").Is(200).Strings("displayName"))
			require.Equal(c.t, []string{"g", "b", "a"}, c.Get("/?sortBy=userName&sortOrder=descending").Is(200).Strings("displayName"))
			c.Get("/?sortBy=nope").Total(3)
		})
	}},
	{"O-5", "resources without a value come last in ascending and first in descending order", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("none")
			c.NewUser("b", `"title":"b"`, `"emails":[{"type":"work","value":"b@x.example"}]`)
			c.NewUser("a", `"title":"a"`, `"emails":[{"type":"work","value":"a@x.example"}]`)
			c.ordered("title", "a b none")
			c.ordered("emails.value", "a b none")
			c.NewUser("null", `"title":null`, `"emails":[]`)
			got := c.Get("/Users?sortBy=title&sortOrder=descending").Is(200).Strings("userName")
			require.ElementsMatch(c.t, []string{"none", "null"}, got[:2])
			require.Equal(c.t, []string{"b", "a"}, got[2:])
		})
	}},
	{"O-7", "sortOrder is ascending or descending; anything else is invalidValue", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("a")
			for _, order := range []string{"up", "asc", "desc", "1", "ascending,descending", " "} {
				c.Get("/Users?sortBy=userName&sortOrder="+Query(order)).Fails(400, "invalidValue")
				c.Get("/?sortBy=userName&sortOrder="+Query(order)).Fails(400, "invalidValue")
			}
			c.Get("/Users?sortBy=userName&sortOrder=DESCENDING").Total(1)
			c.Get("/Users?sortOrder=descending").Total(1)
		})
	}},
	{"O-8", "strings sort by code point, folded unless caseExact", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("b", `"externalId":"a"`)
			c.NewUser("A", `"externalId":"B"`)
			c.NewUser("C", `"externalId":"b"`)
			c.ordered("userName", "A b C")
			c.ordered("externalId", "A b C") // B, a, b
			for i, title := range []string{"zebra", "Éa", "apple", "\u00e4", "😀", "Zz"} {
				c.NewUser(fmt.Sprint("u", i), `"title":"`+title+`"`)
			}
			got := c.Filter("/Users?sortBy=title", `title pr`).Is(200).Strings("title")
			require.Equal(c.t, []string{"apple", "zebra", "Zz", "\u00e4", "Éa", "😀"}, got)
		})
	}},
	{"O-9", "dates sort by time, booleans false first, ids by code point", func(c *Case) {
		c.Both(func(c *Client) {
			var ids []string
			for _, name := range []string{"c", "a", "b"} {
				ids = append(ids, ID(c.NewUser(name)))
			}
			got := c.Get("/Users?sortBy=meta.created").Is(200)
			for i := range 2 {
				earlier, later := got.Time(fmt.Sprintf("Resources[%d].meta.created", i)), got.Time(fmt.Sprintf("Resources[%d].meta.created", i+1))
				require.False(c.t, later.Before(earlier), got.Text)
			}
			slices.Sort(ids)
			require.Equal(c.t, ids, c.Get("/Users?sortBy=id").Is(200).Strings("id"))
			c.NewUser("on", `"active":true`)
			c.NewUser("off", `"active":false`)
			require.Equal(c.t, []string{"off", "on"}, c.Filter("/Users?sortBy=active", `userName sw "o"`).Is(200).Strings("userName"))
			if !c.app.fills("active") {
				require.Equal(c.t, []string{"off", "on"}, c.Get("/Users?sortBy=active&count=2").Is(200).Strings("userName"))
			}
		})
	}},
	{"O-9 M-24", "a sort by lastModified has the resource that changed last at the end", func(c *Case) {
		c.Both(func(c *Client) {
			first := c.NewUser("first")
			c.NewUser("second")
			c.Patch(first, `{"op":"add","path":"title","value":"x"}`).Is(200)
			c.ordered("meta.lastModified", "second first")
		})
	}},
	{"O-10 G-10", "sorting comes before paging, and equal keys neither repeat nor vanish", func(c *Case) {
		c.Both(func(c *Client) {
			for i := range 23 {
				c.NewUser(fmt.Sprintf("u%02d", i), fmt.Sprintf(`"title":"t%d"`, i%3))
			}
			for _, by := range []string{"title", "userName", "emails.value", "meta.resourceType", "groups.display"} {
				for _, order := range []string{"ascending", "descending"} {
					query := "/Users?sortBy=" + by + "&sortOrder=" + order
					whole := c.Get(query).Is(200).Strings("id")
					require.Len(c.t, whole, 23)
					var pages []string
					for start := 1; start <= 23; start += 5 {
						pages = append(pages, c.Get(fmt.Sprintf("%s&startIndex=%d&count=5", query, start)).Total(23).Strings("id")...)
					}
					require.Equal(c.t, whole, pages, query)
				}
			}
		})
	}},
	{"O-10", "a filtered list is sorted, also by derived attributes", func(c *Case) {
		c.Both(func(c *Client) {
			a, b := c.NewUser("a"), c.NewUser("b")
			c.NewUser("c", `"title":"x"`)
			c.NewGroup("z", `"members":[{"value":"`+ID(a)+`"}]`)
			c.NewGroup("y", `"members":[{"value":"`+ID(b)+`"}]`)
			require.Equal(c.t, []string{"b", "a"}, c.Filter("/Users?sortBy=userName&sortOrder=descending", `title eq null`).Is(200).Strings("userName"))
			require.Equal(c.t, []string{"b", "a"}, c.Filter("/Users?sortBy=userName&sortOrder=descending", `groups pr`).Is(200).Strings("userName"))
			c.ordered("groups.display", "b a c")
			c.ordered("groups.$ref", strings.Join(sortedByGroup(c), " ")+" c")
		})
	}},
	{"O-2", "sorting changes the order alone, not the attributes or totals", func(c *Case) {
		c.Default.NewUser("b", `"title":"1"`)
		c.Default.NewUser("a", `"title":"2"`)
		got := c.Default.Get("/Users?sortBy=title&attributes=userName").Total(2)
		require.Equal(c.T, []string{"b", "a"}, got.Strings("userName"))
		got.Has("Resources[0].title", "")
	}},
	{"O-2", "groups sort by displayName", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewGroup("b")
			c.NewGroup("A")
			require.Equal(c.t, []string{"A", "b"}, c.Get("/Groups?sortBy=displayName").Is(200).Strings("displayName"))
			c.Get("/Groups?sortBy=members.value").Total(2)
		})
	}},
}

// sortedByGroup returns the users with a group by the $ref of that group.
func sortedByGroup(c *Client) []string {
	got := c.Filter("/Users", "groups pr").Is(200)
	names, refs := got.Strings("userName"), got.Strings("groups[0].$ref")
	if refs[0] > refs[1] {
		slices.Reverse(names)
	}
	return names
}

package scimtest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// cursorPath adds a cursor to a path with a query.
func cursorPath(path, cursor string) string {
	glue := "?"
	if strings.Contains(path, "?") {
		glue = "&"
	}
	return path + glue + "cursor=" + url.QueryEscape(cursor)
}

// walk follows the cursors from the first page to the last and returns the pages.
func (c *Client) walk(path string) []*Reply {
	c.t.Helper()
	pages := []*Reply{c.Get(cursorPath(path, "")).Is(200)}
	for pages[len(pages)-1].Value("nextCursor") != nil {
		require.Less(c.t, len(pages), 100, "the walk has no end")
		pages = append(pages, c.Get(cursorPath(path, pages[len(pages)-1].String("nextCursor"))).Is(200))
	}
	return pages
}

// walked returns the ids of a walk in order.
func (c *Client) walked(path string) []string {
	c.t.Helper()
	ids := []string{}
	for _, page := range c.walk(path) {
		ids = append(ids, page.Strings("id")...)
	}
	return ids
}

// sixUsers creates users in another order than that of their names.
func sixUsers(c *Client) {
	for _, name := range []string{"d", "b", "f", "a", "e", "c"} {
		c.NewUser(name, `"title":"t`+name[:1]+`"`, `"displayName":"same"`)
	}
}

var cursors = []row{
	{"K-1 K-10 K-16", "an empty cursor starts paging by cursor: itemsPerPage, no startIndex; without one a list is paged by index", func(c *Case) {
		c.Both(func(c *Client) {
			sixUsers(c)
			for _, path := range []string{"/Users?cursor&count=4", "/Users?cursor=&count=4", "/Users?CURSOR=&count=4"} {
				c.Get(path).Is(200).Has("totalResults", "6", "itemsPerPage", "4", "Resources.#", "4", "startIndex", "")
			}
			c.Get("/Users?count=4").Is(200).Has("nextCursor", "", "startIndex", "1")
		})
	}},
	{"K-3 K-4 K-5 K-29", "every page but the last has a nextCursor, and every match is on one page", func(c *Case) {
		c.Both(func(c *Client) {
			sixUsers(c)
			all := c.Get("/Users").Strings("id")
			for count := 1; count <= 7; count++ {
				pages := c.walk(fmt.Sprintf("/Users?count=%d", count))
				var ids []string
				for _, page := range pages {
					page.Has("previousCursor", "")
					ids = append(ids, page.Strings("id")...)
				}
				require.ElementsMatch(c.t, all, ids)
			}
			c.Get("/Groups?cursor").Is(200).Has("totalResults", "0", "nextCursor", "", "Resources", "[]")
		})
	}},
	{"K-2 K-26", "a cursor has unreserved characters and reveals no value", func(c *Case) {
		sixUsers(c.Default)
		for _, path := range []string{"/Users?count=1&sortBy=userName", "/Users?count=1&sortBy=title", "/Users?count=1"} {
			first, again := c.Default.Get(path+"&cursor"), c.Default.Get(path+"&cursor")
			require.Regexp(c.T, `^[A-Za-z0-9._~-]+$`, first.String("nextCursor"))
			require.NotEqual(c.T, first.String("nextCursor"), again.String("nextCursor"))
		}
	}},
	{"K-26 K-12 K-27", "a cursor that was changed or made up is invalidCursor, always the same error", func(c *Case) {
		c.Both(func(c *Client) {
			sixUsers(c)
			sealed := c.Get("/Users?count=2&cursor").String("nextCursor")
			want := c.Get("/Users?count=2&cursor=garbage").Fails(400, "invalidCursor")
			for i := 0; i < len(sealed); i += 7 {
				changed := []byte(sealed)
				if changed[i]++; sealed[i] == 'z' || sealed[i] == 'Z' || sealed[i] == '9' {
					changed[i] = 'b'
				}
				require.Equal(c.t, want.Text, c.Get("/Users?count=2&cursor="+string(changed)).Fails(400, "invalidCursor").Text, i)
			}
			for _, wrong := range []string{sealed + "A", sealed[1:], sealed[:len(sealed)-4], "1", "%20", "..", strings.Repeat("A", 4000)} {
				c.Get("/Users?count=2&cursor="+wrong).Fails(400, "invalidCursor")
			}
			c.Get("/Users?count=2&cursor=" + sealed).Is(200)
		})
	}},
	{"K-6 K-7 K-8", "count bounds a page; below 0 it is 0, and 0 returns the total alone", func(c *Case) {
		c.Both(func(c *Client) {
			sixUsers(c)
			for _, n := range []string{"0", "-1"} {
				c.Get("/Users?cursor&count="+n).Is(200).Has("totalResults", "6", "Resources", "[]", "nextCursor", "")
			}
			c.Get("/Users?cursor&count=3").Is(200).Has("Resources.#", "3")
			c.Get("/Users?cursor&count=1000000").Is(200).Has("Resources.#", "6", "nextCursor", "")
			c.Get("/Users?cursor").Is(200).Has("Resources.#", "6", "nextCursor", "")
		})
	}},
	{"K-14", "a count unlike that of the first request is invalidCount", func(c *Case) {
		sixUsers(c.Default)
		next := c.Default.Get("/Users?count=2&cursor").String("nextCursor")
		c.Default.Get("/Users?count=3&cursor="+next).Fails(400, "invalidCount")
		c.Default.Get("/Users?count=2&cursor="+next).Is(200).Has("Resources.#", "2")
		c.Default.Get("/Users?cursor="+next).Is(200).Has("Resources.#", "2")
	}},
	{"K-11 K-12", "a cursor is of use with the parameters and at the endpoint of the first request only", func(c *Case) {
		sixUsers(c.Default)
		c.Default.NewGroup("g")
		query := `?count=2&filter=userName ne "x"&sortBy=userName&attributes=userName`
		next := c.Default.Get("/Users" + query + "&cursor").String("nextCursor")
		for _, other := range []string{
			"/" + query, "/Users?count=2",
			`/Users?count=2&filter=userName ne "y"&sortBy=userName&attributes=userName`,
			`/Users?count=2&filter=userName ne "x"&sortBy=id&attributes=userName`,
			`/Users?count=2&filter=userName ne "x"&sortBy=userName&sortOrder=descending&attributes=userName`,
			`/Users?count=2&filter=userName ne "x"&sortBy=userName&attributes=title`,
			`/Users?count=2&filter=userName ne "x"&sortBy=userName&excludedAttributes=title`,
		} {
			c.Default.Get(cursorPath(other, next)).Fails(400, "invalidCursor")
		}
		plain := c.Default.Get("/Users?count=2&cursor").String("nextCursor")
		c.Default.Get("/Groups?count=2&cursor="+plain).Fails(400, "invalidCursor")
		c.Default.Post("/Users/.search", Search(`"count":2`, `"cursor":`+quote(plain))).Fails(400, "invalidCursor")
		c.Default.Get(cursorPath("/Users"+query, next)).Is(200)
	}},
	{"K-23 K-27 S-12", "a cursor of another tenant or kind of client is invalidCursor", func(c *Case) {
		sixUsers(c.Default)
		other := c.OtherTenant()
		sixUsers(other)
		next := c.Default.Get("/Users?count=2&cursor").String("nextCursor")
		want := other.Get("/Users?count=2&cursor=garbage").Fails(400, "invalidCursor").Text
		require.Equal(c.T, want, other.Get("/Users?count=2&cursor="+next).Fails(400, "invalidCursor").Text)
		c.Strict.Get("/Users?count=2&cursor="+next).Fails(400, "invalidCursor")
	}},
	{"K-15", "pages by cursor are sorted as asked, equal keys and missing values included", func(c *Case) {
		c.Both(func(c *Client) {
			sixUsers(c)
			c.NewUser("none")
			c.NewUser("long1", `"title":`+quote(strings.Repeat("t", 3000)+"1"))
			c.NewUser("long2", `"title":`+quote(strings.Repeat("t", 3000)+"2"))
			for _, by := range []string{"userName", "title", "displayName", "meta.created", "id", "emails.value", "active", "externalId", ent + ":department"} {
				for _, order := range []string{"ascending", "descending"} {
					path := "/Users?sortBy=" + by + "&sortOrder=" + order
					whole := c.Get(path).Is(200)
					for _, count := range []int{1, 2, 4} {
						ids := c.walked(fmt.Sprintf("%s&count=%d", path, count))
						require.ElementsMatch(c.t, whole.Strings("id"), ids, path)
						if slices.Contains([]string{"userName", "id"}, by) {
							require.Equal(c.t, whole.Strings("id"), ids, path)
						}
					}
				}
			}
		})
	}},
	{"K-29 F-1", "a filter is paged by cursor, whether the store answers it or not", func(c *Case) {
		c.Both(func(c *Client) {
			sixUsers(c)
			c.NewUser("else")
			for _, text := range []string{`displayName eq "same"`, `displayName co "am"`, `userName ge "b" and displayName pr`, `not (displayName eq "x")`, `title sw "t" and not (userName eq "x")`, `userName eq "d"`, `userName eq "nobody"`} {
				path := "/Users?filter=" + text
				want := c.Get(path).Is(200).Strings("id")
				for _, count := range []int{1, 2, 100} {
					require.ElementsMatch(c.t, want, c.walked(fmt.Sprintf("%s&count=%d", path, count)), text)
					require.ElementsMatch(c.t, want, c.walked(fmt.Sprintf("%s&count=%d&sortBy=userName", path, count)), text)
				}
			}
		})
	}},
	{"K-29 F-38", "the members of a group are paged by cursor", func(c *Case) {
		c.Both(func(c *Client) {
			users := []string{ID(c.NewUser("a")), ID(c.NewUser("b")), ID(c.NewUser("c"))}
			c.NewUser("d")
			group := ID(c.NewGroup("g", `"members":`+refs("/Users/"+users[0], "/Users/"+users[1], "/Users/"+users[2])))
			require.ElementsMatch(c.t, users, c.walked(`/Users?count=1&filter=groups.value eq "`+group+`"`))
		})
	}},
	{"K-29 Q-6", "a query at the root is paged by cursor through all types, sorted together or not", func(c *Case) {
		c.Both(func(c *Client) {
			sixUsers(c)
			c.NewGroup("g1")
			c.NewGroup("g2")
			all := c.Get("/").Is(200).Strings("id")
			require.Len(c.t, all, 8)
			for _, count := range []int{1, 3, 6, 8} {
				for _, rest := range []string{"", "&sortBy=meta.created", "&sortBy=displayName&sortOrder=descending", "&filter=displayName pr"} {
					require.ElementsMatch(c.t, all, c.walked(fmt.Sprintf("/?count=%d%s", count, rest)), rest)
				}
			}
			c.Get("/?count=3&cursor").Is(200).Has("totalResults", "8")
		})
	}},
	{"K-29", "a walk has each untouched resource once while others come, change and go", func(c *Case) {
		sixUsers(c.Default)
		for _, path := range []string{"/Users?count=2", "/Users?count=2&sortBy=userName", `/Users?count=2&filter=displayName co "am"`} {
			untouched := c.Default.Filter("/Users", `userName ge "a" and userName le "f"`).Strings("id")
			gone := c.Default.NewUser("b-gone", `"displayName":"same"`)
			page := c.Default.Get(path + "&cursor").Is(200)
			ids := page.Strings("id")
			for i := 0; page.Value("nextCursor") != nil; i++ {
				if i == 0 {
					c.Default.Delete(gone).Is(204)
				}
				c.Default.Delete(c.Default.NewUser(fmt.Sprintf("%c-new%d", 'a'+i, i), `"displayName":"same"`)).Is(204)
				page = c.Default.Get(cursorPath(path, page.String("nextCursor"))).Is(200)
				ids = append(ids, page.Strings("id")...)
			}
			for _, id := range untouched {
				n := 0
				for _, other := range ids {
					if other == id {
						n++
					}
				}
				require.Equal(c.T, 1, n, "%s: %s", path, id)
			}
		}
	}},
	{"K-18", "startIndex and cursor together are invalidValue", func(c *Case) {
		c.Both(func(c *Client) {
			c.Get("/Users?startIndex=1&cursor").Fails(400, "invalidValue")
			c.Get("/Users?startIndex=1&cursor=x").Fails(400, "invalidValue")
			c.Post("/Users/.search", Search(`"startIndex":1`, `"cursor":""`)).Fails(400, "invalidValue")
			c.Get("/Users?cursor=&cursor=").Fails(400, "invalidValue")
		})
	}},
	{"K-19", "a search has cursor and count in its body", func(c *Case) {
		c.Both(func(c *Client) {
			sixUsers(c)
			for _, path := range []string{"/Users/.search", "/.search"} {
				page := c.Post(path, Search(`"cursor":""`, `"count":4`)).Is(200).Has("totalResults", "6", "startIndex", "")
				last := c.Post(path, Search(`"cursor":`+quote(page.String("nextCursor")), `"count":4`)).Is(200)
				require.ElementsMatch(c.t, c.Get("/Users").Strings("id"), append(page.Strings("id"), last.Strings("id")...))
				c.Post(path, Search(`"cursor":null`)).Is(200).Has("startIndex", "1")
				c.Post(path, Search(`"cursor":1`)).Fails(400, "invalidValue")
			}
		})
	}},
	{"K-17 K-20 K-21 K-22 K-28", "ServiceProviderConfig announces both methods of paging, sizes and timeout", func(c *Case) {
		config := c.Default.Get("/ServiceProviderConfig").Is(200).Has("pagination.cursor", "true", "pagination.index", "true", "pagination.defaultPaginationMethod", `"index"`)
		require.Equal(c.T, config.Value("filter.maxResults"), config.Value("pagination.maxPageSize"))
		require.Regexp(c.T, `^[1-9][0-9]*$`, config.Value("pagination.defaultPageSize"))
		require.Regexp(c.T, `^[1-9][0-9]*$`, config.Value("pagination.cursorTimeout"))
		c.Default.Get("/Users").Is(200).Has("startIndex", "1", "nextCursor", "")
	}},
	{"K-24", "every page is authenticated", func(c *Case) {
		sixUsers(c.Default)
		next := c.Default.Get("/Users?count=2&cursor").String("nextCursor")
		anonymous := &Client{t: c.T, handler: c.handler}
		anonymous.Get("/Users?count=2&cursor="+next).Fails(401, "")
	}},
	{"K-29 M-24", "a page by cursor has the same resources as a GET", func(c *Case) {
		sixUsers(c.Default)
		for _, page := range c.Default.walk("/Users?count=4") {
			for i, id := range page.Strings("id") {
				page.Has(fmt.Sprintf("Resources[%d]", i), c.Default.Get("/Users/"+id).Text)
			}
		}
	}},
}

package scimtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

// createUsers creates n users u00, u01, ….
func createUsers(c *Client, n int) {
	c.t.Helper()
	for i := range n {
		c.NewUser(fmt.Sprintf("u%02d", i))
	}
}

var paging = []row{
	{"G-1", "startIndex counts from 1, which is the default", func(c *Case) {
		c.Both(func(c *Client) {
			createUsers(c, 5)
			all := c.Get("/Users").Is(200).Has("startIndex", "1")
			require.JSONEq(c.t, all.Text, c.Get("/Users?startIndex=1").Is(200).Text)
			got := c.Get("/Users?startIndex=2").Is(200).Has("startIndex", "2", "totalResults", "5")
			require.Equal(c.t, all.Strings("id")[1:], got.Strings("id"))
		})
	}},
	{"G-2 G-7", "startIndex below 1 is 1", func(c *Case) {
		c.Both(func(c *Client) {
			createUsers(c, 3)
			all := c.Get("/Users").Is(200)
			for _, start := range []string{"0", "-5", "-0", "-2147483649", "-9223372036854775808"} {
				require.JSONEq(c.t, all.Text, c.Get("/Users?startIndex="+start).Is(200).Has("startIndex", "1").Text)
				require.JSONEq(c.t, all.Text, c.Post("/Users/.search", Search(`"startIndex":`+start)).Is(200).Text)
			}
		})
	}},
	{"G-3", "a page has at most count resources", func(c *Case) {
		c.Both(func(c *Client) {
			createUsers(c, 5)
			for n := range 8 {
				want := fmt.Sprint(min(n, 5))
				c.Get(fmt.Sprintf("/Users?count=%d", n)).Total(5).Has("Resources.#", want, "itemsPerPage", want)
				c.Post("/Users/.search", Search(fmt.Sprintf(`"count":%d`, n))).Total(5).Has("Resources.#", want)
			}
			c.Get("/?count=2").Total(5).Has("Resources.#", "2")
			c.Get("/Groups?count=2").Total(0)
		})
	}},
	{"G-4 G-5", "count 0 or less gives totalResults and no resource", func(c *Case) {
		c.Both(func(c *Client) {
			createUsers(c, 3)
			for _, n := range []string{"0", "-1", "-100", "-9223372036854775808"} {
				for _, path := range []string{"/Users", "/"} {
					c.Get(path+"?count="+n).Total(3).Has("Resources", "[]", "itemsPerPage", "0")
					c.Get(path+"?startIndex=9&count="+n).Total(3).Has("Resources", "[]", "itemsPerPage", "0")
					c.Post(path+"/.search", Search(`"count":`+n)).Total(3).Has("Resources", "[]")
				}
				c.Filter("/Users?count="+n, `userName sw "u0"`).Total(3).Has("Resources", "[]")
				c.Get("/Users?sortBy=userName&count="+n).Total(3).Has("Resources", "[]")
			}
		})
	}},
	{"G-6 Q-10", "without count a page has the default size, at most maxResults", func(c *Case) {
		c.Default.NewUser("a")
		c.Default.Get("/Users").Total(1).Has("Resources.#", "1", "itemsPerPage", "1")
		c.Default.Get("/Users?count=2147483647").Total(1).Has("itemsPerPage", "1")
	}},
	{"G-7", "itemsPerPage is the number of resources returned, startIndex the index of the first", func(c *Case) {
		c.Both(func(c *Client) {
			createUsers(c, 25)
			for start, want := range map[int]string{1: "10", 11: "10", 21: "5", 16: "10", 25: "1"} {
				c.Get(fmt.Sprintf("/Users?startIndex=%d&count=10", start)).Total(25).
					Has("startIndex", fmt.Sprint(start), "itemsPerPage", want, "Resources.#", want)
			}
		})
	}},
	{"G-8", "a page after the last match is empty and has the real total", func(c *Case) {
		c.Both(func(c *Client) {
			createUsers(c, 3)
			for _, start := range []string{"4", "1000", "2147483648", "9223372036854775807"} {
				for _, query := range []string{"", "&count=10", "&count=2147483647", "&sortBy=userName", "&filter=userName+pr", "&filter=meta.location+pr"} {
					c.Get("/Users?startIndex="+start+query).Total(3).Has("Resources", "[]", "itemsPerPage", "0")
					c.Get("/?startIndex="+start+query).Total(3).Has("Resources", "[]")
				}
			}
		})
	}},
	{"G-9", "a startIndex or count that is not an integer is invalidValue", func(c *Case) {
		c.strictly(func(c *Client) {
			createUsers(c, 1)
			for _, value := range []string{"abc", "1.5", "1e3", "", " ", "0x10", "1,2", "١", "true", "null", `"1"`, "99999999999999999999", "-99999999999999999999", "1_000", "--1", "+-1", "NaN"} {
				for _, name := range []string{"count", "startIndex", "STARTINDEX"} {
					for _, path := range []string{"/Users", "/Groups", "/"} {
						c.Get(path+"?"+name+"="+Query(value)).Fails(400, "invalidValue")
					}
				}
			}
			for _, value := range []string{`"x"`, `"1"`, `1.5`, `1e3`, `true`, `[]`, `{}`, `[1]`, `99999999999999999999`, `""`} {
				for _, name := range []string{"count", "startIndex"} {
					c.Post("/Users/.search", Search(`"`+name+`":`+value)).Fails(400, "invalidValue")
				}
			}
		})
	}},
	{"G-9", "a parameter that is given twice is invalidValue", func(c *Case) {
		c.Default.Get("/Users?count=1&count=2").Fails(400, "invalidValue")
		c.Default.Get("/Users?startIndex=1&startindex=2").Fails(400, "invalidValue")
	}},
	{"G-10", "pages over unchanged data contain every result exactly once, with and without filter and sorting", func(c *Case) {
		c.Both(func(c *Client) {
			createUsers(c, 23)
			for _, query := range []string{"/Users?", "/Users?sortBy=userName&", "/Users?filter=userName+pr&", "/Users?filter=meta.location+pr&", "/?", "/?sortBy=userName&", "/?filter=userName+sw+%22u%22&"} {
				for _, size := range []int{1, 7, 23, 50} {
					var seen []string
					for start := 1; start <= 23; start += size {
						seen = append(seen, c.Get(fmt.Sprintf("%sstartIndex=%d&count=%d", query, start, size)).Total(23).Strings("id")...)
					}
					require.Len(c.t, seen, 23)
					require.ElementsMatch(c.t, c.Get("/Users").Is(200).Strings("id"), seen, query)
				}
			}
		})
	}},
	{"G-10", "paging keeps no state: pages may be requested in any order", func(c *Case) {
		createUsers(c.Default, 6)
		second := c.Default.Get("/Users?startIndex=3&count=2").Is(200).Text
		c.Default.Get("/Users?startIndex=1&count=2").Is(200)
		require.Equal(c.T, second, c.Default.Get("/Users?startIndex=3&count=2").Is(200).Text)
		require.Equal(c.T, second, c.Strict.Get("/Users?startIndex=3&count=2").Is(200).Text)
	}},
	{"G-10", "groups are paged like users, also without their members", func(c *Case) {
		c.Both(func(c *Client) {
			for i := range 7 {
				c.NewGroup(fmt.Sprint("g", i))
			}
			var seen []string
			for start := 1; start <= 7; start += 3 {
				seen = append(seen, c.Get(fmt.Sprintf("/Groups?excludedAttributes=members&startIndex=%d&count=3", start)).Total(7).Strings("displayName")...)
			}
			require.ElementsMatch(c.t, strings.Fields("g0 g1 g2 g3 g4 g5 g6"), seen)
		})
	}},
}

package scimtest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
)

var queries = []row{
	{"Q-1", "every query, with or without results, is answered by a ListResponse", func(c *Case) {
		list := `["` + scim.ListURI + `"]`
		c.Both(func(c *Client) {
			for range 2 {
				for _, path := range []string{"/Users", "/Groups", "/", ""} {
					c.Get(path).Is(200).Has("schemas", list)
					c.Post(path+"/.search", Search()).Is(200).Has("schemas", list)
				}
				c.NewUser("u" + string(c.Get("/Users").Value("totalResults").(json.Number)))
			}
		})
	}},
	{"Q-1 H-4", "a list is application/scim+json, and HEAD has its headers alone", func(c *Case) {
		c.Default.NewUser("a")
		got := c.Default.Get("/Users").Is(200)
		require.Equal(c.T, "application/scim+json", got.Header.Get("Content-Type"))
		head := c.Default.Do(http.MethodHead, "/Users", nil).Is(200)
		require.Equal(c.T, got.Header, head.Header)
	}},
	{"Q-2", "totalResults counts all matches, as a number", func(c *Case) {
		c.Both(func(c *Client) {
			for i := range 25 {
				c.NewUser(fmt.Sprintf("u%02d", i))
			}
			c.Get("/Users?count=10").Is(200).Has("totalResults", "25", "Resources.#", "10")
			c.Get("/Users?count=2&startIndex=24").Is(200).Has("totalResults", "25")
			c.Filter("/Users?count=3", `userName sw "u1"`).Is(200).Has("totalResults", "10", "Resources.#", "3")
			c.Get("/?count=3").Is(200).Has("totalResults", "25", "Resources.#", "3")
		})
	}},
	{"Q-3 Q-5", "Resources is there with a match, and no match is 200 with totalResults 0", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("a")
			c.NewGroup("g")
			c.Get("/Users").Is(200).Has("Resources.#", "1", "Resources[0].userName", `"a"`)
			for _, path := range []string{"/Users", "/Groups", "/"} {
				none := c.Filter(path, `externalId eq "nobody"`).Is(200).Has("totalResults", "0", "Resources.#", "0")
				require.Contains(c.t, []any{nil, []any(nil)}, firstOrNil(none.Value("Resources")), "absent or empty")
			}
		})
	}},
	{"Q-4", "a part of the results has its startIndex and itemsPerPage", func(c *Case) {
		c.Both(func(c *Client) {
			for i := range 25 {
				c.NewUser(fmt.Sprintf("u%02d", i))
			}
			c.Get("/Users?count=10").Is(200).Has("startIndex", "1", "itemsPerPage", "10")
			c.Get("/Users?startIndex=21&count=10").Is(200).Has("startIndex", "21", "itemsPerPage", "5")
		})
	}},
	{"Q-6", "a query at the root covers all resource types", func(c *Case) {
		c.Both(func(c *Client) {
			u, g := c.NewUser("a"), c.NewGroup("g")
			for _, path := range []string{"", "/", "?", "/?count=100"} {
				got := c.Get(path).Is(200).Has("totalResults", "2", "itemsPerPage", "2")
				require.ElementsMatch(c.t, []string{ID(u), ID(g)}, got.Strings("id"))
				require.ElementsMatch(c.t, []string{"User", "Group"}, got.Strings("meta.resourceType"))
			}
		})
	}},
	{"Q-6", "a root query pages and sorts across types", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u1", `"displayName":"b"`)
			c.NewGroup("a")
			c.NewUser("u2", `"displayName":"D"`)
			c.NewGroup("c")
			require.Equal(c.t, []string{"a", "b", "c", "D"}, c.Get("/?sortBy=displayName").Is(200).Strings("displayName"))
			require.Equal(c.t, []string{"c", "b"}, c.Get("/?sortBy=displayName&sortOrder=descending&startIndex=2&count=2").Is(200).Strings("displayName"))
			var seen []string
			for i := 1; i <= 4; i++ {
				one := c.Get(fmt.Sprintf("/?startIndex=%d&count=1", i)).Is(200).Has("totalResults", "4", "Resources.#", "1")
				seen = append(seen, one.Strings("displayName")...)
			}
			require.ElementsMatch(c.t, []string{"a", "b", "c", "D"}, seen)
		})
	}},
	{"Q-6 S-12", "a root query returns no resource of another tenant", func(c *Case) {
		c.OtherTenant().NewUser("theirs")
		c.Default.Get("/").Is(200).Has("totalResults", "0")
		c.Default.Filter("/", `userName eq "theirs"`).Is(200).Has("totalResults", "0")
	}},
	{"Q-6", "the root supports GET, HEAD and OPTIONS only", func(c *Case) {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			got := c.Default.Do(method, "/", "{}").Fails(405, "")
			require.Equal(c.T, "GET, HEAD, OPTIONS", got.Header.Get("Allow"))
		}
		c.Default.Do(http.MethodHead, "/", nil).Is(200)
	}},
	{"Q-7", "meta.resourceType in a filter restricts the types", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("a")
			c.NewGroup("g")
			for filter, want := range map[string][]string{
				`meta.resourceType eq "Group"`:                                    {"Group"},
				`meta.resourceType eq "User"`:                                     {"User"},
				`meta.resourceType eq "user"`:                                     {},
				`meta.resourceType ne "User"`:                                     {"Group"},
				`(meta.resourceType eq "User") or (meta.resourceType eq "Group")`: {"User", "Group"},
				`meta.resourceType eq "Group" and userName pr`:                    {},
				`not (meta.resourceType eq "Group")`:                              {"User"},
				`meta[resourceType eq "Group"]`:                                   {"Group"},
			} {
				got := c.Filter("/", filter).Is(200)
				require.ElementsMatch(c.t, want, got.Strings("meta.resourceType"), filter)
				got.Total(len(want))
			}
		})
	}},
	{"Q-8 F-34", "at the root an attribute that a type does not have is unassigned", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("a", `"emails":[{"value":"a@x","type":"work"}]`, enterprise(`"department":"d"`))
			c.NewGroup("g")
			for filter, want := range map[string][]string{
				`userName pr`:                                     {"User"},
				`userName eq "a" or displayName eq "g"`:           {"User", "Group"},
				`(userName eq "a" or displayName eq "g")`:         {"User", "Group"},
				`userName ne "a"`:                                 {"Group"},
				`not (userName pr)`:                               {"Group"},
				`userName eq null`:                                {"Group"},
				`emails[type eq "work"]`:                          {"User"},
				`not (emails[type eq "work"])`:                    {"Group"},
				`emails.value co "x"`:                             {"User"},
				`name.givenName co "x"`:                           {},
				ent + `:department eq "d"`:                        {"User"},
				user + `:userName sw "A"`:                         {"User"},
				grp + `:displayName eq "G"`:                       {"Group"},
				`nope eq "x"`:                                     {},
				`nope pr`:                                         {},
				`nope.sub co "x" or nope[a eq 1]`:                 {},
				`not (nope pr)`:                                   {"User", "Group"},
				`urn:x:y:1.0:Z:attr eq "x"`:                       {},
				`nope eq true or nope gt 5 or displayName eq "g"`: {"Group"},
				`active gt "x" or displayName eq "g"`:             nil, // F-14
				`userName regex "x"`:                              nil, // F-27
				`members[value eq "x"] or members.value eq "y" or members pr`: {},
			} {
				got := c.Filter("/", filter)
				if want == nil {
					got.Fails(400, "invalidFilter")
					continue
				}
				require.ElementsMatch(c.t, want, got.Is(200).Strings("meta.resourceType"), filter)
			}
		})
	}},
	{"Q-10 D-2", "filter.maxResults is announced as a positive number", func(c *Case) {
		got := c.Default.Get("/ServiceProviderConfig").Is(200).Value("filter.maxResults")
		require.Regexp(c.T, `^[1-9][0-9]*$`, fmt.Sprint(got))
	}},
	{"Q-11 J-10 M-1 M-11", "each resource of a list has its own schemas and id, also under projection", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("a", enterprise(`"department":"d"`))
			c.NewUser("b")
			for _, query := range []string{"", "&attributes=userName", "&attributes=id", "&excludedAttributes=schemas,id", "&attributes=schemas", "&excludedAttributes=" + ent} {
				got := c.Get("/Users?sortBy=userName" + query).Is(200)
				require.Contains(c.t, got.Value("Resources[0].schemas"), user, query)
				require.Equal(c.t, []any{user}, got.Value("Resources[1].schemas"), query)
				require.NotContains(c.t, got.Strings("id"), "", query)
			}
			c.Get("/Users?sortBy=userName").Has("Resources[0].schemas", `["`+user+`","`+ent+`"]`)
		})
	}},
	{"Q-11 R-1", "a resource of a list is the same as in its GET", func(c *Case) {
		c.Both(func(c *Client) {
			u := c.NewUser("a", `"emails":[{"value":"a@x.example","primary":true}]`, enterprise(`"department":"d"`))
			g := c.NewGroup("g", `"members":[{"value":"`+ID(u)+`"}]`)
			for path, list := range map[string]string{u: "/Users", g: "/Groups"} {
				require.Equal(c.t, c.Get(path).Is(200).Value(""), c.Get(list).Is(200).Value("Resources[0]"))
				require.Equal(c.t, c.Get(path).Is(200).Value(""), c.Filter("/", `id eq "`+ID(path)+`"`).Is(200).Value("Resources[0]"))
			}
		})
	}},
	{"Q-2", "unknown parameters are ignored, names are read without case", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("a")
			c.NewUser("b")
			c.Get("/Users?aadOptscim062020&x=1&FILTER2=y").Is(200).Has("totalResults", "2")
			c.Get("/Users?Count=1&STARTINDEX=2&sortby=userName").Is(200).Has("startIndex", "2", "Resources[0].userName", `"b"`)
			c.Get("/Users?Filter=userName+eq+%22b%22").Is(200).Has("totalResults", "1")
		})
	}},
	{"Q-2 R-1", "filter, sorting and paging have no effect on a single resource", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("a")
			c.Get(path+`?filter=userName+eq+"b"&count=0&startIndex=9&sortBy=title`).Is(200).Has("userName", `"a"`)
			c.Get(path+`?filter=%28`).Is(200).Has("userName", `"a"`)
		})
	}},
	{"Q-5 F-5", "a query string that does not parse is an error and never an unfiltered list", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("a")
			c.Get("/Users?filter=%zz").Fails(400, "invalidValue")
			c.Get("/Users?filter=userName+eq+%22b%22;count=1").Fails(400, "invalidFilter")
			c.Get(`/Users?filter=userName+eq+"a"&filter=userName+eq+"b"`).Fails(400, "invalidFilter")
			c.Get(`/Users?filter=userName+eq+"a"&FILTER=userName+eq+"b"`).Fails(400, "invalidFilter")
		})
	}},
}

// firstOrNil returns the first element of a list, nil for an empty one.
func firstOrNil(v any) any {
	if list, ok := v.([]any); ok && len(list) == 0 {
		return []any(nil)
	}
	return v
}

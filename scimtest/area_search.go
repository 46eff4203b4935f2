package scimtest

import (
	"strings"

	"github.com/stretchr/testify/require"
)

var searches = []row{
	{"X-1", "POST .search is a query, on a resource type and on the root", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u")
			c.NewGroup("g")
			for path, want := range map[string]int{"/Users/.search": 1, "/Groups/.search": 1, "/.search": 2, "/Users/.search/": 1, "/.search/": 2} {
				got := c.Post(path, Search()).Total(want)
				require.Equal(c.t, "application/scim+json", got.Header.Get("Content-Type"))
			}
		})
	}},
	{"X-1 Q-8", "the example of RFC 7644 §3.4.3 finds users and groups", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("jsmith", `"displayName":"Smith, James"`)
			c.NewUser("other", `"displayName":"Jones"`)
			c.NewGroup("Smith Family")
			got := c.Post("/.search", Search(`"attributes":["displayName","userName"]`, `"filter":"displayName sw \"smith\""`, `"startIndex":1`, `"count":10`)).Total(2)
			require.ElementsMatch(c.t, []string{"Smith, James", "Smith Family"}, got.Strings("displayName"))
			require.ElementsMatch(c.t, []string{"jsmith", ""}, got.Strings("userName"))
			got.Has("startIndex", "1", "itemsPerPage", "2", "Resources[0].meta", "")
		})
	}},
	{"X-2 H-16", "the message names its schema, otherwise it is invalidSyntax", func(c *Case) {
		c.strictly(func(c *Client) {
			for _, body := range []string{
				`{}`, `{"count":1}`, `{"schemas":[]}`, `{"schemas":null}`, `{"schemas":{}}`, `{"schemas":5}`, `{"schemas":["urn:x:y"]}`, `{"schemas":[5]}`, `{"schemas":[null]}`,
				`{"schemas":["` + user + `"]}`, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"]}`, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`,
				`{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest2"]}`, `{"schemas":[["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]]}`,
			} {
				for _, path := range []string{"/Users/.search", "/.search"} {
					c.Post(path, body).Fails(400, "invalidSyntax")
				}
			}
		})
	}},
	{"X-3 X-4", "each parameter has the effect it has in GET", func(c *Case) {
		c.Both(func(c *Client) {
			createUsers(c, 12)
			c.NewUser("other", `"title":"x"`)
			for query, members := range map[string][]string{
				"":                                     nil,
				"filter=userName+sw+%22u%22":           {`"filter":"userName sw \"u\""`},
				"filter=title+pr":                      {`"filter":"title pr"`},
				"sortBy=userName":                      {`"sortBy":"userName"`},
				"sortBy=userName&sortOrder=descending": {`"sortBy":"userName"`, `"sortOrder":"descending"`},
				"startIndex=3":                         {`"startIndex":3`},
				"count=5":                              {`"count":5`},
				"count=0":                              {`"count":0`},
				"startIndex=3&count=5&sortBy=userName": {`"startIndex":3`, `"count":5`, `"sortBy":"userName"`},
				"attributes=userName,title":            {`"attributes":["userName","title"]`},
				"excludedAttributes=meta,userName":     {`"excludedAttributes":["meta","userName"]`},
				"attributes=meta.location":             {`"attributes":["meta.location"]`},
			} {
				want := c.Get("/Users?" + query).Is(200).Text
				require.JSONEq(c.t, want, c.Post("/Users/.search", Search(members...)).Is(200).Text, query)
				want = c.Get("/?" + query).Is(200).Text
				require.JSONEq(c.t, want, c.Post("/.search", Search(members...)).Is(200).Text, query)
			}
		})
	}},
	{"X-3", "names are read in any case and order, null means absent, unknown members are ignored", func(c *Case) {
		c.Both(func(c *Client) {
			createUsers(c, 3)
			c.Post("/Users/.search", `{"COUNT":1,"Filter":"userName pr","SORTBY":"userName","sortorder":"Descending","SCHEMAS":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`).
				Total(3).Has("Resources.#", "1", "Resources[0].userName", `"u02"`)
			c.Post("/Users/.search", Search(`"filter":null`, `"sortBy":null`, `"sortOrder":null`, `"startIndex":null`, `"count":null`, `"attributes":null`, `"excludedAttributes":null`, `"x":{"y":[1]}`)).
				Total(3).Has("Resources.#", "3")
			c.Post("/Users/.search", Search(`"attributes":[]`, `"excludedAttributes":["meta"]`)).Total(3).Has("Resources[0].meta", "")
		})
	}},
	{"X-3", "a member given twice is invalidSyntax", func(c *Case) {
		c.Both(func(c *Client) {
			c.Post("/Users/.search", Search(`"count":1`, `"count":2`)).Fails(400, "invalidSyntax")
			c.Post("/Users/.search", Search(`"filter":"userName pr"`, `"FILTER":"title pr"`)).Fails(400, "invalidSyntax")
		})
	}},
	{"X-3 X-5", "attributes are lists of strings", func(c *Case) {
		c.strictly(func(c *Client) {
			for _, name := range []string{"attributes", "excludedAttributes"} {
				for _, value := range []string{`"userName,title"`, `5`, `true`, `{}`, `[5]`, `[null]`, `["userName",{}]`, `[["userName"]]`, `{"userName":true}`} {
					c.Post("/Users/.search", Search(`"`+name+`":`+value)).Fails(400, "invalidSyntax")
					c.Post("/.search", Search(`"`+name+`":`+value)).Fails(400, "invalidSyntax")
				}
			}
		})
	}},
	{"X-4", "nothing is created: 200 and no Location of a resource", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u")
			got := c.Post("/Users/.search", Search(`"filter":"userName eq \"u\""`)).Is(200)
			require.NotContains(c.t, got.Header.Get("Location"), "/Users/"+got.String("Resources[0].id"))
			require.Empty(c.t, got.Header.Get("ETag"))
			c.Get("/Users").Total(1)
			c.Post("/Users/.search", Search(`"filter":"userName eq \"nobody\""`)).Total(0)
		})
	}},
	{"X-5", "a bad filter is invalidFilter, a bad structure invalidSyntax, a bad value invalidValue", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u")
			for body, scimType := range map[string]string{
				Search(`"filter":"userName"`):                     "invalidFilter",
				Search(`"filter":"nope eq 1"`):                    "invalidFilter",
				Search(`"filter":"("`):                            "invalidFilter",
				Search(`"filter":5`):                              "invalidValue",
				Search(`"filter":["userName pr"]`):                "invalidValue",
				Search(`"filter":{}`):                             "invalidValue",
				Search(`"filter":true`):                           "invalidValue",
				Search(`"count":"x"`):                             "invalidValue",
				Search(`"count":1.5`):                             "invalidValue",
				Search(`"sortBy":5`):                              "invalidValue",
				Search(`"sortBy":"nope"`):                         "invalidValue",
				Search(`"sortBy":["userName"]`):                   "invalidValue",
				Search(`"sortBy":"userName"`, `"sortOrder":"up"`): "invalidValue",
				Search(`"sortOrder":1`):                           "invalidValue",
				``:                                                "invalidSyntax",
				`[]`:                                              "invalidSyntax",
				`null`:                                            "invalidSyntax",
				`"x"`:                                             "invalidSyntax",
				`{`:                                               "invalidSyntax",
				Search() + `{}`:                                   "invalidSyntax",
				Search() + `x`:                                    "invalidSyntax",
				`{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],}`: "invalidSyntax",
				`filter=userName+pr`: "invalidSyntax",
			} {
				c.Post("/Users/.search", body).Fails(400, scimType)
				if !strings.Contains(body, "nope") {
					c.Post("/.search", body).Fails(400, scimType)
				}
			}
			for _, deep := range tooDeep() {
				c.Post("/Users/.search", deep).Fails(400, "invalidSyntax")
			}
			c.Post("/.search", Search(`"filter":"nope eq 1"`)).Total(0)
		})
	}},
	{"X-3", "parameters in the URL do not count for a search", func(c *Case) {
		c.Both(func(c *Client) {
			createUsers(c, 2)
			c.Post("/Users/.search?count=0&filter=title+pr", Search()).Total(2).Has("Resources.#", "2")
		})
	}},
	{"X-6 H-18", ".search is not a resource id and supports POST only", func(c *Case) {
		c.Both(func(c *Client) {
			for _, path := range []string{"/Users/.search", "/Groups/.search", "/.search"} {
				for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE"} {
					got := c.Do(method, path, Search()).Is(405)
					require.Equal(c.t, "OPTIONS, POST", got.Header.Get("Allow"), method)
				}
			}
			path := c.NewUser("u")
			c.Post(path+"/.search", Search()).Fails(404, "")
			c.Post("/Nope/.search", Search()).Fails(404, "")
			c.Get("/Users").Total(1)
		})
	}},
	{"X-1 H-5", "the body is JSON or SCIM JSON, its type may be missing, any other is 415", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u")
			for _, media := range []string{"application/scim+json", "application/json", "application/json; charset=utf-8", "APPLICATION/SCIM+JSON", ""} {
				c.Post("/Users/.search", Search(), "Content-Type: "+media).Total(1)
			}
			for _, media := range []string{"text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json-patch+json", "x"} {
				c.Post("/Users/.search", Search(), "Content-Type: "+media).Fails(415, "")
			}
		})
	}},
	{"X-1", "discovery has no .search", func(c *Case) {
		for _, path := range []string{"/Schemas/.search", "/ResourceTypes/.search", "/ServiceProviderConfig/.search"} {
			got := c.Default.Post(path, Search())
			require.Contains(c.T, []int{404, 405}, got.Status, path)
			got.Fails(got.Status, "")
		}
	}},
}

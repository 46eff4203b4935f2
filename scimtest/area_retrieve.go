package scimtest

import (
	"strings"

	"github.com/stretchr/testify/require"
)

var retrievals = []row{
	{"R-1", "GET of a resource is 200 with the resource itself", func(c *Case) {
		c.Both(func(c *Client) {
			for _, path := range []string{c.NewUser("u", full...), c.NewGroup("g", `"members":[{"value":"x"}]`)} {
				r := c.Get(path).Is(200).Has("id", quote(ID(path)), "Resources", "", "totalResults", "", "meta.location", quote(BaseURL+path))
				require.Equal(c.t, BaseURL+path, r.Header.Get("Content-Location"))
				require.Equal(c.t, r.String("meta.version"), r.Header.Get("ETag"))
				require.Equal(c.t, r.Text, c.Get(path+"/").Is(200).Text)
			}
		})
	}},
	{"R-2", "an unknown id is 404 with an error, for every method", func(c *Case) {
		c.Both(func(c *Client) {
			for _, id := range []string{"nope", "2819c223-7f76-453a-919d-413861904646", "0", "-1", "null", "undefined", "'", "%22", "%27%20or%201=1", "*", "%25", ".", "~", "a,b", "a;b", "a=b", "id eq 1"} {
				id = strings.ReplaceAll(id, " ", "%20")
				for path, body := range map[string]string{"/Users/": User("u"), "/Groups/": Group("g")} {
					c.Get(path+id).Fails(404, "")
					c.Put(path+id, body).Fails(404, "")
					c.Patch(path+id, `{"op":"replace","path":"displayName","value":"x"}`).Fails(404, "")
					c.Delete(path+id).Fails(404, "")
				}
			}
		})
	}},
	{"R-3", "a resource is found by its id and by no other attribute", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("bjensen", `"externalId":"e1"`, `"displayName":"d1"`)
			c.NewGroup("admins", `"externalId":"e2"`)
			for _, key := range []string{"/Users/bjensen", "/Users/e1", "/Users/d1", "/Groups/admins", "/Groups/e2", path[:len(path)-1], path + "0", "/Users/%20" + ID(path)} {
				c.Get(key).Fails(404, "")
				c.Delete(key).Fails(404, "")
			}
			c.Get("/").Total(2)
		})
	}},
	{"R-4", "an id of another type is not found", func(c *Case) {
		c.Both(func(c *Client) {
			u, g := c.NewUser("u"), c.NewGroup("g")
			for _, path := range []string{"/Groups/" + ID(u), "/Users/" + ID(g)} {
				c.Get(path).Fails(404, "")
				c.Delete(path).Fails(404, "")
				c.Patch(path, `{"op":"replace","path":"displayName","value":"x"}`).Fails(404, "")
			}
			c.Put("/Groups/"+ID(u), Group("x")).Fails(404, "")
			c.Put("/Users/"+ID(g), User("x")).Fails(404, "")
			c.Get("/").Total(2)
		})
	}},
	{"R-2 S-12", "an id of another tenant is not found", func(c *Case) {
		theirs := c.OtherTenant()
		path := theirs.NewUser("u")
		for _, mine := range []*Client{c.Default, c.Strict} {
			mine.Get(path).Fails(404, "")
			mine.Put(path, User("x")).Fails(404, "")
			mine.Delete(path).Fails(404, "")
		}
		theirs.Get(path).Is(200).Has("userName", `"u"`)
	}},
	{"R-5", "filter, sorting and paging have no effect on one resource", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"title":"t"`)
			want := c.Get(path).Text
			for _, q := range []string{"?filter=userName eq \"other\"", "?filter=(((", "?filter=", "?sortBy=nope", "?sortOrder=sideways", "?count=0", "?count=x", "?startIndex=99"} {
				require.Equal(c.t, want, c.Get(path+q).Is(200).Text)
			}
			c.Get(path+"?filter=id pr&attributes=title").Is(200).Only("id", "schemas", "title")
		})
	}},
	{"R-1", "a deleted resource is gone", func(c *Case) {
		c.Both(func(c *Client) {
			for _, path := range []string{c.NewUser("u"), c.NewGroup("g")} {
				c.Delete(path).Is(204)
				c.Get(path).Fails(404, "")
				c.Delete(path).Fails(404, "")
				c.Do("HEAD", path, nil).Is(404)
			}
		})
	}},
}

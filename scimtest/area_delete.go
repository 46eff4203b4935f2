package scimtest

import (
	"strings"

	"github.com/stretchr/testify/require"
)

var deletes = []row{
	{"L-1", "DELETE is 204 without body", func(c *Case) {
		c.Both(func(c *Client) {
			for _, path := range []string{c.anyUser(twoEmails), c.anyGroup(), c.anyGroup(`"members":` + refs(c.anyUser()))} {
				r := c.Delete(path).Is(204)
				require.Empty(c.t, r.Text)
				require.Empty(c.t, r.Header.Get("ETag"))
				require.Empty(c.t, r.Header.Get("Location"))
			}
		})
	}},
	{"L-1", "a body, query parameters and headers of a DELETE have no effect", func(c *Case) {
		c.Both(func(c *Client) {
			for _, body := range []string{`{}`, `{"schemas":["x"]`, "x", PatchOp(add("title", `"t"`))} {
				c.Do("DELETE", c.anyUser(), body).Is(204)
				c.Do("DELETE", c.anyUser(), body, "Content-Type: text/plain").Is(204)
			}
			for _, q := range []string{"?attributes=userName", "?filter=x", "?startIndex=x", "?force=true"} {
				path := c.anyUser()
				c.Delete(path + q).Is(204)
				c.Get(path).Fails(404, "")
			}
			c.Delete(c.anyUser(), "Accept: application/json").Is(204)
			c.Delete(c.anyUser(), "Accept: text/html").Is(204)
		})
	}},
	{"L-2", "after a DELETE every operation on the resource is 404", func(c *Case) {
		c.Both(func(c *Client) {
			for _, one := range []struct{ path, body string }{{c.anyUser(twoEmails), User("again")}, {c.anyGroup(), Group("again")}} {
				tag := c.Get(one.path).Header.Get("ETag")
				c.Delete(one.path).Is(204)
				for _, headers := range [][]string{nil, {"If-Match: " + tag}, {"If-Match: *"}, {"If-None-Match: " + tag}, {"If-None-Match: *"}} {
					c.Get(one.path, headers...).Fails(404, "")
					c.Put(one.path, one.body, headers...).Fails(404, "")
					c.Do("PATCH", one.path, PatchOp(add("displayName", `"d"`)), headers...).Fails(404, "")
					c.Delete(one.path, headers...).Fails(404, "")
				}
				require.Equal(c.t, 404, c.Do("HEAD", one.path, nil).Status)
			}
			c.Get("/").Total(0)
		})
	}},
	{"L-3", "a deleted resource is in no result", func(c *Case) {
		c.Both(func(c *Client) {
			kept, gone := c.NewUser("kept", twoEmails), c.NewUser("gone", twoEmails, `"externalId":"e"`)
			group := c.NewGroup("g")
			c.Delete(gone).Is(204)
			c.Delete(group).Is(204)
			for _, path := range []string{"/Users", "/", "/Users?startIndex=1&count=10", "/Users?sortBy=userName", `/Users?filter=emails.value eq "w@x.example"`, `/?filter=meta.resourceType eq "User"`, `/Users?filter=not (userName eq "nobody")`} {
				c.Get(path).Total(1).Has("Resources[0].id", quote(ID(kept)))
			}
			for _, f := range []string{`userName eq "gone"`, `userName eq "GONE"`, `externalId eq "e"`, `id eq ` + quote(ID(gone)), `userName sw "g"`, `userName co "on"`} {
				c.Filter("/Users", f).Total(0)
				c.Post("/Users/.search", Search(`"filter":`+quote(f))).Total(0)
			}
			c.Post("/Users/.search", Search()).Total(1)
			c.Post("/.search", Search()).Total(1)
			c.Get("/Groups").Total(0)
			c.Filter("/Groups", `displayName eq "g"`).Total(0)
			c.Get("/Users?count=0").Total(1)
		})
	}},
	{"L-4 L-5", "the unique value of a deleted resource is free: the same user is created again under another id", func(c *Case) {
		c.Both(func(c *Client) {
			seen := map[string]bool{}
			for range 5 {
				path := c.NewUser("bjensen", `"externalId":"e"`, twoEmails)
				require.False(c.t, seen[path], "the id is used again")
				seen[path] = true
				c.Get(path).Has("title", "", "groups", "")
				c.Post("/Users", User("BJENSEN")).Fails(409, "uniqueness")
				c.Patch(path, add("title", `"old"`)).Is(200)
				c.anyGroup(`"members":` + refs(path))
				c.Delete(path).Is(204)
			}
			other := c.NewUser("other")
			c.Put(other, User("bjensen")).Is(200)
		})
	}},
	{"L-6", "DELETE of an unknown resource is 404, also the second time", func(c *Case) {
		c.Both(func(c *Client) {
			u, g := c.anyUser(), c.anyGroup()
			for _, path := range []string{"/Users/nope", "/Groups/nope", "/Users/" + ID(g), "/Groups/" + ID(u), "/Nope/x", u + "/x", "/Users/%00", "/Users/%ff", "/Users/" + strings.Repeat("x", 5000), "/Users/*", "/Users/" + strings.ToUpper(ID(u)) + "X", "/users/" + ID(u)} {
				c.Delete(path).Fails(404, "")
			}
			c.Get("/").Total(2)
			c.Delete(u).Is(204)
			c.Delete(u).Fails(404, "")
			c.Delete(u).Fails(404, "")
		})
	}},
	{"L-7", "a deleted resource is no longer a member of any group, and the groups have a new version", func(c *Case) {
		c.Both(func(c *Client) {
			a, b := c.anyUser(), c.anyUser()
			inner := c.anyUser()
			if !c.app.membersAreUsers() {
				inner = c.anyGroup(`"members":` + refs(a))
			}
			one, two, other := c.anyGroup(`"members":`+refs(a, b, inner)), c.anyGroup(`"members":`+refs(a)), c.anyGroup(`"members":`+refs(b))
			before := map[string]*Reply{}
			for _, g := range []string{one, two, other} {
				before[g] = c.Get(g)
			}
			c.Delete(a).Is(204)
			require.ElementsMatch(c.t, []string{ID(b), ID(inner)}, c.Get(one).memberIDs())
			c.Get(two).Has("members", "")
			c.Get(inner).Has("members", "")
			require.Equal(c.t, before[other].Text, c.Get(other).Text)
			for _, g := range []string{one, two} {
				require.NotEqual(c.t, before[g].Header.Get("ETag"), c.Get(g).Header.Get("ETag"))
				require.True(c.t, c.Get(g).Time("meta.lastModified").After(before[g].Time("meta.lastModified")))
			}
			c.Filter("/Groups", `members.value eq `+quote(ID(a))).Total(0)
			c.Delete(inner).Is(204)
			c.Get(one).Has("members.#", "1")
			if c.app.membersAreUsers() {
				return
			}
			c.Patch(one, add("members", refs(one, two))).Is(204) // of itself, too
			c.Patch(two, add("members", refs(one))).Is(204)
			c.Delete(one, `If-Match: W/"nope"`).Fails(412, "")
			c.Delete(one, "If-Match: "+c.Get(one).Header.Get("ETag")).Is(204)
			c.Get(two).Has("members", "")
		})
	}},
	{"L-7", "a deleted group disappears from the groups of its members, which stay", func(c *Case) {
		c.Both(func(c *Client) {
			a := c.anyUser()
			one, two := c.anyGroup(`"members":`+refs(a)), c.anyGroup(`"members":`+refs(a))
			c.Get(a).Has("groups.#", "2")
			c.Delete(one).Is(204)
			c.Get(a).Is(200).Has("groups.#", "1", "groups[0].value", quote(ID(two)))
			c.Filter("/Users", `groups.value eq `+quote(ID(one))).Total(0)
		})
	}},
	{"L-7", "a reference to a deleted resource is accepted and does not lead to its successor", func(c *Case) {
		c.Both(func(c *Client) {
			boss := c.NewUser("boss")
			path := c.anyUser(enterprise(`"manager":{"value":` + quote(ID(boss)) + `}`))
			c.Delete(boss).Is(204)
			c.Get(path).Is(200)
			c.becomes(path, add("title", `"t"`), "title", `"t"`)
			group := c.anyGroup()
			c.NewUser("boss")
			if c.app.membersAreUsers() {
				c.stays(group, add("members", refs(boss)))
			} else {
				c.becomes(group, add("members", refs(boss)), "members.#", "1")
			}
			c.Filter("/Users", `groups.value eq `+quote(ID(group))).Total(0)
		})
	}},
	{"L-8", "DELETE of a collection or of a discovery endpoint is 405 and deletes nothing", func(c *Case) {
		c.Both(func(c *Client) {
			c.anyUser()
			c.anyGroup()
			for _, path := range []string{"/Users", "/Users/", "/Groups", "/", "/.search", "/Users/.search", "/Bulk", "/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", "/Schemas/" + user, `/Users?filter=userName eq "x"`} {
				r := c.Delete(path).Is(405)
				r.Fails(405, "")
				require.NotEmpty(c.t, r.Header.Get("Allow"), path)
				require.NotContains(c.t, r.Header.Get("Allow"), "DELETE", path)
			}
			c.Get("/").Total(2)
		})
	}},
}

package scimtest

import (
	"strings"

	"github.com/stretchr/testify/require"
)

var modelID = []row{
	{"M-10", "the provider assigns id and meta", func(c *Case) {
		c.Both(func(c *Client) {
			for _, r := range []*Reply{c.Post("/Users", User("u")), c.Post("/Groups", Group("g"))} {
				r.Is(201)
				require.NotEmpty(c.t, r.String("id"))
				require.NotEmpty(c.t, r.String("meta.resourceType"))
				require.NotEmpty(c.t, r.String("meta.location"))
				require.Regexp(c.t, `^W/"[^"]+"$`, r.String("meta.version"))
				require.False(c.t, r.Time("meta.created").IsZero())
				require.False(c.t, r.Time("meta.lastModified").IsZero())
			}
		})
	}},
	{"M-11", "the id is returned with every selection of attributes", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"nickName":"n"`)
			id := quote(ID(path))
			for _, q := range []string{"?attributes=userName", "?attributes=meta", "?attributes=" + ent, "?excludedAttributes=id", "?excludedAttributes=ID,schemas,userName,meta"} {
				c.Get(path+q).Is(200).Has("id", id)
				c.Get("/Users"+q).Total(1).Has("Resources[0].id", id)
				c.Put(path+q, User("u", `"nickName":"n"`)).Is(200).Has("id", id)
				c.Do("PATCH", path+q, PatchOp(`{"op":"replace","path":"nickName","value":"n"}`)).Is(200).Has("id", id)
			}
		})
	}},
	{"M-12", "ids differ between all resources of all types", func(c *Case) {
		seen := map[string]bool{}
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			for _, path := range []string{c.Default.NewUser(name), c.Default.NewGroup(name)} {
				require.False(c, seen[ID(path)], path)
				seen[ID(path)] = true
			}
		}
	}},
	{"M-13", "an id stays with its resource and is never used again", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			id := ID(path)
			c.Put(path, User("v")).Is(200).Has("id", quote(id))
			c.Patch(path, `{"op":"replace","path":"userName","value":"w"}`).Is(200).Has("id", quote(id))
			c.Delete(path).Is(204)
			require.NotEqual(c.t, id, ID(c.NewUser("w")))
			c.Get(path).Fails(404, "")
		})
	}},
	{"M-14 C-4", "an id of a client is ignored", func(c *Case) {
		c.Both(func(c *Client) {
			for _, id := range []string{`"mine"`, `""`, `null`, `5`, `["mine"]`, `{"value":"mine"}`, `"bulkId:1"`} {
				c.keeps([]string{`"id":` + id}, "meta.resourceType", `"User"`)
			}
		})
	}},
	{"M-14 W-8", "an id in a PUT is ignored", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			other := c.NewUser("other")
			c.Put(path, User("u", `"id":`+quote(ID(other)), `"title":"t"`)).Is(200).Has("id", quote(ID(path)), "title", `"t"`)
			c.Get(other).Is(200).Has("title", "")
			c.Get("/Users/mine").Fails(404, "")
		})
	}},
	{"M-15", "no id contains bulkId", func(c *Case) {
		for _, path := range []string{c.Default.NewUser("bulkId"), c.Default.NewGroup("bulkId:1")} {
			require.NotContains(c, strings.ToLower(path), "bulkid")
		}
	}},
	{"M-16", "id is case-exact, readOnly and always returned", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			id := ID(path)
			other := strings.ToUpper(id)
			if other == id {
				other = strings.ToLower(id)
			}
			c.Filter("/Users", `id eq "`+id+`"`).Total(1)
			if other != id {
				c.Get("/Users/"+other).Fails(404, "")
				c.Delete("/Users/"+other).Fails(404, "")
				c.Filter("/Users", `id eq "`+other+`"`).Total(0)
			}
			c.Patch(path, `{"op":"replace","path":"id","value":"mine"}`).Fails(400, "mutability")
			c.Patch(path, `{"op":"remove","path":"id"}`).Fails(400, "mutability")
			c.Patch(path, `{"op":"add","path":"ID","value":"mine"}`).Fails(400, "mutability")
			c.Get(path+"?excludedAttributes=id").Is(200).Has("id", quote(id))
		})
	}},
	{"M-17", "the provider never sets externalId", func(c *Case) {
		c.Both(func(c *Client) {
			path, group := c.NewUser("u"), c.NewGroup("g")
			c.Put(path, User("u", `"title":"t"`)).Is(200).Has("externalId", "")
			c.Patch(path, `{"op":"replace","path":"title","value":"x"}`).Is(200).Has("externalId", "")
			c.Get(path).Has("externalId", "")
			c.Get(group).Has("externalId", "")
			c.Patch(group, `{"op":"replace","path":"displayName","value":"x"}`).Is(200).Has("externalId", "")
		})
	}},
	{"M-18", "externalId is scoped to the tenant", func(c *Case) {
		c.needsTenants()
		other := c.OtherTenant()
		mine := c.Default.NewUser("u", `"externalId":"e1"`)
		theirs := other.NewUser("u", `"externalId":"e1"`)
		c.Default.Filter("/Users", `externalId eq "e1"`).Total(1).Has("Resources[0].id", quote(ID(mine)))
		other.Filter("/Users", `externalId eq "e1"`).Total(1).Has("Resources[0].id", quote(ID(theirs)))
		other.Get(mine).Fails(404, "")
	}},
	{"M-19", "externalId need not be unique", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("u", `"externalId":"e"`)
			path := c.NewUser("v", `"externalId":"e"`)
			c.NewGroup("g", `"externalId":"e"`)
			c.NewGroup("h", `"externalId":"e"`)
			c.Put(path, User("v", `"externalId":"e"`)).Is(200)
			c.Filter("/Users", `externalId eq "e"`).Total(2)
			c.Filter("/Groups", `externalId eq "e"`).Total(2)
		})
	}},
	{"M-20 A-9", "externalId is optional, case-exact and the client's to change", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"externalId":"AbC"`)
			c.Get(path).Has("externalId", `"AbC"`)
			c.Filter("/Users", `externalId eq "AbC"`).Total(1)
			c.Filter("/Users", `externalId eq "abc"`).Total(0)
			c.Filter("/Users", `externalId sw "ab"`).Total(0)
			c.Filter("/Users", `externalId co "bC"`).Total(1)
			c.Patch(path, `{"op":"replace","path":"externalId","value":"abc"}`).Is(200).Has("externalId", `"abc"`)
			c.Patch(path, `{"op":"remove","path":"externalid"}`).Is(200).Has("externalId", "")
			c.Put(path, User("u", `"externalId":"x"`)).Is(200).Has("externalId", `"x"`)
			c.Put(path, User("u")).Is(200).Has("externalId", "")
			for _, wrong := range []string{`true`, `{}`, `["x","y"]`} {
				c.Post("/Users", User("w", `"externalId":`+wrong)).Fails(400, "invalidValue")
			}
		})
	}},
}

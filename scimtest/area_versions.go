package scimtest

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/stretchr/testify/require"
)

// stale are tags that no version has.
var stale = []string{`W/"0"`, `W/"nope"`, `"nope"`, `W/""`, `""`, `W/"nope", "other"`, "nope", `W/nope`, `W/"unclosed`, `w/"x"`, ",", `"a" "b"`, `"*"`, "**", `W/*`}

// malformedTags returns header values that contain the tag and are not a list of
// tags (RFC 9110 §8.8.3).
func malformedTags(tag string) []string {
	return []string{tag + "x", tag + " x", tag + ` W/"nope"`, tag + tag, tag + ", x", tag + `, "unclosed`, "x, " + tag, "*, " + tag, tag + ", *", "w" + tag[1:], "W /" + tag[2:], tag + ";", `"` + tag}
}

// tagLists returns header values that name a tag among others.
func tagLists(tag string) []string {
	strong := strings.TrimPrefix(tag, "W/")
	return []string{tag, strong, `W/"nope", ` + tag, tag + `, W/"nope"`, `"a","b" , ` + tag + ` ,"c"`, "," + tag + ",", " " + tag + " ", `"a,b", ` + tag, "*"}
}

var versionTags = []row{
	{"V-1 V-2 V-3", "the ETag of every response with a resource is its meta.version, a weak tag", func(c *Case) {
		c.Both(func(c *Client) {
			c.Get("/ServiceProviderConfig").Is(200).Has("etag.supported", "true")
			made := c.Post("/Users", User("u")).Is(201)
			path := "/Users/" + made.String("id")
			group := c.Post("/Groups", Group("g", `"members":`+refs(path))).Is(201)
			for _, r := range []*Reply{made, group, c.Get(path), c.Get("/Groups/" + group.String("id")), c.Put(path, User("u", `"title":"t"`)), c.Put("/Groups/"+group.String("id"), Group("h")), c.Patch(path, replace("title", `"x"`)), c.Patch(path, replace("title", `"x"`)),
				c.Get(path + "?attributes=meta"), c.Get(path + "?attributes=meta.version"), c.Patch("/Groups/"+group.String("id"), replace("displayName", `"i"`))} {
				require.Regexp(c.t, `^W/"[\x21\x23-\x7e]+"$`, r.Header.Get("ETag"), r.line)
				require.Equal(c.t, []string{r.Header.Get("ETag")}, r.Header.Values("ETag"), r.line)
				require.Equal(c.t, r.Header.Get("ETag"), r.String("meta.version"), r.line)
			}
			require.Equal(c.t, c.Get(path).Header.Get("ETag"), c.Do("HEAD", path, nil).Header.Get("ETag"))
			for _, q := range []string{"?attributes=userName", "?excludedAttributes=meta"} {
				require.NotEmpty(c.t, c.Get(path+q).Has("meta", "").Header.Get("ETag"))
			}
		})
	}},
	{"V-2", "in a list each resource has the version of its GET, and the list has none", func(c *Case) {
		c.Both(func(c *Client) {
			paths := []string{c.NewUser("a"), c.NewUser("b", `"title":"t"`), c.NewGroup("g")}
			c.Patch(paths[1], replace("title", `"x"`)).Is(200)
			c.Patch(paths[2], add("members", refs(paths[0]))).Is(204)
			for _, r := range []*Reply{c.Get("/").Is(200), c.Post("/.search", Search()).Is(200)} {
				require.Empty(c.t, r.Header.Get("ETag"))
				versions := map[string]string{}
				for i, id := range r.Strings("id") {
					versions[id] = r.Strings("meta.version")[i]
				}
				for _, path := range paths {
					require.Equal(c.t, c.Get(path).String("meta.version"), versions[ID(path)], path)
				}
			}
		})
	}},
	{"V-4", "the tag changes with each change of the resource and only then", func(c *Case) {
		c.Both(func(c *Client) {
			path, group, member := c.anyUser(), c.anyGroup(), c.anyUser()
			seen := map[string]bool{}
			fresh := func(path string) {
				tag := path + c.Get(path).Header.Get("ETag")
				require.False(c.t, seen[tag], tag)
				seen[tag] = true
			}
			name := c.Get(path).String("userName")
			fresh(path)
			for _, change := range []func() *Reply{
				func() *Reply { return c.Patch(path, add("title", `"a"`)) },
				func() *Reply { return c.Patch(path, replace("title", `"A"`)) },
				func() *Reply { return c.Put(path, User(name, `"title":"a"`)) },
				func() *Reply { return c.Put(path, User(name)) },
				func() *Reply { return c.Patch(path, add("title", `"a"`)) },
				func() *Reply { return c.Patch(path, remove("title")) },
				func() *Reply { return c.Patch(path, add("active", "false")) },
				func() *Reply { return c.Patch(path, add("externalId", `"e"`)) },
				func() *Reply { return c.Patch(path, add(ent+":department", `"d"`)) },
			} {
				require.Equal(c.t, 200, change().Status)
				fresh(path)
			}
			fresh(group)
			for _, op := range []string{add("members", refs(member)), remove(`members[value eq ` + quote(ID(member)) + `]`), replace("members", refs(member)), remove("members")} {
				c.Patch(group, op).Is(204)
				fresh(group)
			}
			for _, p := range []string{path, group} {
				tag := c.Get(p).Header.Get("ETag")
				for _, again := range []*Reply{c.Get(p), c.Get(p), c.Patch(p, replace("nickName", quote("x"))+","+remove("nickName")), c.Put(p, "{"), c.Patch(p, replace("id", `"x"`)), c.Delete(p, `If-Match: W/"nope"`), c.Get(p + "?attributes=id"), c.Get("/")} {
					require.NotEqual(c.t, 500, again.Status)
				}
				require.Equal(c.t, tag, c.Get(p).Header.Get("ETag"))
			}
			again := c.Get(path)
			c.Put(path, again.Text).Is(200)
			require.Equal(c.t, again.Text, c.Get(path).Text)
		})
	}},
	{"V-4 V-5", "a tag changes when the groups of a user change", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.anyUser()
			before := c.Get(path)
			group := c.anyGroup(`"members":` + refs(path))
			in := c.Get(path, "If-None-Match: "+before.Header.Get("ETag")).Is(200).Has("groups.#", "1")
			require.Equal(c.t, in.Header.Get("ETag"), in.String("meta.version"))
			c.Get(path, "If-None-Match: "+in.Header.Get("ETag")).Is(304)
			c.Patch(group, replace("displayName", `"new"`)).Is(200)
			renamed := c.Get(path, "If-None-Match: "+in.Header.Get("ETag")).Is(200).Has("groups[0].display", `"new"`)
			c.Get(path+"?attributes=userName", "If-None-Match: "+renamed.Header.Get("ETag")).Is(304)
			c.Get(path+"?excludedAttributes=groups", "If-Match: "+renamed.Header.Get("ETag")).Is(200)
			c.Get(path+"?attributes=groups", "If-None-Match: "+before.Header.Get("ETag")).Is(200)
			c.Delete(group).Is(204)
			c.Get(path, "If-None-Match: "+renamed.Header.Get("ETag")).Is(200).Has("groups", "")
			require.Equal(c.t, before.String("meta.lastModified"), c.Get(path).String("meta.lastModified"))
		})
	}},
	{"V-6 V-7 V-8", "every tag that was returned for a user in a group is valid for a write", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			c.anyGroup(`"members":` + refs(path))
			tag := func(r *Reply) string { return "If-Match: " + r.Header.Get("ETag") }
			r := c.Put(path, User("u", `"title":"a"`), tag(c.Get(path))).Is(200)
			r = c.Do("PATCH", path, PatchOp(replace("title", `"b"`)), tag(r)).Is(200)
			old := r
			c.Put(path, User("u", `"title":"c"`), tag(r)).Is(200)
			c.Put(path, User("u", `"title":"d"`), tag(old)).Fails(412, "")
			c.Put(path, User("u", `"title":"e"`), "If-Match: "+c.Get("/Users").Strings("meta.version")[0]).Is(200)
			c.Put(path, User("u", `"title":"f"`), tag(c.Get(path+"?attributes=userName"))).Is(200)
			c.Delete(path, tag(c.Get(path))).Is(204)
		})
	}},
}

var versionConditions = []row{
	{"V-5 V-9", "GET with If-None-Match: 304 without body for the current tag, 200 for any other", func(c *Case) {
		c.Both(func(c *Client) {
			for _, path := range []string{c.anyUser(twoEmails), c.anyGroup(`"members":` + refs(c.anyUser()))} {
				tag := c.Get(path).Header.Get("ETag")
				for _, q := range []string{"", "?attributes=id", "?attributes=meta.version", "?excludedAttributes=meta"} {
					for _, value := range tagLists(tag) {
						for _, method := range []string{"GET", "HEAD"} {
							r := c.Do(method, path+q, nil, "If-None-Match: "+value).Is(304)
							require.Empty(c.t, r.Text)
							require.Equal(c.t, tag, r.Header.Get("ETag"), value)
							require.Empty(c.t, r.Header.Get("Content-Type"))
						}
					}
					for _, value := range stale {
						c.Get(path+q, "If-None-Match: "+value).Is(200).Has("id", quote(ID(path)))
					}
				}
				c.Get(path, `If-None-Match: "a"`, "If-None-Match: "+tag).Is(304)
				c.Patch(path, replace("displayName", `"new"`)).Is(200)
				c.Get(path, "If-None-Match: "+tag).Is(200)
			}
			c.Get("/Users/nope", "If-None-Match: *").Fails(404, "")
		})
	}},
	{"V-6 V-7 V-8 V-9 V-10", "writes proceed when If-Match names the current tag, compared weakly, alone, in a list, or by *", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for i := range tagLists("") {
				value := func() string { return "If-Match: " + tagLists(c.Get(path).Header.Get("ETag"))[i] }
				title := strings.Repeat("t", i+1)
				c.Put(path, User("u", `"title":`+quote(title)), value()).Is(200).Has("title", quote(title))
				c.Do("PATCH", path, PatchOp(replace("nickName", quote(title))), value()).Is(200).Has("nickName", quote(title))
				victim := c.anyUser()
				c.Delete(victim, "If-Match: "+tagLists(c.Get(victim).Header.Get("ETag"))[i]).Is(204)
			}
			c.Put(path, User("u"), `If-Match: "a"`, "If-Match: "+c.Get(path).Header.Get("ETag")).Is(200)
			group := c.anyGroup()
			r := c.Do("PATCH", group, PatchOp(add("members", refs(path))), "If-Match: "+c.Get(group).Header.Get("ETag")).Is(204)
			c.Do("PATCH", group, PatchOp(remove("members")), "If-Match: "+r.Header.Get("ETag")).Is(204)
			c.Do("PATCH", group, PatchOp(add("members", refs(path))), "If-Match: "+r.Header.Get("ETag")).Fails(412, "")
			c.Get(group).Has("members", "")
		})
	}},
	{"V-5 V-6 V-7 V-8 V-9", "the suffix that a compressing proxy appends to a tag is ignored (Apache)", func(c *Case) {
		c.Both(func(c *Client) {
			for _, suffix := range []string{"-gzip", "-br"} {
				path := c.anyUser()
				c.anyGroup(`"members":` + refs(path))
				tag := func(name string, r *Reply) string {
					return name + ": " + strings.TrimSuffix(r.Header.Get("ETag"), `"`) + suffix + `"`
				}
				first := c.Get(path, tag("If-None-Match", c.Get(path))).Is(304)
				c.Do("PATCH", path, PatchOp(replace("title", `"a"`)), tag("If-Match", first)).Is(200)
				c.Do("PATCH", path, PatchOp(replace("title", `"b"`)), tag("If-Match", first)).Fails(412, "")
				c.Get(path, tag("If-None-Match", first)).Is(200)
				c.Put(path, User("other"), tag("If-Match", c.Get(path))).Is(200)
				c.Delete(path, tag("If-Match", first)).Fails(412, "")
				group := c.anyGroup()
				c.Delete(group, strings.ReplaceAll(tag("If-Match", c.Get(group)), suffix, "-zip")).Fails(412, "")
				c.Delete(group, tag("If-Match", c.Get(group))).Is(204)
				c.Delete(path, tag("If-Match", c.Get(path))).Is(204)
			}
		})
	}},
	{"V-6 V-7 V-8 V-9", "writes with a stale or meaningless If-Match are 412 and change nothing", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			old := c.Get(path).Header.Get("ETag")
			c.Put(path, User("u", `"title":"t"`), "If-Match: "+old).Is(200)
			before := c.Get(path).Text
			for _, value := range append(stale, old, strings.TrimPrefix(old, "W/"), old+`, "x"`) {
				header := "If-Match: " + value
				c.Put(path, User("u", `"title":"x"`), header).Fails(412, "")
				c.Put(path, User("u", `"title":"t"`), header).Fails(412, "") // also where nothing would change
				c.Do("PATCH", path, PatchOp(replace("title", `"x"`)), header).Fails(412, "")
				c.Do("PATCH", path, PatchOp(replace("title", `"t"`)), header).Fails(412, "")
				c.Delete(path, header).Fails(412, "")
				require.Equal(c.t, before, c.Get(path).Text, value)
			}
			c.Get(path, "If-Match: "+old).Fails(412, "")
			c.Get(path, "If-Match: "+c.Get(path).Header.Get("ETag")).Is(200)
		})
	}},
	{"V-9 V-6 V-7 V-8 V-5", "a condition that is not well formed matches nothing, also with the current tag in it", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for _, value := range malformedTags(c.Get(path).Header.Get("ETag")) {
				c.Put(path, User("u", `"title":"x"`), "If-Match: "+value).Fails(412, "")
				c.Do("PATCH", path, PatchOp(replace("title", `"x"`)), "If-Match: "+value).Fails(412, "")
				c.Delete(path, "If-Match: "+value).Fails(412, "")
				c.Get(path, "If-Match: "+value).Fails(412, "")
				c.Get(path, "If-None-Match: "+value).Is(200).Has("title", "")
			}
			for i := range malformedTags("W/") {
				path := c.anyUser()
				c.Put(path, User("v"), "If-None-Match: "+malformedTags(c.Get(path).Header.Get("ETag"))[i]).Is(200)
				c.Delete(path).Is(204)
			}
		})
	}},
	{"V-9", "writes with If-None-Match naming the current tag or * are 412; creating is not conditional", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for _, value := range tagLists(c.Get(path).Header.Get("ETag")) {
				header := "If-None-Match: " + value
				c.Put(path, User("u", `"title":"x"`), header).Fails(412, "")
				c.Do("PATCH", path, PatchOp(replace("title", `"x"`)), header).Fails(412, "")
				c.Delete(path, header).Fails(412, "")
			}
			c.Put(path, User("u", `"title":"t"`), `If-None-Match: "nope"`).Is(200)
			c.Post("/Users", User("v"), "If-None-Match: *").Is(201)
			c.Post("/Users", User("w"), `If-Match: "x"`).Is(201)
		})
	}},
	{"V-9 V-6 V-7 V-8", "a missing resource is 404 and a bad request 400, before any condition", func(c *Case) {
		c.Both(func(c *Client) {
			for _, header := range []string{"If-Match: *", `If-Match: W/"1"`, "If-None-Match: *"} {
				c.Put("/Users/nope", User("u"), header).Fails(404, "")
				c.Do("PATCH", "/Users/nope", PatchOp(add("title", `"t"`)), header).Fails(404, "")
				c.Delete("/Users/nope", header).Fails(404, "")
				c.Get("/Users/nope", header).Fails(404, "")
			}
			path := c.anyUser()
			tag := c.Get(path).Header.Get("ETag")
			c.Put(path, `{`, "If-Match: "+tag).Fails(400, "invalidSyntax")
			c.Do("PATCH", path, PatchOp(replace("id", `"x"`)), "If-Match: "+tag).Fails(400, "mutability")
			require.Equal(c.t, tag, c.Get(path).Header.Get("ETag"))
		})
	}},
	{"V-12", "of many writes with the same If-Match exactly one proceeds", func(c *Case) {
		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			c := c.OtherTenant()
			path := c.NewUser("u")
			tag := c.Get(path).Header.Get("ETag")
			bodies := map[string]string{"PUT": User("u", `"title":"t%"`), "PATCH": PatchOp(replace("title", `"t%"`))}
			won := race(50, func(i int) bool {
				var body any
				if text := bodies[method]; text != "" {
					body = strings.ReplaceAll(text, "%", strings.Repeat("x", i+1))
				}
				r := c.Do(method, path, body, "If-Match: "+tag)
				require.Contains(c.t, []int{200, 204, 412, 404}, r.Status, r.Text)
				return r.Status < 300
			})
			require.Equal(c.t, 1, won, method)
		}
	}},
	{"V-12", "no PATCH of many without a condition is lost", func(c *Case) {
		c.Both(func(c *Client) {
			group, path := c.anyGroup(), c.anyUser()
			members := make([]string, 50)
			for i := range members {
				members[i] = c.anyUser()
			}
			require.Equal(c.t, 50, race(50, func(i int) bool { return c.Patch(group, add("members", refs(members[i]))).Status == 204 }))
			c.Get(group).Has("members.#", "50")
			require.Equal(c.t, 50, race(50, func(i int) bool {
				return c.Patch(path, add("emails", `[{"value":`+quote(ID(members[i]))+`}]`)).Status == 200
			}))
			c.Get(path).Has("emails.#", "50")
		})
	}},
}

// race calls run n times at once and returns the number of calls that returned
// true.
func race(n int, run func(i int) bool) int {
	var won atomic.Int64
	var group sync.WaitGroup
	for i := range n {
		group.Add(1)
		go func() {
			defer group.Done()
			if run(i) {
				won.Add(1)
			}
		}()
	}
	group.Wait()
	return int(won.Load())
}

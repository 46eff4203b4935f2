package scimtest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
)

const (
	bulkRequest  = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	bulkResponse = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// bulkOp returns the JSON of an operation; data "" leaves it out.
func bulkOp(method, path, bulkID, data string, members ...string) string {
	text := `{"method":` + quote(method) + `,"path":` + quote(path)
	if bulkID != "" {
		text += `,"bulkId":` + quote(bulkID)
	}
	if data != "" {
		text += `,"data":` + data
	}
	return strings.Join(append([]string{text}, members...), ",") + "}"
}

func bulkBody(ops ...string) string {
	return `{"schemas":["` + bulkRequest + `"],"Operations":[` + strings.Join(ops, ",") + `]}`
}

// bulk sends operations and demands that each has a result with the status of that
// place.
func (c *Client) bulk(statuses string, ops ...string) *Reply {
	c.t.Helper()
	r := c.Post("/Bulk", bulkBody(ops...)).Is(200).Has("schemas", `["`+bulkResponse+`"]`)
	got := []string{}
	for i := range r.results() {
		got = append(got, r.String(fmt.Sprintf("Operations[%d].status", i)))
	}
	require.Equal(c.t, statuses, strings.Join(got, " "), r.Text)
	return r
}

func (r *Reply) results() []any {
	list, _ := r.Value("Operations").([]any)
	return list
}

// bulkID returns the id of the resource in the location of a result.
func (r *Reply) bulkID(i int) string { return ID(r.String(fmt.Sprintf("Operations[%d].location", i))) }

// fails demands an error as the result of an operation.
func (r *Reply) resultFails(i int, status, scimType string) {
	r.t.Helper()
	at := fmt.Sprintf("Operations[%d].", i)
	want := ""
	if scimType != "" {
		want = quote(scimType)
	}
	r.Has(at+"status", quote(status), at+"response.schemas", `["urn:ietf:params:scim:api:messages:2.0:Error"]`, at+"response.status", quote(status), at+"response.scimType", want)
	require.NotEmpty(r.t, r.String(at+"response.detail"))
}

var bulks = []row{
	{"B-1 B-24", "Bulk is announced with its limits", func(c *Case) {
		config := c.Default.Get("/ServiceProviderConfig").Is(200).Has("bulk.supported", "true")
		require.Regexp(c.T, `^[1-9][0-9]*$`, config.Value("bulk.maxOperations"))
		require.Regexp(c.T, `^[1-9][0-9]*$`, config.Value("bulk.maxPayloadSize"))
	}},
	{"B-2 B-3", "a request that is malformed as a whole is 400, and nothing is executed", func(c *Case) {
		c.Both(func(c *Client) {
			op := bulkOp("POST", "/Users", "a", User("a"))
			for _, body := range []string{
				``, `[]`, `{`, `"x"`, bulkBody(op) + "x", bulkBody(op) + "{}", strings.TrimSuffix(bulkBody(op), "}"),
				`{"schemas":["` + bulkRequest + `"]}`,
				`{"schemas":["` + bulkRequest + `"],"Operations":` + op + `}`,
				`{"schemas":["` + bulkRequest + `"],"Operations":null}`,
				`{"schemas":["` + bulkRequest + `"],"Operations":[` + op + `],"operations":[]}`,
				`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + op + `]}`,
				`{"schemas":["` + bulkRequest + `"],"Operations":[` + op + `,]}`,
				`{"schemas":["` + bulkRequest + `"],"Operations":[` + op + `,{"method":"\xff"}]}`,
			} {
				c.Post("/Bulk", body).Fails(400, "invalidSyntax")
			}
			for _, n := range []string{`0`, `-1`, `"1"`, `1.5`, `true`} {
				c.Post("/Bulk", `{"schemas":["`+bulkRequest+`"],"failOnErrors":`+n+`,"Operations":[`+op+`]}`).Fails(400, "invalidValue")
			}
			c.Post("/Bulk", bulkBody(op), "Content-Type: text/plain").Fails(415, "")
			c.Get("/").Total(0)
			c.bulk("")
		})
	}},
	{"B-4 B-5 B-6 B-7", "an operation that lacks something fails by itself", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("known")
			r := c.bulk("400 400 400 400 400 400 400 400 400 400 400 201",
				bulkOp("GET", path, "", ""), `{"path":"/Users"}`, `{}`, `[]`, `{"method":5,"path":"/Users"}`,
				`{"method":"DELETE"}`, bulkOp("POST", "/Users", "", User("x")), bulkOp("POST", "/Users", "nodata", ""),
				bulkOp("PUT", path, "", `"x"`), bulkOp("PATCH", path, "", ""), bulkOp("POST", "/Users", "broken", `{"userName":"x","username":"y"}`),
				bulkOp("POST", "/Users", "good", User("good")))
			for i := range 11 {
				r.resultFails(i, "400", "invalidSyntax")
			}
			r.Has("Operations[10].method", `"POST"`, "Operations[10].bulkId", `"broken"`) // its data has a name twice
			c.Filter("/Users", `userName eq "good"`).Total(1)
			c.Get("/Users").Total(2)
		})
	}},
	{"B-5", "a bulkId that is given twice is refused for the later operation", func(c *Case) {
		r := c.Default.bulk("201 400 201", bulkOp("POST", "/Users", "a", User("a")), bulkOp("POST", "/Users", "a", User("b")), bulkOp("POST", "/Groups", "g", Group("g", `"members":[{"value":"bulkId:a"}]`)))
		r.resultFails(1, "400", "invalidSyntax")
		c.Default.Get("/Groups/"+r.bulkID(2)).Has("members[0].value", quote(r.bulkID(0)))
	}},
	{"B-6 B-30", "a path names a type for POST and a resource for other methods, and nothing else", func(c *Case) {
		path := c.Default.NewUser("u")
		c.Default.bulk("405 405 404 404 404 404 404 404 404 404",
			bulkOp("POST", path, "a", User("a")), bulkOp("DELETE", "/Users", "", ""), bulkOp("POST", "/Nope", "b", User("b")), bulkOp("DELETE", "/Users/none", "", ""),
			bulkOp("POST", "/Users/.search", "c", Search()), bulkOp("POST", "/Bulk", "d", bulkBody()), bulkOp("PATCH", "/Me", "", PatchOp()), bulkOp("PUT", "/ServiceProviderConfig", "", `{}`),
			bulkOp("DELETE", path+"/x", "", ""), bulkOp("DELETE", path+"?x=y", "", ""))
		c.Default.Get(path).Is(200)
	}},
	{"B-9 B-12 B-13 B-18 B-19 B-21 B-23 B-28", "each result has the method, bulkId, location, version and status of the single request", func(c *Case) {
		c.Both(func(c *Client) {
			one, two, three := c.NewUser("one"), c.NewUser("two"), c.NewGroup("three")
			r := c.bulk("201 200 200 204 204", bulkOp("POST", "/Users", "qwerty", User("new")), bulkOp("PUT", one, "p", User("renamed")),
				bulkOp("PATCH", two, "", PatchOp(replace("title", `"t"`))), bulkOp("PATCH", three, "", PatchOp(add("members", refs(c.NewUser("member"))))), bulkOp("DELETE", c.NewUser("gone"), "", ""))
			require.Len(c.t, r.results(), 5)
			r.Has("Operations[0].method", `"POST"`, "Operations[0].bulkId", `"qwerty"`, "Operations[1].method", `"PUT"`, "Operations[1].bulkId", `"p"`,
				"Operations[2].bulkId", "", "Operations[3].method", `"PATCH"`, "Operations[4].method", `"DELETE"`)
			for i, path := range []string{"/Users/" + r.bulkID(0), one, two, three} {
				at := fmt.Sprintf("Operations[%d].", i)
				got := c.Get(path).Is(200)
				r.Has(at+"location", quote(BaseURL+path), at+"response", "")
				if i < 3 {
					r.Has(at+"version", quote(got.Header.Get("ETag")))
				}
			}
			c.Get(one).Has("userName", `"renamed"`)
			c.Get(two).Has("title", `"t"`)
			c.Get(three).Has("members.#", "1")
		})
	}},
	{"B-10 B-18 B-20 B-28 C-7", "operations that fail have the error of the single request and do not stop the others", func(c *Case) {
		c.Both(func(c *Client) {
			taken, other := c.NewUser("taken"), c.NewUser("other")
			r := c.bulk("409 409 404 400 400 400 201", bulkOp("POST", "/Users", "a", User("TAKEN")), bulkOp("PUT", other, "", User("taken")), bulkOp("PATCH", "/Users/none", "", PatchOp(replace("title", `"t"`))),
				bulkOp("POST", "/Users", "b", `{"schemas":["`+user+`"]}`), bulkOp("PATCH", taken, "", PatchOp(replace("id", `"x"`))), bulkOp("PATCH", taken, "", PatchOp(replace("emails[", `"x"`))),
				bulkOp("POST", "/Users", "c", User("good")))
			r.resultFails(0, "409", "uniqueness")
			r.resultFails(1, "409", "uniqueness")
			r.resultFails(2, "404", "")
			r.resultFails(3, "400", "invalidValue")
			r.resultFails(4, "400", "mutability")
			r.resultFails(5, "400", "invalidPath")
			r.Has("Operations[0].location", "", "Operations[3].location", "", "Operations[1].location", quote(BaseURL+other), "Operations[2].location", quote(BaseURL+"/Users/none"))
			c.bulk("409", bulkOp("POST", "/Users", "a", User("taken")))

			manager := enterprise(`"manager":{"value":"bulkId:none"}`)
			r = c.bulk("201 409 409", bulkOp("POST", "/Users", "u", User("u")), bulkOp("PUT", "/Users/bulkId:u", "", User("u", manager)),
				bulkOp("PATCH", "/Users/bulkId:u", "", PatchOp(replace(ent+":manager", `{"value":"bulkId:none"}`))))
			at := quote(BaseURL + "/Users/" + r.bulkID(0))
			r.Has("Operations[1].location", at, "Operations[2].location", at)
		})
	}},
	{"B-11", "failOnErrors ends the request after that many errors, and has no place in the response", func(c *Case) {
		c.Both(func(c *Client) {
			bad := func(id string) string { return bulkOp("POST", "/Users", id, `{"schemas":["`+user+`"]}`) }
			ops := []string{bulkOp("POST", "/Users", "1", User("u1")), bad("2"), bulkOp("POST", "/Users", "3", User("u3")), bad("4"), bulkOp("POST", "/Users", "5", User("u5"))}
			send := func(n string) *Reply {
				return c.Post("/Bulk", `{"schemas":["`+bulkRequest+`"],"failOnErrors":`+n+`,"Operations":[`+strings.Join(ops, ",")+`]}`).Is(200).Has("failOnErrors", "")
			}
			require.Len(c.t, send("1").results(), 2)
			c.Get("/Users").Total(1)
			require.Len(c.t, send("3").results(), 4) // u1 is taken now
			c.Get("/Users").Total(2)
			require.Len(c.t, send("100").results(), 5)
			c.Get("/Users").Total(3)
		})
	}},
	{"B-14 B-15 B-27", "a bulkId is replaced wherever it stands, in any order of operations", func(c *Case) {
		c.Both(func(c *Client) {
			second := bulkOp("POST", "/Groups", "h", Group("h"))
			if c.app.membersAreUsers() {
				second = bulkOp("POST", "/Users", "h", User("h"))
			}
			r := c.bulk("201 201 201 201",
				bulkOp("POST", "/Groups", "g", Group("g", `"members":[{"value":"bulkId:qwerty","type":"User"},{"value":"bulkId:h"}]`)),
				bulkOp("POST", "/Users", "boss", User("boss", enterprise(`"manager":{"value":"bulkId:qwerty"}`))),
				bulkOp("POST", "/Users", "qwerty", User("alice", `"title":"qwerty"`)), second)
			alice := r.bulkID(2)
			got := c.Get("/Groups/" + r.bulkID(0)).Is(200)
			require.ElementsMatch(c.t, []string{alice, r.bulkID(3)}, got.memberIDs())
			require.NotContains(c.t, got.Text, "bulkId")
			c.Get("/Users/"+r.bulkID(1)).Has(enterprisePath("manager.value"), quote(alice), enterprisePath("manager.$ref"), quote(BaseURL+"/Users/"+alice))
			c.Get("/Users/"+alice).Has("title", `"qwerty"`)
		})
	}},
	{"B-29 B-14", "a bulkId may stand in a path and in the filter of a PATCH", func(c *Case) {
		c.Both(func(c *Client) {
			r := c.bulk("200 201 201 201 204 204 204", bulkOp("PATCH", "/Users/bulkId:u", "", PatchOp(replace("title", `"t"`))), bulkOp("POST", "/Users", "u", User("u")), bulkOp("POST", "/Users", "v", User("v")),
				bulkOp("POST", "/Groups", "g", Group("g", `"members":[{"value":"bulkId:u"}]`)), bulkOp("PATCH", "/Groups/bulkId:g", "", PatchOp(`{"op":"remove","path":"members[value eq \"bulkId:u\"]"}`)),
				bulkOp("PATCH", "/Groups/bulkId:g", "", PatchOp(add("members", `[{"value":"bulkId:v"}]`))), bulkOp("DELETE", "/Users/bulkId:u", "", ""))
			require.Equal(c.t, []string{r.bulkID(2)}, c.Get("/Groups/"+r.bulkID(3)).memberIDs())
			r.Has("Operations[0].location", quote(BaseURL+"/Users/"+r.bulkID(1)))
			c.Get("/Users/"+r.bulkID(1)).Fails(404, "")
		})
	}},
	{"B-16", "circular references are resolved", func(c *Case) {
		c.Both(func(c *Client) {
			inA, inB := "b", "a"
			if c.app.membersAreUsers() {
				inA, inB = "u", "v"
			}
			r := c.bulk("201 201 201 201", bulkOp("POST", "/Groups", "a", Group("a", `"members":[{"value":"bulkId:`+inA+`"}]`)), bulkOp("POST", "/Groups", "b", Group("b", `"members":[{"value":"bulkId:`+inB+`"},{"value":"bulkId:u"}]`)),
				bulkOp("POST", "/Users", "u", User("u", `"title":"t"`, enterprise(`"department":"d","manager":{"value":"bulkId:v"}`))), bulkOp("POST", "/Users", "v", User("v", enterprise(`"manager":{"value":"bulkId:u"}`))))
			a, b, u, v := r.bulkID(0), r.bulkID(1), r.bulkID(2), r.bulkID(3)
			id := map[string]string{"a": a, "b": b, "u": u, "v": v}
			require.Equal(c.t, []string{id[inA]}, c.Get("/Groups/"+a).memberIDs())
			require.ElementsMatch(c.t, []string{id[inB], u}, c.Get("/Groups/"+b).memberIDs())
			c.Get("/Users/"+u).Has(enterprisePath("manager.value"), quote(v), enterprisePath("department"), `"d"`, "title", `"t"`)
			c.Get("/Users/"+v).Has(enterprisePath("manager.value"), quote(u))
			for i, path := range []string{"/Groups/" + a, "/Groups/" + b, "/Users/" + u, "/Users/" + v} {
				r.Has(fmt.Sprintf("Operations[%d].location", i), quote(BaseURL+path))
			}
		})
	}},
	{"B-17", "a reference to no operation, or to one that failed, is 409", func(c *Case) {
		c.Both(func(c *Client) {
			r := c.bulk("409 400 409 409 201", bulkOp("POST", "/Groups", "g", Group("g", `"members":[{"value":"bulkId:nope"}]`)), bulkOp("POST", "/Users", "bad", `{"schemas":["`+user+`"]}`),
				bulkOp("POST", "/Groups", "h", Group("h", `"members":[{"value":"bulkId:bad"}]`)), bulkOp("DELETE", "/Users/bulkId:bad", "", ""), bulkOp("POST", "/Users", "u", User("u")))
			r.resultFails(0, "409", "")
			r.resultFails(2, "409", "")
			r.resultFails(3, "409", "")
			c.Get("/Groups").Total(0)
		})
	}},
	{"B-8 B-27", "operations on one resource keep their order", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			c.bulk("200 200 200 204 404 201", bulkOp("PATCH", path, "", PatchOp(replace("title", `"1"`), replace(ent+":manager", `{"value":"bulkId:late"}`))), bulkOp("PATCH", path, "", PatchOp(replace("title", `"2"`))), bulkOp("PUT", path, "", User("u", `"title":"3"`)),
				bulkOp("DELETE", path, "", ""), bulkOp("PATCH", path, "", PatchOp(replace("title", `"4"`))), bulkOp("POST", "/Users", "late", User("late")))
			c.Get(path).Fails(404, "")
		})
	}},
	{"B-22 V-6 V-7 V-8", "the version of an operation is its precondition", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			old := c.Get(path).Header.Get("ETag")
			c.Patch(path, replace("title", `"t"`)).Is(200)
			version := func(tag string) string { return `"version":` + quote(tag) }
			r := c.bulk("412 412 412 200", bulkOp("PUT", path, "", User("v"), version(old)), bulkOp("PATCH", path, "", PatchOp(replace("title", `"x"`)), version(old)), bulkOp("DELETE", path, "", "", version(old)),
				bulkOp("PATCH", path, "", PatchOp(replace("title", `"y"`)), version(c.Get(path).Header.Get("ETag"))))
			r.resultFails(0, "412", "")
			c.Get(path).Has("userName", `"u"`, "title", `"y"`)
		})
	}},
	{"B-25 B-26 E-12", "a request beyond a limit is 413, names the limit and executes nothing", func(c *Case) {
		config := c.Default.Get("/ServiceProviderConfig")
		most := fmt.Sprint(config.Value("bulk.maxOperations"))
		var n int
		fmt.Sscan(most, &n)
		ops := make([]string, n+1)
		for i := range ops {
			ops[i] = `{"method":"DELETE","path":"/Users/x"}`
		}
		ops[0] = bulkOp("POST", "/Users", "u", User("u"))
		r := c.Default.Post("/Bulk", bulkBody(ops...))
		r.Fails(413, "")
		require.Contains(c.T, r.Text, "maxOperations, "+most)
		size := fmt.Sprint(config.Value("bulk.maxPayloadSize"))
		fmt.Sscan(size, &n)
		r = c.Default.Post("/Bulk", bulkBody(bulkOp("POST", "/Users", "u", User("u", `"title":`+quote(strings.Repeat("x", n))))))
		r.Fails(413, "")
		require.Contains(c.T, r.Text, size)
		c.Default.Get("/").Total(0)
	}},
	{"B-28 S-12", "a bulk request has the tenant of its client", func(c *Case) {
		path, group := c.Default.NewUser("u"), c.Default.NewGroup("g")
		other := c.OtherTenant()
		other.bulk("404 404 404 201", bulkOp("DELETE", path, "", ""), bulkOp("PATCH", group, "", PatchOp(replace("displayName", `"x"`))), bulkOp("PUT", path, "", User("x")), bulkOp("POST", "/Users", "u", User("u")))
		c.Default.Get(path).Is(200)
		c.Default.Get("/Users").Total(1)
	}},
}

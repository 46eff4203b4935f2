package scimtest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

// keywords are the values of scimType (RFC 7644 Table 9, RFC 9865 Table 3).
var keywords = []string{"invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget", "invalidValue", "invalidVers",
	"sensitive", "invalidCursor", "expiredCursor", "invalidCount"}

// isError demands that a reply is a complete error message.
func isError(r *Reply) {
	r.t.Helper()
	require.GreaterOrEqual(r.t, r.Status, 400, r.line)
	require.Equal(r.t, "application/scim+json", r.Header.Get("Content-Type"), r.line)
	require.Equal(r.t, strconv.Itoa(len(r.Text)), r.Header.Get("Content-Length"), r.line)
	require.Equal(r.t, []any{"urn:ietf:params:scim:api:messages:2.0:Error"}, r.Value("schemas"), r.line)
	require.Equal(r.t, strconv.Itoa(r.Status), r.Value("status"), r.line)
	require.NotEmpty(r.t, r.String("detail"), r.line)
	if scimType := r.Value("scimType"); scimType != nil {
		require.Contains(r.t, keywords, scimType, r.line)
	}
	require.Subset(r.t, []string{"detail", "schemas", "scimType", "status"}, r.Keys(""), r.line)
	require.Empty(r.t, r.Header.Get("ETag"), r.line)
}

var errorForm = []row{
	{"E-1 E-2 E-3 E-4", "every error is an error message with its status as a string, a detail and a known keyword", func(c *Case) {
		path := c.Default.NewUser("u")
		anonymous := NewClient(c.T, c.handler, "")
		for status, replies := range map[int][]*Reply{
			400: {
				c.Default.Get("/Users?filter=%28"), c.Default.Get("/Users?count=x"), c.Default.Get("/Users?sortBy=name"), c.Default.Get("/?filter=x"),
				c.Default.Post("/Users", `{`), c.Default.Post("/Users", `{}`), c.Default.Post("/Users", User("")), c.Strict.Post("/Users/.search", `{}`),
				c.Default.Put(path, `[]`), c.Strict.Patch(path), c.Default.Patch(path, `{"op":"x"}`), c.Default.Patch(path, `{"op":"add","path":"(","value":1}`),
				c.Default.Patch(path, `{"op":"remove"}`), c.Default.Patch(path, `{"op":"replace","path":"id","value":"x"}`), c.Default.Get("/v1/Users"),
			},
			401: {anonymous.Get("/Users"), anonymous.Get("/nowhere"), anonymous.Post("/Users", User("x")), NewClient(c.T, c.handler, "wrong").Get("/Users"), anonymous.Get("/Me"), anonymous.Delete(path)},
			403: {c.Default.Get("/Schemas?filter=id+pr"), c.Default.Get("/ResourceTypes?filter=x"), c.Default.Get("/ServiceProviderConfig?filter=")},
			404: {
				c.Default.Get("/Users/none"), c.Default.Put("/Users/none", User("x")), c.Default.Delete("/Groups/none"), c.Default.Patch("/Users/none", `{"op":"remove","path":"title"}`),
				c.Default.Get("/nowhere"), c.Default.Get("/Users/a/b"), c.Default.Get("/users"), c.Default.Get("/Schemas/none"), c.Default.Get("/ResourceTypes/none"),
				c.Default.Post("/nowhere", `{}`), c.Default.Get("/Users/%2e%2e%2fx"), c.Default.Get("/Users/%00"),
			},
			405: {
				c.Default.Post(path, User("x")), c.Default.Put("/Users", User("x")), c.Default.Delete("/Users"), c.Default.Patch("/Groups"), c.Default.Post("/Schemas", `{}`),
				c.Default.Delete("/ServiceProviderConfig"), c.Default.Get("/Bulk"), c.Default.Get("/.search"), c.Default.Do("TRACE", path, nil),
			},
			409: {c.Default.Post("/Users", User("u")), c.Default.Post("/Users", User("U"))},
			412: {c.Default.Delete(path, `If-Match: W/"none"`), c.Default.Put(path, User("u"), `If-Match: "none"`)},
			415: {c.Default.Post("/Users", User("x"), "Content-Type: text/plain"), c.Default.Post("/Users", User("x"), "Content-Encoding: gzip")},
			501: {c.Default.Get("/Me"), c.Default.Do("X", path, nil), c.Default.Post("/Me", User("x"))},
		} {
			for _, r := range replies {
				r.Is(status)
				isError(r)
			}
		}
	}},
	{"E-4", "no detail repeats a secret or the values of a filter", func(c *Case) {
		path := c.Default.NewUser("u")
		for _, r := range []*Reply{
			c.Default.Post("/Users", User("x", `"password":["hunter2"]`)), c.Default.Post("/Users", User("x", `"password":{"value":"hunter2"}`)), c.Default.Put(path, User("x", `"password":["hunter2"]`)),
			c.Default.Patch(path, `{"op":"replace","path":"password","value":{"x":"hunter2"}}`), c.Default.Filter("/Users", `password eq "hunter2"`),
			c.Default.Filter("/Users", `active eq "hunter2"`), c.Default.Filter("/Users", `meta.created gt "hunter2"`), c.Default.Post("/Users", `{"password":"hunter2`),
			NewClient(c.T, c.handler, "hunter2").Get("/Users"),
		} {
			isError(r)
			require.NotContains(c.T, r.Text, "hunter2", r.line)
		}
	}},
	{"E-1", "an error has the media type the client asked for", func(c *Case) {
		for accept, want := range map[string]string{
			"application/json": "application/json", "application/scim+json": "application/scim+json", "*/*": "application/scim+json",
			"application/json, application/scim+json": "application/scim+json", "": "application/scim+json",
		} {
			require.Equal(c.T, want, c.Default.Get("/Users/none", "Accept: "+accept).Fails(404, "").Header.Get("Content-Type"), accept)
			require.Equal(c.T, want, c.Default.Get("/Users", "Accept: "+accept).Is(200).Header.Get("Content-Type"), accept)
		}
	}},
	{"E-1 E-26", "a HEAD that fails has the status of the GET", func(c *Case) {
		for path, status := range map[string]int{"/Users/none": 404, "/nowhere": 404, "/Users?filter=%28": 400, "/Me": 501, "/.search": 405} {
			c.Default.Do(http.MethodHead, path, nil).Is(status)
		}
	}},
}

var errorTable = []row{
	{"E-6", "400 for a request that does not parse or does not fit the schema", func(c *Case) {
		c.Both(func(c *Client) {
			for _, body := range []string{``, ` `, `{`, `}`, `nope`, `{"a"}`, `{'a':1}`, `{"a":1,}`, `[]`, `null`, `5`, `"x"`, "\xff", "{\"a\":\"\x01\"}", User("x") + `{}`, `{"schemas":["` + user + `"],"userName":"x"`} {
				c.Post("/Users", body).Fails(400, "invalidSyntax")
				c.Post("/Groups", body).Fails(400, "invalidSyntax")
			}
			c.Post("/Users", User("x", `"active":{}`)).Fails(400, "invalidValue")
			c.Get("/Users").Total(0)
		})
	}},
	{"E-7 S-2", "401 with WWW-Authenticate for missing or wrong credentials comes before every other error", func(c *Case) {
		for _, token := range []string{"", "wrong"} {
			anonymous := NewClient(c.T, c.handler, token)
			for _, r := range []*Reply{anonymous.Get("/Users"), anonymous.Post("/Users", `{`), anonymous.Get("/nowhere"), anonymous.Do("TRACE", "/Users", nil), anonymous.Get("/Users?filter=%28"), anonymous.Get("/Me"), anonymous.Post("/Bulk", `{}`)} {
				r.Fails(401, "")
				require.Equal(c.T, `Bearer realm="scimtest"`, r.Header.Get("WWW-Authenticate"), r.line)
			}
		}
		for _, header := range []string{"Basic dDpw", "Bearer", "Bearer ", "bearer", "t1", "Negotiate x"} {
			NewClient(c.T, c.handler, "").Get("/Users", "Authorization: "+header).Fails(401, "")
		}
	}},
	{"E-9 H-17 R-2", "404 for a resource or endpoint that does not exist", func(c *Case) {
		c.Both(func(c *Client) {
			u := c.NewUser("u")
			for _, path := range []string{"/Users/none", "/Groups/" + ID(u), u + "/x", "/user", "/USERS", "/Users2", "/Schemas/x", "/ResourceTypes/user", "/foo/bar", "/%2e%2e/Users", "/Users%2F" + ID(u)} {
				c.Get(path).Fails(404, "")
			}
			c.Delete(u).Is(204)
			c.Get(u).Fails(404, "")
			c.Delete(u).Fails(404, "")
			c.Put(u, User("u")).Fails(404, "")
			c.Patch(u, `{"op":"add","path":"title","value":"x"}`).Fails(404, "")
		})
	}},
	{"E-10 E-17 C-7", "409 uniqueness for a value in use", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("Taken")
			path := c.NewUser("u")
			c.Post("/Users", User("taken")).Fails(409, "uniqueness")
			c.Put(path, User("TAKEN")).Fails(409, "uniqueness")
			c.Patch(path, `{"op":"replace","path":"userName","value":"taken"}`).Fails(409, "uniqueness")
			c.Patch(path, `{"op":"add","value":{"userName":"TakeN"}}`).Fails(409, "uniqueness")
			c.Get(path).Is(200).Has("userName", `"u"`)
		})
	}},
	{"E-11 V-6 V-7 V-8", "412 when the resource has changed", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			old := c.Get(path).Is(200).Header.Get("ETag")
			c.Patch(path, `{"op":"add","path":"title","value":"x"}`).Is(200)
			c.Put(path, User("v"), "If-Match: "+old).Fails(412, "")
			c.Do("PATCH", path, PatchOp(`{"op":"remove","path":"title"}`), "If-Match: "+old).Fails(412, "")
			c.Delete(path, "If-Match: "+old).Fails(412, "")
			c.Get(path).Is(200).Has("userName", `"u"`, "title", `"x"`)
		})
	}},
	{"E-12", "413 for a body beyond the limit names the limit", func(c *Case) {
		huge := User("u", `"title":"`+strings.Repeat("x", bodySize)+`"`)
		path := c.Default.NewUser("u")
		for _, r := range []*Reply{c.Default.Post("/Users", huge), c.Default.Put(path, huge), c.Default.Patch(path, `{"op":"add","value":`+huge+`}`), c.Default.Post("/Users/.search", huge)} {
			r.Fails(413, "")
			require.Regexp(c.T, `[0-9]{5,}`, r.String("detail"))
		}
		c.Default.Get("/Users").Total(1)
	}},
	{"E-14 I-1", "501 for features that are not supported", func(c *Case) {
		c.Default.Get("/Me").Fails(501, "")
	}},
	{"E-15", "invalidFilter in GET, .search and the path of a PATCH", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"emails":[{"value":"a@x.example"}]`)
			c.Filter("/Users", `userName regex "x"`).Fails(400, "invalidFilter")
			c.Post("/Users/.search", Search(`"filter":"active gt true"`)).Fails(400, "invalidFilter")
			for _, p := range []string{`emails[nope eq "x"].value`, `emails[type gt true].value`, `emails[primary gt true].value`} {
				c.Patch(path, `{"op":"replace","path":`+quote(p)+`,"value":"x"}`).Fails(400, "invalidFilter")
			}
		})
	}},
	{"E-18 P-14", "mutability for attributes that a client may not change", func(c *Case) {
		c.Both(func(c *Client) {
			u := c.NewUser("u")
			for _, p := range []string{"id", "meta", "meta.created", "groups", "groups.value"} {
				c.Patch(u, `{"op":"replace","path":"`+p+`","value":"x"}`).Fails(400, "mutability")
				c.Patch(u, `{"op":"remove","path":"`+p+`"}`).Fails(400, "mutability")
			}
			c.Patch(u, `{"op":"remove","path":"userName"}`).Fails(400, "mutability")
		})
	}},
	{"E-19", "invalidSyntax for the structure of POST, PUT, PATCH and .search", func(c *Case) {
		c.strictly(func(c *Client) {
			path := c.NewUser("u")
			c.Post("/Users", `{"userName":"x"}`).Fails(400, "invalidSyntax")
			c.Put(path, `{"userName":"x"}`).Fails(400, "invalidSyntax")
			c.Post("/Users/.search", `{}`).Fails(400, "invalidSyntax")
			for _, body := range []string{`{}`, `[]`, `{"Operations":[]}`, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`, `{"schemas":["urn:x:y"],"Operations":[{"op":"add","path":"title","value":"x"}]}`,
				PatchOp(`5`), PatchOp(`null`), PatchOp(`[]`), `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":{}}`} {
				c.Do("PATCH", path, body).Fails(400, "invalidSyntax")
			}
		})
	}},
	{"E-20 P-5", "invalidPath for a path that is malformed or names no attribute", func(c *Case) {
		path := c.Default.NewUser("u")
		for _, p := range []string{"", " ", ".", "a b", "emails[", "emails]", "emails.value.x", "urn:x:y:z", "nope", "userName.x", "emails[type eq \"work\"]x", "emails[type eq \"work\"].", "$", "/userName", "userName,title", "*"} {
			for _, c := range []*Client{c.Default, c.Strict} {
				got := c.Patch(path, `{"op":"add","path":`+quote(p)+`,"value":"x"}`).Is(400)
				require.Contains(c.t, []any{"invalidPath", "invalidFilter"}, got.Value("scimType"), got.line)
			}
		}
		c.Strict.Patch(path, `{"op":"replace","path":"nope","value":"x"}`).Fails(400, "invalidPath")
		c.Strict.Patch(path, `{"op":"replace","path":"a b","value":"x"}`).Fails(400, "invalidPath")
	}},
	{"E-21 P-67 P-46", "noTarget for a filter without match and a remove without path", func(c *Case) {
		path := c.Strict.NewUser("u", `"emails":[{"value":"a@x.example","type":"home"}]`)
		c.Strict.Patch(path, `{"op":"replace","path":"emails[type eq \"work\"].value","value":"b@x.example"}`).Fails(400, "noTarget")
		c.Strict.Patch(path, `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"b@x.example"}}`).Fails(400, "noTarget")
		c.Strict.Patch(path, `{"op":"remove"}`).Fails(400, "noTarget")
		c.Default.Patch(path, `{"op":"remove"}`).Fails(400, "noTarget")
	}},
	{"E-22 T-1", "invalidValue for a value that is missing or of another type", func(c *Case) {
		c.strictly(func(c *Client) {
			path := c.NewUser("u")
			c.Get("/Users?count=x").Fails(400, "invalidValue")
			c.Post("/Users", `{`+schemas(user)+`}`).Fails(400, "invalidValue")
			for _, member := range []string{`"userName":5`, `"userName":{}`, `"active":"maybe"`, `"emails":5`, `"name":"x y"`, `"title":["a","b"]`, `"externalId":true`, `"emails":[{"value":5}]`, `"emails":[{"primary":"x"}]`} {
				if strings.Contains(member, "userName") {
					c.Post("/Users", `{`+schemas(user)+`,`+member+`}`).Fails(400, "invalidValue")
					continue
				}
				c.Post("/Users", User("x", member)).Fails(400, "invalidValue")
				c.Put(path, User("u", member)).Fails(400, "invalidValue")
				c.Patch(path, `{"op":"add","value":{`+member+`}}`).Fails(400, "invalidValue")
			}
		})
	}},
	{"E-23 H-10", "invalidVers for another version of the protocol; v2 in the path is this one", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for _, v := range []string{"/v1", "/v3", "/v1.1", "/v2.1", "/v0", "/v20"} {
				for _, p := range []string{"/Users", path, "/Nope", "/ServiceProviderConfig", ""} {
					c.Get(v+p).Fails(400, "invalidVers")
				}
				c.Post(v+"/Users", User("v")).Fails(400, "invalidVers")
			}
			c.Get("/v2" + path).Is(200)
			c.Get("/v2/Users").Total(1)
			c.Get("/v").Fails(404, "")
			c.Get("/vx/Users").Fails(404, "")
		})
	}},
}

package scimtest

import (
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/stretchr/testify/require"
)

const patchOp, searchRequest = "urn:ietf:params:scim:api:messages:2.0:PatchOp", "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

// bodies sends body to every endpoint that accepts one, and returns the replies.
func (c *Client) bodies(path string, body any, headers ...string) []*Reply {
	c.t.Helper()
	return []*Reply{
		c.Post("/Users", body, headers...), c.Put(path, body, headers...), c.Do("PATCH", path, body, headers...),
		c.Post("/Users/.search", body, headers...), c.Post("/.search", body, headers...), c.Post("/Groups", body, headers...),
	}
}

var httpMedia = []row{
	{"H-1", "a body that is not UTF-8 is invalidSyntax", func(c *Case) {
		c.Both(func(c *Client) {
			c.keeps([]string{`"nickName":"żółw 亀"`}, "nickName", `"żółw 亀"`)
			path := c.NewUser("u")
			for _, text := range []string{"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "J\xfcrgen"} {
				c.refuses("invalidSyntax", `"nickName":"`+text+`"`)
				c.refuses("invalidSyntax", `"nick`+text+`Name":"x"`)
				c.Patch(path, `{"op":"replace","path":"title","value":"`+text+`"}`).Fails(400, "invalidSyntax")
				c.Post("/.search", `{"schemas":["`+searchRequest+`"],"filter":"`+text+`"}`).Fails(400, "invalidSyntax")
			}
			for _, text := range []string{`\ud800`, `\udc00\ud800`, `\ud800x`, `\u12`, `\x41`, `\`} {
				c.refuses("invalidSyntax", `"nickName":"`+text+`"`)
			}
		})
	}},
	{"H-2 H-3 H-4", "the response is application/scim+json, or application/json if that was asked for", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for accept, want := range map[string]string{
				"": "application/scim+json", "*/*": "application/scim+json", "application/scim+json": "application/scim+json", "application/*": "application/scim+json",
				"application/json": "application/json", "application/json; charset=utf-8": "application/json", "Application/JSON": "application/json",
				"application/scim+json, application/json;q=0.9": "application/scim+json", "application/scim+json;q=0.1, application/json;q=0.9": "application/json",
				"application/scim+json;q=0, application/json": "application/json", "application/json;q=0": "application/scim+json", "application/json, text/plain, */*": "application/json",
				"application/jsonp": "application/scim+json", strings.Repeat("a/b,", 31) + "application/json": "application/json", strings.Repeat("a/b,", 32) + "application/json": "application/scim+json", "text/application/json": "application/scim+json", ",;q=1,": "application/scim+json",
			} {
				for _, p := range []string{path, "/Users", "/Schemas", "/ServiceProviderConfig", "/Users/nope", "/Nope", "/Users?filter=x"} {
					r := c.Get(p, "Accept: "+accept)
					require.Equal(c.t, want, strings.Split(r.Header.Get("Content-Type"), ";")[0], "%s %s", p, accept)
					require.Equal(c.t, "Accept", r.Header.Get("Vary"), "%s %s", p, accept)
				}
				require.Equal(c.t, want, c.Post("/Users", "{", "Accept: "+accept).Header.Get("Content-Type"))
			}
		})
	}},
	{"H-4", "a 204 has no body, and the Content-Type of other responses (SCIM-SDK)", func(c *Case) {
		c.Both(func(c *Client) {
			for accept, want := range map[string]string{"": "application/scim+json", "application/json": "application/json"} {
				member := c.NewUser("u")
				group := c.NewGroup("g", `"members":`+refs(member))
				for _, r := range []*Reply{
					c.Do("PATCH", group, PatchOp(remove("members")), "Accept: "+accept).Is(204),
					c.Do("DELETE", member, nil, "Accept: "+accept).Is(204),
				} {
					require.Empty(c.t, r.Text)
					require.Equal(c.t, want, r.Header.Get("Content-Type"))
					require.Equal(c.t, "Accept", r.Header.Get("Vary"))
				}
			}
		})
	}},
	{"H-5", "a body is application/scim+json or application/json in UTF-8, and no other type", func(c *Case) {
		c.Both(func(c *Client) {
			for i, value := range []string{"application/scim+json", "application/json", "application/scim+json; charset=utf-8", "application/json;charset=UTF-8", "APPLICATION/SCIM+JSON", `application/scim+json; charset="utf-8"`, "application/json; odata=verbose", ""} {
				c.Post("/Users", User(fmt.Sprint("u", i)), "Content-Type: "+value).Is(201)
			}
			path := c.NewUser("u")
			for _, value := range []string{"text/xml", "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/merge-patch+json", "application/json; charset=iso-8859-1", "nonsense", "application/json;;", "*/*"} {
				for _, r := range c.bodies(path, User("v"), "Content-Type: "+value) {
					r.Fails(415, "")
				}
			}
			for _, r := range c.bodies(path, User("v"), "Content-Encoding: gzip") {
				r.Fails(415, "")
			}
			c.Get(path, "Content-Type: text/xml").Is(200)
			c.Delete(path, "Content-Type: text/xml").Is(204)
		})
	}},
	{"H-6", "other formats are not supported: Accept is answered in the default format, a suffix names no resource", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for _, accept := range []string{"text/html", "application/xml", "nonsense", "application/json;q=0", ",,;"} {
				require.Contains(c.t, c.Get(path, "Accept: "+accept).Is(200).Header.Get("Content-Type"), "json")
			}
			for _, p := range []string{path + ".scim", path + ".json", "/Users.scim", "/Users.json"} {
				c.Get(p).Fails(404, "")
			}
		})
	}},
	{"H-12", "a body that is not a JSON object is invalidSyntax", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"title":"t"`)
			before := c.Get("/").Text
			whole := User("v")
			for _, body := range []string{"", " ", "{", "}", "[]", "[" + whole + "]", "null", "true", "5", `"x"`, whole + "x", whole + whole, whole + "]", "{,}", `{"a":1,}`, `{'a':1}`, `{a:1}`, `{"a" 1}`,
				"userName=v", "<User/>", whole[:len(whole)-1], strings.Replace(whole, `"v"`, `"v`, 1), strings.Replace(whole, `"v"`, `NaN`, 1), strings.Replace(whole, `"v"`, `01`, 1), strings.Replace(whole, `"v"`, `+1`, 1),
				strings.Replace(whole, `"v"`, "\"a\nb\"", 1), "/* c */" + whole, "\x00", "\x00\x00" + whole} {
				for _, r := range c.bodies(path, body) {
					r.Fails(400, "invalidSyntax")
				}
			}
			for _, r := range c.bodies(path, nil) {
				r.Fails(400, "invalidSyntax")
			}
			require.Equal(c.t, before, c.Get("/").Text)
		})
	}},
	{"H-12", "a member named twice, in any case, is invalidSyntax", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for _, member := range []string{`"userName":"w"`, `"USERNAME":"w"`, `"title":"a","title":"a"`, `"title":"a","Title":"b"`, `"name":{"givenName":"a","GIVENNAME":"b"}`,
				`"emails":[{"value":"a","VALUE":"b"}]`, enterprise(`"division":"a"`) + "," + quote(strings.ToUpper(ent)) + `:{"division":"b"}`, `"\u0074itle":"a","title":"b"`, `"unheardOf":1,"unheardOf":2`} {
				c.Post("/Users", User("v", member)).Fails(400, "invalidSyntax")
				c.Put(path, User("v", member)).Fails(400, "invalidSyntax")
			}
			c.Do("PATCH", path, `{"schemas":["`+patchOp+`"],"Operations":[],"operations":[{"op":"add","path":"title","value":"x"}]}`).Fails(400, "invalidSyntax")
			c.Patch(path, `{"op":"add","OP":"remove","path":"title","value":"x"}`).Fails(400, "invalidSyntax")
			c.Patch(path, `{"op":"add","value":{"title":"x","TITLE":"y"}}`).Fails(400, "invalidSyntax")
			c.Post("/.search", `{"schemas":["`+searchRequest+`"],"filter":"id pr","FILTER":"userName pr"}`).Fails(400, "invalidSyntax")
		})
	}},
	{"H-16", "a message names its schema", func(c *Case) {
		c.strictly(func(c *Client) {
			path := c.NewUser("u")
			op, filter := `"Operations":[{"op":"add","path":"title","value":"x"}]`, `"filter":"id pr"`
			for _, s := range []string{``, `"schemas":[],`, `"schemas":null,`, `"schemas":"` + patchOp + `",`, `"schemas":["` + user + `"],`, `"schemas":["PatchOp"],`, `"schemas":[5],`, `"schemas":{},`, `"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],`} {
				c.Do("PATCH", path, "{"+s+op+"}").Fails(400, "invalidSyntax")
				c.Post("/Users/.search", "{"+s+filter+"}").Fails(400, "invalidSyntax")
				c.Post("/.search", "{"+s+filter+"}").Fails(400, "invalidSyntax")
			}
			c.Do("PATCH", path, `{"schemas":["`+searchRequest+`"],`+op+"}").Fails(400, "invalidSyntax")
			c.Post("/.search", `{"schemas":["`+patchOp+`"],`+filter+"}").Fails(400, "invalidSyntax")
			c.Do("PATCH", path, `{"schemas":["`+strings.ToUpper(patchOp)+`"],`+op+"}").Is(200)
			c.Get(path).Has("title", `"x"`)
		})
	}},
}

var httpNotation = []row{
	{"H-8", "URLs are percent-encoded", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("a&b+c d%")
			for _, q := range []string{"filter=userName%20eq%20%22a%26b%2Bc%20d%25%22", "filter=userName+eq+%22a%26b%2Bc+d%25%22", "%66ilter=userName%20eq%20%22a%26b%2bc%20d%25%22"} {
				c.Get("/Users?"+q).Total(1).Has("Resources[0].id", quote(ID(path)))
			}
			c.NewUser("x;y=z,/?:@!$'()*")
			c.Get("/Users?filter=userName%20eq%20%22x;y=z,/?:@!$'()*%22").Total(1)
			encoded := ""
			for _, b := range []byte(ID(path)) {
				encoded += fmt.Sprintf("%%%02x", b)
			}
			c.Get("/Users/"+encoded).Is(200).Has("id", quote(ID(path)))
			c.Get("/%55sers/" + ID(path)).Is(200)
			for _, q := range []string{"filter=%zz", "filter=%", "attributes=%e", "%zz=1"} {
				c.Get("/Users?"+q).Fails(400, "invalidValue")
			}
			c.Get("/Users?filter=userName eq \"\xff\"").Fails(400, "invalidFilter")
			for _, id := range []string{"%ff", "%00", "a%00b", "%c3%28", "%2e%2e%2fGroups", "%20", "%e2%80%ae", "a%2fb", strings.Repeat("x", 5000)} {
				c.Get("/Users/"+id).Fails(404, "")
				c.Delete("/Users/"+id).Fails(404, "")
				c.Put("/Users/"+id, User("x")).Fails(404, "")
				c.Patch("/Users/"+id, `{"op":"add","path":"title","value":"x"}`).Fails(404, "")
			}
		})
	}},
	{"H-11", "unknown query parameters are ignored", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for _, q := range []string{"?foo=bar", "?foo", "?=", "?a=1&a=2", "?$filter=x", "?foo[]=1", "?&&", "?filters=((", "?_=1"} {
				c.Get("/Users" + q).Total(1)
				require.JSONEq(c.t, c.Get(path).Text, c.Get(path+q).Is(200).Text)
				c.Put(path+q, User("u")).Is(200)
				c.Do("PATCH", path+q, PatchOp(`{"op":"add","path":"title","value":"x"}`)).Is(200)
				c.Delete("/Users/" + c.Post("/Users"+q, User("v")).Is(201).String("id") + q).Is(204)
			}
		})
	}},
	{"H-13 H-14 H-15", "an attribute is named with or without the core URN, in any case; an extension's with its URN", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", `"name":{"givenName":"g"}`, enterprise(`"department":"d"`, `"manager":{"value":"m"}`))
			for _, name := range []string{"name.givenName", "NAME.GIVENNAME", user + ":name.givenName", strings.ToUpper(user) + ":Name.GivenName"} {
				c.Filter("/Users", name+` eq "G"`).Total(1)
				c.Filter("/", name+` eq "g"`).Total(1)
				c.Get("/Users?sortBy=" + name).Total(1)
				c.Get(path+"?attributes="+name).Is(200).Only("id", "name", "schemas")
				c.Get(path+"?excludedAttributes="+name).Is(200).Has("name", "")
				c.Patch(path, `{"op":"replace","path":"`+name+`","value":"x"}`).Is(200).Has("name.givenName", `"x"`)
				c.Patch(path, `{"op":"replace","path":"`+name+`","value":"g"}`).Is(200).Has("name.givenName", `"g"`)
			}
			for _, name := range []string{ent + ":department", strings.ToUpper(ent) + ":DEPARTMENT"} {
				c.Filter("/Users", name+` eq "D"`).Total(1)
				c.Filter("/", name+` eq "d"`).Total(1)
				c.Get("/Users?sortBy=" + name).Total(1)
				c.Get(path+"?attributes="+name).Is(200).Has(enterprisePath("department"), `"d"`, enterprisePath("manager"), "", "name", "")
				c.Get(path+"?excludedAttributes="+name).Is(200).Has(enterprisePath("department"), "", enterprisePath("manager.value"), `"m"`)
				c.Patch(path, `{"op":"replace","path":"`+name+`","value":"d"}`).Is(200).Has(enterprisePath("department"), `"d"`)
			}
			c.Filter("/Users", ent+`:manager.value eq "m"`).Total(1)
			c.Get(path+"?attributes="+ent).Is(200).Has(enterprisePath("department"), `"d"`, enterprisePath("manager.value"), `"m"`, "name", "")
			c.Get(path+"?excludedAttributes="+ent).Is(200).Has("['"+ent+"']", "", "name.givenName", `"g"`)
		})
	}},
	{"H-15", "an extension attribute needs its URN for the strict client, and by default only where its name is ambiguous", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u", enterprise(`"department":"d"`))
			for _, name := range []string{user + ":department", ent + ":userName", grp + ":displayName", "urn:x:y:department", ent + ":", ":department", "urn"} {
				c.Filter("/Users", name+` eq "d"`).Fails(400, "invalidFilter")
				c.Get("/Users?sortBy="+name).Fails(400, "invalidValue")
				if name == ent+":userName" && !c.isStrict() {
					continue // the default ignores an attribute that the extension lacks
				}
				c.Patch(path, `{"op":"replace","path":"`+name+`","value":"x"}`).Fails(400, "invalidPath")
			}
			c.Get(path).Has(enterprisePath("department"), `"d"`)
		})
		path := c.Default.NewUser("bare", enterprise(`"department":"d"`))
		c.Default.Get(path+"?attributes=department,title").Is(200).Has(enterprisePath("department"), `"d"`, "userName", "")
		c.Default.Get(path+"?excludedAttributes=Department").Is(200).Has(enterprisePath("department"), "", "userName", `"bare"`)
		c.Default.Filter("/Users?sortBy=department", `userName eq "bare" and department eq "D"`).Total(1)
		c.Default.Filter("/", `department eq "D" and manager.value pr`).Total(0)
		c.Strict.Filter("/Users", `department eq "D"`).Fails(400, "invalidFilter")
		c.Strict.Get("/Users?sortBy=department").Fails(400, "invalidValue")
		c.Strict.Patch(path, `{"op":"replace","path":"department","value":"x"}`).Fails(400, "invalidPath")
		c.Strict.Get(path+"?attributes=department,userName").Fails(400, "invalidValue")
		c.Strict.Get("/Users?excludedAttributes=department").Fails(400, "invalidValue")
	}},
}

var httpEndpoints = []row{
	{"H-9 H-10", "v2 may stand before the endpoint, another version is invalidVers, and v2 elsewhere is not a version", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for _, p := range []string{path, "/Users?filter=userName pr", "/Schemas/" + user, "/ResourceTypes/User", "/ServiceProviderConfig", "/"} {
				require.JSONEq(c.t, c.Get(p).Is(200).Text, c.Get("/v2"+p).Is(200).Text)
			}
			c.Post("/v2/Users", User("v")).Is(201)
			c.Post("/v2/Users/.search", `{"schemas":["`+searchRequest+`"],"filter":"userName eq \"v\""}`).Total(1)
			for _, v := range []string{"v1", "v9", "v3", "v10", "v2.1", "v0"} {
				for _, p := range []string{"/Users", path, "/Nope", "", "/Schemas"} {
					c.Get("/"+v+p).Fails(400, "invalidVers")
				}
				c.Post("/"+v+"/Users", User("w")).Fails(400, "invalidVers")
			}
			for _, p := range []string{"/Users/v2", "/Users/v2/" + ID(path), "/v2/v2/Users", "/V2/Users", "/v/Users", "/version/Users"} {
				c.Get(p).Fails(404, "")
			}
			c.Get("/Users").Total(2)
		})
	}},
	{"H-17", "an unknown endpoint is 404", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for _, p := range []string{"/Nope", "/Nope/1", "/users", "/USERS", "/User", "/Users/x/y", path + "/emails", path + "/.search", "/.search/x", "/Me/x", "/Bulk/x", "/Schema", "/ServiceProviderConfig/User", "/Users//x", "/scim/v2/Users", "/%2e%2e/Users", "/.well-known", "/Users%2f" + ID(path)} {
				for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
					c.Do(method, p, nil).Fails(404, "")
				}
				c.Do("HEAD", p, nil).Is(404)
			}
			r := httptest.NewRequest("OPTIONS", "*", nil)
			r.Header.Set("Authorization", "Bearer "+c.token)
			w := httptest.NewRecorder()
			c.handler.ServeHTTP(w, r)
			require.Equal(c.t, 404, w.Code)
			for _, p := range []string{"/Users/", "/Groups/", "/Schemas/", "/ServiceProviderConfig/", path + "/", "//Users"} {
				c.Get(p).Is(200)
			}
		})
	}},
	{"H-18", "a method that the endpoint does not support is 405 with Allow, an unknown method 501", func(c *Case) {
		c.Both(func(c *Client) {
			path, group := c.NewUser("u"), c.NewGroup("g")
			for p, allowed := range map[string]string{"/Users": "GET POST", "/Groups": "GET POST", path: "GET PUT PATCH DELETE", group: "GET PUT PATCH DELETE", "/Users/.search": "POST", "/Groups/.search": "POST", "/.search": "POST", "/": "GET", "/Bulk": "POST"} {
				for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} {
					if strings.Contains(allowed, method) {
						continue
					}
					r := c.Do(method, p, User("u"))
					r.Fails(405, "")
					for _, one := range strings.Fields(allowed) {
						require.Contains(c.t, r.Header.Get("Allow"), one, r.line)
					}
					require.NotContains(c.t, r.Header.Get("Allow"), method, r.line)
				}
				c.Do("BREW", p, nil).Fails(501, "")
				c.Do("get", p, nil).Fails(501, "")
			}
			c.Get(path).Is(200)
		})
		anonymous := &Client{t: c.T, handler: c.handler}
		anonymous.Do("BREW", "/Users", nil).Fails(401, "")
		anonymous.Do("PUT", "/Users", nil).Fails(401, "")
	}},
	{"H-18", "OPTIONS is 204 with the methods of the path in Allow", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for p, want := range map[string]string{
				"/Users": "GET, HEAD, OPTIONS, POST", "/Groups?count=1": "GET, HEAD, OPTIONS, POST",
				path: "DELETE, GET, HEAD, OPTIONS, PATCH, PUT", "/Users/none": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
				"/": "GET, HEAD, OPTIONS", "/.search": "OPTIONS, POST", "/Users/.search": "OPTIONS, POST", "/Bulk": "OPTIONS, POST",
				"/ServiceProviderConfig": "GET, HEAD, OPTIONS", "/ResourceTypes/User": "GET, HEAD, OPTIONS", "/Schemas": "GET, HEAD, OPTIONS",
			} {
				got := c.Do("OPTIONS", p, nil).Is(204)
				require.Equal(c.t, want, got.Header.Get("Allow"), p)
				require.Equal(c.t, strings.Contains(want, "PATCH"), got.Header.Get("Accept-Patch") != "", p)
				require.Empty(c.t, got.Text)
			}
			c.Do("OPTIONS", "/nowhere", nil).Fails(404, "")
			c.Do("OPTIONS", "/Me", nil).Fails(501, "")
		})
		anonymous := &Client{t: c.T, handler: c.handler}
		anonymous.Do("OPTIONS", "/Users", nil).Fails(401, "")
		anonymous.Do("OPTIONS", "/ServiceProviderConfig", nil).Is(204)
	}},
	{"H-18 R-1", "HEAD is GET without the body", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("u")
			for _, p := range []string{path, "/Users", "/", "/Schemas", "/ServiceProviderConfig", path + "?attributes=userName", "/Users?filter=userName eq \"u\""} {
				get, head := c.Get(p).Is(200), c.Do("HEAD", p, nil).Is(200)
				require.Equal(c.t, get.Header, head.Header)
				require.Empty(c.t, head.Text)
			}
			require.Empty(c.t, c.Do("HEAD", "/nowhere", nil).Is(404).Text)
			c.Do("HEAD", "/Users/nope", nil).Is(404)
			c.Do("HEAD", "/Users?filter=(", nil).Is(400)
			c.Do("HEAD", "/.search", nil).Is(405)
		})
	}},
	{"H-19", "every endpoint of the protocol exists, supported or not", func(c *Case) {
		c.Both(func(c *Client) {
			for _, p := range []string{"/Users", "/Groups", "/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/"} {
				c.Get(p).Is(200)
			}
			for _, p := range []string{"/.search", "/Users/.search", "/Groups/.search"} {
				c.Post(p, `{"schemas":["`+searchRequest+`"]}`).Is(200)
			}
			for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
				require.NotEqual(c.t, 404, c.Do(method, "/Me", "{}").Is(501).Status)
			}
			require.Contains(c.t, []int{400, 501}, c.Post("/Bulk", `{}`).Status)
		})
	}},
}

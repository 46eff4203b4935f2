package scimtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

var discoveryConfig = []row{
	{"D-1 D-21", "ServiceProviderConfig is one object at a singular endpoint", func(c *Case) {
		c.Both(func(c *Client) {
			c.Get("/ServiceProviderConfig").Is(200).Has("schemas", `["`+schema.ServiceProviderConfigURI+`"]`, "Resources", "", "totalResults", "",
				"meta.resourceType", `"ServiceProviderConfig"`, "meta.location", quote(BaseURL+"/ServiceProviderConfig"))
			c.Get("/ServiceProviderConfigs").Fails(404, "")
			c.Get("/ServiceProviderConfig/x").Fails(404, "")
		})
	}},
	{"D-2", "every required attribute of ServiceProviderConfig is present with its type", func(c *Case) {
		r := c.Default.Get("/ServiceProviderConfig").Is(200)
		for _, name := range []string{"patch", "bulk", "filter", "changePassword", "sort", "etag"} {
			require.IsType(c, true, r.Value(name+".supported"), name)
		}
		for _, name := range []string{"bulk.maxOperations", "bulk.maxPayloadSize", "filter.maxResults"} {
			n, ok := r.Value(name).(json.Number)
			require.True(c, ok, name)
			_, err := n.Int64()
			require.NoError(c, err, name)
		}
		list, ok := r.Value("authenticationSchemes").([]any)
		require.True(c, ok)
		for i := range list {
			for _, name := range []string{"type", "name", "description"} {
				require.NotEmpty(c, r.String(fmt.Sprintf("authenticationSchemes[%d].%s", i, name)))
			}
		}
		require.NotContains(c, r.Text, "null")
	}},
	{"D-3", "the discovery endpoints support GET, HEAD and OPTIONS only", func(c *Case) {
		c.Both(func(c *Client) {
			for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas", "/Schemas/" + user} {
				for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "TRACE"} {
					for _, body := range []any{nil, `{}`, User("u")} {
						r := c.Do(method, path, body)
						r.Fails(405, "")
						require.Contains(c.t, r.Header.Get("Allow"), "GET", r.line)
					}
				}
				require.Equal(c.t, c.Get(path).Is(200).Header.Get("Content-Length"), c.Do("HEAD", path, nil).Is(200).Header.Get("Content-Length"))
			}
		})
	}},
	{"D-4", "a probe of each feature finds what is announced", func(c *Case) {
		c.Both(func(c *Client) { require.Empty(c.t, c.probe(false)) })
	}},
	{"D-4 B-24 G-6 Q-10", "a probe finds the announced sizes of pages and bulk requests", func(c *Case) {
		c.slow()
		require.Empty(c, c.Default.probe(true))
	}},
	{"D-5", "authenticationSchemes is readable without authentication, and nothing else is", func(c *Case) {
		anonymous := &Client{t: c.T, handler: c.handler}
		require.JSONEq(c, c.Default.Get("/ServiceProviderConfig").Text, anonymous.Get("/ServiceProviderConfig").Is(200).Text)
		for _, path := range []string{"/Schemas", "/ResourceTypes", "/Users", "/Groups", "/", "/Nope", "/Me"} {
			anonymous.Get(path).Fails(401, "")
		}
		anonymous.Do("POST", "/ServiceProviderConfig", "{}").Fails(405, "")
		anonymous.Get("/ServiceProviderConfig?filter=patch pr").Fails(403, "")
	}},
	{"D-6", "authentication schemes are of the RFC's types", func(c *Case) {
		r := c.Default.Get("/ServiceProviderConfig")
		list, _ := r.Value("authenticationSchemes").([]any)
		for i := range list {
			require.Contains(c, []string{"oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"}, r.String(fmt.Sprintf("authenticationSchemes[%d].type", i)))
		}
	}},
}

var discoverySchemas = []row{
	{"D-7", "Schemas is one list of all schemas", func(c *Case) {
		c.Both(func(c *Client) {
			r := c.Get("/Schemas").Is(200)
			ids := r.Strings("id")
			r.Total(len(ids)).Has("itemsPerPage", fmt.Sprint(len(ids)), "startIndex", "1")
			for _, uri := range []string{user, grp, ent, schema.ServiceProviderConfigURI, schema.ResourceTypeURI, schema.SchemaURI} {
				require.Contains(c.t, ids, uri)
			}
			require.Len(c.t, slices.Compact(slices.Sorted(slices.Values(ids))), len(ids))
		})
	}},
	{"D-8", "one schema is a plain object, the same as in the list; an unknown one is 404", func(c *Case) {
		c.Both(func(c *Client) {
			list := c.Get("/Schemas")
			all := list.Value("Resources").([]any)
			for i, one := range all {
				text, _ := json.Marshal(one)
				r := c.Get("/Schemas/" + list.String(fmt.Sprintf("Resources[%d].id", i))).Is(200)
				require.JSONEq(c.t, string(text), r.Text)
			}
			require.Equal(c.t, c.Get("/Schemas/"+user).Text, c.Get("/Schemas/"+strings.ReplaceAll(user, ":", "%3A")).Is(200).Text)
			for _, id := range []string{"x", user + "x", "User", "urn:x:y", "%00", "%ff", user + "/attributes", "%22", "..%2f"} {
				c.Get("/Schemas/"+id).Fails(404, "")
			}
		})
	}},
	{"D-9", "a schema carries its URI as id, name, attributes and meta", func(c *Case) {
		r := c.Default.Get("/Schemas")
		for i, id := range r.Strings("id") {
			one := fmt.Sprintf("Resources[%d].", i)
			r.Has(one+"schemas", `["`+schema.SchemaURI+`"]`, one+"meta.resourceType", `"Schema"`, one+"meta.location", quote(BaseURL+"/Schemas/"+id))
			require.NotEmpty(c, r.String(one+"name"))
			require.NotEmpty(c, r.String(one+"description"))
			require.NotEmpty(c, r.Value(one+"attributes"))
			c.Default.Get(Path(r.String(one+"meta.location"))).Is(200).Has("id", quote(id))
		}
	}},
	{"D-10 D-16", "every schema that a resource type uses is published", func(c *Case) {
		r := c.Default.Get("/ResourceTypes")
		for i, id := range r.Strings("schema") {
			c.Default.Get("/Schemas/"+id).Is(200).Has("id", quote(id))
			list, _ := r.Value(fmt.Sprintf("Resources[%d].schemaExtensions", i)).([]any)
			for j := range list {
				id := r.String(fmt.Sprintf("Resources[%d].schemaExtensions[%d].schema", i, j))
				c.Default.Get("/Schemas/"+id).Is(200).Has("id", quote(id))
			}
		}
		c.Default.NewUser("u", enterprise(`"division":"d"`))
		for _, uri := range c.Default.Get("/Users").Value("Resources[0].schemas").([]any) {
			c.Default.Get("/Schemas/" + uri.(string)).Is(200)
		}
	}},
	{"D-11 A-1", "every attribute definition is complete", func(c *Case) {
		for _, a := range c.Default.attributes(c.Default.Get("/Schemas").Strings("id")...) {
			v := a.value
			for _, name := range []string{"name", "type", "description", "mutability", "returned"} {
				require.IsType(c, "", v[name], "%s.%s", a.path, name)
			}
			require.NotEmpty(c, v["name"], a.path)
			for _, name := range []string{"multiValued", "required"} {
				require.IsType(c, true, v[name], "%s.%s", a.path, name)
			}
			require.Contains(c, []any{"string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"}, v["type"], a.path)
			require.Contains(c, []any{"readOnly", "readWrite", "immutable", "writeOnly"}, v["mutability"], a.path)
			require.Contains(c, []any{"always", "never", "default", "request"}, v["returned"], a.path)
			if v["type"] == "string" {
				require.IsType(c, true, v["caseExact"], a.path)
				require.Contains(c, []any{"none", "server", "global"}, v["uniqueness"], a.path)
			}
			if v["type"] == "complex" {
				require.NotEmpty(c, v["subAttributes"], a.path)
			}
			for _, name := range []string{"canonicalValues", "referenceTypes", "subAttributes"} {
				if list, ok := v[name]; ok {
					require.IsType(c, []any{}, list, "%s.%s", a.path, name)
				}
			}
		}
		require.NotContains(c, c.Default.Get("/Schemas").Text, "null")
	}},
	{"D-12", "message schemas are not discoverable", func(c *Case) {
		require.NotContains(c, c.Default.Get("/Schemas").Text, `"id":"urn:ietf:params:scim:api:`)
		for _, name := range []string{"PatchOp", "Error", "ListResponse", "SearchRequest", "BulkRequest", "BulkResponse"} {
			c.Default.Get("/Schemas/urn:ietf:params:scim:api:messages:2.0:"+name).Fails(404, "")
		}
	}},
	{"D-22", "the published schemas carry the corrections of the errata", func(c *Case) {
		have := map[string]map[string]any{}
		for _, a := range c.Default.attributes(user, grp, ent) {
			have[a.path] = a.value
		}
		password := map[string]any{"mutability": nil, "returned": nil} // published only where it is kept
		if c.Default.Get("/ServiceProviderConfig").Is(200).Value("changePassword.supported") == true {
			password = map[string]any{"mutability": "writeOnly", "returned": "never"}
		}
		for path, want := range map[string]map[string]any{
			user + ":userName":               {"required": true, "uniqueness": "server", "caseExact": false},
			user + ":password":               password,
			user + ":profileUrl":             {"type": "reference", "caseExact": true},
			user + ":photos.value":           {"type": "reference", "caseExact": true},
			user + ":x509Certificates.value": {"type": "binary", "caseExact": true},
			user + ":emails.value":           {"type": "string", "mutability": "readWrite"},
			user + ":groups":                 {"mutability": "readOnly", "multiValued": true},
			user + ":groups.value":           {"mutability": "readOnly"},
			user + ":active":                 {"type": "boolean", "required": false},
			grp + ":displayName":             {"required": true},
			grp + ":members.value":           {"mutability": "immutable"},
			grp + ":members.$ref":            {"mutability": "immutable", "type": "reference"},
			ent + ":manager.displayName":     {"mutability": "readOnly"},
			ent + ":manager.value":           {"required": false},
			ent + ":manager.$ref":            {"type": "reference", "required": false},
		} {
			for name, value := range want {
				require.Equal(c, value, have[path][name], "%s.%s", path, name)
			}
		}
	}},
	{"D-19", "discovery ignores sorting, paging and projection", func(c *Case) {
		c.Both(func(c *Client) {
			for _, path := range []string{"/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Schemas/" + user, "/ResourceTypes/User"} {
				want := c.Get(path).Is(200).Text
				for _, q := range []string{"?count=1&startIndex=2&sortBy=id", "?count=0", "?count=x", "?startIndex=-1", "?sortOrder=sideways", "?attributes=id", "?excludedAttributes=attributes,schemas", "?attributes=a&excludedAttributes=b", "?foo=bar"} {
					require.JSONEq(c.t, want, c.Get(path+q).Is(200).Text, path+q)
				}
			}
		})
	}},
	{"D-20", "a filter on discovery is 403", func(c *Case) {
		c.Both(func(c *Client) {
			for _, path := range []string{"/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Schemas/" + user, "/ResourceTypes/User"} {
				for _, q := range []string{"?filter=id pr", "?filter=", "?filter=(((", "?FILTER=id pr", "?count=1&filter=name eq \"User\""} {
					c.Get(path+q).Fails(403, "")
				}
			}
		})
	}},
}

var discoveryTypes = []row{
	{"D-13", "ResourceTypes is one list of all types", func(c *Case) {
		c.Both(func(c *Client) {
			r := c.Get("/ResourceTypes").Is(200)
			names := r.Strings("name")
			require.Contains(c.t, names, "User")
			require.Contains(c.t, names, "Group")
			r.Total(len(names)).Has("itemsPerPage", fmt.Sprint(len(names)), "startIndex", "1")
		})
	}},
	{"D-14", "one resource type is found by its name, case-exact", func(c *Case) {
		c.Both(func(c *Client) {
			c.Get("/ResourceTypes/User").Is(200).Has("id", `"User"`, "name", `"User"`, "Resources", "")
			c.Get("/ResourceTypes/%55ser").Is(200).Has("id", `"User"`)
			for _, name := range []string{"user", "USER", "Users", "Nope", "%00", "%ff", "User/x", user} {
				c.Get("/ResourceTypes/"+name).Fails(404, "")
			}
		})
	}},
	{"D-15 D-18", "a resource type has name, endpoint, schema and extensions", func(c *Case) {
		r := c.Default.Get("/ResourceTypes")
		for i, name := range r.Strings("name") {
			one := fmt.Sprintf("Resources[%d].", i)
			r.Has(one+"schemas", `["`+schema.ResourceTypeURI+`"]`, one+"meta.resourceType", `"ResourceType"`, one+"meta.location", quote(BaseURL+"/ResourceTypes/"+name), one+"id", quote(name))
			require.True(c, strings.HasPrefix(r.String(one+"endpoint"), "/"))
			require.NotEmpty(c, r.String(one+"schema"))
			c.Default.Get(r.String(one + "endpoint")).Is(200)
			c.Default.Get(Path(r.String(one+"meta.location"))).Is(200).Has("name", quote(name))
		}
		c.Default.Get("/ResourceTypes/User").Has("endpoint", `"/Users"`, "schema", quote(user), "schemaExtensions", `[{"schema":"`+ent+`","required":false}]`)
		c.Default.Get("/ResourceTypes/Group").Has("endpoint", `"/Groups"`, "schema", quote(grp), "schemaExtensions", "")
	}},
	{"D-17", "names and endpoints of resource types are unique", func(c *Case) {
		r := c.Default.Get("/ResourceTypes")
		for _, member := range []string{"name", "endpoint", "schema"} {
			list := r.Strings(member)
			require.Len(c, slices.Compact(slices.Sorted(slices.Values(list))), len(list))
		}
	}},
}

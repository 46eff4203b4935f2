package scimtest_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
	"github.com/seed5f3efb56/scim/store/memstore"
)

func TestConformanceCustomTypes(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, deviceType(t, false))
	asset := func(members string) string {
		return `{"schemas":["` + deviceURI + `","` + assetURI + `"],"displayName":"core","` + assetURI + `":{` + members + `}}`
	}

	scimtest.Prove(t, "M-27", "id, externalId and meta belong to every type", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			made := c.Post("/Devices", device(`"externalId":"E"`)).Is(201)
			path := "/Devices/" + made.String("id")
			made.Has("externalId", `"E"`, "meta.resourceType", `"Device"`, "meta.location", `"`+scimtest.BaseURL+path+`"`, "schemas", `["`+deviceURI+`"]`)
			require.Equal(t, made.String("meta.created"), made.String("meta.lastModified"))
			for f, n := range map[string]int{`externalId eq "E"`: 1, `externalId eq "e"`: 0, `id eq "` + made.String("id") + `"`: 1, `meta.resourceType eq "Device"`: 1, `meta.created gt "2001-01-01T00:00:00Z"`: 1} {
				c.Filter("/Devices", f).Total(n)
			}
			c.Patch(path, `{"op":"remove","path":"externalId"}`).Is(200).Has("externalId", "")
			c.Patch(path, `{"op":"replace","path":"meta.created","value":"x"}`).Fails(400, "mutability")
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "M-12 M-22", "ids and types of several resource types stay apart", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			seen := map[string]bool{}
			for i, path := range []string{"/Users", "/Groups", "/Devices", "/Devices"} {
				body := []string{scimtest.User("u"), scimtest.Group("g"), device(``), device(``)}[i]
				r := c.Post(path, body).Is(201)
				require.False(t, seen[r.String("id")])
				seen[r.String("id")] = true
			}
			c.Filter("/", `meta.resourceType eq "Device"`).Total(2)
			c.Filter("/", `meta.resourceType eq "User"`).Total(1)
			for id := range seen {
				found := 0
				for _, endpoint := range []string{"/Users/", "/Groups/", "/Devices/"} {
					if c.Get(endpoint+id).Status == 200 {
						found++
						c.Delete(endpoint + id).Is(204)
					}
				}
				require.Equal(t, 1, found)
			}
		})
	})
	scimtest.Prove(t, "M-33 M-7", "an extension attribute with a core name stays in its own namespace", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			path := "/Devices/" + c.Post("/Devices", asset(`"owner":"o","displayName":"ext"`)).Is(201).String("id")
			is := func(core, ext string) {
				c.Get(path).Has("displayName", core, "['"+assetURI+"'].displayName", ext)
			}
			is(`"core"`, `"ext"`)
			c.Filter("/Devices", `displayName eq "core" and `+assetURI+`:displayName eq "ext" and `+deviceURI+`:displayName eq "core"`).Total(1)
			c.Filter("/Devices", assetURI+`:displayName eq "core"`).Total(0)
			c.Patch(path, `{"op":"replace","path":"`+assetURI+`:displayName","value":"e2"}`).Is(200)
			is(`"core"`, `"e2"`)
			c.Patch(path, `{"op":"replace","path":"displayName","value":"c2"}`).Is(200)
			is(`"c2"`, `"e2"`)
			c.Get(path+"?attributes="+assetURI+":displayName").Has("displayName", "", "['"+assetURI+"']", `{"displayName":"e2"}`)
			c.Get(path+"?excludedAttributes="+deviceURI+":displayName").Has("displayName", "", "['"+assetURI+"'].displayName", `"e2"`)
			c.Delete(path).Is(204)
		})
	})
	scimtest.Prove(t, "M-9", "an extension that is not required may be left out, but not its required attributes", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			c.Post("/Devices", device(``)).Is(201)
			c.Post("/Devices", asset(`"price":1.5`)).Fails(400, "invalidValue")
			c.Post("/Devices", asset(`"owner":"o"`)).Is(201)
		})
	})
	scimtest.Prove(t, "D-10 D-13 D-15 D-18", "a custom type and its schemas are published", func(t *testing.T) {
		c := s.lenient(t)
		c.Get("/ResourceTypes").Total(3)
		c.Get("/ResourceTypes/Device").Is(200).Has("endpoint", `"/Devices"`, "schema", `"`+deviceURI+`"`, "schemaExtensions", `[{"schema":"`+assetURI+`","required":false}]`)
		for _, uri := range []string{deviceURI, assetURI} {
			c.Get("/Schemas/"+uri).Is(200).Has("id", `"`+uri+`"`)
		}
		require.Contains(t, c.Get("/Schemas").Strings("id"), assetURI)
	})
	scimtest.Prove(t, "H-19", "a custom type has all endpoints", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			c.Post("/Devices/.search", search).Is(200)
			c.Do("PUT", "/Devices", nil).Fails(405, "")
		})
	})
}

func TestConformanceRequiredExtension(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, deviceType(t, true))

	scimtest.Prove(t, "M-9", "a required extension is in every resource, with its required attributes", func(t *testing.T) {
		s.both(t, func(c *scimtest.Client) {
			ext := `"` + assetURI + `":`
			for _, members := range []string{``, ext + `null`, ext + `{}`, ext + `{"price":1}`, ext + `{"owner":null}`, ext + `{"owner":" "}`} {
				c.Post("/Devices", device(members)).Fails(400, "invalidValue")
			}
			made := c.Post("/Devices", device(ext+`{"owner":"o","price":1.5}`)).Is(201)
			path := "/Devices/" + made.String("id")
			made.Has("schemas", `["`+deviceURI+`","`+assetURI+`"]`)
			c.Put(path, device(``)).Fails(400, "invalidValue")
			for _, op := range []string{`{"op":"remove","path":"` + assetURI + `"}`, `{"op":"remove","path":"` + assetURI + `:owner"}`} {
				c.Patch(path, op).Fails(400, "mutability")
			}
			c.Patch(path, `{"op":"replace","path":"`+assetURI+`","value":null}`).Fails(400, "invalidValue")
			c.Patch(path, `{"op":"remove","path":"`+assetURI+`:price"}`).Is(200).Has("schemas[1]", `"`+assetURI+`"`)
		})
		s.lenient(t).Get("/ResourceTypes/Device").Has("schemaExtensions[0].required", "true")
	})
}

func TestConformanceIDs(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "M-15", "an id that contains bulkId is never published", func(t *testing.T) {
		for _, id := range []string{"bulkId", "bulkId:1", "x-bulkId-y", "", ".search", ".."} {
			s := serve(t, func(cfg *scim.Config) { cfg.NewID = func() string { return id } })
			s.both(t, func(c *scimtest.Client) {
				r := c.Post("/Users", scimtest.User("u"))
				r.Fails(500, "")
				require.NotContains(t, r.Text, "bulkId")
				c.Get("/Users").Total(0)
			})
		}
	})
	scimtest.Prove(t, "H-8", "an id with reserved characters is encoded in the location and decoded from it", func(t *testing.T) {
		for i, id := range []string{"a b", "a/b", "a?b#c", "100%", "a%2Fb", "ü", "a+b", "a;b=c", "...", `"'<>`, "a:b@c", "v2"} {
			s := serve(t, func(cfg *scim.Config) { cfg.NewID = func() string { return id } })
			c := s.lenient(t)
			location := c.Post("/Users", scimtest.User("u")).Is(201).String("meta.location")
			c.Get(scimtest.Path(location)).Is(200).Has("id", `"`+strings.ReplaceAll(id, `"`, `\"`)+`"`)
			require.NotContains(t, location, " ", i)
			c.Put(scimtest.Path(location), scimtest.User("v")).Is(200)
			c.Delete(scimtest.Path(location)).Is(204)
		}
	})
}

func TestConformanceBaseURL(t *testing.T) {
	t.Parallel()
	open := func(base string) (*scim.Handler, error) {
		db := memstore.New()
		return scim.New(scim.Config{BaseURL: base, Auth: scim.InsecureNoAuthentication(), Tx: db, Logger: slog.New(slog.DiscardHandler), Endpoints: []scim.Endpoint{scim.Users(db.Store(schema.UserType)), scim.Groups(db.Store(schema.GroupType))}})
	}
	scimtest.Prove(t, "H-7", "the base URL has no query and is absolute", func(t *testing.T) {
		for _, base := range []string{"", "/scim/v2", "scim.example.com", "https://scim.example.com/v2?x=1", "https://scim.example.com/v2?", "https://scim.example.com/v2#x", "ftp://scim.example.com", "https://", "https://user:pw@scim.example.com", "https://[bad"} {
			_, err := open(base)
			require.Error(t, err, base)
		}
	})
	scimtest.Prove(t, "H-7 H-9", "any prefix is possible, and locations are made from it", func(t *testing.T) {
		for _, prefix := range []string{"", "/", "/v2", "/scim/v2", "/scim/tenant/v2", "/scim/t1/v2/", "/a%20b/v2"} {
			h, err := open("https://scim.example.com" + prefix)
			require.NoError(t, err)
			at := strings.TrimSuffix(prefix, "/")
			made := do(t, h, "POST", at+"/Users", scimtest.User("u"))
			require.Equal(t, 201, made.Code, made.Body)
			location := made.Header().Get("Location")
			require.True(t, strings.HasPrefix(location, "https://scim.example.com"+at+"/Users/"), location)
			got := do(t, h, "GET", strings.TrimPrefix(location, "https://scim.example.com"), "")
			require.Equal(t, 200, got.Code)
			require.JSONEq(t, made.Body.String(), got.Body.String())
			require.Equal(t, 404, do(t, h, "GET", at+"/Nope", "").Code)
		}
	})
	scimtest.Prove(t, "H-7", "a router may have taken the prefix off", func(t *testing.T) {
		h, err := open("https://scim.example.com/scim/v2")
		require.NoError(t, err)
		mux := http.NewServeMux()
		mux.Handle("/scim/v2/", http.StripPrefix("/scim/v2", h))
		require.Equal(t, 201, do(t, mux, "POST", "/scim/v2/Users", scimtest.User("u")).Code)
		require.Equal(t, 200, do(t, mux, "GET", "/scim/v2/Users", "").Code)
	})
	scimtest.Prove(t, "H-7", "locations never come from request headers", func(t *testing.T) {
		h, err := open("https://scim.example.com/scim/v2")
		require.NoError(t, err)
		made := do(t, h, "POST", "/scim/v2/Users", scimtest.User("u"), "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example", "Host: evil.example")
		require.NotContains(t, made.Body.String()+fmt.Sprint(made.Header()), "evil")
	})
}

func TestConformanceMembers(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "A-15", "RequireMembers refuses members that do not exist", func(t *testing.T) {
		s := serve(t, func(cfg *scim.Config) { cfg.RequireMembers = true })
		s.both(t, func(c *scimtest.Client) {
			u := c.NewUser("u")
			g := c.NewGroup("g", `"members":[{"value":"`+scimtest.ID(u)+`"}]`)
			unknown := `"members":[{"value":"` + scimtest.ID(u) + `"},{"value":"nobody"}]`
			c.Post("/Groups", scimtest.Group("h", unknown)).Fails(400, "invalidValue")
			c.Put(g, scimtest.Group("g", unknown)).Fails(400, "invalidValue")
			c.Patch(g, `{"op":"add","path":"members","value":[{"value":"nobody"}]}`).Fails(400, "invalidValue")
			c.Patch(g, `{"op":"replace","value":{`+unknown+`}}`).Fails(400, "invalidValue")
			c.Get("/Groups").Total(1).Has("Resources[0].members.#", "1")
			c.Delete(g).Is(204)
			c.Delete(u).Is(204)
		})
	})
	scimtest.Prove(t, "N-22", "members may be of any type served", func(t *testing.T) {
		s := serve(t, nil, deviceType(t, false))
		s.both(t, func(c *scimtest.Client) {
			d := c.Post("/Devices", device(``)).Is(201).String("id")
			g := c.NewGroup("g")
			c.Patch(g, `{"op":"add","path":"members","value":[{"value":"`+d+`","type":"Device"}]}`)
			c.Get(g).Has("members", `[{"value":"`+d+`","type":"Device","$ref":"`+scimtest.BaseURL+`/Devices/`+d+`"}]`)
			c.Filter("/Groups", `members[type eq "Device"]`).Total(1)
			c.Delete("/Devices/" + d).Is(204)
			c.Get(g).Has("members", "")
			c.Delete(g).Is(204)
		})
		var refs, types []any
		members := s.lenient(t).Get("/Schemas/" + schema.GroupURI).Value("attributes").([]any)
		for _, a := range members {
			subs, _ := a.(map[string]any)["subAttributes"].([]any)
			for _, sub := range subs {
				switch sub := sub.(map[string]any); sub["name"] {
				case "$ref":
					refs, _ = sub["referenceTypes"].([]any)
				case "type":
					types, _ = sub["canonicalValues"].([]any)
				}
			}
		}
		require.Equal(t, []any{"User", "Group", "Device"}, refs)
		require.Equal(t, []any{"User", "Group", "Device"}, types)
	})
}

func TestConformanceCreate(t *testing.T) {
	t.Parallel()
	var asked []*scim.Principal
	active := schema.UserType.MustResolve("active").Root()
	display := schema.UserType.MustResolve("displayName").Root()
	s := serve(t, func(cfg *scim.Config) {
		cfg.Endpoints[0].Default = func(_ context.Context, p *scim.Principal, o *schema.Object) *schema.Object {
			asked = append(asked, p)
			return o.With(active, schema.Boolean(true)).With(display, schema.String("by default"))
		}
	})
	scimtest.Prove(t, "C-5 C-9", "an omitted attribute may get a default, which may depend on the principal", func(t *testing.T) {
		c := s.strict(t)
		c.Get(c.NewUser("u")).Has("active", "true", "displayName", `"by default"`)
		require.Equal(t, "strict", asked[len(asked)-1].TokenID)
		c.Get(c.NewUser("v", `"active":false`, `"displayName":"mine"`)).Has("active", "false", "displayName", `"mine"`)
	})
	scimtest.Prove(t, "C-6", "null or an empty array overrides a default", func(t *testing.T) {
		c := s.lenient(t)
		c.Get(c.NewUser("w", `"active":null`, `"displayName":[]`)).Has("active", "", "displayName", "")
		c.Get(c.NewUser("x", `"DISPLAYNAME":null`)).Has("active", "true", "displayName", "")
	})
}

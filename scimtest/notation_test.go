package scimtest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/scimtest"
)

// thingType returns a resource type whose schemas have the URIs; the first is the
// base schema. Each schema has the attributes label and place.room.
func thingType(t *testing.T, attributes string, uris ...string) *schema.ResourceType {
	var schemas []*schema.Schema
	for _, uri := range uris {
		s, err := schema.Parse([]byte(`{"id":"` + uri + `","attributes":[{"name":"label"},{"name":"place","type":"complex","subAttributes":[{"name":"room"}]}` + attributes + `]}`))
		require.NoError(t, err)
		schemas = append(schemas, s)
	}
	rt := schema.ResourceType{Name: "Thing", Endpoint: "/Things", Schema: schemas[0]}
	for _, s := range schemas[1:] {
		rt.Extensions = append(rt.Extensions, schema.Extension{Schema: s})
	}
	out, err := schema.NewResourceType(rt)
	require.NoError(t, err)
	return out
}

func TestConformanceNotation(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "H-13 H-14 D-8", "schema URIs of every legal form are kept apart, the longest first", func(t *testing.T) {
		for _, uris := range [][]string{
			{"urn:x:thing", "urn:x:thing:more", "urn:x:thing:more:2.0"},
			{"urn:x:thing:more", "urn:x:thing", "urn:x:thing:mo"},
			{"https://example.com/scim/thing", "https://example.com/scim/thing/ext_1.0", "http://schemas.example.com/2006/11/Thing"},
			{"urn:x:a+b%41'c_d", "urn:x:a+b", "urn:x:and:or:not"},
			{"urn:x:label", "urn:x:place.room", "urn:x:LABEL2"},
			{"urn:ietf:params:scim:schemas:extension:thing:1.0:Thing", "urn:ietf:params:scim:schemas:extension:2.0.1:eq:User", "urn:x:pr"},
		} {
			s := serve(t, nil, thingType(t, "", uris...))
			s.both(t, func(c *scimtest.Client) {
				body := `{"schemas":["` + uris[0] + `"],"label":"0","place":{"room":"r0"}`
				for i, uri := range uris[1:] {
					body += `,"` + uri + `":{"label":"` + string(rune('1'+i)) + `","place":{"room":"r` + string(rune('1'+i)) + `"}}`
				}
				made := c.Post("/Things", body+"}").Is(201)
				path := "/Things/" + made.String("id")
				require.Len(t, made.Value("schemas"), len(uris))
				for i, uri := range uris {
					digit, in := string(rune('0'+i)), ""
					if i > 0 {
						in = "['" + uri + "']."
					}
					for _, name := range []string{uri, strings.ToUpper(uri)} {
						c.Filter("/Things", name+`:label eq "`+digit+`"`).Total(1)
						c.Filter("/Things", name+`:place.room eq "R`+digit+`" and not (`+name+`:label ne "`+digit+`")`).Total(1)
						c.Filter("/Things", name+`:label pr and `+name+`:place[room eq "r`+digit+`"]`).Total(1)
						c.Filter("/", name+`:label eq "`+digit+`"`).Total(1)
						c.Filter("/Things", name+`:label eq "x"`).Total(0)
						c.Filter("/Things", name+`:nope eq "x"`).Fails(400, "invalidFilter")
						c.Get("/Things?sortBy=" + scimtest.Query(name+":place.room")).Total(1)
						c.Get(path+"?attributes="+scimtest.Query(name+":label")).Is(200).Has(in+"label", `"`+digit+`"`, in+"place", "")
						c.Get(path+"?excludedAttributes="+scimtest.Query(name+":place.room")).Is(200).Has(in+"label", `"`+digit+`"`, in+"place", "")
						c.Patch(path, `{"op":"replace","path":"`+name+`:place.room","value":"new"}`).Is(200).Has(in+"place.room", `"new"`)
						c.Patch(path, `{"op":"replace","path":"`+name+`:place","value":{"room":"r`+digit+`"}}`).Is(200).Has(in+"place.room", `"r`+digit+`"`)
						c.Patch(path, `{"op":"add","value":{"`+name+`:label":"`+digit+`"}}`).Is(200).Has(in+"label", `"`+digit+`"`)
						require.Equal(t, made.Text, restored(c.Get(path), made))
					}
					c.Get("/Schemas/"+strings.ReplaceAll(strings.ReplaceAll(uri, "%", "%25"), "/", "%2F")).Is(200).Has("id", `"`+uri+`"`)
				}
				c.Delete(path).Is(204)
			})
		}
	})
	scimtest.Prove(t, "M-27", "a schema that lists the common attributes otherwise does not change them", func(t *testing.T) {
		s := serve(t, nil, thingType(t, `,{"name":"id","type":"integer"},{"name":"ExternalID","required":true,"multiValued":true},{"name":"meta"},{"name":"schemas","type":"boolean"}`, "urn:x:thing"))
		s.both(t, func(c *scimtest.Client) {
			made := c.Post("/Things", `{"schemas":["urn:x:thing"],"id":5,"meta":"x","externalId":"Ab"}`).Is(201)
			require.NotEmpty(t, made.String("id"))
			made.Has("externalId", `"Ab"`, "schemas", `["urn:x:thing"]`, "meta.resourceType", `"Thing"`)
			c.Filter("/Things", `externalId eq "ab"`).Total(0)
			c.Post("/Things", `{"schemas":["urn:x:thing"],"label":"x"}`).Is(201)
			c.Post("/Things", `{"schemas":["urn:x:thing"],"externalId":["a","b"]}`).Fails(400, "invalidValue")
		})
	})
}

// restored returns the text of a resource with the meta of another.
func restored(r, as *scimtest.Reply) string {
	for _, name := range []string{"meta.lastModified", "meta.version"} {
		r.Text = strings.ReplaceAll(r.Text, strings.ReplaceAll(r.String(name), `"`, `\"`), strings.ReplaceAll(as.String(name), `"`, `\"`))
	}
	return r.Text
}

func TestConformanceSelfRegistration(t *testing.T) {
	t.Parallel()
	scimtest.Prove(t, "C-10", "an embedder may allow registration without credentials, with its own defaults", func(t *testing.T) {
		active := schema.UserType.MustResolve("active").Root()
		s := serve(t, func(cfg *scim.Config) {
			tokens := cfg.Auth
			cfg.Auth = scim.AuthenticatorFunc(func(r *http.Request) (*scim.Principal, error) {
				if r.Header.Get("Authorization") == "" {
					return &scim.Principal{TokenID: "stranger"}, nil
				}
				return tokens.Authenticate(r)
			})
			cfg.Authorize = func(_ context.Context, op scim.Operation) error {
				if op.Principal.TokenID == "stranger" && op.Kind != scim.OperationCreate {
					return scim.ErrForbidden
				}
				return nil
			}
			cfg.Endpoints[0].Default = func(_ context.Context, p *scim.Principal, o *schema.Object) *schema.Object {
				return o.With(active, schema.Boolean(p.TokenID != "stranger"))
			}
		})
		stranger := scimtest.NewClient(t, s, "")
		made := stranger.Post("/Users", scimtest.User("u")).Is(201).Has("active", "false")
		stranger.Get("/Users/"+made.String("id")).Fails(403, "")
		stranger.Get("/Users").Fails(403, "")
		s.lenient(t).Get(s.lenient(t).NewUser("v")).Has("active", "true")
	})
}

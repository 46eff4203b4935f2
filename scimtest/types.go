package scimtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/schema"
)

// RunTypes runs the cases for the resource types of an application's own: each
// type that the handler serves besides User and Group. They follow /ResourceTypes
// and /Schemas: the bodies have a value for each attribute that clients write,
// canonical where there are canonicalValues, and every characteristic is proven
// that a schema has. Operations that the type leaves out (Endpoint.Without) must
// fail with 501. open and app are those of [Run]; the handler need not serve
// users or groups.
func RunTypes(t *testing.T, open func(t *testing.T, auth scim.Authenticator) http.Handler, app ...App) {
	runTypes(t, open, func(place, ids, name string) {}, app...)
}

func runTypes(t *testing.T, open func(t *testing.T, auth scim.Authenticator) http.Handler, passed func(place, ids, name string), app ...App) {
	k := newKit(t, open, append(app, App{})[0])
	types := newCase(t, k).Default.types()
	own := slices.DeleteFunc(types, func(rt *servedType) bool {
		return rt.schema.ID == schema.UserURI || rt.schema.ID == schema.GroupURI
	})
	require.NotEmpty(t, own, "the handler serves no type besides User and Group")
	t.Run("D-4 a probe of each feature finds what is announced", func(t *testing.T) {
		require.Empty(t, newCase(t, k).Default.probe(false))
	})
	for _, rt := range own {
		t.Run(rt.name, func(t *testing.T) {
			for _, r := range typeCases {
				t.Run(r.ids+" "+r.name, func(t *testing.T) {
					t.Parallel()
					conclude(t, r.ids, func() { passed("kit for types", r.ids, r.name) })
					newCase(t, k).Both(func(c *Client) { r.prove(&typeCase{c, rt}) })
				})
			}
		})
	}
}

// servedType is a resource type as the handler publishes it.
type servedType struct {
	name, endpoint string
	schema         *schema.Schema
	extensions     []schema.Extension
	methods        map[string]bool // that are not answered 405 or 501
}

// types reads /ResourceTypes and /Schemas, and finds the methods of each type.
func (c *Client) types() []*servedType {
	c.t.Helper()
	var list struct {
		Resources []struct {
			Name, Endpoint, Schema string
			SchemaExtensions       []struct {
				Schema   string
				Required bool
			}
		}
	}
	require.NoError(c.t, json.Unmarshal([]byte(c.Get("/ResourceTypes").Is(200).Text), &list))
	var types []*servedType
	for _, r := range list.Resources {
		rt := &servedType{name: r.Name, endpoint: r.Endpoint, schema: c.schema(r.Schema)}
		for _, e := range r.SchemaExtensions {
			rt.extensions = append(rt.extensions, schema.Extension{Schema: c.schema(e.Schema), Required: e.Required})
		}
		rt.methods = c.methods(rt.endpoint)
		types = append(types, rt)
	}
	return types
}

func (c *Client) schema(uri string) *schema.Schema {
	c.t.Helper()
	s, err := schema.Parse([]byte(c.Get("/Schemas/" + uri).Is(200).Text))
	require.NoError(c.t, err, uri)
	return s
}

// noResource is the id of no resource.
const noResource = "2819c223-0000-4000-8000-413861904646"

// methods returns the methods that a type has. No request of it changes a resource.
func (c *Client) methods(endpoint string) map[string]bool {
	c.t.Helper()
	found := map[string]bool{}
	for method, path := range map[string]string{
		http.MethodPost: endpoint, http.MethodGet: endpoint + "/" + noResource, http.MethodPut: endpoint + "/" + noResource,
		http.MethodPatch: endpoint + "/" + noResource, http.MethodDelete: endpoint + "/" + noResource,
	} {
		var body any
		if method != http.MethodGet && method != http.MethodDelete {
			body = "{" // no JSON
		}
		status := c.Do(method, path, body).Status
		found[method] = status != http.StatusMethodNotAllowed && status != http.StatusNotImplemented
	}
	return found
}

// field is an attribute of a type, at the top level or in an extension.
type field struct {
	uri string // of the extension, "" at the top level
	*schema.Attribute
}

// path is the attribute in the notation of RFC 7644 §3.10.
func (f field) path() string {
	if f.uri == "" {
		return f.Name
	}
	return f.uri + ":" + f.Name
}

// at is the attribute as a path of [Reply.Value].
func (f field) at() string {
	if f.uri == "" {
		return f.Name
	}
	return "['" + f.uri + "']." + f.Name
}

// fields returns the attributes of the type without the common ones.
func (rt *servedType) fields() []field {
	var out []field
	add := func(uri string, s *schema.Schema) {
		for _, a := range s.Attributes {
			if uri != "" || !slices.Contains([]string{"schemas", "id", "externalId", "meta"}, a.Name) {
				out = append(out, field{uri, a})
			}
		}
	}
	add("", rt.schema)
	for _, e := range rt.extensions {
		add(e.Schema.ID, e.Schema)
	}
	return out
}

// body is the JSON of a resource before it is encoded.
type body map[string]any

// body returns a resource with a value for each attribute that the client writes,
// or of the required ones only. Bodies of different n have different values.
func (rt *servedType) body(n int, requiredOnly bool) body {
	b := body{"schemas": []string{rt.schema.ID}}
	for _, f := range rt.fields() {
		if f.Mutability != schema.ReadOnly && (f.Required && rt.mandatory(f.uri) || !requiredOnly) {
			b.set(f, sample(f.Attribute, n))
		}
	}
	for _, e := range rt.extensions {
		if e.Required && b[e.Schema.ID] == nil {
			f := field{e.Schema.ID, e.Schema.Attributes[0]}
			b.set(f, sample(f.Attribute, n))
		}
	}
	return b
}

// mandatory reports whether a resource always has the attributes of the extension,
// or of the schema of the type ("").
func (rt *servedType) mandatory(uri string) bool {
	return uri == "" || slices.ContainsFunc(rt.extensions, func(e schema.Extension) bool { return e.Schema.ID == uri && e.Required })
}

// set gives the attribute a value, nil none.
func (b body) set(f field, v any) body {
	o := b
	if f.uri != "" {
		if b[f.uri] == nil {
			b[f.uri] = body{}
			b["schemas"] = append(b["schemas"].([]string), f.uri)
		}
		o = b[f.uri].(body)
	}
	o[f.Name] = v
	return b
}

// sample returns a value of the attribute. Values of different n differ, except
// booleans and canonical values.
func sample(a *schema.Attribute, n int) any {
	if !a.MultiValued {
		return sampleOne(a, n)
	}
	if len(a.CanonicalValues) > 0 || a.Type == schema.TypeBoolean {
		return []any{sampleOne(a, n)}
	}
	return []any{sampleOne(a, 10*n), sampleOne(a, 10*n+1)}
}

func sampleOne(a *schema.Attribute, n int) any {
	if len(a.CanonicalValues) > 0 {
		return a.CanonicalValues[0]
	}
	switch a.Type {
	case schema.TypeBoolean:
		return a.Name != "primary"
	case schema.TypeInteger:
		return n
	case schema.TypeDecimal:
		return float64(n) + 0.5
	case schema.TypeDateTime:
		return fmt.Sprintf("2026-01-02T03:04:%02dZ", n%60)
	case schema.TypeBinary:
		return []byte(fmt.Sprint("binary ", n))
	case schema.TypeReference:
		return fmt.Sprintf("https://example.com/%s/%d", a.Name, n)
	case schema.TypeComplex:
		o := map[string]any{}
		for _, sub := range a.SubAttributes {
			if sub.Mutability != schema.ReadOnly && (sub.Name != "$ref" || a.Sub("value") == nil) { // it follows from value (Z-39)
				o[sub.Name] = sample(sub, n)
			}
		}
		return o
	}
	return fmt.Sprintf("%s Ab %d", a.Name, n)
}

// shown returns what a response has of a sample: no secrets, and what is returned
// on request only with request.
func shown(a *schema.Attribute, v any, request bool) any {
	if a.Secret() || a.Returned == schema.ReturnedRequest && !request {
		return nil
	}
	if a.Type != schema.TypeComplex {
		return v
	}
	if list, ok := v.([]any); ok {
		var out []any
		for _, one := range list {
			if o := shownObject(a, one.(map[string]any)); len(o) > 0 {
				out = append(out, o)
			}
		}
		return out
	}
	return shownObject(a, v.(map[string]any))
}

func shownObject(a *schema.Attribute, o map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range o {
		if sub := shown(a.Sub(name), v, false); sub != nil {
			out[name] = sub
		}
	}
	return out
}

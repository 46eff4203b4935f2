package scimtest

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// typeCase is a case with one resource type.
type typeCase struct {
	*Client
	rt *servedType
}

// create makes a resource and returns its path.
func (c *typeCase) create(b body) string {
	c.t.Helper()
	return c.rt.endpoint + "/" + c.Post(c.rt.endpoint, b).Is(201).String("id")
}

// has reports whether the type has the method; one that it has not must be 501.
func (c *typeCase) has(method string) bool { return c.rt.methods[method] }

// fields returns the attributes that clients write and for which the condition
// holds.
func (c *typeCase) fields(condition func(f field) bool) []field {
	return slices.DeleteFunc(c.rt.fields(), func(f field) bool { return f.Mutability == schema.ReadOnly || !condition(f) })
}

// refuse demands that POST of a body with the change, and PUT of the resource made
// from body 1, are refused.
func (c *typeCase) refuse(path, scimType string, change func(b body)) {
	c.t.Helper()
	c.refusePost(scimType, change)
	if c.has("PUT") {
		b := c.rt.body(1, false)
		change(b)
		c.Put(path, b).Fails(400, scimType)
	}
}

// refusePost demands that POST of a body with the change is refused.
func (c *typeCase) refusePost(scimType string, change func(b body)) {
	c.t.Helper()
	b := c.rt.body(2, false)
	change(b)
	c.Post(c.rt.endpoint, b).Fails(400, scimType)
}

// expect demands the value of an attribute in a response; nil for none.
func (f field) expect(r *Reply, at string, v any) {
	r.t.Helper()
	want := ""
	if v != nil {
		text, err := json.Marshal(v)
		require.NoError(r.t, err)
		want = string(text)
	}
	if f.uri == "" && at != "" {
		at += "."
	}
	r.Has(at+f.at(), want)
}

func jsonOf(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// typeCases are the cases of [RunTypes]; each starts with no resource of the type.
// Cases that need a POST prove only 501 without it.
var typeCases = []struct {
	ids, name string
	prove     func(c *typeCase)
}{
	{"H-18 E-14 D-4", "the methods that a type has are those of Allow, and the others are 501", proveMethods},
	{"A-5 A-6 A-7 A-8 A-4 M-32", "each attribute is kept as it was sent, and returned as its schema says", proveReturned},
	{"A-11", "a required attribute that is missing or null is invalidValue", proveRequired},
	{"M-9", "a required extension is part of every resource", proveRequiredExtensions},
	{"A-12", "a required sub-attribute is demanded where its parent has a value", proveRequiredSubs},
	{"A-2", "a readOnly attribute is ignored in POST and PUT, and an error in PATCH", proveReadOnly},
	{"A-3", "an immutable attribute keeps its first value", proveImmutable},
	{"A-10 C-7", "a unique value that is taken is 409, in the case that caseExact says", proveUnique},
	{"A-13", "canonicalValues bind the strict client", proveCanonical},
	{"A-15", "a reference leads to a resource of one of its referenceTypes", proveReferences},
	{"T-1 T-2 T-9 T-12", "a value of another type or number is invalidValue", proveTypes},
	{"F-10 A-4 A-16", "each attribute that is returned can be filtered, in the case that caseExact says, and no secret", proveFilters},
	{"P-1", "PATCH sets and removes each attribute", provePatch},
	{"V-1 L-1 L-2 G-3 B-28 Q-6", "versions, paging, Bulk and DELETE work as for users", proveProtocol},
}

func proveMethods(c *typeCase) {
	collection := c.Put(c.rt.endpoint, "{}").Is(405).Header.Get("Allow")
	resource := c.Post(c.rt.endpoint+"/"+noResource, "{}").Is(405).Header.Get("Allow")
	for method, has := range c.rt.methods {
		allow, path := resource, c.rt.endpoint+"/"+noResource
		if method == "POST" {
			allow, path = collection, c.rt.endpoint
		}
		require.Equal(c.t, has, slices.Contains(strings.Split(allow, ", "), method), "%s %s: Allow: %s", method, path, allow)
		if !has {
			require.Equal(c.t, allow, c.Do(method, path, "{}").Fails(501, "").Header.Get("Allow"))
		}
	}
	require.True(c.t, c.has("GET"), "%s cannot be retrieved", c.rt.name)
	c.Get(c.rt.endpoint+"/"+noResource).Fails(404, "")
	c.Get(c.rt.endpoint).Total(0)
}

func proveReturned(c *typeCase) {
	if !c.has("POST") {
		return
	}
	for n, b := range []body{c.rt.body(1, false), c.rt.body(2, true)} {
		made := c.Post(c.rt.endpoint, b).Is(201)
		path := c.rt.endpoint + "/" + made.String("id")
		got := c.Get(path).Is(200).Has("meta.resourceType", quote(c.rt.name))
		list := c.Filter(c.rt.endpoint, `id eq `+quote(ID(path))).Total(1)
		for _, f := range c.fields(func(f field) bool { return n == 0 || f.Required }) {
			v := b.get(f)
			if v == nil {
				continue
			}
			f.expect(made, "", shown(f.Attribute, v, true))
			f.expect(got, "", shown(f.Attribute, v, false))
			f.expect(list, "Resources[0]", shown(f.Attribute, v, false))
			f.expect(c.Get(path+"?attributes="+f.path()).Is(200), "", shown(f.Attribute, v, true))
			kept := c.Get(path + "?excludedAttributes=" + f.path()).Is(200)
			if f.Returned == schema.ReturnedAlways {
				f.expect(kept, "", shown(f.Attribute, v, false))
			} else {
				f.expect(kept, "", nil)
			}
			other := c.Get(path + "?attributes=id").Is(200)
			if f.Returned == schema.ReturnedAlways {
				f.expect(other, "", shown(f.Attribute, v, false))
			} else {
				f.expect(other, "", nil)
			}
		}
	}
}

// get returns the value of an attribute, nil if there is none.
func (b body) get(f field) any {
	if f.uri == "" {
		return b[f.Name]
	}
	o, _ := b[f.uri].(body)
	return o[f.Name]
}

func proveRequired(c *typeCase) {
	if !c.has("POST") {
		return
	}
	path := c.create(c.rt.body(1, true))
	for _, f := range c.fields(func(f field) bool { return f.Required && !f.Secret() }) {
		if !c.rt.mandatory(f.uri) && len(c.rt.body(2, false)[f.uri].(body)) == 1 {
			continue // without it the extension is absent, which it may be
		}
		if f.Mutability == schema.Immutable { // PUT keeps what it leaves out
			c.refusePost("invalidValue", func(b body) { b.set(f, nil) })
			continue
		}
		c.refuse(path, "invalidValue", func(b body) { b.set(f, nil) })
		c.refuse(path, "invalidValue", func(b body) { b.remove(f) })
		if c.has("PATCH") && c.rt.mandatory(f.uri) {
			c.Patch(path, replace(f.path(), "null")).Fails(400, "invalidValue")
			c.Patch(path, remove(f.path())).Fails(400, "mutability")
		}
	}
	c.Get(c.rt.endpoint).Total(1)
}

func (b body) remove(f field) {
	if f.uri == "" {
		delete(b, f.Name)
		return
	}
	delete(b[f.uri].(body), f.Name)
}

func proveRequiredExtensions(c *typeCase) {
	if !c.has("POST") {
		return
	}
	path := c.create(c.rt.body(1, false))
	for _, e := range c.rt.extensions {
		without := func(b body) {
			delete(b, e.Schema.ID)
			b["schemas"] = slices.DeleteFunc(b["schemas"].([]string), func(uri string) bool { return uri == e.Schema.ID })
		}
		if !e.Required {
			b := c.rt.body(2, false)
			without(b)
			c.create(b)
			continue
		}
		refuse := func(change func(b body)) { c.refuse(path, "invalidValue", change) }
		if slices.ContainsFunc(e.Schema.Attributes, func(a *schema.Attribute) bool { return a.Mutability == schema.Immutable }) {
			refuse = func(change func(b body)) { c.refusePost("invalidValue", change) } // PUT keeps what it leaves out
		}
		refuse(without)
		refuse(func(b body) { b[e.Schema.ID] = body{} })
		if c.has("PATCH") {
			require.Equal(c.t, 400, c.Patch(path, remove(e.Schema.ID)).Status)
		}
	}
	c.Get(path).Is(200)
}

func proveRequiredSubs(c *typeCase) {
	if !c.has("POST") {
		return
	}
	path := c.create(c.rt.body(1, false))
	for _, f := range c.fields(func(f field) bool { return f.Type == schema.TypeComplex }) {
		for _, sub := range f.SubAttributes {
			if !sub.Required || sub.Mutability == schema.ReadOnly || len(f.SubAttributes) == 1 {
				continue
			}
			v := sampleOne(f.Attribute, 2).(map[string]any)
			delete(v, sub.Name)
			if len(v) == 0 {
				continue
			}
			c.refuse(path, "invalidValue", func(b body) { b.set(f, f.listOf(v)) })
		}
	}
}

// listOf returns a value as the attribute has it: in a list if it is multi-valued.
func (f field) listOf(v any) any {
	if f.MultiValued {
		return []any{v}
	}
	return v
}

func proveReadOnly(c *typeCase) {
	if !c.has("POST") {
		return
	}
	b := c.rt.body(1, false)
	var readOnly []field
	for _, f := range c.rt.fields() {
		if f.Mutability == schema.ReadOnly {
			readOnly = append(readOnly, f)
			if f.uri == "" || b[f.uri] != nil {
				b.set(f, "sent by the client")
			}
		}
	}
	made := c.Post(c.rt.endpoint, b).Is(201)
	path := c.rt.endpoint + "/" + made.String("id")
	require.NotContains(c.t, made.Text, "sent by the client")
	if c.has("PUT") {
		require.NotContains(c.t, c.Put(path, b).Is(200).Text, "sent by the client")
	}
	for _, f := range readOnly {
		if c.has("PATCH") {
			c.Patch(path, replace(f.path(), `"sent by the client"`)).Fails(400, "mutability")
			c.Patch(path, remove(f.path())).Fails(400, "mutability")
		}
	}
	require.NotContains(c.t, c.Get(path).Is(200).Text, "sent by the client")
}

func proveImmutable(c *typeCase) {
	if !c.has("POST") {
		return
	}
	first := c.rt.body(1, false)
	path := c.create(first)
	for _, f := range c.fields(func(f field) bool { return f.Mutability == schema.Immutable && !f.Secret() }) {
		other := sample(f.Attribute, 2)
		if jsonOf(other) == jsonOf(first.get(f)) {
			continue // canonical values and booleans
		}
		if c.has("PUT") {
			c.Put(path, c.rt.body(1, false).set(f, other)).Fails(400, "mutability")
			without := c.rt.body(1, false)
			without.remove(f)
			f.expect(c.Put(path, without).Is(200), "", first.get(f))
		}
		if c.has("PATCH") {
			c.Patch(path, replace(f.path(), jsonOf(other))).Fails(400, "mutability")
			c.Patch(path, remove(f.path())).Fails(400, "mutability")
		}
		f.expect(c.Get(path+"?attributes="+f.path()).Is(200), "", first.get(f))
	}
}

func proveUnique(c *typeCase) {
	if !c.has("POST") {
		return
	}
	one := c.rt.body(1, false)
	c.create(one)
	for n, f := range c.fields(func(f field) bool { return f.Uniqueness != schema.UniquenessNone && !f.MultiValued }) {
		other := c.create(c.rt.body(10+n, false))
		taken := []any{one.get(f)}
		if text, ok := one.get(f).(string); ok && f.FoldsCase() {
			taken = append(taken, strings.ToUpper(text), strings.ToLower(text))
		}
		for _, v := range taken {
			c.Post(c.rt.endpoint, c.rt.body(20+n, false).set(f, v)).Fails(409, "uniqueness")
			if f.Mutability != schema.ReadWrite {
				continue
			}
			if c.has("PUT") {
				c.Put(other, c.rt.body(10+n, false).set(f, v)).Fails(409, "uniqueness")
			}
			if c.has("PATCH") {
				c.Patch(other, replace(f.path(), jsonOf(v))).Fails(409, "uniqueness")
			}
		}
		if text, ok := one.get(f).(string); ok && f.Type == schema.TypeString && f.CaseExact {
			c.create(c.rt.body(30+n, false).set(f, strings.ToUpper(text)))
		}
	}
}

func proveCanonical(c *typeCase) {
	if !c.has("POST") {
		return
	}
	path := c.create(c.rt.body(1, false))
	for n, f := range c.fields(func(f field) bool { return len(f.CanonicalValues) > 0 && f.Type == schema.TypeString && !f.Secret() }) {
		v := f.listOf("no canonical value")
		if c.isStrict() {
			c.refuse(path, "invalidValue", func(b body) { b.set(f, v) })
			continue
		}
		f.expect(c.Get(c.create(c.rt.body(10+n, false).set(f, v))+"?attributes="+f.path()), "", v)
	}
}

func proveReferences(c *typeCase) {
	if !c.has("POST") {
		return
	}
	path := c.create(c.rt.body(1, false))
	other := ".." + c.rt.endpoint + "/" + ID(path) // a reference relative to the root
	for n, f := range c.fields(func(f field) bool { return f.Type == schema.TypeReference && len(f.ReferenceTypes) > 0 && !f.Secret() }) {
		if slices.Contains(f.ReferenceTypes, "external") || slices.Contains(f.ReferenceTypes, "uri") || slices.Contains(f.ReferenceTypes, c.rt.name) {
			c.create(c.rt.body(10+n, false).set(f, f.listOf(other)))
			continue
		}
		c.refuse(path, "invalidValue", func(b body) { b.set(f, f.listOf(other)) })
		if c.has("PATCH") && f.Mutability == schema.ReadWrite {
			c.Patch(path, replace(f.path(), jsonOf(f.listOf(other)))).Fails(400, "invalidValue")
		}
	}
}

func proveTypes(c *typeCase) {
	if !c.has("POST") {
		return
	}
	path := c.create(c.rt.body(1, false))
	for _, f := range c.fields(func(f field) bool { return !f.Secret() }) {
		wrong := []any{map[string]any{"a": map[string]any{}}}
		switch {
		case f.Type == schema.TypeComplex: // a text is the value of it, from the default client
			wrong = []any{[]any{[]any{"text"}}}
		case f.MultiValued:
			wrong = append(wrong, []any{map[string]any{"a": 1}})
		default:
			wrong = append(wrong, []any{sampleOne(f.Attribute, 2), sampleOne(f.Attribute, 3)})
		}
		switch f.Type {
		case schema.TypeBoolean, schema.TypeInteger, schema.TypeDecimal, schema.TypeDateTime, schema.TypeBinary:
			wrong = append(wrong, f.listOf("no value of this type!"))
		}
		for _, v := range wrong {
			c.refuse(path, "invalidValue", func(b body) { b.set(f, v) })
			if c.has("PATCH") && f.Mutability == schema.ReadWrite {
				c.Patch(path, replace(f.path(), jsonOf(v))).Fails(400, "invalidValue")
			}
		}
	}
	c.Get(c.rt.endpoint).Total(1)
}

func proveFilters(c *typeCase) {
	if !c.has("POST") {
		return
	}
	b := c.rt.body(1, false)
	c.create(b)
	c.create(c.rt.body(2, true))
	for _, f := range c.fields(func(f field) bool { return true }) {
		if f.Secret() {
			c.Filter(c.rt.endpoint, f.path()+" pr").Fails(400, "invalidFilter")
			c.Get(c.rt.endpoint+"?sortBy="+f.path()).Fails(400, "invalidValue")
			continue
		}
		n := 1
		if f.Required && c.rt.mandatory(f.uri) {
			n = 2
		}
		c.Filter(c.rt.endpoint, f.path()+" pr").Total(n)
		text, isString := b.get(f).(string)
		if f.Type != schema.TypeString || !isString || len(f.CanonicalValues) > 0 {
			continue
		}
		c.Get(c.rt.endpoint + "?sortBy=" + f.path()).Total(2)
		c.Filter(c.rt.endpoint, f.path()+" eq "+quote(text)).Total(1)
		if f.CaseExact {
			n = 0
		} else {
			n = 1
		}
		c.Filter(c.rt.endpoint, f.path()+" eq "+quote(strings.ToUpper(text))).Total(n)
	}
}

func provePatch(c *typeCase) {
	if !c.has("POST") || !c.has("PATCH") {
		return
	}
	path := c.create(c.rt.body(1, false))
	want := c.rt.body(2, false)
	for _, f := range c.fields(func(f field) bool { return f.Mutability == schema.ReadWrite && !f.Secret() }) {
		// immutable sub-attributes keep their values, whatever their parent gets
		if slices.ContainsFunc(f.SubAttributes, func(s *schema.Attribute) bool { return s.Mutability == schema.Immutable }) {
			continue
		}
		read := path + "?attributes=" + f.path()
		c.Patch(path, replace(f.path(), jsonOf(want.get(f)))).Is(200)
		f.expect(c.Get(read).Is(200), "", shown(f.Attribute, want.get(f), true))
		if f.Required {
			continue
		}
		c.Patch(path, remove(f.path())).Is(200)
		if c.Get(read).Value(f.at()) != nil {
			require.Equal(c.t, schema.TypeBoolean, f.Type, "%s has a value after its removal", f.path())
		}
		c.Patch(path, add(f.path(), jsonOf(want.get(f)))).Is(200)
		f.expect(c.Get(read).Is(200), "", shown(f.Attribute, want.get(f), true))
	}
}

func proveProtocol(c *typeCase) {
	if !c.has("POST") {
		return
	}
	var paths, ids []string
	for n := range 3 {
		paths = append(paths, c.create(c.rt.body(n+1, false)))
		ids = append(ids, ID(paths[n]))
	}
	first := c.Get(c.rt.endpoint+"?count=2").Total(3).Has("Resources.#", "2").Strings("id")
	rest := c.Get(c.rt.endpoint + "?startIndex=3").Total(3).Strings("id")
	require.ElementsMatch(c.t, ids, append(first, rest...))
	require.Equal(c.t, slices.Sorted(slices.Values(ids)), c.Get(c.rt.endpoint+"?sortBy=id").Strings("id"))
	c.Filter("/", `meta.resourceType eq `+quote(c.rt.name)).Total(3)
	if c.Get(paths[0]).Header.Get("ETag") != "" && c.has("PUT") {
		c.Put(paths[0], c.rt.body(1, false), `If-Match: W/"none"`).Fails(412, "")
		c.Put(paths[0], c.rt.body(1, false), `If-Match: *`).Is(200)
	}
	if c.Get("/ServiceProviderConfig").Value("bulk.supported") == true {
		data := jsonOf(c.rt.body(4, false))
		made := c.bulk("201", bulkOp("POST", c.rt.endpoint, "a", data))
		paths = append(paths, c.rt.endpoint+"/"+made.bulkID(0))
	}
	for _, path := range paths {
		if !c.has("DELETE") {
			break
		}
		c.Delete(path).Is(204)
		c.Get(path).Fails(404, "")
	}
	if c.has("DELETE") {
		c.Get(c.rt.endpoint).Total(0)
	}
}

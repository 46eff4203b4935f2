package schema_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// A-14, M-30, T-10, T-11
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	sub := []*schema.Attribute{{Name: "value"}}
	for _, c := range []struct {
		name string
		id   string
		a    schema.Attribute
		want string
	}{
		{"no URI", "gadget", schema.Attribute{Name: "x"}, "schema URI"},
		{"an empty URI", "", schema.Attribute{Name: "x"}, "schema URI"},
		{"a URI with a bracket", "urn:a[b]", schema.Attribute{Name: "x"}, "schema URI"},
		{"a URI with a quote", `urn:a"b`, schema.Attribute{Name: "x"}, "schema URI"},
		{"a URI with a space", "urn:a b", schema.Attribute{Name: "x"}, "schema URI"},
		{"an empty name", "urn:x", schema.Attribute{}, "name"},
		{"a name beginning with a digit", "urn:x", schema.Attribute{Name: "1a"}, "name"},
		{"a name with a space", "urn:x", schema.Attribute{Name: "a b"}, "name"},
		{"a name with a dot", "urn:x", schema.Attribute{Name: "a.b"}, "name"},
		{"a name with a colon", "urn:x", schema.Attribute{Name: "a:b"}, "name"},
		{"a name beyond ASCII", "urn:x", schema.Attribute{Name: "ä"}, "name"},
		{"a lone dollar", "urn:x", schema.Attribute{Name: "$"}, "name"},
		{"sub-attributes of a simple attribute", "urn:x", schema.Attribute{Name: "a", SubAttributes: sub}, "§1.2"},
		{"complex within complex", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{{Name: "b", Type: schema.TypeComplex, SubAttributes: sub}}}, "§2.3.8"},
		{"complex without sub-attributes", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeComplex}, "§2.3.8"},
		{"sub-attribute twice", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{{Name: "b"}, {Name: "B"}}}, "twice"},
		{"referenceTypes of a string", "urn:x", schema.Attribute{Name: "a", ReferenceTypes: []string{"User"}}, "referenceTypes"},
		{"unique boolean", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeBoolean, Uniqueness: schema.UniquenessServer}, "uniqueness"},
		{"unique dateTime", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeDateTime, Uniqueness: schema.UniquenessServer}, "uniqueness"},
		{"unique binary", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeBinary, Uniqueness: schema.UniquenessGlobal}, "uniqueness"},
		{"unique complex", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeComplex, SubAttributes: sub, Uniqueness: schema.UniquenessServer}, "uniqueness"},
		{"caseExact boolean", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeBoolean, CaseExact: true}, "case"},
		{"caseExact integer", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeInteger, CaseExact: true}, "case"},
		{"caseExact decimal", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeDecimal, CaseExact: true}, "case"},
		{"caseExact dateTime", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeDateTime, CaseExact: true}, "case"},
		{"caseExact complex", "urn:x", schema.Attribute{Name: "a", Type: schema.TypeComplex, SubAttributes: sub, CaseExact: true}, "case"},
		{"writeOnly but always returned", "urn:x", schema.Attribute{Name: "a", Mutability: schema.WriteOnly, Returned: schema.ReturnedAlways}, "writeOnly"},
		{"a type of its own", "urn:x", schema.Attribute{Name: "a", Type: 99}, "none of"},
		{"an unknown mutability", "urn:x", schema.Attribute{Name: "a", Mutability: 99}, "none of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := schema.New(schema.Schema{ID: c.id, Attributes: []*schema.Attribute{&c.a}})
			require.Nil(t, s)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := schema.New(schema.Schema{ID: "x", Attributes: []*schema.Attribute{{Name: "1"}, {Name: "a"}, {Name: "A"}}})
	for _, want := range []string{"schema URI", "x:1", "twice"} {
		require.ErrorContains(t, err, want, "every problem is named")
	}
}

// M-30
func TestNewAcceptsNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "$ref", "a-b", "a_1", "A$", "x509"} {
		s, err := schema.New(schema.Schema{ID: "urn:x", Attributes: []*schema.Attribute{{Name: name}}})
		require.NoError(t, err, name)
		require.Equal(t, name, s.Attribute(name).Name)
	}
}

func TestNewCopiesItsArgument(t *testing.T) {
	t.Parallel()
	in := schema.Schema{ID: "urn:x", Attributes: []*schema.Attribute{
		{Name: "link", Type: schema.TypeReference},
		nil,
		{Name: "c", Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{{Name: "d", CanonicalValues: []string{"1"}}}},
	}}
	s, err := schema.New(in)
	require.NoError(t, err)
	require.False(t, in.Attributes[0].CaseExact)
	require.True(t, s.Attribute("link").CaseExact, "references are case-exact (RFC 7643 §2.3.7)")
	in.Attributes[2].Name = "changed"
	in.Attributes[2].SubAttributes[0].CanonicalValues[0] = "changed"
	require.Equal(t, "c", s.Attributes[1].Name)
	require.Equal(t, []string{"1"}, s.Attribute("C").Sub("D").CanonicalValues)
	require.Nil(t, s.Attribute("e"))
	require.Nil(t, s.Attribute("link").Sub("x"))
}

//
func TestParseFillsInDefaults(t *testing.T) {
	t.Parallel()
	s, err := schema.Parse([]byte(`{"id":"urn:x","attributes":[{"name":"x"}]}`))
	require.NoError(t, err)
	require.Equal(t, "urn:x", s.ID)
	got, err := json.Marshal(s.Attribute("x"))
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"x","type":"string","multiValued":false,"description":"","required":false,
		"caseExact":false,"mutability":"readWrite","returned":"default","uniqueness":"none"}`, string(got))
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no JSON":            `{`,
		"an unknown type":    `{"id":"urn:x","attributes":[{"name":"x","type":"money"}]}`,
		"unknown mutability": `{"id":"urn:x","attributes":[{"name":"x","mutability":"readwrite"}]}`,
		"unknown below":      `{"id":"urn:x","attributes":[{"name":"x","type":"complex","subAttributes":[{"name":"y","returned":"no"}]}]}`,
		"a broken schema":    `{"id":"urn:x","attributes":[{"name":"1"}]}`,
	} {
		_, err := schema.Parse([]byte(text))
		require.Error(t, err, name)
	}
}

func TestAttributeUnmarshalJSON(t *testing.T) {
	t.Parallel()
	for _, want := range schema.User.Attributes {
		data, err := json.Marshal(want)
		require.NoError(t, err)
		var a schema.Attribute
		require.NoError(t, json.Unmarshal(data, &a))
		again, err := json.Marshal(&a)
		require.NoError(t, err)
		require.JSONEq(t, string(data), string(again))
	}
	var a schema.Attribute
	require.Error(t, json.Unmarshal([]byte(`{"type":"money"}`), &a))
	require.Error(t, json.Unmarshal([]byte(`{"type":1}`), &a))
}

func TestNewResourceTypeRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		rt   schema.ResourceType
		want string
	}{
		{"no name", schema.ResourceType{Endpoint: "/X", Schema: gadgetSchema}, "name"},
		{"a slash in the name", schema.ResourceType{Name: "a/b", Endpoint: "/X", Schema: gadgetSchema}, "name"},
		{"no endpoint", schema.ResourceType{Name: "X", Schema: gadgetSchema}, "endpoint"},
		{"an endpoint of two segments", schema.ResourceType{Name: "X", Endpoint: "/a/b", Schema: gadgetSchema}, "endpoint"},
		{"a pattern as endpoint", schema.ResourceType{Name: "X", Endpoint: "/{x}", Schema: gadgetSchema}, "endpoint"},
		{"an endpoint of the protocol", schema.ResourceType{Name: "X", Endpoint: "/bulk", Schema: gadgetSchema}, "protocol"},
		{"the search endpoint", schema.ResourceType{Name: "X", Endpoint: "/.search", Schema: gadgetSchema}, "endpoint"},
		{"no schema", schema.ResourceType{Name: "X", Endpoint: "/X"}, "no schema"}, // D-16
		{"a schema not made by New", schema.ResourceType{Name: "X", Endpoint: "/X", Schema: &schema.Schema{ID: "urn:x"}}, "not made"},
		{"an extension not made by New", schema.ResourceType{Name: "X", Endpoint: "/X", Schema: gadgetSchema, Extensions: []schema.Extension{{}}}, "not made"},
		{"an extension twice", schema.ResourceType{Name: "X", Endpoint: "/X", Schema: gadgetSchema, Extensions: []schema.Extension{{Schema: gadgetExtension}, {Schema: gadgetExtension}}}, "twice"},
		{"the schema as extension", schema.ResourceType{Name: "X", Endpoint: "/X", Schema: gadgetSchema, Extensions: []schema.Extension{{Schema: gadgetSchema}}}, "twice"},
		{"members that are missing", schema.ResourceType{Name: "X", Endpoint: "/X", Schema: gadgetSchema, MembersAttribute: "members"}, "MembersAttribute"},
		{"members that are singular", schema.ResourceType{Name: "X", Endpoint: "/X", Schema: gadgetSchema, MembersAttribute: "owner"}, "MembersAttribute"},
		{"groups that are not readOnly", schema.ResourceType{Name: "X", Endpoint: "/X", Schema: gadgetSchema, GroupsAttribute: "keys"}, "GroupsAttribute"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rt, err := schema.NewResourceType(c.rt)
			require.Nil(t, rt)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestResourceType(t *testing.T) {
	t.Parallel()
	require.Equal(t, "/Gadgets", gadgetType.Endpoint, "a missing slash is added") // D-18, Z-35
	require.True(t, gadgetType.HasSecrets())
	require.True(t, schema.UserType.HasSecrets())
	require.False(t, schema.GroupType.HasSecrets())
	require.Nil(t, schema.UserType.Members())
	require.Equal(t, "members", schema.GroupType.Members().Name)
	require.Equal(t, "groups", schema.UserType.Groups().Name)
	require.Nil(t, schema.GroupType.Groups())

	var names []string
	for _, a := range gadgetType.Attributes() {
		names = append(names, a.Name)
	}
	require.Equal(t, []string{"schemas", "id", "externalId", "name"}, names[:4]) // M-27
	require.Equal(t, []string{"urn:example:gadget:ext:1.0", "meta"}, names[len(names)-2:])

	var unique []string
	for _, p := range gadgetType.Unique() {
		unique = append(unique, p.String())
	}
	require.Equal(t, []string{"count"}, unique)
	require.Equal(t, "userName", schema.UserType.Unique()[0].String())
}

// Stores append to the unique paths; what one appends another must not see.
func TestUniquePathsAreFullSlices(t *testing.T) {
	def := schema.Schema{ID: "urn:example:three", Name: "Three"}
	for _, name := range []string{"one", "two", "three"} {
		def.Attributes = append(def.Attributes, &schema.Attribute{Name: name, Uniqueness: schema.UniquenessServer})
	}
	s, err := schema.New(def)
	require.NoError(t, err)
	three, err := schema.NewResourceType(schema.ResourceType{Name: "Three", Endpoint: "/Threes", Schema: s})
	require.NoError(t, err)
	require.Len(t, three.Unique(), 3)
	require.Equal(t, 3, cap(three.Unique()))
}

// M-27: a schema that defines the common attributes differently does not change
// them.
func TestCommonAttributesOverrideTheSchema(t *testing.T) {
	t.Parallel()
	s, err := schema.New(schema.Schema{ID: "urn:x", Attributes: []*schema.Attribute{{Name: "ID"}, {Name: "externalId", Required: true}, {Name: "x"}}})
	require.NoError(t, err)
	rt, err := schema.NewResourceType(schema.ResourceType{Name: "X", Endpoint: "/Xs", Schema: s})
	require.NoError(t, err)
	require.Len(t, rt.Attributes(), 5)
	require.Same(t, schema.IDAttribute, rt.MustResolve("id").Last())
	require.Same(t, schema.ExternalIDAttribute, rt.MustResolve("EXTERNALID").Last())
	require.NoError(t, rt.Validate(nil))
}

func TestResourceTypeCopiesItsExtensions(t *testing.T) {
	t.Parallel()
	extensions := []schema.Extension{{Schema: gadgetExtension}}
	rt, err := schema.NewResourceType(schema.ResourceType{Name: "X", Endpoint: "/Xs", Schema: gadgetSchema, Extensions: extensions})
	require.NoError(t, err)
	extensions[0].Required = true
	require.False(t, rt.Extensions[0].Required)
}

func TestWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, "dateTime", schema.TypeDateTime.String())
	require.Equal(t, "immutable", schema.Immutable.String())
	require.Equal(t, "request", schema.ReturnedRequest.String())
	require.Equal(t, "global", schema.UniquenessGlobal.String())
	require.Equal(t, "99", schema.Type(99).String())
}

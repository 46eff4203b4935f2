package schema_test

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// parse parses the JSON of a test.
func parse(t testing.TB, text string) any {
	t.Helper()
	v, err := schema.ParseJSON([]byte(text))
	require.NoError(t, err, text)
	return v
}

// body reads the members of a User body, to which schemas is added.
func body(t testing.TB, members string) schema.JSONObject {
	t.Helper()
	text := `{"schemas":["` + schema.UserURI + `"]`
	if members != "" {
		text += "," + members
	}
	return parse(t, text+"}").(schema.JSONObject)
}

func decode(t testing.TB, members string, p schema.Profile) (schema.Decoded, error) {
	t.Helper()
	return schema.UserType.Decode(body(t, members), p)
}

// text returns the JSON of an object.
func text(o *schema.Object) string { return string(o.AppendJSON(nil)) }

// object decodes attributes of a type as a store does.
func object(t testing.TB, rt *schema.ResourceType, text string) *schema.Object {
	t.Helper()
	o, errs := rt.DecodeStored([]byte(text))
	require.Empty(t, errs, text)
	return o
}

// requireError requires a [*schema.Error] of a kind at a path.
func requireError(t testing.TB, err error, kind schema.ErrorType, path string) {
	t.Helper()
	var e *schema.Error
	require.True(t, errors.As(err, &e), "want a *schema.Error, got %v", err)
	require.Equal(t, kind, e.Type, "%v", err)
	require.Equal(t, path, e.Path, "%v", err)
	require.NotEmpty(t, e.Detail)
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return data
}

// gadget has an attribute of every type and characteristic that the core
// schemas lack.
var (
	gadgetSchema = mustSchema(schema.Schema{
		ID: "urn:example:gadget", Name: "Gadget",
		Attributes: []*schema.Attribute{
			{Name: "name", Required: true},
			{Name: "code", CaseExact: true, CanonicalValues: []string{"A", "b"}},
			{Name: "level", CanonicalValues: []string{"Low", "High"}},
			{Name: "count", Type: schema.TypeInteger, Uniqueness: schema.UniquenessServer},
			{Name: "weight", Type: schema.TypeDecimal},
			{Name: "at", Type: schema.TypeDateTime},
			{Name: "blob", Type: schema.TypeBinary},
			{Name: "link", Type: schema.TypeReference, ReferenceTypes: []string{"uri"}},
			{Name: "on", Type: schema.TypeBoolean},
			{Name: "serial", Mutability: schema.Immutable},
			{Name: "state", Mutability: schema.ReadOnly},
			{Name: "labels", MultiValued: true},
			{Name: "sizes", MultiValued: true, Type: schema.TypeDecimal},
			{Name: "times", MultiValued: true, Type: schema.TypeDateTime},
			{Name: "flags", MultiValued: true, Type: schema.TypeBoolean},
			{Name: "owner", Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{
				{Name: "value"},
				{Name: "$ref", Type: schema.TypeReference, ReferenceTypes: []string{"User"}},
				{Name: "type", CanonicalValues: []string{"User"}},
				{Name: "since", Mutability: schema.Immutable},
				{Name: "display", Mutability: schema.ReadOnly},
				{Name: "pin", Mutability: schema.WriteOnly},
			}},
			{Name: "keys", MultiValued: true, Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{
				{Name: "value", Required: true, CaseExact: true},
				{Name: "type"},
				{Name: "primary", Type: schema.TypeBoolean},
				{Name: "verified", Type: schema.TypeBoolean, Mutability: schema.ReadOnly},
				{Name: "born", Mutability: schema.Immutable},
				{Name: "secret", Returned: schema.ReturnedNever},
			}},
		},
	})
	gadgetExtension = mustSchema(schema.Schema{
		ID: "urn:example:gadget:ext:1.0", Name: "GadgetExtension",
		Attributes: []*schema.Attribute{
			{Name: "name"},
			{Name: "token", Mutability: schema.WriteOnly, Required: true},
			{Name: "grade", Mutability: schema.ReadOnly},
			{Name: "batch", Mutability: schema.Immutable},
			{Name: "must", Required: true},
		},
	})
	gadgetType = mustType(schema.ResourceType{
		Name: "Gadget", Endpoint: "Gadgets", Schema: gadgetSchema,
		Extensions: []schema.Extension{{Schema: gadgetExtension}},
	})
)

func mustSchema(s schema.Schema) *schema.Schema {
	c, err := schema.New(s)
	if err != nil {
		panic(err)
	}
	return c
}

func mustType(t schema.ResourceType) *schema.ResourceType {
	c, err := schema.NewResourceType(t)
	if err != nil {
		panic(err)
	}
	return c
}

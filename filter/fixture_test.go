package filter_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

const ent = schema.EnterpriseUserURI

// Extension URIs that the grammar cannot read, and one that is a prefix of the
// base schema's URI (F-30).
const (
	oddURI  = "urn:x_y:100%25+'odd':2.0:Ext"
	httpURI = "https://example.com/scim/ext.v1"
	longURI = "urn:x:Thing:tags"
)

// thingType has every data type, simple and multi-valued, secrets, and unusual
// names and URIs.
var thingType = newThingType()

func newThingType() *schema.ResourceType {
	must := func(s *schema.Schema, err error) *schema.Schema {
		if err != nil {
			panic(err)
		}
		return s
	}
	thing := must(schema.New(schema.Schema{ID: "urn:x:Thing", Name: "Thing", Attributes: []*schema.Attribute{
		{Name: "name"},
		{Name: "code", CaseExact: true},
		{Name: "on", Type: schema.TypeBoolean},
		{Name: "primary", Type: schema.TypeBoolean},
		{Name: "count", Type: schema.TypeInteger},
		{Name: "weight", Type: schema.TypeDecimal},
		{Name: "seen", Type: schema.TypeDateTime},
		{Name: "blob", Type: schema.TypeBinary},
		{Name: "link", Type: schema.TypeReference, ReferenceTypes: []string{"external"}},
		{Name: "tags", MultiValued: true},
		{Name: "codes", Type: schema.TypeInteger, MultiValued: true},
		{Name: "pin", Mutability: schema.WriteOnly, Returned: schema.ReturnedNever},
		{Name: "not"}, {Name: "eq"}, {Name: "true"}, {Name: "a$b"},
		{Name: "le", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{{Name: "type"}, {Name: "$id"}}},
		{Name: "box", Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{
			{Name: "label"}, {Name: "words", MultiValued: true}, {Name: "primary", Type: schema.TypeBoolean},
		}},
		{Name: "parts", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{
			{Name: "value"}, {Name: "type"}, {Name: "primary", Type: schema.TypeBoolean},
			{Name: "size", Type: schema.TypeInteger}, {Name: "words", MultiValued: true},
			{Name: "key", Mutability: schema.WriteOnly, Returned: schema.ReturnedNever},
		}},
		{Name: "marks", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{{Name: "text"}}},
		{Name: "keys", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{
			{Name: "value", Mutability: schema.WriteOnly, Returned: schema.ReturnedNever}, {Name: "kind"},
		}},
	}}))
	ext := func(id string) schema.Extension {
		return schema.Extension{Schema: must(schema.New(schema.Schema{ID: id, Name: "Ext", Attributes: []*schema.Attribute{
			{Name: "unit"}, {Name: "value"},
			{Name: "primary", Type: schema.TypeBoolean},
			{Name: "boss", Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{{Name: "value"}, {Name: "$ref", Type: schema.TypeReference, ReferenceTypes: []string{"User"}}}},
			{Name: "rooms", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{{Name: "value"}, {Name: "primary", Type: schema.TypeBoolean}}},
		}}))}
	}
	t, err := schema.NewResourceType(schema.ResourceType{
		Name: "Thing", Endpoint: "/Things", Schema: thing,
		Extensions: []schema.Extension{ext(oddURI), ext(httpURI), ext(longURI)},
	})
	if err != nil {
		panic(err)
	}
	return t
}

func strict(t *schema.ResourceType) *filter.Resolver {
	return filter.NewResolver(t, filter.Options{})
}

func lenient(t *schema.ResourceType) *filter.Resolver {
	return filter.NewResolver(t, filter.Options{Profile: schema.Lenient()})
}

func anyType(t *schema.ResourceType) *filter.Resolver {
	return filter.NewResolver(t, filter.Options{Profile: schema.Lenient(), AnyType: true})
}

// resource makes a stored resource from the JSON of its attributes.
func resource(t testing.TB, typ *schema.ResourceType, json string) *schema.Resource {
	t.Helper()
	o, problems := typ.DecodeStored([]byte(json))
	require.Empty(t, problems)
	return &schema.Resource{
		Type: typ, ID: "Id-1", Version: "7", Attributes: o,
		Created:      time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
		LastModified: time.Date(2024, 5, 6, 7, 8, 9, 100, time.UTC),
	}
}

// requireError checks that a filter or path failed with a client error and returns
// the error.
func requireError(t testing.TB, err error, want schema.ErrorType) *filter.Error {
	t.Helper()
	var fe *filter.Error
	require.ErrorAs(t, err, &fe)
	var se *schema.Error
	require.True(t, errors.As(err, &se))
	require.Equal(t, want, se.Type, "%v", err)
	require.NotEmpty(t, se.Detail)
	return fe
}

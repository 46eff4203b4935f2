package patch_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/patch"
	"github.com/seed5f3efb56/scim/schema"
)

const ent = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// thingType has what the core schemas lack: immutable, required and secret
// attributes on every level, simple multi-valued ones, a required extension.
var thingType = newThingType()

func newThingType() *schema.ResourceType {
	must := func(s *schema.Schema, err error) *schema.Schema {
		if err != nil {
			panic(err)
		}
		return s
	}
	thing := must(schema.New(schema.Schema{ID: "urn:x:Thing", Name: "Thing", Attributes: []*schema.Attribute{
		{Name: "name", Required: true},
		{Name: "serial", Mutability: schema.Immutable},
		{Name: "server", Mutability: schema.ReadOnly},
		{Name: "pin", Mutability: schema.WriteOnly, Returned: schema.ReturnedNever},
		{Name: "phrase", Required: true, Mutability: schema.WriteOnly, Returned: schema.ReturnedNever},
		{Name: "tags", MultiValued: true},
		{Name: "codes", MultiValued: true, Type: schema.TypeInteger},
		{Name: "marks", MultiValued: true, Mutability: schema.Immutable},
		{Name: "owners", MultiValued: true, Required: true},
		{Name: "count", Type: schema.TypeInteger},
		{Name: "seen", Type: schema.TypeDateTime},
		{Name: "box", Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{
			{Name: "lock", Mutability: schema.Immutable},
			{Name: "label"},
			{Name: "size", Required: true},
			{Name: "words", MultiValued: true},
			{Name: "key", Mutability: schema.WriteOnly, Returned: schema.ReturnedNever},
		}},
		{Name: "parts", Type: schema.TypeComplex, MultiValued: true, SubAttributes: []*schema.Attribute{
			{Name: "value", Required: true},
			{Name: "type"},
			{Name: "maker", Mutability: schema.Immutable},
			{Name: "stamp", Mutability: schema.ReadOnly},
			{Name: "weight", Type: schema.TypeDecimal},
			{Name: "spare", Type: schema.TypeBoolean},
			{Name: "words", MultiValued: true},
			{Name: "primary", Type: schema.TypeBoolean},
		}},
	}}))
	needed := must(schema.New(schema.Schema{ID: "urn:x:Needed", Name: "Needed", Attributes: []*schema.Attribute{
		{Name: "unit"}, {Name: "fixed", Mutability: schema.Immutable}, {Name: "floor", Required: true},
		{Name: "rooms", MultiValued: true},
	}}))
	extra := must(schema.New(schema.Schema{ID: "urn:x:Extra", Name: "Extra", Attributes: []*schema.Attribute{
		{Name: "note"}, {Name: "value"}, {Name: "secret", Returned: schema.ReturnedNever},
		{Name: "lists", MultiValued: true},
	}}))
	t, err := schema.NewResourceType(schema.ResourceType{
		Name: "Thing", Endpoint: "/Things", Schema: thing,
		Extensions: []schema.Extension{{Schema: needed, Required: true}, {Schema: extra}},
	})
	if err != nil {
		panic(err)
	}
	return t
}

func newPatcher(t *schema.ResourceType, p schema.Profile) *patch.Patcher {
	return patch.New(t, filter.NewResolver(t, filter.Options{Profile: p}), p)
}

func resource(t testing.TB, typ *schema.ResourceType, text string) *schema.Resource {
	t.Helper()
	o, errs := typ.DecodeStored([]byte(text))
	require.Empty(t, errs, text)
	return &schema.Resource{Type: typ, ID: "r1", Version: "1", Attributes: o}
}

// operations reads one operation or an array of them.
func operations(t testing.TB, text string) []patch.Operation {
	t.Helper()
	if text[0] != '[' {
		text = "[" + text + "]"
	}
	body, err := schema.ParseJSON([]byte(`{"schemas":["` + patch.MessageURI + `"],"Operations":` + text + `}`))
	require.NoError(t, err, text)
	ops, err := patch.Parse(body, 0, schema.Strict())
	require.NoError(t, err, text)
	return ops
}

func membersOf(ms ...schema.Member) patch.Members {
	return func() iter.Seq2[schema.Member, error] {
		return func(yield func(schema.Member, error) bool) {
			for _, m := range ms {
				if !yield(m, nil) {
					return
				}
			}
		}
	}
}

// patchCase is one request. Without a profile it runs under both profiles.
type patchCase struct {
	name    string
	profile *schema.Profile
	on      string           // attributes before
	ops     string           // one operation or an array
	want    string           // attributes after; empty when nothing may change
	fail    schema.ErrorType // or how it fails
	path    string           // where, if that matters
	index   int              // at which operation
}

var (
	strict  = ptr(schema.Strict())
	lenient = ptr(schema.Lenient())
)

func ptr(p schema.Profile) *schema.Profile { return &p }

func runCases(t *testing.T, typ *schema.ResourceType, cases []patchCase) {
	for _, c := range cases {
		for name, profile := range map[string]*schema.Profile{"strict": strict, "lenient": lenient} {
			if c.profile != nil && c.profile != profile {
				continue
			}
			t.Run(c.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				c.run(t, typ, *profile)
			})
		}
	}
}

func (c patchCase) run(t *testing.T, typ *schema.ResourceType, p schema.Profile) {
	before := resource(t, typ, c.on)
	frozen := string(before.Attributes.AppendJSON(nil))
	got, err := newPatcher(typ, p).Apply(before, operations(t, c.ops), nil, nil)
	require.Equal(t, frozen, string(before.Attributes.AppendJSON(nil)), "the input changed")
	if c.fail != "" {
		c.requireError(t, got, err)
		return
	}
	require.NoError(t, err)
	if c.want == "" {
		require.Same(t, before, got.Resource, "got %s", got.Resource.Attributes.AppendJSON(nil))
		return
	}
	require.JSONEq(t, c.want, string(got.Resource.Attributes.AppendJSON(nil)))
	require.NotSame(t, before, got.Resource)
	require.Equal(t, before.ID, got.Resource.ID)
}

func (c patchCase) requireError(t *testing.T, got patch.Result, err error) {
	t.Helper()
	var at *patch.Error
	require.ErrorAs(t, err, &at)
	require.Equal(t, c.index, at.Index)
	var why *schema.Error
	require.ErrorAs(t, err, &why)
	require.Equal(t, c.fail, why.Type, err.Error())
	if c.path != "" {
		require.Equal(t, c.path, why.Path)
	}
	require.Equal(t, patch.Result{}, got, "a failed PATCH has no result")
}

func errorType(err error) schema.ErrorType {
	var e *schema.Error
	if errors.As(err, &e) {
		return e.Type
	}
	return ""
}

package schema_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// requireReadStored requires that an object read from its text is the one that it was
// made of, whichever way it is looked at.
func requireReadStored(t testing.TB, rt *schema.ResourceType, o *schema.Object) *schema.Object {
	t.Helper()
	json, format := rt.EncodeStored(o)
	require.Equal(t, text(o), json)
	require.Equal(t, rt.StoredFormat(), format, json)
	got, ok := rt.ReadStored(json, nil)
	require.True(t, ok, json)
	require.True(t, schema.IdenticalObjects(o, got), json)
	require.True(t, schema.IdenticalObjects(got, o), json)
	require.Equal(t, o.Len(), got.Len())
	require.Equal(t, json, text(got))
	for _, a := range rt.Attributes() {
		require.True(t, schema.Identical(o.Get(a), got.Get(a)), "%s of %s", a.Name, json)
		value, assigned := got.AppendValue(nil, a)
		require.Equal(t, o.Get(a).Assigned(), assigned)
		if assigned {
			require.Equal(t, string(o.Get(a).AppendJSON(nil)), string(value))
		}
		require.Equal(t, text(o.With(a, schema.Value{})), text(got.With(a, schema.Value{})))
		requireSame(t, rt, o, got.Decode(a))
		if o.Get(a).Assigned() { // taken away and added again
			requireSame(t, rt, o, got.With(a, schema.Value{}).With(a, o.Get(a)))
			rest, _ := rt.EncodeStored(o.With(a, schema.Value{}))
			without, ok := rt.ReadStored(rest, nil)
			require.True(t, ok)
			added := without.With(a, o.Get(a))
			requireSame(t, rt, o, added)
			require.Equal(t, rest, text(added.With(a, schema.Value{})))
			require.Equal(t, rest, text(without), "it is immutable")
		}
		some, ok := rt.ReadStored(json, []*schema.Attribute{a})
		require.True(t, ok)
		require.Equal(t, text((*schema.Object)(nil).With(a, o.Get(a))), text(some))
	}
	for _, same := range []*schema.Object{got, o} {
		kept := rt.Encoded(same)
		requireSame(t, rt, o, kept)
		require.Same(t, kept, rt.Encoded(kept))
		again, _ := rt.EncodeStored(kept)
		require.Equal(t, json, again)
		for _, a := range rt.Attributes() {
			require.True(t, schema.IdenticalAt(a, o, kept))
			require.True(t, schema.IdenticalAt(a, kept, got))
			require.Equal(t, !o.Get(a).Assigned(), schema.IdenticalAt(a, kept, o.With(a, schema.Value{})))
		}
	}
	return got
}

// requireSame requires that two objects have the same attributes and text.
func requireSame(t testing.TB, rt *schema.ResourceType, want, got *schema.Object) {
	t.Helper()
	require.Equal(t, text(want), text(got))
	require.True(t, schema.IdenticalObjects(want, got))
	require.Equal(t, want.Len(), got.Len())
	json, format := rt.EncodeStored(got)
	require.Equal(t, text(want), json)
	require.Equal(t, rt.StoredFormat(), format)
}

func TestReadStored(t *testing.T) {
	t.Parallel()
	for _, json := range []string{
		`{}`,
		`{"userName":"a"}`,
		`{"externalId":"\\","userName":"a\"b\\\\\"c","title":"{[,]}"}`,
		`{"userName":"a","emails":[{"value":"a@example.com","type":"work","primary":true},{"value":"\u003cb\u003e"}],"active":false}`,
		`{"userName":"a","name":{"familyName":"ä\u2028","givenName":"g"},"` + schema.EnterpriseUserURI + `":{"employeeNumber":"1","manager":{"value":"m"}}}`,
	} {
		requireReadStored(t, schema.UserType, object(t, schema.UserType, json))
	}
	requireReadStored(t, gadgetType, object(t, gadgetType,
		`{"name":"n","count":-0,"weight":1.50,"at":"2020-01-01T00:00:00.1234567+01:00","labels":["a","b,]"],"sizes":[1,10]}`))
}

func TestLacks(t *testing.T) {
	t.Parallel()
	manager, title := schema.UserType.MustResolve(schema.EnterpriseUserURI+":manager"), schema.UserType.MustResolve("title")
	for json, lacks := range map[string]bool{
		`{"userName":"\"manager\":"}`: true,
		`{"userName":"a","` + schema.EnterpriseUserURI + `":{"division":"\"manager\":"}}`: true,
		`{"userName":"a","` + schema.EnterpriseUserURI + `":{"manager":{"value":"m"}}}`:   false,
	} {
		o := requireReadStored(t, schema.UserType, object(t, schema.UserType, json))
		require.Equal(t, lacks, o.Lacks(manager), json)
		require.True(t, o.Lacks(title))
		require.False(t, o.With(title[0], schema.String("t")).Lacks(title))
		require.True(t, object(t, schema.UserType, `{"userName":"a"}`).Lacks(manager))
	}
}

// An object with what the type does not define is not kept as text.
func TestEncodedOfForeignObject(t *testing.T) {
	t.Parallel()
	o := object(t, gadgetType, `{"name":"n"}`)
	require.Same(t, o, schema.UserType.Encoded(o))
	require.Nil(t, schema.UserType.Encoded(nil))
	kept := gadgetType.Encoded(o)
	require.Same(t, kept, schema.UserType.Encoded(kept))
}

// What does not look like the text of the type is left to DecodeStored.
func TestReadStoredRefuses(t *testing.T) {
	t.Parallel()
	for _, json := range []string{
		``, `{`, `}`, `[]`, `null`, `{"userName"}`, `{"userName":}`, `{"userName":"a"`, `{"userName":"a}`, `{"userName":"a",}`,
		`{"userName":"a"}}`, `{"userName":"a"}{}`, ` {"userName":"a"}`, `{"userName": "a" ,"nobody":1}`, `{"username":"a"}`,
		`{"title":"t","userName":"a"}`, `{"id":"1"}`, `{"schemas":[]}`, `{"meta":{}}`, `{"groups":[{"value":"g"}]}`,
	} {
		got, ok := schema.UserType.ReadStored(json, nil)
		require.False(t, ok, json)
		require.Nil(t, got)
	}
}

// An object that the type does not define has no format: what is read back is not
// what a response may have.
func TestEncodeStoredWithoutFormat(t *testing.T) {
	t.Parallel()
	user := func(name string) *schema.Attribute { return schema.UserType.MustResolve(name).Last() }
	for name, o := range map[string]*schema.Object{
		"an attribute of another type": (*schema.Object)(nil).With(gadgetType.MustResolve("count").Last(), schema.Integer(1)),
		"a list of a singular one":     (*schema.Object)(nil).With(user("title"), schema.List(schema.String("a"))),
		"one value of a list":          (*schema.Object)(nil).With(user("emails"), schema.Complex((*schema.Object)(nil).With(user("emails.value"), schema.String("a")))),
		"a value of another type":      (*schema.Object)(nil).With(user("title"), schema.Integer(1)),
		"a secret":                     (*schema.Object)(nil).With(user("password"), schema.String("p")),
		"groups, which are derived":    (*schema.Object)(nil).With(user("groups"), schema.List(schema.Complex((*schema.Object)(nil).With(user("groups.value"), schema.String("g"))))),
	} {
		json, format := schema.UserType.EncodeStored(o)
		require.Zero(t, format, name)
		require.Equal(t, text(o), json, name)
	}
}

// Types whose texts may differ have different formats.
func TestStoredFormat(t *testing.T) {
	t.Parallel()
	formats := map[int64]string{}
	for name, attribute := range map[string]schema.Attribute{
		"string":  {Name: "x"},
		"list":    {Name: "x", MultiValued: true},
		"boolean": {Name: "x", Type: schema.TypeBoolean},
		"secret":  {Name: "x", Returned: schema.ReturnedNever},
		"other":   {Name: "y"},
		"complex": {Name: "x", Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{{Name: "z"}}},
		"nested":  {Name: "x", Type: schema.TypeComplex, SubAttributes: []*schema.Attribute{{Name: "z", Type: schema.TypeInteger}}},
	} {
		s, err := schema.New(schema.Schema{ID: "urn:example:thing", Name: "Thing", Attributes: []*schema.Attribute{&attribute}})
		require.NoError(t, err)
		rt, err := schema.NewResourceType(schema.ResourceType{Name: "Thing", Endpoint: "/Things", Schema: s})
		require.NoError(t, err)
		require.Empty(t, formats[rt.StoredFormat()], name)
		formats[rt.StoredFormat()] = name
		require.Greater(t, rt.StoredFormat(), int64(1)<<60)
	}
}

// A response has the text as it is unless something in it is hidden or returned on
// request only.
func TestAppendReturned(t *testing.T) {
	t.Parallel()
	const json = `{"userName":"a","active":true}`
	plain := requireReadStored(t, schema.UserType, object(t, schema.UserType, json))
	got, ok := plain.AppendReturned([]byte("x"))
	require.True(t, ok)
	require.Equal(t, "x"+strings.Trim(json, "{}"), string(got))

	groups, value := schema.UserType.Groups(), schema.UserType.MustResolve("groups.value").Last()
	got, ok = plain.With(groups, schema.List(schema.Complex((*schema.Object)(nil).With(value, schema.String("g"))))).AppendReturned([]byte("x"))
	require.True(t, ok)
	require.Equal(t, "x"+strings.Trim(json, "{}")+`,"groups":[{"value":"g"}]`, string(got))

	owned := schema.WithOwner(schema.UserType)
	o := requireReadStored(t, owned, object(t, owned, json).With(schema.OwnerAttribute, schema.String("okta")))
	got, ok = o.AppendReturned([]byte("x"))
	require.False(t, ok)
	require.Equal(t, "x", string(got))
}

func BenchmarkReadStored(b *testing.B) {
	json, _ := schema.UserType.EncodeStored(fullUser(b))
	b.SetBytes(int64(len(json)))
	b.ReportAllocs()
	for b.Loop() {
		schema.UserType.ReadStored(json, nil)
	}
}

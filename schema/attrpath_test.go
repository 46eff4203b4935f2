package schema_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

func TestAttrPathRoundTrip(t *testing.T) {
	t.Parallel()
	for _, rt := range []*schema.ResourceType{schema.UserType, schema.GroupType, gadgetType} {
		var walk func(prefix schema.AttrPath, as []*schema.Attribute)
		walk = func(prefix schema.AttrPath, as []*schema.Attribute) {
			for _, a := range as {
				want := append(slices.Clone(prefix), a)
				got, ok := rt.Resolve(want.String())
				require.True(t, ok, want.String())
				require.Equal(t, want.String(), got.String())
				require.True(t, slices.Equal(want, got), want.String())
				got, ok = rt.Resolve(upper(want.String())) // H-14
				require.True(t, ok)
				require.True(t, slices.Equal(want, got), want.String())
				if !want.Extension() {
					got, ok = rt.Resolve(rt.Schema.ID + ":" + want.String()) // H-13
					require.True(t, ok)
					require.True(t, slices.Equal(want, got), want.String())
				}
				walk(want, a.SubAttributes)
			}
		}
		walk(nil, rt.Attributes())
	}
}

func upper(s string) string {
	out := []byte(s)
	for i, c := range out {
		if 'a' <= c && c <= 'z' {
			out[i] = c - 'a' + 'A'
		}
	}
	return string(out)
}

func TestResolveRefuses(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"", ".", ":", "frob", "userName.", ".userName", "userName.x", "name.givenName.x", "name.frob", "name..givenName", " userName", "userName ",
		schema.UserURI, schema.UserURI + ":", schema.UserURI + ":frob", schema.UserURI + ".userName", schema.UserURI + "userName",
		schema.UserURI + ":" + enterprise, schema.UserURI + ":department",
		enterprise + ":", enterprise + ":userName", enterprise + ":manager.frob", enterprise + ".department", enterprise + "x",
		"department", "manager.value", "urn:x:y", "urn:x:y:userName", "emails[type eq \"work\"]", "u\u017ferName", // H-15
	} {
		p, ok := schema.UserType.Resolve(path)
		require.False(t, ok, path)
		require.Nil(t, p)
	}
	require.PanicsWithValue(t, "schema: User has no attribute frob", func() { schema.UserType.MustResolve("frob") })
}

func TestCutURI(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][2]string{
		"userName":                    {"", "userName"},
		schema.UserURI + ":userName":  {schema.UserURI, "userName"},
		schema.UserURI:                {schema.UserURI, ""},
		enterprise + ":manager.value": {enterprise, "manager.value"},
		upper(enterprise) + ":x":      {upper(enterprise), "x"},
		enterprise + "2:x":            {"", enterprise + "2:x"},
		"urn:other:userName":          {"", "urn:other:userName"},
	} {
		uri, rest := schema.UserType.CutURI(path)
		require.Equal(t, want, [2]string{uri, rest}, path)
	}
	// One URI may be a prefix of another: the longest match is used.
	uri, rest := gadgetType.CutURI("urn:example:gadget:ext:1.0:name")
	require.Equal(t, [2]string{"urn:example:gadget:ext:1.0", "name"}, [2]string{uri, rest})
	require.Equal(t, "urn:example:gadget:ext:1.0:name", gadgetType.MustResolve("URN:example:gadget:ext:1.0:NAME").String())
	require.Equal(t, "name", gadgetType.MustResolve("urn:example:gadget:name").String())
}

func TestAttrPath(t *testing.T) {
	t.Parallel()
	r := &schema.Resource{Type: schema.UserType, Attributes: object(t, schema.UserType,
		`{"userName":"u","emails":[{"value":"a"},{"type":"x"},{"value":"b","primary":true}],"`+enterprise+`":{"manager":{"value":"m"}}}`)}
	values := func(path string) []string {
		var out []string
		for v := range schema.UserType.MustResolve(path).Values(r) {
			out = append(out, v.Text())
		}
		return out
	}
	require.Equal(t, []string{"u"}, values("userName"))
	require.Equal(t, []string{"a", "b"}, values("emails.value"))
	require.Len(t, values("emails"), 3)
	require.Equal(t, []string{"m"}, values(enterprise+":manager.value"))
	require.Empty(t, values("title"))
	require.Equal(t, []string{"User"}, values("meta.resourceType"))

	emails := schema.UserType.MustResolve("emails.value")
	require.True(t, emails.MultiValued())
	require.False(t, schema.UserType.MustResolve("name.givenName").MultiValued())
	require.False(t, emails.Extension())
	require.True(t, schema.UserType.MustResolve(enterprise).Extension())
	require.Equal(t, "emails", emails.Root().Name)
	require.Equal(t, "value", emails.Last().Name)
	require.Empty(t, schema.AttrPath(nil).String())
	for range emails.Values(r) {
		break // stops at the first
	}

	require.Equal(t, "b", schema.SortValue(emails, r).Text(), "the primary value")
	require.Equal(t, "u", schema.SortValue(schema.UserType.MustResolve("userName"), r).Text())
	require.False(t, schema.SortValue(schema.UserType.MustResolve("ims.value"), r).Assigned())
	r = r.WithAttributes(object(t, schema.UserType, `{"emails":[{"value":"a"},{"value":"b"}]}`))
	require.Equal(t, "a", schema.SortValue(emails, r).Text(), "else the first")
}

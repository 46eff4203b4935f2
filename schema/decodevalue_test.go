package schema_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

func TestDecodeValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path, value string
		element           bool
		strict, lenient   string // JSON of the value, "null" for unassigned, or "kind path"
	}{
		{"a string", "nickName", `"x"`, false, `"x"`, ""},
		{"null", "nickName", `null`, false, `null`, ""},
		{"an empty list for a singular attribute", "nickName", `[]`, false, `null`, ""},
		{"a list of one for a singular attribute", "nickName", `["x"]`, false, `invalidValue `, `"x"`},
		{"a list of two for a singular attribute", "nickName", `["x","y"]`, false, `invalidValue `, `invalidValue `},
		{"a list of one with null", "nickName", `[null]`, false, `invalidValue `, `null`},
		{"a list", "emails", `[{"value":"a"},{"value":"b"}]`, false, `[{"value":"a"},{"value":"b"}]`, ""},
		{"an empty list", "emails", `[]`, false, `null`, ""},
		{"a lone element becomes a list", "emails", `{"value":"a"}`, false, `[{"value":"a"}]`, ""}, // Z-30
		{"a lone string", "emails", `"a"`, false, `invalidValue `, `[{"value":"a"}]`},
		{"the empty string for a list", "emails", `""`, false, `invalidValue `, `null`},
		{"an element", "emails", `{"value":"a"}`, true, `{"value":"a"}`, ""},
		{"a null element", "emails", `null`, true, `null`, ""},
		{"a list is no element", "emails", `[{"value":"a"}]`, true, `invalidValue `, `invalidValue `},
		{"duplicates", "emails", `[{"value":"a"},{"value":"A"}]`, false, `[{"value":"a"}]`, ""},
		{"two primaries", "emails", `[{"value":"a","primary":true},{"value":"b","primary":true}]`, false, `invalidValue `, `invalidValue `},
		{"a sub-attribute", "emails.primary", `"True"`, false, `invalidValue `, `true`},
		{"a wrong sub-attribute", "emails", `{"value":true}`, false, `invalidValue value`, `invalidValue value`},
		{"an unknown sub-attribute", "name", `{"frob":1}`, false, `invalidSyntax `, `null`},
		{"a nested path in an error", enterprise, `{"manager":{"value":true}}`, false, `invalidValue manager.value`, `invalidValue manager.value`},
		{"a complex attribute", "name", `{"GIVENNAME":"g"}`, false, `{"givenName":"g"}`, ""},
		{"a complex attribute as a string", enterprise + ":manager", `"m"`, false, `invalidValue `, `{"value":"m"}`},
		{"readOnly sub-attributes", enterprise + ":manager", `{"value":"m","displayName":5}`, false, `mutability displayName`, `{"value":"m"}`}, // N-21 P-14
		{"readOnly sub-attributes of an attribute of an extension", enterprise, `{"manager":{"displayName":null}}`, false, `mutability manager.displayName`, `null`},
		{"an extension", enterprise, `{"department":"d"}`, false, `{"department":"d"}`, ""},
		{"a boolean", "active", `"nope"`, false, `invalidValue `, `invalidValue `},
		{"a URI", "profileUrl", `"HTTPS://A:443"`, false, `"https://a/"`, ""},
		{"a member", "members", `{"value":"u","$ref":"Users/u","display":"x"}`, true, `mutability display`, `{"value":"u","$ref":"Users/u"}`},
	} {
		if c.lenient == "" {
			c.lenient = c.strict
		}
		for name, p := range map[string]schema.Profile{"strict": schema.Strict(), "lenient": schema.Lenient()} {
			want := c.strict
			if name == "lenient" {
				want = c.lenient
			}
			t.Run(c.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				rt := schema.UserType
				if c.path == "members" {
					rt = schema.GroupType
				}
				a := rt.MustResolve(c.path).Last()
				got, secrets, err := schema.DecodeValue(a, parse(t, c.value), c.element, p)
				require.Zero(t, secrets.Len())
				if kind, path, isError := strings.Cut(want, " "); isError {
					requireError(t, err, schema.ErrorType(kind), path)
					require.False(t, got.Assigned())
					return
				}
				require.NoError(t, err)
				require.Equal(t, want, string(got.AppendJSON(nil)))
			})
		}
	}
}

func TestDecodeValueSecrets(t *testing.T) {
	t.Parallel()
	password := schema.UserType.MustResolve("password").Last()
	v, secrets, err := schema.DecodeValue(password, "t0p", false, schema.Strict())
	require.NoError(t, err)
	require.False(t, v.Assigned())
	require.Equal(t, "t0p", secrets.Get("password").Text())

	_, secrets, err = schema.DecodeValue(password, nil, false, schema.Strict())
	require.NoError(t, err)
	require.Zero(t, secrets.Len())

	_, _, err = schema.DecodeValue(password, schema.JSONObject{{Name: "x", Value: "t0p"}}, false, schema.Strict())
	requireError(t, err, schema.ErrorInvalidValue, "")
	require.NotContains(t, err.Error(), "t0p")

	owner := gadgetType.MustResolve("owner").Last()
	v, secrets, err = schema.DecodeValue(owner, parse(t, `{"value":"o","pin":"1"}`), false, schema.Strict())
	require.NoError(t, err)
	require.Equal(t, `{"value":"o"}`, string(v.AppendJSON(nil)))
	require.Equal(t, "1", secrets.Get("owner.pin").Text())

	path := gadgetType.MustResolve("urn:example:gadget:ext:1.0:token")
	_, secrets, err = schema.DecodeValue(path.Last(), "4", false, schema.Strict())
	require.NoError(t, err)
	require.Equal(t, "4", secrets.Prefixed(path[:1]).Get(path.String()).Text())

	_, secrets, err = schema.DecodeValue(path.Root(), parse(t, `{"token":"4"}`), false, schema.Strict())
	require.NoError(t, err)
	require.Equal(t, "4", secrets.Get(path.String()).Text())
}

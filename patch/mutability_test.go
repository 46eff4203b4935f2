package patch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

func TestReadOnly(t *testing.T) {
	t.Parallel()
	var cases []patchCase
	for path, value := range map[string]string{
		"id": `"x"`, "meta": `{"version":"x"}`, "meta.version": `"x"`, "meta.created": `"2020-01-01T00:00:00Z"`,
		"groups": `[{"value":"g"}]`, "groups[value eq \\\"g\\\"].value": `"h"`, "groups.value": `"h"`, ent + ":manager.displayName": `"x"`,
	} {
		for _, op := range []string{"add", "replace"} { // P-14, P-43, P-70, N-13, N-21
			cases = append(cases, patchCase{name: op + " " + path, on: fullUser, ops: `{"op":"` + op + `","path":"` + path + `","value":` + value + `}`, fail: schema.ErrorMutability})
		}
	}
	runCases(t, schema.UserType, append(cases,
		patchCase{name: "without path, P-14", profile: strict, on: `{"userName":"u"}`, ops: `{"op":"replace","value":{"id":"r1","title":"T"}}`, fail: schema.ErrorMutability, path: "id"},
		patchCase{name: "without path (Okta, authentik)", profile: lenient, on: `{"userName":"u"}`,
			ops:  `{"op":"replace","value":{"id":"other","meta":{"version":"x"},"groups":[],"title":"T","meta.created":"x","` + ent + `:manager.displayName":"x"}}`,
			want: `{"userName":"u","title":"T"}`},
		patchCase{name: "within a value, P-14", profile: strict, on: `{"userName":"u"}`, ops: `{"op":"add","path":"` + ent + `:manager","value":{"value":"m","displayName":"x"}}`, fail: schema.ErrorMutability, path: ent + ":manager.displayName"},
		patchCase{name: "within a value of an extension, P-14", profile: strict, on: fullUser, ops: `{"op":"replace","path":"` + ent + `","value":{"manager":{"displayName":null}}}`, fail: schema.ErrorMutability, path: ent + ":manager.displayName"},
		patchCase{name: "within a value without path, P-14", profile: strict, on: fullUser, ops: `{"op":"add","value":{"` + ent + `":{"manager":{"displayName":"x"}}}}`, fail: schema.ErrorMutability, path: ent + ":manager.displayName"},
		patchCase{name: "within a value it is ignored, RFC 7644 §3.3", profile: lenient, on: `{"userName":"u"}`,
			ops:  `{"op":"add","path":"` + ent + `:manager","value":{"value":"m","displayName":"x"}}`,
			want: `{"userName":"u","` + ent + `":{"manager":{"value":"m"}}}`},
	))
	runCases(t, thingType, []patchCase{
		{name: "in the value of an element, P-14", profile: strict, on: `{"parts":[{"value":"v","stamp":"s"}]}`, ops: `{"op":"add","path":"parts[value eq \"v\"]","value":{"stamp":"s","type":"t"}}`, fail: schema.ErrorMutability, path: "parts.stamp"},
		{name: "in a list, P-14", profile: strict, on: `{"name":"n"}`, ops: `{"op":"add","path":"parts","value":[{"value":"v"},{"value":"w","stamp":"x"}]}`, fail: schema.ErrorMutability, path: "parts.stamp"},
		{name: "kept in the value of an element", profile: lenient, on: `{"parts":[{"value":"v","stamp":"s"}]}`, ops: `{"op":"add","path":"parts[value eq \"v\"]","value":{"stamp":"x","type":"t"}}`, want: `{"parts":[{"value":"v","type":"t","stamp":"s"}]}`},
		{name: "stays when a value is added again", profile: lenient, on: `{"parts":[{"value":"v","stamp":"s"}]}`, ops: `{"op":"add","path":"parts","value":{"value":"v","stamp":"x"}}`},
	})
}

// P-15, P-44, P-54, P-71.
func TestImmutable(t *testing.T) {
	t.Parallel()
	runCases(t, thingType, []patchCase{
		{name: "set while unassigned", on: `{"name":"n"}`, ops: `{"op":"add","path":"serial","value":"1"}`, want: `{"name":"n","serial":"1"}`},
		{name: "replaced while unassigned", on: `{"name":"n"}`, ops: `{"op":"replace","path":"serial","value":"1"}`, want: `{"name":"n","serial":"1"}`},
		{name: "the same value", on: `{"serial":"a"}`, ops: `[{"op":"add","path":"serial","value":"a"},{"op":"replace","value":{"serial":"A"}}]`},
		{name: "another value, add", on: `{"serial":"a"}`, ops: `{"op":"add","path":"serial","value":"b"}`, fail: schema.ErrorMutability, path: "serial"},
		{name: "another value, replace without path", on: `{"serial":"a"}`, ops: `{"op":"replace","value":{"serial":"b"}}`, fail: schema.ErrorMutability},
		{name: "null", on: `{"serial":"a"}`, ops: `{"op":"replace","path":"serial","value":null}`, fail: schema.ErrorMutability},
		{name: "set and changed in one request", on: `{"name":"n"}`, ops: `[{"op":"add","path":"serial","value":"1"},{"op":"add","path":"serial","value":"2"}]`, fail: schema.ErrorMutability, index: 1},
		{name: "sub-attribute, set while unassigned", on: `{"box":{"size":"s"}}`, ops: `{"op":"add","path":"box.lock","value":"1"}`, want: `{"box":{"size":"s","lock":"1"}}`},
		{name: "sub-attribute, another value", on: `{"box":{"size":"s","lock":"1"}}`, ops: `{"op":"replace","path":"box","value":{"lock":"2"}}`, fail: schema.ErrorMutability, path: "box.lock"},
		{name: "sub-attribute, the same value", on: `{"box":{"size":"s","lock":"1"}}`, ops: `{"op":"replace","path":"box","value":{"lock":"1","size":"t"}}`, want: `{"box":{"size":"t","lock":"1"}}`},
		{name: "sub-attribute goes with null for its parent", on: `{"box":{"size":"s","lock":"1"}}`, ops: `{"op":"replace","path":"box","value":null}`, fail: schema.ErrorMutability},
		{name: "in a value, another", on: `{"parts":[{"value":"v","maker":"m"}]}`, ops: `{"op":"replace","path":"parts[value eq \"v\"].maker","value":"n"}`, fail: schema.ErrorMutability, path: "parts.maker"},
		{name: "in a value, whole value replaced", on: `{"parts":[{"value":"v","maker":"m"}]}`, ops: `{"op":"replace","path":"parts[value eq \"v\"]","value":{"value":"v","maker":"n"}}`, fail: schema.ErrorMutability},
		{name: "in a value that is added again", on: `{"parts":[{"value":"v","maker":"m"}]}`, ops: `{"op":"add","path":"parts","value":{"value":"v","maker":"n"}}`, fail: schema.ErrorMutability, path: "parts.maker"},
		{name: "in a list replaced as a whole", on: `{"parts":[{"value":"v","maker":"m"}]}`, ops: `{"op":"replace","path":"parts","value":[{"value":"v","maker":"n"}]}`, want: `{"parts":[{"value":"v","maker":"n"}]}`},
		{name: "multi-valued, first values", on: `{"name":"n"}`, ops: `{"op":"add","path":"marks","value":["a"]}`, want: `{"name":"n","marks":["a"]}`},
		{name: "multi-valued, another value", on: `{"marks":["a"]}`, ops: `{"op":"add","path":"marks","value":["b"]}`, fail: schema.ErrorMutability},
		{name: "multi-valued, the same value", on: `{"marks":["a"]}`, ops: `{"op":"add","path":"marks","value":["a"]}`},
		{name: "in an extension", on: `{"urn:x:Needed":{"fixed":"1"}}`, ops: `{"op":"replace","path":"urn:x:Needed:fixed","value":"2"}`, fail: schema.ErrorMutability, path: "urn:x:Needed:fixed"},
	})
}

func TestSecretsAreReturnedApartFromTheResource(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, ops string
		want      map[string]string
	}{
		{"by path", `{"op":"replace","path":"pin","value":"p1"}`, map[string]string{"pin": "p1"}},
		{"without path (Okta)", `{"op":"replace","value":{"pin":"p1"}}`, map[string]string{"pin": "p1"}},
		{"the last one counts, P-8", `[{"op":"add","path":"pin","value":"p1"},{"op":"add","path":"pin","value":"p2"}]`, map[string]string{"pin": "p2"}},
		{"taken back by remove, P-8", `[{"op":"add","path":"pin","value":"p1"},{"op":"remove","path":"pin"}]`, nil},
		{"taken back by null, P-8", `[{"op":"add","path":"pin","value":"p1"},{"op":"replace","path":"pin","value":null}]`, nil},
		{"removed", `{"op":"remove","path":"pin"}`, nil},
		{"sub-attribute by path", `{"op":"add","path":"box.key","value":"k"}`, map[string]string{"box.key": "k"}},
		{"sub-attribute in an object", `{"op":"add","path":"box","value":{"key":"k"}}`, map[string]string{"box.key": "k"}},
		{"extension by path", `{"op":"add","path":"urn:x:Extra:secret","value":"s"}`, map[string]string{"urn:x:Extra:secret": "s"}},
		{"extension as an object, several", `[{"op":"add","value":{"urn:x:Extra":{"secret":"s"},"pin":"p"}}]`, map[string]string{"urn:x:Extra:secret": "s", "pin": "p"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before := resource(t, thingType, `{"name":"n"}`)
			got, err := newPatcher(thingType, schema.Strict()).Apply(before, operations(t, c.ops), nil, nil)
			require.NoError(t, err)
			require.Same(t, before, got.Resource, "a secret is no change of the resource")
			require.Equal(t, len(c.want), got.Secrets.Len())
			for path, want := range c.want {
				require.Equal(t, want, got.Secrets.Get(path).Text(), path)
			}
		})
	}
}

func TestErrorsKeepSecrets(t *testing.T) {
	t.Parallel()
	for _, ops := range []string{
		`{"op":"replace","path":"password","value":{"hunter2":"hunter2"}}`,
		`{"op":"replace","value":{"password":["hunter2","hunter2"]}}`,
		`[{"op":"replace","path":"password","value":"hunter2"},{"op":"replace","path":"id","value":"hunter2"}]`,
	} {
		_, err := newPatcher(schema.UserType, schema.Strict()).Apply(resource(t, schema.UserType, `{"userName":"u"}`), operations(t, ops), nil, nil)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

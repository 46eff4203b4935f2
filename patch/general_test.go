package patch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

// RFC 7644 §3.5.2, the rules for all operations.
func TestPaths(t *testing.T) {
	t.Parallel()
	const on = `{"userName":"u","title":"T","emails":[{"value":"a","type":"work"}],"name":{"familyName":"F"}}`
	cases := []patchCase{
		{name: "in any case with the schema's URI, P-7", on: on, ops: `{"op":"replace","path":"URN:ietf:params:scim:schemas:core:2.0:User:NAME.familyname","value":"G"}`,
			want: `{"userName":"u","title":"T","emails":[{"value":"a","type":"work"}],"name":{"familyName":"G"}}`},
		{name: "operations see the results of earlier ones, P-8", on: on, ops: `[{"op":"add","path":"emails","value":{"value":"x"}},{"op":"replace","path":"emails[value eq \"x\"].type","value":"home"},{"op":"remove","path":"emails[type eq \"work\"]"}]`,
			want: `{"userName":"u","title":"T","emails":[{"value":"x","type":"home"}],"name":{"familyName":"F"}}`},
		{name: "all or nothing, P-9", on: on, ops: `[{"op":"replace","path":"title","value":"U"},{"op":"replace","path":"id","value":"x"}]`, fail: schema.ErrorMutability, index: 1, path: "id"},
		{name: "all or nothing without path, P-9", on: on, ops: `[{"op":"replace","value":{"title":"U","active":"maybe"}}]`, fail: schema.ErrorInvalidValue, path: "active"},
		{name: "value of a wrong type, P-16: boolean", on: on, ops: `{"op":"replace","path":"active","value":"maybe"}`, fail: schema.ErrorInvalidValue},
		{name: "value of a wrong type, P-16: complex", on: on, ops: `{"op":"replace","path":"name","value":"x"}`, fail: schema.ErrorInvalidValue},
		{name: "value of a wrong type, P-16: number for a string", profile: strict, on: on, ops: `{"op":"replace","path":"title","value":1}`, fail: schema.ErrorInvalidValue},
		{name: "unknown attribute, P-17 Z-23", on: on, ops: `{"op":"add","path":"nope","value":"x"}`, fail: schema.ErrorInvalidPath},
		{name: "unknown sub-attribute, P-17", on: on, ops: `{"op":"remove","path":"name.nope"}`, fail: schema.ErrorInvalidPath},
		{name: "unknown extension attribute, P-17", profile: strict, on: on, ops: `{"op":"add","path":"` + ent + `:nope","value":"x"}`, fail: schema.ErrorInvalidPath},
		{name: "unknown operator in a filter, P-18 Z-23", on: on, ops: `{"op":"remove","path":"emails[type foo \"x\"]"}`, fail: schema.ErrorInvalidFilter},
		{name: "unknown sub-attribute in a filter, P-18", on: on, ops: `{"op":"remove","path":"emails[nope eq \"x\"]"}`, fail: schema.ErrorInvalidFilter},
		{name: "operator that does not fit, P-18", on: on, ops: `{"op":"remove","path":"emails[primary gt true]"}`, fail: schema.ErrorInvalidFilter},
		{name: "unknown attribute without path", profile: strict, on: on, ops: `{"op":"add","value":{"nope":"x"}}`, fail: schema.ErrorInvalidPath},
		{name: "unknown attribute without path (Entra ID)", profile: lenient, on: on, ops: `{"op":"add","value":{"nope":"x","urn:x:y:z":{},"title":"U","name.nope":1}}`,
			want: `{"userName":"u","title":"U","emails":[{"value":"a","type":"work"}],"name":{"familyName":"F"}}`},
		{name: "unknown sub-attribute in a value", profile: strict, on: on, ops: `{"op":"add","path":"name","value":{"nope":"x"}}`, fail: schema.ErrorInvalidSyntax, path: "name"},
		{name: "unknown sub-attribute in a value (Okta)", profile: lenient, on: on, ops: `{"op":"add","path":"name","value":{"nope":"x","givenName":"G"}}`,
			want: `{"userName":"u","title":"T","emails":[{"value":"a","type":"work"}],"name":{"familyName":"F","givenName":"G"}}`},
	}
	for _, path := range []string{ // P-5, P-6
		`name.`, `.x`, `a..b`, `emails[type eq \"work\"]x`, ` `, `/emails/0`, `name.familyName.x`, `title.x`, `:title`,
	} {
		cases = append(cases,
			patchCase{name: "malformed, replace " + path, on: on, ops: `{"op":"replace","value":"x","path":"` + path + `"}`, fail: schema.ErrorInvalidPath},
			patchCase{name: "malformed, remove " + path, on: on, ops: `{"op":"remove","path":"` + path + `"}`, fail: schema.ErrorInvalidPath},
		)
	}
	runCases(t, schema.UserType, cases)
}

func TestIndexedPathsFail(t *testing.T) {
	t.Parallel()
	for _, path := range []string{`emails[0]`, `emails[`, `emails[]`, `emails[type]`} { // P-6
		_, err := newPatcher(schema.UserType, schema.Lenient()).Apply(resource(t, schema.UserType, `{"userName":"u"}`), operations(t, `{"op":"remove","path":"`+path+`"}`), nil, nil)
		require.Contains(t, []schema.ErrorType{schema.ErrorInvalidPath, schema.ErrorInvalidFilter}, errorType(err), path)
	}
}

// The attribute schemas follows from the content.
func TestSchemas(t *testing.T) {
	t.Parallel()
	const user = "urn:ietf:params:scim:schemas:core:2.0:User"
	const on = `{"userName":"u","` + ent + `":{"department":"D"}}`
	runCases(t, schema.UserType, []patchCase{
		{name: "add an extension, then its attribute, P-19", on: `{"userName":"u"}`, ops: `[{"op":"add","path":"schemas","value":["` + ent + `"]},{"op":"add","path":"` + ent + `:department","value":"D"}]`, want: on},
		{name: "add what is there, M-4", on: on, ops: `{"op":"add","path":"schemas","value":"` + user + `"}`},
		{name: "add an unknown one", profile: strict, on: on, ops: `{"op":"add","path":"schemas","value":["urn:x:y"]}`, fail: schema.ErrorInvalidValue, path: "schemas"},
		{name: "add an unknown one (Entra ID)", profile: lenient, on: on, ops: `{"op":"add","path":"schemas","value":["urn:x:y"]}`},
		{name: "add something else", on: on, ops: `{"op":"add","path":"schemas","value":[1]}`, fail: schema.ErrorInvalidValue},
		{name: "replace in any order and case", on: on, ops: `{"op":"replace","path":"schemas","value":["` + ent + `","URN:ietf:params:scim:schemas:core:2.0:User"]}`},
		{name: "replace without the base schema, M-6", on: on, ops: `{"op":"replace","path":"schemas","value":["` + ent + `"]}`, fail: schema.ErrorInvalidValue},
		{name: "replace with null, M-6", on: on, ops: `{"op":"replace","path":"schemas","value":null}`, fail: schema.ErrorInvalidValue},
		{name: "replace one value", on: on, ops: `{"op":"replace","path":"schemas[value eq \"` + ent + `\"]","value":"urn:x:y"}`, fail: schema.ErrorMutability},
		{name: "remove an extension by filter, P-26", on: on, ops: `{"op":"remove","path":"schemas[value eq \"` + ent + `\"]"}`, want: `{"userName":"u"}`},
		{name: "remove an extension by comparison, P-26", on: on, ops: `{"op":"remove","path":"schemas eq \"` + ent + `\""}`, want: `{"userName":"u"}`},
		{name: "remove an extension that is not there, Z-26", on: `{"userName":"u"}`, ops: `{"op":"remove","path":"schemas[value eq \"` + ent + `\"]"}`},
		{name: "remove an extension by value list, Z-46", profile: lenient, on: on, ops: `{"op":"remove","path":"schemas","value":["` + ent + `"]}`, want: `{"userName":"u"}`},
		{name: "remove the base schema by value list", profile: lenient, on: on, ops: `{"op":"remove","path":"schemas","value":["` + user + `"]}`, fail: schema.ErrorMutability},
		{name: "remove an unknown one by value list", profile: lenient, on: on, ops: `{"op":"remove","path":"schemas","value":["urn:x:y","URN:x"]}`},
		{name: "remove something else by value list", profile: lenient, on: on, ops: `{"op":"remove","path":"schemas","value":[1]}`, fail: schema.ErrorInvalidValue},
		{name: "remove by value list, Z-46", profile: strict, on: on, ops: `{"op":"remove","path":"schemas","value":["` + ent + `"]}`, fail: schema.ErrorInvalidValue, path: "schemas"},
		{name: "remove the base schema", on: on, ops: `{"op":"remove","path":"schemas[value eq \"` + user + `\"]"}`, fail: schema.ErrorMutability, path: "schemas"},
		{name: "remove all", on: on, ops: `{"op":"remove","path":"schemas"}`, fail: schema.ErrorMutability},
		{name: "without path, what does not fit", profile: strict, on: on, ops: `{"op":"replace","value":{"schemas":["urn:x:y"],"title":"T"}}`, fail: schema.ErrorInvalidValue, path: "schemas"},
		{name: "without path it is ignored (authentik)", profile: lenient, on: on, ops: `{"op":"replace","value":{"schemas":["urn:x:y"],"title":"T"}}`, want: `{"userName":"u","title":"T","` + ent + `":{"department":"D"}}`},
	})
	runCases(t, thingType, []patchCase{
		{name: "remove a required extension, M-9", on: `{"urn:x:Needed":{"floor":"1"}}`, ops: `{"op":"remove","path":"schemas[value eq \"urn:x:Needed\"]"}`, fail: schema.ErrorMutability, path: "urn:x:Needed"},
	})
}

// valuePath (RFC 7644 Figure 7) cannot select values of a multi-valued
// sub-attribute.
func TestValuesOfSubAttributesCannotBeSelected(t *testing.T) {
	t.Parallel()
	for _, path := range []string{`box.words[value eq \"a\"]`, `box.words eq \"a\"`, `parts.words[value eq \"a\"]`} {
		_, err := newPatcher(thingType, schema.Lenient()).Apply(resource(t, thingType, `{"box":{"words":["a"]}}`), operations(t, `{"op":"remove","path":"`+path+`"}`), nil, nil)
		require.Equal(t, schema.ErrorInvalidPath, errorType(err), "%s: %v", path, err)
	}
}

// The work of one request is bounded by its size.
func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	tags := `{"tags":["` + strings.Repeat("a", 1<<20) + `","b"],"parts":[{"value":"v","words":["` + strings.Repeat("a", 1<<20) + `"]}]}`
	for _, op := range []string{
		`{"op":"replace","path":"tags[value eq \"b\"]","value":"B"}`,
		`{"op":"add","path":"parts.words","value":["b"]}`,
	} {
		_, err := newPatcher(thingType, schema.Strict()).Apply(resource(t, thingType, tags), operations(t, "["+strings.Repeat(op+",", 999)+op+"]"), nil, filter.NewBudget(filter.DefaultWork, nil))
		require.Equal(t, schema.ErrorTooMany, errorType(err), op)
	}
	list := `{"userName":"u","emails":[{"value":"u0@example.com","type":"work"}`
	for i := range 1000 {
		list += fmt.Sprintf(`,{"value":"u%d@example.com","type":"work"}`, i)
	}
	_, err := newPatcher(schema.UserType, schema.Strict()).Apply(resource(t, schema.UserType, list+"]}"),
		operations(t, strings.ReplaceAll(memberAdds(200), "members", "emails")), nil, filter.NewBudget(filter.DefaultWork, nil))
	require.NoError(t, err)
}

func TestPathsShareOneBudget(t *testing.T) {
	t.Parallel()
	p := newPatcher(schema.UserType, schema.Lenient())
	r := resource(t, schema.UserType, `{"userName":"u"}`)
	ops := operations(t, `[{"op":"remove","path":"emails[type eq \"a\"]"},{"op":"remove","path":"emails[type eq \"b\" and value sw \"x\"]"}]`)
	_, err := p.Apply(r, ops, nil, filter.NewBudget(200_000, nil))
	require.Error(t, err)
	_, err = p.Apply(r, ops, nil, filter.NewBudget(200_000, nil))
	require.NoError(t, err, "the first shape is known by now")
}

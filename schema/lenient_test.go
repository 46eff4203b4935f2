package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// The lenient profile accepts these forms, the strict profile refuses them.
func TestDecodeLenientForms(t *testing.T) {
	t.Parallel()
	user := `"` + schema.UserURI
	for _, c := range []struct{ name, body, want string }{
		{"numbers for strings", `"title":7,"` + enterprise + `":{"employeeNumber":701984}`, `{"title":"7","` + enterprise + `":{"employeeNumber":"701984"}}`},
		{"a number for a complex value", `"roles":[1,"2"]`, `{"roles":[{"value":"1"},{"value":"2"}]}`},
		{"words for elements", `"roles":["admin",{"value":"auditor"},""]`, `{"roles":[{"value":"admin"},{"value":"auditor"}]}`},
		{"one word for a list", `"roles":"admin"`, `{"roles":[{"value":"admin"}]}`},
		{"the JSON text of an object", `"name":"{\"givenName\":\"x\"}"`, `{"name":{"givenName":"x"}}`},
		{"the JSON text of an element", `"emails":["{\"value\":\"a\",\"type\":\"work\"}"]`, `{"emails":[{"value":"a","type":"work"}]}`},
		{"the JSON text of a list", `"emails":" [{\"value\":\"a\"}]"`, `{"emails":[{"value":"a"}]}`},
		{"no JSON text", `"emails":["{a"]`, `{"emails":[{"value":"{a"}]}`},

		{"its own URI around attributes", user + `":{"active":false,"name":{"givenName":"x"}},"title":"t"`, `{"name":{"givenName":"x"},"title":"t","active":false}`},
		{"its own URI before a name", user + `:active":false`, `{"active":false}`},
		{"its own URI and a dot", user + `.active":false`, `{"active":false}`},
		{"a path in its own URI", user + `:name.givenName":"x","name":{"familyName":"y"}`, `{"name":{"familyName":"y","givenName":"x"}}`},
		{"an extension's URI before a name", `"` + enterprise + `:department":"a","` + enterprise + `":{"costCenter":"b"}`, `{"` + enterprise + `":{"costCenter":"b","department":"a"}}`},
		{"the same twice", user + `:active":false,"active":false`, `{"active":false}`},
		{"two values", user + `:active":false,"active":true`, `invalidSyntax `},
		{"its own URI with no object", user + `":"x"`, `invalidValue `},

		{"active false in an extension", `"` + enterprise + `":{"active":false}`, `invalidSyntax `},
		{"active false before an extension", `"` + enterprise + `:active":"False"`, `invalidSyntax `},
		{"active false in an unknown extension", `"urn:acme:2.0:User":{"Active":false}`, `invalidSyntax `},
		{"active false of an unknown URI", `"urn:acme:2.0:User:active":[false]`, `invalidSyntax `},
		{"active false in an unknown object", `"state":{"user":{"active":{"value":"false"}}}`, `invalidSyntax `},
		{"active false in a singular attribute", `"name":{"active":false}`, `invalidSyntax `},
		{"active false obeyed elsewhere", `"urn:acme:2.0:User:active":false,"active":"false"`, `{"active":false}`},
		{"active false of an element", `"roles":[{"value":"a","active":false}]`, `{"roles":[{"value":"a"}]}`},
		{"active true", `"urn:acme:2.0:User:active":true`, `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := decode(t, c.body, schema.Strict())
			require.Error(t, err)
			got, err := decode(t, c.body, schema.Lenient())
			if c.want[0] == '{' {
				require.NoError(t, err)
				require.Equal(t, c.want, text(got.Attributes))
				return
			}
			kind, path := schema.ErrorInvalidSyntax, ""
			if c.want == `invalidValue ` {
				kind, path = schema.ErrorInvalidValue, schema.UserURI
			}
			if c.name == "two values" {
				path = "active"
			}
			requireError(t, err, kind, path)
		})
	}
}

func TestDecodeNumbersInStrings(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`"count":"31"`: `{"name":"n","count":31}`, `"count":" 31 "`: `{"name":"n","count":31}`, `"weight":"1.5"`: `{"name":"n","weight":1.5}`,
		`"count":"x"`: "", `"count":"1.5"`: "", `"count":""`: `{"name":"n"}`,
	} {
		got, err := gadgetType.Decode(gadgetBody(t, `"name":"n",`+body), schema.Lenient())
		if want == "" {
			require.Error(t, err, body)
			continue
		}
		require.NoError(t, err, body)
		require.Equal(t, want, text(got.Attributes), body)
		_, err = gadgetType.Decode(gadgetBody(t, `"name":"n",`+body), schema.Strict())
		require.Error(t, err, body)
	}
}

func TestDecodeMembersWithoutValue(t *testing.T) {
	t.Parallel()
	for element, dropped := range map[string]bool{`null`: true, `{}`: true, `""`: true, `{"value":""}`: true, `{"value":null,"display":""}`: true} {
		b := parse(t, `{"schemas":["`+schema.GroupURI+`"],"members":[`+element+`,{"value":"a"}]}`).(schema.JSONObject)
		got, err := schema.GroupType.Decode(b, schema.Lenient())
		require.Equal(t, dropped, err == nil, element)
		require.Equal(t, `{"members":[{"value":"a"}]}`, text(got.Attributes), element)
		_, err = schema.GroupType.Decode(b, schema.Strict())
		requireError(t, err, schema.ErrorInvalidValue, "members")
	}
}

package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

const enterprise = schema.EnterpriseUserURI

func TestDecodeSchemas(t *testing.T) {
	t.Parallel()
	both := schema.Profile{}
	for _, c := range []struct {
		name, body       string
		strict, tolerant bool // accepted
	}{
		{"the base schema", `{"schemas":["` + schema.UserURI + `"]}`, true, true},
		{"the base schema in another case", `{"SCHEMAS":["` + strings.ToUpper(schema.UserURI) + `"]}`, true, true},
		{"missing", `{"userName":"a"}`, false, true}, // M-2, Z-1
		{"null", `{"schemas":null}`, false, true},
		{"empty", `{"schemas":[]}`, false, true}, // M-1
		{"a string", `{"schemas":"` + schema.UserURI + `"}`, false, true},
		{"a number in it", `{"schemas":[1]}`, false, false},
		{"null in it", `{"schemas":["` + schema.UserURI + `",null]}`, false, false},
		{"twice the same", `{"schemas":["` + schema.UserURI + `","` + schema.UserURI + `"]}`, true, true},  // M-4
		{"extension first", `{"schemas":["` + enterprise + `","` + schema.UserURI + `"]}`, true, true},     // M-5
		{"extension only", `{"schemas":["` + enterprise + `"]}`, false, true},                              // M-6
		{"a foreign URI beside the base", `{"schemas":["` + schema.UserURI + `","urn:x:y"]}`, false, true}, // M-3
		{"foreign URIs only", `{"schemas":["urn:scim:schemas:core:1.0"]}`, false, true},                    // OneLogin
		{"extension and a foreign URI", `{"schemas":["` + enterprise + `","urn:x:y"]}`, false, true},       // M-6
		{"a message", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`, false, false},
		{"a message beside the base", `{"schemas":["` + schema.UserURI + `","URN:ietf:params:scim:api:messages:2.0:PatchOp"]}`, false, false},
		{"an attribute's name is no URI", `{"schemas":["` + schema.UserURI + `","userName"]}`, false, true},         // M-3
		{"extension named without data", `{"schemas":["` + schema.UserURI + `","` + enterprise + `"]}`, true, true}, // Z-2
		{"extension data not named", `{"schemas":["` + schema.UserURI + `"],"` + enterprise + `":{}}`, true, true},  // C-11
		{"last in the body", `{"userName":"a","schemas":["` + schema.UserURI + `"]}`, true, true},                   // M-31
		{"base URI with something behind", `{"schemas":["` + schema.UserURI + `:userName"]}`, false, true},          // M-3
	} {
		for p, want := range map[schema.Profile]bool{both: c.strict, schema.Lenient(): c.tolerant} {
			t.Run(fmt.Sprintf("%s/strict=%t", c.name, p == both), func(t *testing.T) {
				t.Parallel()
				_, err := schema.UserType.Decode(parse(t, c.body).(schema.JSONObject), p)
				if want {
					require.NoError(t, err)
					return
				}
				requireError(t, err, schema.ErrorInvalidSyntax, "schemas")
			})
		}
	}
}

// The results of the strict and the lenient profile for the same JSON members: the
// decoded JSON, or the kind and path of the error.
func TestDecode(t *testing.T) {
	t.Parallel()
	const (
		value  = "invalidValue "
		syntax = "invalidSyntax "
	)
	for _, c := range []struct{ name, members, strict, lenient string }{
		{"names in any case, stored as the schema spells them", `"USERNAME":"x","NAME":{"GIVENNAME":"y"}`, // M-29
			`{"userName":"x","name":{"givenName":"y"}}`, ""},
		{"schema order whatever the order sent", `"emails":[{"type":"work","value":"v"}],"userName":"x","externalId":"e"`, // M-31
			`{"externalId":"e","userName":"x","emails":[{"value":"v","type":"work"}]}`, ""},
		{"text of any kind", `"userName":"a\u0000b 😀 é"`, `{"userName":"a\u0000b 😀 é"}`, ""}, // T-1
		{"number for a string", `"userName":5`, value + "userName", `{"userName":"5"}`},      // T-1
		{"object for a string", `"userName":{}`, value + "userName", value + "userName"},
		{"boolean for a string", `"userName":true`, value + "userName", value + "userName"},
		{"array for a singular attribute", `"userName":["x"]`, value + "userName", value + "userName"},                    // T-12
		{"object for a multi-valued attribute", `"emails":{"value":"a"}`, value + "emails", `{"emails":[{"value":"a"}]}`}, // OneLogin
		{"string element of a complex attribute", `"emails":["a"]`, value + "emails", `{"emails":[{"value":"a"}]}`},       // P-16
		{"mixed array", `"emails":[{"value":"a"},"b"]`, value + "emails", `{"emails":[{"value":"a"},{"value":"b"}]}`},     // T-12
		{"string for a multi-valued attribute", `"emails":"a"`, value + "emails", `{"emails":[{"value":"a"}]}`},
		{"string for a complex attribute", `"name":"x"`, value + "name", value + "name"}, // T-9
		{"string where there is no value sub-attribute, empty", `"name":""`, value + "name", `{}`},
		{"wrong sub-attribute", `"name":{"givenName":true}`, value + "name.givenName", value + "name.givenName"},
		{"wrong sub-attribute of an element", `"emails":[{"value":true}]`, value + "emails.value", value + "emails.value"},
		{"wrong attribute of an extension", `"` + enterprise + `":{"manager":{"value":true}}`,
			value + enterprise + ":manager.value", value + enterprise + ":manager.value"},
		{"extension in another case", `"` + strings.ToUpper(enterprise) + `":{"Department":"d"}`, `{"` + enterprise + `":{"department":"d"}}`, ""},
		{"extension that is no object", `"` + enterprise + `":"x"`, value + enterprise, value + enterprise},

		{"null everywhere", `"userName":null,"name":null,"emails":null,"` + enterprise + `":null`, `{}`, ""}, // T-13
		{"empty lists", `"emails":[],"userName":[],"name":[]`, `{}`, ""},
		{"null elements", `"emails":[null,{"value":"a"},null]`, `{"emails":[{"value":"a"}]}`, ""},
		{"null within", `"name":{"givenName":null},"emails":[{"value":null}]`, `{}`, ""},
		{"empty objects", `"name":{},"emails":[{}],"` + enterprise + `":{"manager":{}}`, `{}`, ""},
		{"the empty string is a string", `"nickName":"","userName":"x"`, `{"userName":"x","nickName":""}`, ""},
		{"the empty string for a boolean", `"active":""`, value + "active", value + "active"},
		{"the empty string for the rest", `"emails":"","x509Certificates":[{"value":""}]`, value + "emails", `{}`},
		{"the empty string as an element", `"emails":[""]`, value + "emails", `{}`},

		{"readOnly in any shape", `"id":5,"meta":"x","groups":{"a":1},"` + enterprise + `":{"manager":{"displayName":7}}`, `{}`, ""}, // M-14, M-21, N-13, N-21, C-4
		{"unknown attribute", `"frob":1`, syntax, `{}`},     // Z-3
		{"unknown null", `"department":null`, syntax, `{}`}, // Entra ID
		{"unknown sub-attribute", `"name":{"frob":1}`, syntax + "name", `{}`},
		{"unknown sub-attribute of an element", `"emails":[{"frob":1}]`, syntax + "emails", `{}`},
		{"a path for a name", `"name.givenName":"x"`, syntax, `{"name":{"givenName":"x"}}`},
		{"extension attribute without its URI", `"employeeNumber":"1"`, syntax, `{}`},                         // M-7
		{"sub-attribute of a simple attribute", `"userName":{"x":1}`, value + "userName", value + "userName"}, // T-11

		{"string for a boolean", `"active":"True"`, value + "active", `{"active":true}`}, // T-2
		{"spaces around a boolean", `"active":" FALSE "`, value + "active", `{"active":false}`},
		{"another word for a boolean", `"active":"yes"`, value + "active", value + "active"},
		{"number for a boolean", `"active":1`, value + "active", value + "active"},
		{"manager as a string", `"` + enterprise + `":{"manager":"m"}`, value + enterprise + ":manager", `{"` + enterprise + `":{"manager":{"value":"m"}}}`},
		{"manager as an empty string", `"` + enterprise + `":{"department":"d","manager":""}`, value + enterprise + ":manager", `{"` + enterprise + `":{"department":"d"}}`},
		{"manager as an empty list", `"` + enterprise + `":{"manager":[]}`, `{}`, ""},

		{"another type than the canonical ones", `"emails":[{"type":"foo","value":"a"}]`, value + "emails.type", `{"emails":[{"value":"a","type":"foo"}]}`},
		{"a canonical type in another case", `"emails":[{"type":"WORK","value":"a"}]`, `{"emails":[{"value":"a","type":"WORK"}]}`, ""},
		{"any role type", `"roles":[{"type":"foo","value":"a"}]`, `{"roles":[{"value":"a","type":"foo"}]}`, ""},

		{"two primaries", `"emails":[{"value":"a","primary":true},{"value":"b","primary":true}]`, value + "emails", value + "emails"}, // N-1
		{"one primary among false ones", `"emails":[{"value":"a","primary":false},{"value":"b","primary":true},{"value":"c","primary":false}]`,
			`{"emails":[{"value":"a","primary":false},{"value":"b","primary":true},{"value":"c","primary":false}]}`, ""},
		{"the same type and value twice", `"emails":[{"type":"work","value":"a","display":"1"},{"type":"WORK","value":"A","display":"2"}]`, // N-3
			`{"emails":[{"value":"a","display":"1","type":"work"}]}`, ""},
		{"the same type and value, with more the second time", `"emails":[{"type":"work","value":"a","primary":false},{"type":"WORK","value":"A","primary":true,"display":"2"},{"value":"b"}]`, // N-3
			`{"emails":[{"value":"a","display":"2","type":"work","primary":true},{"value":"b"}]}`, ""},
		{"the same value with another type", `"emails":[{"type":"work","value":"a"},{"type":"home","value":"a"},{"value":"a"}]`,
			`{"emails":[{"value":"a","type":"work"},{"value":"a","type":"home"},{"value":"a"}]}`, ""},
		{"one primary sent twice", `"emails":[{"value":"a","primary":true},{"value":"a","primary":true}]`, `{"emails":[{"value":"a","primary":true}]}`, ""},
		{"the same address twice", `"addresses":[{"region":"CA","type":"work"},{"type":"work","region":"CA"},{"region":"ca"}]`,
			`{"addresses":[{"region":"CA","type":"work"},{"region":"ca"}]}`, ""},

		{"random text in a reference", `"profileUrl":"foo bar"`, value + "profileUrl", `{"profileUrl":"foo bar"}`},
		{"a broken URI", `"profileUrl":"http://[bad"`, value + "profileUrl", value + "profileUrl"},                                                              // T-6
		{"a URI made canonical", `"profileUrl":"HTTP://Example.com:80/a/../b"`, `{"profileUrl":"http://example.com/b"}`, ""},                                    // N-4
		{"a bad certificate", `"x509Certificates":[{"value":"!!!"}]`, value + "x509Certificates.value", `{"x509Certificates":[{"value":"!!!"}]}`},               // T-5
		{"base64 that is no certificate", `"x509Certificates":[{"value":"QUJD"}]`, value + "x509Certificates.value", `{"x509Certificates":[{"value":"QUJD"}]}`}, // N-15
		{"a country of three letters", `"addresses":[{"country":"USA"}]`, value + "addresses.country", `{"addresses":[{"country":"USA"}]}`},                     // N-11
		{"a zone on Mars", `"timezone":"Mars/X"`, value + "timezone", `{"timezone":"Mars/X"}`},                                                                  // N-7
		{"a language with a space", `"locale":"e n"`, value + "locale", `{"locale":"e n"}`},
		{"no accepted language", `"preferredLanguage":"e n"`, value + "preferredLanguage", `{"preferredLanguage":"e n"}`},
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
				got, err := decode(t, c.members, p)
				if kind, path, isError := strings.Cut(want, " "); isError && strings.HasPrefix(want, "invalid") {
					requireError(t, err, schema.ErrorType(kind), path)
					require.Nil(t, got.Attributes)
					return
				}
				require.NoError(t, err)
				require.Equal(t, want, text(got.Attributes))
			})
		}
	}
}

// ParseJSON refuses duplicate members; a body may come from another parser.
func TestDecodeAttributeTwice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		add  schema.JSONObject
		path string
	}{
		{"at the root", schema.JSONObject{{Name: "title", Value: nil}, {Name: "TITLE", Value: "x"}}, "title"},
		{"a secret", schema.JSONObject{{Name: "password", Value: "a"}, {Name: "Password", Value: "b"}}, "password"},
		{"schemas", schema.JSONObject{{Name: "Schemas", Value: []any{schema.UserURI}}}, "schemas"},
		{"below", schema.JSONObject{{Name: "name", Value: schema.JSONObject{{Name: "givenName", Value: "a"}, {Name: "GivenName", Value: "b"}}}}, "name.givenName"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := schema.UserType.Decode(append(body(t, ""), c.add...), schema.Lenient())
			requireError(t, err, schema.ErrorInvalidSyntax, c.path)
		})
	}
}

func TestDecodeErrorNamesUnknownAttribute(t *testing.T) {
	t.Parallel()
	_, err := decode(t, `"frob":1`, schema.Strict())
	require.ErrorContains(t, err, `"frob"`)
	_, err = decode(t, `"`+strings.Repeat("é", 1<<15)+`":1`, schema.Strict())
	require.Less(t, len(err.Error()), 200)
}

// N-22, and the references of other types.
func TestDecodeAcceptsAnyTypeOfReference(t *testing.T) {
	t.Parallel()
	group := parse(t, `{"schemas":["`+schema.GroupURI+`"],"displayName":"g","members":[
		{"value":"1","type":"Device"},{"value":"1","type":"User"},{"value":"2","display":"ignored"},{"value":"2"}]}`).(schema.JSONObject)
	got, err := schema.GroupType.Decode(group, schema.Strict())
	require.NoError(t, err)
	// Members are identified by value only: ids are unique across types.
	require.Equal(t, `{"displayName":"g","members":[{"value":"1","type":"Device"},{"value":"2"}]}`, text(got.Attributes))
}

// M-16: the case of an id counts.
func TestDecodeMembersByExactID(t *testing.T) {
	t.Parallel()
	group := parse(t, `{"schemas":["`+schema.GroupURI+`"],"displayName":"g","members":[{"value":"aB1"},{"value":"Ab1"},{"value":"aB1","type":"User"}]}`).(schema.JSONObject)
	got, err := schema.GroupType.Decode(group, schema.Strict())
	require.NoError(t, err)
	require.Equal(t, `{"displayName":"g","members":[{"value":"aB1","type":"User"},{"value":"Ab1"}]}`, text(got.Attributes))
}

func TestDecodeLargeGroup(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, `{"value":"%d"},`, i%10_000)
	}
	group := parse(t, `{"schemas":["`+schema.GroupURI+`"],"members":[`+strings.TrimSuffix(b.String(), ",")+`]}`).(schema.JSONObject)
	got, err := schema.GroupType.Decode(group, schema.Strict())
	require.NoError(t, err)
	require.Equal(t, 10_000, got.Attributes.Get(schema.GroupType.Members()).Len())
}

func TestDecodeDistinctSimpleValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ members, want string }{
		{`"labels":["a","A","Ａ","b"]`, `{"labels":["a","b"]}`},
		{`"labels":["1","2","3","4","5","6","7","8","9","1","9"]`, `{"labels":["1","2","3","4","5","6","7","8","9"]}`},
		{`"sizes":[1,1.0,10e-1,0,-0]`, `{"sizes":[1,0]}`},
		{`"times":["2020-01-01T00:00:00Z","2020-01-01T01:00:00+01:00","2020-01-01T01:00:00Z"]`, `{"times":["2020-01-01T00:00:00Z","2020-01-01T01:00:00Z"]}`},
		{`"flags":[true,false,true]`, `{"flags":[true,false]}`},
	} {
		got, err := gadgetType.Decode(gadgetBody(t, c.members), schema.Strict())
		require.NoError(t, err)
		require.Equal(t, c.want, text(got.Attributes))
	}
}

func gadgetBody(t testing.TB, members string) schema.JSONObject {
	return parse(t, `{"schemas":["urn:example:gadget"],`+members+`}`).(schema.JSONObject)
}

func TestDecodeCanonicalValuesFollowCaseExact(t *testing.T) {
	t.Parallel()
	for members, ok := range map[string]bool{
		`"code":"A"`: true, `"code":"a"`: false, `"code":""`: false,
		`"level":"LOW"`: true, `"level":"middle"`: false,
		`"owner":{"type":"Robot"}`: true,
	} {
		_, err := gadgetType.Decode(gadgetBody(t, members), schema.Strict())
		require.Equal(t, ok, err == nil, "%s: %v", members, err)
		_, err = gadgetType.Decode(gadgetBody(t, members), schema.Lenient())
		require.NoError(t, err)
	}
}

func TestDecodeMentioned(t *testing.T) {
	t.Parallel()
	got, err := decode(t, `"NickName":null,"emails":[],"title":"x","password":"p","frob":1,"`+enterprise+`":{"department":null}`, schema.Lenient())
	require.NoError(t, err)
	var names []string
	for _, a := range got.Mentioned {
		names = append(names, a.Name)
	}
	require.Equal(t, []string{"schemas", "nickName", "emails", "title", "password", enterprise}, names) // C-6
	require.Equal(t, `{"title":"x"}`, text(got.Attributes))
}

func TestDecodeSecrets(t *testing.T) {
	t.Parallel()
	got, err := decode(t, `"userName":"x","PASSWORD":"t0p"`, schema.Strict())
	require.NoError(t, err)
	require.Equal(t, `{"userName":"x"}`, text(got.Attributes))
	require.Equal(t, 1, got.Secrets.Len())
	require.Equal(t, "t0p", got.Secrets.Get("password").Text())

	got, err = decode(t, `"password":null`, schema.Strict())
	require.NoError(t, err)
	require.Zero(t, got.Secrets.Len())

	_, err = decode(t, `"password":12345678`, schema.Strict())
	requireError(t, err, schema.ErrorInvalidValue, "password")
	require.NotContains(t, err.Error(), "12345678")

	got, err = gadgetType.Decode(gadgetBody(t, `"name":"n","owner":{"pin":"1"},"keys":[{"value":"k","secret":"2"},{"value":"l","secret":"3"}],
		"urn:example:gadget:ext:1.0":{"token":"4"}`), schema.Strict())
	require.NoError(t, err)
	require.Equal(t, `{"name":"n","keys":[{"value":"k"},{"value":"l"}]}`, text(got.Attributes))
	require.Equal(t, "1", got.Secrets.Get("owner.pin").Text())
	require.Equal(t, `["2","3"]`, string(got.Secrets.Get("keys.secret").AppendJSON(nil)))
	require.Equal(t, "4", got.Secrets.Get("urn:example:gadget:ext:1.0:token").Text())
}

func TestDecodeDoesNotChangeTheBody(t *testing.T) {
	t.Parallel()
	members := `"emails":[{"value":"a"},null,{"value":"a"},{"value":"b"}],"password":"p","userName":"x"`
	b := body(t, members)
	_, err := schema.UserType.Decode(b, schema.Lenient())
	require.NoError(t, err)
	require.Equal(t, body(t, members), b)
}

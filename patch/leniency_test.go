package patch_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/schema"
)

// A value path that selects nothing creates a value (Z-25, Z-29).
func TestCreateOnNoMatch(t *testing.T) {
	t.Parallel()
	const one = `{"userName":"u","emails":[{"value":"h@x","type":"home","primary":true}]}`
	runCases(t, schema.UserType, []patchCase{
		{name: "add (Entra ID), P-41", profile: lenient, on: one, ops: `{"op":"Add","path":"emails[type eq \"work\"].value","value":"w@x"}`,
			want: `{"userName":"u","emails":[{"value":"h@x","type":"home","primary":true},{"value":"w@x","type":"work"}]}`},
		{name: "replace (Entra ID), Z-29", profile: lenient, on: `{"userName":"u"}`, ops: `{"op":"Replace","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"}`,
			want: `{"userName":"u","phoneNumbers":[{"value":"1","type":"mobile"}]}`},
		{name: "the next operation finds what was made, P-8", profile: lenient, on: `{"userName":"u"}`,
			ops:  `[{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"Brno"},{"op":"Add","path":"addresses[type eq \"work\"].country","value":"CZ"}]`,
			want: `{"userName":"u","addresses":[{"locality":"Brno","country":"CZ","type":"work"}]}`},
		{name: "every eq term counts", profile: lenient, on: one, ops: `{"op":"replace","path":"emails[type eq \"work\" and primary eq true].value","value":"w@x"}`,
			want: `{"userName":"u","emails":[{"value":"h@x","type":"home","primary":false},{"value":"w@x","type":"work","primary":true}]}`},
		{name: "a value with this type and value is updated, N-3", profile: lenient, on: `{"userName":"u","emails":[{"value":"h@x","type":"home","primary":true},{"value":"w@x","type":"work","display":"W"}]}`,
			ops:  `{"op":"replace","path":"emails[type eq \"work\" and primary eq true].value","value":"w@x"}`,
			want: `{"userName":"u","emails":[{"value":"h@x","type":"home","primary":false},{"value":"w@x","type":"work","display":"W","primary":true}]}`},
		{name: "a boolean as a string (Entra ID)", profile: lenient, on: `{"userName":"u"}`, ops: `[{"op":"Add","path":"roles[primary eq \"True\"].value","value":"Reader"},{"op":"Add","path":"roles[primary eq \"True\"].display","value":"R"}]`,
			want: `{"userName":"u","roles":[{"value":"Reader","display":"R","primary":true}]}`},
		{name: "add of a whole value", profile: lenient, on: one, ops: `{"op":"add","path":"emails[type eq \"work\"]","value":{"value":"w@x"}}`,
			want: `{"userName":"u","emails":[{"value":"h@x","type":"home","primary":true},{"value":"w@x","type":"work"}]}`},
		{name: "not for replace of a whole value", profile: lenient, on: one, ops: `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"w@x"}}`, fail: schema.ErrorNoTarget},
		{name: "not for or", profile: lenient, on: one, ops: `{"op":"add","path":"emails[type eq \"work\" or type eq \"other\"].value","value":"w@x"}`, fail: schema.ErrorNoTarget},
		{name: "not for another operator", profile: lenient, on: one, ops: `{"op":"add","path":"emails[type eq \"work\" and value co \"w\"].value","value":"w@x"}`, fail: schema.ErrorNoTarget},
		{name: "not for not", profile: lenient, on: one, ops: `{"op":"add","path":"emails[not (type eq \"home\")].value","value":"w@x"}`, fail: schema.ErrorNoTarget},
		{name: "not for terms at odds with each other", profile: lenient, on: one, ops: `{"op":"add","path":"emails[type eq \"work\" and type eq \"other\"].value","value":"w@x"}`, fail: schema.ErrorNoTarget},
		{name: "not for a value at odds with the filter", profile: lenient, on: one, ops: `{"op":"replace","path":"emails[value eq \"old@x\"].value","value":"new@x"}`, fail: schema.ErrorNoTarget},
		{name: "not for nothing", profile: lenient, on: one, ops: `[{"op":"add","path":"emails[type eq \"work\"].value","value":null},{"op":"replace","path":"emails[type eq \"work\"].value","value":""}]`},
		{name: "a wrong value is an error all the same", profile: lenient, on: one, ops: `{"op":"add","path":"emails[type eq \"work\"].value","value":{}}`, fail: schema.ErrorInvalidValue, path: "emails.value"},
		{name: "not to the letter", profile: strict, on: one, ops: `{"op":"add","path":"emails[type eq \"work\"]","value":{"value":"w@x"}}`, fail: schema.ErrorNoTarget},
	})
	runCases(t, thingType, []patchCase{
		{name: "numbers in the filter", profile: lenient, on: `{"name":"n"}`, ops: `{"op":"add","path":"parts[weight eq 1.5].value","value":"v"}`, want: `{"name":"n","parts":[{"value":"v","weight":1.5}]}`},
		{name: "not for a readOnly term", profile: lenient, on: `{"name":"n"}`, ops: `{"op":"add","path":"parts[stamp eq \"s\"].value","value":"v"}`, fail: schema.ErrorNoTarget},
		{name: "not for a simple attribute", profile: lenient, on: `{"name":"n"}`, ops: `{"op":"add","path":"tags[value eq \"s\"]","value":"v"}`, fail: schema.ErrorNoTarget},
		{name: "a string never stands for an extension with a value", profile: lenient, on: `{"name":"n"}`, ops: `{"op":"add","path":"urn:x:Extra","value":"x"}`, fail: schema.ErrorInvalidValue, path: "urn:x:Extra"},
		{name: "not for a singular attribute", profile: lenient, on: `{"name":"n"}`, ops: `{"op":"add","path":"box[label eq \"s\"].size","value":"v"}`, fail: schema.ErrorNoTarget},
	})
}

func TestEmptyStringClearsAListWithoutSingleValues(t *testing.T) {
	t.Parallel()
	patchCase{
		on: `{"userName":"u","emails":[{"value":"a"}]}`, ops: `{"op":"replace","path":"emails","value":""}`, want: `{"userName":"u"}`,
	}.run(t, schema.UserType, schema.Profile{EmptyStrings: true})
}

// The values of a filter are validated like sent values.
func TestCreateValidatesValuesOfTheFilter(t *testing.T) {
	t.Parallel()
	p := schema.Profile{CreateOnNoMatch: true}
	patchCase{
		on: `{"userName":"u"}`, ops: `{"op":"add","path":"addresses[country eq \"Mars\"].locality","value":"L"}`,
		fail: schema.ErrorInvalidValue, path: "addresses.country",
	}.run(t, schema.UserType, p)
	patchCase{
		on: `{"userName":"u"}`, ops: `{"op":"add","path":"addresses[country eq \"CZ\"].locality","value":"L"}`,
		want: `{"userName":"u","addresses":[{"locality":"L","country":"CZ"}]}`,
	}.run(t, schema.UserType, p)
}

func TestNonStandardValueForms(t *testing.T) {
	t.Parallel()
	const managed = `{"userName":"u","` + ent + `":{"manager":{"value":"m"}}}`
	const none = `{"userName":"u"}`
	path := `"path":"` + ent + `:manager"`
	runCases(t, schema.UserType, []patchCase{
		{name: "a string for a boolean (Entra ID)", profile: lenient, on: `{"userName":"u","active":true}`, ops: `{"op":"Replace","path":"active","value":"False"}`, want: `{"userName":"u","active":false}`},
		{name: "a string for a boolean to the letter", profile: strict, on: `{"userName":"u","active":true}`, ops: `{"op":"Replace","path":"active","value":"False"}`, fail: schema.ErrorInvalidValue},
		{name: "manager as a string (Entra ID)", profile: lenient, on: none, ops: `{"op":"Add",` + path + `,"value":"m"}`, want: managed},
		{name: "manager as a string without path", profile: lenient, on: none, ops: `{"op":"add","value":{"` + ent + `":{"manager":"m"}}}`, want: managed},
		{name: "manager as a string to the letter", profile: strict, on: none, ops: `{"op":"Add",` + path + `,"value":"m"}`, fail: schema.ErrorInvalidValue},
		{name: "manager in a list of one (Entra ID)", profile: lenient, on: none, ops: `{"op":"Add",` + path + `,"value":[{"$ref":null,"value":"m"}]}`, want: managed},
		{name: "manager cleared by an empty string (Entra ID)", profile: lenient, on: managed, ops: `{"op":"Replace",` + path + `,"value":""}`, want: none},
		{name: "manager cleared by an empty value (Entra ID)", profile: lenient, on: managed, ops: `{"op":"Replace",` + path + `,"value":{"value":""}}`, want: none},
		{name: "an empty value to the letter, T-13", profile: strict, on: managed, ops: `{"op":"Replace",` + path + `,"value":{"value":""}}`, want: `{"userName":"u","` + ent + `":{"manager":{"value":""}}}`},
		{name: "an empty value for a selected value", on: `{"userName":"u","emails":[{"value":"a","type":"work"}]}`, ops: `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":""}}`, want: `{"userName":"u","emails":[{"value":"","type":"work"}]}`},
		{name: "a string never stands for an extension", profile: lenient, on: none, ops: `{"op":"Add","path":"` + ent + `","value":"x"}`, fail: schema.ErrorInvalidValue},
		{name: "a string for a complex attribute without value", profile: lenient, on: none, ops: `{"op":"Add","path":"name","value":"x"}`, fail: schema.ErrorInvalidValue},
		{name: "a string for a selected value", profile: lenient, on: `{"userName":"u","emails":[{"value":"a","type":"work","display":"d"}]}`, ops: `{"op":"replace","path":"emails[type eq \"work\"]","value":"b"}`, want: `{"userName":"u","emails":[{"value":"b","type":"work","display":"d"}]}`},
		{name: "JSON text for a selected value", profile: lenient, on: `{"userName":"u","emails":[{"value":"a","type":"work","display":"d"}]}`, ops: `{"op":"replace","path":"emails[type eq \"work\"]","value":"{\"value\":\"b\"}"}`, want: `{"userName":"u","emails":[{"value":"b","type":"work"}]}`},
		{name: "a string for a selected value to the letter", profile: strict, on: `{"userName":"u","emails":[{"value":"a","type":"work"}]}`, ops: `{"op":"replace","path":"emails[type eq \"work\"]","value":"b"}`, fail: schema.ErrorInvalidValue},
		{name: "a list of one for a singular attribute (SCIM-SDK)", profile: lenient, on: none, ops: `{"op":"replace","path":"title","value":["T"]}`, want: `{"userName":"u","title":"T"}`},
		{name: "a list of one for a singular attribute to the letter", profile: strict, on: none, ops: `{"op":"replace","path":"title","value":["T"]}`, fail: schema.ErrorInvalidValue},
		{name: "empty strings for what has none (Okta)", profile: lenient, on: `{"userName":"u","emails":[{"value":"a"}],"name":{"givenName":"G"}}`, ops: `{"op":"replace","value":{"emails":"","name":""}}`, want: none},
		{name: "an empty string for a boolean", on: none, ops: `{"op":"replace","path":"active","value":""}`, fail: schema.ErrorInvalidValue},
		{name: "an empty string stays a string, T-13", on: `{"userName":"u","title":"T"}`, ops: `{"op":"replace","path":"title","value":""}`, want: `{"userName":"u","title":""}`},
		{name: "JSON text as a value stays text (Entra ID)", profile: lenient, on: none, ops: `{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"1\"}"}]}`, want: `{"userName":"u","roles":[{"value":"{\"id\":\"1\"}"}]}`},
	})
}

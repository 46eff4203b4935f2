package patch_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/schema"
)

// RFC 7644 §3.5.2.3.
func TestReplace(t *testing.T) {
	t.Parallel()
	const two = `{"userName":"u","emails":[{"value":"a@x","type":"work","display":"A","primary":true},{"value":"b@x","type":"home"},{"value":"c@x","type":"work","display":"C"}]}`
	runCases(t, schema.UserType, []patchCase{
		{name: "without path replaces each attribute as a whole, P-57",
			on:   `{"userName":"u","title":"T","emails":[{"value":"z@x","primary":true}]}`,
			ops:  `{"op":"replace","value":{"emails":[{"value":"a@x","type":"work","primary":true},{"value":"b@x","type":"home"}],"nickname":"B"}}`,
			want: `{"userName":"u","title":"T","nickName":"B","emails":[{"value":"a@x","type":"work","primary":true},{"value":"b@x","type":"home"}]}`},
		{name: "without path and value, P-58", on: `{"userName":"u"}`, ops: `{"op":"replace"}`, fail: schema.ErrorInvalidValue},
		{name: "without path a string, P-58", on: `{"userName":"u"}`, ops: `{"op":"replace","value":"x"}`, fail: schema.ErrorInvalidValue},
		{name: "without path an empty list, P-58", on: `{"userName":"u"}`, ops: `{"op":"replace","value":[]}`, fail: schema.ErrorInvalidValue},
		{name: "with path without value, P-58", on: `{"userName":"u"}`, ops: `{"op":"replace","path":"title"}`, fail: schema.ErrorInvalidValue},
		{name: "one value becomes primary (RFC example), P-59 P-21",
			on:   `{"userName":"u","addresses":[{"type":"home","locality":"L","primary":true},{"type":"work","locality":"M","region":"R"}]}`,
			ops:  `{"op":"replace","path":"addresses[type eq \"work\"]","value":{"type":"work","locality":"Hollywood","country":"US","primary":true}}`,
			want: `{"userName":"u","addresses":[{"type":"home","locality":"L","primary":false},{"type":"work","locality":"Hollywood","country":"US","primary":true}]}`},
		{name: "primary by its path, P-59 P-21", on: two, ops: `{"op":"replace","path":"emails[value eq \"b@x\"].primary","value":true}`,
			want: `{"userName":"u","emails":[{"value":"a@x","type":"work","display":"A","primary":false},{"value":"b@x","type":"home","primary":true},{"value":"c@x","type":"work","display":"C"}]}`},
		{name: "two become primary, P-21", on: two, ops: `{"op":"replace","path":"emails[type eq \"work\"].primary","value":true}`, fail: schema.ErrorInvalidValue},
		{name: "two values become one, which is primary, P-21 N-3", on: two, ops: `{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"n@x","primary":true}}`,
			want: `{"userName":"u","emails":[{"value":"n@x","type":"work","primary":true},{"value":"b@x","type":"home"}]}`},
		{name: "two primary values in a list, P-21", on: two, ops: `{"op":"replace","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}`, fail: schema.ErrorInvalidValue},
		{name: "all primary by their path, P-21", on: two, ops: `{"op":"replace","path":"emails.primary","value":true}`, fail: schema.ErrorInvalidValue},
		{name: "none primary by their path, Z-30", on: two, ops: `{"op":"replace","path":"emails.primary","value":false}`,
			want: `{"userName":"u","emails":[{"value":"a@x","type":"work","display":"A","primary":false},{"value":"b@x","type":"home","primary":false},{"value":"c@x","type":"work","display":"C","primary":false}]}`},
		{name: "singular simple, P-60", on: `{"userName":"u","title":"T"}`, ops: `{"op":"replace","path":"title","value":"U"}`, want: `{"userName":"u","title":"U"}`},
		{name: "singular simple, unassigned, P-61", on: `{"userName":"u"}`, ops: `{"op":"replace","path":"nickName","value":"N"}`, want: `{"userName":"u","nickName":"N"}`},
		{name: "multi-valued, unassigned, P-61", on: `{"userName":"u"}`, ops: `{"op":"replace","path":"phoneNumbers","value":[{"value":"tel:+1"}]}`, want: `{"userName":"u","phoneNumbers":[{"value":"tel:+1"}]}`},
		{name: "multi-valued as a whole, P-62", on: two, ops: `{"op":"replace","path":"emails","value":[{"value":"n@x"}]}`, want: `{"userName":"u","emails":[{"value":"n@x"}]}`},
		{name: "a single object for a list, P-62 Z-30", profile: strict, on: two, ops: `{"op":"replace","path":"emails","value":{"value":"n@x"}}`, fail: schema.ErrorInvalidValue, path: "emails"},
		{name: "a single object for a list, P-62 Z-30", profile: lenient, on: two, ops: `{"op":"replace","path":"emails","value":{"value":"n@x"}}`, want: `{"userName":"u","emails":[{"value":"n@x"}]}`},
		{name: "singular complex keeps what is not given, P-63 Z-24", on: `{"userName":"u","name":{"givenName":"G","familyName":"F"}}`, ops: `{"op":"replace","path":"name","value":{"givenName":"X"}}`, want: `{"userName":"u","name":{"givenName":"X","familyName":"F"}}`},
		{name: "singular complex without path likewise, P-63", on: `{"userName":"u","name":{"givenName":"G","familyName":"F"}}`, ops: `{"op":"replace","value":{"name":{"familyName":"Y"}}}`, want: `{"userName":"u","name":{"givenName":"G","familyName":"Y"}}`},
		{name: "sub-attribute, P-64", on: `{"userName":"u","name":{"givenName":"G","familyName":"F"}}`, ops: `{"op":"replace","path":"name.familyName","value":"Y"}`, want: `{"userName":"u","name":{"givenName":"G","familyName":"Y"}}`},
		{name: "sub-attribute of an unassigned parent, P-64", on: `{"userName":"u"}`, ops: `{"op":"replace","path":"name.familyName","value":"Y"}`, want: `{"userName":"u","name":{"familyName":"Y"}}`},
		{name: "value path replaces every match and keeps none of the rest, P-65 Z-28", on: two, ops: `{"op":"replace","path":"emails[display pr]","value":{"display":"D","value":"n@x"}}`,
			want: `{"userName":"u","emails":[{"value":"n@x","display":"D"},{"value":"b@x","type":"home"}]}`},
		{name: "value path keeps what its filter fixes, P-65", on: two, ops: `{"op":"replace","path":"emails[type eq \"WORK\" and value sw \"a\"]","value":{"value":"n@x"}}`,
			want: `{"userName":"u","emails":[{"value":"n@x","type":"work"},{"value":"b@x","type":"home"},{"value":"c@x","type":"work","display":"C"}]}`},
		{name: "value path may change what its filter fixes, P-65", on: two, ops: `{"op":"replace","path":"emails[value eq \"b@x\"]","value":{"value":"n@x","type":"other"}}`,
			want: `{"userName":"u","emails":[{"value":"a@x","type":"work","display":"A","primary":true},{"value":"n@x","type":"other"},{"value":"c@x","type":"work","display":"C"}]}`},
		{name: "value path and null remove every match, P-65 P-72", on: two, ops: `{"op":"replace","path":"emails[type eq \"work\"]","value":null}`, want: `{"userName":"u","emails":[{"value":"b@x","type":"home"}]}`},
		{name: "value path with sub-attribute, P-66", on: `{"userName":"u","addresses":[{"type":"work","locality":"L","streetAddress":"1"},{"type":"work","locality":"M"},{"type":"home"}]}`,
			ops:  `{"op":"replace","path":"addresses[type eq \"work\"].streetAddress","value":"1010 Broadway Ave"}`,
			want: `{"userName":"u","addresses":[{"type":"work","locality":"L","streetAddress":"1010 Broadway Ave"},{"type":"work","locality":"M","streetAddress":"1010 Broadway Ave"},{"type":"home"}]}`},
		{name: "values made equal are one, P-66 N-3", on: two, ops: `[{"op":"remove","path":"emails.display"},{"op":"remove","path":"emails.primary"},{"op":"replace","path":"emails[type eq \"work\"].value","value":"n@x"}]`,
			want: `{"userName":"u","emails":[{"value":"n@x","type":"work"},{"value":"b@x","type":"home"}]}`},
		{name: "values made the same type and value are one, with what both had, P-66 N-3", on: two, ops: `{"op":"replace","path":"emails[type eq \"work\"].value","value":"n@x"}`,
			want: `{"userName":"u","emails":[{"value":"n@x","type":"work","display":"A","primary":true},{"value":"b@x","type":"home"}]}`},
		{name: "a value made the same as one before it, N-3", on: two, ops: `{"op":"replace","path":"emails[display eq \"C\"].value","value":"A@x"}`,
			want: `{"userName":"u","emails":[{"value":"a@x","type":"work","display":"A","primary":true},{"value":"b@x","type":"home"}]}`},
		{name: "a primary value made the same as one before it, N-3 P-59", on: two, ops: `{"op":"replace","path":"emails[type eq \"home\"]","value":{"value":"c@x","type":"work","primary":true}}`,
			want: `{"userName":"u","emails":[{"value":"a@x","type":"work","display":"A","primary":false},{"value":"c@x","type":"work","display":"C","primary":true}]}`},
		{name: "value path without match, P-67 Z-29", profile: strict, on: two, ops: `{"op":"replace","path":"emails[type eq \"other\"].value","value":"n@x"}`, fail: schema.ErrorNoTarget, path: "emails"},
		{name: "value path on an unassigned attribute, P-68 Z-29", profile: strict, on: `{"userName":"u"}`, ops: `{"op":"replace","path":"emails[type eq \"work\"].value","value":"n@x"}`, fail: schema.ErrorNoTarget},
		{name: "whole value without match, P-67", on: two, ops: `{"op":"replace","path":"emails[type eq \"other\"]","value":{"value":"n@x"}}`, fail: schema.ErrorNoTarget},
		{name: "sub-attribute of all values, P-69 Z-30", on: `{"userName":"u","emails":[{"value":"a"},{"value":"b","type":"work"}]}`, ops: `{"op":"replace","path":"emails.type","value":"home"}`, want: `{"userName":"u","emails":[{"value":"a","type":"home"},{"value":"b","type":"home"}]}`},
		{name: "sub-attribute of no values, P-69 Z-30", on: `{"userName":"u"}`, ops: `{"op":"replace","path":"emails.type","value":"home"}`, fail: schema.ErrorNoTarget},
		{name: "sub-attribute of no values, add, P-69 Z-30", on: `{"userName":"u"}`, ops: `{"op":"add","path":"emails.type","value":"home"}`, fail: schema.ErrorNoTarget},
		{name: "null, P-72", on: `{"userName":"u","nickName":"N"}`, ops: `{"op":"replace","path":"nickName","value":null}`, want: `{"userName":"u"}`},
		{name: "empty list, P-72", on: two, ops: `{"op":"replace","path":"emails","value":[]}`, want: `{"userName":"u"}`},
		{name: "null for a complex attribute, P-72", on: `{"userName":"u","name":{"givenName":"G"}}`, ops: `{"op":"replace","value":{"name":null}}`, want: `{"userName":"u"}`},
		{name: "null on a required attribute, P-72 Z-27", on: two, ops: `{"op":"replace","path":"userName","value":null}`, fail: schema.ErrorInvalidValue, path: "userName"},
		{name: "null on a required attribute, add, Z-27", on: two, ops: `{"op":"add","value":{"userName":null}}`, fail: schema.ErrorInvalidValue, path: "userName"},
		{name: "extension attribute, P-73", on: `{"userName":"u"}`, ops: `{"op":"replace","path":"` + ent + `:manager.value","value":"m"}`, want: `{"userName":"u","` + ent + `":{"manager":{"value":"m"}}}`},
		{name: "extension by its URI keeps what is not given, P-73 Z-24", on: `{"userName":"u","` + ent + `":{"division":"V","department":"D"}}`, ops: `{"op":"replace","path":"` + ent + `","value":{"department":"E"}}`, want: `{"userName":"u","` + ent + `":{"division":"V","department":"E"}}`},
		{name: "extension without path keeps what is not given, P-73", on: `{"userName":"u","` + ent + `":{"division":"V"}}`, ops: `{"op":"replace","value":{"` + ent + `":{"department":"E"}}}`, want: `{"userName":"u","` + ent + `":{"division":"V","department":"E"}}`},
		{name: "extension with null, P-73 P-72", on: `{"userName":"u","` + ent + `":{"division":"V"}}`, ops: `{"op":"replace","path":"` + ent + `","value":null}`, want: `{"userName":"u"}`},
		{name: "identical, P-74", on: two, ops: `[{"op":"replace","path":"userName","value":"u"},{"op":"replace","path":"emails[type eq \"home\"].value","value":"b@x"}]`},
		{name: "there and back is no change, P-74", on: two, ops: `[{"op":"replace","path":"userName","value":"v"},{"op":"replace","path":"userName","value":"u"}]`},
		{name: "qualified and dotted names without path (Entra ID), P-75 Z-32",
			on:   `{"userName":"u","name":{"familyName":"F"}}`,
			ops:  `{"op":"replace","value":{"` + ent + `:department":"D","name.givenName":"G","urn:ietf:params:scim:schemas:core:2.0:User:title":"T","` + ent + `:manager.value":"m"}}`,
			want: `{"userName":"u","title":"T","name":{"givenName":"G","familyName":"F"},"` + ent + `":{"department":"D","manager":{"value":"m"}}}`},
	})
}

func TestReplaceCustomType(t *testing.T) {
	t.Parallel()
	runCases(t, thingType, []patchCase{
		{name: "value of a simple attribute, P-26 P-65", on: `{"tags":["a","b"]}`, ops: `{"op":"replace","path":"tags[value eq \"a\"]","value":"c"}`, want: `{"tags":["c","b"]}`},
		{name: "value of a simple attribute, now there twice", on: `{"tags":["a","b"]}`, ops: `{"op":"replace","path":"tags[value eq \"a\"]","value":"B"}`, want: `{"tags":["B"]}`},
		{name: "value of a simple attribute without match, P-67", on: `{"tags":["a"]}`, ops: `{"op":"replace","path":"tags[value eq \"z\"]","value":"c"}`, fail: schema.ErrorNoTarget},
		{name: "value of a simple attribute with null", on: `{"tags":["a","b"]}`, ops: `{"op":"replace","path":"tags[value eq \"a\"]","value":null}`, want: `{"tags":["b"]}`},
		{name: "multi-valued sub-attribute is replaced", on: `{"box":{"words":["a"]}}`, ops: `{"op":"replace","path":"box","value":{"words":["b"]}}`, want: `{"box":{"words":["b"]}}`},
		{name: "whole value keeps readOnly and immutable sub-attributes, Z-7 Z-28",
			on:   `{"parts":[{"value":"v","type":"t","maker":"m","stamp":"s","weight":1.5}]}`,
			ops:  `{"op":"replace","path":"parts[value eq \"v\"]","value":{"spare":true}}`,
			want: `{"parts":[{"value":"v","maker":"m","stamp":"s","spare":true}]}`},
		{name: "whole value with a required sub-attribute taken away, Z-27", on: `{"parts":[{"value":"v","type":"t"}]}`, ops: `{"op":"replace","path":"parts[type eq \"t\"]","value":{"value":null}}`, fail: schema.ErrorInvalidValue, path: "parts.value"},
		{name: "null for a required extension, Z-27", on: `{"urn:x:Needed":{"unit":"1"}}`, ops: `{"op":"replace","path":"urn:x:Needed","value":null}`, fail: schema.ErrorInvalidValue, path: "urn:x:Needed"},
		{name: "required secret with null, Z-27", on: `{"name":"n"}`, ops: `{"op":"replace","path":"phrase","value":null}`, fail: schema.ErrorInvalidValue, path: "phrase"},
		{name: "selected simple value of a wrong type", on: `{"codes":[1]}`, ops: `{"op":"replace","path":"codes[value eq 1]","value":"x"}`, fail: schema.ErrorInvalidValue},
		{name: "selected simple value and null, add", on: `{"codes":[1]}`, ops: `{"op":"add","path":"codes[value eq 1]","value":null}`},
		{name: "value path on a singular attribute that matches", on: `{"box":{"label":"a","size":"1"}}`, ops: `{"op":"replace","path":"box[label eq \"a\"].size","value":"2"}`, want: `{"box":{"label":"a","size":"2"}}`},
		{name: "value path on a singular attribute that does not match", on: `{"box":{"label":"a","size":"1"}}`, ops: `{"op":"replace","path":"box[label eq \"b\"].size","value":"2"}`, fail: schema.ErrorNoTarget},
	})
}

package patch_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/schema"
)

// RFC 7644 §3.5.2.1.
func TestAdd(t *testing.T) {
	t.Parallel()
	runCases(t, schema.UserType, []patchCase{
		// P-28
		{name: "without path adds each attribute, names without case, P-28",
			on:   `{"userName":"u","emails":[{"value":"a@x"}]}`,
			ops:  `{"op":"add","value":{"nickname":"B","EMAILS":[{"value":"b@x","type":"home"}]}}`,
			want: `{"userName":"u","nickName":"B","emails":[{"value":"a@x"},{"value":"b@x","type":"home"}]}`},
		{name: "without path nothing changes for an empty object, P-28", on: `{"userName":"u"}`, ops: `{"op":"add","value":{}}`},
		// P-29
		{name: "without value, P-29", on: `{"userName":"u"}`, ops: `{"op":"add","path":"title"}`, fail: schema.ErrorInvalidValue},
		{name: "without path and value, P-29", on: `{"userName":"u"}`, ops: `{"op":"add"}`, fail: schema.ErrorInvalidValue},
		{name: "without path a string, P-29", on: `{"userName":"u"}`, ops: `{"op":"add","value":"x"}`, fail: schema.ErrorInvalidValue},
		{name: "without path a list, P-29", profile: strict, on: `{"userName":"u"}`, ops: `{"op":"add","value":[{"title":"x"}]}`, fail: schema.ErrorInvalidValue},
		{name: "without path a list of one (SCIM-SDK)", profile: lenient, on: `{"userName":"u"}`, ops: `{"op":"add","value":[{"title":"x"}]}`, want: `{"userName":"u","title":"x"}`},
		{name: "without path a list of two, P-29", on: `{"userName":"u"}`, ops: `{"op":"add","value":[{"title":"x"},{"title":"y"}]}`, fail: schema.ErrorInvalidValue},
		{name: "without path JSON text (scim-for-keycloak)", profile: lenient, on: `{"userName":"u"}`, ops: `{"op":"add","value":"{\"title\":\"x\"}"}`, want: `{"userName":"u","title":"x"}`},
		{name: "without path other text, P-29", on: `{"userName":"u"}`, ops: `{"op":"add","value":"title"}`, fail: schema.ErrorInvalidValue},
		{name: "without path null, P-29", on: `{"userName":"u"}`, ops: `{"op":"add","value":null}`, fail: schema.ErrorInvalidValue},
		// P-30, P-31
		{name: "singular simple, unassigned, P-30", on: `{"userName":"u"}`, ops: `{"op":"add","path":"title","value":"T"}`, want: `{"userName":"u","title":"T"}`},
		{name: "singular simple, assigned, P-31", on: `{"userName":"u","title":"T"}`, ops: `{"op":"add","path":"title","value":"U"}`, want: `{"userName":"u","title":"U"}`},
		{name: "singular simple, another spelling, P-31", on: `{"userName":"u","title":"boss"}`, ops: `{"op":"add","path":"title","value":"Boss"}`, want: `{"userName":"u","title":"Boss"}`},
		{name: "singular simple, the same, P-35", on: `{"userName":"u","title":"T"}`, ops: `{"op":"add","path":"title","value":"T"}`},
		{name: "singular simple, null, P-27", on: `{"userName":"u","title":"T"}`, ops: `{"op":"add","path":"title","value":null}`, want: `{"userName":"u"}`},
		{name: "singular simple, a list", on: `{"userName":"u"}`, ops: `{"op":"add","path":"title","value":["a","b"]}`, fail: schema.ErrorInvalidValue},
		// P-32, P-33
		{name: "singular complex keeps the other sub-attributes, P-32 Z-24",
			on:   `{"userName":"u","name":{"givenName":"G","middleName":"M"}}`,
			ops:  `{"op":"add","path":"name","value":{"familyName":"F","MIDDLENAME":"N"}}`,
			want: `{"userName":"u","name":{"givenName":"G","middleName":"N","familyName":"F"}}`},
		{name: "null within a set unassigns, P-27 P-32",
			on:   `{"userName":"u","name":{"givenName":"G","middleName":"M"}}`,
			ops:  `{"op":"add","path":"name","value":{"middleName":null}}`,
			want: `{"userName":"u","name":{"givenName":"G"}}`},
		{name: "singular complex, unassigned, P-32", on: `{"userName":"u"}`, ops: `{"op":"add","path":"name","value":{"givenName":"G"}}`, want: `{"userName":"u","name":{"givenName":"G"}}`},
		{name: "singular complex, a string, P-32 P-16", on: `{"userName":"u"}`, ops: `{"op":"add","path":"name","value":"x"}`, fail: schema.ErrorInvalidValue, path: "name"},
		{name: "singular complex, a list of two, P-32", on: `{"userName":"u"}`, ops: `{"op":"add","path":"name","value":[{"givenName":"a"},{"givenName":"b"}]}`, fail: schema.ErrorInvalidValue},
		{name: "sub-attribute, P-33", on: `{"userName":"u","name":{"givenName":"G"}}`, ops: `{"op":"add","path":"name.familyName","value":"F"}`, want: `{"userName":"u","name":{"givenName":"G","familyName":"F"}}`},
		{name: "sub-attribute of an unassigned parent, P-33", on: `{"userName":"u"}`, ops: `{"op":"add","path":"name.familyName","value":"F"}`, want: `{"userName":"u","name":{"familyName":"F"}}`},
		{name: "sub-attribute of a wrong type names its path, P-16", on: `{"userName":"u"}`, ops: `{"op":"add","path":"name.familyName","value":{}}`, fail: schema.ErrorInvalidValue, path: "name.familyName"},
		// P-34 to P-37
		{name: "multi-valued complex is appended to, P-34",
			on:   `{"userName":"u","emails":[{"value":"a@x","type":"work"}]}`,
			ops:  `{"op":"add","path":"emails","value":[{"value":"b@x"},{"value":"c@x","type":"home"}]}`,
			want: `{"userName":"u","emails":[{"value":"a@x","type":"work"},{"value":"b@x"},{"value":"c@x","type":"home"}]}`},
		{name: "a single object is one value, P-34",
			on:   `{"userName":"u","emails":[{"value":"a@x"}]}`,
			ops:  `{"op":"add","path":"emails","value":{"value":"b@x"}}`,
			want: `{"userName":"u","emails":[{"value":"a@x"},{"value":"b@x"}]}`},
		{name: "a value that is there, P-35", on: `{"userName":"u","emails":[{"value":"a@x","type":"work","primary":true}]}`, ops: `{"op":"add","path":"emails","value":[{"value":"a@x","type":"work"}]}`},
		{name: "a value that is there in another case, P-35", on: `{"userName":"u","emails":[{"value":"a@x","type":"work"}]}`, ops: `{"op":"add","path":"emails","value":[{"value":"A@X","type":"WORK"}]}`},
		{name: "a value that is there, its type not given, P-35", profile: lenient, on: `{"userName":"u","emails":[{"value":"a@x","type":"work"}]}`, ops: `{"op":"add","path":"emails","value":[{"value":"a@x"}]}`},
		{name: "primary false says nothing new, P-35 N-2", on: `{"userName":"u","emails":[{"value":"a@x","type":"work"}]}`, ops: `{"op":"add","path":"emails","value":[{"value":"a@x","type":"work","primary":false}]}`},
		{name: "the same value with another type is another, P-35 N-3",
			on:   `{"userName":"u","emails":[{"value":"a@x","type":"work"}]}`,
			ops:  `{"op":"add","path":"emails","value":[{"value":"a@x","type":"home"}]}`,
			want: `{"userName":"u","emails":[{"value":"a@x","type":"work"},{"value":"a@x","type":"home"}]}`},
		{name: "new sub-attributes go to the value that is there, P-35",
			on:   `{"userName":"u","emails":[{"value":"a@x","type":"work"}]}`,
			ops:  `{"op":"add","path":"emails","value":[{"value":"a@x","type":"work","display":"d"}]}`,
			want: `{"userName":"u","emails":[{"value":"a@x","type":"work","display":"d"}]}`},
		{name: "twice in one list is once, P-35",
			on:   `{"userName":"u"}`,
			ops:  `{"op":"add","path":"emails","value":[{"value":"a@x"},{"value":"a@x"}]}`,
			want: `{"userName":"u","emails":[{"value":"a@x"}]}`},
		{name: "twice in one list is once, with what both say, P-35 N-3",
			on:   `{"userName":"u","emails":[{"value":"h@x","primary":true}]}`,
			ops:  `{"op":"add","path":"emails","value":[{"value":"a@x","type":"work"},{"value":"A@x","type":"work","primary":true,"display":"D"}]}`,
			want: `{"userName":"u","emails":[{"value":"h@x","primary":false},{"value":"a@x","type":"work","primary":true,"display":"D"}]}`},
		{name: "a stored value, twice in one list, P-35", profile: lenient,
			on: `{"userName":"u","emails":[{"value":"a@x","type":"work","display":"D"}]}`, ops: `{"op":"add","path":"emails","value":[{"value":"a@x","type":"work"},{"value":"A@x","display":"D"}]}`},
		{name: "values without a value sub-attribute are compared as a whole, P-35",
			on:   `{"userName":"u","addresses":[{"type":"work","locality":"L"}]}`,
			ops:  `{"op":"add","path":"addresses","value":[{"type":"work","locality":"L"},{"type":"work","locality":"M"}]}`,
			want: `{"userName":"u","addresses":[{"type":"work","locality":"L"},{"type":"work","locality":"M"}]}`},
		{name: "multi-valued, unassigned, P-37",
			on: `{"userName":"u"}`, ops: `{"op":"add","path":"phoneNumbers","value":[{"value":"tel:+1-2","type":"work"}]}`,
			want: `{"userName":"u","phoneNumbers":[{"value":"tel:+1-2","type":"work"}]}`},
		{name: "adding nothing takes nothing away: empty list", on: `{"userName":"u","emails":[{"value":"a@x"}]}`, ops: `{"op":"add","path":"emails","value":[]}`},
		{name: "adding nothing takes nothing away: null", on: `{"userName":"u","emails":[{"value":"a@x"}]}`, ops: `{"op":"add","value":{"emails":null}}`},
		{name: "multi-valued complex, a string, P-16", profile: strict, on: `{"userName":"u"}`, ops: `{"op":"add","path":"emails","value":"x"}`, fail: schema.ErrorInvalidValue},
		// P-38, P-21
		{name: "a new primary resets the old, P-38 P-21",
			on:   `{"userName":"u","emails":[{"value":"a@x","primary":true},{"value":"b@x"}]}`,
			ops:  `{"op":"add","path":"emails","value":[{"value":"c@x","primary":true}]}`,
			want: `{"userName":"u","emails":[{"value":"a@x","primary":false},{"value":"b@x"},{"value":"c@x","primary":true}]}`},
		{name: "an old value becomes primary, P-38",
			on:   `{"userName":"u","emails":[{"value":"a@x","primary":true},{"value":"b@x"}]}`,
			ops:  `{"op":"add","path":"emails","value":{"value":"b@x","primary":true}}`,
			want: `{"userName":"u","emails":[{"value":"a@x","primary":false},{"value":"b@x","primary":true}]}`},
		{name: "two primary values in one operation, P-21", on: `{"userName":"u"}`, ops: `{"op":"add","path":"emails","value":[{"value":"a@x","primary":true},{"value":"b@x","primary":true}]}`, fail: schema.ErrorInvalidValue, path: "emails"},
		// P-39, P-40
		{name: "value path merges into what matches, P-39 Z-25",
			on:   `{"userName":"u","emails":[{"value":"a@x","type":"work"},{"value":"b@x","type":"home"},{"value":"c@x","type":"work"}]}`,
			ops:  `{"op":"add","path":"emails[type eq \"work\"]","value":{"display":"d"}}`,
			want: `{"userName":"u","emails":[{"value":"a@x","type":"work","display":"d"},{"value":"b@x","type":"home"},{"value":"c@x","type":"work","display":"d"}]}`},
		{name: "value path and null add nothing, P-39", on: `{"userName":"u","emails":[{"value":"a@x","type":"work"}]}`, ops: `{"op":"add","path":"emails[type eq \"work\"]","value":null}`},
		{name: "value path with sub-attribute sets it in all that match, P-40",
			on:   `{"userName":"u","emails":[{"value":"a@x","type":"work"},{"value":"b@x","type":"home"},{"value":"c@x","type":"work"}]}`,
			ops:  `{"op":"add","path":"emails[type eq \"work\"].display","value":"d"}`,
			want: `{"userName":"u","emails":[{"value":"a@x","type":"work","display":"d"},{"value":"b@x","type":"home"},{"value":"c@x","type":"work","display":"d"}]}`},
		// P-41
		{name: "value path without match, P-41 Z-25", profile: strict, on: `{"userName":"u"}`, ops: `{"op":"add","path":"emails[type eq \"work\"].value","value":"a@x"}`, fail: schema.ErrorNoTarget},
		// P-42, P-20
		{name: "extension attribute by its URI, P-42 P-20", on: `{"userName":"u"}`, ops: `{"op":"add","path":"` + ent + `:department","value":"D"}`, want: `{"userName":"u","` + ent + `":{"department":"D"}}`},
		{name: "extension as an object without path, P-42",
			on:   `{"userName":"u","` + ent + `":{"division":"V"}}`,
			ops:  `{"op":"add","value":{"` + ent + `":{"department":"D","manager":{"value":"m"}}}}`,
			want: `{"userName":"u","` + ent + `":{"division":"V","department":"D","manager":{"value":"m"}}}`},
		{name: "extension by its URI with an object, P-42",
			on:   `{"userName":"u","` + ent + `":{"division":"V","manager":{"value":"m","$ref":"../Users/m"}}}`,
			ops:  `{"op":"add","path":"` + ent + `","value":{"department":"D","manager":{"value":"n"}}}`,
			want: `{"userName":"u","` + ent + `":{"division":"V","department":"D","manager":{"value":"n","$ref":"../Users/m"}}}`},
		{name: "extension with a wrong value names its path", on: `{"userName":"u"}`, ops: `{"op":"add","value":{"` + ent + `":{"department":true}}}`, fail: schema.ErrorInvalidValue, path: ent + ":department"},
	})
}

// RFC 7644 §3.5.2.1, with characteristics that the core schemas lack.
func TestAddCustomType(t *testing.T) {
	t.Parallel()
	const on = `{"name":"n","tags":["a"]}`
	runCases(t, thingType, []patchCase{
		{name: "multi-valued simple is appended to, duplicates are not doubled, P-36", on: on, ops: `{"op":"add","path":"tags","value":["b","A","c","B"]}`, want: `{"name":"n","tags":["a","b","c"]}`},
		{name: "multi-valued simple, a lone value, P-36", on: on, ops: `{"op":"add","path":"tags","value":"b"}`, want: `{"name":"n","tags":["a","b"]}`},
		{name: "multi-valued simple, only what is there, P-35", on: on, ops: `{"op":"add","path":"tags","value":["A"]}`},
		{name: "multi-valued integers, P-36", on: `{"codes":[1]}`, ops: `{"op":"add","path":"codes","value":[2,1]}`, want: `{"codes":[1,2]}`},
		{name: "multi-valued sub-attribute is appended to", on: `{"box":{"words":["a"]}}`, ops: `{"op":"add","path":"box.words","value":["b","a"]}`, want: `{"box":{"words":["a","b"]}}`},
		{name: "multi-valued attribute within a merge is appended to", on: `{"box":{"words":["a"]}}`, ops: `{"op":"add","value":{"box":{"words":["b"]}}}`, want: `{"box":{"words":["a","b"]}}`},
		{name: "multi-valued attribute of an extension is appended to", on: `{"urn:x:Extra":{"lists":["a"]}}`, ops: `{"op":"add","path":"urn:x:Extra","value":{"lists":["b"]}}`, want: `{"urn:x:Extra":{"lists":["a","b"]}}`},
		{name: "a value of a simple attribute selected by a filter, P-26", on: `{"tags":["a","b"]}`, ops: `{"op":"add","path":"tags[value eq \"a\"]","value":"c"}`, want: `{"tags":["c","b"]}`},
		{name: "decimals are numbers, P-35", on: `{"parts":[{"value":"v","weight":1.50}]}`, ops: `{"op":"add","path":"parts","value":[{"value":"v","weight":1.5}]}`},
		{name: "times are instants, P-74", on: `{"parts":[{"value":"v"}],"seen":"2020-01-02T03:04:05Z"}`, ops: `{"op":"add","path":"seen","value":"2020-01-02T03:04:05Z"}`},
	})
}

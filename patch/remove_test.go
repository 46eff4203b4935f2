package patch_test

import (
	"testing"

	"github.com/seed5f3efb56/scim/schema"
)

const fullUser = `{"userName":"u","title":"T","name":{"givenName":"G","middleName":"M"},` +
	`"emails":[{"value":"a@example.com","type":"work"},{"value":"b@x","type":"work","display":"d"},{"value":"c@x","type":"home"}],` +
	`"` + ent + `":{"department":"D","manager":{"value":"m","$ref":"../Users/m"}}}`

// RFC 7644 §3.5.2.2.
func TestRemove(t *testing.T) {
	t.Parallel()
	const emails3 = `"emails":[{"value":"a@example.com","type":"work"},{"value":"b@x","type":"work","display":"d"},{"value":"c@x","type":"home"}]`
	const name = `"name":{"givenName":"G","middleName":"M"}`
	const extension = `"` + ent + `":{"department":"D","manager":{"value":"m","$ref":"../Users/m"}}`
	runCases(t, schema.UserType, []patchCase{
		{name: "without path, P-46", on: fullUser, ops: `{"op":"remove"}`, fail: schema.ErrorNoTarget},
		{name: "without path but with value, P-46", on: fullUser, ops: `{"op":"remove","value":{"title":"T"}}`, fail: schema.ErrorNoTarget},
		{name: "singular simple, P-47", on: fullUser, ops: `{"op":"remove","path":"title"}`, want: `{"userName":"u",` + name + `,` + emails3 + `,` + extension + `}`},
		{name: "a null value is none, P-47", on: fullUser, ops: `{"op":"remove","path":"title","value":null}`, want: `{"userName":"u",` + name + `,` + emails3 + `,` + extension + `}`},
		{name: "singular complex, P-47", on: fullUser, ops: `{"op":"remove","path":"name"}`, want: `{"userName":"u","title":"T",` + emails3 + `,` + extension + `}`},
		{name: "multi-valued as a whole, P-48", on: fullUser, ops: `{"op":"remove","path":"emails"}`, want: `{"userName":"u","title":"T",` + name + `,` + extension + `}`},
		{name: "by value, P-49", on: fullUser, ops: `{"op":"remove","path":"emails[value eq \"B@X\"]"}`,
			want: `{"userName":"u","title":"T",` + name + `,"emails":[{"value":"a@example.com","type":"work"},{"value":"c@x","type":"home"}],` + extension + `}`},
		{name: "by a filter on two sub-attributes (RFC example), P-50", on: fullUser, ops: `{"op":"remove","path":"emails[type eq \"work\" and value ew \"example.com\"]"}`,
			want: `{"userName":"u","title":"T",` + name + `,"emails":[{"value":"b@x","type":"work","display":"d"},{"value":"c@x","type":"home"}],` + extension + `}`},
		{name: "values that differed in what goes are one, P-51 N-3", on: `{"userName":"u","emails":[{"value":"a","type":"work"},{"value":"A","type":"home","primary":true},{"value":"b"}]}`, ops: `{"op":"remove","path":"emails.type"}`,
			want: `{"userName":"u","emails":[{"value":"a","primary":true},{"value":"b"}]}`},
		{name: "the last values, P-49 P-50", on: `{"userName":"u","emails":[{"value":"a","type":"work"}]}`, ops: `{"op":"remove","path":"emails[type eq \"work\"]"}`, want: `{"userName":"u"}`},
		{name: "a sub-attribute of what matches, P-51", on: fullUser, ops: `{"op":"remove","path":"emails[type eq \"work\"].display"}`,
			want: `{"userName":"u","title":"T",` + name + `,"emails":[{"value":"a@example.com","type":"work"},{"value":"b@x","type":"work"},{"value":"c@x","type":"home"}],` + extension + `}`},
		{name: "a sub-attribute of all values, P-51 Z-30", on: `{"userName":"u","emails":[{"value":"a","type":"work"},{"type":"home"}]}`, ops: `{"op":"remove","path":"emails.type"}`, want: `{"userName":"u","emails":[{"value":"a"}]}`},
		{name: "a sub-attribute of a singular one, P-51", on: `{"userName":"u","name":{"givenName":"G","middleName":"M"}}`, ops: `{"op":"remove","path":"name.middleName"}`, want: `{"userName":"u","name":{"givenName":"G"}}`},
		{name: "the last sub-attribute takes the parent along, P-51", on: `{"userName":"u","name":{"givenName":"G"}}`, ops: `{"op":"remove","path":"name.givenName"}`, want: `{"userName":"u"}`},
		{name: "required, P-52", on: fullUser, ops: `{"op":"remove","path":"userName"}`, fail: schema.ErrorMutability, path: "userName"},
		{name: "required, to be set again in the next operation, P-24 P-52", on: fullUser, ops: `[{"op":"remove","path":"userName"},{"op":"add","path":"userName","value":"v"}]`, fail: schema.ErrorMutability},
		{name: "readOnly, P-53: id", on: fullUser, ops: `{"op":"remove","path":"id"}`, fail: schema.ErrorMutability},
		{name: "readOnly, P-53: meta", on: fullUser, ops: `{"op":"remove","path":"meta"}`, fail: schema.ErrorMutability},
		{name: "readOnly, P-53: groups", on: fullUser, ops: `{"op":"remove","path":"groups[value eq \"g\"]"}`, fail: schema.ErrorMutability, path: "groups"},
		{name: "readOnly, P-53: sub-attribute of an extension", on: fullUser, ops: `{"op":"remove","path":"` + ent + `:manager.displayName"}`, fail: schema.ErrorMutability, path: ent + ":manager"},
		{name: "unassigned, P-55 Z-26", on: `{"userName":"u"}`, ops: `[{"op":"remove","path":"title"},{"op":"remove","path":"name.givenName"},{"op":"remove","path":"emails"},{"op":"remove","path":"` + ent + `:manager.value"},{"op":"remove","path":"` + ent + `"}]`},
		{name: "no match, P-55 Z-26", on: fullUser, ops: `[{"op":"remove","path":"emails[type eq \"other\"]"},{"op":"remove","path":"emails[value eq \"z\"].display"},{"op":"remove","path":"addresses[type eq \"work\"].country"}]`},
		{name: "extension attribute, P-56", on: fullUser, ops: `{"op":"remove","path":"` + ent + `:manager"}`, want: `{"userName":"u","title":"T",` + name + `,` + emails3 + `,"` + ent + `":{"department":"D"}}`},
		{name: "the last extension attribute takes the extension along, P-56 Z-31", on: `{"userName":"u","` + ent + `":{"department":"D"}}`, ops: `{"op":"remove","path":"` + ent + `:department"}`, want: `{"userName":"u"}`},
		{name: "extension as a whole, P-56", on: fullUser, ops: `{"op":"remove","path":"` + ent + `"}`, want: `{"userName":"u","title":"T",` + name + `,` + emails3 + `}`},
		{name: "a sub-attribute of a singular one in an extension, P-56", on: fullUser, ops: `{"op":"remove","path":"` + ent + `:manager.$ref"}`, want: `{"userName":"u","title":"T",` + name + `,` + emails3 + `,"` + ent + `":{"department":"D","manager":{"value":"m"}}}`},
	})
}

func TestRemoveWithValue(t *testing.T) {
	t.Parallel()
	const emails = `{"userName":"u","emails":[{"value":"a","type":"work"},{"value":"a","type":"home"},{"value":"b","type":"work"}]}`
	runCases(t, schema.UserType, []patchCase{
		{name: "is an error to the letter, Z-46", profile: strict, on: emails, ops: `{"op":"remove","path":"emails","value":[{"value":"a"}]}`, fail: schema.ErrorInvalidValue},
		{name: "is an error to the letter on a singular attribute, Z-46", profile: strict, on: `{"userName":"u","title":"T"}`, ops: `{"op":"remove","path":"title","value":"T"}`, fail: schema.ErrorInvalidValue},
		{name: "is an error to the letter beside a filter, Z-46", profile: strict, on: emails, ops: `{"op":"remove","path":"emails[type eq \"work\"]","value":[{"value":"a"}]}`, fail: schema.ErrorInvalidValue},
		{name: "takes out the listed values (Entra ID), Z-46", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":[{"value":"A"}]}`, want: `{"userName":"u","emails":[{"value":"b","type":"work"}]}`},
		{name: "looks at the type if one is given", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":[{"value":"a","type":"home","primary":true}]}`, want: `{"userName":"u","emails":[{"value":"a","type":"work"},{"value":"b","type":"work"}]}`},
		{name: "takes one object for a list of one", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":{"value":"b"}}`, want: `{"userName":"u","emails":[{"value":"a","type":"work"},{"value":"a","type":"home"}]}`},
		{name: "takes a wrapped list (Salesforce)", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":{"emails":[{"value":"b"}]}}`, want: `{"userName":"u","emails":[{"value":"a","type":"work"},{"value":"a","type":"home"}]}`},
		{name: "removes nothing that is not there", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":[{"value":"z"},{"value":"b","type":"home"}]}`},
		{name: "removes nothing for an empty list", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":[]}`},
		{name: "removes nothing for empty objects", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":[{},{"$ref":null}]}`},
		{name: "that lists everything unassigns", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":[{"value":"a"},{"value":"b"}]}`, want: `{"userName":"u"}`},
		{name: "takes strings", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":["a"]}`, want: `{"userName":"u","emails":[{"value":"b","type":"work"}]}`},
		{name: "must still be values", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":[true]}`, fail: schema.ErrorInvalidValue},
		{name: "takes other sub-attributes", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":[{"type":"home"}]}`, want: `{"userName":"u","emails":[{"value":"a","type":"work"},{"value":"b","type":"work"}]}`},
		{name: "takes addresses as a whole if one is equal", profile: lenient,
			on:   `{"userName":"u","addresses":[{"type":"work","locality":"L"},{"type":"work","locality":"M"}]}`,
			ops:  `{"op":"remove","path":"addresses","value":[{"locality":"M","type":"work"},{"type":"home"}]}`,
			want: `{"userName":"u","addresses":[{"type":"work","locality":"L"}]}`},
		{name: "takes what a filter selects as well", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails[type eq \"work\"]","value":[{"value":"a"}]}`, want: `{"userName":"u","emails":[{"value":"a","type":"home"},{"value":"b","type":"work"}]}`},
		{name: "removes nothing that a filter does not select", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails[type eq \"home\"]","value":[{"value":"b"}]}`},
		{name: "null beside a filter is none", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails[type eq \"home\"]","value":null}`, want: `{"userName":"u","emails":[{"value":"a","type":"work"},{"value":"b","type":"work"}]}`},
		{name: "an empty list beside a filter names nothing", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails[type eq \"home\"]","value":[]}`},
		{name: "takes one sub-attribute of all", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails.value","value":"B"}`, want: `{"userName":"u","emails":[{"value":"a","type":"work"},{"value":"a","type":"home"},{"type":"work"}]}`},
		{name: "takes one sub-attribute of the selected", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails[type eq \"home\"].value","value":["b","a"]}`, want: `{"userName":"u","emails":[{"value":"a","type":"work"},{"type":"home"},{"value":"b","type":"work"}]}`},
		{name: "null for a whole list names nothing", profile: lenient, on: emails, ops: `{"op":"remove","path":"emails","value":null}`},
		{name: "null for a singular attribute is none", profile: lenient, on: `{"userName":"u","title":"T"}`, ops: `{"op":"remove","path":"title","value":null}`, want: `{"userName":"u"}`},
		{name: "keeps another singular value", profile: lenient, on: `{"userName":"u","title":"T"}`, ops: `{"op":"remove","path":"title","value":"X"}`},
		{name: "takes a singular value", profile: lenient, on: `{"userName":"u","title":"T"}`, ops: `{"op":"remove","path":"title","value":{"title":"t"}}`, want: `{"userName":"u"}`},
		{name: "keeps another required value", profile: lenient, on: `{"userName":"u","title":"T"}`, ops: `{"op":"remove","path":"userName","value":"X"}`},
		{name: "takes sub-attributes", profile: lenient, on: `{"userName":"u","name":{"givenName":"G","familyName":"F"}}`, ops: `{"op":"remove","path":"name","value":{"givenName":"G","familyName":"X"}}`, want: `{"userName":"u","name":{"familyName":"F"}}`},
		{name: "takes one sub-attribute", profile: lenient, on: `{"userName":"u","name":{"givenName":"G","familyName":"F"}}`, ops: `[{"op":"remove","path":"name.givenName","value":"G"},{"op":"remove","path":"name.familyName","value":"X"}]`, want: `{"userName":"u","name":{"familyName":"F"}}`},
		{name: "keeps another manager", profile: lenient, on: `{"userName":"u","` + ent + `":{"manager":{"value":"m"}}}`, ops: `{"op":"remove","path":"` + ent + `:manager","value":{"value":"x"}}`},
		{name: "takes the manager by any form", profile: lenient, on: `{"userName":"u","` + ent + `":{"manager":{"value":"m"}}}`, ops: `{"op":"remove","path":"manager","value":["m"]}`, want: `{"userName":"u"}`},
		{name: "takes attributes of an extension", profile: lenient, on: `{"userName":"u","` + ent + `":{"department":"D","costCenter":"C","manager":{"value":"m"}}}`, ops: `{"op":"remove","path":"` + ent + `","value":{"department":"D","costCenter":"X","manager":{"value":"m"}}}`, want: `{"userName":"u","` + ent + `":{"costCenter":"C"}}`},
		{name: "takes attributes under its own URI", profile: lenient, on: emails, ops: `{"op":"remove","path":"` + schema.UserURI + `","value":{"emails":[{"value":"a"}],"title":"x"}}`, want: `{"userName":"u","emails":[{"value":"b","type":"work"}]}`},
	})
	runCases(t, thingType, []patchCase{
		{name: "takes out simple values", profile: lenient, on: `{"tags":["a","b","c"]}`, ops: `{"op":"remove","path":"tags","value":["B","z"]}`, want: `{"tags":["a","c"]}`},
		{name: "that empties a required attribute", profile: lenient, on: `{"owners":["a"]}`, ops: `{"op":"remove","path":"owners","value":["a"]}`, fail: schema.ErrorMutability},
		{name: "keeps the rest of a required attribute", profile: lenient, on: `{"owners":["a","b"]}`, ops: `{"op":"remove","path":"owners","value":["a"]}`, want: `{"owners":["b"]}`},
	})
}

func TestRemoveCustomType(t *testing.T) {
	t.Parallel()
	runCases(t, thingType, []patchCase{
		{name: "value of a simple attribute, P-26 P-49", on: `{"tags":["a","b"]}`, ops: `{"op":"remove","path":"tags[value eq \"a\"]"}`, want: `{"tags":["b"]}`},
		{name: "value of a simple attribute without brackets, P-26", on: `{"tags":["a","b"]}`, ops: `{"op":"remove","path":"tags eq \"a\""}`, want: `{"tags":["b"]}`},
		{name: "required sub-attribute, P-52", on: `{"box":{"label":"l","size":"s"}}`, ops: `{"op":"remove","path":"box.size"}`, fail: schema.ErrorMutability, path: "box.size"},
		{name: "required sub-attribute of a value, P-52", on: `{"parts":[{"value":"v","type":"t"}]}`, ops: `{"op":"remove","path":"parts[type eq \"t\"].value"}`, fail: schema.ErrorMutability, path: "parts.value"},
		{name: "values with a required sub-attribute may go, P-50", on: `{"parts":[{"value":"v","type":"t"}]}`, ops: `{"op":"remove","path":"parts[type eq \"t\"]"}`, want: `{}`},
		{name: "parent of a required sub-attribute may go, P-47", on: `{"name":"n","box":{"label":"l","size":"s"}}`, ops: `{"op":"remove","path":"box"}`, want: `{"name":"n"}`},
		{name: "required multi-valued, P-52", on: `{"owners":["a"]}`, ops: `{"op":"remove","path":"owners"}`, fail: schema.ErrorMutability},
		{name: "last value of a required one, P-52", on: `{"owners":["a"]}`, ops: `{"op":"remove","path":"owners[value eq \"a\"]"}`, fail: schema.ErrorMutability},
		{name: "required and unassigned, P-55", on: `{"tags":["a"]}`, ops: `{"op":"remove","path":"name"}`},
		{name: "immutable, P-54", on: `{"serial":"1"}`, ops: `{"op":"remove","path":"serial"}`, fail: schema.ErrorMutability},
		{name: "immutable and unassigned, P-55", on: `{"name":"n"}`, ops: `{"op":"remove","path":"serial"}`},
		{name: "immutable multi-valued, P-54", on: `{"marks":["a","b"]}`, ops: `{"op":"remove","path":"marks[value eq \"a\"]"}`, fail: schema.ErrorMutability},
		{name: "immutable sub-attribute, P-54", on: `{"box":{"lock":"1","size":"s"}}`, ops: `{"op":"remove","path":"box.lock"}`, fail: schema.ErrorMutability},
		{name: "parent of an immutable sub-attribute, P-54", on: `{"box":{"lock":"1","size":"s"}}`, ops: `{"op":"remove","path":"box"}`, fail: schema.ErrorMutability},
		{name: "immutable sub-attribute of a value, P-54", on: `{"parts":[{"value":"v","maker":"m"}]}`, ops: `{"op":"remove","path":"parts.maker"}`, fail: schema.ErrorMutability},
		{name: "values with an immutable sub-attribute may go, P-54", on: `{"name":"n","parts":[{"value":"v","maker":"m"}]}`, ops: `{"op":"remove","path":"parts"}`, want: `{"name":"n"}`},
		{name: "required extension, P-52 M-9", on: `{"urn:x:Needed":{"floor":"1"}}`, ops: `{"op":"remove","path":"urn:x:Needed"}`, fail: schema.ErrorMutability, path: "urn:x:Needed"},
		{name: "last attribute of a required extension, P-52 M-9", on: `{"urn:x:Needed":{"unit":"1"}}`, ops: `{"op":"remove","path":"urn:x:Needed:unit"}`, fail: schema.ErrorMutability},
		{name: "required attribute of an extension, P-52", on: `{"urn:x:Needed":{"floor":"1","unit":"u"}}`, ops: `{"op":"remove","path":"urn:x:Needed:floor"}`, fail: schema.ErrorMutability, path: "urn:x:Needed:floor"},
		{name: "readOnly sub-attribute of a value, P-53", on: `{"parts":[{"value":"v"}]}`, ops: `{"op":"remove","path":"parts[value eq \"v\"].stamp"}`, fail: schema.ErrorMutability},
	})
}

package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	strictGadget := mustType(schema.ResourceType{
		Name: "Gadget", Endpoint: "/Gadgets", Schema: gadgetSchema,
		Extensions: []schema.Extension{{Schema: gadgetExtension, Required: true}},
	})
	for _, c := range []struct {
		name string
		rt   *schema.ResourceType
		text string
		path string // of the error; "ok" for none
	}{
		{"a user with userName", schema.UserType, `{"userName":"x"}`, "ok"},
		{"without userName", schema.UserType, `{"title":"x"}`, "userName"},
		{"empty userName", schema.UserType, `{"userName":""}`, "userName"},                           // N-6
		{"blank userName", schema.UserType, `{"userName":" \t\u3000 "}`, "userName"},                 // N-6
		{"userName of nothing visible", schema.UserType, `{"userName":"\u200b \u00ad"}`, "userName"}, // N-6, S-8
		{"userName of one ignorable character", schema.UserType, `{"userName":"\u200b"}`, "userName"},
		{"userName with what is ignored", schema.UserType, `{"userName":"ad\u00admin \u200bx\u200dy"}`, "ok"},
		{"userName with a zero byte", schema.UserType, `{"userName":"a\u0000"}`, "userName"},
		{"userName with a line feed", schema.UserType, `{"userName":"a\nb"}`, "userName"},
		{"userName with a control character beyond ASCII", schema.UserType, `{"userName":"a\u0085"}`, "userName"},
		{"userName with a right-to-left override", schema.UserType, `{"userName":"a\u202eb"}`, "userName"},
		{"userName with a bidirectional isolate", schema.UserType, `{"userName":"\u2066a\u2069"}`, "userName"},
		{"userName in Hebrew, with spaces and symbols", schema.UserType, `{"userName":" שלום + ✓ "}`, "ok"},
		{"control characters elsewhere", schema.UserType, `{"userName":"a","displayName":"\u0000\n\u202e","nickName":"\u200b"}`, "ok"},
		{"displayName of nothing visible", schema.GroupType, `{"displayName":"\u2060"}`, "displayName"},
		{"displayName with a line feed", schema.GroupType, `{"displayName":"a\nb"}`, "ok"},
		{"nothing at all", schema.UserType, `{}`, "userName"},
		{"an optional string may be empty", schema.UserType, `{"userName":"x","title":""}`, "ok"},
		{"two primaries", schema.UserType, `{"userName":"x","emails":[{"primary":true,"value":"a"},{"primary":true,"value":"b"}]}`, "emails"}, // N-1
		{"one primary in each attribute", schema.UserType, `{"userName":"x","emails":[{"primary":true}],"ims":[{"primary":true},{"primary":false}]}`, "ok"},
		{"a group without displayName", schema.GroupType, `{}`, "displayName"}, // N-16
		{"members are not looked at", schema.GroupType, `{"displayName":"g","members":[{"type":"User"}]}`, "ok"},
		{"a required sub-attribute without its parent", gadgetType, `{"name":"n"}`, "ok"}, // A-12, Z-38
		{"a required sub-attribute missing", gadgetType, `{"name":"n","keys":[{"value":"a"},{"type":"work"}]}`, "keys.value"},
		{"a required sub-attribute blank", gadgetType, `{"name":"n","keys":[{"value":" "}]}`, "keys.value"},
		{"an optional extension missing", gadgetType, `{"name":"n"}`, "ok"},
		{"an optional extension without its required attribute", gadgetType, `{"name":"n","urn:example:gadget:ext:1.0":{"name":"x"}}`, "urn:example:gadget:ext:1.0:must"},
		{"a required extension missing", strictGadget, `{"name":"n"}`, "urn:example:gadget:ext:1.0"}, // M-9
		{"a required extension incomplete", strictGadget, `{"name":"n","urn:example:gadget:ext:1.0":{"name":"x"}}`, "urn:example:gadget:ext:1.0:must"},
		// The required token is a secret, which an object does not have.
		{"a required extension complete", strictGadget, `{"name":"n","urn:example:gadget:ext:1.0":{"must":"x"}}`, "ok"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.rt.Validate(object(t, c.rt, c.text))
			if c.path == "ok" {
				require.NoError(t, err)
				return
			}
			requireError(t, err, schema.ErrorInvalidValue, c.path)
		})
	}
	requireError(t, schema.UserType.Validate(nil), schema.ErrorInvalidValue, "userName")
}

// A violation that was stored before the change is not an error: it must not
// prevent a deactivation.
func TestValidateChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		rt            *schema.ResourceType
		before, after string
		path          string // of the error; "ok" for none
	}{
		{"a bad userName that stays", schema.UserType, `{"userName":"a\u0000","active":true}`, `{"userName":"a\u0000","active":false}`, "ok"},
		{"a bad userName that becomes another", schema.UserType, `{"userName":"a\u0000"}`, `{"userName":"b\u0000"}`, "userName"},
		{"a bad userName that becomes a good one", schema.UserType, `{"userName":"a\u0000"}`, `{"userName":"b"}`, "ok"},
		{"a good userName that becomes a bad one", schema.UserType, `{"userName":"b"}`, `{"userName":"\u200b"}`, "userName"},
		{"a userName that goes", schema.UserType, `{"userName":"b"}`, `{"active":false}`, "userName"},
		{"a userName that never was", schema.UserType, `{"active":true}`, `{"active":false}`, "userName"},
		{"two primaries that stay", schema.UserType, `{"userName":"x","emails":[{"primary":true,"value":"a"},{"primary":true,"value":"b"}]}`, `{"userName":"y","emails":[{"primary":true,"value":"a"},{"primary":true,"value":"b"}]}`, "ok"},
		{"two primaries of which one changes", schema.UserType, `{"userName":"x","emails":[{"primary":true,"value":"a"},{"primary":true,"value":"b"}]}`, `{"userName":"x","emails":[{"primary":true,"value":"a"},{"primary":true,"value":"c"}]}`, "emails"},
		{"within an extension", gadgetType, `{"name":"n","urn:example:gadget:ext:1.0":{"must":" ","name":"x"}}`, `{"name":"n","urn:example:gadget:ext:1.0":{"must":" ","name":"y"}}`, "ok"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.rt.ValidateChange(schema.NewDiff(object(t, c.rt, c.before), object(t, c.rt, c.after)))
			if c.path == "ok" {
				require.NoError(t, err)
				return
			}
			requireError(t, err, schema.ErrorInvalidValue, c.path)
		})
	}
}

func TestCarry(t *testing.T) {
	t.Parallel()
	const ext = `"urn:example:gadget:ext:1.0"`
	for _, c := range []struct{ name, before, after, want string }{
		{"readWrite attributes left out are cleared", `{"name":"a","count":1}`, `{"name":"b"}`, `{"name":"b"}`}, // Z-7
		{"readOnly attributes are kept", `{"state":"s"}`, `{"name":"b"}`, `{"name":"b","state":"s"}`},
		{"immutable attributes left out are kept", `{"serial":"s"}`, `{"name":"b"}`, `{"name":"b","serial":"s"}`},
		{"an immutable attribute set for the first time", `{"name":"b"}`, `{"serial":"s"}`, `{"serial":"s"}`},
		{"the same immutable value", `{"serial":"s"}`, `{"serial":"s"}`, `{"serial":"s"}`},
		{"the same immutable value in another case keeps its spelling", `{"serial":"s"}`, `{"serial":"S"}`, `{"serial":"s"}`},
		{"another immutable value", `{"serial":"s"}`, `{"serial":"t"}`, "serial"},
		{"sub-attributes of a value that stays", `{"owner":{"value":"o","since":"1","display":"O"}}`, `{"owner":{"value":"O"}}`,
			`{"owner":{"value":"O","since":"1","display":"O"}}`},
		{"display goes with the owner", `{"owner":{"value":"o","display":"O"}}`, `{"owner":{"value":"p"}}`, `{"owner":{"value":"p"}}`},
		{"an immutable sub-attribute differs", `{"owner":{"value":"o","since":"1"}}`, `{"owner":{"value":"o","since":"2"}}`, "owner.since"},
		{"a complex attribute left out is cleared", `{"owner":{"value":"o","since":"1","display":"O"}}`, `{}`, `{}`},
		{"an extension left out keeps what is not the client's", `{` + ext + `:{"name":"n","grade":"g","batch":"b"}}`, `{}`, `{` + ext + `:{"grade":"g","batch":"b"}}`},
		{"an immutable attribute of an extension differs", `{` + ext + `:{"batch":"b"}}`, `{` + ext + `:{"batch":"c"}}`, "urn:example:gadget:ext:1.0:batch"},
		{"readOnly sub-attributes follow their element", `{"keys":[{"value":"a","verified":true},{"value":"b","type":"x","verified":false},{"value":"c","verified":true}]}`,
			`{"keys":[{"value":"b","type":"X"},{"value":"a"},{"value":"c","type":"y"}]}`,
			`{"keys":[{"value":"b","type":"X","verified":false},{"value":"a","verified":true},{"value":"c","type":"y"}]}`},
		{"an element with another immutable sub-attribute is another", `{"keys":[{"value":"a","born":"1"}]}`, `{"keys":[{"value":"a","born":"2"}]}`,
			`{"keys":[{"value":"a","born":"2"}]}`}, // N-17
		{"nothing before", `{}`, `{"name":"b","serial":"s"}`, `{"name":"b","serial":"s"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before, after := object(t, gadgetType, c.before), object(t, gadgetType, c.after)
			got, err := gadgetType.Carry(before, after)
			if c.want[0] != '{' {
				requireError(t, err, schema.ErrorMutability, c.want)
				require.Nil(t, got)
			} else {
				require.NoError(t, err)
				require.Equal(t, c.want, text(got))
			}
			require.Equal(t, c.before, text(before), "before is left as it is")
			require.Equal(t, c.after, text(after), "after is left as it is")
		})
	}
	got, err := gadgetType.Carry(nil, object(t, gadgetType, `{"name":"b"}`))
	require.NoError(t, err)
	require.Equal(t, `{"name":"b"}`, text(got))
}

func TestDecodeStored(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, want string
		errors           []string
	}{
		{"readOnly attributes", `{"name":"n","state":"s","owner":{"display":"d"}}`, `{"name":"n","state":"s","owner":{"display":"d"}}`, nil},
		{"common attributes beside", `{"schemas":["x"],"id":"1","meta":{"created":5},"externalId":"e"}`, `{"externalId":"e"}`, nil},
		{"text that would not be accepted today", `{"code":"Z","link":"http://[bad","blob":"!","labels":["a","a"]}`, `{"code":"Z","blob":"!","link":"http://[bad","labels":["a","a"]}`, nil},
		{"null and empty", `{"name":null,"labels":[],"owner":{},"keys":[{},null]}`, `{}`, nil},
		{"an attribute that is gone", `{"name":"n","gone":{"x":1}}`, `{"name":"n"}`, []string{`"gone"`}},
		{"a sub-attribute that is gone", `{"owner":{"value":"o","gone":1}}`, `{"owner":{"value":"o"}}`, []string{`owner."gone"`}},
		{"another type", `{"name":5,"count":"1","on":"true","at":"yesterday","weight":true,"owner":"o","labels":["a",1]}`, `{"labels":["a"]}`,
			[]string{"name", "count", "on", "at", "weight", "owner", "labels"}},
		{"another type below", `{"keys":[{"value":1,"type":"t"}]}`, `{"keys":[{"type":"t"}]}`, []string{"keys.value"}},
		{"multi-valued now", `{"labels":"a","keys":{"value":"k"}}`, `{"labels":["a"],"keys":[{"value":"k"}]}`, nil},
		{"singular now", `{"name":["n"]}`, `{"name":"n"}`, nil},
		{"singular now, with several values", `{"name":["n","m"]}`, `{}`, []string{"name"}},
		{"a secret", `{"owner":{"pin":"1234","value":"o"}}`, `{"owner":{"value":"o"}}`, []string{"owner.pin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, errs := gadgetType.DecodeStored([]byte(c.text))
			require.Len(t, errs, len(c.errors), "%v", errs)
			for i, want := range c.errors {
				require.ErrorContains(t, errs[i], want)
				require.NotContains(t, errs[i].Error(), "1234")
			}
			require.NotNil(t, got)
			require.Equal(t, c.want, text(got))
		})
	}
	for _, bad := range []string{"", "{", "[]", "null", `"x"`} {
		got, errs := gadgetType.DecodeStored([]byte(bad))
		require.Nil(t, got)
		require.Len(t, errs, 1)
	}
}

// What is decoded of some attributes is what is decoded of all without the others.
func TestDecodeStoredOnly(t *testing.T) {
	t.Parallel()
	const text = ` { "title" : "a\"}\\", "nickName":"\\\"","emails":[{"value":"]}\\\\"},{"value":"b"}] ,"userName":"u","name":{"givenName":"{[\""},"active":true,"locale":null } `
	whole, errs := schema.UserType.DecodeStored([]byte(text))
	require.Empty(t, errs)
	all := schema.UserType.Attributes()
	for i, a := range all {
		for _, b := range all[i:] {
			part, errs := schema.UserType.DecodeStoredOnly([]byte(text), []*schema.Attribute{a, b})
			require.Empty(t, errs)
			want := whole
			for _, other := range all {
				if other != a && other != b {
					want = want.With(other, schema.Value{})
				}
			}
			require.Equal(t, string(want.AppendJSON(nil)), string(part.AppendJSON(nil)))
		}
	}
	part, errs := schema.UserType.DecodeStoredOnly([]byte(`{"userName":1,"title":"x","gone":2}`), []*schema.Attribute{schema.User.Attribute("title")})
	require.Len(t, errs, 1, "of userName nothing is read; gone may have been asked for")
	require.Equal(t, `{"title":"x"}`, string(part.AppendJSON(nil)))
	for _, broken := range []string{`{"title":"`, `{"title":"\"`, `{"title":[`, `{"title":{"a":1}`, `{"title":1} x`, `{"title":1,`} {
		_, errs := schema.UserType.DecodeStoredOnly([]byte(broken), []*schema.Attribute{})
		require.Len(t, errs, 1, broken)
	}
}
